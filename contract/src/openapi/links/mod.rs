//! Links of responses: which operation each leads to, and what it gives that.
//!
//! They are read when all operations are known. What is wrong with a link costs that link, and what is wrong with a value
//! costs that value.

mod expression;

use crate::model::{
    Binding, Expression, HttpBinding, InputPlace, Link, LinkValue, Method, Operation, Reply, StatusMatch,
};
use crate::problem::{Diagnostic, Problem};
use crate::schema::Context;
use crate::source::{Entry, Node, Object, Pointer};

use super::diagnostics;
use super::info::{self, docs};
use super::paths::{METHODS, Route};
use super::request::BODY;
use super::response;

/// Reads the links of every operation into its replies. `routes` are where the operations stand.
pub(super) fn read<'a>(cx: &Context<'a>, routes: &[Route<'a>], operations: &mut [Operation]) {
    for index in 0..operations.len() {
        let Some(route) = routes.get(index) else { continue };
        let known = Known {
            cx,
            routes,
            operations,
        };
        let found = known.of_operation(route, &operations[index]);
        let has_successes = found.iter().any(|(status, _)| *status == StatusMatch::Range(2));
        let operation = &mut operations[index];
        for (status, links) in found {
            let is_own = |reply: &&mut Reply| reply.status == status;
            // What `default` says stands for successes, too, where nothing else does.
            let is_made = |reply: &&mut Reply| {
                status == StatusMatch::Default && !has_successes && reply.status == StatusMatch::Range(2)
            };
            let successes = operation.successes.iter_mut();
            let failures = operation.failures.iter_mut().filter(is_own);
            for reply in successes
                .filter(|reply| is_own(reply) || is_made(reply))
                .chain(failures)
            {
                reply.links.clone_from(&links);
            }
        }
    }
}

/// Says of links that nobody can follow.
pub(super) fn refuse(cx: &Context<'_>, operation: &Node) {
    for (_, links) in declared(cx, operation) {
        for entry in links.entries() {
            report(
                cx,
                &diagnostics::BAD_LINK,
                &entry.value,
                "a webhook or callback has it",
            );
        }
    }
}

/// The links of each response that has some.
fn declared<'a>(cx: &Context<'a>, operation: &'a Node) -> Vec<(&'a str, &'a Object)> {
    let responses = operation.get("responses").and_then(Node::as_object);
    let entries = responses.map(Object::entries).unwrap_or_default();
    let links = |entry: &'a Entry| {
        let links = cx.document.follow(&entry.value).ok()?.get("links")?;
        Some((&*entry.key, cx.object(links, "`links`")?))
    };
    entries.iter().filter_map(links).collect()
}

fn report(cx: &Context<'_>, diagnostic: &Diagnostic, node: &Node, about: &str) {
    cx.report(cx.problem(diagnostic, node).about(about));
}

/// The operations that links can lead to.
struct Known<'k, 'a> {
    cx: &'k Context<'a>,
    routes: &'k [Route<'a>],
    operations: &'k [Operation],
}

