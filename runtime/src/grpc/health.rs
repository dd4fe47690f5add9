//! The gRPC health service, `grpc.health.v1.Health`: the question and the answers.
//!
//! The messages are few and frozen, so they are written out here from
//! `grpc/health/v1/health.proto`.

use http::HeaderMap;
use http::uri::PathAndQuery;
use prost::Message;

use super::client::{CallOptions, GrpcFailure, unary};
use super::{Frame, Status};
use crate::code::Code;
use crate::http::{Endpoint, Line};

#[cfg(feature = "server")]
pub use serve::Health;

/// The path of `Check`.
pub const CHECK: &str = "/grpc.health.v1.Health/Check";
/// The path of `Watch`.
pub const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// Whether a service serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Serving {
    /// Not known (yet).
    Unknown = 0,
    /// It serves.
    Serving = 1,
    /// It is there and does not serve now.
    NotServing = 2,
    /// There is no service of that name; only in the replies of `Watch`.
    ServiceUnknown = 3,
}

/// `grpc.health.v1.HealthCheckRequest`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct HealthCheckRequest {
    /// The service's full name; empty for the server as a whole.
    #[prost(string, tag = "1")]
    pub service: String,
}

/// `grpc.health.v1.HealthCheckResponse`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct HealthCheckResponse {
    /// Whether the service serves.
    #[prost(enumeration = "Serving", tag = "1")]
    pub status: i32,
}

/// Asks a server whether `service` serves; empty asks for the server as a whole.
///
/// # Errors
/// `NOT_FOUND` when the server does not know the service, `UNIMPLEMENTED` when it
/// has no health service, and what the call fails with.
pub async fn check(
    line: &Line,
    endpoint: &Endpoint,
    service: &str,
    options: CallOptions,
) -> Result<Serving, GrpcFailure> {
    let broken = |status| GrpcFailure::Status {
        status,
        trailers_only: false,
    };
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let frame = Frame::of(&request.encode_to_vec()).map_err(broken)?;
    let path = PathAndQuery::from_static(CHECK);
    let reply = unary(line, endpoint, path, HeaderMap::new(), frame, options).await?;
    let reply = HealthCheckResponse::decode(reply.message).map_err(|error| {
        broken(Status::new(
            Code::Internal,
            format!("the health reply is malformed: {error}"),
        ))
    })?;
    Ok(reply.status())
}

#[cfg(feature = "server")]
mod serve {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, PoisonError};

    use bytes::Bytes;
    use futures_util::StreamExt;
    use futures_util::stream::unfold;
    use prost::Message;
    use tokio::sync::watch;

    use super::{CHECK, HealthCheckRequest, HealthCheckResponse, Serving, WATCH};
    use crate::code::Code;
    use crate::grpc::{Answer, AnswerMessages, GrpcService, Received, Status};

    /// Which services of this server serve. Cheap to clone; clones share the state.
    ///
    /// The server as a whole (the empty name) serves from the start.
    #[derive(Debug, Clone)]
    pub struct Health(Arc<Mutex<HashMap<String, watch::Sender<Serving>>>>);

    impl Default for Health {
        fn default() -> Self {
            Self::new()
        }
    }

    impl Health {
        /// Nothing but the server as a whole, which serves.
        pub fn new() -> Self {
            let whole = (String::new(), watch::Sender::new(Serving::Serving));
            Self(Arc::new(Mutex::new(HashMap::from([whole]))))
        }

        /// Says that `service` serves.
        pub fn set_serving(&self, service: &str) {
            self.set(service, Serving::Serving);
        }

        /// Says that `service` does not serve now.
        pub fn set_not_serving(&self, service: &str) {
            self.set(service, Serving::NotServing);
        }

        /// Says that nothing serves any more, as before a shutdown.
        pub fn set_all_not_serving(&self) {
            for sender in self.lock().values() {
                sender.send_if_modified(|now| {
                    let known = *now == Serving::Serving;
                    if known {
                        *now = Serving::NotServing;
                    }
                    known
                });
            }
        }

        /// What the server says of `service`; `None` when it does not know it.
        pub fn status(&self, service: &str) -> Option<Serving> {
            let status = *self.lock().get(service)?.borrow();
            (status != Serving::ServiceUnknown).then_some(status)
        }

        fn set(&self, service: &str, status: Serving) {
            let mut states = self.lock();
            match states.get(service) {
                Some(sender) => {
                    sender.send_if_modified(|now| std::mem::replace(now, status) != status);
                }
                None => {
                    states.insert(service.to_owned(), watch::Sender::new(status));
                }
            }
        }

        /// Follows `service`, known or not.
        fn follow(&self, service: &str) -> watch::Receiver<Serving> {
            let mut states = self.lock();
            if let Some(sender) = states.get(service) {
                return sender.subscribe();
            }
            // Names that callers made up live as long as somebody follows them.
            states.retain(|_, sender| {
                sender.receiver_count() > 0 || *sender.borrow() != Serving::ServiceUnknown
            });
            let sender = watch::Sender::new(Serving::ServiceUnknown);
            let receiver = sender.subscribe();
            states.insert(service.to_owned(), sender);
            receiver
        }

        fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, watch::Sender<Serving>>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// The methods `Check` and `Watch`.
        pub fn service(&self) -> GrpcService {
            let (checked, watched) = (self.clone(), self.clone());
            GrpcService::new()
                .unary(CHECK, move |received| {
                    let answer = checked.check(&received);
                    async move { answer.map(Answer::from) }
                })
                .server_streaming(WATCH, move |received| {
                    let answer = watched.watch(&received);
                    async move { answer.map(Answer::from) }
                })
        }

        fn check(&self, received: &Received<Bytes>) -> Result<Bytes, Status> {
            let service = asked(received)?;
            match self.status(&service) {
                Some(status) => Ok(reply(status)),
                None => Err(Status::new(
                    Code::NotFound,
                    format!("there is no service {service:?} to check"),
                )),
            }
        }

        /// The status now, and again whenever it changes.
        fn watch(&self, received: &Received<Bytes>) -> Result<AnswerMessages, Status> {
            let mut receiver = self.follow(&asked(received)?);
            receiver.mark_changed();
            Ok(unfold(receiver, |mut receiver| async {
                receiver.changed().await.ok()?;
                let status = *receiver.borrow_and_update();
                Some((Ok(reply(status)), receiver))
            })
            .boxed())
        }
    }

    fn asked(received: &Received<Bytes>) -> Result<String, Status> {
        HealthCheckRequest::decode(received.message.clone())
            .map(|request| request.service)
            .map_err(|error| Status::new(Code::InvalidArgument, error.to_string()))
    }

    fn reply(status: Serving) -> Bytes {
        HealthCheckResponse {
            status: status.into(),
        }
        .encode_to_vec()
        .into()
    }
}
