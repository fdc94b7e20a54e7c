//! What the visitor reads in the popup when a sign-in has ended.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bowerbird_protocol::problem::ProblemCode;
use sha2::{Digest as _, Sha256};

const STYLE: &str = ":root{color-scheme:light dark}body{font:1.125rem/1.5 system-ui,sans-serif;max-width:26rem;margin:20vh auto;\
padding:0 1.5rem;text-align:center}h1{font-size:1.5rem;line-height:1.25}p{opacity:.8}";
const CLOSE: &str = "window.close()";

/// It ended well. Closes itself.
pub fn connected() -> Response {
    answer(StatusCode::OK, "You are signed in", "You can close this window and go on in the one before it.", true)
}

/// It ended without a connection, and the page that asked for it knows. Closes itself.
pub fn ended(code: ProblemCode) -> Response {
    answer(StatusCode::OK, title(code), words(code), true)
}

/// It ended and nobody but the visitor can be told, so the window stays.
pub fn problem(code: ProblemCode) -> Response {
    answer(StatusCode::BAD_REQUEST, title(code), words(code), false)
}

fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::SignInCancelled => "The sign-in was cancelled",
        ProblemCode::PermissionDeclined => "Your photos were not shared",
        ProblemCode::PersonalAccount => "This account cannot be used",
        ProblemCode::SignInExpired => "This sign-in is over",
        ProblemCode::UnknownSource => "This service is not offered here",
        _ => "Signing in did not work",
    }
}

fn words(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::SignInCancelled => "Nothing was shared. You can close this window.",
        ProblemCode::PermissionDeclined => {
            "To choose photos, sign in again and leave the photos ticked. You can close this window."
        }
        ProblemCode::PersonalAccount => {
            "Instagram shares photos of professional accounts only. You can close this window, or switch your account to a \
             professional one in Instagram's settings."
        }
        ProblemCode::SignInExpired => {
            "It took too long, or its link was used before. Close this window and press Connect again."
        }
        ProblemCode::SourceUnavailable | ProblemCode::RateLimited => {
            "The service does not answer at the moment. Close this window and try again in a few minutes."
        }
        ProblemCode::SignInRefused => "The service refused the sign-in. Close this window and try again.",
        _ => "Close this window and try again.",
    }
}

fn answer(status: StatusCode, title: &str, words: &str, close: bool) -> Response {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(CLOSE)
    );
    let script = if close { format!("<script>{CLOSE}</script>") } else { String::new() };
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><h1>{title}</h1><p>{words}</p>{script}"
    );
    // The address holds the code and the state, so it goes neither to a cache nor to another site.
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, &policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_words_of_its_own() {
        for code in [
            ProblemCode::SignInCancelled,
            ProblemCode::PermissionDeclined,
            ProblemCode::PersonalAccount,
            ProblemCode::SignInExpired,
            ProblemCode::SignInRefused,
            ProblemCode::SourceUnavailable,
        ] {
            assert_ne!(words(code), words(ProblemCode::Internal), "{code:?}");
        }
    }
}
