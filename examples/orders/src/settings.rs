//! What the environment says: where the services are, and how their clients behave.

use std::time::Duration;

use tieline::Client;
use tieline::http::EndpointError;

/// Where the user service is unless `USER_SERVICE_URL` says otherwise.
pub const USER_SERVICE_URL: &str = "localhost:50051";
/// Where the order service is unless `ORDER_SERVICE_URL` says otherwise.
pub const ORDER_SERVICE_URL: &str = "localhost:50052";
/// Time to make a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time of one call, attempts and waits included.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// The address in the environment variable `name`, or `default`.
pub fn address(name: &str, default: &str) -> String {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| default.to_owned())
}

/// A client of `service` at `url`, on behalf of `caller`. It waits for a service that is just starting.
///
/// # Errors
/// `url` is not the address of a service.
pub fn client(
    service: &str,
    url: &str,
    caller: &str,
) -> Result<tieline::client::ClientBuilder, EndpointError> {
    let builder = Client::builder(service).url(url)?;
    Ok(builder
        .caller(caller)
        .connect_timeout(CONNECT_TIMEOUT)
        .wait_for_ready(true)
        .timeout(CALL_TIMEOUT))
}

/// Logs to standard error, at the level that `RUST_LOG` names.
pub fn log(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
