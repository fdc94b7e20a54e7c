//! What can go wrong with a transfer, and how often the same is worth trying.

use crate::db::Unwanted;
use crate::fetch::FetchError;
use crate::providers::Failure;
use bowerbird_protocol::problem::ProblemCode;
use reqwest::StatusCode;
use std::fmt::Display;

/// How often a transfer is tried where the source makes trouble, and where our own storage or database does: a source that is down
/// for long is told to the visitor, who waits.
const TRIES_OF_SOURCE: i64 = 6;
const TRIES_OF_OURS: i64 = 20;
/// What went wrong, and how often the same is worth trying.
#[derive(Debug)]
pub struct Trouble {
    /// Its name.
    pub code: ProblemCode,
    /// For the log.
    pub cause: String,
    /// How often in all.
    pub tries: i64,
}

impl Trouble {
    /// One that stays.
    pub fn lasting(code: ProblemCode, cause: impl Display) -> Self {
        Self { code, cause: cause.to_string(), tries: 1 }
    }
}

/// Why a transfer did not come to its end.
pub enum Stopped {
    /// Something went wrong.
    Trouble(Trouble),
    /// Nobody waits for it any more, or another does it.
    Unwanted(Unwanted),
}

impl<T: Into<Trouble>> From<T> for Stopped {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

impl From<Unwanted> for Stopped {
    fn from(why: Unwanted) -> Self {
        Self::Unwanted(why)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        // The provider has tried again itself what may pass.
        Self::lasting(failure.code(), failure.cause())
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        let (code, may_pass) = match &error {
            FetchError::NotListed(_) => (ProblemCode::SourceUnavailable, false),
            FetchError::NoAnswer(_) => (ProblemCode::SourceUnavailable, true),
            FetchError::Cut { .. } => (ProblemCode::PhotoIncomplete, true),
            FetchError::TooLarge(_) => (ProblemCode::TooLarge, false),
            FetchError::Status(status) => match *status {
                // Signed addresses of images end after some hours or days; the next attempt asks for a new one.
                StatusCode::FORBIDDEN => (ProblemCode::SourceUnavailable, true),
                StatusCode::NOT_FOUND | StatusCode::GONE => (ProblemCode::PhotoGone, false),
                StatusCode::TOO_MANY_REQUESTS => (ProblemCode::RateLimited, false),
                status => (ProblemCode::SourceUnavailable, status.is_server_error()),
            },
        };
        Self { code, cause: error.to_string(), tries: if may_pass { TRIES_OF_SOURCE } else { 1 } }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self { code: ProblemCode::Internal, cause: format!("database: {error}"), tries: TRIES_OF_OURS }
    }
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Self {
        Self { code: ProblemCode::StorageFailed, cause: error.to_string(), tries: TRIES_OF_OURS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let trouble = |error: FetchError| {
            let trouble = Trouble::from(error);
            (trouble.code, trouble.tries > 1)
        };
        assert_eq!(trouble(FetchError::Status(StatusCode::FORBIDDEN)), (ProblemCode::SourceUnavailable, true));
        assert_eq!(trouble(FetchError::Status(StatusCode::NOT_FOUND)), (ProblemCode::PhotoGone, false));
        assert_eq!(trouble(FetchError::Status(StatusCode::FOUND)), (ProblemCode::SourceUnavailable, false));
        assert_eq!(trouble(FetchError::Status(StatusCode::BAD_GATEWAY)), (ProblemCode::SourceUnavailable, true));
        assert_eq!(trouble(FetchError::TooLarge(1)), (ProblemCode::TooLarge, false));
        let cut = FetchError::Cut { received: 1, cause: String::new() };
        assert_eq!(trouble(cut), (ProblemCode::PhotoIncomplete, true));
    }
}
