//! What nodes call themselves: `$self`, `$id`, `$anchor` and `$dynamicAnchor`, and what that means to the references
//! around them.

use std::collections::HashMap;

use super::{FileId, Kind, Node, Pointer, uri};

/// A part of a file with a URI of its own (`$id`), or a whole file that says its own (`$self`).
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// The file that it stands in.
    file: FileId,
    /// Where it starts.
    pub(super) pointer: Pointer,
    /// Its URI, which references in it are relative to.
    pub(super) uri: String,
}

/// A reference to elsewhere, as it is to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// What stands before its `#`.
    pub(super) written: String,
    /// The same, relative to the URI around it, where there is one.
    pub(super) meant: String,
}

/// All that nodes call themselves.
#[derive(Debug, Default)]
pub(super) struct Identities {
    resources: Vec<Resource>,
    /// Where resources start, by their URI, and by what stands in `$id` and `$self`.
    uris: HashMap<String, (FileId, Pointer)>,
    /// Anchors, by the file and what they are called; those of a resource before those of the whole file.
    anchors: HashMap<(FileId, Option<usize>, String), Pointer>,
    /// The resource that a reference stands in, by where it stands. Those outside of any have no entry.
    around: HashMap<(FileId, u32), usize>,
    /// The URLs that files stand for.
    names: HashMap<FileId, String>,
}

impl Identities {
    /// The resource that something stands in.
    pub(super) fn around(&self, file: FileId, node: &Node) -> Option<&Resource> {
        if self.resources.is_empty() {
            return None;
        }
        self.resources.get(*self.around.get(&(file, node.span.start))?)
    }

    /// Says which URL a file stands for.
    pub(super) fn name(&mut self, file: FileId, url: String) {
        self.names.insert(file, url);
    }

    /// The URL that a file stands for.
    pub(super) fn name_of(&self, file: FileId) -> Option<&str> {
        self.names.get(&file).map(String::as_str)
    }

    /// Where what calls itself so starts.
    pub(super) fn start(&self, uri: &str) -> Option<&(FileId, Pointer)> {
        self.uris.get(uri)
    }

    /// Where an anchor is, as seen from a node of the file.
    pub(super) fn anchor(&self, file: FileId, from: Option<&Node>, name: &str) -> Option<&Pointer> {
        let own = from.and_then(|node| self.around.get(&(file, node.span.start)).copied());
        let named = |resource| self.anchors.get(&(file, resource, name.to_owned()));
        own.and_then(|own| named(Some(own))).or_else(|| named(None))
    }

    /// Where an anchor of a resource of another place is.
    pub(super) fn anchor_in(&self, file: FileId, start: &Pointer, name: &str) -> Option<&Pointer> {
        let mut resources = self.resources.iter();
        let resource = resources.position(|one| one.file == file && one.pointer == *start);
        let named = |resource| self.anchors.get(&(file, resource, name.to_owned()));
        resource.and_then(|own| named(Some(own))).or_else(|| named(None))
    }

    /// Notes what the nodes of a file call themselves, and gives the references to elsewhere.
    pub(super) fn note(&mut self, file: FileId, root: &Node) -> Vec<Reference> {
        let mut walk = Walk {
            known: self,
            file,
            at: Pointer::default(),
            references: Vec::new(),
        };
        walk.node(root, None);
        walk.references
    }
}

struct Walk<'i> {
    known: &'i mut Identities,
    file: FileId,
    at: Pointer,
    references: Vec<Reference>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, around: Option<usize>) {
        match &node.kind {
            Kind::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.at.push(number.to_string());
                    self.node(item, around);
                    self.at.pop();
                }
            }
            Kind::Object(object) => {
                let name = ["$id", "$self"].iter().find_map(|key| object.get(key)?.as_str());
                let around = name.and_then(|name| self.resource(name, around)).or(around);
                for entry in object.entries() {
                    self.entry(&entry.key, &entry.value, around);
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, key: &str, value: &Node, around: Option<usize>) {
        match (key, &value.kind) {
            ("$ref" | "$dynamicRef", Kind::String(text)) => self.reference(value, text, around),
            ("$anchor" | "$dynamicAnchor", Kind::String(text)) => self.anchor(text, around),
            ("mapping", Kind::Object(mapping)) => {
                for entry in mapping.entries() {
                    // A bare name is that of a component.
                    if let Some(text) = entry.value.as_str().filter(|text| text.contains(['/', '.', '#'])) {
                        self.reference(&entry.value, text, around);
                    }
                }
            }
            (_, Kind::Object(_) | Kind::Array(_)) => {
                self.at.push(key);
                self.node(value, around);
                self.at.pop();
            }
            _ => {}
        }
    }

    /// Something calls itself `name`. Draft 4 wrote anchors so, too: `id: "#pet"`.
    fn resource(&mut self, name: &str, around: Option<usize>) -> Option<usize> {
        if let Some(anchor) = name.strip_prefix('#') {
            self.anchor(anchor, around);
            return None;
        }
        let name = name.trim_end_matches('#');
        let here = || (self.file, self.at.clone());
        let uri = match self.base(around) {
            Some(base) => uri::resolve(base, name),
            None => name.to_owned(),
        };
        self.known.uris.entry(name.to_owned()).or_insert_with(here);
        self.known.uris.entry(uri.clone()).or_insert_with(here);
        self.known.resources.push(Resource {
            file: self.file,
            pointer: self.at.clone(),
            uri,
        });
        Some(self.known.resources.len() - 1)
    }

    fn anchor(&mut self, name: &str, around: Option<usize>) {
        for resource in [around, None] {
            let key = (self.file, resource, name.to_owned());
            let at = &self.at;
            self.known.anchors.entry(key).or_insert_with(|| at.clone());
        }
    }

    fn reference(&mut self, node: &Node, text: &str, around: Option<usize>) {
        if let Some(around) = around {
            self.known.around.insert((self.file, node.span.start), around);
        }
        let written = text.split('#').next().unwrap_or_default();
        if written.is_empty() || self.references.last().is_some_and(|last| last.written == written) {
            return;
        }
        let meant = match self.base(around) {
            Some(base) => uri::resolve(base, written),
            None => written.to_owned(),
        };
        self.references.push(Reference {
            meant,
            written: written.to_owned(),
        });
    }

    /// What URIs are relative to.
    fn base(&self, around: Option<usize>) -> Option<&str> {
        let around = around.and_then(|around| self.known.resources.get(around));
        around
            .map(|around| around.uri.as_str())
            .or_else(|| self.known.name_of(self.file))
    }
}
