//! Which results count: those of an interval that starts anew, those of the last calls, or those of the last while.
//!
//! ```text
//! tumbling   tally                               forgotten as a whole when the generation ends
//! calls      tally, a ring of cells              the result of a call puts that of the n-th last one out
//! time       tally, a ring of slots of a tenth   a slot that is too old goes out as a whole
//! ```
//!
//! One word, the tally, always holds the sum of what is remembered, so that the ratio is there without counting anything
//! up: a call costs the same whatever the window holds. Cells and slots carry a generation, and what is of another than
//! the tally's is no part of it: a breaker that closes again begins with nothing. A result enters the tally before
//! it enters the ring, for else another thread could take out what is not in it yet.

use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

use super::settings::Span;
use super::word::{Generation, Tally, millis};
use crate::clock::Instant;

/// How many slots a window of time is cut into.
const SLOTS: usize = 10;

/// What is remembered of results that are good or bad.
#[derive(Debug)]
pub(super) struct Window {
    tally: AtomicU64,
    memory: Memory,
}

#[derive(Debug)]
enum Memory {
    /// As long as the generation lasts.
    Generation,
    Calls {
        cells: Box<[AtomicU32]>,
        next: AtomicU64,
    },
    Time {
        /// Milliseconds in a slot.
        slice: u64,
        /// The latest slice that there are slots for.
        swept: AtomicU64,
        slots: [AtomicU64; SLOTS],
    },
}

impl Window {
    pub(super) fn new(span: Span, now: Instant) -> Self {
        let memory = match span {
            Span::Interval(_) => Memory::Generation,
            Span::Calls(calls) => Memory::Calls {
                cells: (0..calls).map(|_| AtomicU32::new(u32::MAX)).collect(),
                next: AtomicU64::new(0),
            },
            Span::Time(time) => {
                let slice = (time.as_millis() as u64 / SLOTS as u64).max(1);
                Memory::Time {
                    slice,
                    swept: AtomicU64::new(millis(now) / slice),
                    slots: Default::default(),
                }
            }
        };
        Self {
            tally: AtomicU64::new(Tally::empty(Generation::FIRST).pack()),
            memory,
        }
    }

    /// Counts a result; gives the sum with it. `None`: the generation has ended meanwhile, as `is_current` says.
    pub(super) fn add(
        &self,
        generation: Generation,
        bad: bool,
        now: Instant,
        is_current: impl Fn() -> bool,
    ) -> Option<Tally> {
        match &self.memory {
            Memory::Generation => self.change(generation, |tally| tally.plus(bad), is_current),
            Memory::Calls { cells, next } => {
                let cell = &cells[(next.fetch_add(1, SeqCst) % cells.len() as u64) as usize];
                let mut held = cell.load(SeqCst);
                loop {
                    if !is_current() {
                        return None;
                    }
                    match cell.compare_exchange_weak(held, Cell { generation, bad }.pack(), SeqCst, SeqCst) {
                        Ok(_) => break,
                        Err(now) => held = now,
                    }
                }
                let out = Cell::unpack(held).filter(|out| out.generation == generation);
                let change = |tally: Tally| match out {
                    Some(out) => tally.plus(bad).minus(1, u64::from(out.bad)),
                    None => tally.plus(bad),
                };
                self.change(generation, change, is_current)
            }
            Memory::Time { slice, swept, slots } => {
                let epoch = millis(now) / slice;
                self.sweep(generation, epoch, swept, slots);
                let tally = self.change(generation, |tally| tally.plus(bad), is_current)?;
                self.enter(generation, epoch, bad, &slots[(epoch % SLOTS as u64) as usize]);
                Some(tally)
            }
        }
    }

    /// What is remembered of `generation`.
    pub(super) fn sum(&self, generation: Generation, now: Instant) -> Tally {
        if let Memory::Time { slice, swept, slots } = &self.memory {
            self.sweep(generation, millis(now) / slice, swept, slots);
        }
        let tally = Tally::unpack(self.tally.load(SeqCst));
        if tally.generation == generation {
            tally
        } else {
            Tally::empty(generation)
        }
    }

