//! The cache that stands in: values of calls that worked, for when a later one does not.
//!
//! ```text
//! fresh value ──────────────────────────────────────────────> it, without a call
//!   '-> call (one at a time for a key) ── works ────────────> its value, which is kept
//!         '-> fails ── value that is not too old ───────────> that value, and how old it is
//!               '-> fallback, where there is one ── works ──> its value, which is not kept
//!                     '-> fails ────────────────────────────> the failure
//! ```
//!
//! By default nothing is fresh: every call is made, and values are only for failures (RFC 5861, `stale-if-error`). Calls for one key that
//! come while one is under way wait for it and share its value. When it fails, those who waited take the value that may
//! stand in, and where there is none they all try by themselves: one after the other, each would wait for the failures of
//! those before it. A call that is cancelled leaves its turn to the next.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Instant};
use crate::policy::breaker::{Judged, Judgement};

/// Values by key. Share it by `Arc`.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::policy::cache::{Cache, Source};
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let cache = Cache::new(Duration::from_secs(300));
/// let anything = |_: &&str| true;
/// let first = cache.run_with("users/7", anything, || async { Ok("Ada") }).await.unwrap();
/// assert_eq!((first.value, first.source), ("Ada", Source::Call));
/// tokio::time::advance(Duration::from_secs(60)).await;
/// let second = cache.run_with("users/7", anything, || async { Err("unavailable") }).await.unwrap();
/// assert_eq!((second.value, second.source), ("Ada", Source::Kept(Duration::from_secs(60))));
/// # }
/// ```
#[derive(Debug)]
pub struct Cache<K, V> {
    usable_for: Duration,
    fresh_for: Duration,
    capacity: usize,
    state: Mutex<State<K, V>>,
    clock: Clock,
}

#[derive(Debug)]
struct State<K, V> {
    values: HashMap<K, Kept<V>>,
    /// Keys in the order in which values were written; outdated where the number is another.
    order: VecDeque<(K, u64)>,
    written: u64,
    /// The turns of the keys that are called for.
    turns: HashMap<K, Arc<Line>>,
}

/// Who calls for a key, and who waits for that.
#[derive(Debug, Default)]
struct Line {
    turn: tokio::sync::Mutex<()>,
    /// Whether a call has failed for which a value could stand in, so that waiting is over for all.
    failed: AtomicBool,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    at: Instant,
    number: u64,
}