impl<'a> Known<'_, 'a> {
    fn of_operation(&self, route: &Route<'a>, operation: &Operation) -> Vec<(StatusMatch, Vec<Link>)> {
        let all = declared(self.cx, route.node).into_iter();
        all.filter_map(|(key, links)| {
            let entries = links.entries().iter();
            let entries = entries.filter(|entry| !entry.key.starts_with("x-"));
            let links = entries.filter_map(|entry| self.link(entry, operation)).collect();
            Some((response::status(key)?, links))
        })
        .collect()
    }

    fn link(&self, entry: &'a Entry, from: &Operation) -> Option<Link> {
        let cx = self.cx;
        let node = cx.follow(&entry.value)?;
        cx.object(node, "a link")?;
        let target = self.target(node)?;
        let mut inputs: Vec<(usize, LinkValue)> = Vec::new();
        let given = node
            .get("parameters")
            .and_then(|given| cx.object(given, "`parameters`"));
        for given in given.map(Object::entries).unwrap_or_default() {
            match input(target, &given.key) {
                Some(at) => inputs.extend(self.value(&given.value, from).map(|value| (at, value))),
                None => {
                    let problem = Problem::new(&diagnostics::BAD_LINK_VALUE, cx.place(given.key_span))
                        .about(format!("`{}` has no parameter `{}`", target.id, given.key));
                    cx.report(problem);
                }
            }
        }
        if let Some(body) = node.get("requestBody") {
            match places(target).position(|place| matches!(place, InputPlace::Body { .. })) {
                Some(at) => inputs.extend(self.value(body, from).map(|value| (at, value))),
                None => report(
                    cx,
                    &diagnostics::BAD_LINK_VALUE,
                    body,
                    &format!("`{}` has no body", target.id),
                ),
            }
        }
        inputs.sort_by_key(|(at, _)| *at);
        inputs.dedup_by_key(|(at, _)| *at);
        Some(Link {
            name: entry.key.to_string(),
            docs: docs(Some(node), "description"),
            operation: target.id.clone(),
            inputs,
            server: node.get("server").and_then(info::server),
        })
    }

    /// The operation that a link names.
    fn target(&self, link: &'a Node) -> Option<&Operation> {
        let cx = self.cx;
        let (named, found) = match (link.get("operationId"), link.get("operationRef")) {
            (Some(id), _) => (id, self.by_id(id)),
            (None, Some(reference)) => (reference, self.by_reference(reference)),
            (None, None) => (link, None),
        };
        if found.is_none() {
            let about = named
                .as_str()
                .map_or_else(|| "it names none".to_owned(), |text| format!("`{text}`"));
            report(cx, &diagnostics::BAD_LINK, named, &about);
        }
        found
    }

    fn by_id(&self, id: &Node) -> Option<&Operation> {
        let id = id.as_str()?.trim();
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// `#/paths/~1pets~1{id}/get`: an operation of this document.
    fn by_reference(&self, reference: &Node) -> Option<&Operation> {
        let pointer = Pointer::from_fragment(reference.as_str()?.trim().strip_prefix('#')?)?;
        let (path, keyword) = match pointer.tokens() {
            [paths, path, keyword] if paths == "paths" => (path, keyword),
            [paths, path, more, keyword] if paths == "paths" && more == "additionalOperations" => {
                (path, keyword)
            }
            _ => return None,
        };
        let known = METHODS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(keyword));
        let is_method = |method: &Method| match known {
            Some((_, known)) => method == known,
            None => method.as_str() == keyword,
        };
        let at = (self.routes.iter()).position(|route| route.path == path && is_method(&route.method))?;
        self.operations.get(at)
    }

    /// The value at a node, if `from` and its replies have what it speaks of.
    fn value(&self, node: &Node, from: &Operation) -> Option<LinkValue> {
        let value = expression::value(node.to_json());
        let missing = value
            .as_ref()
            .and_then(|value| value.expressions().find(|expression| !is_sent(from, expression)));
        let about = match (&value, missing) {
            (Some(_), None) => return value,
            (Some(_), Some(missing)) => format!("`{}` sends no `{missing}`", from.id),
            (None, _) => format!("`{}`", node.as_str().unwrap_or_default()),
        };
        report(self.cx, &diagnostics::BAD_LINK_VALUE, node, &about);
        None
    }
}

fn binding(operation: &Operation) -> Option<&HttpBinding> {
    operation.bindings.iter().find_map(|binding| match binding {
        Binding::Http(binding) => Some(binding),
        Binding::Grpc(_) | Binding::HttpRule(_) => None,
    })
}

fn places(operation: &Operation) -> impl Iterator<Item = &InputPlace> {
    binding(operation).into_iter().flat_map(|binding| &binding.inputs)
}

/// Where among the inputs of `target` a parameter is: by its name, or by its place and its name (`path.id`).
fn input(target: &Operation, key: &str) -> Option<usize> {
    ["path", "query", "header", "cookie"]
        .iter()
        .find_map(|place| position(target, place, key))
        .or_else(|| {
            let (place, name) = key.split_once('.').filter(|(place, _)| *place != BODY)?;
            position(target, place, name)
        })
}

fn position(operation: &Operation, place: &str, name: &str) -> Option<usize> {
    let mut inputs = operation.inputs.iter().zip(places(operation));
    inputs.position(|(input, found)| {
        let is_name = match found {
            InputPlace::Header(_) => input.name.eq_ignore_ascii_case(name),
            _ => input.name == name,
        };
        is_name && word(found) == place
    })
}

/// The word for a place in the names of parameters.
const fn word(place: &InputPlace) -> &'static str {
    match place {
        InputPlace::Path(_) | InputPlace::ReservedPath(_) => "path",
        InputPlace::Query(_) | InputPlace::ReservedQuery(_) => "query",
        InputPlace::QueryString { .. } => "querystring",
        InputPlace::Header(_) => "header",
        InputPlace::Cookie | InputPlace::ReservedCookie => "cookie",
        InputPlace::Body { .. } => BODY,
    }
}

/// Whether a call of `from` has what the expression speaks of. What a reply has is seen when there is one.
fn is_sent(from: &Operation, expression: &Expression) -> bool {
    match expression {
        Expression::RequestPath(name) => position(from, "path", name).is_some(),
        Expression::RequestQuery(name) => position(from, "query", name).is_some(),
        Expression::RequestHeader(name) => position(from, "header", name).is_some(),
        Expression::RequestBody(_) => places(from).any(|place| matches!(place, InputPlace::Body { .. })),
        Expression::Url
        | Expression::Method
        | Expression::StatusCode
        | Expression::ResponseHeader(_)
        | Expression::ResponseBody(_) => true,
    }
}
