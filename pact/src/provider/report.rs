//! What a verification found.

use std::fmt;

use crate::mismatch::Mismatch;

/// What a verification found. Its text lists what is broken, and why.
#[derive(Debug, Clone)]
#[must_use = "a report fails nothing by itself: call assert_ok"]
pub struct Report {
    provider: String,
    pub(super) verified: Vec<Verified>,
    pub(super) problems: Vec<String>,
}

/// An interaction that was replayed.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The file, or the name of the source.
    pub pact: String,
    /// Whose interaction it is.
    pub consumer: String,
    /// Its description.
    pub description: String,
    /// The names of its states.
    pub states: Vec<String>,
    /// Method, path and query.
    pub request: String,
    /// The id of the operation of the contract that the request is for. `None`: it has none.
    pub operation: Option<&'static str>,
    /// How it went.
    pub verdict: Verdict,
}

/// How an interaction went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The provider kept it.
    Kept,
    /// The provider did not keep it, and need not yet.
    Pending(Vec<Failure>),
    /// The provider did not keep it.
    Broken(Vec<Failure>),
}

/// Why an interaction was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The reply is another than the consumer hopes for.
    Mismatch(Mismatch),
    /// Nobody brings the provider into this state.
    UnhandledState {
        /// The state.
        state: String,
        /// The states that have handlers.
        handled: Vec<String>,
    },
    /// The provider could not be brought into a state, or back.
    State {
        /// The state.
        state: String,
        /// Why not.
        message: String,
    },
    /// The request cannot be sent.
    NotSent(String),
    /// No reply came.
    NoReply(String),
    /// Interactions of this kind cannot be verified yet.
    Unsupported,
}

impl Report {
    pub(super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            verified: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Every interaction that was found.
    pub fn verified(&self) -> &[Verified] {
        &self.verified
    }

    /// What was wrong beside interactions: pacts that were not found or not readable.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The interactions that the provider does not keep.
    pub fn broken(&self) -> impl Iterator<Item = &Verified> {
        self.verified
            .iter()
            .filter(|verified| matches!(verified.verdict, Verdict::Broken(_)))
    }

    /// Whether the provider keeps everything, and something was there to be kept.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty() && self.broken().next().is_none()
    }

    /// Fails the test unless [`Report::is_ok`].
    ///
    /// # Panics
    /// With the report, when something is broken or missing.
    #[track_caller]
    pub fn assert_ok(&self) {
        assert!(self.is_ok(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.verified.len();
        write!(
            f,
            "pacts with {}: {all} interactions, {} broken",
            self.provider,
            self.broken().count()
        )?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        for verified in &self.verified {
            let (word, failures) = match &verified.verdict {
                Verdict::Kept => continue,
                Verdict::Pending(failures) => ("pending", failures),
                Verdict::Broken(failures) => ("broken", failures),
            };
            write!(f, "\n  {word}: {verified}")?;
            for failure in failures {
                write!(f, "\n    {failure}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.consumer, self.description)?;
        for state in &self.states {
            write!(f, ", given {state:?}")?;
        }
        write!(f, ": {}", self.request)?;
        match self.operation {
            Some(operation) => write!(f, " ({operation})")?,
            None => f.write_str(" (no operation of the contract)")?,
        }
        write!(f, " [{}]", self.pact)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch(mismatch) => mismatch.fmt(f),
            Self::UnhandledState { state, handled } => {
                write!(f, "nobody handles the state {state:?}")?;
                if handled.is_empty() {
                    f.write_str("; add it by `state` or `states`")
                } else {
                    write!(f, "; handled are {handled:?}")
                }
            }
            Self::State { state, message } => write!(f, "the state {state:?} failed: {message}"),
            Self::NotSent(why) => write!(f, "the request cannot be sent: {why}"),
            Self::NoReply(why) => write!(f, "no reply: {why}"),
            Self::Unsupported => {
                f.write_str("messages and gRPC cannot be verified yet, only requests over HTTP")
            }
        }
    }
}
