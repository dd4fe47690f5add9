//! `$dynamicRef`: resolved before types are made, once for each schema that binds what it refers to.
//!
//! ```text
//! Page:    { properties: { items: { items: { $dynamicRef: "#item" } } }, $defs: { item: { $dynamicAnchor: item } } }
//! PetPage: { $ref: Page, $defs: { item: { $dynamicAnchor: item, $ref: Pet } } }
//!   ->     PetPage is Page written out, with a reference to PetPage's own `item` in the place of the dynamic one
//! ```
//!
//! By the letter (JSON Schema 2020-12, core, section 8.2.3.2) it is the outermost resource, a schema with an `$id`, that
//! binds; documents mostly forget the `$id`, so here every schema binds the anchors that stand in it and in its `$defs`.

use std::collections::HashSet;
use std::ptr;

use crate::problem::Problem;
use crate::schema::diagnostics;
use crate::source::{
    Document, Entry, Kind, MAX_ALIAS_BYTES, MAX_DEPTH, Node, Object, Pointer, SourceMap, Span, Target,
};

use super::build;

/// How many schemas are written out within one another.
const MOST_WITHIN: usize = 8;

/// The document without dynamic references, and those that could not be resolved.
pub(super) fn resolve(sources: &SourceMap, document: Document) -> (Document, Vec<Problem>) {
    if !mentions_any(&document.root) && !document.trees().any(mentions_any) {
        return (document, Vec::new());
    }
    let mut resolver = Resolver {
        document: &document,
        within: Vec::new(),
        written: 0,
        left: Vec::new(),
    };
    let root = resolver.tree(&document.root);
    let others = document.trees().map(|tree| resolver.tree(tree)).collect();
    let left = std::mem::take(&mut resolver.left).into_iter();
    let problems = left.map(|span| Problem::new(&diagnostics::DYNAMIC_REF, document.place(sources, span)));
    let problems = problems.collect();
    (document.with_trees(root, others), problems)
}

fn mentions_any(node: &Node) -> bool {
    match &node.kind {
        Kind::Array(items) => items.iter().any(mentions_any),
        Kind::Object(object) => {
            let entries = object.entries().iter();
            object
                .get("$dynamicRef")
                .is_some_and(|text| text.as_str().is_some())
                || entries.into_iter().any(|entry| mentions_any(&entry.value))
        }
        _ => false,
    }
}

/// What a name is bound to: the place of the schema, and a node of its file.
#[derive(Debug, Clone)]
struct Binding {
    name: String,
    pointer: Pointer,
    at: Span,
}

type Bindings = Vec<Binding>;

struct Resolver<'d> {
    document: &'d Document,
    /// The schemas that are being written out, outermost first.
    within: Vec<*const Node>,
    /// Bytes that were written out so far.
    written: usize,
    /// References that could not be resolved.
    left: Vec<Span>,
}

impl<'d> Resolver<'d> {
    fn tree(&mut self, root: &'d Node) -> Node {
        self.node(root, &Pointer::default(), &Vec::new(), 0)
    }

    fn node(&mut self, node: &'d Node, at: &Pointer, outer: &Bindings, depth: usize) -> Node {
        let kind = match &node.kind {
            Kind::Array(items) => {
                let items = items.iter().enumerate();
                Kind::Array(
                    items
                        .map(|(number, item)| {
                            self.node(item, &at.child(&number.to_string()), outer, depth + 1)
                        })
                        .collect(),
                )
            }
            Kind::Object(object) => return self.object(node, object, at, outer, depth),
            other => other.clone(),
        };
        Node {
            kind,
            span: node.span,
        }
    }

    fn object(
        &mut self,
        node: &'d Node,
        object: &'d Object,
        at: &Pointer,
        outer: &Bindings,
        depth: usize,
    ) -> Node {
        let bindings = bound(node, at, outer);
        let mut entries = Vec::new();
        let mut written_out = None;
        for entry in object.entries() {
            let text = entry.value.as_str();
            match (&*entry.key, text) {
                ("$dynamicRef", Some(text)) => entries.extend(self.dynamic(entry, text, &bindings)),
                ("$ref", Some(_)) => match self.generic(node, &bindings) {
                    Some(target) => {
                        written_out = Some((entry, self.write_out(entry, &target, &bindings, depth)));
                    }
                    None => entries.push(entry.clone()),
                },
                ("$defs", _) => entries.push(Entry {
                    value: self.definitions(&entry.value, &at.child(&entry.key), &bindings, depth + 1),
                    ..entry.clone()
                }),
                _ => entries.push(Entry {
                    value: self.node(&entry.value, &at.child(&entry.key), &bindings, depth + 1),
                    ..entry.clone()
                }),
            }
        }
        let Some((reference, made)) = written_out else {
            return build::object(node.span, entries);
        };
        if entries.is_empty() {
            return made;
        }
        let members = entries.iter().position(|entry| &*entry.key == "allOf");
        match members.map(|at| &mut entries[at].value.kind) {
            Some(Kind::Array(members)) => members.push(made),
            _ => entries.push(Entry {
                key: "allOf".into(),
                key_span: reference.key_span,
                value: build::list(reference.value.span, vec![made]),
            }),
        }
        build::object(node.span, entries)
    }

