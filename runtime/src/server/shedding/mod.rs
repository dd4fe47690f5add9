//! Load shedding: a server that has too much to do turns away what matters least, at once, instead of doing all too late.
//!
//! ```text
//! request ── can its deadline be met? ── a place? ─┬─ yes: handled
//!                                                  └─ no: waits, the highest priority first ── 503, Retry-After
//! ```
//!
//! So many requests are handled at a time, a fixed number or one that [adapts](crate::policy::adaptive). Others wait, at
//! most [`max_wait`](Shedding::max_wait); once the queue has not been empty for [`interval`](Shedding::interval), each waits
//! only [`target`](Shedding::target): a queue that stands is of no use, and everybody in it is late. That is controlled
//! delay, as "Fail at Scale" (ACM Queue 13, 8) tells it. Where the queue is full, one of a lower priority gives way.
//!
//! A request whose deadline leaves less time than the fastest of the last minute took is dropped before any work.
//!
//! gRPC callers get `UNAVAILABLE` and `grpc-retry-pushback-ms`. Turned away, a request is counted in
//! `tieline_shed_total`, by priority and reason.

mod pace;
mod queue;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;

use self::pace::Pace;
use self::queue::{Queue, Ticket};
use crate::clock::Clock;
use crate::headers::PRIORITY;
use crate::operation::Operation;
pub use crate::operation::Priority;
use crate::policy::adaptive::Adaptive;
use crate::policy::deadline::Deadline;

/// When a request that was turned away may come again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a server does with more requests than it can handle. Services may share one, by `Arc`.
///
/// ```
/// use std::time::Duration;
/// use tieline::server::shedding::{Priority, Shedding};
///
/// let shedding = Shedding::at_most(200)
///     .queue(100)
///     .max_wait(Duration::from_millis(100))
///     .priority("exportAll", Priority::Sheddable)
///     .exempt("health");
/// # drop(shedding);
/// ```
///
/// It is given to a service: `pets::service(api).shedding(shedding)`.
pub struct Shedding {
    limit: Limit,
    most_waiting: usize,
    max_wait: Duration,
    target: Duration,
    interval: Duration,
    priorities: HashMap<String, Priority>,
    exempt: Vec<String>,
    trusts_callers: bool,
    clock: Clock,
    queue: Mutex<Queue>,
    paces: Mutex<HashMap<(&'static str, &'static str), Pace>>,
}

enum Limit {
    Fixed(usize),
    Adaptive(Box<Adaptive>),
}

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shed {
    /// All places are taken, and the queue is full.
    Full,
    /// No place came free in time.
    Wait,
    /// One of a higher priority took its place in the queue.
    Displaced,
    /// Its deadline cannot be met.
    Deadline,
}

impl Shed {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Wait => "wait",
            Self::Displaced => "displaced",
            Self::Deadline => "deadline",
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Deadline => "the deadline leaves less time than the work takes",
            _ => "the service has too much to do now",
        }
    }
}

/// How handling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Well: how long it took counts.
    Well,
    /// Something behind it is overloaded.
    Overloaded,
    /// Otherwise.
    Otherwise,
}

impl Shedding {
    /// Handles at most so many requests at a time (0 is taken as 1).
    pub fn at_most(requests: usize) -> Self {
        Self::new(Limit::Fixed(requests.max(1)))
    }

    /// Handles as many requests at a time as `adaptive` finds right. It needs no queue of its own.
    pub fn adaptive(adaptive: Adaptive) -> Self {
        Self::new(Limit::Adaptive(Box::new(adaptive)))
    }

    fn new(limit: Limit) -> Self {
        let clock = Clock::default();
        Self {
            limit,
            most_waiting: 100,
            max_wait: Duration::from_millis(100),
            target: Duration::from_millis(5),
            interval: Duration::from_millis(100),
            priorities: HashMap::new(),
            exempt: Vec::new(),
            trusts_callers: false,
            clock,
            queue: Mutex::new(Queue::new(crate::clock::Instant::from_nanos(0))),
            paces: Mutex::default(),
        }
    }

    /// At most so many requests wait; 100 unless set.
    pub fn queue(mut self, length: usize) -> Self {
        self.most_waiting = length;
        self
    }

    /// A request waits at most so long; 100 ms unless set.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// A request waits at most so long while the queue stands; 5 ms unless set.
    pub fn target(mut self, wait: Duration) -> Self {
        self.target = wait;
        self
    }

    /// The queue stands when it has not been empty for so long; 100 ms unless set.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// The priority of an operation, by its id; what the contract says (`x-tieline-priority`), or
    /// [`Priority::Critical`], unless set. The header `tieline-priority` of a
    /// request may lower it.
    pub fn priority(mut self, operation: impl Into<String>, priority: Priority) -> Self {
        self.priorities.insert(operation.into(), priority);
        self
    }

    /// Lets `tieline-priority` raise a priority, too: where all callers are services of the same system.
    pub fn trust_callers(mut self) -> Self {
        self.trusts_callers = true;
        self
    }

