//! Bodies that go piece by piece, sent and received: octets, items and events.
//!
//! ```text
//! octets (Octets)  ── as they are
//! items (Items)    ── a JSON text a line, or RFC 7464's sequences
//! events (Events)  ── server-sent events, which ask again when the connection breaks
//! ```
//!
//! Each is made of what the caller has (a stream, a list, a file) or of what arrives, and is a
//! [`Stream`](futures_core::Stream) either way. What is made of a list, or read from a path, can be sent again; a stream
//! goes once, so a call that sends one is not retried.

mod disk;
mod events;
mod file;
mod items;
mod lines;
mod octets;
mod source;

#[cfg(feature = "server")]
pub(crate) use disk::OnDisk;
pub use events::{Event, Events, Reconnect};
pub use items::Items;
pub use octets::{Octets, OctetsReader};

use crate::code::Code;
use crate::codec::{StreamError, Value, json, text, validate};
use crate::error::{Error, ErrorKind, Fault};

/// What a stream's failure was, if it was one of ours.
pub(crate) fn fault_of(error: StreamError) -> Fault {
    match error.downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(error) => {
            Fault::new(ErrorKind::Transport, Code::Unavailable, "the body broke off").because(error)
        }
    }
}

fn cause_of(error: Error) -> StreamError {
    Box::new(error.into_parts().0)
}

/// More octets than may be held at once.
fn too_large(what: &str, limit: usize) -> Fault {
    let message = format!("{what} is longer than {limit} octets");
    Fault::new(ErrorKind::Invalid, Code::ResourceExhausted, message)
}

/// Reads one item, and judges it where that is wanted.
fn read(octets: &[u8], is_text: bool, judged: bool, place: &mut dyn Value) -> Result<(), Fault> {
    let read = if is_text {
        text::read(&String::from_utf8_lossy(octets), place)
    } else {
        json::read(octets, place)
    };
    read.map_err(|error| {
        let message = format!("an item of the stream is not what the contract says: {error}");
        Fault::new(ErrorKind::Decode, Code::Internal, message)
    })?;
    let violations = if judged { validate(place) } else { Vec::new() };
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Fault::invalid("item", violations))
    }
}