    /// Changes the sum of `generation`, which begins at nothing.
    fn change(
        &self,
        generation: Generation,
        change: impl Fn(Tally) -> Tally,
        is_current: impl Fn() -> bool,
    ) -> Option<Tally> {
        let mut held = self.tally.load(SeqCst);
        loop {
            let tally = Tally::unpack(held);
            let base = if tally.generation == generation {
                tally
            } else if is_current() {
                // The breaker is still in our generation, so a tally of another one is an older one.
                Tally::empty(generation)
            } else {
                return None;
            };
            let new = change(base);
            match self.tally.compare_exchange_weak(held, new.pack(), SeqCst, SeqCst) {
                Ok(_) => return Some(new),
                Err(now) => held = now,
            }
        }
    }

    /// Puts the slots out that have become too old. Whoever comes first in a slice does it for all.
    fn sweep(&self, generation: Generation, epoch: u64, swept: &AtomicU64, slots: &[AtomicU64; SLOTS]) {
        let last = swept.load(SeqCst);
        if epoch <= last || swept.compare_exchange(last, epoch, SeqCst, SeqCst).is_err() {
            return;
        }
        for old in (last + 1..=epoch).rev().take(SLOTS) {
            let fresh = Slot::empty(generation, old).pack();
            let out = slots[(old % SLOTS as u64) as usize].swap(fresh, SeqCst);
            self.put_out(generation, Slot::unpack(out));
        }
    }

    /// Counts a result in its slot.
    fn enter(&self, generation: Generation, epoch: u64, bad: bool, slot: &AtomicU64) {
        let mine = Slot::empty(generation, epoch);
        let mut held = slot.load(SeqCst);
        loop {
            let old = Slot::unpack(held);
            let (base, out) = if old.generation != mine.generation {
                (
                    mine,
                    Slot {
                        total: 0,
                        bad: 0,
                        ..old
                    },
                )
            } else {
                // Of this slice, or of a later one when this thread has been overtaken.
                old.with_room()
            };
            let new = Slot {
                total: base.total + 1,
                bad: base.bad + u64::from(bad),
                ..base
            };
            match slot.compare_exchange_weak(held, new.pack(), SeqCst, SeqCst) {
                Ok(_) => return self.put_out(generation, out),
                Err(now) => held = now,
            }
        }
    }

    /// Takes what a slot held out of the sum.
    fn put_out(&self, generation: Generation, slot: Slot) {
        if slot.generation == Slot::empty(generation, 0).generation && slot.total > 0 {
            // Only a sum of this generation has it in it.
            self.change(generation, |tally| tally.minus(slot.total, slot.bad), || false);
        }
    }
}

/// The result of a call: a generation and a bit. No generation has all bits set.
#[derive(Clone, Copy)]
struct Cell {
    generation: Generation,
    bad: bool,
}

impl Cell {
    fn pack(self) -> u32 {
        (self.generation.number() << 1) | u32::from(self.bad)
    }

    fn unpack(word: u32) -> Option<Self> {
        (word != u32::MAX).then(|| Self {
            generation: Generation::of(word >> 1),
            bad: word & 1 == 1,
        })
    }
}

/// The results of a slice of time, of one generation. Of generation and slice the low bits are enough, as slots are swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    generation: u64,
    epoch: u64,
    total: u64,
    bad: u64,
}

impl Slot {
    const TAG_BITS: u32 = 10;
    const COUNT_BITS: u32 = 22;

    const fn empty(generation: Generation, epoch: u64) -> Self {
        let mask = (1 << Self::TAG_BITS) - 1;
        Self {
            generation: generation.number() as u64 & mask,
            epoch: epoch & mask,
            total: 0,
            bad: 0,
        }
    }

    /// With room for one more result, and what has to leave for that: of four million in a slice, half.
    const fn with_room(self) -> (Self, Self) {
        let leaves = self.total == (1 << Self::COUNT_BITS) - 1;
        let (total, bad) = if leaves {
            (self.total / 2, self.bad / 2)
        } else {
            (0, 0)
        };
        let stays = Self {
            total: self.total - total,
            bad: self.bad - bad,
            ..self
        };
        (stays, Self { total, bad, ..self })
    }

    const fn pack(self) -> u64 {
        (self.generation << (Self::TAG_BITS + 2 * Self::COUNT_BITS))
            | (self.epoch << (2 * Self::COUNT_BITS))
            | (self.total << Self::COUNT_BITS)
            | self.bad
    }

