//! Whether what is to be recorded obeys the contract.

use bytes::Bytes;
use http::StatusCode;
use tieline::codec::{Value, validate};
use tieline::operation::{Contract, Operation, Reply, ReplySet, match_status};
use tieline::rest::read_reply;

use super::describe;

/// Whether the operation is one of the contract.
pub(super) fn operation(contract: &Contract, operation: &'static Operation) -> Option<String> {
    let known = contract
        .operations
        .get(operation.index)
        .is_some_and(|known| std::ptr::eq(*known, operation));
    (!known).then(|| format!("it has no operation {}", operation.id))
}

/// The rules that `value` breaks.
pub(super) fn rules(what: &str, value: &dyn Value) -> Vec<String> {
    validate(value)
        .into_iter()
        .map(|violation| format!("{what} {}: {}", violation.path, violation.message))
        .collect()
}

/// Which of an operation's two tables a reply is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Success,
    Failure,
}

impl Side {
    /// The side on which a client looks for a reply of this status.
    pub(super) fn of(status: StatusCode) -> Self {
        if status.is_client_error() || status.is_server_error() {
            Self::Failure
        } else {
            Self::Success
        }
    }
}

/// Whether the reply is one of the table: its status stands for it, its body obeys the rules, and a client reads it
/// back.
pub(super) fn reply<R: ReplySet>(table: &[Reply], side: Side, set: &R, octets: &Bytes) -> Vec<String> {
    let (index, status, body) = set.active();
    let mut problems = rules("reply", body);
    if Side::of(status) != side {
        let (what, other) = match side {
            Side::Success => ("response", "failure"),
            Side::Failure => ("failure", "response"),
        };
        problems.push(format!(
            "reply: a {what} with {status} would be read as a {other}"
        ));
    }
    let headers = describe::headers(table.get(index).and_then(|reply| reply.body));
    if let Some(Err(error)) = read_reply::<R>(table, status, &headers, octets) {
        problems.push(format!("reply: a client cannot read it: {error}"));
    }
    let same = |found: usize| {
        table
            .get(index)
            .is_some_and(|reply| reply.status == table[found].status)
    };
    match match_status(table, status) {
        Some(found) if same(found) => {}
        Some(_) => problems.push(format!(
            "reply: the status {status} stands for another reply of the operation"
        )),
        None => problems.push(format!("reply: the operation declares no reply with {status}")),
    }
    problems
}
