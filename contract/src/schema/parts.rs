//! What a schema consists of: itself, its `allOf` and the references among them, flattened.

use std::collections::HashSet;
use std::ptr;

use crate::source::{Kind, Node};

use super::{Context, Dialect};

/// A schema that must hold, perhaps among others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// The schema.
    pub(super) node: &'a Node,
    /// Its `oneOf` and `anyOf` are dealt with elsewhere.
    pub(super) without_unions: bool,
}

impl<'a> Part<'a> {
    pub(super) fn new(node: &'a Node) -> Self {
        Self {
            node,
            without_unions: false,
        }
    }

    /// What tells parts apart: two types made of equal keys are one.
    pub(super) fn key(self) -> (usize, bool) {
        (ptr::from_ref(self.node) as usize, self.without_unions)
    }
}

/// Parts, flattened.
#[derive(Debug, Default)]
pub(super) struct Flat<'a> {
    /// What references point to, and the reference itself, each target once.
    pub(super) refs: Vec<(Part<'a>, &'a Node)>,
    /// Schemas that are no references. A 3.1 reference with siblings is here, too.
    pub(super) inline: Vec<Part<'a>>,
    /// Something was left out: the type is wider than the schema.
    pub(super) lossy: bool,
    seen: HashSet<usize>,
    targets: HashSet<usize>,
}

impl<'a> Flat<'a> {
    /// Flattens `allOf`s. References stay references.
    pub(super) fn of(cx: &Context<'a>, parts: &[Part<'a>]) -> Self {
        let mut flat = Self::default();
        for part in parts {
            flat.add(cx, *part, false);
        }
        flat
    }

    fn add(&mut self, cx: &Context<'a>, part: Part<'a>, is_target: bool) {
        let node = part.node;
        if !self.seen.insert(ptr::from_ref(node) as usize) && !is_target {
            return;
        }
        let object = match &node.kind {
            Kind::Object(object) => object,
            Kind::Bool(true) => return,
            Kind::Bool(false) => {
                self.inline.push(part);
                return;
            }
            _ => {
                self.lossy |= cx.object(node, "a schema").is_none();
                return;
            }
        };
        match cx.document.target(node) {
            Some(Ok(target)) => self.add_ref(part, target.node, node),
            Some(Err(broken)) => {
                cx.broken(broken);
                self.lossy = true;
            }
            None => {}
        }
        let is_ref = object.get("$ref").is_some();
        if !is_ref || cx.dialect == Dialect::JsonSchema202012 {
            self.inline.push(part);
            let members = object
                .get("allOf")
                .and_then(|members| cx.array(members, "`allOf`"));
            for member in members.unwrap_or_default() {
                self.add(cx, Part { node: member, ..part }, false);
            }
        }
    }

    fn add_ref(&mut self, part: Part<'a>, target: &'a Node, reference: &'a Node) {
        if self.targets.insert(ptr::from_ref(target) as usize) {
            self.refs.push((Part { node: target, ..part }, reference));
        }
    }

    /// The one reference that this is, if nothing that stands beside it changes what values look like.
    pub(super) fn single_ref(&self) -> Option<(&'a Node, &'a Node)> {
        match self.refs.as_slice() {
            [(target, reference)] if !target.without_unions => {
                let plain = self.inline.iter().all(|part| !is_structural(part.node));
                plain.then_some((target.node, *reference))
            }
            _ => None,
        }
    }

    /// Puts what the references point to in their place. `without_unions` says of which targets the unions do not
    /// count.
    pub(super) fn expand(&mut self, cx: &Context<'a>, without_unions: impl Fn(&'a Node) -> bool) {
        let mut done = 0;
        while let Some((target, _)) = self.refs.get(done).copied() {
            done += 1;
            if self.seen.insert(ptr::from_ref(target.node) as usize) {
                let part = Part {
                    without_unions: target.without_unions || without_unions(target.node),
                    ..target
                };
                self.add(cx, part, true);
            }
        }
    }
}

/// Whether a schema says what values look like, apart from naming a type.
fn is_structural(node: &Node) -> bool {
    const KEYWORDS: [&str; 11] = [
        "properties",
        "patternProperties",
        "items",
        "prefixItems",
        "enum",
        "const",
        "oneOf",
        "anyOf",
        "unevaluatedProperties",
        "required",
        "additionalProperties",
    ];
    node.as_object().is_some_and(|object| {
        KEYWORDS
            .iter()
            .filter_map(|keyword| object.get(keyword))
            .any(|value| match &value.kind {
                Kind::Array(items) => !items.is_empty(),
                Kind::Bool(value) => !value,
                Kind::Object(object) => !object.entries().is_empty(),
                _ => true,
            })
    })
}
