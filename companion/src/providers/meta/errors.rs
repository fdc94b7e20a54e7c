//! What Meta's errors mean: sign in again, tell the visitor, or trouble of Meta's.
//!
//! They are known by code and subcode, and where Meta has no code of its own for a thing, by its words.
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling>; checked November 2026.

use crate::fetch::Answer;
use crate::providers::Failure;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads an answer of the Graph API.
pub fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    let status = answer.status;
    if status.is_success() {
        // Serde's words would repeat values, and a value may be the token.
        return serde_json::from_slice(&answer.body).map_err(|error| Failure::Upstream {
            cause: format!(
                "an answer that is not understood: {:?} at {}:{}",
                error.classify(),
                error.line(),
                error.column()
            ),
            transient: false,
        });
    }
    Err(match serde_json::from_slice::<Envelope>(&answer.body) {
        Ok(envelope) => failure(status.as_u16(), &envelope.error),
        // Proxies in front of Graph answer HTML.
        Err(_) => Failure::Upstream {
            cause: format!("HTTP {status} without a Graph error{}", trace(answer)),
            transient: status.is_server_error(),
        },
    })
}

/// What Meta calls an answer, where its body does not say it: by that its support finds the call.
fn trace(answer: &Answer) -> String {
    let name = answer.headers.get("x-fb-trace-id").and_then(|name| name.to_str().ok());
    let plain = name.filter(|name| name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_graphic()));
    plain.map(|name| format!(" (x-fb-trace-id {name})")).unwrap_or_default()
}

#[derive(Debug, Deserialize)]
struct Envelope {
    error: GraphError,
}

/// `{"error": {…}}`; everything but the message may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct GraphError {
    /// What is wrong, in Meta's words.
    #[serde(default)]
    pub message: String,
    /// The class, such as `OAuthException`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The number.
    #[serde(default)]
    pub code: i64,
    /// What the number leaves open; 0 where Meta says no more.
    #[serde(default)]
    pub error_subcode: i64,
    /// Whether the same call may go well later.
    #[serde(default)]
    pub is_transient: bool,
    /// What is wrong, in words for who publishes.
    #[serde(default)]
    pub error_user_msg: Option<String>,
    /// What else belongs to it, such as where an upload goes on.
    #[serde(default)]
    pub error_data: serde_json::Value,
    /// By which Meta's support finds the call.
    #[serde(default)]
    pub fbtrace_id: String,
}

impl GraphError {
    /// The error of an answer, if it is one.
    pub fn of(answer: &Answer) -> Option<Self> {
        serde_json::from_slice::<Envelope>(&answer.body).ok().map(|envelope| envelope.error)
    }

    /// For the log.
    pub fn cause(&self, status: u16) -> String {
        format!(
            "Graph error {}/{} {} (HTTP {status}, fbtrace_id {})",
            self.code, self.error_subcode, self.kind, self.fbtrace_id
        )
    }
}

/// What a Graph error means to us.
pub fn failure(status: u16, error: &GraphError) -> Failure {
    let cause = error.cause(status);
    let message = error.message.to_lowercase();
    let code = match (error.code, error.error_subcode) {
        (102 | 190, subcode) => return Failure::SignInAgain { code: end_of_token(subcode, &message), cause },
        // `/me` without a person, and errors of OAuth from before there were codes.
        (2500, _) if message.contains("active access token") => {
            return Failure::SignInAgain { code: ProblemCode::SignInAgain, cause };
        }
        (0, _) if error.kind == "OAuthException" && status < 500 => {
            return Failure::SignInAgain { code: end_of_token(0, &message), cause };
        }
        (code, _) if Limit::of(code).is_some() => ProblemCode::RateLimited,
        (368, _) => ProblemCode::AccountBlocked,
        // The app has no Advanced Access. Meta has no code for it; 10 and 200 are for what the visitor did not grant as well.
        (3, _) => ProblemCode::PermissionNotReviewed,
        (10 | 200..=299, _) => of_words(&message).unwrap_or(ProblemCode::PermissionDeclined),
        (100, 33) | (803, _) => ProblemCode::PhotoGone,
        // A wrong id or secret of the app; the first comes with the code that also stands for any outage.
        (101, _) => ProblemCode::SignInRefused,
        (1, _) if message.contains("client secret") => ProblemCode::SignInRefused,
        (1 | 2, _) => return Failure::Upstream { cause, transient: true },
        // Cursors die with the item that they stand at. Meta says so under several codes, 100 among them.
        _ if message.contains("cursor") => ProblemCode::ListChanged,
        // Asking the same again cannot make a wrong parameter (100) or a duplicate (506) right.
        (100 | 506, _) => match of_words(&message) {
            Some(code) => code,
            None => return Failure::Upstream { cause, transient: false },
        },
        _ => return Failure::Upstream { cause, transient: error.is_transient || status >= 500 },
    };
    Failure::Tell { code, cause }
}

