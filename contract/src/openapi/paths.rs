//! Paths: from routes to operations, each read or skipped on its own.

use std::collections::HashMap;

use crate::model::{Method, Operation};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::{Broken, BrokenRef, Entry, Node, Object, Span};

use super::diagnostics;
use super::headers::is_token;
use super::links;
use super::operation::{self, Known, Skip};
use super::outgoing;
use super::path;

/// What was found under `paths`.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) operations: Vec<Operation>,
    pub(super) skipped: Vec<String>,
}

/// An operation's place among the paths, before it is read.
#[derive(Debug, Clone)]
pub(super) struct Route<'a> {
    pub(super) path: &'a str,
    pub(super) path_span: Span,
    pub(super) item: &'a Node,
    pub(super) method: Method,
    pub(super) node: &'a Node,
    pub(super) id: String,
}

/// Reads every operation.
pub(super) fn read<'a>(cx: &Context<'a>, types: &mut Types<'_, 'a>, known: Known<'_>) -> Found {
    let root = &cx.document.root;
    let Some(paths) = root.get("paths") else {
        return Found::default();
    };
    let mut found = Found::default();
    let mut routes_read = Vec::new();
    for route in with_unique_ids(cx, routes(cx, paths)) {
        // No version lets an operation be a reference, but documents in several files write it so.
        let read = match cx.document.follow(route.node) {
            Ok(node) => operation::read(
                cx,
                types,
                known,
                &Route {
                    node,
                    ..route.clone()
                },
            ),
            Err(broken) => Err(Skip::Broken(broken)),
        };
        match read {
            Ok(mut operation) => {
                let node = cx.document.follow(route.node).unwrap_or(route.node);
                let skipped = &mut found.skipped;
                operation.callbacks = outgoing::callbacks(cx, types, known, (node, &operation.id), skipped);
                found.operations.push(operation);
                routes_read.push(Route { node, ..route });
            }
            Err(skip) => {
                let name = format!("{} {}", route.method.as_str(), route.path);
                report(cx, skip, &name);
                found.skipped.push(name);
            }
        }
    }
    links::read(cx, &routes_read, &mut found.operations);
    found
}

fn routes<'a>(cx: &Context<'a>, paths: &'a Node) -> Vec<Route<'a>> {
    let mut routes = Vec::new();
    let entries = cx
        .object(paths, "`paths`")
        .map(Object::entries)
        .unwrap_or_default();
    for entry in entries.iter().filter(|entry| !entry.key.starts_with("x-")) {
        if path::parse(&entry.key).is_none() {
            let problem = Problem::new(&diagnostics::BAD_PATH, cx.place(entry.key_span));
            cx.report(problem.about(format!("`{}`", entry.key)));
            continue;
        }
        let Some(item) = cx.follow(&entry.value) else {
            continue;
        };
        let Some(object) = cx.object(item, "a path item") else {
            continue;
        };
        for (keyword, method) in METHODS {
            if let Some(node) = object.get(keyword) {
                routes.push(route(cx, entry, item, method, node));
            }
        }
        for (method, node) in additional(cx, entry, object) {
            routes.push(route(cx, entry, item, method, node));
        }
    }
    routes
}

/// 3.2's operations under the names of their methods. What is no method is skipped, and so is CONNECT, which opens a tunnel.
pub(super) fn additional<'a>(cx: &Context<'a>, path: &Entry, item: &'a Object) -> Vec<(Method, &'a Node)> {
    let operations = item
        .get("additionalOperations")
        .and_then(|operations| cx.object(operations, "`additionalOperations`"));
    let mut found = Vec::new();
    for entry in operations.map(Object::entries).unwrap_or_default() {
        let known = METHODS
            .iter()
            .find(|(keyword, _)| keyword.eq_ignore_ascii_case(&entry.key));
        match known {
            // One in its own place counts.
            Some((keyword, method)) => {
                found.extend(
                    item.get(keyword)
                        .is_none()
                        .then_some((method.clone(), &entry.value)),
                );
            }
            None if is_token(&entry.key) && *entry.key != *"CONNECT" => {
                found.push((Method::Other((&*entry.key).into()), &entry.value));
            }
            None => {
                let problem = Problem::new(&diagnostics::OPERATION_SKIPPED, cx.place(entry.key_span));
                let why = "this is no method that a request can have";
                cx.report(problem.about(format!("{} {}: {why}", entry.key, path.key)));
            }
        }
    }
    found
}

