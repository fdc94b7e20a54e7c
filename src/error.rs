//! What can go wrong on the way of a photo, and which sentence of `text/` says it.

use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::worth_retrying;

/// A failure as the visitor meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No answer from the companion: the network is gone, or the companion is.
    Unreachable,
    /// The companion said what is wrong. Its own words are for the console, ours for the screen.
    Companion(Problem),
}

impl Trouble {
    /// The key of the sentence for the visitor.
    pub fn sentence(&self) -> String {
        format!("problem.{}", self.code_name())
    }

    /// The name that `error.code` has in the result.
    pub fn code_name(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Companion(problem) => problem.code.as_str(),
        }
    }

    /// English for developers.
    pub fn english(&self) -> String {
        match self {
            Self::Unreachable => "The companion cannot be reached.".to_owned(),
            Self::Companion(problem) => problem.text.clone(),
        }
    }

    /// Whether trying again may help without the visitor doing something else first.
    pub fn worth_retrying(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::Companion(problem) => worth_retrying(problem.code),
        }
    }

    /// Whether the visitor has to sign in again first.
    pub fn needs_sign_in(&self) -> bool {
        matches!(
            self,
            Self::Companion(Problem {
                code: ProblemCode::SignInAgain
                    | ProblemCode::AccessRemoved
                    | ProblemCode::PasswordChanged
                    | ProblemCode::AccountCheckpoint
                    | ProblemCode::PermissionDeclined,
                ..
            })
        )
    }

    /// Whether it is this one of the companion's problems.
    pub fn is(&self, code: ProblemCode) -> bool {
        matches!(self, Self::Companion(problem) if problem.code == code)
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Companion(problem)
    }
}

impl From<ProblemCode> for Trouble {
    fn from(code: ProblemCode) -> Self {
        Self::Companion(Problem::new(code))
    }
}