/// Why a token has ended. <https://developers.facebook.com/docs/graph-api/guides/error-handling#authentication-errors>.
fn end_of_token(subcode: i64, message: &str) -> ProblemCode {
    let says = |words: &str| message.contains(words);
    match subcode {
        458 => ProblemCode::AccessRemoved,
        460 => ProblemCode::PasswordChanged,
        // Signing in here again fails until the visitor has done at Meta what it asks of them.
        459 | 464 => ProblemCode::AccountCheckpoint,
        0 if says("has not authorized application") => ProblemCode::AccessRemoved,
        0 if says("changed their password") || says("changed the password") => ProblemCode::PasswordChanged,
        0 if says("follow the instructions") || says("not a confirmed user") => ProblemCode::AccountCheckpoint,
        _ => ProblemCode::SignInAgain,
    }
}

/// Whom a rate limit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Everybody who asks with the app.
    App,
    /// One account with the app: others may go on.
    Account,
}

impl Limit {
    /// <https://developers.facebook.com/docs/graph-api/overview/rate-limiting/#error-codes>.
    fn of(code: i64) -> Option<Self> {
        match code {
            4 | 341 => Some(Self::App),
            // The user, the page, a limit of the call's own, and those of business use cases.
            17 | 32 | 613 | 80_000..=80_099 => Some(Self::Account),
            _ => None,
        }
    }

    /// The limit that an answer says is reached.
    pub fn reached(answer: &Answer) -> Option<Self> {
        if answer.status.is_success() {
            return None;
        }
        Self::of(serde_json::from_slice::<Envelope>(&answer.body).ok()?.error.code)
    }
}

/// What Meta has no code for, by its words in small letters.
fn of_words(message: &str) -> Option<ProblemCode> {
    let says = |any: &[&str]| any.iter().any(|words| message.contains(words));
    // Words of Instagram's code exchange; they follow an authorization window that lets everybody pass.
    if says(&["not an instagram business", "professional account", "personal account"]) {
        Some(ProblemCode::PersonalAccount)
    } else if says(&["business verification", "verify your business", "business is not verified"]) {
        Some(ProblemCode::BusinessUnverified)
    } else if says(&[
        "reviewed and approved",
        "app review",
        "advanced access",
        "invalid scope",
        "does not have the capability",
    ]) {
        Some(ProblemCode::PermissionNotReviewed)
    } else if says(&[
        "development mode",
        "developer role",
        "app not set",
        "app not active",
        // Graph says so to who has no role: it is the app that lacks something, and not the visitor's consent.
        "application does not have permission",
    ]) {
        Some(ProblemCode::AppInDevelopment)
    } else {
        None
    }
}

/// What it means when a dialog sends the visitor back with an error.
pub fn refusal(error: &str, description: &str) -> ProblemCode {
    if let Some(code) = of_words(&description.to_lowercase()) {
        return code;
    }
    match error {
        // Both dialogs when the visitor presses cancel (RFC 6749, 4.1.2.1). An app with Login for Business in development
        // mode has been seen to end in the very same words, so it cannot be told from that.
        "access_denied" => ProblemCode::SignInCancelled,
        // The number with which some of Facebook's dialogs say the same, without an `error`.
        // https://github.com/VadimIzmalkov/fryday/issues/88
        "4201" => ProblemCode::SignInCancelled,
        "invalid_scope" => ProblemCode::PermissionNotReviewed,
        "temporarily_unavailable" => ProblemCode::SourceUnavailable,
        _ => ProblemCode::SignInRefused,
    }
}

/// Instagram's code exchange has an envelope of its own.
#[derive(Deserialize)]
struct CodeError {
    error_type: String,
    #[serde(default)]
    code: i64,
    #[serde(default)]
    error_message: String,
}

/// The failure of an exchange that Instagram refuses in its own envelope; none where the answer is another one.
pub fn code_failure(answer: &Answer) -> Option<Failure> {
    let error: CodeError = serde_json::from_slice(&answer.body).ok()?;
    let cause =
        format!("Instagram error {} {} (HTTP {}){}", error.code, error.error_type, answer.status, trace(answer));
    if answer.status.is_server_error() {
        return Some(Failure::Upstream { cause, transient: true });
    }
    let limited = error.code == 429 || answer.status.as_u16() == 429;
    let code = match of_words(&error.error_message.to_lowercase()) {
        None if limited => ProblemCode::RateLimited,
        code => code.unwrap_or(ProblemCode::SignInRefused),
    };
    Some(Failure::Tell { code, cause })
}

