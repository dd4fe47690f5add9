//! Server-sent events (WHATWG HTML, section 9.2), typed on both sides.

mod parser;
mod reader;
mod write;

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt as _;

use self::reader::{Reader, Shared};
use self::write::{Heartbeat, write};
use super::source::{Source, lock};
use super::{cause_of, read};
use crate::clock::Clock;
use crate::codec::{Arriving, Content, Framing, Leaving, Node, NodeMut, StreamError, Streamed, Value, equal};
use crate::error::Error;

/// How long a server is silent before it says that it is still there: 15 s, unless set.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event<T> {
    /// What it says.
    pub data: T,
    /// What kind of event it is. `None`: `message`.
    pub event: Option<String>,
    /// Its id, or that of the last event before it that had one.
    pub id: Option<String>,
    /// How long to wait before asking again, if it says so.
    pub retry: Option<Duration>,
}

impl<T> Event<T> {
    /// An event that says `data` and no more.
    pub fn new(data: T) -> Self {
        Self {
            data,
            event: None,
            id: None,
            retry: None,
        }
    }

    /// Says what kind of event it is.
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// Gives it an id, which a client that has lost its connection sends back as `Last-Event-ID`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Tells clients how long to wait before they ask again.
    pub fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }
}

/// When a stream of events is asked for again. Only requests that may be sent twice are (GET, and what the contract or the
/// caller says), with the `Last-Event-ID` that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnect {
    /// Whether at all; yes unless set.
    pub enabled: bool,
    /// Whether also after an end without an error. Unless set, where the server has shown that it expects clients to come
    /// back: it has sent an id or a `retry`. (A browser always does; a stream that simply ends would then never end.)
    pub after_end: Option<bool>,
    /// The wait before, unless the server has said one by `retry`; 3 s unless set. It doubles each time that it was in
    /// vain, and up to a quarter is added at random.
    pub delay: Duration,
    /// The longest wait, unless the server has said a longer one; 30 s unless set.
    pub longest_delay: Duration,
    /// How often in a row it may be in vain before the stream fails. `None`: without end. 10 unless set.
    pub attempts: Option<u32>,
}

impl Reconnect {
    /// Never.
    pub const NEVER: Self = Self {
        enabled: false,
        after_end: Some(false),
        delay: Duration::ZERO,
        longest_delay: Duration::ZERO,
        attempts: Some(0),
    };

    /// Sets whether also after an end without an error.
    pub fn after_end(mut self, after_end: bool) -> Self {
        self.after_end = Some(after_end);
        self
    }

    /// Sets the first wait and the longest.
    pub fn delays(mut self, first: Duration, longest: Duration) -> Self {
        (self.delay, self.longest_delay) = (first, longest);
        self
    }

    /// Sets how often in a row it may be in vain.
    pub fn attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.attempts = attempts.into();
        self
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            enabled: true,
            after_end: None,
            delay: Duration::from_secs(3),
            longest_delay: Duration::from_secs(30),
            attempts: Some(10),
        }
    }
}

/// A body of server-sent events (`text/event-stream`). To be read, it is a stream of [`Event`]s, which ends after its
/// first error; dropping it ends the call.
///
/// A connection that breaks is made again by the rules of [`Reconnect`]. An event without data counts as a sign of life
/// where the contract promises JSON, and data of `[DONE]` as the end.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use tieline::stream::{Event, Events};
///
/// let mut events = Events::of([Event::new(7).id("1"), Event::new(8).id("2")]);
/// while let Some(event) = events.event().await? {
///     println!("{:?}: {}", event.id, event.data);
/// }
/// # Ok::<(), tieline::Error>(()) }).unwrap();
/// ```
///
/// Clones of a list are lists of their own; clones of a stream share it, so that each event goes to one of them.
#[derive(Clone)]
pub struct Events<T> {
    source: Source<Event<T>>,
    heartbeat: Option<Duration>,
    shared: Arc<Shared>,
}

impl<T> Events<T> {
    /// These events.
    pub fn of(events: impl IntoIterator<Item = Event<T>>) -> Self {
        Self::from_source(Source::list(events.into_iter().collect()))
    }

    /// What `stream` gives. An error breaks the connection, so that clients ask again.
    pub fn new(stream: impl Stream<Item = Result<Event<T>, Error>> + Send + 'static) -> Self {
        Self::from_source(Source::live(stream))
    }

