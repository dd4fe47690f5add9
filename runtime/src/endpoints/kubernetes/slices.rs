//! EndpointSlices (`discovery.k8s.io/v1`), as far as a client needs to know them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Deserializer};

use crate::endpoints::Member;
use crate::http::Endpoint;

/// A slice. Lists that are `null` are empty, as Go writes them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slice {
    metadata: Metadata,
    #[serde(default)]
    address_type: String,
    #[serde(default, deserialize_with = "or_empty")]
    endpoints: Vec<Pod>,
    #[serde(default, deserialize_with = "or_empty")]
    ports: Vec<Port>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    resource_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pod {
    #[serde(default, deserialize_with = "or_empty")]
    addresses: Vec<String>,
    #[serde(default)]
    conditions: Option<Conditions>,
    zone: Option<String>,
    node_name: Option<String>,
    target_ref: Option<Target>,
}

#[derive(Deserialize)]
struct Conditions {
    ready: Option<bool>,
}

#[derive(Deserialize)]
struct Target {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Port {
    name: Option<String>,
    port: Option<u16>,
}

#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    #[serde(default, deserialize_with = "or_empty")]
    items: Vec<Slice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    resource_version: String,
}

fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The slices of a list, and its version.
pub(super) fn listed(text: &[u8]) -> Result<(Vec<Slice>, String), serde_json::Error> {
    let list: List = serde_json::from_slice(text)?;
    Ok((list.items, list.metadata.resource_version))
}

impl Slice {
    pub(super) fn version(&self) -> &str {
        &self.metadata.resource_version
    }

    /// The port that is meant: by its name, else by its number, else the only one.
    fn port(&self, wanted: Option<&str>, number: u16) -> Option<u16> {
        let named = |name: &str| {
            self.ports
                .iter()
                .find(|port| port.name.as_deref().unwrap_or_default() == name)
        };
        let found = match (wanted, &self.ports[..]) {
            (Some(name), _) => named(name),
            (None, [only]) => Some(only),
            (None, several) => several.iter().find(|port| port.port == Some(number)),
        };
        found?.port
    }
}

/// The slices of a service, by name.
#[derive(Default)]
pub(super) struct Slices(BTreeMap<String, Slice>);

impl Slices {
    pub(super) fn replace(&mut self, slices: Vec<Slice>) {
        self.0 = slices
            .into_iter()
            .map(|slice| (slice.metadata.name.clone(), slice))
            .collect();
    }

    pub(super) fn keep(&mut self, slice: Slice) {
        self.0.insert(slice.metadata.name.clone(), slice);
    }

    pub(super) fn delete(&mut self, slice: Slice) {
        self.0.remove(&slice.metadata.name);
    }

    /// The endpoints that are ready. A pod may be in several slices, and is one endpoint; one with addresses of both families is
    /// called by IPv4.
    pub(super) fn members(&self, endpoint: &Endpoint, port_name: Option<&str>) -> Vec<Member> {
        let has = |family: &str| {
            let mut slices = self.0.values().filter(|slice| slice.address_type == family);
            slices.any(|slice| slice.endpoints.iter().any(Pod::is_ready))
        };
        let family = if has("IPv4") { "IPv4" } else { "IPv6" };
        let mut members = BTreeMap::new();
        for slice in self.0.values().filter(|slice| slice.address_type == family) {
            let Some(port) = slice.port(port_name, endpoint.port()) else {
                tracing::debug!(slice = slice.metadata.name, "an EndpointSlice has no such port");
                continue;
            };
            for pod in slice.endpoints.iter().filter(|pod| pod.is_ready()) {
                // All addresses of an endpoint are the same; only the first is to be used.
                let Some(ip) = pod.addresses.first().and_then(|text| text.parse::<IpAddr>().ok()) else {
                    continue;
                };
                let address = SocketAddr::new(ip, port);
                members.insert(address, pod.member(endpoint.at(address)));
            }
        }
        members.into_values().collect()
    }
}

