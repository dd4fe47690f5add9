//! The asynchronous request-reply pattern of HTTP: 202, and where to ask.
//!
//! | the service says where to ask by | and how it stands by |
//! |---|---|
//! | `Operation-Location`, `Azure-AsyncOperation` (Microsoft REST API Guidelines, long-running operations) | the body's `status`: `Succeeded`, `Failed` or `Canceled`; anything else runs |
//! | `Location` of a 202 (RFC 9110, section 15.3.3) | the status: 202 runs, 303 leads to the result, any other is the result |
//!
//! Where the result is: the body's `resourceLocation`, else the `Location` beside `Operation-Location`, else what was
//! answered last. Each place must be of the client's own origin, since its credentials go there.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::http::uri::PathAndQuery;
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use super::{PollError, Polling, Progress};
use crate::adapter::{redirect, retry_after, transport_fault};
use crate::call::Reply;
use crate::client::Client;
use crate::code::Code;
use crate::error::{Error, ErrorKind, Fault, RawReply};
use crate::http::Endpoint;

/// Headers that say where the status of the work is told.
const STATUS_LOCATIONS: [&str; 2] = ["operation-location", "azure-asyncoperation"];

const LOCATION: &str = "location";

/// Work that a service has accepted: where to ask for it.
#[derive(Clone, Debug)]
pub struct Accepted {
    place: Place,
    told_by: ToldBy,
    /// Where the result will be, where that is known.
    result: Option<Place>,
    ask_after: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Place {
    endpoint: Endpoint,
    path: PathAndQuery,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToldBy {
    /// `status` in the body.
    Body,
    /// The status of the reply.
    Status,
}

impl Accepted {
    /// The path to ask at, with its query.
    pub fn path(&self) -> &str {
        self.place.path.as_str()
    }
}

impl Client {
    /// Where to ask for the work that this reply says is accepted; `None` where it does not say so.
    ///
    /// # Errors
    /// The place is malformed, or at another origin.
    pub fn accepted<T>(&self, reply: &Reply<T>) -> Result<Option<Accepted>, Error> {
        let headers = reply.headers();
        let location = text(headers, LOCATION);
        let told_by_body = STATUS_LOCATIONS.iter().find_map(|name| text(headers, name));
        let (place, told_by, result) = match (told_by_body, location) {
            (Some(place), result) => (place, ToldBy::Body, result),
            (None, Some(place)) if reply.status() == StatusCode::ACCEPTED => (place, ToldBy::Status, None),
            _ => return Ok(None),
        };
        // What a relative reference of the reply stands beside is not known any more; it is read from the base path.
        let base = self.endpoint().join(&::http::Uri::from_static("/"));
        let base = Place {
            endpoint: self.endpoint().clone(),
            path: base.map_err(transport_fault)?,
        };
        let result = result.map(|result| base.lead(result)).transpose()?;
        Ok(Some(Accepted {
            place: base.lead(place)?,
            told_by,
            result,
            ask_after: retry_after(headers),
        }))
    }

    /// Asks until the work has ended, and gives what it has led to.
    ///
    /// # Errors
    /// The work failed or was cancelled: the error keeps what the service said ([`Error::reply`]). A question could not be
    /// answered. Or the work still runs, and the time to wait for it is over: then it is a timeout.
    pub async fn finish(&self, accepted: &Accepted, polling: &Polling) -> Result<Reply<Bytes>, Error> {
        let named = |fault: Fault| -> Error {
            let operation = format!("GET {}", accepted.place.path.path());
            fault
                .of_call(self.service().to_owned(), operation, 0, None)
                .into()
        };
        // The place can move; only one question is under way at a time.
        let place = Mutex::new(accepted.place.clone());
        let ask = |_| async {
            let here = locked(&place).clone();
            let answer = here.ask(self).await;
            let judged = match accepted.told_by {
                ToldBy::Status => by_status(&here, answer)?,
                ToldBy::Body => by_body(&here, accepted.result.as_ref(), answer?).map_err(named)?,
            };
            Ok(match judged {
                Judged::Running { moved, ask_after } => {
                    if let Some(moved) = moved {
                        *locked(&place) = moved;
                    }
                    Progress::Running { ask_after }
                }
                Judged::Done(end) => Progress::Done(end),
            })
        };
        match polling.run_after(accepted.ask_after, ask).await {
            Ok(End::Here(reply)) => Ok(reply),
            Ok(End::At(place)) => place.ask(self).await,
            Err(PollError::Failed(error)) => Err(error),
            Err(error) => Err(named(Fault::timeout(error.to_string()))),
        }
    }
}

/// What an answer says of the work.
enum Judged {
    Running {
        /// Where to ask from now on, if elsewhere.
        moved: Option<Place>,
        ask_after: Option<Duration>,
    },
    Done(End),
}

/// Where the result is.
enum End {
    Here(Reply<Bytes>),
    At(Place),
}

fn by_status(here: &Place, answer: Result<Reply<Bytes>, Error>) -> Result<Judged, Error> {
    let reply = match answer {
        Ok(reply) => reply,
        // Redirects are no successes, and this one is the answer.
        Err(error) if error.status() == Some(StatusCode::SEE_OTHER) => {
            let location = error.reply().and_then(|reply| text(&reply.headers, LOCATION));
            return match location {
                Some(location) => Ok(Judged::Done(End::At(here.lead(location)?))),
                None => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    if reply.status() != StatusCode::ACCEPTED {
        return Ok(Judged::Done(End::Here(reply)));
    }
    let location = text(reply.headers(), LOCATION);
    Ok(Judged::Running {
        moved: location.map(|location| here.lead(location)).transpose()?,
        ask_after: retry_after(reply.headers()),
    })
}

fn by_body(here: &Place, result: Option<&Place>, reply: Reply<Bytes>) -> Result<Judged, Fault> {
    #[derive(serde::Deserialize)]
    struct Told {
        status: String,
        #[serde(rename = "resourceLocation")]
        resource: Option<String>,
    }
    let told: Told = serde_json::from_slice(reply.body()).map_err(|error| {
        let message = "what tells the status of accepted work is no JSON object with a `status`";
        failed(ErrorKind::Decode, Code::Internal, message, &reply).because(error)
    })?;
    let is = |word: &str| told.status.eq_ignore_ascii_case(word);
    if is("succeeded") {
        let end = match (told.resource, result) {
            (Some(resource), _) => End::At(here.lead(&resource)?),
            (None, Some(result)) => End::At(result.clone()),
            (None, None) => End::Here(reply),
        };
        return Ok(Judged::Done(end));
    }
    if is("failed") {
        let message = "the work that the service had accepted failed";
        return Err(failed(ErrorKind::Status, Code::Unknown, message, &reply));
    }
    if is("canceled") || is("cancelled") {
        let message = "the work that the service had accepted was cancelled";
        return Err(failed(ErrorKind::Status, Code::Cancelled, message, &reply));
    }
    Ok(Judged::Running {
        moved: None,
        ask_after: retry_after(reply.headers()),
    })
}

fn failed(kind: ErrorKind, code: Code, message: &'static str, reply: &Reply<Bytes>) -> Fault {
    let kept = RawReply {
        headers: reply.headers().clone(),
        body: reply.body().clone(),
    };
    Fault::new(kind, code, message)
        .with_status(reply.status())
        .with_reply(kept)
}

impl Place {
    /// Where a reference leads from here.
    fn lead(&self, reference: &str) -> Result<Self, Fault> {
        let malformed = |message| Fault::new(ErrorKind::Decode, Code::Internal, message);
        let Some((endpoint, path)) = redirect::target(&self.endpoint, &self.path, reference) else {
            return Err(malformed("the place to ask for accepted work is no URL"));
        };
        // Of another version of HTTP than was asked for, it is the same origin still.
        let endpoint = endpoint.with_protocol(self.endpoint.protocol());
        if !endpoint.same_origin(&self.endpoint.root()) {
            return Err(malformed(
                "the place to ask for accepted work is at another origin",
            ));
        }
        Ok(Self { endpoint, path })
    }

    async fn ask(&self, client: &Client) -> Result<Reply<Bytes>, Error> {
        // What was kept is how the work stood.
        let request = client.get_at(self.endpoint.clone(), self.path.clone());
        request.header("cache-control", "no-cache").await
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn locked(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    // Nothing is left half done under this lock.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