    /// What is sent into the other half; at most `capacity` events wait. Dropping the sender ends the body; when the
    /// client is gone, the sender is closed.
    pub fn channel(capacity: usize) -> (tokio::sync::mpsc::Sender<Result<Event<T>, Error>>, Self)
    where
        T: Send + 'static,
    {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(capacity.max(1));
        let stream = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
        (sender, Self::new(stream))
    }

    fn from_source(source: Source<Event<T>>) -> Self {
        Self {
            source,
            heartbeat: Some(HEARTBEAT),
            shared: Arc::default(),
        }
    }

    /// Sets how long a server is silent before it sends a comment, so that nobody in between takes the connection for
    /// dead; 15 s unless set, `None` for never.
    pub fn with_heartbeat(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.heartbeat = interval.into();
        self
    }

    /// Sets when a client asks again.
    pub fn with_reconnect(self, reconnect: Reconnect) -> Self {
        *lock(&self.shared.reconnect) = reconnect;
        self
    }

    /// The id of the last event that was read, if it had one.
    pub fn last_event_id(&self) -> Option<String> {
        Some(lock(&self.shared.last_event_id).clone()).filter(|id| !id.is_empty())
    }

    /// The next event. `None`: the stream ended well.
    ///
    /// # Errors
    /// How the stream failed.
    pub async fn event(&mut self) -> Result<Option<Event<T>>, Error> {
        poll_fn(|cx| self.source.poll(cx)).await.transpose()
    }

    /// What the events say, without their names and ids.
    pub fn data(self) -> impl Stream<Item = Result<T, Error>> + Unpin {
        self.map(|event| event.map(|event| event.data))
    }

    /// All events. They are held in memory, however many there are.
    ///
    /// # Errors
    /// How the stream failed.
    pub async fn collect(mut self) -> Result<Vec<Event<T>>, Error> {
        let mut all = Vec::new();
        while let Some(event) = self.event().await? {
            all.push(event);
        }
        Ok(all)
    }
}

// No piece is pinned.
impl<T> Unpin for Events<T> {}

impl<T> Stream for Events<T> {
    type Item = Result<Event<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.source.poll(cx)
    }
}

impl<T: Value> Streamed for Events<T> {
    fn take(&self, framing: Framing) -> Option<Leaving> {
        let content = match &self.source {
            Source::List(events) => {
                let written = events.as_slice().iter().map(|event| write(event, framing));
                match written.collect::<Result<Vec<_>, _>>() {
                    Ok(written) => Content::Whole(written.concat().into()),
                    Err(fault) => Content::Stream {
                        octets: Box::pin(futures_util::stream::iter([Err(StreamError::from(fault))])),
                        length: None,
                    },
                }
            }
            Source::Live(shared) => {
                let events = lock(shared).take()?;
                let octets =
                    Box::pin(events.map(move |event| Ok(write(&event.map_err(cause_of)?, framing)?)));
                Content::Stream {
                    octets: match self.heartbeat {
                        Some(interval) => Heartbeat::around(octets, Clock::tokio(), interval),
                        None => octets,
                    },
                    length: None,
                }
            }
        };
        Some(Leaving {
            content,
            media_type: None,
            file_name: None,
        })
    }

    fn put(&mut self, arriving: Arriving) {
        let is_text = arriving.framing == Framing::TextEvents;
        let judged = arriving.judged;
        let mut reader = Reader::new(arriving, self.shared.clone());
        self.source = Source::live(futures_util::stream::poll_fn(move |cx| {
            reader.poll(cx).map(|event| {
                event.map(|event| {
                    let event = event?;
                    let mut data = T::blank();
                    read(event.data.as_bytes(), is_text, judged, &mut data)?;
                    Ok(Event {
                        data,
                        event: event.event,
                        id: event.id,
                        retry: event.retry,
                    })
                })
            })
        }));
    }

    fn is_same(&self, other: &dyn Streamed) -> bool {
        let Some(other) = other.as_any().downcast_ref::<Self>() else {
            return false;
        };
        self.source.is_same(&other.source, |this, that| {
            let facts = |event: &Event<T>| (event.event.clone(), event.id.clone(), event.retry);
            facts(this) == facts(that) && equal(&this.data, &that.data)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<T: Value> Value for Events<T> {
    fn node(&self) -> Node<'_> {
        Node::Stream(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Stream(self)
    }

    fn blank() -> Self {
        Self::of([])
    }
}

impl<T: Value> PartialEq for Events<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::List(events) => write!(f, "Events({})", events.len()),
            Source::Live(_) => f.write_str("Events(..)"),
        }
    }
}
