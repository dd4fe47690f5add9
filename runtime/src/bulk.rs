//! Single calls gathered into calls for many.
//!
//! ```text
//! load(7) load(9) load(7) ── until the gathering time is over, or the batch is full ── fetch [7, 9] ── to each its own
//! ```
//!
//! Equal keys are asked for once, keys keep the order in which they were first asked for, and a batch that is full is sent
//! at once while the next one fills. Nothing is kept: put a [`Cache`](crate::policy::cache::Cache) around what shall be.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use indexmap::IndexSet;
use tokio::sync::{Notify, oneshot};
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::context::Context;

/// How many keys a batch has at most unless it is set.
pub const DEFAULT_MAX_KEYS: usize = 100;

/// How long a batch is open for further keys unless it is set.
pub const DEFAULT_GATHER: Duration = Duration::from_millis(1);

/// Gathers calls for single keys into calls for many. Cheap to clone; clones share the batches.
///
/// ```
/// # use tieline::bulk::Loader;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let names = Loader::new(|ids: Vec<u32>| async move {
///     Ok::<_, String>(ids.into_iter().filter(|id| *id < 10).map(|id| (id, format!("user {id}"))))
/// });
/// let (seven, nine, none) = tokio::join!(names.load(7), names.load(9), names.load(70));
/// assert_eq!((seven.unwrap().as_deref(), nine.unwrap().as_deref()), (Some("user 7"), Some("user 9")));
/// assert_eq!(none.unwrap(), None);
/// # }
/// ```
pub struct Loader<K, V, E> {
    inner: Arc<Inner<K, V, E>>,
    max_keys: usize,
    gather: Duration,
    clock: Clock,
}

/// Why a key has no answer.
#[derive(thiserror::Error)]
pub enum LoadError<E> {
    /// The call for its batch failed.
    #[error("the call for many failed: {0}")]
    Failed(Arc<E>),
    /// The call for its batch panicked, or its runtime has ended.
    #[error("the call for many ended without an answer")]
    Lost,
}

type Fetched<K, V, E> = Result<HashMap<K, V>, E>;
type Fetch<K, V, E> = dyn Fn(Vec<K>) -> Pin<Box<dyn Future<Output = Fetched<K, V, E>> + Send>> + Send + Sync;
type Answer<K, V, E> = Result<Arc<HashMap<K, V>>, LoadError<E>>;
type Answering<K, V, E> = Pin<Box<dyn Future<Output = Answer<K, V, E>> + Send>>;

struct Inner<K, V, E> {
    fetch: Box<Fetch<K, V, E>>,
    /// The batch that still takes keys.
    open: Mutex<Option<Open<K, V, E>>>,
}

struct Open<K, V, E> {
    batch: Arc<Batch<K>>,
    /// Weak, so that a batch ends with those who wait for it.
    answer: WeakShared<Answering<K, V, E>>,
}

struct Batch<K> {
    keys: Mutex<IndexSet<K>>,
    is_full: Notify,
}

