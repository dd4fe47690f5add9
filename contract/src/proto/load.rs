//! Finds and parses the root files and everything that they import.
//!
//! Every file is tried, so that one run reports all syntax errors and all missing imports. Files come out in the order
//! in which a compiler needs them: an import stands before the file that imports it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use prost_types::FileDescriptorProto;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::bundled;
use super::comments::Places;
use super::diagnose::{self, Text};
use super::roots::{self, Includes};
use crate::lookup::Lookups;
use crate::problem::{Place, Problem, Problems};

/// A parsed file.
#[derive(Debug)]
pub(super) struct Source {
    /// What it is called in messages, and its text.
    pub(super) text: Text,
    /// Where it was read from; none for what comes with us.
    pub(super) path: Option<PathBuf>,
    /// What it declares, names not yet resolved.
    pub(super) descriptor: FileDescriptorProto,
}

/// What was loaded.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// By import name, imports first.
    pub(super) sources: IndexMap<String, Source>,
    /// The import names of the root files, as ordered by the user.
    pub(super) roots: Vec<String>,
    /// What is wrong.
    pub(super) problems: Problems,
    /// Every path that was looked at.
    pub(super) lookups: Lookups,
}

/// Loads the root files (or all protos below a root folder) and what they import.
pub(super) fn load(roots: &[PathBuf], include: &[PathBuf]) -> Loaded {
    let mut loader = Loader {
        includes: Includes::new(include),
        ..Loader::default()
    };
    let opened = loader.open_roots(roots);
    let named = loader.name_roots(opened);
    loader.loaded.roots = named.iter().map(|(name, _)| name.clone()).collect();
    loader.opened = named.into_iter().collect();
    for name in loader.loaded.roots.clone() {
        loader.visit(&name);
    }
    loader.loaded.lookups.append(loader.includes.lookups());
    loader.loaded
}

/// A file whose imports are being loaded.
struct Visit {
    name: String,
    source: Source,
    /// The import that comes next.
    next: usize,
    /// Whether all imports so far were loaded.
    is_whole: bool,
}

#[derive(Default)]
struct Loader {
    includes: Includes,
    opened: HashMap<String, Source>,
    failed: HashSet<String>,
    loaded: Loaded,
}

impl Loader {
    /// Reads and parses the root files.
    fn open_roots(&mut self, roots: &[PathBuf]) -> Vec<(PathBuf, Source)> {
        let mut opened = Vec::new();
        for root in roots {
            for path in self.files_of(root) {
                let known = opened
                    .iter()
                    .any(|(other, _): &(PathBuf, Source)| roots::absolute(other) == roots::absolute(&path));
                if !known && let Some(source) = self.read(&path) {
                    opened.push((path, source));
                }
            }
        }
        opened
    }

    /// A root file itself, or the protos below a root folder, sorted.
    fn files_of(&mut self, root: &Path) -> Vec<PathBuf> {
        if !root.is_dir() {
            return vec![root.to_path_buf()];
        }
        let mut files = Vec::new();
        if let Err(error) = collect_protos(root, &mut files) {
            self.loaded.problems.push(diagnose::unreadable(root, &error));
        } else if files.is_empty() {
            self.loaded.problems.push(diagnose::empty_folder(root));
        }
        files.sort();
        files
    }

    /// Finds include roots for those root files that have none yet, then every root file's import name.
    fn name_roots(&mut self, opened: Vec<(PathBuf, Source)>) -> Vec<(String, Source)> {
        for (path, source) in &opened {
            let file = &source.descriptor;
            if self.includes.name_of(path, file.package()).is_none() {
                self.includes
                    .infer(path, file.package(), &file.dependency, is_known);
            }
        }
        let mut named = Vec::new();
        for (path, mut source) in opened {
            let name = self.includes.name_of(&path, source.descriptor.package());
            // Inference made a root above the file, so there is a name but for paths that are not UTF-8.
            let Some(name) = name else {
                self.loaded.problems.push(diagnose::unnameable(&path));
                continue;
            };
            let shadow = self.includes.find(&name).filter(|found| !same_file(found, &path));
            if let Some(shadow) = shadow {
                self.loaded
                    .problems
                    .push(diagnose::shadowed(&path, &shadow, &name));
                continue;
            }
            source.descriptor.name = Some(name.clone());
            named.push((name, source));
        }
        named
    }

    /// Loads a file after everything that it imports. Not by recursion: a chain of imports may be long.
    fn visit(&mut self, root: &str) {
        let mut open: Vec<Visit> = self.enter(root).into_iter().collect();
        while let Some(visit) = open.last_mut() {
            if let Some(import) = visit.source.descriptor.dependency.get(visit.next).cloned() {
                visit.next += 1;
                let problem = self.import_problem(&import, &open);
                let is_sound = problem.is_none();
                self.loaded.problems.extend(problem);
                let child = is_sound.then(|| self.enter(&import)).flatten();
                let is_sound = is_sound && !self.failed.contains(&import);
                if let Some(visit) = open.last_mut() {
                    visit.is_whole &= is_sound;
                }
                open.extend(child);
            } else if let Some(done) = open.pop() {
                self.leave(done, open.last_mut());
            }
        }
    }

