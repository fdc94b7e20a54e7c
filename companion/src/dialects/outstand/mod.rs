//! Outstand's API (<https://www.outstand.so/docs>; checked November 2026): who asks, and how trouble is told.

mod accounts;
mod media;
mod posts;
mod stories;

use crate::apps::App;
use crate::error::ApiError;
use crate::{Shared, accounts as core};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What stands before a connection's token in the addresses of [`of_connections`].
pub const PENDING: &str = "/v1/social-accounts/pending/";

/// What a site's server calls, with the secret of its key.
pub fn of_sites() -> Router<Shared> {
    Router::new()
        .route("/v1/social-networks/{network}/auth-url", post(accounts::auth_url))
        .route("/v1/social-accounts", get(accounts::list))
        .route("/v1/social-accounts/{id}", get(accounts::one).delete(accounts::disconnect))
        .route("/v1/social-accounts/{id}/refresh", post(accounts::refresh))
        .route("/v1/social-accounts/{id}/stories", get(stories::list))
        .route("/v1/posts", get(posts::list).post(posts::publish))
        .route("/v1/posts/", get(posts::list).post(posts::publish))
        .route("/v1/posts/{id}", get(posts::one).delete(posts::cancel))
        .route("/v1/media/upload", post(media::upload))
        .route("/v1/media/{id}/confirm", post(media::confirm))
        .route("/v1/media/{id}", get(media::one))
}

/// Where media are sent, with an address that is signed.
pub fn of_uploads() -> Router<Shared> {
    Router::new().route("/v1/media/{id}/content", put(media::put)).layer(DefaultBodyLimit::disable())
}

/// What the token of a connection is enough for.
pub fn of_connections() -> Router<Shared> {
    Router::new()
        .route("/v1/social-accounts/pending/{session}", get(accounts::pending))
        .route("/v1/social-accounts/pending/{session}/finalize", post(accounts::finalize))
}

/// A call that ends without its answer.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: Value,
    retry_after: Option<HeaderValue>,
}

impl Refusal {
    /// With what Outstand has in `error`, and words besides.
    pub fn new(status: StatusCode, error: &str, message: &str) -> Self {
        Self { status, body: json!({"success": false, "error": error, "message": message}), retry_after: None }
    }

    /// With `error` alone.
    pub fn bare(status: StatusCode, error: &str) -> Self {
        Self { status, body: json!({"success": false, "error": error}), retry_after: None }
    }

    /// A body or a query that is not what it should be.
    pub fn invalid(field: &str, words: &str) -> Self {
        let details = match field {
            "" => json!({"_errors": [words]}),
            field => json!({field: {"_errors": [words]}}),
        };
        let body = json!({"success": false, "error": "Invalid payload", "details": details});
        Self { status: StatusCode::BAD_REQUEST, body, retry_after: None }
    }

    /// Whether the caller can mend it.
    pub fn is_callers(&self) -> bool {
        self.status.is_client_error()
    }

    fn unauthorized() -> Self {
        let words = "Send the secret of a key that is served here: Authorization: Bearer <secret>.";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", words)
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let words = error.problem().text.clone();
        let reply = error.into_response();
        let status = reply.status();
        let name = if status.is_server_error() { "Internal server error" } else { "Request refused" };
        Self { retry_after: reply.headers().get(header::RETRY_AFTER).cloned(), ..Self::new(status, name, &words) }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        ApiError::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut reply = (self.status, Json(self.body)).into_response();
        reply.headers_mut().extend(self.retry_after.map(|seconds| (header::RETRY_AFTER, seconds)));
        reply
    }
}

/// The site whose secret a call carries.
#[derive(Debug, Clone)]
pub struct Site(pub Arc<App>);

impl FromRequestParts<Shared> for Site {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, companion: &Shared) -> Result<Self, Refusal> {
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (kind, secret) = shown.and_then(|shown| shown.split_once(' ')).unwrap_or_default();
        if !kind.eq_ignore_ascii_case("bearer") || secret.trim().is_empty() {
            return Err(Refusal::unauthorized());
        }
        // Two sites with the same secret cannot be told apart, so neither is meant.
        match &companion.apps.with_secret(secret.trim(), &companion.signer)[..] {
            [app] => {
                companion.limits.key(app.key())?;
                Ok(Self(app.clone()))
            }
            _ => Err(Refusal::unauthorized()),
        }
    }
}

/// A body that is a JSON object. A call without a body is one with an empty object.
#[derive(Debug, Default)]
pub struct Body(pub Map<String, Value>);

impl FromRequest<Shared> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, companion: &Shared) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, companion).await.map_err(|rejection| {
            Refusal::new(rejection.status(), "Invalid payload", "The body could not be read, or is too large.")
        })?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|_| Refusal::invalid("", "Expected a JSON object"))
    }
}

impl Body {
    /// A member that is text.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(name, "Expected string")),
        }
    }
}

/// Whom a call is about: from the body, the query or the header `X-Tenant-ID`, the first that says so.
#[derive(Debug, Clone)]
pub struct Tenant(pub Option<String>);

#[derive(Default, Deserialize)]
struct TenantQuery {
    #[serde(rename = "tenantId")]
    camel: Option<String>,
    #[serde(rename = "tenant_id")]
    snake: Option<String>,
}

impl FromRequestParts<Shared> for Tenant {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let Query(TenantQuery { camel, snake }) = Query::try_from_uri(&parts.uri).unwrap_or_default();
        Self(camel.or(snake).or_else(|| in_header(&parts.headers))).checked()
    }
}

fn in_header(headers: &HeaderMap) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get("x-tenant-id")?.as_bytes()).into_owned())
}

impl Tenant {
    /// The same, unless the body says another.
    pub fn or_of(self, body: &Body) -> Result<Self, Refusal> {
        let said = body.text("tenant_id")?.or(body.text("tenantId")?);
        said.map_or(Ok(self), |said| Self(Some(said.to_owned())).checked())
    }

    fn checked(self) -> Result<Self, Refusal> {
        match &self.0 {
            Some(tenant) if !core::is_tenant(tenant) => {
                Err(Refusal::invalid("tenant_id", "Up to 64 letters, digits, underscores and hyphens"))
            }
            _ => Ok(self),
        }
    }

    /// Whether something of this tenant is meant; without one everything is.
    pub fn means(&self, tenant: &str) -> bool {
        self.0.as_ref().is_none_or(|meant| meant == tenant)
    }
}