impl<K, V, E> Loader<K, V, E>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Asks by `fetch`, which gets different keys and gives what it has found, in any order.
    pub fn new<F, Fut, Found>(fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Found, E>> + Send + 'static,
        Found: IntoIterator<Item = (K, V)>,
    {
        let fetch: Box<Fetch<K, V, E>> = Box::new(move |keys| {
            let found = fetch(keys);
            Box::pin(async move { Ok(found.await?.into_iter().collect()) })
        });
        Self {
            inner: Arc::new(Inner {
                fetch,
                open: Mutex::new(None),
            }),
            max_keys: DEFAULT_MAX_KEYS,
            gather: DEFAULT_GATHER,
            clock: Clock::default(),
        }
    }

    /// At most so many keys a batch (at least 1); [`DEFAULT_MAX_KEYS`] unless it is set.
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys.max(1);
        self
    }

    /// How long a batch is open for further keys, from its first one; [`DEFAULT_GATHER`] unless it is set.
    pub fn gather(mut self, time: Duration) -> Self {
        self.gather = time;
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The value of a key; `None`: there is none.
    ///
    /// The batch is called with the context of who asked first, without its deadline, since others may wait longer. Where
    /// nobody waits any more, it is given up.
    ///
    /// # Errors
    /// [`LoadError`]: the call for the batch failed.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn load(
        &self,
        key: K,
    ) -> impl Future<Output = Result<Option<V>, LoadError<E>>> + Send + use<K, V, E> {
        let answer = self.join(key.clone());
        async move { Ok(answer.await?.get(&key).cloned()) }
    }

    /// The values of many keys, in their order; `None` where there is none.
    ///
    /// # Errors
    /// [`LoadError`]: the call for a batch failed.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn load_many(&self, keys: impl IntoIterator<Item = K>) -> Result<Vec<Option<V>>, LoadError<E>> {
        let all: Vec<_> = keys.into_iter().map(|key| self.load(key)).collect();
        futures_util::future::try_join_all(all).await
    }

    /// Puts the key into the open batch, or opens one.
    fn join(&self, key: K) -> Shared<Answering<K, V, E>> {
        let mut open = locked(&self.inner.open);
        let joined = open
            .as_ref()
            .and_then(|open| Some((Arc::clone(&open.batch), open.answer.upgrade()?)));
        let (batch, answer) = joined.unwrap_or_else(|| {
            let (batch, answer) = self.begin();
            *open = answer.downgrade().map(|answer| Open {
                batch: Arc::clone(&batch),
                answer,
            });
            (batch, answer)
        });
        let mut keys = locked(&batch.keys);
        keys.insert(key);
        if keys.len() >= self.max_keys {
            *open = None;
            batch.is_full.notify_one();
        }
        answer
    }

    /// A new batch, and a task that will send it.
    fn begin(&self) -> (Arc<Batch<K>>, Shared<Answering<K, V, E>>) {
        let batch = Arc::new(Batch {
            keys: Mutex::default(),
            is_full: Notify::new(),
        });
        let (mut tell, told) = oneshot::channel::<Answer<K, V, E>>();
        let answer: Answering<K, V, E> = Box::pin(async { told.await.unwrap_or(Err(LoadError::Lost)) });
        let (inner, own) = (Arc::clone(&self.inner), Arc::clone(&batch));
        let (clock, gather) = (self.clock, self.gather);
        let send = async move {
            // Either way it is sent.
            let _ = clock.within(gather, own.is_full.notified()).await;
            let keys = inner.close(&own);
            if tell.is_closed() {
                return;
            }
            let fetched = tokio::select! {
                fetched = (inner.fetch)(keys) => fetched,
                // Nobody waits any more.
                () = tell.closed() => return,
            };
            // As above.
            let _ = tell.send(
                fetched
                    .map(Arc::new)
                    .map_err(|error| LoadError::Failed(Arc::new(error))),
            );
        };
        let context = Context::current().without_deadline();
        tokio::spawn(context.scope(send).in_current_span());
        (batch, answer.shared())
    }
}

impl<K: Eq + Hash, V, E> Inner<K, V, E> {
    /// Takes the keys of a batch, which takes no more.
    fn close(&self, batch: &Arc<Batch<K>>) -> Vec<K> {
        let mut open = locked(&self.open);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(&open.batch, batch)) {
            *open = None;
        }
        std::mem::take(&mut *locked(&batch.keys)).into_iter().collect()
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // What panics while it holds a lock is a key's `Hash` or `Eq`; what is locked is whole all the same.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

// Derived, these would ask the same of the types.
impl<K, V, E> Clone for Loader<K, V, E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ..*self
        }
    }
}

impl<K, V, E> fmt::Debug for Loader<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("max_keys", &self.max_keys)
            .field("gather", &self.gather)
            .finish_non_exhaustive()
    }
}

impl<E> Clone for LoadError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Lost => Self::Lost,
        }
    }
}

