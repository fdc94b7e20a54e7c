//! The few pages that visitors meet at the companion itself: plain, locked down, and no part of any other site's page.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("page.css");

/// A page. `title` and `body` are HTML.
#[derive(Debug)]
pub struct Page<'a> {
    /// The status.
    pub status: StatusCode,
    /// What is above.
    pub title: &'a str,
    /// What is below.
    pub body: String,
    /// The one script that it runs, which its policy names by its hash.
    pub script: Option<&'static str>,
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let Self { status, title, body, script } = self;
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let scripts = script.map_or("'none'".to_owned(), |script| format!("'sha256-{}'", hash(script)));
        // Nothing is said of forms where there is one: browsers hold its redirects against it, and the providers' are not known.
        let forms = if body.contains("<form") { "" } else { "form-action 'none'; " };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src {scripts}; connect-src 'self'; base-uri 'none'; {forms}\
             frame-ancestors 'none'",
            hash(STYLE),
        );
        let script = script.map(|script| format!("<script>{script}</script>")).unwrap_or_default();
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1>{body}</main>{script}"
        );
        // The addresses are for one person: they hold codes and states, and go neither to a cache nor to another site.
        let headers: [(HeaderName, &str); 6] = [
            (header::CONTENT_SECURITY_POLICY, &policy),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ];
        (status, headers, Html(html)).into_response()
    }
}

/// A source as people call it: its name with a capital.
pub fn service_name(source: &str) -> String {
    let mut letters = source.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
