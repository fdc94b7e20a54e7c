//! Meta's own errors, each with the words it uses.
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling/>

use axum::http::StatusCode;
use serde_json::{Value, json};

/// An error as Graph answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    /// The HTTP status.
    pub status: StatusCode,
    kind: &'static str,
    code: i64,
    subcode: Option<i64>,
    message: String,
    transient: bool,
    more: Option<Box<More>>,
    challenge: Option<&'static str>,
}

/// What only the errors of publishing say besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct More {
    user_words: Option<(&'static str, String)>,
    data: Option<Value>,
}

pub(crate) const OAUTH: &str = "OAuthException";
const METHOD: &str = "GraphMethodException";
const INSTAGRAM: &str = "IGApiException";

impl GraphError {
    pub(crate) fn new(status: u16, kind: &'static str, code: i64, message: impl Into<String>) -> GraphError {
        GraphError {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            kind,
            code,
            subcode: None,
            message: message.into(),
            transient: false,
            more: None,
            challenge: (kind == OAUTH).then_some("invalid_request"),
        }
    }

    pub(crate) fn subcode(mut self, subcode: i64) -> GraphError {
        self.subcode = Some(subcode);
        self
    }

    /// A title and words that are meant for the person.
    pub(crate) fn user_words(mut self, title: &'static str, words: impl Into<String>) -> GraphError {
        self.more.get_or_insert_default().user_words = Some((title, words.into()));
        self
    }

    /// What a program can go by.
    pub(crate) fn data(mut self, data: Value) -> GraphError {
        self.more.get_or_insert_default().data = Some(data);
        self
    }

    pub(super) fn challenged(mut self, slug: &'static str) -> GraphError {
        self.challenge = Some(slug);
        self
    }

    /// What passes by itself challenges nobody.
    pub(crate) fn transient(mut self) -> GraphError {
        self.transient = true;
        self.challenge = None;
        self
    }

    /// The same error as graph.instagram.com words its type.
    pub fn of_instagram(mut self) -> GraphError {
        if self.code != 190 && self.code < 400 {
            self.kind = INSTAGRAM;
            self.challenge = None;
        }
        self
    }

    /// The body.
    pub fn body(&self, trace: &str) -> Value {
        let mut error = json!({ "message": self.message, "type": self.kind });
        if self.transient {
            error["is_transient"] = json!(true);
        }
        error["code"] = json!(self.code);
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        let more = self.more.as_deref();
        if let Some(data) = more.and_then(|more| more.data.as_ref()) {
            error["error_data"] = data.clone();
        }
        if let Some((title, words)) = more.and_then(|more| more.user_words.as_ref()) {
            error["error_user_title"] = json!(title);
            error["error_user_msg"] = json!(words);
        }
        error["fbtrace_id"] = json!(trace);
        json!({ "error": error })
    }

    /// The error within an answer that as such is a success, as `debug_token` reports a bad token.
    pub fn within(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(subcode) = self.subcode {
            error["subcode"] = json!(subcode);
        }
        error
    }

    /// The `WWW-Authenticate` header, which accompanies OAuth errors.
    pub fn challenge(&self) -> Option<String> {
        let slug = self.challenge?;
        let message: String = self.message.chars().filter(|c| c.is_ascii() && !c.is_control() && *c != '"').collect();
        Some(format!("OAuth \"Facebook Platform\" \"{slug}\" \"{message}\""))
    }

    /// Whether it says that too many calls were made.
    pub fn is_rate_limit(&self) -> bool {
        matches!(self.code, 4 | 17 | 32 | 613 | 80_001 | 80_002)
    }

    /// A token that is not one of this network's.
    pub fn token_unreadable() -> GraphError {
        let message = "Invalid OAuth access token - Cannot parse access token";
        GraphError::new(401, OAUTH, 190, message).challenged("invalid_token")
    }

    /// A token that has expired.
    pub fn token_expired(expired: &str, now: &str) -> GraphError {
        let message =
            format!("Error validating access token: Session has expired on {expired}. The current time is {now}.");
        GraphError::new(401, OAUTH, 190, message).subcode(463).challenged("invalid_token")
    }

