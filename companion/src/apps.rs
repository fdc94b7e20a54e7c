//! API keys: which sites may use this companion, from which origins.

use crate::Shared;
use crate::config::AppConfig;
use crate::error::ApiError;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bowerbird_protocol::listing::ListRequest;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::session::{LogoutRequest, WaitRequest};
use bowerbird_protocol::store::StoreRequest;
use serde::de::DeserializeOwned;

/// The sites of this companion.
#[derive(Debug, Clone)]
pub struct Apps(Vec<AppConfig>);

impl Apps {
    /// From the settings, which have been checked.
    pub fn new(apps: Vec<AppConfig>) -> Self {
        Self(apps)
    }

    /// Whether some site lives at this origin: all that a preflight request can be asked, since it carries no key.
    pub fn any_allows(&self, origin: &str) -> bool {
        self.0.iter().any(|app| allows(app, origin))
    }

    /// The key, if it is known and the request may come from where it comes from. A request without `Origin` comes from no
    /// browser's page, so there is no visitor whose trust it could abuse.
    pub fn authorize(&self, key: &str, headers: &HeaderMap) -> Result<AppKey, ApiError> {
        let app = self.0.iter().find(|app| app.key == key).ok_or_else(|| ApiError::new(ProblemCode::UnknownKey))?;
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        match origin {
            Some(origin) if !allows(app, origin) => Err(ApiError::new(ProblemCode::OriginNotAllowed)),
            _ => Ok(AppKey(app.key.clone())),
        }
    }
}

fn allows(app: &AppConfig, origin: &str) -> bool {
    app.origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
}

/// A key that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppKey(String);

impl AppKey {
    /// As text, for rows and logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A body that names the key it is sent for.
pub trait Keyed {
    /// The key.
    fn key(&self) -> &str;
}

macro_rules! keyed {
    ($($body:ty),*) => { $(impl Keyed for $body {
        fn key(&self) -> &str {
            &self.apikey
        }
    })* };
}
keyed!(ListRequest, StoreRequest, WaitRequest, LogoutRequest);

/// A request whose JSON was understood and whose key may be used from where it comes from.
#[derive(Debug)]
pub struct Authorized<T> {
    /// The key.
    pub app: AppKey,
    /// The body.
    pub body: T,
}

impl<T: Keyed + DeserializeOwned> FromRequest<Shared> for Authorized<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            ApiError::with_text(ProblemCode::BadRequest, "The body could not be read, or is too large.")
        })?;
        // Serde's words name the field and the place, which is what the developer of a client needs.
        let body: T = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::with_text(ProblemCode::BadRequest, format!("The body is not the JSON it should be: {error}"))
        })?;
        let app = state.apps.authorize(body.key(), &headers)?;
        Ok(Self { app, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps() -> Apps {
        let app = |key: &str, origin: &str| AppConfig { key: key.to_owned(), origins: vec![origin.to_owned()] };
        Apps::new(vec![app("open", "*"), app("shop", "https://shop.example")])
    }

    fn from(origin: Option<&str>) -> HeaderMap {
        origin.map(|origin| (header::ORIGIN, origin.parse().unwrap())).into_iter().collect()
    }

    #[test]
    fn a_key_is_good_from_its_own_origins() {
        let code = |key: &str, origin| apps().authorize(key, &from(origin)).map_err(|error| error.problem().code);
        assert!(code("open", Some("https://anywhere.example")).is_ok());
        assert!(code("shop", Some("https://shop.example")).is_ok());
        assert!(code("shop", None).is_ok());
        assert_eq!(code("shop", Some("https://shop.example.evil")), Err(ProblemCode::OriginNotAllowed));
        assert_eq!(code("shop", Some("http://shop.example")), Err(ProblemCode::OriginNotAllowed));
        assert_eq!(code("shop", Some("null")), Err(ProblemCode::OriginNotAllowed));
        assert_eq!(code("nobody", None), Err(ProblemCode::UnknownKey));
    }
}
