//! The exit codes, and what leads to them.

use std::process::ExitCode;

use tieline_contract::problem::{Problem, Problems};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: clean. There may be warnings.
    Clean,
    /// 1: a problem with a contract, stale output, or a finding.
    Finding,
    /// 2: wrong usage or configuration, or the output cannot be written.
    Usage,
}

impl Exit {
    /// The code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Finding => 1,
            Self::Usage => 2,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// What ends a command early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How it ends.
    pub(crate) exit: Exit,
    /// Why.
    pub(crate) problems: Problems,
}

impl Failure {
    /// Wrong usage or configuration, or output that cannot be written.
    pub(crate) fn usage(problems: impl Into<Problems>) -> Self {
        Self {
            exit: Exit::Usage,
            problems: problems.into(),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::usage(problem)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::usage(problems)
    }
}
