//! References: `$ref` nodes and the nodes they mean.

use std::collections::HashSet;
use std::ptr;

use super::{Document, Node, Pointer};

/// Why a reference leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The value of `$ref` is not text.
    NotText,
    /// It leads to another file or URL.
    Elsewhere,
    /// It leads to this file, but not by a JSON pointer (an anchor).
    NotPointer,
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
    pub why: Broken,
}

/// What a reference means.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The node.
    pub node: &'a Node,
    /// The pointer to it.
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
        Some(self.lookup(text).map_err(broken))
    }

    /// What a reference's text points to, one step only.
    pub fn lookup(&self, reference: &str) -> Result<Target<'_>, Broken> {
        let Some(("", fragment)) = reference.split_once('#') else {
            return Err(Broken::Elsewhere);
        };
        let pointer = Pointer::from_fragment(fragment).ok_or(Broken::NotPointer)?;
        let node = self.resolve(&pointer).ok_or(Broken::Dangling)?;
        Ok(Target { node, pointer })
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
