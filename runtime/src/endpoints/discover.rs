//! Where the endpoints of a service come from.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::Member;

/// The next set of endpoints; see [`Discover::next`].
pub type Discovering<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Vec<Member>>, DiscoverError>> + Send + 'a>>;

/// Says which endpoints a service has, again whenever that changes.
pub trait Discover: Send + 'static {
    /// Waits for the next set, whole and not as a difference; the first one should come at once. `None`: it will never
    /// change again.
    ///
    /// An error, or an empty set, leaves the endpoints that were known last in place, and is logged; it is asked again after
    /// a while. The future may be dropped at any await; the next one has to go on where that one stood.
    fn next(&mut self) -> Discovering<'_>;

    /// An endpoint could not be reached, so that the set may be old: what looks names up should do so soon.
    fn hurry(&mut self) {}
}

impl<D: Discover + ?Sized> Discover for Box<D> {
    fn next(&mut self) -> Discovering<'_> {
        (**self).next()
    }

    fn hurry(&mut self) {
        (**self).hurry();
    }
}

/// Why no endpoints are known. Cheap to clone.
#[derive(Clone)]
pub struct DiscoverError {
    message: Arc<str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl DiscoverError {
    /// With a message that says what to do.
    pub fn new(message: impl Into<Arc<str>>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// With the cause.
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl fmt::Display for DiscoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for DiscoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiscoverError")
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for DiscoverError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// A list that never changes.
#[derive(Debug, Clone, Default)]
pub struct List(Vec<Member>);

impl List {
    /// These endpoints.
    pub fn new<M: Into<Member>>(members: impl IntoIterator<Item = M>) -> Self {
        Self(members.into_iter().map(Into::into).collect())
    }
}

impl Discover for List {
    fn next(&mut self) -> Discovering<'_> {
        let members = std::mem::take(&mut self.0);
        Box::pin(async move { Ok((!members.is_empty()).then_some(members)) })
    }
}
