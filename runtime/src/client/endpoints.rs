//! Where the operations of a contract are.

use std::collections::BTreeMap;

use crate::http::{Endpoint, Protocol};
use crate::operation::{Binding, Contract, Operation, server};

/// gRPC needs HTTP/2, whatever the scheme of the address would choose.
pub(super) fn of_contract(contract: &Contract, endpoint: &Endpoint) -> Endpoint {
    let mut operations = contract.operations.iter();
    let all_grpc = operations.all(|operation| matches!(operation.binding, Binding::Grpc(_)));
    if all_grpc && !contract.operations.is_empty() {
        endpoint.with_protocol(Protocol::Http2)
    } else {
        endpoint.clone()
    }
}

/// Where operations are that have servers of their own, by index; empty where none has.
///
/// A client that was sent to one of the contract's own servers sends them there. One that was sent elsewhere, such as to
/// a mock, sends everything elsewhere, unless `honour` says otherwise.
pub(super) fn of_operations(
    contract: &Contract,
    endpoint: &Endpoint,
    honour: Option<bool>,
) -> Vec<Option<Endpoint>> {
    let has_own = |operation: &&Operation| !operation.extras.servers.is_empty();
    if !contract.operations.iter().any(has_own) {
        return Vec::new();
    }
    let address = endpoint.to_string();
    let is_own = || contract.servers.iter().any(|server| server.admits(&address));
    if !honour.unwrap_or_else(is_own) {
        return Vec::new();
    }
    contract
        .operations
        .iter()
        .map(|operation| own_endpoint(operation, endpoint, &address))
        .collect()
}

fn own_endpoint(operation: &Operation, endpoint: &Endpoint, address: &str) -> Option<Endpoint> {
    let url = operation
        .extras
        .servers
        .first()?
        .url_with(&BTreeMap::new())
        .ok()?;
    let url = server::resolved(&url, Some(address)).ok()?;
    match Endpoint::parse(&url) {
        Ok(own) if own.scheme() == endpoint.scheme() => Some(own.with_protocol(endpoint.protocol())),
        Ok(own) => Some(own),
        Err(error) => {
            tracing::warn!(operation = operation.id, %error, "the operation's own server cannot be used");
            None
        }
    }
}