    /// Handles this operation always, such as health and metrics. What is no operation of a service, as routes beside it and
    /// gRPC's health service are, is never turned away.
    pub fn exempt(mut self, operation: impl Into<String>) -> Self {
        self.exempt.push(operation.into());
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many requests may be handled at a time now.
    pub fn limit(&self) -> usize {
        match &self.limit {
            Limit::Fixed(limit) => *limit,
            Limit::Adaptive(adaptive) => adaptive.limit(),
        }
    }

    /// How many requests are handled.
    pub fn in_use(&self) -> usize {
        self.lock().busy
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// What a request says of its priority, as far as it is believed.
    pub(super) fn priority_of(&self, operation: &Operation, headers: &HeaderMap) -> Priority {
        let own = self.priorities.get(operation.id).copied();
        let own = own.or(operation.extras.priority).unwrap_or_default();
        let said = headers
            .get(PRIORITY)
            .and_then(|value| Priority::named(value.to_str().ok()?));
        match said {
            Some(said) if self.trusts_callers => said,
            Some(said) => said.min(own),
            None => own,
        }
    }

    /// Does `work` when there is a place for it.
    pub(super) async fn run<T>(
        &self,
        operation: &'static Operation,
        priority: Priority,
        deadline: Option<Deadline>,
        work: impl Future<Output = T>,
        judge: impl FnOnce(&T) -> Ended,
    ) -> Result<T, Shed> {
        if self.exempt.iter().any(|id| id == operation.id) {
            return Ok(work.await);
        }
        let place = self.enter(operation, priority, deadline).await?;
        let permit = match &self.limit {
            Limit::Fixed(_) => None,
            Limit::Adaptive(adaptive) => Some(adaptive.acquire().await.map_err(|_| Shed::Full)?),
        };
        let started = self.clock.now();
        let outcome = work.await;
        match (judge(&outcome), permit) {
            (Ended::Well, permit) => {
                self.took(operation, started);
                permit
                    .into_iter()
                    .for_each(crate::policy::adaptive::Permit::success);
            }
            (Ended::Overloaded, Some(permit)) => permit.overloaded(),
            (Ended::Overloaded | Ended::Otherwise, _) => {}
        }
        drop(place);
        Ok(outcome)
    }

    async fn enter(
        &self,
        operation: &'static Operation,
        priority: Priority,
        deadline: Option<Deadline>,
    ) -> Result<Place<'_>, Shed> {
        let now = self.clock.now();
        let needed = self.needed(operation);
        let spare = deadline.map(|deadline| deadline.remaining().checked_sub(needed));
        let spare = match spare {
            Some(None) => return Err(Shed::Deadline),
            Some(Some(spare)) => spare,
            None => Duration::MAX,
        };
        let (ticket, wait) = {
            let mut queue = self.lock();
            // The limit may have grown.
            queue.serve(self.limit(), now);
            if queue.busy < self.limit() {
                queue.busy += 1;
                return Ok(Place(self));
            }
            let ticket = queue.wait(priority, self.most_waiting, now).ok_or(Shed::Full)?;
            let stands = now.since(queue.empty_at) > self.interval;
            (
                ticket,
                if stands {
                    self.target.min(self.max_wait)
                } else {
                    self.max_wait
                },
            )
        };
        let mut waiting = Waiting {
            shedding: self,
            ticket: Some(ticket),
        };
        let late = if spare < wait { Shed::Deadline } else { Shed::Wait };
        match self.clock.within(wait.min(spare), waiting.turn()).await {
            Some(true) => {
                waiting.ticket = None;
                Ok(Place(self))
            }
            Some(false) => Err(Shed::Displaced),
            None => Err(late),
        }
    }

    /// What the work takes at least.
    fn needed(&self, operation: &'static Operation) -> Duration {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces.get_mut(&(operation.service, operation.id));
        pace.and_then(|pace| pace.shortest(self.clock.now()))
            .unwrap_or_default()
    }

    fn took(&self, operation: &'static Operation, started: crate::clock::Instant) {
        let now = self.clock.now();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces
            .entry((operation.service, operation.id))
            .or_insert_with(|| Pace::new(now));
        pace.took(now.since(started), now);
    }

    fn free(&self) {
        let (now, limit) = (self.clock.now(), self.limit());
        let mut queue = self.lock();
        queue.busy = queue.busy.saturating_sub(1);
        queue.serve(limit, now);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing is left half done under this lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is handled.
struct Place<'s>(&'s Shedding);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.free();
    }
}

/// A request that waits. Dropped, it leaves the queue, and gives back the place that it may have got at that moment.
struct Waiting<'s> {
    shedding: &'s Shedding,
    ticket: Option<Ticket>,
}

impl Waiting<'_> {
    /// Its turn; `false`: it was displaced.
    async fn turn(&mut self) -> bool {
        match &mut self.ticket {
            Some(ticket) => (&mut ticket.turn).await.is_ok(),
            None => false,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(mut ticket) = self.ticket.take() else {
            return;
        };
        self.shedding.lock().leave(&ticket);
        // Nobody can send any more.
        if ticket.turn.try_recv().is_ok() {
            self.shedding.free();
        }
    }
}

impl fmt::Debug for Shedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shedding")
            .field("limit", &self.limit())
            .field("in_use", &self.in_use())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
