//! A line for tests of clients: answers as a script says, and remembers what it was asked.
//!
//! ```
//! use std::time::Duration;
//! use tieline::testing::{ScriptedLine, Step};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let line = ScriptedLine::new([Step::status(503), Step::status(200).body("[1, 2]").after(Duration::from_millis(20))]);
//! let client = tieline::Client::builder("numbers").line(line.clone()).build()?;
//! let numbers: Vec<u8> = client.get("numbers").await?.json()?;
//! assert_eq!(numbers, [1, 2]);
//! assert_eq!(line.requests().len(), 2, "the first attempt failed");
//! # Ok(()) }
//! ```

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::clock::{Clock, Instant};
use crate::http::{
    Body, Endpoint, Exchange, ExchangeFuture, Line, ResponseBody, TransportError, TransportErrorKind,
};

/// What the line does with one request.
#[derive(Debug, Clone)]
pub struct Step {
    delay: Duration,
    action: Action,
}

#[derive(Debug, Clone)]
enum Action {
    Reply(StatusCode, HeaderMap, Bytes),
    Fault(TransportErrorKind),
    Hang,
}

impl Step {
    /// Replies with this status, no headers and no body. What is no status is taken as 500.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::of(Action::Reply(status, HeaderMap::new(), Bytes::new()))
    }

    /// Fails as a transport would.
    pub fn fault(kind: TransportErrorKind) -> Self {
        Self::of(Action::Fault(kind))
    }

    /// Never answers.
    pub fn hang() -> Self {
        Self::of(Action::Hang)
    }

    /// Waits this long first, by tokio's clock.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a header to a reply. Invalid ones are left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Action::Reply(_, headers, _) = &mut self.action
            && let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            headers.append(name, value);
        }
        self
    }

    /// Sets the body of a reply.
    pub fn body(mut self, text: impl Into<Bytes>) -> Self {
        if let Action::Reply(_, _, body) = &mut self.action {
            *body = text.into();
        }
        self
    }

    fn of(action: Action) -> Self {
        Self {
            delay: Duration::ZERO,
            action,
        }
    }
}

/// A request, as the line got it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Path and query, relative to the service's address.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; empty when it is a stream.
    pub body: Bytes,
    /// When it came, by tokio's clock, from the making of the line.
    pub at: Duration,
}

impl Asked {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Asked {
    /// Shows no headers: they carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {:?}", self.method, self.path, self.at)
    }
}

/// A line that follows a script. Clones are the same line.
#[derive(Clone)]
pub struct ScriptedLine(Arc<Shared>);

struct Shared {
    made: Instant,
    state: Mutex<State>,
}

struct State {
    /// In reverse: the next step is the last.
    script: Vec<Step>,
    /// What is done with every request beyond the script.
    otherwise: Step,
    asked: Vec<Asked>,
}

impl ScriptedLine {
    /// Does these steps, one a request, and the last one for ever after. Without any, it replies with 200.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut script: Vec<Step> = steps.into_iter().collect();
        let otherwise = script.pop().unwrap_or_else(|| Step::status(200));
        script.reverse();
        Self(Arc::new(Shared {
            made: Clock::tokio().now(),
            state: Mutex::new(State {
                script,
                otherwise,
                asked: Vec::new(),
            }),
        }))
    }

    /// Does the same with every request.
    pub fn always(step: Step) -> Self {
        Self::new([step])
    }

    /// Does this with every request from now on.
    pub fn change(&self, step: Step) {
        let mut state = self.state();
        state.script.clear();
        state.otherwise = step;
    }

    /// The requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, request: Request<Body>) -> Step {
        let at = Clock::tokio().now().since(self.0.made);
        let (head, body) = request.into_parts();
        let mut state = self.state();
        state.asked.push(Asked {
            method: head.method,
            path: head.uri.to_string(),
            headers: head.headers,
            body: body.as_bytes().map(Bytes::copy_from_slice).unwrap_or_default(),
            at,
        });
        state.script.pop().unwrap_or_else(|| state.otherwise.clone())
    }
}

impl Exchange for ScriptedLine {
    fn exchange<'a>(&'a self, _: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        let step = self.next(request);
        Box::pin(async move {
            if !step.delay.is_zero() {
                Clock::tokio().sleep(step.delay).await;
            }
            match step.action {
                Action::Reply(status, headers, body) => {
                    let mut response = Response::new(ResponseBody::from(body));
                    *response.status_mut() = status;
                    *response.headers_mut() = headers;
                    Ok(response)
                }
                Action::Fault(kind) => Err(TransportError::custom(kind, "as the script says", "scripted")),
                Action::Hang => std::future::pending().await,
            }
        })
    }
}

impl From<ScriptedLine> for Line {
    fn from(line: ScriptedLine) -> Self {
        Line::over(line)
    }
}

impl fmt::Debug for ScriptedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("ScriptedLine")
            .field("requests", &state.asked.len())
            .field("steps_left", &state.script.len())
            .finish_non_exhaustive()
    }
}
