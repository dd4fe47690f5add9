//! From typed gRPC requests to typed replies.

use std::borrow::Cow;
use std::fmt;
use std::sync::Mutex;

use futures_util::StreamExt as _;
use http::uri::PathAndQuery;
use http::{HeaderValue, header};
use prost::Message;

use super::{Arrived, arrive, begin};
use crate::adapter::Wire;
use crate::adapter::grpc::{Messages, Outgoing, Payload};
use crate::call::{Call, CallOptions, Reply, Sending};
use crate::client::Client;
use crate::code::Code;
use crate::error::{Error, ErrorKind, Fault, RawReply};
use crate::grpc::{Details, Frame, GrpcMethod, Streaming};
use crate::operation::{Binding, Operation, Safety};
use crate::orchestrate::{self, Answer};

/// A call of a method that takes one message and gives one.
pub struct Unary<M: GrpcMethod>(pub M::Request);

/// A call of a method that takes one message and gives a stream.
pub struct ServerStreaming<M: GrpcMethod>(pub M::Request);

/// A call of a method that takes a stream and gives one message.
pub struct ClientStreaming<M: GrpcMethod>(pub Streaming<M::Request>);

/// A call of a method that takes a stream and gives one.
pub struct Bidirectional<M: GrpcMethod>(pub Streaming<M::Request>);

impl<M: GrpcMethod> Call for Unary<M> {
    type Response = M::Response;
    type Failure = Details;
    type Output = M::Response;
    const OPERATION: &'static Operation = M::OPERATION;

    fn send(self, client: &Client, options: CallOptions) -> Sending<'_, Self> {
        let call =
            frame(&self.0).and_then(|frame| prepare(client, M::OPERATION, Payload::Message(frame), options));
        Sending::new(arrive(client, call), |arrived| one::<M>(answer(arrived)?))
    }

    fn output(response: M::Response) -> M::Response {
        response
    }
}

impl<M: GrpcMethod> Call for ServerStreaming<M> {
    type Response = Streaming<M::Response>;
    type Failure = Details;
    type Output = Streaming<M::Response>;
    const OPERATION: &'static Operation = M::OPERATION;

    fn send(self, client: &Client, options: CallOptions) -> Sending<'_, Self> {
        let call =
            frame(&self.0).and_then(|frame| prepare(client, M::OPERATION, Payload::Message(frame), options));
        Sending::new(arrive(client, call), |arrived| Ok(many::<M>(answer(arrived)?)))
    }

    fn output(response: Self::Response) -> Self::Response {
        response
    }
}

impl<M: GrpcMethod> Call for ClientStreaming<M> {
    type Response = M::Response;
    type Failure = Details;
    type Output = M::Response;
    const OPERATION: &'static Operation = M::OPERATION;

    fn send(self, client: &Client, options: CallOptions) -> Sending<'_, Self> {
        let call = prepare(client, M::OPERATION, outgoing(self.0), options);
        Sending::new(arrive(client, call), |arrived| one::<M>(answer(arrived)?))
    }

    fn output(response: M::Response) -> M::Response {
        response
    }
}

impl<M: GrpcMethod> Call for Bidirectional<M> {
    type Response = Streaming<M::Response>;
    type Failure = Details;
    type Output = Streaming<M::Response>;
    const OPERATION: &'static Operation = M::OPERATION;

    fn send(self, client: &Client, options: CallOptions) -> Sending<'_, Self> {
        let call = prepare(client, M::OPERATION, outgoing(self.0), options);
        Sending::new(arrive(client, call), |arrived| Ok(many::<M>(answer(arrived)?)))
    }

    fn output(response: Self::Response) -> Self::Response {
        response
    }
}

fn prepare(
    client: &Client,
    operation: &'static Operation,
    payload: Payload,
    options: CallOptions,
) -> Result<orchestrate::Call, Fault> {
    let named = |fault: Fault| fault.of_call(client.service().to_owned(), operation.id, 0, None);
    let Binding::Grpc(path) = operation.binding else {
        let message = "the operation is no gRPC method";
        return Err(named(Fault::new(ErrorKind::Encode, Code::Unimplemented, message)));
    };
    let (timeout, repeatable) = (options.timeout, options.repeatable);
    let mut token = None;
    let mut call = begin(client, Cow::Borrowed(operation.id), options, |headers| {
        token = client.0.shown.write_always(headers);
    })
    .map_err(named)?;
    call.token = token;
    // gRPC says what it accepts by its content type.
    if call.headers.get(header::ACCEPT) == Some(&HeaderValue::from_static("application/json")) {
        call.headers.remove(header::ACCEPT);
    }
    let replayable = matches!(payload, Payload::Message(_));
    call.metrics = client.0.operation_metrics.get(operation.index).cloned();
    call.repeatable = replayable && repeatable.unwrap_or_else(|| operation.safety.is_repeatable());
    call.safe = replayable && operation.safety == Safety::Safe;
    call.timeout = client.0.total_time(operation.timeout, timeout);
    call.wire = Wire::Grpc(Outgoing {
        path: PathAndQuery::from_static(path),
        shape: operation.shape,
        payload,
    });
    Ok(call)
}

fn answer(arrived: Arrived<'_>) -> Result<Answer, Error<Details>> {
    arrived.answer.map_err(crate::grpc::with_details)
}

fn frame(message: &impl Message) -> Result<Frame, Fault> {
    let written = Frame::build(message.encoded_len(), |buffer| message.encode_raw(buffer));
    written.map_err(crate::adapter::grpc::status_fault)
}

fn outgoing<T: Message + 'static>(messages: Streaming<T>) -> Payload {
    let frames: Messages = Box::pin(messages.map(|message| {
        let message = message.map_err(|error| error.to_status())?;
        Frame::build(message.encoded_len(), |buffer| message.encode_raw(buffer))
    }));
    Payload::Stream(Mutex::new(Some(frames)))
}

fn one<M: GrpcMethod>(answer: Answer) -> Result<Reply<M::Response>, Error<Details>> {
    let message = decode::<M::Response>(answer.body)?;
    Ok(Reply::new(
        answer.status,
        answer.headers,
        answer.attempts,
        message,
    ))
}

fn many<M: GrpcMethod>(answer: Answer) -> Reply<Streaming<M::Response>> {
    let messages = match answer.messages {
        None => Streaming::of([]),
        Some(messages) => Streaming::new(messages.map(|message| match message {
            Ok(message) => decode::<M::Response>(message),
            Err(status) => Err(status.into()),
        })),
    };
    Reply::new(answer.status, answer.headers, answer.attempts, messages)
}

fn decode<T: Message + Default>(octets: bytes::Bytes) -> Result<T, Error<Details>> {
    T::decode(octets.clone()).map_err(|error| {
        let message = "the reply is no message of the type that the contract says";
        let reply = RawReply {
            headers: http::HeaderMap::new(),
            body: octets,
        };
        Fault::new(ErrorKind::Decode, Code::Internal, message)
            .with_reply(reply)
            .because(error)
            .into()
    })
}

macro_rules! shown {
    ($($name:ident)*) => {$(
        impl<M: GrpcMethod> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&M::OPERATION.id).finish()
            }
        }
    )*};
}

shown! { Unary ServerStreaming ClientStreaming Bidirectional }

impl<M: GrpcMethod> Clone for Unary<M>
where
    M::Request: Clone,
{
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: GrpcMethod> Clone for ServerStreaming<M>
where
    M::Request: Clone,
{
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
