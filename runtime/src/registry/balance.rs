//! The endpoints of a service, as its settings describe them.

use http::HeaderName;

use super::{RegistryError, parts};
use crate::client::ClientBuilder;
use crate::config::{
    ConfigError, DiscoverySettings, Environment, HealthCheckSettings, OutlierSettings, Place, Resolved,
    Settings, statuses,
};
use crate::endpoints::health::HealthCheck;
use crate::endpoints::outlier::Outlier;
use crate::endpoints::{self, Balance, Dns, Member, Subset};
use crate::http::Endpoint;
use crate::policy::breaker;
use crate::random::Random;

/// The settings that make the endpoints of a service what they are: clients that have them alike share their endpoints.
pub(super) fn key(set: &Settings) -> Settings {
    Settings {
        base_url: set.base_url.clone(),
        endpoints: set.endpoints.clone(),
        balance: set.balance.clone(),
        hash_header: set.hash_header.clone(),
        zone: set.zone.clone(),
        panic_threshold: set.panic_threshold,
        slow_start: set.slow_start,
        subset: set.subset.clone(),
        discovery: set.discovery.clone(),
        outlier: set.outlier.clone(),
        health_check: set.health_check.clone(),
        endpoint_breaker: set.endpoint_breaker,
        breaker: set.breaker.clone(),
        ..Settings::default()
    }
}

/// Whether the service is one endpoint.
pub(super) fn is_one(set: &Settings) -> bool {
    let address = set.base_url.as_deref().and_then(|url| Endpoint::parse(url).ok());
    let of_address = || address.is_none_or(|address| !address.stands_for_all_addresses());
    match set.discovery.kind.as_deref() {
        _ if set.endpoints.is_some() => false,
        Some(kind) => kind == "address",
        None => of_address(),
    }
}

/// The builder with what is set of the endpoints.
pub(super) fn builder(
    mut builder: ClientBuilder,
    resolved: &Resolved,
    environment: &dyn Environment,
) -> Result<ClientBuilder, RegistryError> {
    let (set, all) = (resolved.settings(), resolved.with_defaults());
    let fail = |message: String| ConfigError::new(Place::Service(resolved.service().to_owned()), message);
    if let Some(listed) = &set.endpoints {
        let members: Result<Vec<Member>, _> = listed.iter().map(|one| one.parse()).collect();
        builder = builder.endpoints(members.map_err(|error| fail(error.to_string()))?);
    }
    if let Some(wait) = set.wait_for_ready {
        builder = builder.wait_for_ready(wait);
    }
    if let Some(address) = set.base_url.as_deref() {
        let address = Endpoint::parse(address).map_err(|error| fail(error.to_string()))?;
        builder = discovery(builder, address, &set.discovery).map_err(fail)?;
    }
    let per_endpoint = set.endpoint_breaker == Some(true);
    let own_breaker = per_endpoint.then(|| parts::breaker(breaker::Settings::new(""), &all.breaker));
    Ok(builder.balancing(|mut settings| {
        if let Some(breaker) = own_breaker {
            settings = settings.breaker(breaker);
        }
        balancing(settings, set, environment)
    }))
}

/// How endpoints are looked for, where that does not follow from the address.
fn discovery(
    builder: ClientBuilder,
    address: Endpoint,
    set: &DiscoverySettings,
) -> Result<ClientBuilder, String> {
    let default = if address.stands_for_all_addresses() {
        "dns"
    } else {
        "address"
    };
    let kind = set.kind.as_deref().unwrap_or(default);
    Ok(match kind {
        "address" => builder.endpoint(address.as_one()),
        "dns" => {
            let mut dns = Dns::new(address.clone());
            if let Some(refresh) = set.refresh {
                dns = dns.refresh(refresh);
            }
            builder.endpoint(address).dns(dns)
        }
        #[cfg(feature = "dns")]
        "srv" => {
            let Some(name) = &set.srv_name else {
                return Err("`discovery.kind = \"srv\"` needs `discovery.srv_name`".to_owned());
            };
            let mut dns = Dns::new(address.clone()).service(name);
            if let Some(refresh) = set.refresh {
                dns = dns.refresh(refresh);
            }
            builder.endpoint(address).dns(dns)
        }
        #[cfg(feature = "kubernetes")]
        "kubernetes" => {
            let found = crate::endpoints::Kubernetes::in_cluster(address.clone());
            let mut found = found.map_err(|error| error.to_string())?;
            if let Some(name) = &set.port_name {
                found = found.port_name(name);
            }
            builder.endpoint(address).discover(found)
        }
        _ => return Err(format!("`discovery.kind = \"{kind}\"` is not known")),
    })
}

