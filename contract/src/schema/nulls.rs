//! Whether `null` is a valid value, whichever way a document says so.

use std::collections::HashMap;

use crate::source::{Kind, Node};

use super::Context;
use super::types::address;

/// How far references are followed for this question.
const FAR: usize = 32;

/// What is known already, by the schema's address. A schema that is being looked at says nothing yet.
#[derive(Debug, Default)]
pub(super) struct Nulls {
    known: HashMap<usize, Option<bool>>,
}

/// `Some(true)` when a schema says that null is valid, `Some(false)` when it says that it is not, `None` when it
/// says nothing of it.
pub(super) fn accepts_null<'a>(nulls: &mut Nulls, cx: &Context<'a>, node: &'a Node) -> Option<bool> {
    nulls.look(cx, node, FAR)
}

impl Nulls {
    fn look<'a>(&mut self, cx: &Context<'a>, node: &'a Node, far: usize) -> Option<bool> {
        let far = far.checked_sub(1)?;
        if let Some(known) = self.known.get(&address(node)) {
            return *known;
        }
        self.known.insert(address(node), None);
        let verdict = self.judge(cx, node, far);
        self.known.insert(address(node), verdict);
        verdict
    }

    fn judge<'a>(&mut self, cx: &Context<'a>, node: &'a Node, far: usize) -> Option<bool> {
        let object = node.as_object()?;
        let says_true = |keyword| object.get(keyword).and_then(Node::as_bool) == Some(true);
        if says_true("nullable") || says_true("x-nullable") {
            return Some(true);
        }
        let mut verdicts = Vec::new();
        if let Some(kind) = object.get("type") {
            verdicts.push(match &kind.kind {
                Kind::Array(kinds) => kinds.iter().any(names_null),
                _ => names_null(kind),
            });
        }
        if let Some(Kind::Array(constants)) = object.get("enum").map(|node| &node.kind) {
            verdicts.push(constants.iter().any(Node::is_null));
        }
        if let Some(constant) = object.get("const") {
            verdicts.push(constant.is_null());
        }
        if verdicts.contains(&true) {
            return Some(true);
        }
        if let Some(Ok(target)) = cx.document.target(node) {
            verdicts.extend(self.look(cx, target.node, far));
        }
        for keyword in ["oneOf", "anyOf"] {
            let branches = object.get(keyword).and_then(Node::as_array).unwrap_or_default();
            let verdict: Vec<_> = branches.iter().map(|branch| self.look(cx, branch, far)).collect();
            if verdict.contains(&Some(true)) {
                verdicts.push(true);
            } else if !verdict.is_empty() && verdict.iter().all(|one| *one == Some(false)) {
                verdicts.push(false);
            }
        }
        for member in object.get("allOf").and_then(Node::as_array).unwrap_or_default() {
            verdicts.extend(self.look(cx, member, far));
        }
        (!verdicts.is_empty()).then(|| !verdicts.contains(&false))
    }
}

fn names_null(kind: &Node) -> bool {
    kind.is_null() || kind.as_str() == Some("null")
}

/// Whether null is the only value that a schema accepts.
pub(super) fn only_null(node: &Node) -> bool {
    let Some(object) = node.as_object() else {
        return false;
    };
    let lone = |keyword: &str| match object.get(keyword).map(|node| &node.kind) {
        Some(Kind::Array(items)) => !items.is_empty() && items.iter().all(names_null),
        _ => false,
    };
    let typed = object.get("type").is_some_and(names_null) || lone("type");
    let constant = object.get("const").is_some_and(Node::is_null);
    let listed = match object.get("enum").map(|node| &node.kind) {
        Some(Kind::Array(items)) => !items.is_empty() && items.iter().all(Node::is_null),
        _ => false,
    };
    typed || constant || listed
}
