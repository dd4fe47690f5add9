//! References: `$ref` nodes and the nodes they mean.

use std::collections::HashSet;
use std::ptr;

use crate::problem::Problem;

use super::document::resolve;
use super::load::Lead;
use super::{Document, FileId, Node, Pointer};

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
        Some(self.lookup(at.span.file, text).map_err(broken))
    }

    /// What a reference's text points to, one step only, as seen from a file.
    pub fn lookup(&self, from: FileId, reference: &str) -> Result<Target<'_>, Broken<'_>> {
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let (file, start) = if url.is_empty() {
            (from, Pointer::default())
        } else {
            self.start(from, url)?
        };
        let root = self.tree(file).ok_or(Broken::Dangling)?;
        // Written for "all of it" where files are split by hand; nobody has a key without a name.
        let fragment = if fragment == "/" { "" } else { fragment };
        let pointer = match Pointer::from_fragment(fragment) {
            Some(rest) => start.joined(&rest),
            None => self
                .others
                .anchor(file, fragment)
                .cloned()
                .ok_or(Broken::NoAnchor)?,
        };
        let node = resolve(root, &pointer)
            .or_else(|| resolve(root, &pointer.of_definition()?))
            .ok_or(Broken::Dangling)?;
        Ok(Target { node, file, pointer })
    }

    /// Where the fragment of a reference counts from.
    fn start(&self, from: FileId, url: &str) -> Result<(FileId, Pointer), Broken<'_>> {
        match self.others.lead(from, url) {
            Some(Lead::File(file)) => Ok((*file, Pointer::default())),
            Some(Lead::Unreadable(problem)) => match self.others.id(url) {
                Some(known) => Ok(known.clone()),
                None => Err(Broken::Unreadable(problem)),
            },
            None => self.others.id(url).cloned().ok_or(Broken::Elsewhere),
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
