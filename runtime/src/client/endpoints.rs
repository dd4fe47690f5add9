//! Where a service is, and where the operations of a contract are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::endpoints::{Balance, Discover, Dns, Endpoints, Member, Settings};
use crate::http::{Endpoint, Line, Protocol, Transport};
use crate::operation::{Binding, Contract, Operation, server};
use crate::random::Random;

/// Where a service is said to be.
pub(super) struct Target {
    pub(super) endpoint: Option<Endpoint>,
    pub(super) members: Vec<Member>,
    pub(super) discover: Option<Box<dyn Discover>>,
    pub(super) dns: Option<Dns>,
}

impl Target {
    /// The endpoints, where they may be more than one.
    pub(super) fn endpoints(
        self,
        service: &Arc<str>,
        settings: Settings,
        line: &Line,
        clock: Clock,
        random: &Arc<Random>,
    ) -> Option<Arc<Endpoints>> {
        let (service, random) = (Arc::clone(service), Arc::clone(random));
        let endpoints = if let Some(discover) = self.discover {
            Endpoints::discovered(service, discover, settings, clock, random)
        } else if !self.members.is_empty() {
            Endpoints::of(service, self.members, settings, clock, random)
        } else {
            let dns = self.of_a_name(line)?.clock(clock);
            let settings = if dns.endpoint().stands_for_all_addresses() {
                settings.or_balance(Balance::RoundRobin)
            } else {
                settings
            };
            Endpoints::discovered(service, dns, settings, clock, random)
        };
        Some(Arc::new(endpoints.checked_over(line)))
    }

    /// The name whose addresses are the endpoints. Where a proxy or a line of somebody else's leads there, it is not ours to look
    /// up.
    fn of_a_name(self, line: &Line) -> Option<Dns> {
        let all_addresses = || self.endpoint.filter(Endpoint::stands_for_all_addresses);
        let dns = self.dns.or_else(|| all_addresses().map(Dns::new))?;
        let resolves = |transport: &Transport| transport.resolves(dns.endpoint());
        line.transport().is_some_and(resolves).then_some(dns)
    }
}

/// gRPC needs HTTP/2, whatever the scheme of the address would choose.
pub(super) fn of_contract(contract: &Contract, endpoint: &Endpoint) -> Endpoint {
    if is_grpc(contract) {
        endpoint.with_protocol(Protocol::Http2)
    } else {
        endpoint.clone()
    }
}

/// Whether all of its operations are methods of gRPC.
pub(super) fn is_grpc(contract: &Contract) -> bool {
    let mut operations = contract.operations.iter();
    !contract.operations.is_empty()
        && operations.all(|operation| matches!(operation.binding, Binding::Grpc(_)))
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
