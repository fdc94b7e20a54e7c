//! OneAll's API (<https://docs.oneall.com>; checked November 2026): who asks, and the envelope of every answer.

mod connections;
mod push;

pub use connections::{CONNECTIONS, accounts_of, identity_token};

use crate::Shared;
use crate::apps::App;
use crate::error::ApiError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a site's server calls, with its key and the secret of it.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/connections/{connection}", get(connections::connection))
        .route("/push/identities/{identity}/{network}/{*what}", post(push::push))
}

/// An answer in the envelope. `resource` is the path that was asked for.
#[derive(Debug)]
pub struct Envelope {
    resource: String,
    status: StatusCode,
    info: String,
    /// In `result`, where it went well.
    result: Option<Value>,
    retry_after: Option<HeaderValue>,
}

impl Envelope {
    /// One that went well.
    pub fn success(resource: &str, result: Value) -> Self {
        let info = "Your request has been processed successfully".to_owned();
        Self { resource: resource.to_owned(), status: StatusCode::OK, info, result: Some(result), retry_after: None }
    }

    /// One whose deed goes on.
    pub fn accepted(resource: &str, info: &str, result: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, info: info.to_owned(), ..Self::success(resource, result) }
    }

    /// One that did not. The words are sent.
    pub fn error(resource: &str, status: StatusCode, info: &str) -> Self {
        Self { resource: resource.to_owned(), status, info: info.to_owned(), result: None, retry_after: None }
    }

    /// A failure of another part of the companion.
    pub fn failed(resource: &str, error: impl Into<ApiError>) -> Self {
        let error = error.into();
        let info = error.problem().text.clone();
        let reply = error.into_response();
        let retry_after = reply.headers().get(header::RETRY_AFTER).cloned();
        Self { retry_after, ..Self::error(resource, reply.status(), &info) }
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        let flag = if self.result.is_some() { "success" } else { "error" };
        let status = json!({"flag": flag, "code": self.status.as_u16(), "info": self.info});
        let request = json!({"date": Utc::now().to_rfc2822(), "resource": self.resource, "status": status});
        let mut response = json!({"request": request});
        if let Some(result) = self.result {
            response["result"] = result;
        }
        let mut reply = (self.status, Json(json!({"response": response}))).into_response();
        reply.headers_mut().extend(self.retry_after.map(|seconds| (header::RETRY_AFTER, seconds)));
        reply
    }
}

/// The site whose key and secret a call carries, as user and password.
#[derive(Debug, Clone)]
pub struct Site(pub Arc<App>);

impl FromRequestParts<Shared> for Site {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, companion: &Shared) -> Result<Self, Envelope> {
        let resource = parts.uri.path();
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (key, secret) = shown.and_then(credentials).unwrap_or_default();
        let apps = companion.apps.with_secret(&secret, &companion.signer);
        let Some(app) = apps.into_iter().find(|app| app.key() == key) else {
            let words = "Authentication credentials are missing or incorrect: the key is the public part, its secret the private one";
            return Err(Envelope::error(resource, StatusCode::UNAUTHORIZED, words));
        };
        companion.limits.key(app.key()).map_err(|error| Envelope::failed(resource, error))?;
        Ok(Self(app))
    }
}

fn credentials(shown: &str) -> Option<(String, String)> {
    let (kind, encoded) = shown.split_once(' ')?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    kind.eq_ignore_ascii_case("basic").then(|| (key.to_owned(), secret.to_owned()))
}
