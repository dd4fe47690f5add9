//! Sizes and times of files, by which it is known that nobody wrote to them.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Two writes within this many nanoseconds may leave the same time: some file systems count in steps of two seconds.
const STEP: u64 = 2_000_000_000;

/// The size and times of a file, links followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stat {
    size: u64,
    modified: u64,
    /// The inode and when it changed last, which cannot be set by hand.
    inode: Option<(u64, i64, i64)>,
}

impl Stat {
    /// Those of the file at a path; `None` when there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self {
            size: found.len(),
            modified: nanoseconds(found.modified().ok()?),
            inode: inode(&found),
        })
    }

    /// Whether the file was old enough at a time to have other times after any later write.
    pub(super) fn is_settled(&self, at: u64) -> bool {
        let changed = self.inode.map_or(0, |(_, seconds, nanoseconds)| {
            let seconds = u64::try_from(seconds).unwrap_or_default();
            seconds.saturating_mul(1_000_000_000) + u64::try_from(nanoseconds).unwrap_or_default()
        });
        self.modified.max(changed).saturating_add(STEP) < at
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // As elsewhere there is none.
fn inode(found: &Metadata) -> Option<(u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((found.ino(), found.ctime(), found.ctime_nsec()))
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<(u64, i64, i64)> {
    None
}

/// Since 1970; before it, and after 2554, the nearest of these.
pub(super) fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_just_written_is_not_settled() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let stat = Stat::of(file.path()).unwrap();
        let now = nanoseconds(SystemTime::now());
        assert!(!stat.is_settled(now));
        assert!(stat.is_settled(now + 10 * STEP));
        assert_eq!(Stat::of(file.path()), Some(stat));
        assert_eq!(Stat::of(Path::new("/")), None);
    }
}
