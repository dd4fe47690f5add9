//! Bodies that are read and written piece by piece: what the codec, which knows whole values only, hands on unopened.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;

/// Any error of a stream that somebody else writes.
pub type StreamError = Box<dyn std::error::Error + Send + Sync>;

/// Octets as they come or go.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, StreamError>> + Send>>;

/// A body that is read and written piece by piece, as a codec sees it.
pub trait Streamed: Send + Sync {
    /// Takes what is to be sent, written as `framing` says. `None`: it was sent already.
    fn take(&self, framing: Framing) -> Option<Leaving>;
    /// Puts there what arrives.
    fn put(&mut self, arriving: Arriving);
    /// Whether both have the same content: the same stream, or equal pieces that are all there.
    fn is_same(&self, other: &dyn Streamed) -> bool;
    /// Itself, to be compared.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// How pieces stand in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Not at all: octets as they are.
    Octets,
    /// Server-sent events, whose data is JSON.
    Events,
    /// Server-sent events, whose data is text.
    TextEvents,
    /// A JSON text a line.
    Lines,
    /// JSON texts, each behind a record separator (RFC 7464).
    Sequence,
}

/// A body that arrives.
pub struct Arriving {
    /// Its octets.
    pub octets: ByteStream,
    /// The headers that it came with.
    pub headers: HeaderMap,
    /// How its pieces stand in them.
    pub framing: Framing,
    /// How many octets may be held at once: of a line, of an event, or of all when all is asked for.
    pub limit: usize,
    /// Whether each item is judged by the rules of the contract.
    pub judged: bool,
    /// Asks for the rest when the connection breaks, where that can be done.
    pub again: Option<Arc<dyn Again>>,
}

/// A body to be sent.
pub struct Leaving {
    /// What is in it.
    pub content: Content,
    /// Its media type, where the contract leaves it open.
    pub media_type: Option<String>,
    /// The name that it is to be kept by.
    pub file_name: Option<String>,
}

/// What is in a body to be sent.
pub enum Content {
    /// All of it, so that it can be sent again.
    Whole(Bytes),
    /// What comes, once.
    Stream {
        /// The octets.
        octets: ByteStream,
        /// How many there will be, if that is known.
        length: Option<u64>,
    },
    /// What comes, as often as it is asked for, each time from the start.
    Repeatable {
        /// The octets.
        open: Opening,
        /// How many there will be, if that is known.
        length: Option<u64>,
    },
}

/// Opens what can be read more than once.
pub type Opening = Arc<dyn Fn() -> ByteStream + Send + Sync>;

/// The future of [`Again::again`].
pub type Asking = Pin<Box<dyn Future<Output = Result<Option<ByteStream>, StreamError>> + Send>>;

/// Asks again for a stream of events.
pub trait Again: Send + Sync {
    /// Waits for as long as `wait` says, then asks for what follows the event of this id. `None`: there is nothing more.
    fn again(self: Arc<Self>, wait: Wait, last_event_id: String) -> Asking;
}

/// How long to wait before asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The wait before the first time.
    pub delay: std::time::Duration,
    /// The longest wait, unless the first is longer.
    pub longest: std::time::Duration,
    /// How often it was in vain.
    pub failures: u32,
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving")
            .field("framing", &self.framing)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaving")
            .field("media_type", &self.media_type)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(octets) => write!(f, "Whole({} octets)", octets.len()),
            Self::Stream { length, .. } => f
                .debug_struct("Stream")
                .field("length", length)
                .finish_non_exhaustive(),
            Self::Repeatable { length, .. } => f
                .debug_struct("Repeatable")
                .field("length", length)
                .finish_non_exhaustive(),
        }
    }
}
