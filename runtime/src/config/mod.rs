//! Configuration of clients: what can be set, where it is read from, and where each value came from.
//!
//! Later wins:
//!
//! ```text
//! defaults < contract < registered in code < tieline.toml < environment < per client < per call
//! ```
//!
//! | source | example |
//! |---|---|
//! | contract | its first server, the timeouts of its operations |
//! | code | [`Registry::register`](crate::registry::Registry::register) |
//! | `tieline.toml`, or the file that `TIELINE_CONFIG` names | `[service.user-service]` `retry.max_attempts = 5` |
//! | environment | `USER_SERVICE_URL` (one address, or several between commas), `TIELINE__USER_SERVICE__RETRY__MAX_ATTEMPTS` |
//! | client | [`Registry::get_with`](crate::registry::Registry::get_with) |
//! | call | `client.get_user(7).timeout(…)` |
//!
//! Durations are written `250ms`, `5s`, `1m30s`; sizes `64KiB`. An unknown key is refused, with its place and the key
//! that was probably meant. Keys and passwords are no settings: [`Settings::api_key_env`] names the variable that
//! holds one, and no message quotes a configured value.

mod endpoints;
mod environment;
mod error;
mod file;
mod leaves;
mod raw;
mod reading;
mod resolve;
mod server;
mod settings;
mod spelling;
mod units;

pub(crate) use endpoints::statuses;
pub use endpoints::{DiscoverySettings, HealthCheckSettings, OutlierSettings, PoolSettings, SubsetSettings};
pub use environment::{Environment, ProcessEnvironment, address_variable, prefix};
pub use error::{ConfigError, Place};
pub use file::{ConfigFile, FILE_NAME, FILE_VARIABLE};
pub use resolve::{Origin, Resolved, Sources};
pub use server::{
    ApiKeySettings, IdempotencySettings, JwtSettings, ServerSettings, ServerTlsSettings, SheddingSettings,
};
pub use settings::{
    AdaptiveSettings, AuthSettings, BackoffSettings, BreakerSettings, BudgetSettings, BulkheadSettings,
    CacheSettings, ChaosSettings, FullJitterSettings, GzipSettings, HedgeSettings, ProxySettings,
    RateLimitSettings, RetrySettings, Settings, ThrottleSettings, TlsSettings,
};
pub(crate) use spelling::nearest;
pub use spelling::screaming_snake;
pub use units::{parse_duration, parse_size, show_duration, show_size};
