//! The event stream format, written; and the comments that keep a silent stream alive.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use super::Event;
use crate::clock::Clock;
use crate::code::Code;
use crate::codec::{ByteStream, Framing, StreamError, Value, json, text};
use crate::error::{ErrorKind, Fault};

/// An event as octets.
///
/// # Errors
/// Its name or its id has a line end, which would begin another field.
pub(super) fn write<T: Value>(event: &Event<T>, framing: Framing) -> Result<Bytes, Fault> {
    write_fields(
        event.event.as_deref(),
        event.id.as_deref(),
        event.retry,
        &event.data,
        framing,
    )
}

fn write_fields(
    event: Option<&str>,
    id: Option<&str>,
    retry: Option<Duration>,
    data: &dyn Value,
    framing: Framing,
) -> Result<Bytes, Fault> {
    let mut out = String::new();
    for (name, value) in [("event", event), ("id", id)] {
        let Some(value) = value else { continue };
        if value.contains(['\r', '\n', '\0']) {
            let message =
                format!("the {name} of an event holds a line end or a zero, which the format cannot carry");
            return Err(Fault::new(ErrorKind::Encode, Code::InvalidArgument, message));
        }
        field(&mut out, name, value);
    }
    if let Some(retry) = retry {
        field(&mut out, "retry", &retry.as_millis().to_string());
    }
    let data = if framing == Framing::TextEvents {
        text::parts(data).to_string()
    } else {
        json::to_string(data)
    };
    let mut rest = data.as_str();
    while let Some(end) = rest.find(['\r', '\n']) {
        field(&mut out, "data", &rest[..end]);
        rest = rest[end..].strip_prefix("\r\n").unwrap_or(&rest[end + 1..]);
    }
    field(&mut out, "data", rest);
    out.push('\n');
    Ok(out.into())
}

fn field(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(": ");
    out.push_str(value);
    out.push('\n');
}

/// A stream that says a comment whenever it was silent for `interval`.
pub(super) struct Heartbeat {
    octets: ByteStream,
    clock: Clock,
    interval: Duration,
    silence: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Heartbeat {
    pub(super) fn around(octets: ByteStream, clock: Clock, interval: Duration) -> ByteStream {
        Box::pin(Self {
            octets,
            clock,
            interval,
            silence: silence(clock, interval),
        })
    }
}

fn silence(clock: Clock, interval: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move { clock.sleep(interval).await })
}

impl Stream for Heartbeat {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = match self.octets.as_mut().poll_next(cx) {
            Poll::Pending => match self.silence.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => Some(Ok(Bytes::from_static(b":\n\n"))),
            },
            Poll::Ready(next) => next,
        };
        self.silence = silence(self.clock, self.interval);
        Poll::Ready(next)
    }
}
