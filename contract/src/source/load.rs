//! Reading the files that a document refers to.
//!
//! References are gathered from the trees as they stand; what stands before the `#` of each names a file. The file it
//! names is read, too, until no new ones appear. Nothing is fetched from a network: a URL leads somewhere only when it
//! is mapped to a file, or locked to one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Component, Path, PathBuf};

use crate::problem::Problem;

use super::document::parse;
use super::identities::{Identities, Reference};
use super::lock::Lock;
use super::uri::{has_scheme, is_http};
use super::{FileId, Node, SourceMap};

/// URLs that stand for files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// A URL, or the start of URLs, and the file or folder that is read in its place.
    pub urls: Vec<(String, PathBuf)>,
    /// The files that were fetched, and what they must be.
    pub lock: Lock,
}

/// The files that a document refers to.
#[derive(Debug, Default)]
pub(super) struct Others {
    pub(super) trees: BTreeMap<FileId, Node>,
    /// Where references lead, by the file that they stand in and what they mean before their `#`.
    leads: HashMap<(FileId, String), Lead>,
    /// What nodes call themselves.
    pub(super) identities: Identities,
    /// URLs that nothing stands for.
    unmapped: Vec<String>,
}

/// Where a reference leads.
#[derive(Debug)]
pub(super) enum Lead {
    /// To a file that was read.
    File(FileId),
    /// To a file that cannot be read.
    Unreadable(Box<Problem>),
}

impl Others {
    /// None: only what the tree says of itself.
    pub(super) fn within(file: FileId, root: &Node) -> Self {
        let mut others = Self::default();
        others.identities.note(file, root);
        others
    }

    /// Reads every file that the tree leads to.
    pub(super) fn of(sources: &mut SourceMap, file: FileId, root: &Node, mapped: &Mapped) -> Self {
        let mut loader = Loader {
            sources,
            mapped,
            others: Self::default(),
            known: HashMap::new(),
            open: VecDeque::new(),
        };
        loader.run(file, root);
        loader.others
    }

    pub(super) fn tree(&self, file: FileId) -> Option<&Node> {
        self.trees.get(&file)
    }

    /// Where a reference from `file` leads that means `url` before its `#`.
    pub(super) fn lead(&self, file: FileId, url: &str) -> Option<&Lead> {
        self.leads.get(&(file, url.to_owned()))
    }

    /// The URLs of references that no file stands for, each once.
    pub(super) fn unmapped(&self) -> Vec<String> {
        let open = self.unmapped.iter();
        let mut urls: Vec<String> = open
            .filter(|url| self.identities.start(url).is_none())
            .cloned()
            .collect();
        urls.sort();
        urls.dedup();
        urls
    }
}

/// Reads files until no reference leads to a new one.
struct Loader<'s> {
    sources: &'s mut SourceMap,
    mapped: &'s Mapped,
    others: Others,
    /// The files that were read, by where they really are.
    known: HashMap<PathBuf, FileId>,
    open: VecDeque<(FileId, Vec<Reference>)>,
}

impl Loader<'_> {
    fn run(&mut self, file: FileId, root: &Node) {
        if let Some(path) = self.sources.path(file) {
            self.known.insert(identity(&path), file);
        }
        let references = self.others.identities.note(file, root);
        self.open.push_back((file, references));
        while let Some((file, references)) = self.open.pop_front() {
            for reference in references {
                if self.others.lead(file, &reference.meant).is_none() {
                    match self.lead(file, &reference) {
                        Some(lead) => {
                            self.others.leads.insert((file, reference.meant), lead);
                        }
                        None if is_http(&reference.meant) => self.others.unmapped.push(reference.meant),
                        None => {}
                    }
                }
            }
        }
    }

    /// Reads what a reference leads to. `None`: to nothing that a file stands for.
    fn lead(&mut self, from: FileId, reference: &Reference) -> Option<Lead> {
        let path = self.path_of(from, reference)?;
        if let Some(known) = self.known.get(&identity(&path)) {
            // Under another name, perhaps.
            self.sources.lookups().look(&path);
            return Some(Lead::File(*known));
        }
        if self.mapped.lock.url_of(&path).is_some() {
            // The lock judges what it says now.
            self.sources.lookups().look(&path);
        }
        let read = self
            .mapped
            .lock
            .verify(&reference.meant, &path)
            .and_then(|()| self.sources.load(&path))
            .and_then(|file| Ok((file, parse(self.sources, file)?)));
        Some(match read {
            Ok((file, root)) => {
                if let Some(url) = self.mapped.lock.url_of(&path) {
                    // A file that stands for a URL refers to its neighbours by theirs.
                    self.others.identities.name(file, url);
                }
                let references = self.others.identities.note(file, &root);
                self.open.push_back((file, references));
                self.others.trees.insert(file, root);
                self.known.insert(identity(&path), file);
                Lead::File(file)
            }
            Err(problem) => Lead::Unreadable(Box::new(problem)),
        })
    }

    /// The file that a reference stands for, as seen from a file.
    fn path_of(&self, from: FileId, reference: &Reference) -> Option<PathBuf> {
        let Reference { written, meant } = reference;
        if let Some(path) = self.mapped.path_of(meant) {
            return Some(path);
        }
        if let Some(path) = meant.strip_prefix("file://") {
            return Some(PathBuf::from(decoded(path)));
        }
        // Relative to a URL that nothing stands for, it still may stand beside the file that it stands in.
        if has_scheme(written) {
            return None;
        }
        let folder = self.sources.path(from)?.parent()?.to_path_buf();
        let plain = written.split('?').next().unwrap_or_default();
        let joined = lexical(&folder.join(decoded(plain)));
        // Some documents name files whose names are themselves percent-encoded.
        let literal = lexical(&folder.join(plain));
        let exists = |path: &Path| {
            let exists = path.exists();
            if !exists {
                self.sources.lookups().look(path);
            }
            exists
        };
        let path = if exists(&joined) || !exists(&literal) {
            joined
        } else {
            literal
        };
        (path.exists() || !is_http(meant)).then_some(path)
    }
}

impl Mapped {
    /// The file that stands for a URL.
    fn path_of(&self, url: &str) -> Option<PathBuf> {
        let mapped = self.urls.iter();
        let longest = mapped
            .filter(|(start, _)| url.starts_with(start.as_str()))
            .max_by_key(|(start, _)| start.len());
        let Some((start, path)) = longest else {
            return self.lock.path_of(url);
        };
        let rest = decoded(url[start.len()..].trim_start_matches('/'));
        Some(if rest.is_empty() {
            path.clone()
        } else {
            path.join(rest)
        })
    }
}

fn decoded(text: &str) -> String {
    super::pointer::percent_decode(text).unwrap_or_else(|| text.to_owned())
}

/// `a/b/../c` is `a/c`: what a reader of a message expects to see.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// What tells files apart, whichever way they are named.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| lexical(path))
}
