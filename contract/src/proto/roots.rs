//! From which folders imports are read.
//!
//! A proto file names its imports relative to an include root that is written nowhere. Roots given by the user come
//! first, in their order. A file under none of them gets one inferred: of the folders above it, the one under which
//! most of its imports exist; among equals the one that its package spells (`user.v1` in `protos/user/v1` means
//! `protos`), then the nearest.

use std::path::{Component, Path, PathBuf};

use crate::lookup::Lookups;

/// Include roots, in the order in which they are searched.
#[derive(Debug, Clone, Default)]
pub(super) struct Includes {
    roots: Vec<PathBuf>,
    /// Where files were looked for.
    lookups: Lookups,
}

impl Includes {
    /// The roots that the user gave.
    pub(super) fn new(given: &[PathBuf]) -> Self {
        let mut includes = Self::default();
        for root in given {
            includes.push(root.clone());
        }
        includes
    }

    /// Every root, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(PathBuf::as_path)
    }

    /// The first root's file of this import name.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        self.roots
            .iter()
            .map(|root| root.join(name))
            .find(|path| self.lookups.is_file(path))
    }

    /// Where files were looked for.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// The import name of a file under one of the roots: under the one that its package spells, else under the
    /// deepest one.
    pub(super) fn name_of(&self, file: &Path, package: &str) -> Option<String> {
        let file = absolute(file);
        let spelled = package.replace('.', "/");
        let mut names: Vec<String> = self
            .roots
            .iter()
            .filter_map(|root| slashed(file.strip_prefix(absolute(root)).ok()?))
            .collect();
        names.sort_by_key(String::len);
        let folder = |name: &str| {
            name.rsplit_once('/')
                .map_or(String::new(), |(folder, _)| folder.to_owned())
        };
        let by_package = names.iter().find(|name| folder(name) == spelled).cloned();
        by_package.or_else(|| names.into_iter().next())
    }

    /// Adds the roots that a file needs: see the module's documentation. `is_known` tells which imports need none.
    pub(super) fn infer(
        &mut self,
        file: &Path,
        package: &str,
        imports: &[String],
        is_known: impl Fn(&str) -> bool,
    ) {
        let imports: Vec<&String> = imports.iter().filter(|import| !is_known(import)).collect();
        let candidates = candidates(file, package);
        let found = |root: &Path| {
            imports
                .iter()
                .filter(|import| self.lookups.is_file(&root.join(import)))
                .count()
        };
        let most = candidates.iter().map(|root| found(root)).max().unwrap_or(0);
        let best = candidates.iter().find(|root| found(root) == most).cloned();
        if let Some(best) = best {
            self.push(best);
        }
        for import in imports {
            if self.find(import).is_none()
                && let Some(other) = candidates
                    .iter()
                    .find(|root| self.lookups.is_file(&root.join(import)))
            {
                self.push(other.clone());
            }
        }
    }

    fn push(&mut self, root: PathBuf) {
        if !self.roots.iter().any(|known| absolute(known) == absolute(&root)) {
            self.roots.push(root);
        }
    }
}

/// The folders above a file, the preferred ones first.
fn candidates(file: &Path, package: &str) -> Vec<PathBuf> {
    let mut folders = ancestors(file);
    let spelled: PathBuf = package.split('.').filter(|part| !part.is_empty()).collect();
    let depth = spelled.components().count();
    if depth > 0 && depth < folders.len() && absolute(&folders[0]).ends_with(&spelled) {
        let root = folders.remove(depth);
        folders.insert(0, root);
    }
    folders
}

/// The folders that hold a file, the nearest first, written like the file: relative ones go on with `..`.
pub(super) fn ancestors(file: &Path) -> Vec<PathBuf> {
    let mut folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
    let depth = absolute(&folder).components().count();
    let mut folders = Vec::with_capacity(depth);
    for _ in 0..depth {
        folders.push(folder.clone());
        folder = parent(&folder);
    }
    folders
}

fn parent(folder: &Path) -> PathBuf {
    match folder.components().next_back() {
        None | Some(Component::ParentDir) => folder.join(".."),
        Some(Component::CurDir) => PathBuf::from(".."),
        _ => folder.parent().unwrap_or(folder).to_path_buf(),
    }
}

/// The path from the file system's root, without `.` and `..`, links left as they are.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let whole = if path.as_os_str().is_empty() {
        std::env::current_dir()
    } else {
        std::path::absolute(path)
    };
    let mut clean = PathBuf::new();
    for component in whole.as_deref().unwrap_or(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// A path as imports write it.
fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/")).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_a_relative_file_go_on_past_the_working_directory() {
        let folders = ancestors(Path::new("a/b.proto"));
        assert_eq!(folders[..2], [PathBuf::from("a"), PathBuf::from("")]);
        if folders.len() > 3 {
            assert_eq!(folders[2..4], [PathBuf::from(".."), PathBuf::from("../..")]);
        }
    }

    #[test]
    fn the_package_spells_the_root() {
        let file = Path::new("/protos/user/v1/user.proto");
        assert_eq!(candidates(file, "user.v1")[0], Path::new("/protos"));
        assert_eq!(candidates(file, "other")[0], Path::new("/protos/user/v1"));
        assert_eq!(candidates(file, "")[0], Path::new("/protos/user/v1"));
    }

    #[test]
    fn a_name_is_taken_from_the_root_that_the_package_spells() {
        let includes = Includes::new(&["/x".into(), "/x/protos".into(), "/x/protos/user".into()]);
        let name = |package| includes.name_of(Path::new("/x/protos/user/v1/user.proto"), package);
        assert_eq!(name("user.v1").as_deref(), Some("user/v1/user.proto"));
        assert_eq!(name("").as_deref(), Some("v1/user.proto"));
        assert_eq!(includes.name_of(Path::new("/y/user.proto"), ""), None);
    }
}
