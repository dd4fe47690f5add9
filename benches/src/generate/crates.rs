//! Crates around generated code, and what compiling them costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::ledger::{Ledger, Usage};

/// The name of every crate that is measured.
pub(super) const PACKAGE: &str = "bench-generated";
/// As rustc calls it.
const CRATE: &str = "bench_generated";

/// A folder with a crate for each generator, and one target folder.
pub(super) struct Workshop {
    folder: PathBuf,
    pub(super) ledger: Ledger,
}

/// What is asked of cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Check,
    Release,
}

impl Task {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["check"],
            Self::Release => &["build", "--release"],
        }
    }
}

impl Workshop {
    /// The folder given, or one next to this program.
    pub(super) fn open(folder: Option<PathBuf>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder,
            None => std::env::current_exe()?
                .parent()
                .ok_or("this program is in no folder")?
                .join("benches-generate"),
        };
        fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        let ledger = Ledger::open(folder.join("ledger"))?;
        Ok(Self { folder, ledger })
    }

    /// A path in it.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// Installs a program of crates.io, unless that was done before.
    pub(super) fn install(&self, package: &str, version: &str) -> Result<PathBuf, Failure> {
        let root = self.path("programs").join(format!("{package}-{version}"));
        let program = root.join("bin").join(package);
        if !program.exists() {
            eprintln!("installing {package} {version}");
            let status = cargo()
                .args(["install", package, "--version", version, "--locked", "--quiet"])
                .arg("--root")
                .arg(&root)
                .env("CARGO_TARGET_DIR", self.path("target"))
                .status()?;
            if !status.success() {
                return Err(format!("{package} {version} cannot be installed").into());
            }
        }
        Ok(program)
    }

    /// What compiling the crate in `folder` costs: rustc's work on that crate alone, its dependencies being ready.
    pub(super) fn compile(&self, folder: &Path, features: &[&str], task: Task) -> Result<Usage, Failure> {
        let root = folder.join("src/lib.rs");
        let text = fs::read(&root)?;
        // Without the generated code first: what is compiled now is the dependencies.
        fs::write(&root, "")?;
        let ready = self.cargo(folder, features, task);
        fs::write(&root, text)?;
        ready?;
        self.cargo(folder, features, task)?;
        self.ledger.last(Some(CRATE))
    }

    /// The size of the library that was built last.
    pub(super) fn library_size(&self) -> Result<u64, Failure> {
        let library = self.path("target/release").join(format!("lib{CRATE}.rlib"));
        Ok(fs::metadata(library)?.len())
    }

    fn cargo(&self, folder: &Path, features: &[&str], task: Task) -> Result<(), Failure> {
        let mut command = cargo();
        let output = self
            .ledger
            .watch_compilers(&mut command)
            .args(task.arguments())
            .args(["--quiet", "--lib"])
            .args(features)
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", self.path("target"))
            .env("CARGO_INCREMENTAL", "0")
            // What a peer's output makes the compiler warn of is not the question here.
            .env("RUSTFLAGS", "--cap-lints=allow")
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let errors = said.lines().filter(|line| line.starts_with("error"));
        let first = errors.take(3).collect::<Vec<_>>().join(" | ");
        Err(format!("does not compile: {first}").into())
    }
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
