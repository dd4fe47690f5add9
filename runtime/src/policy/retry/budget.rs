//! The budget that keeps retries a small share of the traffic, so that an outage is not made worse.
//!
//! The rule is Finagle's `RetryBudget`: each call deposits `ratio` of a retry, each retry withdraws one, and a
//! reserve of some retries per second lets quiet clients retry at all. Deposits and withdrawals are forgotten after a
//! window, so in any window `retries <= ratio · calls + reserve_per_second · window`.
//!
//! How it stays exact without a lock: `balance` is the one number that decides, and it always equals the reserve plus
//! what the slots of a ring hold. A slot carries the epoch (a tenth of the window) it counts; who meets a slot of an
//! epoch gone by empties it with one compare-and-swap and takes its sum out of the balance, exactly once.

use crate::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Instant, nanos};

/// What one retry costs, in the balance's unit of a thousandth of a retry.
const RETRY: i32 = 1000;

/// How many slots a window is cut into.
const SLOTS: usize = 10;

/// A shared allowance of retries (and, later, hedges). Share it by `Arc` between all that load one service.
///
/// A withdrawal is charged before the attempt is sent and never given back, not even when the attempt is cancelled:
/// the load has been caused.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::policy::retry::Budget;
/// let budget = Budget::new(0.5, 0, Duration::from_secs(10));
/// budget.deposit();
/// assert!(!budget.try_withdraw());
/// budget.deposit();
/// assert!(budget.try_withdraw(), "two calls at a ratio of a half pay for one retry");
/// ```
#[derive(Debug)]
pub struct Budget {
    /// Credit of one call, in thousandths of a retry.
    deposit: i32,
    /// Nanoseconds in one slot.
    slice: u64,
    balance: AtomicI64,
    /// The epoch up to which the whole ring was last swept.
    swept: AtomicU32,
    slots: [AtomicU64; SLOTS],
    clock: Clock,
}

impl Budget {
    /// The share of calls that may be retried by default.
    pub const RATIO: f64 = 0.1;
    /// The retries per second that are always allowed by default.
    pub const RESERVE_PER_SECOND: u32 = 10;
    /// The default window.
    pub const WINDOW: Duration = Duration::from_secs(10);

    /// A budget of `ratio` retries per call (0 to 1000, to a thousandth) plus `reserve_per_second`, over `window`
    /// (at least 10 ms).
    pub fn new(ratio: f64, reserve_per_second: u32, window: Duration) -> Self {
        Self::on(Clock::default(), ratio, reserve_per_second, window)
    }

    /// The same on a clock of the caller's choice.
    pub fn on(clock: Clock, ratio: f64, reserve_per_second: u32, window: Duration) -> Self {
        let window = window.clamp(Duration::from_millis(10), Duration::from_secs(24 * 60 * 60));
        let reserve =
            (f64::from(reserve_per_second) * window.as_secs_f64() * f64::from(RETRY)).round() as i64;
        // A float that is cast saturates, and NaN becomes 0: no ratio can break the arithmetic.
        let deposit = (ratio.clamp(0.0, 1000.0) * f64::from(RETRY)).round() as i32;
        let slice = nanos(window) / SLOTS as u64;
        let epoch = (clock.now().as_nanos() / slice) as u32;
        Self {
            deposit,
            slice,
            balance: AtomicI64::new(reserve),
            swept: AtomicU32::new(epoch),
            slots: std::array::from_fn(|_| AtomicU64::new(Slot { epoch, net: 0 }.pack())),
            clock,
        }
    }

    /// Credits one call. A retry of it does not count as a call.
    pub fn deposit(&self) {
        self.deposit_at(self.clock.now());
    }

    /// [`deposit`](Budget::deposit) at a time that the caller has read already.
    pub fn deposit_at(&self, now: Instant) {
        let epoch = self.advance(now);
        if self.deposit > 0 && self.add(epoch, self.deposit) {
            self.balance.fetch_add(i64::from(self.deposit), Ordering::AcqRel);
        }
    }

    /// Pays for one retry if the balance allows it. Call it before sending, and do not send when it says no.
    #[must_use]
    pub fn try_withdraw(&self) -> bool {
        let epoch = self.advance(self.clock.now());
        let cost = i64::from(RETRY);
        let paid = self
            .balance
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |balance| {
                (balance >= cost).then_some(balance - cost)
            });
        if paid.is_err() {
            return false;
        }
        // Two million withdrawals in one slot would be needed for this to fail.
        if !self.add(epoch, -RETRY) {
            self.balance.fetch_add(cost, Ordering::AcqRel);
            return false;
        }
        true
    }

    /// The clock that the budget reads.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Retries that could be paid for now.
    pub fn available(&self) -> u64 {
        self.advance(self.clock.now());
        u64::try_from(self.balance.load(Ordering::Acquire) / i64::from(RETRY)).unwrap_or(0)
    }

    /// Empties the slots whose epoch has left the window, and returns the present epoch.
    fn advance(&self, now: Instant) -> u32 {
        let epoch = (now.as_nanos() / self.slice) as u32;
        let swept = self.swept.load(Ordering::Acquire);
        if is_later(epoch, swept)
            && self
                .swept
                .compare_exchange(swept, epoch, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
        {
            for age in 0..SLOTS as u32 {
                let live = epoch.wrapping_sub(age);
                let slot = &self.slots[live as usize % SLOTS];
                let held = slot.load(Ordering::Acquire);
                if is_later(live, Slot::unpack(held).epoch) {
                    self.replace(slot, held, Slot { epoch: live, net: 0 });
                }
            }
        }
        epoch
    }

    /// Adds to the slot of `epoch`; false when its sum would overflow.
    fn add(&self, epoch: u32, amount: i32) -> bool {
        let slot = &self.slots[epoch as usize % SLOTS];
        loop {
            let held = slot.load(Ordering::Acquire);
            let old = Slot::unpack(held);
            let done = if is_later(epoch, old.epoch) {
                self.replace(slot, held, Slot { epoch, net: amount })
            } else {
                // The same epoch, or a later one when this thread has been overtaken.
                let Some(net) = old.net.checked_add(amount) else {
                    return false;
                };
                let new = Slot { net, ..old }.pack();
                slot.compare_exchange_weak(held, new, Ordering::AcqRel, Ordering::Acquire)
                    .is_ok()
            };
            if done {
                return true;
            }
        }
    }

    /// Swaps an outdated slot and, having won, takes what it held out of the balance.
    fn replace(&self, slot: &AtomicU64, held: u64, new: Slot) -> bool {
        let won = slot
            .compare_exchange(held, new.pack(), Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if won {
            self.balance
                .fetch_sub(i64::from(Slot::unpack(held).net), Ordering::AcqRel);
        }
        won
    }
}

impl Default for Budget {
    /// A tenth of the calls, and 10 retries a second, over 10 s.
    fn default() -> Self {
        Self::new(Self::RATIO, Self::RESERVE_PER_SECOND, Self::WINDOW)
    }
}

/// Whether epoch `a` comes after `b`, across the wrap of 32 bits.
fn is_later(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// One word of the ring: an epoch, and deposits less withdrawals made in it.
#[derive(Clone, Copy)]
struct Slot {
    epoch: u32,
    net: i32,
}

impl Slot {
    fn pack(self) -> u64 {
        (u64::from(self.epoch) << 32) | u64::from(self.net as u32)
    }

    fn unpack(word: u64) -> Self {
        Self {
            epoch: (word >> 32) as u32,
            net: word as u32 as i32,
        }
    }
}
