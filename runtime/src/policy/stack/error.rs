//! Why a call has no value, and why one of its attempts has none.

use crate::policy::breaker::{Judgement, Open};
use crate::policy::bulkhead::Full;
use crate::policy::rate_limit::Limited;
use crate::policy::retry::{Failed, Stop, Verdict};
use crate::policy::throttle::Throttled;

/// Why a call under [`Policies`](super::Policies) has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError<E> {
    /// The breaker rejected the call.
    #[error(transparent)]
    Open(#[from] Open),
    /// The call was throttled.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The bulkhead had no place for the call.
    #[error(transparent)]
    Full(#[from] Full),
    /// The rate limit did not let the first attempt through.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The total deadline passed, and what was under way has been cancelled.
    #[error("the deadline of the call has passed after {attempts} attempt(s)")]
    Deadline {
        /// How many attempts had been started; 0 when the call was still waiting for a place.
        attempts: u32,
    },
    /// The last attempt ran into its own timeout.
    #[error("timed out after {attempts} attempt(s): {stop}")]
    Timeout {
        /// How many attempts were made.
        attempts: u32,
        /// Why there was no further one.
        stop: Stop,
    },
    /// The last attempt failed.
    #[error(transparent)]
    Failed(#[from] Failed<E>),
}

impl<E> PolicyError<E> {
    /// How many attempts were started.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Open(_) | Self::Throttled(_) | Self::Full(_) | Self::Limited(_) => 0,
            Self::Deadline { attempts } | Self::Timeout { attempts, .. } => *attempts,
            Self::Failed(failed) => failed.attempts,
        }
    }

    /// Whether a policy rejected the call, so that the service never saw it.
    pub fn is_rejection(&self) -> bool {
        self.attempts() == 0
    }

    /// Whether time ran out, be it an attempt's or the call's.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Deadline { .. } | Self::Timeout { .. })
    }

    /// The last attempt's own error, when it had one.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Failed(failed) => Some(failed.error),
            _ => None,
        }
    }
}

/// Why an attempt has no value.
pub(super) enum Missed<E> {
    Failed(E),
    /// It took too long.
    Elapsed,
}

impl<E> Missed<E> {
    pub(super) fn verdict(&self, judge: &impl Fn(&E) -> (Verdict, Judgement)) -> Verdict {
        match self {
            Self::Failed(error) => judge(error).0,
            Self::Elapsed => Verdict::TRANSIENT,
        }
    }

    pub(super) fn is_failure_of_the_service(&self, judge: &impl Fn(&E) -> (Verdict, Judgement)) -> bool {
        match self {
            Self::Failed(error) => judge(error).1 == Judgement::Failure,
            Self::Elapsed => true,
        }
    }
}
