//! The files that a document refers to, and what they call themselves.
//!
//! Every `$ref` (and every discriminator mapping) is looked at when a file is read, and the file it names is read, too,
//! until no new ones appear. Nothing is fetched from a network: a URL leads somewhere only when it is mapped to a file.

use std::collections::{HashMap, VecDeque};
use std::path::{Component, Path, PathBuf};

use crate::problem::Problem;

use super::document::parse;
use super::{FileId, Kind, Node, Pointer, SourceMap};

/// URLs that stand for files: a URL, or the start of URLs, and the file or folder that is read in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped(pub Vec<(String, PathBuf)>);

/// The files that a document refers to.
#[derive(Debug, Default)]
pub(super) struct Others {
    trees: HashMap<FileId, Node>,
    /// Where references lead, by the file that they stand in and what stands before their `#`.
    leads: HashMap<(FileId, String), Lead>,
    /// What schemas call themselves (`$id`), and where they stand.
    ids: HashMap<String, (FileId, Pointer)>,
    /// `$anchor`s, and where they stand.
    anchors: HashMap<(FileId, String), Pointer>,
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
    pub(super) fn within(root: &Node) -> Self {
        let mut others = Self::default();
        others.index(root, &mut Pointer::default(), &mut Vec::new());
        others
    }

    /// Reads every file that the tree leads to.
    pub(super) fn of(sources: &mut SourceMap, root: &Node, mapped: &Mapped) -> Self {
        let mut loader = Loader {
            sources,
            mapped,
            others: Self::default(),
            known: HashMap::new(),
            open: VecDeque::new(),
        };
        loader.run(root);
        loader.others
    }

    pub(super) fn tree(&self, file: FileId) -> Option<&Node> {
        self.trees.get(&file)
    }

    /// Where a reference from `file` leads that says `url` before its `#`.
    pub(super) fn lead(&self, file: FileId, url: &str) -> Option<&Lead> {
        self.leads.get(&(file, url.to_owned()))
    }

    /// The schema that calls itself so.
    pub(super) fn id(&self, url: &str) -> Option<&(FileId, Pointer)> {
        self.ids.get(url)
    }

    pub(super) fn anchor(&self, file: FileId, name: &str) -> Option<&Pointer> {
        self.anchors.get(&(file, name.to_owned()))
    }

    /// Notes what the nodes below `node` call themselves, and gathers the references to elsewhere.
    fn index(&mut self, node: &Node, at: &mut Pointer, references: &mut Vec<String>) {
        let file = node.span.file;
        match &node.kind {
            Kind::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    at.push(number.to_string());
                    self.index(item, at, references);
                    at.pop();
                }
            }
            Kind::Object(object) => {
                for entry in object.entries() {
                    match (&*entry.key, &entry.value.kind) {
                        ("$ref", Kind::String(text)) => note(references, text),
                        ("$id" | "$self", Kind::String(text)) => {
                            let id = text.trim_end_matches('#').to_owned();
                            self.ids.entry(id).or_insert_with(|| (file, at.clone()));
                        }
                        ("$anchor" | "$dynamicAnchor", Kind::String(text)) => {
                            let anchor = (file, text.to_string());
                            self.anchors.entry(anchor).or_insert_with(|| at.clone());
                        }
                        ("mapping", Kind::Object(mapping)) => {
                            // A bare name is that of a component.
                            let texts = mapping.entries().iter().filter_map(|entry| entry.value.as_str());
                            texts
                                .filter(|text| text.contains(['/', '.']))
                                .for_each(|text| note(references, text));
                        }
                        (_, Kind::Object(_) | Kind::Array(_)) => {
                            at.push(&*entry.key);
                            self.index(&entry.value, at, references);
                            at.pop();
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// Notes what a reference says before its `#`, if anything.
fn note(references: &mut Vec<String>, text: &str) {
    let url = text.split('#').next().unwrap_or_default();
    if !url.is_empty() && references.last().is_none_or(|last| last != url) {
        references.push(url.to_owned());
    }
}

/// Reads files until no reference leads to a new one.
struct Loader<'s> {
    sources: &'s mut SourceMap,
    mapped: &'s Mapped,
    others: Others,
    /// The files that were read, by where they really are.
    known: HashMap<PathBuf, FileId>,
    open: VecDeque<(FileId, Vec<String>)>,
}

impl Loader<'_> {
    fn run(&mut self, root: &Node) {
        let file = root.span.file;
        if let Some(path) = self.sources.path(file) {
            self.known.insert(identity(&path), file);
        }
        let mut references = Vec::new();
        self.others.index(root, &mut Pointer::default(), &mut references);
        self.open.push_back((file, references));
        while let Some((file, references)) = self.open.pop_front() {
            for url in references {
                if self.others.lead(file, &url).is_none()
                    && let Some(lead) = self.lead(file, &url)
                {
                    self.others.leads.insert((file, url), lead);
                }
            }
        }
    }

    /// Reads what a reference leads to. `None`: to nothing that a file stands for.
    fn lead(&mut self, from: FileId, url: &str) -> Option<Lead> {
        let path = self.path_of(from, url)?;
        if let Some(known) = self.known.get(&identity(&path)) {
            return Some(Lead::File(*known));
        }
        let read = self
            .sources
            .load(&path)
            .and_then(|file| Ok((file, parse(self.sources, file)?)));
        Some(match read {
            Ok((file, root)) => {
                let mut references = Vec::new();
                self.others.index(&root, &mut Pointer::default(), &mut references);
                self.open.push_back((file, references));
                self.others.trees.insert(file, root);
                self.known.insert(identity(&path), file);
                Lead::File(file)
            }
            Err(problem) => Lead::Unreadable(Box::new(problem)),
        })
    }

    /// The file that a URL stands for, as seen from a file.
    fn path_of(&self, from: FileId, url: &str) -> Option<PathBuf> {
        let mapped = self.mapped.0.iter();
        let longest = mapped
            .filter(|(start, _)| url.starts_with(start.as_str()))
            .max_by_key(|(start, _)| start.len());
        if let Some((start, path)) = longest {
            let rest = decoded(url[start.len()..].trim_start_matches('/'));
            return Some(if rest.is_empty() {
                path.clone()
            } else {
                path.join(rest)
            });
        }
        if let Some(path) = url.strip_prefix("file://") {
            return Some(PathBuf::from(decoded(path)));
        }
        if has_scheme(url) {
            return None;
        }
        let folder = self.sources.path(from)?.parent()?.to_path_buf();
        let plain = url.split('?').next().unwrap_or_default();
        let joined = lexical(&folder.join(decoded(plain)));
        // Some documents name files whose names are themselves percent-encoded.
        let written = lexical(&folder.join(plain));
        Some(if joined.exists() || !written.exists() {
            joined
        } else {
            written
        })
    }
}

/// `https:`, `urn:`: but not `C:` alone.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
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
