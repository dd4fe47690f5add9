//! The probes of a half-open breaker: a fixed set of slots, one for each call that may test the service.
//!
//! A slot is free, taken (with the time its lease ends) or passed. What carries an older generation counts as free,
//! so a new trial needs no cleaning up. Which generation is older is not told by comparing numbers, which wrap, but by
//! asking whether the breaker is still in the asker's: then no other can be newer. The word that a probe wrote when it took its slot is its proof of ownership:
//! once the lease has run out and another has taken the slot, the words differ and the old probe's result is late.
//!
//! All steps are sequentially consistent: of two probes that pass at the same time, at least one must see both. The fence
//! behind a pass says so once more for loom, to which only fences are.

use crate::sync::atomic::{AtomicU64, Ordering::SeqCst, fence};

use super::word::{FOREVER, Generation, Timed};

const FREE: u8 = 0;
const TAKEN: u8 = 1;
const PASSED: u8 = 2;

#[derive(Debug)]
pub(super) struct Probes {
    slots: Box<[AtomicU64]>,
}

/// A slot that is held: which one, and the word that proves it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    slot: u32,
    word: u64,
}

/// The answer to a call that wants to be a probe.
pub(super) enum Answer {
    Taken(Held),
    /// All slots are in use.
    Full,
    /// The slots already belong to a later generation: look at the state again.
    Outdated,
}

impl Probes {
    /// Slots whose words carry the first generation, in which no breaker is ever half-open.
    pub(super) fn new(count: u32) -> Self {
        Self {
            slots: (0..count)
                .map(|_| AtomicU64::new(vacant(Generation::FIRST)))
                .collect(),
        }
    }

    /// Takes a slot for `generation` until `lease_end`, `now` and it in milliseconds. `is_current` tells whether the
    /// breaker is still in that generation.
    pub(super) fn take(
        &self,
        generation: Generation,
        now: u64,
        lease_end: u64,
        is_current: impl Fn() -> bool,
    ) -> Answer {
        let mine = Timed {
            kind: TAKEN,
            generation,
            until: lease_end,
        }
        .pack();
        for (index, slot) in self.slots.iter().enumerate() {
            loop {
                let word = slot.load(SeqCst);
                let held = Timed::unpack(word);
                if held.generation != generation && !is_current() {
                    return Answer::Outdated;
                }
                let in_use = held.generation == generation
                    && (held.kind == PASSED || (held.kind == TAKEN && now < held.until));
                if in_use {
                    break;
                }
                if slot.compare_exchange(word, mine, SeqCst, SeqCst).is_ok() {
                    return Answer::Taken(Held {
                        slot: index as u32,
                        word: mine,
                    });
                }
            }
        }
        Answer::Full
    }

    /// Marks a slot as passed; false when its lease had run out and it went to another.
    pub(super) fn pass(&self, held: Held) -> bool {
        let taken = Timed::unpack(held.word);
        let passed = Timed {
            kind: PASSED,
            until: FOREVER,
            ..taken
        }
        .pack();
        let is_passed = self.swap(held, passed);
        fence(SeqCst);
        is_passed
    }

    /// Gives a slot back unjudged, if it is still held.
    pub(super) fn release(&self, held: Held) {
        self.swap(held, vacant(Timed::unpack(held.word).generation));
    }

    /// Whether the slot is still the holder's.
    pub(super) fn is_held(&self, held: Held) -> bool {
        self.slots
            .get(held.slot as usize)
            .is_some_and(|slot| slot.load(SeqCst) == held.word)
    }

    /// How many slots of `generation` are taken, and how many have passed.
    pub(super) fn count(&self, generation: Generation) -> (u64, u64) {
        let of = |kind| {
            let words = self.slots.iter().map(|slot| Timed::unpack(slot.load(SeqCst)));
            words
                .filter(|held| held.generation == generation && held.kind == kind)
                .count() as u64
        };
        (of(TAKEN), of(PASSED))
    }

    pub(super) fn all_passed(&self, generation: Generation) -> bool {
        self.count(generation).1 == self.slots.len() as u64
    }

    fn swap(&self, held: Held, new: u64) -> bool {
        let slot = self.slots.get(held.slot as usize);
        slot.is_some_and(|slot| slot.compare_exchange(held.word, new, SeqCst, SeqCst).is_ok())
    }
}

fn vacant(generation: Generation) -> u64 {
    Timed {
        kind: FREE,
        generation,
        until: 0,
    }
    .pack()
}
