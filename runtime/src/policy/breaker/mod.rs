//! The circuit breaker: stops calling a service that fails, and finds out when it has recovered.
//!
//! ```text
//!            results >= 3 and failures/results >= 0.6
//!   CLOSED ────────────────────────────────────────────> OPEN <──────┐
//!     ^  └─ every 10 s the counts start anew               │         │ a probe fails
//!     │                                                    │ 30 s    │
//!     │            3 probes in a row succeed               v         │
//!     └─────────────────────────────────────────────── HALF-OPEN ────┘
//! ```
//!
//! The semantics are sony/gobreaker's: only a failure opens the breaker, the interval is tumbling (what is older than
//! it can never hide what happens now), a half-open breaker admits as many calls as it has probes and rejects the
//! rest, and a result counts only in the state its call was admitted in. Four departures, each for a complaint from the
//! field: the result of a call that outlives its interval counts in the present one, as long as the breaker has not
//! opened in between, for else a service that hangs for longer than the interval would never open it; calls that are
//! still under way are not part of the ratio, since they have no result yet; a call that is cancelled or says nothing
//! about the service is not counted, and its probe slot is free again; and a probe that hangs loses its slot after a
//! lease, so that no breaker stays half-open for ever.
//!
//! On request, the results of the last calls or of the last while count instead of those of an interval, calls that are
//! slow count as failures do, and the open time grows; see [`Settings`]. [`Mode`] takes the decision out of the breaker's
//! hands.
//!
//! The closed state costs a few loads to admit a call and one compare-and-swap to count its result: no lock.

mod permit;
mod probes;
mod settings;
mod window;
mod word;

use crate::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use self::permit::Permit;
use self::permit::Ticket;
use self::probes::{Answer, Held, Probes};
use self::settings::Span;
pub use self::settings::{Mode, Settings, State, StateChange};
use self::window::Window;
use self::word::{FOREVER, Generation, Tally, Timed};
use crate::clock::{Clock, Instant};

/// What a call's outcome says about the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The service works (a client error, such as a 404, says so too).
    Success,
    /// The service failed.
    Failure,
    /// Nothing: the call was cancelled, or never reached the service.
    Ignore,
}

/// Errors that know what they say about the service.
pub trait Judged {
    /// What a call that ended in this error says about the service.
    fn judgement(&self) -> Judgement;
}

/// The call was rejected because the breaker is open, or half-open with all probes under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is {state}: the service has failed too often of late")]
#[non_exhaustive]
pub struct Open {
    /// When the breaker will admit a call again, as far as it knows: what is left of the open time, zero when it
    /// depends on probes that are under way.
    pub retry_after: Duration,
    /// [`State::Open`] or [`State::HalfOpen`].
    pub state: State,
}

/// Why [`Breaker::run`] has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed<E> {
    /// The breaker rejected the call; the work was dropped without being polled.
    #[error(transparent)]
    Open(#[from] Open),
    /// The work failed.
    #[error("the work behind the circuit breaker failed")]
    Work(#[source] E),
}

/// Results counted in the present generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Results, good and bad. Half-open: the probes that have passed.
    pub total: u64,
    /// Failures among them.
    pub failures: u64,
    /// Slow calls among them, where [`Settings::slow_calls`] says which are.
    pub slow: u64,
    /// Half-open: the probes under way.
    pub probing: u64,
}

/// A circuit breaker. Share it by `Arc` between all calls of one service.
///
/// ```
/// # use tieline::policy::breaker::{Breaker, Settings, State};
/// let breaker = Breaker::new(Settings::new("users"));
/// for _ in 0..3 {
///     if let Ok(permit) = breaker.try_acquire() {
///         permit.failure();
///     }
/// }
/// assert_eq!(breaker.state(), State::Open);
/// assert!(breaker.try_acquire().is_err());
/// ```
#[derive(Debug)]
pub struct Breaker {
    settings: Settings,
    /// State, generation and the time at which the state ends.
    word: AtomicU64,
    failures: Window,
    slow: Option<Window>,
    mode: AtomicU8,
    /// How often it has opened since it was closed.
    streak: AtomicU32,
    /// How often it has opened: tells whether a call was admitted in the present closed state or in an earlier one.
    openings: AtomicU32,
    probes: Probes,
}

