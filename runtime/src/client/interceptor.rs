//! The extension point: code of the user's at four points of a call.

use std::time::Duration;

use http::HeaderMap;

use crate::error::Fault;

/// What an interceptor sees of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct CallFacts<'a> {
    /// The service.
    pub service: &'a str,
    /// The operation's id, or method and path of a call without a contract.
    pub operation: &'a str,
    /// The id that all calls of one request of the outside share.
    pub correlation_id: &'a str,
}

/// What an interceptor sees of an attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct AttemptFacts<'a> {
    /// The call.
    pub call: &'a CallFacts<'a>,
    /// Its number, from 0.
    pub number: u32,
    /// What is left of the deadline.
    pub remaining: Option<Duration>,
}

/// Code of the user's at four points of a call. Every method does nothing by default.
pub trait Interceptor: Send + Sync {
    /// Before anything else: may add headers, or refuse the call.
    fn before_call(&self, call: &CallFacts<'_>, headers: &mut HeaderMap) -> Result<(), Fault> {
        let _ = (call, headers);
        Ok(())
    }

    /// Before each attempt: may add headers, such as a signature.
    fn before_attempt(&self, attempt: &AttemptFacts<'_>, headers: &mut HeaderMap) {
        let _ = (attempt, headers);
    }

    /// After each attempt.
    fn after_attempt(&self, attempt: &AttemptFacts<'_>, outcome: Result<(), &Fault>) {
        let _ = (attempt, outcome);
    }

    /// After the call, with how it ended and how often it was tried.
    fn after_call(&self, call: &CallFacts<'_>, attempts: u32, outcome: Result<(), &Fault>) {
        let _ = (call, attempts, outcome);
    }
}
