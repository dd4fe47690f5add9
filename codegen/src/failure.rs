//! Why nothing was written.

use std::fmt;

use tieline_contract::problem::{Problem, Problems};

/// Why nothing was written: located problems.
///
/// `Debug` prints what `Display` does, so that a build script can return it from `main`.
pub struct Failure(Problems);

impl Failure {
    /// Everything that is wrong.
    pub fn problems(&self) -> &Problems {
        &self.0
    }

    /// Everything that is wrong.
    pub fn into_problems(self) -> Problems {
        self.0
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self(problems)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_text(false).trim_end())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no code was generated\n\n{self}")
    }
}

impl std::error::Error for Failure {}