const CLOSED: u8 = State::Closed as u8;
const OPEN: u8 = State::Open as u8;
const HALF_OPEN: u8 = State::HalfOpen as u8;

impl Breaker {
    /// A closed breaker.
    pub fn new(settings: Settings) -> Self {
        let now = settings.clock.now();
        let first = Timed {
            kind: CLOSED,
            generation: Generation::FIRST,
            until: interval_end(&settings, now),
        };
        Self {
            word: AtomicU64::new(first.pack()),
            failures: Window::new(settings.span, now),
            slow: settings.slow.map(|_| Window::new(settings.span, now)),
            mode: AtomicU8::new(settings.mode as u8),
            streak: AtomicU32::new(0),
            openings: AtomicU32::new(0),
            probes: Probes::new(settings.probes),
            settings,
        }
    }

    /// A breaker that lets everything through and counts nothing.
    pub fn disabled() -> Self {
        Self::new(Settings::new("disabled").enabled(false))
    }

    /// Asks to make a call. Report its outcome by the permit; a permit that is dropped says nothing.
    ///
    /// # Errors
    /// [`Open`] when the call must not be made.
    pub fn try_acquire(&self) -> Result<Permit<&Self>, Open> {
        self.try_acquire_at(self.settings.clock.now())
    }

    /// [`try_acquire`](Breaker::try_acquire) at a time that the caller has read already.
    ///
    /// # Errors
    /// [`Open`] when the call must not be made.
    pub fn try_acquire_at(&self, now: Instant) -> Result<Permit<&Self>, Open> {
        Ok(Permit::new(self, self.admit(now)?))
    }

    /// [`try_acquire`](Breaker::try_acquire) with a permit that may outlive the borrow.
    ///
    /// # Errors
    /// [`Open`] when the call must not be made.
    pub fn try_acquire_owned(self: &Arc<Self>) -> Result<Permit<Arc<Self>>, Open> {
        let ticket = self.admit(self.settings.clock.now())?;
        Ok(Permit::new(Arc::clone(self), ticket))
    }

    /// Runs `work` if the breaker admits it. Every `Err` counts as a failure of the service.
    ///
    /// # Errors
    /// [`Failed::Open`] when it was not admitted, else the work's own error.
    pub async fn run<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Failed<E>> {
        self.run_with(|_| Judgement::Failure, work).await
    }

    /// [`run`](Breaker::run) with a function that judges the errors.
    ///
    /// # Errors
    /// [`Failed::Open`] when it was not admitted, else the work's own error.
    pub async fn run_with<T, E>(
        &self,
        judge: impl FnOnce(&E) -> Judgement,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failed<E>> {
        let permit = self.try_acquire()?;
        let result = work.await;
        permit.report(result.as_ref().map_or_else(judge, |_| Judgement::Success));
        result.map_err(Failed::Work)
    }

    /// The state now. Reading it changes nothing: an open time that has passed reads as half-open, although the
    /// callback hears of that only when the first probe comes.
    pub fn state(&self) -> State {
        if self.mode() == Mode::ForcedOpen {
            return State::Open;
        }
        let word = self.load();
        let over = word::millis(self.settings.clock.now()) >= word.until;
        match word.kind {
            CLOSED => State::Closed,
            OPEN if !over => State::Open,
            _ => State::HalfOpen,
        }
    }

    /// What has been counted in the present generation.
    pub fn counts(&self) -> Counts {
        let (word, now) = (self.load(), self.settings.clock.now());
        match word.kind {
            CLOSED if word::millis(now) < word.until => {
                let tally = self.failures.sum(word.generation, now);
                let slow = self.slow.as_ref().map(|slow| slow.sum(word.generation, now));
                Counts {
                    total: tally.total,
                    failures: tally.failures,
                    slow: slow.map_or(0, |slow| slow.failures),
                    probing: 0,
                }
            }
            HALF_OPEN => {
                let (probing, total) = self.probes.count(word.generation);
                Counts {
                    total,
                    probing,
                    ..Counts::default()
                }
            }
            _ => Counts::default(),
        }
    }

    /// Who decides whether calls are let through.
    pub fn mode(&self) -> Mode {
        Mode::of(self.mode.load(SeqCst))
    }

    /// Lets somebody else decide from now on whether calls are let through. State and counts are kept for when the
    /// breaker decides again; calls that are under way are still counted.
    pub fn set_mode(&self, mode: Mode) {
        self.mode.store(mode as u8, SeqCst);
    }

    /// Opens by hand, for as long as after failures.
    pub fn trip(&self) {
        loop {
            let word = self.load();
            if self.open(word, self.settings.clock.now()) {
                return;
            }
        }
    }

    /// Closes by hand, with nothing counted.
    pub fn reset(&self) {
        loop {
            let word = self.load();
            let until = interval_end(&self.settings, self.settings.clock.now());
            if self.change(word, State::Closed, until) {
                return;
            }
        }
    }

    /// The clock that the breaker reads.
    pub fn clock(&self) -> Clock {
        self.settings.clock
    }

    /// The name given in the settings.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    fn load(&self) -> Timed {
        Timed::unpack(self.word.load(SeqCst))
    }

