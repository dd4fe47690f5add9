//! One writer of a pact file at a time, among all processes of this machine.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use pact_models::file_utils::with_blocking_write_lock;

/// Runs `work` while no other process does the same with the lock file `path`. The system lets go of the lock when a
/// process dies, so that none stays behind.
pub(crate) fn locked<T>(path: &Path, work: impl FnOnce() -> T) -> io::Result<T> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    let mut work = Some(work);
    let mut outcome = None;
    with_blocking_write_lock(path, &mut file, &mut |_| {
        outcome = work.take().map(|work| work());
        Ok(())
    })
    .map_err(|error| io::Error::other(error.to_string()))?;
    outcome.ok_or_else(|| io::Error::other("the lock was not given"))
}