pub(super) const METHODS: [(&str, Method); 9] = [
    ("get", Method::Get),
    ("head", Method::Head),
    ("options", Method::Options),
    ("trace", Method::Trace),
    ("put", Method::Put),
    ("delete", Method::Delete),
    ("post", Method::Post),
    ("patch", Method::Patch),
    ("query", Method::Query),
];

fn route<'a>(
    cx: &Context<'a>,
    entry: &'a Entry,
    item: &'a Node,
    method: Method,
    node: &'a Node,
) -> Route<'a> {
    let id = node
        .get("operationId")
        .and_then(|id| cx.text(id, "`operationId`"))
        .map(str::trim);
    let id = id
        .filter(|id| !id.is_empty())
        .map_or_else(String::new, str::to_owned);
    Route {
        path: &entry.key,
        path_span: entry.key_span,
        item,
        method,
        node,
        id,
    }
}

/// Gives operations without an id, or with one that is taken, a name made of method and path.
fn with_unique_ids<'a>(cx: &Context<'a>, routes: Vec<Route<'a>>) -> Vec<Route<'a>> {
    let mut taken: HashMap<String, Span> = HashMap::new();
    let mut kept = Vec::new();
    for mut route in routes {
        let Some(id) = route.node.get("operationId").filter(|_| !route.id.is_empty()) else {
            kept.push(route);
            continue;
        };
        match taken.get(&route.id) {
            Some(first) => {
                let problem = cx
                    .problem(&diagnostics::DUPLICATE_OPERATION_ID, id)
                    .about(format!("`{}`", route.id));
                cx.report(problem.related(cx.place(*first), "first used here"));
                route.id.clear();
            }
            None => {
                taken.insert(route.id.clone(), id.span);
            }
        }
        kept.push(route);
    }
    for route in kept.iter_mut().filter(|route| route.id.is_empty()) {
        let wish = made_up_id(&route.method, route.path);
        let numbered = (2..).map(|number| format!("{wish}{number}"));
        let mut wishes = std::iter::once(wish.clone()).chain(numbered);
        let id = wishes.find(|id| !taken.contains_key(id)).unwrap_or(wish);
        taken.insert(id.clone(), route.path_span);
        route.id = id;
    }
    kept
}

/// `GET /pets/{id}/toys` is `getPetsIdToys`.
fn made_up_id(method: &Method, path: &str) -> String {
    let mut id = method.as_str().to_ascii_lowercase();
    for word in path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

pub(super) fn report(cx: &Context<'_>, skip: Skip<'_>, operation: &str) {
    match skip {
        Skip::Broken(BrokenRef {
            at,
            why: Broken::Elsewhere,
        }) => {
            let text = at.as_str().unwrap_or_default();
            let problem = cx.problem(&diagnostics::OPERATION_SKIPPED, at).about(format!(
                "{operation}: no file stands for the URL of the reference `{text}`"
            ));
            cx.report(problem);
        }
        Skip::Broken(broken) => cx.broken(broken),
        Skip::Missing(node, key) => {
            let problem = Problem::new(&diagnostics::MISSING_KEY, cx.head(node));
            cx.report(problem.about(format!("`{key}`, for {operation}")));
        }
        Skip::Because(node, why) => {
            let problem = cx.problem(&diagnostics::OPERATION_SKIPPED, node);
            cx.report(problem.about(format!("{operation}: {why}")));
        }
        Skip::Reported(node) => {
            let problem = cx.problem(&diagnostics::OPERATION_SKIPPED, node);
            cx.report(problem.about(operation));
        }
    }
}
