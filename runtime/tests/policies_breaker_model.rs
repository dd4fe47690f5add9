//! The breaker against a sequential model of the same rules, written as plainly as possible, over random histories.

use std::time::Duration;

use tieline::clock::{Instant, ManualClock};
use tieline::policy::breaker::{Breaker, Judgement, Permit, Settings, State};
use tieline::random::Random;

const PROBES: usize = 3;
const INTERVAL: Duration = Duration::from_secs(10);
const OPEN_FOR: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(7);

/// The rules, one field a fact, nothing packed.
struct Model {
    state: State,
    generation: u64,
    ends: Instant,
    total: u64,
    failures: u64,
    /// Half-open: per slot the call that has it and the end of its lease; `None` in place of that once passed.
    slots: Vec<Option<(u64, Option<Instant>)>>,
    next_call: u64,
    openings: u64,
}

/// What the model remembers of an admitted call.
#[derive(Clone, Copy)]
struct Call {
    id: u64,
    generation: u64,
    openings: u64,
    is_probe: bool,
}

impl Model {
    fn new(now: Instant) -> Self {
        let mut model = Self {
            state: State::Closed,
            generation: 0,
            ends: now,
            total: 0,
            failures: 0,
            slots: vec![None; PROBES],
            next_call: 0,
            openings: 0,
        };
        model.enter(State::Closed, now);
        model
    }

    fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.generation += 1;
        self.openings += u64::from(state == State::Open);
        (self.total, self.failures, self.slots) = (0, 0, vec![None; PROBES]);
        self.ends = match state {
            State::Closed => now.plus(INTERVAL),
            State::Open => now.plus(OPEN_FOR),
            State::HalfOpen => Instant::FAR_FUTURE,
        };
    }

    fn tick(&mut self, now: Instant) {
        match self.state {
            State::Closed if now >= self.ends => self.enter(State::Closed, now),
            State::Open if now >= self.ends => self.enter(State::HalfOpen, now),
            _ => {}
        }
    }

    fn acquire(&mut self, now: Instant) -> Option<Call> {
        self.tick(now);
        let call = Call {
            id: self.next_call,
            generation: self.generation,
            openings: self.openings,
            is_probe: self.state == State::HalfOpen,
        };
        match self.state {
            State::Open => return None,
            State::Closed => {}
            State::HalfOpen => {
                let is_free = |slot: &&mut Option<(u64, Option<Instant>)>| match slot {
                    None => true,
                    Some((_, Some(lease))) => now >= *lease,
                    Some((_, None)) => false,
                };
                *self.slots.iter_mut().find(is_free)? = Some((call.id, Some(now.plus(LEASE))));
            }
        }
        self.next_call += 1;
        Some(call)
    }

    fn settle(&mut self, call: Call, judgement: Judgement, now: Instant) {
        if judgement != Judgement::Ignore && self.state == State::Closed {
            self.tick(now);
        }
        // A call of the closed state counts as long as the breaker has not opened since.
        let is_late = match self.state {
            State::Closed => call.is_probe || call.openings != self.openings,
            _ => call.generation != self.generation,
        };
        if is_late {
            return;
        }
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| matches!(slot, Some((id, Some(_))) if *id == call.id));
        match (self.state, judgement, slot) {
            (State::Closed, Judgement::Success, _) => self.total += 1,
            (State::Closed, Judgement::Failure, _) => {
                self.total += 1;
                self.failures += 1;
                if self.total >= 3 && self.failures * 10 >= self.total * 6 {
                    self.enter(State::Open, now);
                }
            }
            (State::HalfOpen, Judgement::Failure, Some(_)) => self.enter(State::Open, now),
            (State::HalfOpen, Judgement::Ignore, Some(slot)) => *slot = None,
            (State::HalfOpen, Judgement::Success, Some(slot)) => {
                *slot = Some((call.id, None));
                if self.slots.iter().all(|slot| matches!(slot, Some((_, None)))) {
                    self.enter(State::Closed, now);
                }
            }
            _ => {}
        }
    }

    /// State and counts as the breaker reports them: reading does not tick, so an outdated interval reads as empty.
    fn seen(&self, now: Instant) -> (State, u64, u64, u64) {
        let over = now >= self.ends;
        let count = |passed: bool| {
            self.slots
                .iter()
                .flatten()
                .filter(|(_, lease)| lease.is_none() == passed)
                .count() as u64
        };
        match self.state {
            State::Closed if over => (State::Closed, 0, 0, 0),
            State::Closed => (State::Closed, self.total, self.failures, 0),
            State::Open if over => (State::HalfOpen, 0, 0, 0),
            State::Open => (State::Open, 0, 0, 0),
            State::HalfOpen => (State::HalfOpen, count(true), 0, count(false)),
        }
    }
}

/// How often a history passed through each state, to see that the histories are worth their time.
#[derive(Default)]
struct Coverage {
    opened: usize,
    recovered: usize,
}

fn history(seed: u64, steps: usize, coverage: &mut Coverage) {
    let random = Random::seeded(seed);
    let hand = ManualClock::new();
    let clock = hand.clock();
    let breaker = Breaker::new(
        Settings::new("model")
            .clock(clock)
            .probes(PROBES as u32)
            .interval(INTERVAL)
            .open_for(OPEN_FOR)
            .probe_lease(LEASE),
    );
    let mut model = Model::new(clock.now());
    let mut calls: Vec<(Permit<&Breaker>, Call)> = Vec::new();
    // Each history has its own weather: from a service that nearly always works to one that nearly never does.
    let failure_percent = random.below(90);
    for step in 0..steps {
        let place = || format!("seed {seed}, step {step}");
        let before = model.state;
        match random.below(10) {
            0..=3 => match (breaker.try_acquire(), model.acquire(clock.now())) {
                (Ok(permit), Some(call)) => calls.push((permit, call)),
                (Err(_), None) => {}
                (got, expected) => {
                    panic!(
                        "{}: admitted {}, expected {}",
                        place(),
                        got.is_ok(),
                        expected.is_some()
                    )
                }
            },
            4..=8 if !calls.is_empty() => {
                let (permit, call) = calls.swap_remove(random.below(calls.len() as u64) as usize);
                let judgement = match random.below(100) {
                    0..=9 => Judgement::Ignore,
                    roll if roll < 10 + failure_percent => Judgement::Failure,
                    _ => Judgement::Success,
                };
                permit.report(judgement);
                model.settle(call, judgement, clock.now());
            }
            _ => hand.advance(Duration::from_millis(
                [1, 100, 1000, 4000, 7000, 10_000, 30_000][random.below(7) as usize],
            )),
        }
        coverage.opened += usize::from(before != State::Open && model.state == State::Open);
        coverage.recovered += usize::from(before == State::HalfOpen && model.state == State::Closed);
        let counts = breaker.counts();
        let seen = (breaker.state(), counts.total, counts.failures, counts.probing);
        assert_eq!(seen, model.seen(clock.now()), "{}", place());
    }
}

#[test]
fn the_breaker_does_what_the_sequential_model_does() {
    let mut coverage = Coverage::default();
    for seed in 0..400 {
        history(seed, 400, &mut coverage);
    }
    assert!(
        coverage.opened > 500 && coverage.recovered > 100,
        "{} {}",
        coverage.opened,
        coverage.recovered
    );
}
