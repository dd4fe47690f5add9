//! Where idempotency keys are kept, as the settings say.

use super::{SetupError, in_memory, unfit};
use crate::config::{Environment, IdempotencySettings};
use crate::server::idempotency::{Idempotency, MemoryStore};

pub(super) async fn idempotency(
    set: &IdempotencySettings,
    environment: &dyn Environment,
) -> Result<Option<Idempotency>, SetupError> {
    let mut idempotency = match (&set.sqlite_file, &set.url_env, set.memory == Some(true)) {
        (Some(path), None, false) => in_sqlite(path).await?,
        (None, Some(name), false) => {
            let url = environment.get(name).filter(|url| !url.is_empty());
            let missing = || {
                unfit(
                    "idempotency.url_env",
                    format!("the environment variable {name} is not set"),
                )
            };
            at(&url.ok_or_else(missing)?, name).await?
        }
        (None, None, true) => Idempotency::new(MemoryStore::new()),
        (None, None, false) if *set == IdempotencySettings::default() => return Ok(None),
        (None, None, false) => {
            let problem = "nothing says where keys are kept: set `sqlite_file`, `url_env` or `memory`";
            return Err(unfit("idempotency", problem));
        }
        _ => {
            return Err(unfit(
                "idempotency",
                "set one of `sqlite_file`, `url_env` and `memory`",
            ));
        }
    };
    if let Some(ttl) = set.ttl {
        idempotency = idempotency.ttl(ttl);
    }
    if let Some(lease) = set.lease {
        idempotency = idempotency.lease(lease);
    }
    if let Some(limit) = set.record_limit {
        idempotency = idempotency.record_limit(in_memory(limit));
    }
    for operation in set.require.iter().flatten() {
        idempotency = idempotency.require(operation);
    }
    Ok(Some(idempotency))
}

#[cfg(feature = "sqlite")]
async fn in_sqlite(path: &str) -> Result<Idempotency, SetupError> {
    let store = crate::server::idempotency::SqliteStore::open(path).await;
    let store = store.map_err(|error| {
        unfit(
            "idempotency.sqlite_file",
            format!("{path} cannot be opened: {error}"),
        )
    })?;
    Ok(Idempotency::new(store))
}

#[cfg(not(feature = "sqlite"))]
#[allow(clippy::unused_async, reason = "the same as with the feature")]
async fn in_sqlite(_: &str) -> Result<Idempotency, SetupError> {
    Err(unfit(
        "idempotency.sqlite_file",
        "this needs the feature `sqlite` of the crate `tieline`",
    ))
}

/// The store at an address, which is in the variable of this name.
#[allow(
    clippy::unused_async,
    reason = "without features there is nothing to wait for"
)]
async fn at(url: &str, name: &str) -> Result<Idempotency, SetupError> {
    const KEY: &str = "idempotency.url_env";
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => {
            let store = crate::server::idempotency::PostgresStore::connect(url).await;
            let store = store
                .map_err(|error| unfit(KEY, format!("the database of {name} cannot be used: {error}")))?;
            Ok(Idempotency::new(store))
        }
        #[cfg(feature = "redis")]
        "redis" => {
            let store = crate::server::idempotency::RedisStore::connect(url).await;
            let store =
                store.map_err(|error| unfit(KEY, format!("the server of {name} cannot be used: {error}")))?;
            Ok(Idempotency::new(store))
        }
        _ => Err(unfit(
            KEY,
            format!(
                "{name} is to hold `postgres://…` or `redis://…`, with the feature `postgres` or `redis` of the crate"
            ),
        )),
    }
}