/// A value, and where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served<V> {
    /// The value.
    pub value: V,
    /// Where it is from.
    pub source: Source,
}

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The call, one's own or one that was shared.
    Call,
    /// It was kept, and is so old.
    Kept(Duration),
    /// The fallback.
    Fallback,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// Values stand in for failures for so long. At most 1,000 are kept.
    pub fn new(usable_for: Duration) -> Self {
        Self {
            usable_for,
            fresh_for: Duration::ZERO,
            capacity: 1000,
            state: Mutex::new(State {
                values: HashMap::new(),
                order: VecDeque::new(),
                written: 0,
                turns: HashMap::new(),
            }),
            clock: Clock::default(),
        }
    }

    /// Values that are not older stand in for calls; none by default.
    pub fn fresh_for(mut self, time: Duration) -> Self {
        self.fresh_for = time;
        self
    }

    /// At most so many values are kept (at least 1); the one that was written longest ago goes first.
    pub fn capacity(mut self, values: usize) -> Self {
        self.capacity = values.max(1);
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The value of `work`, or one that was kept where the service failed.
    ///
    /// # Errors
    /// The work failed, and no value stands in for it.
    pub async fn run<E, F, Fut>(&self, key: K, work: F) -> Result<Served<V>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
        E: Judged,
    {
        self.run_with(key, |error: &E| error.judgement() != Judgement::Success, work)
            .await
    }

    /// [`run`](Cache::run) with a function that says of an error whether a value may stand in for it: not for one that is an answer, such
    /// as "not found".
    ///
    /// # Errors
    /// The work failed, and no value stands in for it.
    pub async fn run_with<E, F, Fut>(
        &self,
        key: K,
        may_stand_in: impl FnOnce(&E) -> bool,
        work: F,
    ) -> Result<Served<V>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
    {
        self.run_or(key, may_stand_in, work, |error| async { Err(error) })
            .await
    }

    /// [`run_with`](Cache::run_with) with a last resort, such as another service. It gets the failure, and gives it back where it has no value
    /// either. It is asked for failures that a value could have stood in for.
    ///
    /// # Errors
    /// The work failed, no value stands in for it, and the fallback failed.
    pub async fn run_or<E, F, Fut, G, Last>(
        &self,
        key: K,
        may_stand_in: impl FnOnce(&E) -> bool,
        work: F,
        fallback: G,
    ) -> Result<Served<V>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
        G: FnOnce(E) -> Last,
        Last: Future<Output = Result<V, E>>,
    {
        let came = self.state().written;
        if let Some(served) = self.kept(&key, self.fresh_for) {
            return Ok(served);
        }
        let place = Place::take(self, key.clone());
        let turn = place.line.turn.lock().await;
        if let Some(value) = self.written_since(&key, came) {
            return Ok(value);
        }
        let has_failed = place.line.failed.load(Ordering::Acquire);
        let turn = if has_failed {
            drop(turn);
            if let Some(served) = self.stand_in(&key) {
                return Ok(served);
            }
            None
        } else {
            Some(turn)
        };
        let error = match work().await {
            Ok(value) => {
                self.keep(key, value.clone());
                return Ok(Served {
                    value,
                    source: Source::Call,
                });
            }
            Err(error) => error,
        };
        let may_stand_in = may_stand_in(&error);
        if may_stand_in {
            place.line.failed.store(true, Ordering::Release);
        }
        drop(turn);
        if !may_stand_in {
            return Err(error);
        }
        if let Some(served) = self.stand_in(&key) {
            return Ok(served);
        }
        let value = fallback(error).await?;
        Ok(Served {
            value,
            source: Source::Fallback,
        })
    }

    /// How old values are at most that stand in for calls.
    pub(crate) fn freshness(&self) -> Duration {
        self.fresh_for
    }

    /// The value that would stand in for a failure now.
    pub fn stand_in(&self, key: &K) -> Option<Served<V>> {
        self.kept(key, self.usable_for)
    }

    /// Forgets the value of a key, as after a change that was made by oneself.
    pub fn forget(&self, key: &K) {
        self.state().values.remove(key);
    }

    /// How many values are kept.
    pub fn len(&self) -> usize {
        self.state().values.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value that is kept, if it is no older than that; of no age at all there is none.
    fn kept(&self, key: &K, oldest: Duration) -> Option<Served<V>> {
        if oldest.is_zero() {
            return None;
        }
        let state = self.state();
        let kept = state.values.get(key)?;
        let age = self.clock.now().since(kept.at);
        (age <= oldest).then(|| Served {
            value: kept.value.clone(),
            source: Source::Kept(age),
        })
    }

    /// The value of a call that ended after that many had been written.
    fn written_since(&self, key: &K, came: u64) -> Option<Served<V>> {
        let state = self.state();
        let kept = state.values.get(key).filter(|kept| kept.number > came)?;
        Some(Served {
            value: kept.value.clone(),
            source: Source::Call,
        })
    }

    fn keep(&self, key: K, value: V) {
        let at = self.clock.now();
        let mut state = self.state();
        state.written += 1;
        let number = state.written;
        state.order.push_back((key.clone(), number));
        state.values.insert(key, Kept { value, at, number });
        while state.values.len() > self.capacity {
            let Some((key, number)) = state.order.pop_front() else {
                break;
            };
            if state.values.get(&key).is_some_and(|kept| kept.number == number) {
                state.values.remove(&key);
            }
        }
        // Values that were written again and again leave outdated places.
        if state.order.len() > 2 * self.capacity {
            let State { values, order, .. } = &mut *state;
            order.retain(|(key, number)| values.get(key).is_some_and(|kept| kept.number == *number));
        }
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // What panics while it holds the lock is a key's `Hash` or `Eq`; the maps are whole all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line for a key.
struct Place<'c, K: Eq + Hash + Clone, V: Clone> {
    cache: &'c Cache<K, V>,
    key: K,
    line: Arc<Line>,
}

impl<'c, K: Eq + Hash + Clone, V: Clone> Place<'c, K, V> {
    fn take(cache: &'c Cache<K, V>, key: K) -> Self {
        let line = Arc::clone(cache.state().turns.entry(key.clone()).or_default());
        Self { cache, key, line }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Drop for Place<'_, K, V> {
    fn drop(&mut self) {
        let mut state = self.cache.state();
        let is_it = |line: &Arc<Line>| Arc::ptr_eq(line, &self.line);
        // The map's and this one's: nobody else waits. After a failure, who comes is to call and not to hear of this one.
        let is_over = Arc::strong_count(&self.line) == 2 || self.line.failed.load(Ordering::Acquire);
        if is_over && state.turns.get(&self.key).is_some_and(is_it) {
            state.turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::future::join_all;

    use super::*;
    use crate::clock::ManualClock;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Status(u16);

    impl Judged for Status {
        fn judgement(&self) -> Judgement {
            if self.0 >= 500 {
                Judgement::Failure
            } else {
                Judgement::Success
            }
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn cache() -> (Cache<&'static str, u32>, ManualClock) {
        let hand = ManualClock::new();
        (Cache::new(300 * SECOND).clock(hand.clock()), hand)
    }

    async fn get(
        cache: &Cache<&'static str, u32>,
        result: Result<u32, Status>,
    ) -> Result<Served<u32>, Status> {
        cache.run("a", || async { result }).await
    }

    const fn served(value: u32, source: Source) -> Result<Served<u32>, Status> {
        Ok(Served { value, source })
    }

    #[tokio::test]
    async fn a_failure_is_answered_with_the_last_value_until_it_is_too_old() {
        let (cache, hand) = cache();
        assert_eq!(
            get(&cache, Err(Status(503))).await,
            Err(Status(503)),
            "nothing is kept"
        );
        assert_eq!(get(&cache, Ok(1)).await, served(1, Source::Call));
        assert_eq!(
            get(&cache, Ok(2)).await,
            served(2, Source::Call),
            "nothing is fresh by default"
        );
        hand.advance(300 * SECOND);
        let kept = Source::Kept(300 * SECOND);
        assert_eq!(get(&cache, Err(Status(503))).await, served(2, kept));
        hand.advance(SECOND);
        assert_eq!(get(&cache, Err(Status(503))).await, Err(Status(503)));
    }

    #[tokio::test]
    async fn an_answer_is_no_failure() {
        let (cache, _) = cache();
        assert!(get(&cache, Ok(1)).await.is_ok());
        assert_eq!(get(&cache, Err(Status(404))).await, Err(Status(404)));
    }

    #[tokio::test]
    async fn a_fresh_value_spares_the_call() {
        let (cache, hand) = cache();
        let cache = cache.fresh_for(10 * SECOND);
        assert!(get(&cache, Ok(1)).await.is_ok());
        hand.advance(10 * SECOND);
        assert_eq!(get(&cache, Ok(2)).await, served(1, Source::Kept(10 * SECOND)));
        hand.advance(SECOND);
        assert_eq!(get(&cache, Ok(2)).await, served(2, Source::Call));
        cache.forget(&"a");
        assert!(cache.is_empty());
        assert_eq!(get(&cache, Ok(3)).await, served(3, Source::Call));
    }

    #[tokio::test]
    async fn the_fallback_comes_last_and_is_not_kept() {
        let (cache, hand) = cache();
        let ask = |result: Result<u32, Status>| {
            cache.run_or(
                "a",
                |_: &Status| true,
                move || async move { result },
                |_| async { Ok(9) },
            )
        };
        assert_eq!(ask(Err(Status(503))).await, served(9, Source::Fallback));
        assert!(cache.is_empty());
        assert_eq!(ask(Ok(1)).await, served(1, Source::Call));
        hand.advance(SECOND);
        assert_eq!(ask(Err(Status(503))).await, served(1, Source::Kept(SECOND)));
        hand.advance(300 * SECOND);
        assert_eq!(ask(Err(Status(503))).await, served(9, Source::Fallback));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_for_one_key_share_one_call() {
        let cache = Cache::new(SECOND);
        let made = Cell::new(0);
        let ask = |key: &'static str| {
            cache.run(key, || async {
                made.set(made.get() + 1);
                tokio::time::sleep(SECOND).await;
                Ok::<_, Status>(made.get())
            })
        };
        let all = join_all(["a", "a", "b", "a", "b"].map(ask)).await;
        assert_eq!(made.get(), 2);
        assert!(
            all.iter()
                .all(|one| one.is_ok_and(|served| served.source == Source::Call))
        );
        assert!(ask("a").await.is_ok());
        assert_eq!(made.get(), 3, "one that comes later calls by itself");
        assert!(cache.state().turns.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_in_line_calls_where_one_gives_up_or_has_an_answer_that_nothing_stands_in_for() {
        let cache = Cache::new(SECOND);
        let made = Cell::new(0);
        let ask = || {
            cache.run("a", || async {
                made.set(made.get() + 1);
                let number = made.get();
                tokio::time::sleep(SECOND).await;
                if number == 2 { Err(Status(404)) } else { Ok(number) }
            })
        };
        let gives_up = tokio::time::timeout(SECOND / 2, ask());
        let (gave_up, second, third, fourth) = tokio::join!(gives_up, ask(), ask(), ask());
        assert!(gave_up.is_err());
        assert_eq!(second, Err(Status(404)));
        assert_eq!(
            (third, fourth),
            (served(3, Source::Call), served(3, Source::Call))
        );
        assert!(cache.state().turns.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_for_a_call_that_failed_takes_the_value_that_stands_in() {
        let cache = Cache::new(300 * SECOND);
        let made = Cell::new(0);
        let fails = || {
            cache.run("a", || async {
                made.set(made.get() + 1);
                tokio::time::sleep(SECOND).await;
                Err(Status(503))
            })
        };
        assert!(cache.run("a", || async { Ok::<_, Status>(1) }).await.is_ok());
        let start = tokio::time::Instant::now();
        let all = join_all([fails(), fails(), fails()]).await;
        assert_eq!((start.elapsed(), made.get()), (SECOND, 1));
        assert!(all.iter().all(|one| one.is_ok_and(|served| served.value == 1)));
        assert!(fails().await.is_ok());
        assert_eq!(made.get(), 2, "one that comes later calls by itself");
        assert!(cache.state().turns.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_stands_in_those_who_waited_do_not_wait_for_each_other() {
        let cache = Cache::new(SECOND);
        let fails = || {
            cache.run("a", || async {
                tokio::time::sleep(SECOND).await;
                Err::<u32, _>(Status(503))
            })
        };
        let start = tokio::time::Instant::now();
        let all = join_all(std::iter::repeat_with(fails).take(10)).await;
        assert!(all.iter().all(|one| *one == Err(Status(503))));
        assert_eq!(start.elapsed(), 2 * SECOND);
        assert!(cache.state().turns.is_empty());
    }

    #[tokio::test]
    async fn what_was_written_longest_ago_goes_first() {
        let cache = Cache::new(SECOND).capacity(3);
        let keep = async |key: u32| {
            let kept = cache.run(key, || async { Ok::<_, Status>(key) });
            kept.await.expect("it works");
        };
        for key in [1, 2, 3] {
            keep(key).await;
        }
        for _ in 0..100 {
            keep(2).await;
        }
        assert_eq!(
            cache.len(),
            3,
            "one that is written again and again drives nobody out"
        );
        assert!(cache.state().order.len() <= 6);
        keep(1).await;
        keep(4).await;
        let kept: Vec<bool> = [1, 2, 3, 4]
            .map(|key| cache.state().values.contains_key(&key))
            .to_vec();
        assert_eq!(kept, [true, true, false, true]);
    }
}
