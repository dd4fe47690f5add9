//! Clients by name, of services that are many endpoints.

mod endpoint_support;

use std::collections::BTreeMap;
use std::sync::Arc;

use endpoint_support::{Does, Fleet, calls, paused, seconds};
use tieline::Client;
use tieline::config::{ConfigFile, Settings};
use tieline::http::Line;
use tieline::registry::Registry;

fn registry(file: &str, variables: &[(&str, &str)]) -> Registry {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let file = ConfigFile::parse(std::path::Path::new("tieline.toml"), file).expect("a valid file");
    Registry::with_environment(variables).with_file(file)
}

#[test]
fn the_endpoints_of_a_file_are_balanced_as_it_says() {
    paused(async {
        let fleet = Fleet::new();
        let registry = registry(
            "[service.users]\nendpoints = [\"http://a:1\", \"http://b:1;weight=3\"]\nbalance = \"weighted\"",
            &[],
        );
        registry.connect("users", Line::over(fleet.clone()));
        let client: Client = registry.get("users").unwrap();
        assert_eq!(calls(&client, 40).await, 0);
        let counts = fleet.counts();
        assert_eq!((counts["a:1"], counts["b:1"]), (10, 30));
    });
}

#[test]
fn the_address_variable_may_list_endpoints() {
    paused(async {
        let fleet = Fleet::new();
        let registry = registry("", &[("USERS_URL", "http://a:1, http://b:1")]);
        registry.connect("users", Line::over(fleet.clone()));
        let client: Client = registry.get("users").unwrap();
        assert_eq!(client.endpoints().unwrap().members().len(), 2);
        assert_eq!(client.endpoint().host(), "a");
        fleet.set("a:1", Does::Refuse);
        assert_eq!(calls(&client, 20).await, 0);
    });
}

#[test]
fn clients_of_one_service_share_what_they_know_of_its_endpoints() {
    paused(async {
        let fleet = Fleet::new();
        let registry = registry(
            "[service.users]\nendpoints = [\"http://a:1\", \"http://b:1\"]",
            &[],
        );
        registry.connect("users", Line::over(fleet.clone()));
        let (one, other): (Client, Client) = (
            registry.create("users").unwrap(),
            registry.create("users").unwrap(),
        );
        let apart: Client = registry
            .create_with(
                "users",
                Settings {
                    balance: Some("round_robin".into()),
                    ..Settings::default()
                },
            )
            .unwrap();
        assert!(Arc::ptr_eq(one.endpoints().unwrap(), other.endpoints().unwrap()));
        assert!(!Arc::ptr_eq(one.endpoints().unwrap(), apart.endpoints().unwrap()));
        one.close();
        assert_eq!(
            calls(&other, 1).await,
            0,
            "closing one leaves the endpoints to the others"
        );
        registry.close_all().await;
        assert_eq!(calls(&other, 1).await, 1);
    });
}

#[test]
fn outlier_settings_of_a_file_hold() {
    paused(async {
        let fleet = Fleet::new();
        fleet.set("a:1", Does::Reply(503, 1));
        let registry = registry(
            "[service.users]\nendpoints = [\"http://a:1\", \"http://b:1\", \"http://c:1\"]\nbalance = \"round_robin\"\n\
             outlier = { consecutive_failures = 2, base_ejection_time = \"5s\" }\nretry.max_attempts = 1",
            &[],
        );
        registry.connect("users", Line::over(fleet.clone()));
        let client: Client = registry.get("users").unwrap();
        assert_eq!(calls(&client, 30).await, 2);
        tokio::time::sleep(seconds(5)).await;
        assert_eq!(
            calls(&client, 30).await,
            2,
            "it is tried again, and ejected again"
        );
        tokio::time::sleep(seconds(5)).await;
        assert_eq!(calls(&client, 30).await, 0, "its second ejection lasts longer");
    });
}

#[test]
fn the_endpoints_of_a_dns_target_are_looked_up_by_the_registrys_transport() {
    let registry = registry("[service.users]\nbase_url = \"dns:///localhost:9\"", &[]);
    let client: Client = registry.get("users").unwrap();
    assert!(client.endpoints().is_some());
    let overrides = |kind: &str| {
        let mut settings = Settings::default();
        settings.discovery.kind = Some(kind.into());
        settings
    };
    let one: Client = registry.create_with("users", overrides("address")).unwrap();
    assert!(
        one.endpoints().is_none(),
        "the address is one endpoint where that is said"
    );
    let plain = Settings {
        base_url: Some("http://localhost:9".into()),
        ..overrides("dns")
    };
    let many: Client = registry.create_with("users", plain).unwrap();
    assert!(
        many.endpoints().is_some(),
        "every address is one where that is said"
    );
}
