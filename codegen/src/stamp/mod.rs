//! What a run came to, kept so that the same need not be made again.
//!
//! ```text
//! run -> Memory (options, generator, what was looked at and written, by digest) -> saved
//! saved -> is all of it still so? -> Kept, in the place of reading, planning and writing
//! ```
//!
//! A stamp belongs to one machine and holds its paths, so it never stands among what is checked in. One that cannot be
//! read, or is of another generator, counts as none; that it cannot be written is no failure.

mod problems;
mod stat;

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tieline_contract::lookup::{Digest, Found, digest};
use tieline_contract::problem::Problems;

use crate::output::Output;
use stat::{Stat, nanoseconds};

/// What stands on disk of an earlier run, and is what this one would write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The contracts, in the order they were named.
    pub contracts: Vec<KeptContract>,
    /// The files of the crate around them, by their path in the output folder. Empty without one.
    pub package: Vec<PathBuf>,
    /// The warnings of the run that made it.
    #[serde(with = "problems")]
    pub problems: Problems,
    /// Every file that was read.
    pub inputs: Vec<PathBuf>,
}

/// What one contract had become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptContract {
    /// Its name, as a module.
    pub name: String,
    /// The folder of its files, in the output folder.
    pub folder: PathBuf,
    /// Its files, by their path in the output folder.
    pub files: Vec<PathBuf>,
    /// How many operations were written.
    pub operations: usize,
    /// The operations that were left out.
    pub skipped: Vec<String>,
    /// How many types were written.
    pub types: usize,
}

impl Kept {
    /// Every file, by its path in the output folder.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files = self.contracts.iter().flat_map(|contract| &contract.files);
        files.chain(&self.package)
    }
}

impl From<&Output> for Kept {
    fn from(output: &Output) -> Self {
        let paths = |files: &[(PathBuf, String)]| files.iter().map(|(path, _)| path.clone()).collect();
        let contracts = output.contracts.iter().map(|one| KeptContract {
            name: one.name.clone(),
            folder: one.folder.clone(),
            files: paths(&one.files),
            operations: one.operations,
            skipped: one.skipped.clone(),
            types: one.types,
        });
        Self {
            contracts: contracts.collect(),
            package: paths(&output.package),
            problems: output.problems.clone(),
            inputs: output.inputs.clone(),
        }
    }
}

/// A run that can be remembered once its output has been written.
#[derive(Debug, Clone)]
#[must_use = "nothing is remembered before it is saved"]
pub struct Memory {
    name: String,
    stamp: Stamp,
}

/// What is saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stamp {
    /// Options, generator and working directory.
    key: Digest,
    /// When the run began, in nanoseconds since 1970: what changed later, or shortly before, is read again.
    taken: u64,
    /// What was looked at.
    inputs: Vec<Seen<Found>>,
    /// What was written.
    outputs: Vec<Seen<Digest>>,
    kept: Kept,
}

/// A path, and what was there.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen<T> {
    path: PathBuf,
    what: T,
    stat: Option<Stat>,
}

/// What tells one run from another, beside the files that it reads.
#[derive(Debug)]
pub(crate) struct Run<'r> {
    /// All that the generator was told and that shapes its output.
    pub(crate) said: String,
    /// Which modules it makes, and in which crate.
    pub(crate) makes: String,
    /// The folder of the output.
    pub(crate) folder: &'r Path,
}

