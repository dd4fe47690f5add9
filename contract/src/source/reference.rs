//! References: `$ref` nodes and the nodes they mean.

use std::collections::HashSet;
use std::ptr;

use crate::problem::Problem;

use super::document::resolve;
use super::load::Lead;
use super::{Document, FileId, Node, Pointer, uri};

/// Why a reference leads nowhere.
#[derive(Debug, Clone, Copy)]
pub enum Broken<'a> {
    /// The value of `$ref` is not text.
    NotText,
    /// It leads to a URL that no file stands for.
    Elsewhere,
    /// It leads to a file that cannot be read.
    Unreadable(&'a Problem),
    /// No schema has that anchor.
    NoAnchor,
    /// Nothing stands where it points.
    Dangling,
    /// It leads back to itself.
    Cycle,
}

/// A reference that leads nowhere.
#[derive(Debug, Clone, Copy)]
pub struct BrokenRef<'a> {
    /// The value of `$ref`.
    pub at: &'a Node,
    /// Why.
    pub why: Broken<'a>,
}

/// What a reference means.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The node.
    pub node: &'a Node,
    /// The file that it stands in.
    pub file: FileId,
    /// The pointer to it, within its file.
    pub pointer: Pointer,
}

impl Document {
    /// What a node's `$ref` points to, one step only; `None` when the node is no reference.
    pub fn target<'a>(&'a self, node: &'a Node) -> Option<Result<Target<'a>, BrokenRef<'a>>> {
        let at = node.get("$ref")?;
        let broken = |why| BrokenRef { at, why };
        let Some(text) = at.as_str() else {
            return Some(Err(broken(Broken::NotText)));
        };
        Some(self.lookup_from(at, text).map_err(broken))
    }

    /// What a reference's text points to, one step only, as seen from the node that says it.
    pub fn lookup_from(&self, at: &Node, reference: &str) -> Result<Target<'_>, Broken<'_>> {
        let from = self.home(at.span.file);
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let identities = &self.others.identities;
        let Some(around) = identities.around(from, at) else {
            if url.is_empty()
                && Pointer::from_fragment(fragment).is_none()
                && let Some(pointer) = identities.anchor(from, Some(at), fragment)
            {
                return self.at(from, pointer.clone());
            }
            return self.lookup(from, reference);
        };
        if !url.is_empty() {
            return self.lookup_meant(from, &uri::resolve(&around.uri, url), url, fragment);
        }
        match Pointer::from_fragment(fragment) {
            // Counted from the schema that calls itself something; documents often count from the whole file.
            Some(rest) => self
                .at(from, around.pointer.clone().joined(&rest))
                .or_else(|_| self.lookup(from, reference)),
            None => {
                let pointer = identities.anchor(from, Some(at), fragment);
                self.at(from, pointer.cloned().ok_or(Broken::NoAnchor)?)
            }
        }
    }

    /// What a reference's text points to, one step only, as seen from a file.
    pub fn lookup(&self, from: FileId, reference: &str) -> Result<Target<'_>, Broken<'_>> {
        let from = self.home(from);
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        if !url.is_empty() {
            let meant = match self.others.identities.name_of(from) {
                Some(base) => uri::resolve(base, url),
                None => url.to_owned(),
            };
            return self.lookup_meant(from, &meant, url, fragment);
        }
        let pointer = match Pointer::from_fragment(fragment) {
            Some(pointer) => pointer,
            None => {
                let pointer = self.others.identities.anchor(from, None, fragment);
                pointer.cloned().ok_or(Broken::NoAnchor)?
            }
        };
        self.at(from, pointer)
    }

    fn lookup_meant(
        &self,
        from: FileId,
        meant: &str,
        written: &str,
        fragment: &str,
    ) -> Result<Target<'_>, Broken<'_>> {
        let (file, start) = self.start(from, meant, written)?;
        let pointer = match Pointer::from_fragment(fragment) {
            Some(rest) => start.joined(&rest),
            None => {
                let pointer = self.others.identities.anchor_in(file, &start, fragment);
                pointer.cloned().ok_or(Broken::NoAnchor)?
            }
        };
        self.at(file, pointer)
    }

    fn at(&self, file: FileId, pointer: Pointer) -> Result<Target<'_>, Broken<'_>> {
        let root = self.tree(file).ok_or(Broken::Dangling)?;
        let node = resolve(root, &pointer)
            .or_else(|| resolve(root, &pointer.of_definition()?))
            .ok_or(Broken::Dangling)?;
        Ok(Target { node, file, pointer })
    }

    /// Where the fragment of a reference counts from.
    fn start(&self, from: FileId, meant: &str, written: &str) -> Result<(FileId, Pointer), Broken<'_>> {
        let known = || {
            let identities = &self.others.identities;
            identities
                .start(meant)
                .or_else(|| identities.start(written))
                .cloned()
        };
        match self.others.lead(from, meant) {
            Some(Lead::File(file)) => Ok((*file, Pointer::default())),
            Some(Lead::Unreadable(problem)) => known().ok_or(Broken::Unreadable(problem)),
            None => known().ok_or(Broken::Elsewhere),
        }
    }

    /// Follows a node's `$ref`, and that of what it points to, to the end. A node that is no reference is itself.
    pub fn follow<'a>(&'a self, node: &'a Node) -> Result<&'a Node, BrokenRef<'a>> {
        let mut seen = HashSet::new();
        let mut node = node;
        while let Some(target) = self.target(node) {
            if !seen.insert(ptr::from_ref(node)) {
                let at = node.get("$ref").unwrap_or(node);
                return Err(BrokenRef {
                    at,
                    why: Broken::Cycle,
                });
            }
            node = target?.node;
        }
        Ok(node)
    }
}