    fn admit(&self, now: Instant) -> Result<Ticket, Open> {
        match self.mode() {
            Mode::Automatic => self.judge(now),
            Mode::MetricsOnly => Ok(self.judge(now).unwrap_or(Ticket::UNJUDGED)),
            Mode::Disabled => Ok(Ticket::UNJUDGED),
            Mode::ForcedOpen => Err(Open {
                retry_after: Duration::ZERO,
                state: State::Open,
            }),
        }
    }

    /// Admits by what has been counted.
    fn judge(&self, now: Instant) -> Result<Ticket, Open> {
        let millis = word::millis(now);
        loop {
            let word = self.load();
            match word.kind {
                CLOSED if millis < word.until => {
                    return Ok(Ticket::new(
                        word.generation,
                        None,
                        self.openings.load(SeqCst),
                        now,
                    ));
                }
                CLOSED => self.start_interval(word, now),
                OPEN if millis < word.until => return Err(open_until(word.until, now)),
                OPEN => drop(self.change(word, State::HalfOpen, FOREVER)),
                _ => match self.probe(word, now) {
                    Some(Ok(ticket)) => return Ok(ticket),
                    Some(Err(open)) => return Err(open),
                    None => {}
                },
            }
        }
    }

    /// Tries to make the call a probe of the half-open generation in `word`; `None` when that has ended meanwhile.
    fn probe(&self, word: Timed, now: Instant) -> Option<Result<Ticket, Open>> {
        let is_current = || self.load() == word;
        let lease_end = word::until(now, self.settings.probe_lease);
        match self
            .probes
            .take(word.generation, word::millis(now), lease_end, is_current)
        {
            Answer::Taken(held) if is_current() => Some(Ok(Ticket::new(word.generation, Some(held), 0, now))),
            Answer::Taken(held) => {
                self.probes.release(held);
                None
            }
            Answer::Full if is_current() => Some(Err(Open {
                retry_after: Duration::ZERO,
                state: State::HalfOpen,
            })),
            Answer::Full | Answer::Outdated => None,
        }
    }

    /// Counts an outcome, if it still belongs to the state that its call was admitted in.
    fn settle(&self, ticket: Ticket, failed: bool, now: Instant) {
        let mut word = self.load();
        if word.kind == CLOSED && word::millis(now) >= word.until {
            self.start_interval(word, now);
            word = self.load();
        }
        let slow = (self.settings.slow).is_some_and(|slow| now.since(ticket.started()) >= slow.from);
        let is_current = word.generation == ticket.generation();
        match (word.kind, ticket.probe()) {
            (CLOSED, None) if ticket.openings() == self.openings.load(SeqCst) => {
                self.settle_call(word, failed, slow, now);
            }
            (HALF_OPEN, Some(held)) if is_current => self.settle_probe(word, held, failed || slow, now),
            _ => {}
        }
    }

