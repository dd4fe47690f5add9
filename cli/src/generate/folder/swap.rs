//! The replacement of several files as one step: staged, then renamed into place, undone when it fails.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{At, Result, Tree};

/// A replacement of several files: staged, then committed, undone when it fails or is dropped before its end.
pub(super) struct Swap {
    /// A staging folder for each root, on the root's file system.
    staging: Vec<(PathBuf, TempDir)>,
    steps: Vec<Step>,
    /// Folders that were made, outermost first.
    made: Vec<PathBuf>,
    /// How many steps were done.
    done: usize,
}

struct Step {
    target: PathBuf,
    /// The new text. None: the target is removed.
    staged: Option<PathBuf>,
    /// The old text. None: there was no file.
    backup: Option<PathBuf>,
}

impl Swap {
    pub(super) fn begin(trees: &[Tree]) -> Result<Self> {
        let mut swap = Self {
            staging: Vec::new(),
            steps: Vec::new(),
            made: Vec::new(),
            done: 0,
        };
        for tree in trees {
            swap.make_folder(&tree.root)?;
            let folder = tempfile::Builder::new()
                .prefix(".tieline-")
                .tempdir_in(&tree.root);
            swap.staging.push((tree.root.clone(), folder.at(&tree.root)?));
        }
        Ok(swap)
    }

    pub(super) fn stage(&mut self, target: &Path, text: &str) -> Result<()> {
        if let Some(folder) = target.parent() {
            self.make_folder(folder)?;
        }
        let staged = self.staging_path(target, "new");
        std::fs::write(&staged, text).at(&staged)?;
        let backup = self.back_up(target)?;
        if let Some(backup) = &backup {
            let permissions = std::fs::metadata(backup).at(backup)?.permissions();
            std::fs::set_permissions(&staged, permissions).at(&staged)?;
        }
        self.steps.push(Step {
            target: target.to_path_buf(),
            staged: Some(staged),
            backup,
        });
        Ok(())
    }

    pub(super) fn stage_removal(&mut self, target: &Path) -> Result<()> {
        let backup = self.back_up(target)?;
        self.steps.push(Step {
            target: target.to_path_buf(),
            staged: None,
            backup,
        });
        Ok(())
    }

    pub(super) fn commit(mut self) -> Result<()> {
        for step in &self.steps {
            let done = match &step.staged {
                Some(staged) => std::fs::rename(staged, &step.target),
                None => std::fs::remove_file(&step.target),
            };
            // On an error the drop undoes what was done.
            done.at(&step.target)?;
            self.done += 1;
        }
        self.done = 0;
        self.made.clear();
        Ok(())
    }

    /// A copy of a file that is there.
    fn back_up(&self, target: &Path) -> Result<Option<PathBuf>> {
        if !target.exists() {
            return Ok(None);
        }
        let backup = self.staging_path(target, "old");
        std::fs::copy(target, &backup).at(target)?;
        Ok(Some(backup))
    }

    /// A path in the staging folder of the innermost root that holds the target.
    fn staging_path(&self, target: &Path, what: &str) -> PathBuf {
        let holder = self
            .staging
            .iter()
            .filter(|(root, _)| target.starts_with(root))
            .max_by_key(|(root, _)| root.components().count());
        // Every target lies below a root, for it was made by joining one.
        let folder = holder.map_or(Path::new(""), |(_, folder)| folder.path());
        folder.join(format!("{}.{what}", self.steps.len()))
    }

    fn make_folder(&mut self, folder: &Path) -> Result<()> {
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .collect();
        for folder in missing.into_iter().rev() {
            std::fs::create_dir(folder).at(folder)?;
            self.made.push(folder.to_path_buf());
        }
        Ok(())
    }
}

impl Drop for Swap {
    /// Undoes what was done. Best effort: when even this fails there is nothing left to try.
    fn drop(&mut self) {
        for step in self.steps[..self.done].iter().rev() {
            let _ = match &step.backup {
                Some(backup) => std::fs::rename(backup, &step.target),
                None => std::fs::remove_file(&step.target),
            };
        }
        self.staging.clear();
        for folder in self.made.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn after_a_failed_rename_everything_is_as_before() {
        let home = TempDir::new().unwrap();
        let root = home.path();
        std::fs::write(root.join("a.rs"), "old").unwrap();
        let trees = [Tree {
            root: root.to_path_buf(),
            ..Tree::default()
        }];
        let mut swap = Swap::begin(&trees).unwrap();
        swap.stage(&root.join("a.rs"), "new").unwrap();
        swap.stage(&root.join("b/c.rs"), "new").unwrap();
        // A folder that is not empty cannot be replaced by a file.
        std::fs::create_dir_all(root.join("d.rs/x")).unwrap();
        let staged = swap.staging_path(&root.join("d.rs"), "new");
        std::fs::write(&staged, "new").unwrap();
        swap.steps.push(Step {
            target: root.join("d.rs"),
            staged: Some(staged),
            backup: None,
        });
        assert_eq!(swap.commit().unwrap_err().path, root.join("d.rs"));
        assert_eq!(std::fs::read_to_string(root.join("a.rs")).unwrap(), "old");
        assert_eq!(names(root), ["a.rs", "d.rs"]);
    }
}
