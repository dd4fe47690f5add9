//! What stands before the handlers of gRPC methods: places, and idempotency keys.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use prost::Message;

use super::Begun;
use crate::code::Code;
use crate::context::{Context, Principal};
use crate::error::{Error, ErrorKind, Fault};
use crate::grpc::{Answer, Details, Received, Status};
use crate::server::idempotency::{
    BadKey, Begun as Claim, Fingerprint, Idempotency, REPLAYED, Recorded, Refused, Scope, read_key,
};
use crate::server::once::SOON;
use crate::server::shedding::{Ended, RETRY_AFTER, Shedding};

/// When the call may be tried again, in milliseconds (gRFC A6).
const PUSHBACK: &str = "grpc-retry-pushback-ms";
/// The message of a failure, among the recorded headers. No metadata can be called so.
const MESSAGE: &str = ":message";

/// What stands before the handlers. Set once, when a service is put together.
#[derive(Default)]
pub(super) struct Guards {
    pub(super) idempotency: OnceLock<Idempotency>,
    pub(super) shedding: OnceLock<Arc<Shedding>>,
}

/// Says when the call may be tried again.
pub(super) fn push_back(status: &mut Status, error: &Error<Details>) {
    if let Some(wait) = error.retry_after() {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        status.metadata.insert(PUSHBACK, HeaderValue::from(millis));
    }
}

impl Begun {
    /// Does the work when there is a place for it.
    pub(super) async fn shed<T>(
        &self,
        metadata: &HeaderMap,
        work: impl Future<Output = Result<T, Error<Details>>>,
    ) -> Result<T, Error<Details>> {
        let Some(shedding) = self.method.guards.shedding.get() else {
            return work.await;
        };
        let operation = self.method.operation;
        let priority = shedding.priority_of(operation, metadata);
        let ended = |outcome: &Result<T, Error<Details>>| match outcome
            .as_ref()
            .map_or_else(Error::code, |_| Code::Ok)
        {
            Code::Ok => Ended::Well,
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => Ended::Overloaded,
            _ => Ended::Otherwise,
        };
        match shedding
            .run(operation, priority, self.context.deadline(), work, ended)
            .await
        {
            Ok(outcome) => outcome,
            Err(shed) => {
                self.method.counted.shed(priority.name(), shed.reason());
                let fault = Fault::new(ErrorKind::Internal, Code::Unavailable, shed.message());
                Err(fault.with_retry_after(Some(RETRY_AFTER)).into())
            }
        }
    }

    /// Answers one message with one; what was answered before under the same key, as it was.
    pub(super) async fn once<T, Fut>(
        mut self,
        received: Received<Bytes>,
        handler: impl FnOnce(Context, Bytes) -> Fut,
    ) -> Result<Answer<Bytes>, Status>
    where
        T: Message,
        Fut: Future<Output = Result<T, Error<Details>>>,
    {
        let Received {
            metadata, message, ..
        } = received;
        let outcome = self
            .shed(&metadata, self.keyed(&metadata, message, handler))
            .await;
        let code = match &outcome {
            Ok(Outcome::New(_)) => Code::Ok,
            Ok(Outcome::Replayed(recorded)) => Code::from_number(i32::from(recorded.status)),
            Err(error) => error.code(),
        };
        self.tally.end(code);
        match outcome {
            Ok(Outcome::New(octets)) => Ok(self.answer(octets)),
            Ok(Outcome::Replayed(recorded)) => self.again(recorded),
            Err(error) => Err(self.failed(&error)),
        }
    }

