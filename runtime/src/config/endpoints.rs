//! What can be set of the endpoints of a service. See [`endpoints`](crate::endpoints).

use std::ops::RangeInclusive;
use std::time::Duration;

/// How endpoints are looked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiscoverySettings {
    /// `address`: the address is one endpoint; `dns`: every address of its host is one; `srv`: every target of an SRV record,
    /// with the feature `dns` of the crate; `kubernetes`: every ready endpoint of the service that the host names
    /// (`service.namespace`), with the feature `kubernetes`. By default `dns` for `dns:///` targets, else `address`.
    pub kind: Option<String>,
    /// How long what was found holds; by default as long as the resolver says, or 30 s where it does not.
    pub refresh: Option<Duration>,
    /// The name of the SRV record: `_http._tcp.users.example`.
    pub srv_name: Option<String>,
    /// The name of the port of a Kubernetes service; by default the one whose number the address has, or the only one.
    pub port_name: Option<String>,
}

/// When endpoints that fail are left alone. The defaults are Envoy's; see [`outlier`](crate::endpoints::outlier).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutlierSettings {
    /// Whether they are; they are by default.
    pub enabled: Option<bool>,
    /// Whether they really are, and not only reported; they are by default.
    pub enforce: Option<bool>,
    /// How many failures in a row eject; 5 by default, 0 for never.
    pub consecutive_failures: Option<u32>,
    /// How often rates are judged; 10 s by default.
    pub interval: Option<Duration>,
    /// How long the first ejection lasts, and by how much each further one is longer; 30 s by default.
    pub base_ejection_time: Option<Duration>,
    /// How long an ejection lasts at most; 300 s by default.
    pub max_ejection_time: Option<Duration>,
    /// How many of the endpoints may be ejected at a time, in percent, one always; 10 by default.
    pub max_ejection_percent: Option<u32>,
    /// How far below the mean, in standard deviations, a success rate ejects; 1.9 by default.
    pub success_rate_stdev_factor: Option<f64>,
    /// How many endpoints have to have enough attempts before success rates are judged; 5 by default.
    pub success_rate_minimum_hosts: Option<u32>,
    /// How many attempts in an interval are enough for that; 100 by default.
    pub success_rate_request_volume: Option<u32>,
    /// The percentage of failures that ejects; none by default.
    pub failure_percentage_threshold: Option<f64>,
    /// How many endpoints have to have enough attempts before percentages are judged; 5 by default.
    pub failure_percentage_minimum_hosts: Option<u32>,
    /// How many attempts in an interval are enough for that; 50 by default.
    pub failure_percentage_request_volume: Option<u32>,
}

impl OutlierSettings {
    /// Envoy's.
    pub(super) fn defaults() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self {
            enabled: Some(true),
            enforce: Some(true),
            consecutive_failures: Some(5),
            interval: seconds(10),
            base_ejection_time: seconds(30),
            max_ejection_time: seconds(300),
            max_ejection_percent: Some(10),
            success_rate_stdev_factor: Some(1.9),
            success_rate_minimum_hosts: Some(5),
            success_rate_request_volume: Some(100),
            failure_percentage_threshold: None,
            failure_percentage_minimum_hosts: Some(5),
            failure_percentage_request_volume: Some(50),
        }
    }
}

/// Which part of the endpoints a client knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubsetSettings {
    /// How many of them; all by default.
    pub size: Option<u32>,
    /// The name of this client among its peers; by default what the variable `HOSTNAME` says, or one drawn at random.
    pub client_id: Option<String>,
}

/// How endpoints are asked whether they are well; by `path` or by `grpc_service`, and not at all without either. See
/// [`health`](crate::endpoints::health).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthCheckSettings {
    /// The path that is asked for by GET, from the root of the host: `/health`.
    pub path: Option<String>,
    /// The statuses that are healthy: `200`, `200-299`; 2xx by default.
    pub expected_statuses: Option<Vec<String>>,
    /// The service that gRPC's health service is asked about; empty for the server as a whole. Needs the feature `grpc`.
    pub grpc_service: Option<String>,
    /// The time between two checks of an endpoint, more or less a tenth of it; 10 s by default.
    pub interval: Option<Duration>,
    /// How long a check may take; 1 s by default.
    pub timeout: Option<Duration>,
    /// How many checks in a row have to be well before an endpoint is healthy again; 2 by default.
    pub healthy_threshold: Option<u32>,
    /// How many checks in a row have to be not well before an endpoint is unhealthy; 3 by default.
    pub unhealthy_threshold: Option<u32>,
}

/// The statuses that a text such as `200` or `200-299` stands for.
pub(crate) fn statuses(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let is_status = |status: u16| (100..=599).contains(&status);
    (is_status(first) && is_status(last) && first <= last).then_some(first..=last)
}

/// How connections are kept. See [`TransportBuilder`](crate::http::TransportBuilder).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PoolSettings {
    /// How many idle HTTP/1 connections are kept for each endpoint; 128 by default.
    pub max_idle: Option<u32>,
    /// How long a connection may be idle before it is closed; 90 s by default.
    pub idle_timeout: Option<Duration>,
    /// How old a connection may become; for ever by default.
    pub max_age: Option<Duration>,
    /// How many HTTP/2 connections there may be for each endpoint; 4 by default.
    pub http2_connections: Option<u32>,
    /// With how many streams on each of them another one is made; 100 by default, or as many as the server allows.
    pub http2_streams: Option<u32>,
    /// How often HTTP/2 connections are pinged; never by default.
    pub http2_ping_interval: Option<Duration>,
    /// How long the answer to a ping may take before the connection is closed; 20 s by default.
    pub http2_ping_timeout: Option<Duration>,
}
