//! How fast an operation can be: what no deadline may be shorter than.

use std::time::Duration;

use crate::clock::Instant;

/// How long a time counts, and once more as long.
const KEPT: Duration = Duration::from_secs(60);

/// The shortest times of the present minute and the one before.
#[derive(Debug)]
pub(super) struct Pace {
    shortest: [Option<Duration>; 2],
    until: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            shortest: [None; 2],
            until: now.plus(KEPT),
        }
    }

    pub(super) fn took(&mut self, time: Duration, now: Instant) {
        self.turn(now);
        let shortest = self.shortest[0].map_or(time, |shortest| shortest.min(time));
        self.shortest[0] = Some(shortest);
    }

    /// The shortest time of late.
    pub(super) fn shortest(&mut self, now: Instant) -> Option<Duration> {
        self.turn(now);
        self.shortest.into_iter().flatten().min()
    }

    fn turn(&mut self, now: Instant) {
        if now < self.until {
            return;
        }
        let is_long_ago = now >= self.until.plus(KEPT);
        self.shortest = [None, self.shortest[0].filter(|_| !is_long_ago)];
        self.until = now.plus(KEPT);
    }
}
