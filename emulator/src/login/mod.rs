//! www.facebook.com and www.instagram.com: the pages on which a person signs in and says what an app may see.
//!
//! Both are plain forms without scripts: choose an account, then continue or cancel.

mod facebook;
mod instagram;
mod pages;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::platform::Platform;

pub use facebook::dialog as facebook_dialog;
pub use instagram::authorize as instagram_authorize;

/// Puts `Cross-Origin-Opener-Policy` on every answer of a dialog, pages and redirects alike, where that is set.
/// <https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies>
pub async fn opener_policy(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let value = platform.faults.login_coop().or_else(|| platform.settings.login_coop.clone());
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
        response.headers_mut().insert(HeaderName::from_static("cross-origin-opener-policy"), value);
    }
    response
}

/// The cookie of somebody who asked to be remembered in this browser, one for each network.
fn remembered(headers: &HeaderMap, cookie: &str) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie).then(|| value.to_owned())
    })
}

/// Sends the person back to the app, after the time that the page takes.
async fn redirect(platform: &Platform, uri: &str, params: &[(&str, &str)], fragment: &str) -> Response {
    let dwell = platform.faults.login_delay().unwrap_or_default().max(platform.settings.page_dwell);
    tokio::time::sleep(dwell).await;
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let joint = if uri.contains('?') { '&' } else { '?' };
    let target = format!("{uri}{joint}{query}{fragment}");
    match HeaderValue::from_str(&target) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => pages::error(StatusCode::BAD_REQUEST, "URL blocked", "The redirect URI cannot be put into a header."),
    }
}

/// Has the browser remember somebody for a month, if they asked for it.
fn remember(mut response: Response, cookie: &str, key: &str, path: &str, wanted: bool) -> Response {
    if wanted {
        let value = format!("{cookie}={key}; Path={path}; Max-Age=2592000; HttpOnly; SameSite=Lax");
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}