    async fn keyed<T, Fut>(
        &self,
        metadata: &HeaderMap,
        message: Bytes,
        handler: impl FnOnce(Context, Bytes) -> Fut,
    ) -> Result<Outcome, Error<Details>>
    where
        T: Message,
        Fut: Future<Output = Result<T, Error<Details>>>,
    {
        let octets = message.clone();
        let work = async {
            Ok(Bytes::from(
                self.run(|context| handler(context, octets))
                    .await?
                    .encode_to_vec(),
            ))
        };
        let operation = self.method.operation;
        let (Some(idempotency), Some(header)) = (
            self.method.guards.idempotency.get(),
            Idempotency::header(operation),
        ) else {
            return work.await.map(Outcome::New);
        };
        let key = read_key(metadata, header)
            .map_err(|BadKey| Error::new(Code::InvalidArgument, BadKey::MESSAGE))?;
        let Some(key) = key else {
            if idempotency.requires(operation) || operation.idempotency_key.is_some_and(|key| key.required) {
                let message = format!("the metadata {header} is missing, which this method demands");
                return Err(Error::new(Code::InvalidArgument, message));
            }
            return work.await.map(Outcome::New);
        };
        let caller = self.context.principal().map(Principal::name);
        let scope = Scope::new(operation.service, operation.id, caller, &key);
        let fingerprint = Fingerprint::of("POST", operation.id, "", &message);
        let held = match idempotency.begin(&scope, fingerprint).await {
            Ok(Claim::Run(held)) => held,
            Ok(Claim::Replay(recorded)) => return Ok(Outcome::Replayed(recorded)),
            Err(refused) => return Err(refusal(refused)),
        };
        let outcome: Result<Bytes, Error<Details>> = held.run(work).await;
        match recorded(&outcome, idempotency.greatest_record()) {
            Some(recorded) => held.complete(&recorded).await,
            None => held.release().await,
        }
        outcome.map(Outcome::New)
    }

    /// The answer that was recorded.
    fn again(&self, recorded: Recorded) -> Result<Answer<Bytes>, Status> {
        let body = recorded.body.unwrap_or_default();
        let replayed = HeaderValue::from_static("true");
        let code = Code::from_number(i32::from(recorded.status));
        if code == Code::Ok {
            let mut answer = self.answer(body);
            answer.headers.insert(REPLAYED, replayed);
            return Ok(answer);
        }
        let message = recorded.headers.into_iter().find(|(name, _)| name == MESSAGE);
        let message = message.map(|(_, text)| String::from_utf8_lossy(&text).into_owned());
        let mut status = Status::new(code, message.unwrap_or_default()).with_details(body);
        status.metadata = self.headers();
        status.metadata.insert(REPLAYED, replayed);
        Err(status)
    }
}

/// What a call gives.
enum Outcome {
    /// What the handler gave.
    New(Bytes),
    /// What it gave before.
    Replayed(Recorded),
}

/// What is kept of an outcome; `None`: it is not final, as the same call may end otherwise the next time.
fn recorded(outcome: &Result<Bytes, Error<Details>>, limit: usize) -> Option<Recorded> {
    match outcome {
        Ok(octets) => Some(Recorded {
            status: 0,
            headers: Vec::new(),
            body: (octets.len() <= limit).then(|| octets.clone()),
        }),
        Err(error) => {
            let is_final = matches!(
                error.code(),
                Code::InvalidArgument
                    | Code::NotFound
                    | Code::AlreadyExists
                    | Code::FailedPrecondition
                    | Code::OutOfRange
                    | Code::Unimplemented
            );
            is_final.then(|| {
                let status = error.to_status();
                Recorded {
                    status: error.code() as u16,
                    headers: vec![(MESSAGE.to_owned(), status.message.as_bytes().to_vec())],
                    body: Some(status.details),
                }
            })
        }
    }
}

fn refusal(refused: Refused) -> Error<Details> {
    let message = refused.message();
    let (code, wait) = match refused {
        Refused::InProgress => (Code::Aborted, Some(SOON)),
        Refused::NotKept => (Code::AlreadyExists, None),
        Refused::Mismatch => (Code::InvalidArgument, None),
        Refused::Store(error) => {
            let fault = Fault::new(ErrorKind::Internal, Code::Unavailable, message).because(error);
            return fault.with_retry_after(Some(SOON)).into();
        }
    };
    Fault::new(ErrorKind::Status, code, message)
        .with_retry_after(wait)
        .into()
}