fn balancing(
    mut settings: endpoints::Settings,
    set: &Settings,
    environment: &dyn Environment,
) -> endpoints::Settings {
    if let Some(balance) = set.balance.as_deref().and_then(Balance::named) {
        settings = settings.balance(balance);
    }
    let header = set.hash_header.as_deref().map(str::parse::<HeaderName>);
    if let Some(Ok(header)) = header {
        settings = settings.hash_header(header);
    }
    if let Some(zone) = &set.zone {
        settings = settings.zone(zone.as_str());
    }
    if let Some(share) = set.panic_threshold {
        settings = settings.panic_threshold(share);
    }
    if let Some(window) = set.slow_start {
        settings = settings.slow_start(window);
    }
    if let Some(size) = set.subset.size {
        let client = set
            .subset
            .client_id
            .clone()
            .or_else(|| environment.get("HOSTNAME"));
        let client = client.unwrap_or_else(|| Random::new().next_u64().to_string());
        settings = settings.subset(Subset::of(size as usize, &client));
    }
    if let Some(check) = health_check(&set.health_check) {
        settings = settings.health_check(check);
    }
    settings.outlier(outlier(&set.outlier))
}

fn health_check(set: &HealthCheckSettings) -> Option<HealthCheck> {
    let mut check = match (&set.path, &set.grpc_service) {
        (Some(path), _) => HealthCheck::http(path),
        #[cfg(feature = "grpc")]
        (None, Some(service)) => HealthCheck::grpc(service),
        _ => return None,
    };
    if let Some(texts) = &set.expected_statuses {
        check = check.statuses(texts.iter().filter_map(|text| statuses(text)));
    }
    if let Some(interval) = set.interval {
        check = check.interval(interval);
    }
    if let Some(timeout) = set.timeout {
        check = check.timeout(timeout);
    }
    let (healthy, unhealthy) = (set.healthy_threshold, set.unhealthy_threshold);
    Some(check.thresholds(healthy.unwrap_or(2), unhealthy.unwrap_or(3)))
}

fn outlier(set: &OutlierSettings) -> Outlier {
    let mut outlier = match set.enabled {
        Some(false) => Outlier::disabled(),
        _ => Outlier::new(),
    };
    if let Some(enforce) = set.enforce {
        outlier = outlier.enforce(enforce);
    }
    if let Some(failures) = set.consecutive_failures {
        outlier = outlier.consecutive_failures(failures);
    }
    if let Some(interval) = set.interval {
        outlier = outlier.interval(interval);
    }
    if let Some(time) = set.base_ejection_time {
        outlier = outlier.base_ejection_time(time);
    }
    if let Some(time) = set.max_ejection_time {
        outlier = outlier.max_ejection_time(time);
    }
    if let Some(percent) = set.max_ejection_percent {
        outlier = outlier.max_ejection_percent(percent);
    }
    if let Some(factor) = set.success_rate_stdev_factor {
        outlier = outlier.success_rate_stdev_factor(factor);
    }
    let (hosts, volume) = (set.success_rate_minimum_hosts, set.success_rate_request_volume);
    outlier = outlier.success_rate_volume(hosts.unwrap_or(5) as usize, u64::from(volume.unwrap_or(100)));
    if let Some(percent) = set.failure_percentage_threshold {
        outlier = outlier.failure_percentage(percent);
    }
    let (hosts, volume) = (
        set.failure_percentage_minimum_hosts,
        set.failure_percentage_request_volume,
    );
    outlier.failure_percentage_volume(hosts.unwrap_or(5) as usize, u64::from(volume.unwrap_or(50)))
}