impl<E: fmt::Display> fmt::Debug for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Asked = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Tells of each key its tenfold, but of those from 100 on; takes 10 ms.
    fn loader() -> (Loader<u32, u32, &'static str>, Asked) {
        let asked = Asked::default();
        let seen = Arc::clone(&asked);
        let loader = Loader::new(move |keys: Vec<u32>| {
            locked(&seen).push(keys.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if keys.contains(&666) {
                    return Err("no");
                }
                Ok(keys
                    .into_iter()
                    .filter(|key| *key < 100)
                    .map(|key| (key, 10 * key)))
            }
        });
        (loader, asked)
    }

    fn asked(asked: &Asked) -> Vec<Vec<u32>> {
        locked(asked).clone()
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_one_moment_are_one_call_for_different_keys() {
        let (loader, all) = loader();
        let (nine, seven, again, none) =
            tokio::join!(loader.load(9), loader.load(7), loader.load(9), loader.load(100));
        assert_eq!(
            (nine.unwrap(), seven.unwrap(), again.unwrap()),
            (Some(90), Some(70), Some(90))
        );
        assert_eq!(none.unwrap(), None);
        assert_eq!(asked(&all), [[9, 7, 100]]);
        assert_eq!(loader.load(9).await.unwrap(), Some(90));
        assert_eq!(asked(&all).len(), 2, "nothing is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn many_keys_keep_their_order_and_are_sent_in_chunks() {
        let (loader, all) = loader();
        let loader = loader.max_keys(2);
        let found = loader.load_many([5, 4, 5, 3, 200]).await.unwrap();
        assert_eq!(found, [Some(50), Some(40), Some(50), Some(30), None]);
        assert_eq!(asked(&all), [vec![5, 4], vec![5, 3], vec![200]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_batch_does_not_wait_and_a_young_one_does() {
        let (loader, _) = loader();
        let loader = loader.max_keys(2).gather(Duration::from_secs(1));
        let start = tokio::time::Instant::now();
        let both = tokio::join!(loader.load(1), loader.load(2));
        assert!(both.0.is_ok() && both.1.is_ok());
        assert_eq!(start.elapsed(), Duration::from_millis(10));
        assert!(loader.load(3).await.is_ok());
        assert_eq!(start.elapsed(), Duration::from_millis(1020));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_that_of_all_in_the_batch_and_of_no_other() {
        let (loader, _) = loader();
        let (one, two) = tokio::join!(loader.load(1), loader.load(666));
        for failed in [one, two] {
            assert_eq!(failed.unwrap_err().to_string(), "the call for many failed: no");
        }
        assert_eq!(loader.load(1).await.unwrap(), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_takes_nothing_from_the_others() {
        let (loader, all) = loader();
        let given_up = tokio::time::timeout(Duration::from_millis(2), loader.load(1));
        let (given_up, other) = tokio::join!(given_up, loader.load(2));
        assert!(given_up.is_err());
        assert_eq!(other.unwrap(), Some(20));
        assert_eq!(asked(&all), [[1, 2]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_nobody_waits_for_is_given_up() {
        let ended = Arc::new(Mutex::new(false));
        let seen = Arc::clone(&ended);
        let loader = Loader::new(move |_: Vec<u32>| {
            let seen = Arc::clone(&seen);
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                *locked(&seen) = true;
                Ok::<_, &str>([(1, 1)])
            }
        });
        assert!(
            tokio::time::timeout(Duration::from_millis(5), loader.load(1))
                .await
                .is_err()
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!*locked(&ended));
        assert_eq!(loader.load(1).await.unwrap(), Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_of_the_call_is_an_error_and_the_next_batch_works() {
        let loader = Loader::new(|keys: Vec<u32>| async move {
            assert!(!keys.contains(&13), "unlucky");
            Ok::<_, &str>(keys.into_iter().map(|key| (key, key)))
        });
        assert!(matches!(loader.load(13).await, Err(LoadError::Lost)));
        assert_eq!(loader.load(1).await.unwrap(), Some(1));
    }
}
