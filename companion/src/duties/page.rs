//! The page on which a person sees what became of their wish. It names nobody, and runs no script.

use crate::db::{DeletionRow, Millis};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../oauth/page.css");

/// How a deletion stands.
pub fn status(deletion: &DeletionRow) -> Response {
    let service = match deletion.source.as_str() {
        "instagram" => "Instagram",
        _ => "Facebook",
    };
    let asked = format!(
        "<p>On {} you asked for what is kept of your {service} account to be deleted.</p>",
        date(deletion.created_ms)
    );
    let deleted = files(deletion.files);
    match deletion.done_ms {
        None => answer(
            StatusCode::OK,
            "Deletion in progress",
            &format!("{asked}<p>It is in progress: {deleted} deleted so far. Look again in some minutes.</p>"),
        ),
        Some(done) => {
            let kept = match deletion.kept {
                0 => String::new(),
                kept => format!(
                    "<p>The site that you chose them for keeps {}. It has taken over answering for them, so please ask \
                     it to delete them.</p>",
                    files(kept)
                ),
            };
            let done = format!(
                "<p>It was done on {}: {deleted} deleted, and every sign-in and list of chosen photos with them.</p>",
                date(done)
            );
            answer(StatusCode::OK, "Deletion done", &format!("{asked}{done}{kept}"))
        }
    }
}

/// There is no such code.
pub fn unknown() -> Response {
    answer(
        StatusCode::NOT_FOUND,
        "Nothing is known by this code",
        "<p>Please check that the whole address was copied.</p>",
    )
}

fn files(count: i64) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

fn date(time: Millis) -> String {
    let date = DateTime::from_timestamp_millis(time).unwrap_or_default();
    date.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// `title` and `body` are HTML.
fn answer(status: StatusCode, title: &str, body: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(STYLE)),
    );
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1>{body}</main>"
    );
    let headers: [(HeaderName, &str); 6] = [
        (header::CONTENT_SECURITY_POLICY, &policy),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Its address is for one person.
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    (status, headers, Html(html)).into_response()
}