impl Run<'_> {
    /// What stands on disk, if the run that was remembered in the folder `stamps` would write the same again.
    pub(crate) fn unchanged(&self, stamps: &Path) -> Option<Kept> {
        let started = SystemTime::now();
        let key = key(self)?;
        let path = stamps.join(name(self)?);
        let mut stamp: Stamp = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        if stamp.key != key {
            return None;
        }
        let taken = stamp.taken;
        let mut read_again = false;
        for seen in &mut stamp.inputs {
            match seen.what {
                Found::Octets { .. } => read_again |= seen.verify(taken, Found::is_still_at)?,
                _ if seen.what.is_still_at(&seen.path) => {}
                _ => return None,
            }
        }
        let is_same = |what: &Digest, path: &Path| fs::read(path).is_ok_and(|text| digest(&text) == *what);
        for seen in &mut stamp.outputs {
            read_again |= seen.verify(taken, is_same)?;
        }
        let kept = stamp.kept.clone();
        if read_again {
            // What it says of sizes and times is new; the next run need not read these files.
            stamp.taken = nanoseconds(started);
            save(&path, &stamp);
        }
        Some(kept)
    }

    /// What is to be remembered of the run when its output was `output`.
    pub(crate) fn memory(&self, output: &Output) -> Option<Memory> {
        let seen = |path: &Path, what: &Found| Seen {
            path: path.to_path_buf(),
            what: what.clone(),
            stat: None,
        };
        let inputs = output.lookups.iter().map(|(path, found)| seen(path, found));
        let inputs: Vec<_> = inputs.collect();
        if inputs.iter().any(|seen| seen.what == Found::Unreadable) {
            return None;
        }
        let outputs = output.files().map(|(path, text)| Seen {
            path: self.folder.join(path),
            what: digest(text.as_bytes()),
            stat: None,
        });
        Some(Memory {
            name: name(self)?,
            stamp: Stamp {
                key: key(self)?,
                taken: nanoseconds(output.started),
                inputs,
                outputs: outputs.collect(),
                kept: Kept::from(output),
            },
        })
    }
}

impl Memory {
    /// Remembers the run in the folder `stamps`; its output must have been written. That it cannot be is not told: then
    /// the next run does all of its work.
    pub fn save(mut self, stamps: &Path) {
        for seen in &mut self.stamp.inputs {
            seen.stat = Stat::of(&seen.path);
        }
        for seen in &mut self.stamp.outputs {
            seen.stat = Stat::of(&seen.path);
        }
        save(&stamps.join(&self.name), &self.stamp);
        prune(stamps);
    }
}

impl<T> Seen<T> {
    /// Whether it had to be read to know that it is the same. `None`: it is not.
    fn verify(&mut self, taken: u64, is_same: impl Fn(&T, &Path) -> bool) -> Option<bool> {
        let now = Stat::of(&self.path)?;
        if self.stat.as_ref() == Some(&now) && now.is_settled(taken) {
            return Some(false);
        }
        // Taken before it is read: what changes meanwhile shows the next time.
        self.stat = Some(now);
        is_same(&self.what, &self.path).then_some(true)
    }
}

/// What a run depends on beside the files. `None`: nobody can say which generator this is.
fn key(run: &Run<'_>) -> Option<Digest> {
    let program = Stat::of(&env::current_exe().ok()?)?;
    let here = env::current_dir().ok()?;
    let said = (env!("CARGO_PKG_VERSION"), program, here, &run.said);
    Some(digest(format!("{said:?}").as_bytes()))
}

/// The name of a stamp: that of whatever writes the same module or crate, with whichever options.
fn name(run: &Run<'_>) -> Option<String> {
    let folder = std::path::absolute(run.folder).ok()?;
    let digest = digest(format!("{:?}", (folder, &run.makes)).as_bytes());
    let digits = digest.iter().take(16).map(|octet| format!("{octet:02x}"));
    Some(digits.collect::<String>() + ".json")
}

/// Writes a stamp as one step.
fn save(path: &Path, stamp: &Stamp) {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".stamp-").tempfile_in(folder)?;
        file.write_all(&serde_json::to_vec(stamp)?)?;
        file.persist(path)?;
        Ok(())
    };
    // Without it the next run is only slower.
    let _ = write();
}

/// The most stamps that are kept: one that is missing costs one run.
const MOST: usize = 512;

/// Removes the oldest stamps when there are too many.
fn prune(stamps: &Path) {
    let entries = fs::read_dir(stamps).into_iter().flatten().flatten();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    if paths.len() <= MOST {
        return;
    }
    let age = |path: &PathBuf| fs::metadata(path).and_then(|found| found.modified()).ok();
    let mut aged: Vec<_> = paths.into_iter().map(|path| (age(&path), path)).collect();
    aged.sort();
    for (_, path) in aged.iter().take(aged.len() - MOST / 2) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_youngest_stamps_are_kept_when_there_are_many() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=MOST {
            let file = fs::File::create(folder.path().join(format!("{number}.json"))).unwrap();
            let age = std::time::Duration::from_secs(1_000_000 + number as u64);
            file.set_modified(SystemTime::UNIX_EPOCH + age).unwrap();
        }
        prune(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), MOST / 2);
        assert!(folder.path().join(format!("{MOST}.json")).exists());
        assert!(!folder.path().join("0.json").exists());
    }
}
