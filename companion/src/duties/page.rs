//! The page on which a person sees what became of their wish. It names nobody, and runs no script.

use crate::db::{DeletionRow, Millis};
use crate::page::{Page, service_name};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;

/// How a deletion stands.
pub fn status(deletion: &DeletionRow) -> Response {
    let service = service_name(&deletion.source);
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

fn answer(status: StatusCode, title: &str, body: &str) -> Response {
    Page { status, title, body: body.to_owned(), script: None }.into_response()
}