    const fn unpack(word: u64) -> Self {
        let (tags, counts) = ((1 << Self::TAG_BITS) - 1, (1 << Self::COUNT_BITS) - 1);
        Self {
            generation: word >> (Self::TAG_BITS + 2 * Self::COUNT_BITS),
            epoch: (word >> (2 * Self::COUNT_BITS)) & tags,
            total: (word >> Self::COUNT_BITS) & counts,
            bad: word & counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;
    use crate::random::Random;

    const NOW: Generation = Generation::FIRST;

    fn counts(tally: Tally) -> (u64, u64) {
        (tally.total, tally.failures)
    }

    #[test]
    fn the_last_calls_are_those_that_a_list_would_hold() {
        let random = Random::seeded(5);
        let (window, mut list) = (
            Window::new(Span::Calls(7), Instant::from_nanos(0)),
            VecDeque::new(),
        );
        for _ in 0..500 {
            let bad = random.below(3) == 0;
            list.push_back(bad);
            if list.len() > 7 {
                list.pop_front();
            }
            let sum = window.add(NOW, bad, Instant::from_nanos(0), || true).unwrap();
            let bad = list.iter().filter(|bad| **bad).count() as u64;
            assert_eq!(counts(sum), (list.len() as u64, bad));
        }
    }

    #[test]
    fn the_last_while_is_what_a_list_of_times_would_hold() {
        let (random, hand) = (Random::seeded(6), ManualClock::new());
        let now = || hand.clock().now();
        let slice = 100;
        let (window, mut list) = (Window::new(Span::Time(Duration::from_secs(1)), now()), Vec::new());
        for _ in 0..2000 {
            hand.advance(Duration::from_millis(
                [0, 3, 90, 400, 5000][random.below(5) as usize],
            ));
            let bad = random.below(2) == 0;
            let epoch = millis(now()) / slice;
            list.push((epoch, bad));
            list.retain(|(then, _)| epoch - then < SLOTS as u64);
            let sum = window.add(NOW, bad, now(), || true).unwrap();
            let bad = list.iter().filter(|(_, bad)| *bad).count() as u64;
            assert_eq!(counts(sum), (list.len() as u64, bad));
        }
        hand.advance(Duration::from_secs(2));
        assert_eq!(counts(window.sum(NOW, now())), (0, 0));
    }

    #[test]
    fn another_generation_begins_with_nothing() {
        for span in [
            Span::Calls(4),
            Span::Time(Duration::from_secs(1)),
            Span::Interval(Duration::ZERO),
        ] {
            let at = Instant::from_nanos(0);
            let window = Window::new(span, at);
            for _ in 0..4 {
                window.add(NOW, true, at, || true);
            }
            let next = NOW.next();
            assert_eq!(counts(window.sum(next, at)), (0, 0));
            for good in 1..=4 {
                let sum = window.add(next, false, at, || true).unwrap();
                assert_eq!(counts(sum), (good, 0), "{span:?}");
            }
            assert!(
                window.add(NOW, true, at, || false).is_none(),
                "its generation is over"
            );
        }
    }

    #[test]
    fn threads_lose_no_result() {
        for span in [Span::Calls(1000), Span::Time(Duration::from_secs(1))] {
            let at = Instant::from_nanos(0);
            let window = Window::new(span, at);
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    let window = &window;
                    scope.spawn(move || {
                        for _ in 0..250 {
                            window.add(NOW, thread == 0, at, || true);
                        }
                    });
                }
            });
            assert_eq!(counts(window.sum(NOW, at)), (1000, 250), "{span:?}");
        }
    }

    #[test]
    fn a_slot_that_is_full_keeps_its_ratio() {
        let full = Slot {
            total: (1 << Slot::COUNT_BITS) - 1,
            bad: 1 << (Slot::COUNT_BITS - 1),
            ..Slot::empty(NOW, 3)
        };
        assert_eq!(Slot::unpack(full.pack()), full);
        let (stays, leaves) = full.with_room();
        assert_eq!(stays.total + leaves.total, full.total);
        assert_eq!(stays.bad + leaves.bad, full.bad);
        assert!(stays.bad.abs_diff(stays.total / 2) <= 1);
    }
}