    fn settle_call(&self, word: Timed, failed: bool, slow: bool, now: Instant) {
        let is_current = || self.load() == word;
        let tally = self.failures.add(word.generation, failed, now, is_current);
        let too_many = failed && tally.is_some_and(|tally| self.trips(tally, self.settings.failure_ratio));
        let too_slow = self
            .slow
            .as_ref()
            .zip(self.settings.slow)
            .is_some_and(|(window, limit)| {
                let tally = window.add(word.generation, slow, now, is_current);
                slow && tally.is_some_and(|tally| self.trips(tally, limit.ratio))
            });
        if too_many || too_slow {
            self.open(word, now);
        }
    }

    fn settle_probe(&self, word: Timed, held: Held, failed: bool, now: Instant) {
        if failed && self.probes.is_held(held) {
            self.open(word, now);
        } else if !failed && self.probes.pass(held) && self.probes.all_passed(word.generation) {
            self.change(word, State::Closed, interval_end(&self.settings, now));
        }
    }

    /// Opens, for longer the more often it has opened without being closed; false when another thread was quicker.
    fn open(&self, word: Timed, now: Instant) -> bool {
        let time = self.settings.open_time(self.streak.load(SeqCst));
        self.change(word, State::Open, word::until(now, time))
    }

    /// Whether the breaker has left the closed state (or the trial) that the call was admitted in.
    fn has_cut_off(&self, ticket: Ticket) -> bool {
        match self.mode() {
            Mode::ForcedOpen => true,
            Mode::MetricsOnly | Mode::Disabled => false,
            Mode::Automatic => {
                let word = self.load();
                !ticket.is_unjudged() && word.kind != CLOSED && word.generation != ticket.generation()
            }
        }
    }

    /// Gives back what a call without an outcome holds.
    fn release(&self, ticket: Ticket) {
        if let Some(held) = ticket.probe() {
            self.probes.release(held);
        }
    }

    fn trips(&self, tally: Tally, ratio: f64) -> bool {
        tally.total >= u64::from(self.settings.minimum_requests)
            && tally.failures as f64 / tally.total as f64 >= ratio
    }

    /// Begins a new interval of the closed state, unless another thread was quicker.
    fn start_interval(&self, from: Timed, now: Instant) {
        let until = interval_end(&self.settings, now);
        let new = Timed {
            kind: CLOSED,
            generation: from.generation.next(),
            until,
        };
        let _ = self
            .word
            .compare_exchange(from.pack(), new.pack(), SeqCst, SeqCst);
    }

    /// Moves to another state and tells the listener; false when another thread was quicker.
    fn change(&self, from: Timed, to: State, until: u64) -> bool {
        let generation = from.generation.next();
        let new = Timed {
            kind: to as u8,
            generation,
            until,
        };
        let won = self
            .word
            .compare_exchange(from.pack(), new.pack(), SeqCst, SeqCst)
            .is_ok();
        if !won {
            return false;
        }
        match to {
            State::Open => {
                // Long before the breaker can be closed again, which is when it is looked at.
                self.openings.fetch_add(1, SeqCst);
                self.streak.fetch_add(1, SeqCst);
            }
            State::Closed => self.streak.store(0, SeqCst),
            State::HalfOpen => {}
        }
        if let (true, Some(listener)) = (from.kind != new.kind, &self.settings.listener) {
            let name = Arc::clone(&self.settings.name);
            listener(&StateChange {
                name,
                from: State::of(from.kind),
                to,
                generation: generation.number(),
            });
        }
        true
    }
}

fn interval_end(settings: &Settings, now: Instant) -> u64 {
    match settings.span {
        Span::Interval(interval) if !interval.is_zero() => word::until(now, interval),
        _ => FOREVER,
    }
}

fn open_until(until: u64, now: Instant) -> Open {
    let left = until.saturating_mul(1_000_000).saturating_sub(now.as_nanos());
    Open {
        retry_after: Duration::from_nanos(left),
        state: State::Open,
    }
}
