//! The databases: SQLite by default, PostgreSQL when the URL says so. The statements are the same for both.

mod orders;
mod users;

pub use orders::{NewOrder, Orders};
pub use users::{NewUser, Users};

use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Error};

/// Opens the database at `url`: `sqlite://path`, or `postgres://user@host/name`.
async fn open(url: &str) -> Result<AnyPool, Error> {
    install_default_drivers();
    // SQLite writes one at a time: more connections would only wait for each other.
    let connections = if is_sqlite(url) { 1 } else { 8 };
    let url = if is_sqlite(url) && !url.contains('?') {
        format!("{url}?mode=rwc")
    } else {
        url.to_owned()
    };
    let options = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5));
    options.connect(&url).await
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// What an automatically numbered key is called in the database at `url`.
fn serial(url: &str) -> &'static str {
    if is_sqlite(url) {
        "INTEGER PRIMARY KEY AUTOINCREMENT"
    } else {
        "SERIAL PRIMARY KEY"
    }
}

/// The present time, as RFC 3339 in whole seconds that have begun.
fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
}
