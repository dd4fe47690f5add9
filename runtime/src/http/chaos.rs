//! Faults put into requests on purpose, to see what policies make of them: in tests, and in staging by configuration.
//!
//! | fault | what happens | what a caller sees without policies |
//! |---|---|---|
//! | latency | the request waits before it is sent | a slow reply |
//! | black hole | the request is not sent, and nothing comes back | a timeout |
//! | reset | the request is sent and its reply lost | a broken connection: it may have been processed |
//! | abort | the request is not sent, and this status comes back | the status; over gRPC the code that stands for it |
//! | truncation | the reply's body breaks off half-way through its first piece | a broken connection |
//!
//! A request has at most one of the last four; latency comes on top.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};

use super::{Body, ResponseBody, TransportError, TransportErrorKind};
use crate::clock::Clock;
use crate::random::Random;

/// Which share of requests has which fault. Shares are from 0 to 1; each is none by default.
///
/// ```
/// # use std::time::Duration;
/// use tieline::http::Chaos;
/// let chaos = Chaos::new().abort(503, 0.05).latency(Duration::from_millis(200), 0.1);
/// let client = tieline::Client::builder("users").url("http://user-service:8000")?.chaos(chaos).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Chaos {
    latency: Duration,
    delayed: f64,
    black_hole: f64,
    reset: f64,
    abort: f64,
    status: StatusCode,
    truncate: f64,
    random: Arc<Random>,
    clock: Clock,
}

/// What is done to a request, beside its latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    BlackHole,
    Reset,
    Abort,
    Truncate,
}

impl Chaos {
    /// No faults.
    pub fn new() -> Self {
        Self {
            latency: Duration::ZERO,
            delayed: 0.0,
            black_hole: 0.0,
            reset: 0.0,
            abort: 0.0,
            status: StatusCode::SERVICE_UNAVAILABLE,
            truncate: 0.0,
            random: Arc::new(Random::new()),
            clock: Clock::default(),
        }
    }

    /// This share of requests waits for this long before it is sent.
    pub fn latency(mut self, latency: Duration, share: f64) -> Self {
        (self.latency, self.delayed) = (latency, share);
        self
    }

    /// This share of requests is never answered.
    pub fn black_hole(mut self, share: f64) -> Self {
        self.black_hole = share;
        self
    }

    /// This share of requests is sent and its reply lost.
    pub fn reset(mut self, share: f64) -> Self {
        self.reset = share;
        self
    }

    /// This share of requests is answered with this status, and not sent. What is no status is taken as 500.
    pub fn abort(mut self, status: u16, share: f64) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.abort = share;
        self
    }

    /// This share of replies breaks off.
    pub fn truncate(mut self, share: f64) -> Self {
        self.truncate = share;
        self
    }

    /// Sets the source of the draws.
    pub fn random(mut self, random: Arc<Random>) -> Self {
        self.random = random;
        self
    }

    /// Sets the clock that latency is timed by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sends the request by `send`, or does to it what was drawn.
    pub(super) async fn send<F>(
        &self,
        request: Request<Body>,
        send: F,
    ) -> Result<Response<ResponseBody>, TransportError>
    where
        F: AsyncFnOnce(Request<Body>) -> Result<Response<ResponseBody>, TransportError>,
    {
        let (fault, is_delayed) = (self.draw(), self.random.unit() < self.delayed);
        if fault.is_some() || is_delayed {
            tracing::debug!(
                ?fault,
                is_delayed,
                path = request.uri().path(),
                "a fault is put into a request"
            );
        }
        if is_delayed {
            self.clock.sleep(self.latency).await;
        }
        match fault {
            None => send(request).await,
            Some(Fault::BlackHole) => std::future::pending().await,
            Some(Fault::Reset) => {
                drop(send(request).await?);
                Err(broken())
            }
            Some(Fault::Abort) => {
                let mut response = Response::new(ResponseBody::empty());
                *response.status_mut() = self.status;
                Ok(response)
            }
            Some(Fault::Truncate) => {
                let response = send(request).await?;
                Ok(response.map(|body| ResponseBody::stream(Truncated { body, is_cut: false })))
            }
        }
    }

    fn draw(&self) -> Option<Fault> {
        let mut drawn = self.random.unit();
        let all = [
            (self.black_hole, Fault::BlackHole),
            (self.reset, Fault::Reset),
            (self.abort, Fault::Abort),
            (self.truncate, Fault::Truncate),
        ];
        for (share, fault) in all {
            if drawn < share {
                return Some(fault);
            }
            drawn -= share;
        }
        None
    }
}

impl Default for Chaos {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos")
            .field("latency", &(self.latency, self.delayed))
            .field("black_hole", &self.black_hole)
            .field("reset", &self.reset)
            .field("abort", &(self.status, self.abort))
            .field("truncate", &self.truncate)
            .finish_non_exhaustive()
    }
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Io, "the connection was broken on purpose")
}

/// A body that breaks off half-way through its first piece.
struct Truncated {
    body: ResponseBody,
    is_cut: bool,
}

impl HttpBody for Truncated {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        if self.is_cut {
            return Poll::Ready(Some(Err(broken())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.is_cut = true;
        Poll::Ready(match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(mut data) => Some(Ok(Frame::data(data.split_to(data.len() / 2)))),
                Err(_) => Some(Err(broken())),
            },
            Some(Err(error)) => Some(Err(error)),
            None => Some(Err(broken())),
        })
    }
}