    /// A token of somebody who removed the app.
    pub fn app_removed(app: &str) -> GraphError {
        let message = format!("Error validating access token: The user has not authorized application {app}.");
        GraphError::new(401, OAUTH, 190, message).subcode(458).challenged("invalid_token")
    }

    /// `/me` without a person.
    pub fn no_user() -> GraphError {
        let message = "An active access token must be used to query information about the current user.";
        GraphError::new(400, OAUTH, 2500, message)
    }

    /// No token at all.
    pub fn token_missing() -> GraphError {
        GraphError::new(400, OAUTH, 104, "An access token is required to request this resource.")
    }

    /// An app's token where a person's is needed.
    pub fn user_token_needed() -> GraphError {
        GraphError::new(400, OAUTH, 102, "A user access token is required to request this resource.")
    }

    /// A person's token where the app's is needed.
    pub fn app_token_needed() -> GraphError {
        let message = "(#100) You must provide an app access token, or a user access token that is an owner or \
                       developer of the app";
        GraphError::new(400, OAUTH, 100, message)
    }

    /// A token of one app where another app asks.
    pub fn token_of_another_app() -> GraphError {
        let message = "(#100) The App_id in the input_token did not match the Viewing App";
        GraphError::new(400, OAUTH, 100, message)
    }

    /// A proof that does not fit the token.
    pub fn proof_wrong() -> GraphError {
        GraphError::new(400, METHOD, 100, "Invalid appsecret_proof provided in the API argument")
    }

    /// No proof although the app requires one.
    pub fn proof_missing() -> GraphError {
        GraphError::new(400, METHOD, 100, "API calls from the server require an appsecret_proof argument")
    }

    /// A permission that the person did not grant.
    pub fn permission_missing() -> GraphError {
        let message = "(#200) The user hasn't authorized the application to perform this action";
        GraphError::new(403, OAUTH, 200, message).challenged("insufficient_scope")
    }

    /// A field that the node does not have; the whole call fails.
    pub fn unknown_field(field: &str, node: &str) -> GraphError {
        let message = format!("(#100) Tried accessing nonexisting field ({field}) on node type ({node})");
        GraphError::new(400, OAUTH, 100, message)
    }

    /// A `fields` that cannot be read.
    pub fn syntax(expected: &str, at: usize, rest: &str) -> GraphError {
        let message = format!("Syntax error \"{expected}\" at character {at}: {rest}");
        GraphError::new(400, OAUTH, 2500, message)
    }

    /// A parameter that is missing or wrong.
    pub fn parameter(message: impl Into<String>) -> GraphError {
        GraphError::new(400, OAUTH, 100, message)
    }

    /// An object that is not there, or not for this person.
    pub fn no_object(id: &str, verb: &str) -> GraphError {
        let message = format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        GraphError::new(400, METHOD, 100, message).subcode(33)
    }

    /// A method that a path does not take.
    pub fn wrong_method(method: &str) -> GraphError {
        let message = format!("Unsupported request - method type: {}", method.to_ascii_lowercase());
        GraphError::new(400, METHOD, 100, message)
    }

    /// A name that stands for nothing.
    pub fn unknown_alias(alias: &str) -> GraphError {
        GraphError::new(404, OAUTH, 803, format!("(#803) Some of the aliases you requested do not exist: {alias}"))
    }

    /// A path that leads nowhere.
    pub fn unknown_path(rest: &str) -> GraphError {
        GraphError::new(400, OAUTH, 2500, format!("Unknown path components: {rest}"))
    }

    /// A cursor of another listing or another person, or one whose photo is gone.
    pub fn bad_cursor() -> GraphError {
        GraphError::new(400, OAUTH, 2642, "(#2642) Invalid cursors values")
    }

    /// A version that has been switched off.
    pub fn dead_version(newest: u32) -> GraphError {
        let message = format!(
            "(#2635) You are calling a deprecated version of the Graph API. Please update to the latest version: \
             v{newest}.0."
        );
        GraphError::new(400, OAUTH, 2635, message)
    }

    /// An app id that stands for nothing.
    pub fn unknown_app() -> GraphError {
        GraphError::new(400, OAUTH, 101, "Error validating application. Invalid application ID.")
    }

    /// No app id.
    pub fn app_missing() -> GraphError {
        GraphError::new(400, OAUTH, 101, "Missing client_id parameter.")
    }

