//! The parts of `[service.<name>]` that say how the endpoints of a service are found, chosen and judged.

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{NameText, PathText, SrvText, StatusesText, TimeText};

/// Which endpoint an attempt goes to.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BalanceName {
    /// The better of two that are drawn at random, by peak-EWMA.
    P2c,
    /// One after the other.
    RoundRobin,
    /// One after the other by their weights.
    Weighted,
    /// The one with the fewest attempts under way.
    LeastRequest,
    /// The one that the call's key leads to.
    ConsistentHash,
}

/// How endpoints are looked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct DiscoveryConfig {
    /// What the address stands for. `dns` for `dns:///` targets and `address` for others by default.
    kind: Option<DiscoveryKind>,
    /// How long what was found holds. As long as the resolver says, or 30s where it does not, by default.
    refresh: Option<TimeText>,
    /// The name of the SRV record.
    srv_name: Option<SrvText>,
    /// The name of the port of a Kubernetes service.
    port_name: Option<NameText>,
}

/// What the address of a service stands for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DiscoveryKind {
    /// One endpoint.
    Address,
    /// Every address of its host.
    Dns,
    /// Every target of an SRV record; with the feature `dns` of the runtime.
    Srv,
    /// Every ready endpoint of a Kubernetes service; with the feature `kubernetes` of the runtime.
    Kubernetes,
}

/// Outlier ejection: endpoints that fail are left alone for a while. The defaults are Envoy's.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct OutlierConfig {
    /// Whether there is any. There is by default.
    enabled: Option<bool>,
    /// Whether endpoints are really left alone, and not only reported. They are by default.
    enforce: Option<bool>,
    /// How many failures in a row eject, 0 for never. 5 by default.
    consecutive_failures: Option<u32>,
    /// How often rates are judged. 10s by default.
    interval: Option<TimeText>,
    /// How long the first ejection lasts, and by how much each further one is longer. 30s by default.
    base_ejection_time: Option<TimeText>,
    /// How long an ejection lasts at most. 300s by default.
    max_ejection_time: Option<TimeText>,
    /// How many of the endpoints may be ejected at a time, in percent; one always may. 10 by default.
    #[schemars(range(max = 100))]
    max_ejection_percent: Option<u32>,
    /// How far below the mean, in standard deviations, a success rate ejects. 1.9 by default.
    #[schemars(extend("exclusiveMinimum" = 0))]
    success_rate_stdev_factor: Option<f64>,
    /// How many endpoints have to have enough attempts before success rates are judged. 5 by default.
    #[schemars(range(min = 1))]
    success_rate_minimum_hosts: Option<u32>,
    /// How many attempts in an interval are enough for that. 100 by default.
    #[schemars(range(min = 1))]
    success_rate_request_volume: Option<u32>,
    /// The percentage of failures that ejects. None by default.
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0))]
    failure_percentage_threshold: Option<f64>,
    /// How many endpoints have to have enough attempts before percentages are judged. 5 by default.
    #[schemars(range(min = 1))]
    failure_percentage_minimum_hosts: Option<u32>,
    /// How many attempts in an interval are enough for that. 50 by default.
    #[schemars(range(min = 1))]
    failure_percentage_request_volume: Option<u32>,
}

/// Which part of the endpoints this client knows.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct SubsetConfig {
    /// How many of them. All by default.
    #[schemars(range(min = 1))]
    size: Option<u32>,
    /// The name of this client among its peers. What HOSTNAME says by default.
    client_id: Option<String>,
}

/// Active health checks: by `path` or by `grpc_service`, and none without either.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct HealthCheckConfig {
    /// The path that is asked for by GET, from the root of the host.
    path: Option<PathText>,
    /// The statuses that are healthy. 2xx by default.
    #[schemars(length(min = 1))]
    expected_statuses: Option<Vec<StatusesText>>,
    /// The service that gRPC's health service is asked about; empty for the server as a whole.
    grpc_service: Option<String>,
    /// The time between two checks of an endpoint. 10s by default.
    interval: Option<TimeText>,
    /// How long a check may take. 1s by default.
    timeout: Option<TimeText>,
    /// How many checks in a row have to be well before an endpoint is healthy again. 2 by default.
    #[schemars(range(min = 1))]
    healthy_threshold: Option<u32>,
    /// How many checks in a row have to be not well before an endpoint is unhealthy. 3 by default.
    #[schemars(range(min = 1))]
    unhealthy_threshold: Option<u32>,
}

/// How connections are kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct PoolConfig {
    /// How many idle HTTP/1 connections are kept for each endpoint. 128 by default.
    max_idle: Option<u32>,
    /// How long a connection may be idle before it is closed. 90s by default.
    idle_timeout: Option<TimeText>,
    /// How old a connection may become. For ever by default.
    max_age: Option<TimeText>,
    /// How many HTTP/2 connections there may be for each endpoint. 4 by default.
    #[schemars(range(min = 1))]
    http2_connections: Option<u32>,
    /// With how many streams on each of them another one is made. 100 by default.
    #[schemars(range(min = 1))]
    http2_streams: Option<u32>,
    /// How often HTTP/2 connections are pinged. Never by default.
    http2_ping_interval: Option<TimeText>,
    /// How long the answer to a ping may take. 20s by default.
    http2_ping_timeout: Option<TimeText>,
}