    /// Definitions are not applied where they stand: one that is a resource of its own binds what is in it, and nothing
    /// around it.
    fn definitions(&mut self, node: &'d Node, at: &Pointer, outer: &Bindings, depth: usize) -> Node {
        let Some(object) = node.as_object() else {
            return self.node(node, at, outer, depth);
        };
        let entries = object.entries().iter().map(|entry| {
            let is_resource = entry.value.get("$id").is_some_and(|id| id.as_str().is_some());
            let none = Bindings::new();
            let outer = if is_resource { &none } else { outer };
            Entry {
                value: self.node(&entry.value, &at.child(&entry.key), outer, depth + 1),
                ..entry.clone()
            }
        });
        build::object(node.span, entries.collect())
    }

    /// What a dynamic reference becomes: a plain one. `None`: nothing, which any value satisfies.
    fn dynamic(&mut self, entry: &Entry, text: &str, bindings: &Bindings) -> Option<Entry> {
        let name = text.split_once('#').map_or("", |(_, name)| name);
        let reference = |value| Entry {
            key: "$ref".into(),
            value,
            ..entry.clone()
        };
        // One that leads to a plain anchor is a plain reference.
        let plain = self.document.lookup_from(&entry.value, text);
        let is_plain =
            plain.is_ok_and(|target| target.node.get("$dynamicAnchor").and_then(Node::as_str) != Some(name));
        let bound = bindings.iter().find(|bound| bound.name == name);
        if let Some(bound) = bound.filter(|_| !is_plain) {
            let text = format!("#{}", bound.pointer.to_fragment());
            return Some(reference(build::text(bound.at, &text)));
        }
        match self.document.lookup_from(&entry.value, text) {
            Ok(_) => Some(reference(entry.value.clone())),
            Err(_) => {
                self.left.push(entry.value.span);
                None
            }
        }
    }

    /// What a reference leads to, where that depends on what is bound here.
    fn generic(&self, node: &'d Node, bindings: &Bindings) -> Option<Target<'d>> {
        if bindings.is_empty() {
            return None;
        }
        let target = self.document.target(node)?.ok()?;
        let mut names = HashSet::new();
        self.names(target.node, &mut names, &mut HashSet::new(), 0);
        bindings
            .iter()
            .any(|bound| names.contains(bound.name.as_str()))
            .then_some(target)
    }

    /// The names that a schema refers to dynamically, itself or by what it refers to.
    fn names(
        &self,
        node: &'d Node,
        names: &mut HashSet<&'d str>,
        seen: &mut HashSet<*const Node>,
        depth: usize,
    ) {
        if depth > MAX_DEPTH || !seen.insert(ptr::from_ref(node)) {
            return;
        }
        match &node.kind {
            Kind::Array(items) => items
                .iter()
                .for_each(|item| self.names(item, names, seen, depth + 1)),
            Kind::Object(object) => {
                let dynamic = object.get("$dynamicRef").and_then(Node::as_str);
                names.extend(dynamic.and_then(|text| Some(text.split_once('#')?.1)));
                if let Some(Ok(target)) = self.document.target(node) {
                    self.names(target.node, names, seen, depth + 1);
                }
                for entry in object.entries() {
                    self.names(&entry.value, names, seen, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// A schema as it is where others bind the names that it refers to.
    fn write_out(
        &mut self,
        reference: &Entry,
        target: &Target<'d>,
        bindings: &Bindings,
        depth: usize,
    ) -> Node {
        let address = ptr::from_ref(target.node);
        self.written = self.written.saturating_add(target.node.weight());
        let is_too_much = self.within.len() >= MOST_WITHIN
            || self.written > MAX_ALIAS_BYTES
            || depth + target.node.height() > MAX_DEPTH;
        if self.within.contains(&address) || is_too_much {
            self.left.push(reference.value.span);
            return build::object(reference.value.span, Vec::new());
        }
        self.within.push(address);
        let made = self.node(target.node, &target.pointer, bindings, depth + 1);
        self.within.pop();
        made
    }
}

/// The names that are bound in a schema: those bound around it, and its own.
fn bound(node: &Node, at: &Pointer, outer: &Bindings) -> Bindings {
    let mut bindings = outer.clone();
    let mut add = |schema: &Node, pointer: Pointer| {
        if let Some(anchor) = schema.get("$dynamicAnchor")
            && let Some(name) = anchor.as_str()
            && bindings.iter().all(|known| known.name != name)
        {
            bindings.push(Binding {
                name: name.to_owned(),
                pointer,
                at: anchor.span,
            });
        }
    };
    add(node, at.clone());
    let own = node.get("$defs").and_then(Node::as_object).map(Object::entries);
    for entry in own.unwrap_or_default() {
        add(&entry.value, at.child("$defs").child(&entry.key));
    }
    bindings
}