    /// A wrong app secret.
    pub fn wrong_secret() -> GraphError {
        GraphError::new(400, OAUTH, 1, "Error validating client secret.")
    }

    /// No redirect URI in the exchange.
    pub fn redirect_uri_missing() -> GraphError {
        GraphError::new(400, OAUTH, 191, "Missing redirect_uri parameter.")
    }

    /// A code that was never given out.
    pub fn unknown_code() -> GraphError {
        GraphError::new(400, OAUTH, 100, "Invalid verification code format.").challenged("invalid_code")
    }

    /// A code that was exchanged before.
    pub fn code_used() -> GraphError {
        GraphError::new(400, OAUTH, 100, "This authorization code has been used.")
            .subcode(36_009)
            .challenged("invalid_code")
    }

    /// A code that is too old.
    pub fn code_expired() -> GraphError {
        GraphError::new(400, OAUTH, 100, "This authorization code has expired.")
            .subcode(36_007)
            .challenged("invalid_code")
    }

    /// A code that was sent to another redirect URI.
    pub fn redirect_mismatch() -> GraphError {
        let message = "Error validating verification code. Please make sure your redirect_uri is identical to the one \
                       you used in the OAuth dialog request";
        GraphError::new(400, OAUTH, 100, message).subcode(36_008).challenged("invalid_code")
    }

    /// A `code_verifier` that does not fit the dialog's `code_challenge`, or one of the two without the other.
    pub fn verifier_wrong(words: &str) -> GraphError {
        GraphError::new(400, OAUTH, 100, format!("Error validating code verifier. {words}")).challenged("invalid_code")
    }

    /// An Instagram token that cannot be exchanged for a long-lived one.
    pub fn session_invalid() -> GraphError {
        let message = "Session key invalid. This could be because the session key has an incorrect format, or because \
                       the user has revoked this session";
        GraphError::new(400, OAUTH, 452, message)
    }

    /// A token that is too young to be refreshed.
    pub fn token_too_young() -> GraphError {
        let message = "The access token is not eligible to be refreshed: it must be at least 24 hours old";
        GraphError::new(400, INSTAGRAM, 10, message)
    }

    /// Too many calls.
    pub fn rate_limit(code: i64) -> GraphError {
        let (status, message) = match code {
            4 => (403, "(#4) Application request limit reached".to_owned()),
            17 => (400, "(#17) User request limit reached".to_owned()),
            32 => (403, "(#32) Page request limit reached".to_owned()),
            613 => (400, "(#613) Calls to this api have exceeded the rate limit.".to_owned()),
            80_002 => (
                400,
                "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. For more \
                 info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
                    .to_owned(),
            ),
            other => (400, format!("(#{other}) Calls to this api have exceeded the rate limit.")),
        };
        GraphError { transient: matches!(code, 4 | 17), ..GraphError::new(status, OAUTH, code, message) }
    }

    /// Trouble at Meta's.
    pub fn unavailable() -> GraphError {
        let message = "An unexpected error has occurred. Please retry your request later.";
        GraphError::new(500, OAUTH, 2, message).transient()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_what_meta_puts_into_it() {
        let body = GraphError::code_used().body("Abc");
        assert_eq!(
            body,
            json!({ "error": {
                "message": "This authorization code has been used.", "type": "OAuthException", "code": 100,
                "error_subcode": 36009, "fbtrace_id": "Abc",
            }})
        );
    }

    #[test]
    fn oauth_errors_challenge_and_others_do_not() {
        assert_eq!(
            GraphError::code_used().challenge().unwrap(),
            r#"OAuth "Facebook Platform" "invalid_code" "This authorization code has been used.""#
        );
        assert_eq!(GraphError::proof_wrong().challenge(), None);
        let quoted = GraphError::unknown_field("\"ü\n", "User").challenge().unwrap();
        assert!(quoted.is_ascii() && quoted.matches('"').count() == 6, "{quoted}");
    }

    #[test]
    fn instagram_has_a_type_of_its_own_for_all_but_tokens() {
        assert_eq!(GraphError::unknown_field("x", "Media").of_instagram().kind, "IGApiException");
        assert_eq!(GraphError::token_unreadable().of_instagram().kind, "OAuthException");
    }
}
