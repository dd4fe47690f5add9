//! Three services in a row, in this process, through what the generator writes:
//!
//! ```text
//! outside -- REST --> gateway -- gRPC --> middle -- gRPC --> inner (a mock)
//! ```

use std::sync::Arc;
use std::time::Duration;

use tieline::client::ClientBuilder;
use tieline::generated::v1::{Details, async_trait};
use tieline::http::{InProcess, Line};
use tieline::observe::metrics::Metrics;
use tieline::policy::bulkhead::Bulkhead;
use tieline::policy::retry::{Backoff, Retry};
use tieline::random::Random;
use tieline::{Client, Context, Error};

use super::contracts::gateway::get_report;
use super::contracts::gateway::types::Report;
use super::contracts::{gateway, inner, middle};

/// The chain, and what can be looked at in it.
pub(crate) struct Chain {
    /// Who asks from outside.
    pub(crate) outside: Client,
    /// The last service.
    pub(crate) inner: Arc<inner::Mock>,
    /// The client that `middle` asks `inner` by.
    pub(crate) to_inner: inner::Client,
    /// How many calls of `inner` may be under way in `middle`.
    pub(crate) places: Arc<Bulkhead>,
}

/// How the chain is set up.
#[derive(Default)]
pub(crate) struct Setup {
    /// Time that each service spends before it asks the next.
    pub(crate) work: Duration,
    /// Whether clients between services have breakers; off unless set.
    pub(crate) breakers: bool,
}

impl Chain {
    pub(crate) fn new(setup: &Setup) -> Self {
        let inner = Arc::new(inner::Mock::new());
        let places = Arc::new(Bulkhead::new(8));
        let line = Line::over(InProcess::new(
            inner::service(Inner(Arc::clone(&inner))).into_router(),
        ));
        let to_inner = built(client("inner", line, setup).bulkhead(Arc::clone(&places)));
        let to_inner = inner::Client::new(to_inner);
        let middle = Middle {
            inner: to_inner.clone(),
            work: setup.work,
        };
        let line = Line::over(InProcess::new(middle::service(middle).into_router()));
        let gateway = Gateway {
            middle: middle::Client::new(built(client("middle", line, setup))),
            work: setup.work,
        };
        let line = Line::over(InProcess::new(gateway::router(gateway)));
        let outside = client("gateway", line, &Setup::default())
            .retry(Retry::new(1))
            .timeout(None);
        Self {
            outside: built(outside),
            inner,
            to_inner,
            places,
        }
    }

    /// The typed client from outside. It makes one attempt, and waits as long as the call says.
    pub(crate) fn gateway(&self) -> gateway::Client {
        gateway::Client::new(self.outside.clone())
    }
}

/// A client of services in a row, so many, of which the last is the mock.
pub(crate) fn row(services: usize, last: &Arc<inner::Mock>) -> inner::Client {
    let connect = |router: axum::Router| {
        let line = Line::over(InProcess::new(router));
        inner::Client::new(built(client("inner", line, &Setup::default())))
    };
    let end = connect(inner::service(Inner(Arc::clone(last))).into_router());
    (1..services).fold(end, |next, _| connect(inner::service(Hop(next)).into_router()))
}

/// A service that asks the next of its kind.
struct Hop(inner::Client);

#[async_trait]
impl inner::Api for Hop {
    async fn ask(
        &self,
        cx: Context,
        request: inner::ask::Request,
    ) -> Result<inner::ask::Response, Error<Details>> {
        self.0.ask(request).context(&cx).await
    }
}

/// Three attempts, 10 ms apart.
fn client(service: &str, line: Line, setup: &Setup) -> ClientBuilder {
    let enabled = setup.breakers;
    Client::builder(service)
        .line(line)
        .retry(Retry::new(3).backoff(Backoff::schedule(&[Duration::from_millis(10)])))
        .breaker(move |settings| settings.enabled(enabled))
        .random(Arc::new(Random::seeded(7)))
        .metrics(Arc::new(Metrics::new()))
}

fn built(builder: ClientBuilder) -> Client {
    builder.build().expect("a line is all that it needs")
}

struct Gateway {
    middle: middle::Client,
    work: Duration,
}

#[async_trait]
impl gateway::Api for Gateway {
    /// Asks by the current context: nothing is passed on by hand.
    async fn get_report(
        &self,
        _: Context,
        request: get_report::Request,
    ) -> Result<get_report::Response, Error<get_report::Failure>> {
        tokio::time::sleep(self.work).await;
        let asked = middle::types::middle::AskRequest { id: request.id };
        let reply = self.middle.ask(asked).await.map_err(Error::without_body)?;
        Ok(get_report::Response::Ok(Report::new(reply.text)))
    }
}

struct Middle {
    inner: inner::Client,
    work: Duration,
}

#[async_trait]
impl middle::Api for Middle {
    /// Asks by the context that it was given.
    async fn ask(
        &self,
        cx: Context,
        request: middle::ask::Request,
    ) -> Result<middle::ask::Response, Error<Details>> {
        tokio::time::sleep(self.work).await;
        let asked = inner::types::inner::AskRequest { id: request.id };
        let reply = self.inner.ask(asked).context(&cx).await?;
        Ok(middle::types::middle::AskReply { text: reply.text })
    }
}

/// The last service: the mock, which the test looks at, too.
struct Inner(Arc<inner::Mock>);

#[async_trait]
impl inner::Api for Inner {
    async fn ask(
        &self,
        cx: Context,
        request: inner::ask::Request,
    ) -> Result<inner::ask::Response, Error<Details>> {
        inner::Api::ask(&*self.0, cx, request).await
    }
}