impl Pod {
    /// Without the condition it is to be taken for ready.
    fn is_ready(&self) -> bool {
        self.conditions
            .as_ref()
            .and_then(|conditions| conditions.ready)
            .unwrap_or(true)
    }

    fn member(&self, endpoint: Endpoint) -> Member {
        let mut member = Member::new(endpoint);
        if let Some(zone) = &self.zone {
            member = member.in_zone(zone.as_str());
        }
        if let Some(node) = &self.node_name {
            member = member.with_metadata("node", node);
        }
        if let Some(pod) = self.target_ref.as_ref().and_then(|target| target.name.as_ref()) {
            member = member.with_metadata("pod", pod);
        }
        member
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(texts: &[&str]) -> Slices {
        let mut slices = Slices::default();
        slices.replace(
            texts
                .iter()
                .map(|text| serde_json::from_str(text).unwrap())
                .collect(),
        );
        slices
    }

    fn shown(slices: &Slices, address: &str, port: Option<&str>) -> Vec<String> {
        let endpoint = Endpoint::parse(address).unwrap();
        slices
            .members(&endpoint, port)
            .iter()
            .map(Member::address)
            .collect()
    }

    const TWO_PORTS: &str = r#"{"metadata":{"name":"a","resourceVersion":"1"},"addressType":"IPv4",
        "ports":[{"name":"http","port":8080},{"name":"grpc","port":9090}],
        "endpoints":[
            {"addresses":["10.0.0.1"],"conditions":{"ready":true},"zone":"x","nodeName":"n1","targetRef":{"kind":"Pod","name":"p1"}},
            {"addresses":["10.0.0.2"],"conditions":{"ready":false,"serving":true,"terminating":true}},
            {"addresses":["10.0.0.3"],"conditions":{}},
            {"addresses":["10.0.0.4"]}]}"#;

    #[test]
    fn those_that_are_ready_are_endpoints_at_the_port_that_is_meant() {
        let slices = slices(&[TWO_PORTS]);
        let at = |port: u16| [1, 3, 4].map(|last| format!("10.0.0.{last}:{port}"));
        assert_eq!(shown(&slices, "http://users:8080", None), at(8080));
        assert_eq!(shown(&slices, "http://users:9090", None), at(9090));
        assert_eq!(shown(&slices, "http://users:80", Some("http")), at(8080));
        assert!(
            shown(&slices, "http://users:80", None).is_empty(),
            "two ports, and none of them is 80"
        );
        let endpoint = Endpoint::parse("http://users:8080").unwrap();
        let first = slices.members(&endpoint, None).remove(0);
        assert_eq!(first.zone(), Some("x"));
        assert_eq!(
            (
                first.metadata()["node"].as_str(),
                first.metadata()["pod"].as_str()
            ),
            ("n1", "p1")
        );
    }

    #[test]
    fn one_pod_in_several_slices_is_one_endpoint_and_families_do_not_double_it() {
        let one = r#"{"metadata":{"name":"a"},"addressType":"IPv4","ports":[{"port":80}],"endpoints":[{"addresses":["10.0.0.1"]}]}"#;
        let again = r#"{"metadata":{"name":"b"},"addressType":"IPv4","ports":[{"name":"","port":80}],"endpoints":[{"addresses":["10.0.0.1"]}]}"#;
        let six = r#"{"metadata":{"name":"c"},"addressType":"IPv6","ports":[{"port":80}],"endpoints":[{"addresses":["fd00::1"]}]}"#;
        assert_eq!(
            shown(&slices(&[one, again, six]), "http://users:8080", None),
            ["10.0.0.1:80"]
        );
        assert_eq!(
            shown(&slices(&[six]), "http://users:8080", None),
            ["[fd00::1]:80"]
        );
        let null = r#"{"metadata":{"name":"d"},"addressType":"IPv4","ports":null,"endpoints":null}"#;
        assert!(shown(&slices(&[null]), "http://users:8080", None).is_empty());
    }
}
