//! What the visitor meets in the window of a sign-in: the pages before the provider's and after it.
//!
//! They say nothing that somebody else could have sent but the site's name, escaped.

use crate::db::Attempt;
use crate::page::{Page, service_name};
use crate::secrets::Secret;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::ProblemCode;
use html_escape::{encode_double_quoted_attribute, encode_text};
use serde_json::json;

/// Hands the code over, or ends the window.
const HAND_OVER: &str = include_str!("hand_over.js");
/// Goes on to the provider where there is an opener to come back to.
const LOOK: &str = include_str!("look.js");

/// The sign-in went well. The window hands its code to the page that began it, where there is a code, and closes.
pub fn connected(source: &str, attempt: &Attempt, code: Option<&Secret>, site: &str) -> Response {
    let back = if site.is_empty() { "where you came from" } else { site };
    let page = Page {
        status: StatusCode::OK,
        title: "You are signed in",
        body: format!(
            "<p class=\"done\">You can close this window and go back to {0}.</p>\
             <p class=\"lost\">But this window cannot reach {0}. Close it, press Connect there once more, and type the code \
             that you will be shown.</p>{1}",
            encode_text(back),
            handover(source, attempt, code)
        ),
        script: Some(HAND_OVER),
    };
    page.into_response()
}

/// It ended without a connection, and the page that asked for it knows. Closes itself.
pub fn ended(source: &str, attempt: &Attempt, code: ProblemCode) -> Response {
    let body = format!("<p>{}</p>{}", words(code), handover(source, attempt, None));
    Page { status: StatusCode::OK, title: title(code), body, script: Some(HAND_OVER) }.into_response()
}

/// What [`HAND_OVER`] reads.
fn handover(source: &str, attempt: &Attempt, code: Option<&Secret>) -> String {
    let data = json!({
        "attempt": attempt.id,
        "code": code.map_or("", Secret::expose),
        "origin": attempt.origin,
        "back": attempt.appurl,
        "lost": format!("/api/client/{source}/auth/lost"),
    });
    // JSON has no `<` that could end the element but inside of strings.
    let data = data.to_string().replace('<', "\\u003c");
    format!("<script type=\"application/json\" id=\"handover\">{data}</script>")
}

/// It ended and nobody but the visitor can be told, so the window stays.
pub fn problem(code: ProblemCode) -> Response {
    let body = format!("<p>{}</p>", words(code));
    Page { status: StatusCode::BAD_REQUEST, title: title(code), body, script: None }.into_response()
}

/// Before the provider's page, where only an opener can be handed a code: without one the visitor is asked for the tab's.
pub fn look_for_opener(code_address: &str) -> Response {
    let body = format!("<p><a id=\"code\" href=\"{}\">Go on</a></p>", encode_double_quoted_attribute(code_address));
    Page { status: StatusCode::OK, title: "One moment", body, script: Some(LOOK) }.into_response()
}

/// Asks for the code that the tab shows.
pub fn ask_for_code(source: &str, site: &str, proof: &str, wrong: bool) -> Response {
    let service = service_name(source);
    let site = if site.is_empty() { "the page that you came from" } else { site };
    let remark =
        if wrong { "<p class=\"wrong\" role=\"alert\">That is not the code. Please look again.</p>" } else { "" };
    let body = format!(
        "<p>To connect {service} to <b>{site}</b>, type the code that is shown there.</p>{remark}\
         <form method=\"post\"><input type=\"hidden\" name=\"proof\" value=\"{proof}\"><label for=\"typed\">Code</label>\
         <input id=\"typed\" name=\"code\" required autofocus autocomplete=\"off\" autocapitalize=\"characters\" \
         spellcheck=\"false\" maxlength=\"20\"><button>Go on</button></form>\
         <p class=\"warn\">Type only a code that you see yourself on {site}. If somebody sent you here, or sent you a code, \
         close this window: they would see your photos.</p>",
        site = encode_text(site),
    );
    Page { status: StatusCode::OK, title: "Type the code", body, script: None }.into_response()
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
        ProblemCode::TooManyRequests => "Too many sign-ins are begun from where you are. Try again in a minute.",
        ProblemCode::SignInRefused => "The service refused the sign-in. Close this window and try again.",
        ProblemCode::AppInDevelopment | ProblemCode::PermissionNotReviewed | ProblemCode::BusinessUnverified => {
            "This site's connection to the service is not open to everybody yet. You can close this window."
        }
        ProblemCode::AccountCheckpoint => {
            "The service wants you to confirm something on its own site first. Do that there, then connect again."
        }
        ProblemCode::AccountBlocked => "The service has blocked this for a while. You can close this window.",
        _ => "Close this window and try again.",
    }
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
            ProblemCode::AccountCheckpoint,
            ProblemCode::AccountBlocked,
            ProblemCode::AppInDevelopment,
            ProblemCode::PermissionNotReviewed,
            ProblemCode::BusinessUnverified,
            ProblemCode::TooManyRequests,
        ] {
            assert_ne!(words(code), words(ProblemCode::Internal), "{code:?}");
        }
    }
}
