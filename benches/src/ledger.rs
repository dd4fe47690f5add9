//! What child processes cost, each by itself: this program stands before them, as a compiler's wrapper does.
//!
//! `getrusage` tells of all children together, and their peak is the highest of all; a wrapper with one child tells of
//! that one. Cargo starts rustc through it by `RUSTC_WRAPPER`.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::Failure;

/// Where it is set, this program runs its arguments and adds what that cost to the file named.
const VARIABLE: &str = "TIELINE_BENCHES_LEDGER";

/// What a process cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// CPU time, in the system and outside it, its children's too.
    pub(crate) cpu: Duration,
    /// The most memory that it held, in octets.
    pub(crate) peak: u64,
}

/// A file of what processes cost, a line each.
pub(crate) struct Ledger {
    file: PathBuf,
    program: PathBuf,
}

impl Ledger {
    /// An empty one.
    pub(crate) fn open(file: PathBuf) -> Result<Self, Failure> {
        std::fs::write(&file, "")?;
        Ok(Self {
            file,
            program: std::env::current_exe()?,
        })
    }

    /// A command that is entered here.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(program).env(VARIABLE, &self.file);
        command
    }

    /// Has cargo enter the compilers that it starts.
    pub(crate) fn watch_compilers<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        cargo
            .env("RUSTC_WRAPPER", &self.program)
            .env(VARIABLE, &self.file)
    }

    /// What the last process cost, or the last compilation of a crate when one is named.
    pub(crate) fn last(&self, of: Option<&str>) -> Result<Usage, Failure> {
        let text = std::fs::read_to_string(&self.file)?;
        let entries = text.lines().filter_map(entry);
        let mut wanted = entries.filter(|(name, _)| of.is_none_or(|of| of == *name));
        let last = wanted.next_back();
        last.map(|(_, usage)| usage)
            .ok_or_else(|| "no process was entered in the ledger".into())
    }
}

fn entry(line: &str) -> Option<(&str, Usage)> {
    let mut words = line.split('\t');
    let (name, cpu, peak) = (words.next()?, words.next()?, words.next()?);
    let usage = Usage {
        cpu: Duration::from_micros(cpu.parse().ok()?),
        peak: peak.parse().ok()?,
    };
    Some((name, usage))
}

/// Runs the arguments, when this process was started as a wrapper.
pub(crate) fn as_wrapper() -> Option<ExitCode> {
    let file = PathBuf::from(std::env::var_os(VARIABLE)?);
    match wrap(&file) {
        Ok(code) => Some(code),
        Err(error) => {
            eprintln!("error: {error}");
            Some(ExitCode::FAILURE)
        }
    }
}

fn wrap(file: &Path) -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("nothing to run")?;
    let arguments: Vec<_> = arguments.collect();
    let status = Command::new(program)
        .args(&arguments)
        .env_remove(VARIABLE)
        .env_remove("RUSTC_WRAPPER")
        .status()?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds();
    // The system counts in KiB.
    let peak = usage.max_rss() * 1024;
    let name = arguments.windows(2).find(|pair| pair[0] == "--crate-name");
    let name = name.map(|pair| pair[1].to_string_lossy().into_owned());
    let line = format!("{}\t{cpu}\t{peak}\n", name.unwrap_or_default());
    OpenOptions::new()
        .append(true)
        .open(file)?
        .write_all(line.as_bytes())?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_compilation_of_a_crate_is_found_among_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::open(folder.path().join("ledger")).expect("a ledger");
        let lines = "pets\t1000\t4096\n\t7\t1\npets\t2000\t8192\nserde\t5\t1\n";
        std::fs::write(folder.path().join("ledger"), lines).expect("written");
        let usage = ledger.last(Some("pets")).expect("an entry");
        assert_eq!((usage.cpu, usage.peak), (Duration::from_millis(2), 8192));
        assert_eq!(ledger.last(None).expect("an entry").peak, 1);
        assert!(ledger.last(Some("absent")).is_err());
    }
}
