//! Items: JSON texts, one behind the other.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt as _;

use super::lines::{self, Lines};
use super::source::{Source, lock};
use super::{cause_of, read};
use crate::codec::{Arriving, Content, Framing, Leaving, Node, NodeMut, Streamed, Value, equal, json};
use crate::error::Error;

/// A body of items, each a JSON text: `application/x-ndjson`, `application/jsonl` (a line each) or
/// `application/json-seq` (RFC 7464). To be read, it is a stream of its items, which ends after its first error;
/// dropping it ends the call.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use tieline::stream::Items;
///
/// let mut items = Items::of([1, 2]);
/// while let Some(item) = items.item().await? {
///     println!("{item}");
/// }
/// # Ok::<(), tieline::Error>(()) }).unwrap();
/// ```
///
/// Clones of a list are lists of their own; clones of a stream share it, so that each item goes to one of them.
#[derive(Clone)]
pub struct Items<T>(Source<T>);

impl<T> Items<T> {
    /// These items. They are sent as a whole, again if need be.
    pub fn of(items: impl IntoIterator<Item = T>) -> Self {
        Self(Source::list(items.into_iter().collect()))
    }

    /// What `stream` gives. An error ends the body before its end, as the other side sees.
    pub fn new(stream: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self(Source::live(stream))
    }

    /// What is sent into the other half; at most `capacity` items wait. Dropping the sender ends the body.
    pub fn channel(capacity: usize) -> (tokio::sync::mpsc::Sender<Result<T, Error>>, Self)
    where
        T: Send + 'static,
    {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(capacity.max(1));
        let stream = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
        (sender, Self::new(stream))
    }

    /// The next item. `None`: the body ended well.
    ///
    /// # Errors
    /// How the body failed.
    pub async fn item(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|cx| self.0.poll(cx)).await.transpose()
    }

    /// All items. They are held in memory, however many there are.
    ///
    /// # Errors
    /// How the body failed.
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.item().await? {
            all.push(item);
        }
        Ok(all)
    }
}

// No piece is pinned.
impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll(cx)
    }
}

impl<T: Value> Streamed for Items<T> {
    fn take(&self, framing: Framing) -> Option<Leaving> {
        let written = move |item: &dyn Value| lines::frame(json::to_vec(item), framing);
        let content = match &self.0 {
            Source::List(items) => {
                let mut all = Vec::new();
                for item in items.as_slice() {
                    all.extend_from_slice(&written(item));
                }
                Content::Whole(all.into())
            }
            Source::Live(shared) => {
                let items = lock(shared).take()?;
                Content::Stream {
                    octets: Box::pin(
                        items.map(move |item| item.map(|item| written(&item)).map_err(cause_of)),
                    ),
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
        let mut lines = Lines::new(arriving.octets, arriving.framing, arriving.limit);
        self.0 = Source::live(futures_util::stream::poll_fn(move |cx| {
            lines.poll(cx).map(|line| {
                line.map(|line| {
                    let mut item = T::blank();
                    read(&line?, false, arriving.judged, &mut item)?;
                    Ok(item)
                })
            })
        }));
    }

    fn is_same(&self, other: &dyn Streamed) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.0.is_same(&other.0, |this, that| equal(this, that)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<T: Value> Value for Items<T> {
    fn node(&self) -> Node<'_> {
        Node::Stream(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Stream(self)
    }

    fn blank() -> Self {
        Self(Source::list(Vec::new()))
    }
}

impl<T: Value> PartialEq for Items<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::List(items) => write!(f, "Items({})", items.len()),
            Source::Live(_) => f.write_str("Items(..)"),
        }
    }
}
