//! The time of day: for what is compared with times that others wrote, such as the end of a token's life.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::nanos;

/// The time of day, as a time since 1970-01-01T00:00:00Z. Clones tell the same time.
///
/// Policies do not use it: it jumps when somebody sets the machine's clock.
///
/// ```
/// use std::time::Duration;
/// use tieline::clock::Wall;
///
/// let wall = Wall::at(Duration::from_secs(1_300_819_380));
/// wall.advance(Duration::from_secs(20));
/// assert_eq!(wall.now().as_secs(), 1_300_819_400);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Wall(Option<Arc<AtomicU64>>);

impl Wall {
    /// The machine's.
    pub const fn system() -> Self {
        Self(None)
    }

    /// One for tests, which stands at `since_1970` and moves only when told to.
    pub fn at(since_1970: Duration) -> Self {
        Self(Some(Arc::new(AtomicU64::new(nanos(since_1970)))))
    }

    /// The time now. Before 1970 it is zero.
    pub fn now(&self) -> Duration {
        match &self.0 {
            Some(hand) => Duration::from_nanos(hand.load(Ordering::Acquire)),
            None => SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    /// Moves one for tests ahead; the machine's stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(hand) = &self.0 {
            hand.fetch_add(nanos(by), Ordering::AcqRel);
        }
    }
}
