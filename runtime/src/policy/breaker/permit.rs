//! Leave to make one call, and the duty to say how it went.

use std::ops::Deref;

use super::probes::Held;
use super::word::Generation;
use super::{Breaker, Judgement};
use crate::clock::Instant;

/// What a call was admitted as: its generation and, half-open, its probe slot; closed, how often the breaker had opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    generation: Generation,
    probe: Option<Held>,
    openings: u32,
    /// When the call was admitted.
    started: Instant,
}

impl Ticket {
    /// A ticket whose outcome interests nobody.
    pub(super) const UNJUDGED: Self = Self {
        generation: Generation::NONE,
        probe: None,
        openings: 0,
        started: Instant::FAR_FUTURE,
    };

    pub(super) const fn new(
        generation: Generation,
        probe: Option<Held>,
        openings: u32,
        started: Instant,
    ) -> Self {
        Self {
            generation,
            probe,
            openings,
            started,
        }
    }

    pub(super) const fn started(&self) -> Instant {
        self.started
    }

    /// Whether nobody is interested in the outcome.
    pub(super) fn is_unjudged(&self) -> bool {
        self.generation == Generation::NONE
    }

    pub(super) const fn openings(&self) -> u32 {
        self.openings
    }

    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }

    pub(super) const fn probe(&self) -> Option<Held> {
        self.probe
    }
}

/// Leave to make one call. Say how the call went by [`success`](Permit::success), [`failure`](Permit::failure) or
/// [`report`](Permit::report); dropping the permit, as cancelled work does, says nothing and gives a probe's slot
/// back.
///
/// A panic drops the permit as well and so is not counted: it is the caller's fault, not the service's.
#[derive(Debug)]
#[must_use = "a permit that is dropped reports nothing"]
pub struct Permit<B: Deref<Target = Breaker>> {
    breaker: B,
    ticket: Ticket,
}

impl<B: Deref<Target = Breaker>> Permit<B> {
    pub(super) fn new(breaker: B, ticket: Ticket) -> Self {
        Self { breaker, ticket }
    }

    /// Whether the breaker has opened since the call was admitted, so that it should make no further attempt.
    pub fn is_cut_off(&self) -> bool {
        self.breaker.has_cut_off(self.ticket)
    }

    /// The service answered.
    pub fn success(self) {
        self.report(Judgement::Success);
    }

    /// The service failed.
    pub fn failure(self) {
        self.report(Judgement::Failure);
    }

    /// The call said nothing about the service.
    pub fn ignore(self) {}

    /// How the call went.
    pub fn report(self, judgement: Judgement) {
        if judgement != Judgement::Ignore && !self.ticket.is_unjudged() {
            let now = self.breaker.settings.clock.now();
            self.report_at(judgement, now);
        }
    }

    /// [`report`](Permit::report) at a time that the caller has read already.
    pub fn report_at(mut self, judgement: Judgement, now: Instant) {
        if judgement == Judgement::Ignore || self.ticket.is_unjudged() {
            return;
        }
        let ticket = std::mem::replace(&mut self.ticket, Ticket::UNJUDGED);
        self.breaker.settle(ticket, judgement == Judgement::Failure, now);
    }
}

impl<B: Deref<Target = Breaker>> Drop for Permit<B> {
    fn drop(&mut self) {
        self.breaker.release(self.ticket);
    }
}
