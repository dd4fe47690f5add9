//! Where pieces come from: a list, or a stream that all clones share.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::Error;

/// A stream of pieces.
pub(super) type Live<I> = Pin<Box<dyn Stream<Item = Result<I, Error>> + Send>>;

/// Where pieces come from.
pub(super) enum Source<I> {
    /// All are there.
    List(std::vec::IntoIter<I>),
    /// They come. `None`: the stream has ended, or has been sent.
    Live(Arc<Mutex<Option<Live<I>>>>),
}

impl<I> Source<I> {
    pub(super) fn list(items: Vec<I>) -> Self {
        Self::List(items.into_iter())
    }

    pub(super) fn live(stream: impl Stream<Item = Result<I, Error>> + Send + 'static) -> Self {
        Self::Live(Arc::new(Mutex::new(Some(Box::pin(stream)))))
    }

    /// The next piece. A stream ends after its first error.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<I, Error>>> {
        let shared = match self {
            Self::List(items) => return Poll::Ready(items.next().map(Ok)),
            Self::Live(shared) => shared,
        };
        let mut live = lock(shared);
        let Some(stream) = live.as_mut() else {
            return Poll::Ready(None);
        };
        let piece = ready!(stream.as_mut().poll_next(cx));
        if !matches!(piece, Some(Ok(_))) {
            *live = None;
        }
        Poll::Ready(piece)
    }

    /// Whether both are the same stream, or lists of equal pieces.
    pub(super) fn is_same(&self, other: &Self, equal: impl Fn(&I, &I) -> bool) -> bool {
        match (self, other) {
            (Self::List(these), Self::List(those)) => {
                let (these, those) = (these.as_slice(), those.as_slice());
                these.len() == those.len() && these.iter().zip(those).all(|(this, that)| equal(this, that))
            }
            (Self::Live(this), Self::Live(that)) => Arc::ptr_eq(this, that),
            _ => false,
        }
    }
}

/// Nothing is left half done under these locks.
pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<I: Clone> Clone for Source<I> {
    fn clone(&self) -> Self {
        match self {
            Self::List(items) => Self::List(items.clone()),
            Self::Live(shared) => Self::Live(shared.clone()),
        }
    }
}
