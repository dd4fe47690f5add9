//! Files on disk: all of a run, or none.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tieline_contract::problem::{Place, Problem};

use crate::diagnostics;
use crate::output::Output;
use crate::rust::{BY_TAG, MARK};

/// Writes every file of `output` below `folder`, and removes files of earlier runs that it no longer has.
///
/// The files are written aside first and then moved into place, so that a failure on the way leaves what was there.
/// Files that would not change are not touched.
pub(crate) fn write(folder: &Path, output: &Output) -> Result<(), Problem> {
    let staged: Vec<(NamedTempFile, PathBuf)> = output
        .files()
        .filter_map(|(path, text)| stage(&folder.join(path), text).transpose())
        .collect::<Result<_, _>>()?;
    for (file, path) in staged {
        file.persist(&path)
            .map_err(|error| problem(&path, &error.error))?;
    }
    let folders = output.contracts.iter().map(|contract| &*contract.folder);
    remove_stale(folder, folders, output.files().map(|(path, _)| &**path))
}

/// The text in a file next to where it belongs. `None`: it is there already.
fn stage(path: &Path, text: &str) -> Result<Option<(NamedTempFile, PathBuf)>, Problem> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(None);
    }
    let parent = path.parent().unwrap_or_else(|| Path::new("."));
    let write = || -> io::Result<NamedTempFile> {
        fs::create_dir_all(parent)?;
        let mut file = tempfile::Builder::new()
            .prefix(".tieline-")
            .permissions_of(path)
            .tempfile_in(parent)?;
        file.write_all(text.as_bytes())?;
        Ok(file)
    };
    write()
        .map(|file| Some((file, path.to_owned())))
        .map_err(|error| problem(path, &error))
}

/// Removes generated files that stand in one of the contracts' `folders` and are none of the `files`.
pub(crate) fn remove_stale<'p>(
    folder: &Path,
    folders: impl Iterator<Item = &'p Path>,
    files: impl Iterator<Item = &'p Path>,
) -> Result<(), Problem> {
    let current: BTreeSet<PathBuf> = files.map(|path| folder.join(path)).collect();
    let folders: BTreeSet<PathBuf> = folders.map(|contract| folder.join(contract)).collect();
    for folder in folders.into_iter().flat_map(with_parts) {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(problem(&folder, &error)),
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let is_rust = path.extension().is_some_and(|extension| extension == "rs");
            if is_rust && !current.contains(&path) && is_ours(&path) {
                fs::remove_file(&path).map_err(|error| problem(&path, &error))?;
            }
        }
    }
    Ok(())
}

/// A contract's folder, those of what it sends (modules of webhooks and callbacks), and those of its tags.
fn with_parts(folder: PathBuf) -> Vec<PathBuf> {
    let is_part = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_dir() && (name.starts_with("webhooks") || name.ends_with("_callbacks"))
    };
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path()).collect()
    };
    let by_tag = folder.join(BY_TAG);
    let parts = below(&folder).into_iter().filter(is_part);
    let tags = below(&by_tag).into_iter().filter(|path| path.is_dir());
    let parts: Vec<PathBuf> = parts.chain(tags).collect();
    [folder, by_tag].into_iter().chain(parts).collect()
}

fn is_ours(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
}

fn problem(path: &Path, error: &io::Error) -> Problem {
    let place = Place::file(path.to_string_lossy().into_owned());
    Problem::new(&diagnostics::CANNOT_WRITE, place).about(error)
}

/// Temporary files are private by default; output has the permissions of any new file.
trait Permissions {
    fn permissions_of(&mut self, path: &Path) -> &mut Self;
}

impl Permissions for tempfile::Builder<'_, '_> {
    fn permissions_of(&mut self, path: &Path) -> &mut Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let permissions = fs::metadata(path)
                .map_or_else(|_| fs::Permissions::from_mode(0o644), |old| old.permissions());
            self.permissions(permissions);
        }
        #[cfg(not(unix))]
        let _ = path;
        self
    }
}