    /// Opens a file, unless that has been tried.
    fn enter(&mut self, name: &str) -> Option<Visit> {
        if self.loaded.sources.contains_key(name) || self.failed.contains(name) {
            return None;
        }
        let source = match self.opened.remove(name) {
            Some(source) => Some(source),
            None => self.open(name),
        };
        if source.is_none() {
            self.failed.insert(name.to_owned());
        }
        Some(Visit {
            name: name.to_owned(),
            source: source?,
            next: 0,
            is_whole: true,
        })
    }

    /// Keeps a file all of whose imports were loaded. Otherwise neither it nor its importer can be compiled.
    fn leave(&mut self, done: Visit, importer: Option<&mut Visit>) {
        if done.is_whole {
            self.loaded.sources.insert(done.name, done.source);
        } else {
            self.failed.insert(done.name);
            if let Some(importer) = importer {
                importer.is_whole = false;
            }
        }
    }

    /// What is wrong with the import that the innermost of the open files has just come to.
    fn import_problem(&self, import: &str, open: &[Visit]) -> Option<Problem> {
        let visit = open.last()?;
        let index = visit.next.checked_sub(1)?;
        let imports = &visit.source.descriptor.dependency;
        let place = || import_place(&visit.source, index);
        if imports[..index].iter().any(|earlier| earlier == import) {
            return Some(diagnose::imported_twice(import, place()));
        }
        if let Some(start) = open.iter().position(|visit| visit.name == import) {
            let circle: Vec<&str> = open[start..].iter().map(|visit| visit.name.as_str()).collect();
            return Some(diagnose::import_cycle(import, &circle, place()));
        }
        if self.exists(import) {
            return None;
        }
        let holder = self.holder_of(import, &visit.source);
        Some(diagnose::import_not_found(import, holder.as_deref(), place()))
    }

    fn exists(&self, name: &str) -> bool {
        self.opened.contains_key(name)
            || self.loaded.sources.contains_key(name)
            || self.includes.find(name).is_some()
            || is_known(name)
    }

    /// Opens an import: from the include roots, else from what comes with us.
    fn open(&mut self, name: &str) -> Option<Source> {
        let mut source = if let Some(path) = self.includes.find(name) {
            self.read(&path)?
        } else if let Some(text) = bundled::text(name) {
            self.parse(name, None, text)?
        } else {
            // The caller has seen that the file exists, so this is one of `google/protobuf/*`.
            let file = GoogleFileResolver::new().open_file(name).ok()?;
            Source {
                text: Text {
                    file: name.into(),
                    text: "".into(),
                },
                path: None,
                descriptor: file.into(),
            }
        };
        source.descriptor.name = Some(name.to_owned());
        Some(source)
    }

    fn read(&mut self, path: &Path) -> Option<Source> {
        let read = std::fs::read(path);
        self.includes.lookups().read(path, &read);
        match read {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => {
                    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                    self.parse(&path.display().to_string(), Some(path), text)
                }
                Err(error) => {
                    self.loaded.problems.push(diagnose::not_utf8(path, &error));
                    None
                }
            },
            Err(error) => {
                self.loaded.problems.push(diagnose::unreadable(path, &error));
                None
            }
        }
    }

    fn parse(&mut self, shown: &str, path: Option<&Path>, text: &str) -> Option<Source> {
        let text = Text {
            file: shown.into(),
            text: text.into(),
        };
        if let Some(problem) = diagnose::edition(&text) {
            self.loaded.problems.push(problem);
            return None;
        }
        match File::from_source(shown, &text.text) {
            Ok(file) => Some(Source {
                text,
                path: path.map(Path::to_path_buf),
                descriptor: file.into(),
            }),
            Err(error) => {
                self.loaded.problems.extend(diagnose::syntax(&error, &text));
                None
            }
        }
    }

    /// A folder near the importing file or the include roots that holds a missing import.
    fn holder_of(&self, import: &str, source: &Source) -> Option<PathBuf> {
        let near = source.path.iter().flat_map(|path| roots::ancestors(path));
        let above_roots = self
            .includes
            .iter()
            .flat_map(|root| roots::ancestors(&root.join("x")));
        let above: Vec<PathBuf> = near.chain(above_roots).collect();
        let beside = above.iter().flat_map(|folder| folders_in(folder));
        above
            .iter()
            .cloned()
            .chain(beside)
            .find(|folder| folder.join(import).is_file())
    }
}

/// Imports that need no file.
fn is_known(name: &str) -> bool {
    bundled::text(name).is_some() || GoogleFileResolver::new().open_file(name).is_ok()
}

fn same_file(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| roots::absolute(path));
    roots::absolute(a) == roots::absolute(b) || real(a) == real(b)
}

fn import_place(source: &Source, index: usize) -> Place {
    const DEPENDENCY: i32 = 3;
    let path = [DEPENDENCY, i32::try_from(index).unwrap_or(i32::MAX)];
    source
        .text
        .declaration(&Places::of(&source.descriptor).get(&path), "")
}

/// The folders directly in a folder, sorted, hidden ones left out. At most 100: this only serves a suggestion.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    const LIMIT: usize = 100;
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let Ok(entries) = std::fs::read_dir(here) else {
        return Vec::new();
    };
    let visible = entries
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    let mut folders: Vec<PathBuf> = visible
        .map(|entry| folder.join(entry.file_name()))
        .filter(|path| path.is_dir())
        .take(LIMIT)
        .collect();
    folders.sort();
    folders
}

fn collect_protos(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        // Links to folders are not followed: they can lead in circles.
        if kind.is_dir() {
            collect_protos(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
