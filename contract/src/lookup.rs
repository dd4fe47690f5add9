//! Which paths reading looked at, and what was there: as long as the same is there, reading gives the same.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// The digest of some octets.
pub fn digest(octets: &[u8]) -> Digest {
    Sha256::digest(octets).into()
}

/// What was at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// A file that was read.
    Octets {
        /// The digest of what it said.
        digest: Digest,
        /// Where it really is, links followed.
        real: PathBuf,
    },
    /// A file, whatever it says.
    File,
    /// No file.
    Nothing,
    /// Something that could not be read, whatever the reason: nobody can say whether it is still the same.
    Unreadable,
}

/// Every path that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookups(RefCell<BTreeMap<PathBuf, Found>>);

impl Lookups {
    /// Notes what was read from a path, or that it could not be.
    pub fn read(&self, path: &Path, octets: &std::io::Result<Vec<u8>>) {
        let found = match octets {
            Ok(octets) => Found::Octets {
                digest: digest(octets),
                real: real(path),
            },
            Err(error) if is_absence(error.kind()) => Found::Nothing,
            Err(_) => Found::Unreadable,
        };
        self.0.borrow_mut().insert(path.to_path_buf(), found);
    }

    /// Reads a file for nothing but to note what is there, before others read it; once.
    pub fn look(&self, path: &Path) {
        let known = matches!(self.0.borrow().get(path), Some(Found::Octets { .. }));
        if !known {
            self.read(path, &fs::read(path));
        }
    }

    /// Whether a file is there, noted.
    pub fn is_file(&self, path: &Path) -> bool {
        let is_file = path.is_file();
        let found = if is_file { Found::File } else { Found::Nothing };
        self.0.borrow_mut().entry(path.to_path_buf()).or_insert(found);
        is_file
    }

    /// Takes up the paths of others.
    pub fn append(&self, other: &Self) {
        let others = other.0.borrow().clone();
        self.0.borrow_mut().extend(others);
    }

    /// The files that were read.
    pub fn files(&self) -> Vec<PathBuf> {
        let known = self.0.borrow();
        let read = known
            .iter()
            .filter(|(_, found)| matches!(found, Found::Octets { .. }));
        read.map(|(path, _)| path.clone()).collect()
    }

    /// Each path and what was there, in the order of the paths.
    pub fn into_list(self) -> Vec<(PathBuf, Found)> {
        self.0.into_inner().into_iter().collect()
    }
}

impl Found {
    /// Whether the same is at the path now.
    pub fn is_still_at(&self, path: &Path) -> bool {
        match self {
            Self::Octets { digest, real } => {
                self::real(path) == *real
                    && fs::read(path).is_ok_and(|octets| self::digest(&octets) == *digest)
            }
            Self::File => path.is_file(),
            Self::Nothing => fs::metadata(path).is_err_and(|error| is_absence(error.kind())),
            Self::Unreadable => false,
        }
    }
}

fn is_absence(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Where a file really is, links followed.
pub fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_holds_until_something_else_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "one").unwrap();
        fs::write(at("b"), "one").unwrap();
        let lookups = Lookups::default();
        lookups.look(&at("a"));
        lookups.look(&at("missing"));
        assert!(lookups.is_file(&at("b")) && !lookups.is_file(&at("none")));
        assert_eq!(lookups.files(), [at("a")]);
        let holds = |list: &[(PathBuf, Found)]| -> Vec<bool> {
            list.iter().map(|(path, found)| found.is_still_at(path)).collect()
        };
        let list = lookups.into_list();
        assert_eq!(list.len(), 4);
        assert_eq!(holds(&list), [true; 4]);
        fs::write(at("a"), "two").unwrap();
        fs::write(at("b"), "two").unwrap();
        fs::write(at("missing"), "").unwrap();
        // In the order of the paths: a, b, missing, none.
        assert_eq!(holds(&list), [false, true, false, true]);
        fs::write(at("a"), "one").unwrap();
        assert!(holds(&list)[0], "only what a file says counts");
    }

    #[test]
    fn what_cannot_be_read_never_holds() {
        let folder = tempfile::tempdir().unwrap();
        let lookups = Lookups::default();
        lookups.look(folder.path());
        let list = lookups.into_list();
        assert_eq!(list[0].1, Found::Unreadable);
        assert!(!list[0].1.is_still_at(&list[0].0));
    }
}
