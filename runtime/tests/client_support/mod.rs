//! What the tests of whole clients have in common: virtual time, a seeded source of jitter, metrics of their own.

#![allow(dead_code)] // Each test file uses its part.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tieline::Client;
use tieline::client::ClientBuilder;
use tieline::observe::metrics::Metrics;
use tieline::random::Random;
use tieline::testing::ScriptedLine;

/// Runs a test under paused time: waits pass at once, and are seen by the clock.
pub(crate) fn paused<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A builder of a client of the service `numbers` over `line`, with everything at its default.
pub(crate) fn builder(line: &ScriptedLine) -> ClientBuilder {
    Client::builder("numbers")
        .line(line.clone())
        .random(Arc::new(Random::seeded(7)))
        .metrics(Arc::new(Metrics::new()))
}

pub(crate) fn client(line: &ScriptedLine) -> Client {
    builder(line).build().expect("a line is all that it needs")
}
