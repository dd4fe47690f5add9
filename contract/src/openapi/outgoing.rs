//! What a service sends on its own: webhooks, and the callbacks of operations.
//!
//! Both are path items without a path: they travel to an address that the service was given.

use std::collections::HashSet;

use crate::model::{Binding, Callback, Operation};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::{Entry, Node, Object};

use super::diagnostics;
use super::links;
use super::operation::{self, Known};
use super::paths::{self, METHODS, Route};

/// `webhooks`, and `x-webhooks` of the versions before 3.1.
pub(super) fn webhooks<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    known: Known<'_>,
    skipped: &mut Vec<String>,
) -> Vec<Operation> {
    let root = &cx.document.root;
    let node = ["webhooks", "x-webhooks"].iter().find_map(|key| root.get(key));
    let entries = node
        .and_then(|node| cx.object(node, "`webhooks`"))
        .map(Object::entries)
        .unwrap_or_default();
    let mut sent = Sent::new(cx, known, "webhooks");
    for entry in entries.iter().filter(|entry| !entry.key.starts_with("x-")) {
        sent.item(types, &entry.key, entry);
    }
    skipped.append(&mut sent.skipped);
    sent.operations
}

/// The callbacks of an operation.
pub(super) fn callbacks<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    known: Known<'_>,
    (operation, id): (&'a Node, &str),
    skipped: &mut Vec<String>,
) -> Vec<Callback> {
    let entries = operation
        .get("callbacks")
        .and_then(|node| cx.object(node, "`callbacks`"))
        .map(Object::entries)
        .unwrap_or_default();
    let mut all = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.key.starts_with("x-")) {
        let Some(callback) = cx.follow(&entry.value) else {
            continue;
        };
        let expressions = cx
            .object(callback, "a callback")
            .map(Object::entries)
            .unwrap_or_default();
        for expression in expressions.iter().filter(|entry| !entry.key.starts_with("x-")) {
            let mut sent = Sent::new(cx, known, id);
            sent.item(types, &entry.key, expression);
            skipped.append(&mut sent.skipped);
            all.push(Callback {
                name: entry.key.to_string(),
                expression: expression.key.to_string(),
                operations: sent.operations,
            });
        }
    }
    all.retain(|callback| !callback.operations.is_empty());
    all
}

/// Requests that are sent, read one path item after the other.
struct Sent<'s, 'a> {
    cx: &'s Context<'a>,
    known: Known<'s>,
    /// What inline types are named after, before the request's own name.
    within: &'s str,
    taken: HashSet<String>,
    operations: Vec<Operation>,
    skipped: Vec<String>,
}

impl<'s, 'a> Sent<'s, 'a> {
    fn new(cx: &'s Context<'a>, known: Known<'s>, within: &'s str) -> Self {
        Self {
            cx,
            known,
            within,
            taken: HashSet::new(),
            operations: Vec::new(),
            skipped: Vec::new(),
        }
    }

    fn item(&mut self, types: &mut Types<'_, 'a>, name: &str, entry: &'a Entry) {
        let cx = self.cx;
        let Some(item) = cx.follow(&entry.value) else {
            return;
        };
        let Some(object) = cx.object(item, "a path item") else {
            return;
        };
        let found: Vec<_> = METHODS
            .iter()
            .filter_map(|(keyword, method)| Some((method.clone(), object.get(keyword)?)))
            .chain(paths::additional(cx, entry, object))
            .collect();
        for (method, node) in &found {
            let own = node.get("operationId").and_then(Node::as_str).map(str::trim);
            let wish = match own.filter(|own| !own.is_empty()) {
                Some(own) => own.to_owned(),
                None if found.len() == 1 => name.to_owned(),
                None => format!("{name}.{}", method.as_str().to_ascii_lowercase()),
            };
            let numbered = (2..).map(|number| format!("{wish}{number}"));
            let mut wishes = std::iter::once(wish.clone()).chain(numbered);
            let id = wishes.find(|id| !self.taken.contains(id)).unwrap_or(wish);
            self.taken.insert(id.clone());
            let route = Route {
                path: "/",
                path_span: entry.key_span,
                item,
                method: method.clone(),
                node,
                id: format!("{}.{id}", self.within),
            };
            self.read(types, &route, id);
        }
    }

    fn read(&mut self, types: &mut Types<'_, 'a>, route: &Route<'a>, id: String) {
        match operation::read(self.cx, types, self.known, route) {
            Ok(mut operation) => {
                for binding in &mut operation.bindings {
                    if let Binding::Http(http) = binding {
                        http.path.segments.clear();
                    }
                }
                // The document's own requirements are those of its server.
                if route.node.get("security").is_none() {
                    operation.security.clear();
                }
                if let Some(inner) = route.node.get("callbacks") {
                    self.cx
                        .report(Problem::new(&diagnostics::NESTED_CALLBACKS, self.cx.head(inner)));
                }
                links::refuse(self.cx, route.node);
                // It goes to the address that it was given.
                operation.servers.clear();
                operation.id = id;
                self.operations.push(operation);
            }
            Err(skip) => {
                let name = format!("{} {}", route.method.as_str(), route.id);
                paths::report(self.cx, skip, &name);
                self.skipped.push(name);
            }
        }
    }
}
