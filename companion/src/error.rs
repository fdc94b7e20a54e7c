//! [`ApiError`] and its one reply, `{"error": {"text", "code"}}`. Causes are logged, never sent.

use crate::policy::Refusal;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::{ErrorReply, Problem, ProblemCode};
use std::fmt::Display;
use std::time::Duration;

/// A request that ends without its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    problem: Problem,
    /// Seconds.
    retry_after: Option<u64>,
}

impl ApiError {
    /// With the words and the status that belong to the code.
    pub fn new(code: ProblemCode) -> Self {
        Self { status: status(code), problem: Problem::new(code), retry_after: None }
    }

    /// With words that name the very thing that is wrong. They are sent: no causes, no secrets.
    pub fn with_text(code: ProblemCode, text: impl Into<String>) -> Self {
        Self { status: status(code), problem: Problem::with_text(code, text), retry_after: None }
    }

    /// With another status than the code's.
    pub fn with_status(status: StatusCode, code: ProblemCode, text: impl Into<String>) -> Self {
        Self { status, ..Self::with_text(code, text) }
    }

    /// Nothing is at this address.
    pub fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            problem: Problem::with_text(ProblemCode::Other, "There is nothing at this address."),
            retry_after: None,
        }
    }

    /// What was at this address is over, for good.
    pub fn gone() -> Self {
        Self {
            status: StatusCode::GONE,
            problem: Problem::with_text(ProblemCode::Other, "This link is over."),
            retry_after: None,
        }
    }

    /// A refusal whose status the router chose.
    pub fn refused(status: StatusCode, text: impl Into<String>) -> Self {
        let code =
            if status == StatusCode::PAYLOAD_TOO_LARGE { ProblemCode::TooLarge } else { ProblemCode::BadRequest };
        Self::with_status(status, code, text)
    }

    /// A fault of ours. The cause goes to the log.
    pub fn internal(cause: impl Display) -> Self {
        tracing::error!(%cause, "a fault of the companion");
        Self::new(ProblemCode::Internal)
    }

    /// Somebody asks too often, and may ask again after so long.
    pub fn too_many_requests(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { retry_after: Some(seconds.max(1)), ..Self::new(ProblemCode::TooManyRequests) }
    }

    /// We have more to do than we can, and may be asked again after so long.
    pub fn busy(wait: Duration) -> Self {
        let text = "The server has too much to do at the moment.";
        let busy = Self::with_status(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::TooManyRequests, text);
        Self { retry_after: Some(wait.as_secs().max(1)), ..busy }
    }

    /// Whether what was to be dealt with is not there or not what it should be, rather than the request.
    pub fn is_about_the_source(&self) -> bool {
        use ProblemCode::{NotAnImage, PhotoGone, SourceUnavailable, StorageFailed, TooLarge};
        let codes = [NotAnImage, PhotoGone, SourceUnavailable, StorageFailed, TooLarge];
        [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&self.status) || codes.contains(&self.problem.code)
    }

    /// The same reply with a page in place of JSON, for who reads it in a window.
    pub fn with_page(self, page: Response) -> Response {
        let (mut reply, body) = (self.into_response(), page.into_parts());
        reply.headers_mut().extend(body.0.headers);
        *reply.body_mut() = body.1;
        reply
    }

    /// What is sent.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// The HTTP status that goes with a problem when it is the whole reply.
fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::UnknownKey | ProblemCode::OriginNotAllowed | ProblemCode::NotAllowed | ProblemCode::StoreLimit => {
            StatusCode::FORBIDDEN
        }
        ProblemCode::BadRequest | ProblemCode::BadPath | ProblemCode::UnknownSource => StatusCode::BAD_REQUEST,
        ProblemCode::SessionExpired => StatusCode::UNAUTHORIZED,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::NotAccepted => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemCode::PhotoGone => StatusCode::NOT_FOUND,
        ProblemCode::Internal | ProblemCode::StorageFailed => StatusCode::INTERNAL_SERVER_ERROR,
        ProblemCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::RateLimited => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(format_args!("database: {error}"))
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::with_text(ProblemCode::NotAllowed, refusal.to_string())
    }
}

impl From<object_store::Error> for ApiError {
    fn from(error: object_store::Error) -> Self {
        tracing::error!(cause = %error, "the storage failed");
        Self::new(ProblemCode::StorageFailed)
    }
}

/// Marks a response that the page which asked may not read: its origin is not on the key's list.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // Whoever asks too often is counted instead, lest they fill the log.
        let quiet = [StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS];
        if self.status.is_client_error() && !quiet.contains(&self.status) {
            // Words about a body may repeat a value of it, which may be a token.
            let text = if self.problem.code == ProblemCode::BadRequest { "" } else { &self.problem.text };
            tracing::warn!(code = self.problem.code.as_str(), text, "request refused");
        }
        let is_foreign = self.problem.code == ProblemCode::OriginNotAllowed;
        let mut reply = (self.status, Json(ErrorReply { error: self.problem })).into_response();
        if is_foreign {
            reply.extensions_mut().insert(Unreadable);
        }
        if let Some(seconds) = self.retry_after {
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}
