//! `google.longrunning.Operation`: work that a gRPC service has accepted.
//!
//! The messages are few and frozen, so they are written out here from `google/longrunning/operations.proto`. A message of
//! the user's own crate with this name is the same on the wire: [`Operation::of`] reads it.

use prost::Message;
use prost_types::Any;

use super::{PollError, Polling, Progress};
use crate::call::{Call as _, CallOptions};
use crate::client::{Client, Unary};
use crate::code::Code;
use crate::error::{Error, ErrorKind, Fault};
use crate::grpc::{Details, GrpcMethod, Status};
use crate::operation::{self, Binding, CallShape, Extras, Safety};

/// `google.longrunning.Operation`.
#[derive(Clone, PartialEq, Message)]
pub struct Operation {
    /// Its name, by which the service is asked.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What the service tells of it, such as its progress.
    #[prost(message, optional, tag = "2")]
    pub metadata: Option<Any>,
    /// Whether it has ended.
    #[prost(bool, tag = "3")]
    pub done: bool,
    /// How it has ended.
    #[prost(oneof = "OperationResult", tags = "4, 5")]
    pub result: Option<OperationResult>,
}

/// How an operation has ended.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum OperationResult {
    /// It failed, or was cancelled.
    #[prost(message, tag = "4")]
    Error(OperationStatus),
    /// What it has led to.
    #[prost(message, tag = "5")]
    Response(Any),
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct OperationStatus {
    /// The canonical code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// What went wrong, for developers.
    #[prost(string, tag = "2")]
    pub message: String,
    /// What else is said.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `google.longrunning.GetOperationRequest`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetOperationRequest {
    /// The operation's name.
    #[prost(string, tag = "1")]
    pub name: String,
}

impl Operation {
    /// The same as this message, which is one of this name that was generated elsewhere.
    ///
    /// # Errors
    /// It is another message.
    pub fn of(message: &impl Message) -> Result<Self, prost::DecodeError> {
        Self::decode(message.encode_to_vec().as_slice())
    }

    /// What it has led to.
    ///
    /// # Errors
    /// It failed, with the service's status; it has no response; or that is no such message.
    pub fn response<T: Message + Default>(&self) -> Result<T, Error<Details>> {
        match &self.result {
            Some(OperationResult::Response(any)) => T::decode(any.value.as_slice()).map_err(|error| {
                let message = format!(
                    "the response of the operation, a {:?}, is no such message",
                    any.type_url
                );
                Fault::new(ErrorKind::Decode, Code::Internal, message)
                    .because(error)
                    .into()
            }),
            Some(OperationResult::Error(status)) => Err(status.to_error()),
            None => {
                let message = "the operation has no response";
                Err(Fault::new(ErrorKind::Decode, Code::Internal, message).into())
            }
        }
    }
}

impl OperationStatus {
    fn to_error(&self) -> Error<Details> {
        let code = Code::from_number(self.code);
        Status::new(code, self.message.clone())
            .with_details(self.encode_to_vec())
            .into()
    }
}

impl Client {
    /// Asks `google.longrunning.Operations` at this service until the operation has ended, and gives what it has led to. One
    /// that has ended already is not asked for.
    ///
    /// # Errors
    /// The operation failed, with the service's status; a question could not be answered; or it still runs, and the time to
    /// wait for it is over: then it is a timeout.
    pub async fn finish_operation<T: Message + Default>(
        &self,
        operation: &impl Message,
        polling: &Polling,
    ) -> Result<T, Error<Details>> {
        let operation = Operation::of(operation).map_err(|error| {
            let message = "this is no google.longrunning.Operation";
            Error::from(Fault::new(ErrorKind::Encode, Code::InvalidArgument, message).because(error))
        })?;
        if operation.done {
            return operation.response();
        }
        let ask = |_| async {
            let request = Unary::<GetOperation>(GetOperationRequest {
                name: operation.name.clone(),
            });
            let mut options = CallOptions::default();
            // What was kept is how the work stood.
            options.header("cache-control", "no-cache");
            let now = request.send(self, options).await?.into_body();
            Ok(if now.done {
                Progress::Done(now)
            } else {
                Progress::Running { ask_after: None }
            })
        };
        match polling.run_after(None, ask).await {
            Ok(operation) => operation.response(),
            Err(PollError::Failed(error)) => Err(error),
            Err(error) => {
                let fault = Fault::timeout(error.to_string());
                Err(fault.of_call(self.service().to_owned(), GET.id, 0, None).into())
            }
        }
    }
}

/// `google.longrunning.Operations.GetOperation`.
enum GetOperation {}

impl GrpcMethod for GetOperation {
    type Request = GetOperationRequest;
    type Response = Operation;
    const OPERATION: &'static operation::Operation = &GET;
}

static GET: operation::Operation = operation::Operation {
    service: "google.longrunning.Operations",
    id: "GetOperation",
    // Of no contract: its calls have no metrics of an operation's own.
    index: usize::MAX,
    shape: CallShape::Unary,
    safety: Safety::Safe,
    idempotency_key: None,
    timeout: None,
    security: &[],
    binding: Binding::Grpc("/google.longrunning.Operations/GetOperation"),
    extras: Extras::NONE,
};