/// What an exchange that Meta refuses in Graph's envelope means: not every such error is the token's.
pub fn exchange_failure(failure: Failure) -> Failure {
    match failure {
        Failure::SignInAgain { code: ProblemCode::SignInAgain, cause }
        | Failure::Upstream { cause, transient: false } => Failure::tell(ProblemCode::SignInRefused, cause),
        Failure::SignInAgain { code, cause } => Failure::Tell { code, cause },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::HeaderMap;
    use ProblemCode as Code;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status: status.try_into().unwrap(), headers: HeaderMap::new(), body: body.to_owned().into() }
    }

    fn failed(status: u16, body: &str) -> Failure {
        read::<serde_json::Value>(&answer(status, body)).unwrap_err()
    }

    fn body(code: i64, subcode: i64, message: &str) -> String {
        serde_json::json!({"error": {"message": message, "type": "OAuthException", "code": code,
            "error_subcode": subcode, "fbtrace_id": "Fz54k3GZrio"}})
        .to_string()
    }

    fn graph(status: u16, code: i64, subcode: i64, message: &str) -> Failure {
        failed(status, &body(code, subcode, message))
    }

    #[test]
    fn a_wrong_secret_is_no_outage() {
        let wrong = failed(400, &body(1, 0, "Error validating client secret."));
        assert_eq!(wrong.code(), Code::SignInRefused);
        let outage = failed(500, &body(1, 0, "An unknown error occurred"));
        assert!(matches!(outage, Failure::Upstream { transient: true, .. }));
    }

    #[test]
    fn a_token_that_ends_says_why() {
        let why = |code, subcode, message| match graph(400, code, subcode, message) {
            Failure::SignInAgain { code, .. } => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(190, 458, ""), Code::AccessRemoved);
        assert_eq!(why(190, 460, ""), Code::PasswordChanged);
        assert_eq!(why(190, 459, ""), Code::AccountCheckpoint);
        assert_eq!(why(190, 464, ""), Code::AccountCheckpoint);
        for subcode in [463, 466, 467, 492, 2_069_032, 0] {
            assert_eq!(why(190, subcode, "Error validating access token"), Code::SignInAgain, "{subcode}");
        }
        assert_eq!(why(102, 0, ""), Code::SignInAgain);
        let password = "Error validating access token: The session has been invalidated because the user changed their \
                        password or Facebook has changed the session for security reasons.";
        assert_eq!(why(190, 0, password), Code::PasswordChanged);
        let removed = "Error validating access token: The user has not authorized application 1000.";
        assert_eq!(why(190, 0, removed), Code::AccessRemoved);
        let me = "An active access token must be used to query information about the current user.";
        assert_eq!(why(2500, 0, me), Code::SignInAgain);
        let bare = r#"{"error":{"message":"Invalid OAuth access token.","type":"OAuthException"}}"#;
        assert!(matches!(failed(401, bare), Failure::SignInAgain { code: Code::SignInAgain, .. }));
    }

    #[test]
    fn what_the_visitor_can_be_told_is_recognized() {
        let code = |status, code, subcode, message| match graph(status, code, subcode, message) {
            Failure::Tell { code, .. } => code,
            other => panic!("{other:?}"),
        };
        for limit in [4, 17, 32, 341, 613, 80_000, 80_001, 80_002, 80_014] {
            assert_eq!(code(403, limit, 0, ""), Code::RateLimited, "{limit}");
        }
        assert_eq!(code(400, 368, 0, "The action attempted has been deemed abusive"), Code::AccountBlocked);
        assert_eq!(code(403, 10, 0, ""), Code::PermissionDeclined);
        assert_eq!(code(403, 200, 0, "(#200) The user hasn't authorized the application"), Code::PermissionDeclined);
        assert_eq!(code(403, 294, 0, ""), Code::PermissionDeclined);
        let reviewed =
            "(#10) To use 'user_photos', your use of this endpoint must be reviewed and approved by Facebook.";
        assert_eq!(code(400, 10, 0, reviewed), Code::PermissionNotReviewed);
        let capability = "(#3) Application does not have the capability to make this API call.";
        assert_eq!(code(400, 3, 0, capability), Code::PermissionNotReviewed);
        let business =
            "(#10) To use 'user_photos', the business that owns this app must complete Business Verification.";
        assert_eq!(code(400, 10, 0, business), Code::BusinessUnverified);
        let role = "(#10) Application does not have permission for this action";
        assert_eq!(code(400, 10, 0, role), Code::AppInDevelopment);
        assert_eq!(code(400, 100, 33, "Unsupported get request"), Code::PhotoGone);
        assert_eq!(code(400, 100, 0, "(#100) The After Cursor specified exceeds the max limit"), Code::ListChanged);
        assert_eq!(code(400, 2642, 0, "(#2642) Invalid cursors values"), Code::ListChanged);
        assert_eq!(code(400, 10, 0, "The user is not an Instagram Business"), Code::PersonalAccount);
    }

    #[test]
    fn only_what_may_pass_is_worth_another_try() {
        let transient = |failure: Failure| match failure {
            Failure::Upstream { transient, .. } => transient,
            other => panic!("{other:?}"),
        };
        assert!(transient(graph(500, 1, 0, "An unknown error occurred")));
        assert!(transient(graph(503, 2, 0, "")));
        assert!(transient(failed(502, "<html>Bad Gateway")));
        let says_so = r#"{"error":{"message":"","type":"OAuthException","code":9,"is_transient":true}}"#;
        assert!(transient(failed(400, says_so)));
        assert!(!transient(graph(400, 100, 0, "(#100) Tried accessing nonexisting field")));
        assert!(!transient(graph(500, 100, 0, "Invalid parameter")) && !transient(graph(500, 506, 0, "Duplicate")));
        assert!(!transient(failed(404, "<html>")) && !transient(failed(200, "<html>")));
        for code in [190, 10, 200, 100, 506, 4, 368] {
            assert!(!graph(500, code, 0, "").is_transient(), "{code}");
        }
    }

    #[test]
    fn a_limit_is_the_apps_or_one_accounts() {
        let limit = |status, code| Limit::reached(&answer(status, &body(code, 0, "")));
        assert_eq!((limit(403, 4), limit(400, 341)), (Some(Limit::App), Some(Limit::App)));
        for code in [17, 32, 613, 80_002] {
            assert_eq!(limit(400, code), Some(Limit::Account), "{code}");
        }
        assert_eq!((limit(400, 190), limit(400, 100), limit(200, 4)), (None, None, None));
    }

    #[test]
    fn a_cause_names_the_codes_and_never_the_sentence() {
        let failure = graph(400, 190, 467, "Malformed access token EAABtoken");
        assert!(failure.cause().contains("190/467") && failure.cause().contains("Fz54k3GZrio"), "{}", failure.cause());
        assert!(!failure.cause().contains("EAAB"), "{}", failure.cause());
    }

    #[test]
    fn where_the_body_has_no_trace_the_header_does() {
        let mut answer = answer(502, "<html>");
        answer.headers.insert("x-fb-trace-id", "Hk3v9Q".parse().unwrap());
        assert!(read::<serde_json::Value>(&answer).unwrap_err().cause().ends_with("(x-fb-trace-id Hk3v9Q)"));
        answer.headers.insert("x-fb-trace-id", "a b".parse().unwrap());
        assert!(!read::<serde_json::Value>(&answer).unwrap_err().cause().contains("trace-id"));
    }

    #[test]
    fn what_the_dialogs_send_back_is_recognized() {
        assert_eq!(refusal("access_denied", "Permissions error"), Code::SignInCancelled);
        assert_eq!(refusal("access_denied", "The user denied your request"), Code::SignInCancelled);
        assert_eq!(refusal("4201", "User canceled the Dialog flow"), Code::SignInCancelled);
        assert_eq!(refusal("access_denied", "Insufficient Developer Role"), Code::AppInDevelopment);
        let not_set_up = "App Not Setup: This app is still in development mode, and you don't have access to it.";
        assert_eq!(refusal("1349126", not_set_up), Code::AppInDevelopment);
        assert_eq!(refusal("server_error", "Invalid Scopes: user_photos"), Code::PermissionNotReviewed);
        assert_eq!(refusal("temporarily_unavailable", ""), Code::SourceUnavailable);
        assert_eq!(refusal("server_error", ""), Code::SignInRefused);
    }

    #[test]
    fn instagrams_own_envelope_is_recognized() {
        let code = |status, code: i64, message: &str| {
            let body = serde_json::json!({"error_type": "OAuthException", "code": code, "error_message": message});
            code_failure(&answer(status, &body.to_string())).map(|failure| failure.code())
        };
        assert_eq!(code(400, 400, "The user is not an Instagram Business"), Some(Code::PersonalAccount));
        assert_eq!(code(400, 400, "Insufficient developer role"), Some(Code::AppInDevelopment));
        assert_eq!(code(400, 400, "Matching code was not found or was already used"), Some(Code::SignInRefused));
        assert_eq!(code(429, 429, "Too many requests"), Some(Code::RateLimited));
        assert_eq!(code(503, 503, ""), Some(Code::SourceUnavailable));
        assert!(code_failure(&answer(200, r#"{"access_token":"IGAA"}"#)).is_none());
    }

    #[test]
    fn a_refused_exchange_is_no_token_to_renew() {
        let code = |code, subcode| exchange_failure(graph(400, code, subcode, "")).code();
        assert_eq!(code(190, 463), Code::SignInRefused);
        assert_eq!(code(100, 36009), Code::SignInRefused);
        assert_eq!(code(190, 459), Code::AccountCheckpoint);
        assert_eq!(code(4, 0), Code::RateLimited);
    }
}
