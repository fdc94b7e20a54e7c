//! What graph.facebook.com and graph.instagram.com have in common: how they are asked, how they answer, how they page.

pub mod batch;
mod errors;
mod fields;
mod paging;
mod refusals;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use errors::GraphError;
pub(crate) use errors::OAUTH;
pub use fields::{Field, fields_of, parse as parse_fields, write as write_fields};
pub use paging::{Edge, Page};
pub use refusals::RefusalKind;

use crate::apps::{App, Network, hmac_sha256};
use crate::clock::error_date;
use crate::platform::Platform;
use crate::registry::Token;

/// The versions that live; the changelog says until when: <https://developers.facebook.com/docs/graph-api/changelog/>.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 21..=26;

/// What a Graph host was asked.
pub struct Request {
    /// The host, as it stands in the emulator's paths.
    pub host: &'static str,
    /// The method; `?method=delete` stands for DELETE.
    pub method: Method,
    /// The version that is used: the one asked for, or the oldest that lives.
    pub version: u32,
    /// The path behind the version.
    pub path: Vec<String>,
    /// Query and form together.
    pub params: Params,
    /// The token in the `Authorization` header.
    bearer: Option<String>,
}

/// The parameters of a call, in their order.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    /// The first parameter with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads a query or a form.
    pub fn read(text: &str) -> Params {
        Params(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Reads query and body, a form or a JSON object; a body in another format is ignored, as Graph ignores it.
    pub fn of_request(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Params {
        let mut params = Params::read(query.unwrap_or_default());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            params.0.extend(Params::read(&String::from_utf8_lossy(body)).0);
        } else if kind.starts_with("application/json")
            && let Ok(Value::Object(object)) = serde_json::from_slice(body)
        {
            let text = |value: Value| if let Value::String(text) = value { text } else { value.to_string() };
            params.0.extend(object.into_iter().map(|(name, value)| (name, text(value))));
        }
        params
    }
}

/// A version in a path: `v25.0` is 25.
pub fn version_of(segment: &str) -> Option<u32> {
    segment.strip_prefix('v')?.strip_suffix(".0")?.parse().ok()
}

impl Request {
    /// Reads a request; fails when the version is dead or was never born.
    pub fn read(
        host: &'static str,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Request, GraphError> {
        let params = Params::of_request(query, headers, body);
        let mut path: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let mut version = *VERSIONS.start();
        if let Some(asked) = path.first().and_then(|first| version_of(first)) {
            if asked < *VERSIONS.start() {
                return Err(GraphError::dead_version(*VERSIONS.end()));
            }
            if asked > *VERSIONS.end() {
                return Err(GraphError::unknown_path(&format!("/{}", path.join("/"))));
            }
            version = asked;
            path.remove(0);
        }
        let method = match params.get("method").map(str::to_ascii_lowercase).as_deref() {
            Some("delete") => Method::DELETE,
            Some("post") => Method::POST,
            _ => method.clone(),
        };
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = authorization
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("OAuth ")))
            .map(|token| token.trim().to_owned());
        Ok(Request { host, method, version, path, params, bearer })
    }

    /// The token that came with the call, wherever it was put.
    pub fn access_token(&self) -> Option<&str> {
        self.params.get("access_token").or(self.bearer.as_deref()).filter(|token| !token.is_empty())
    }

    /// The token of a person of this network, found good, and the app that it belongs to.
    pub fn user_token(&self, platform: &Platform, network: Network) -> Result<(Token, App), GraphError> {
        let Some(text) = self.access_token() else {
            return Err(match self.path.first().map(String::as_str) {
                Some("me") => GraphError::no_user(),
                _ => GraphError::token_missing(),
            });
        };
        if network == Network::Facebook && platform.registry().app_of_token(text).is_some() {
            return Err(match self.path.first().map(String::as_str) {
                Some("me") => GraphError::no_user(),
                _ => GraphError::user_token_needed(),
            });
        }
        let token = check_token(platform, text, network)?;
        let app = platform.app(&token.app).ok_or_else(GraphError::token_unreadable)?;
        self.check_proof(platform, &app, text)?;
        Ok((token, app))
    }

    /// Checks `appsecret_proof`: hex HMAC-SHA256 of the token under the secret of the token's app; with
    /// `appsecret_time`, of `token|time`, good for five minutes.
    /// <https://developers.facebook.com/docs/facebook-login/security#proof>
    pub fn check_proof(&self, platform: &Platform, app: &App, token: &str) -> Result<(), GraphError> {
        let Some(proof) = self.params.get("appsecret_proof") else {
            let required = app.network == Network::Facebook && platform.settings.require_app_secret;
            return if required { Err(GraphError::proof_missing()) } else { Ok(()) };
        };
        let message = match self.params.get("appsecret_time") {
            None => token.to_owned(),
            Some(time) => {
                let age = time.parse::<i64>().map(|time| (platform.clock.now() - time).abs()).unwrap_or(i64::MAX);
                if age > 300 {
                    return Err(GraphError::proof_wrong());
                }
                format!("{token}|{time}")
            }
        };
        if proof == hex::encode(hmac_sha256(&app.secret, &message)) { Ok(()) } else { Err(GraphError::proof_wrong()) }
    }
}

/// A token that is good now, or why it is not.
pub fn check_token(platform: &Platform, text: &str, network: Network) -> Result<Token, GraphError> {
    let token = platform.registry().token(text).cloned().ok_or_else(GraphError::token_unreadable)?;
    if token.network != network {
        return Err(GraphError::token_unreadable());
    }
    if token.revoked || platform.faults.revokes_token(token.number) {
        return Err(GraphError::app_removed(&token.app));
    }
    let now = platform.clock.now();
    let expired_by_fault = token.page.is_none() && platform.faults.expires_token(token.number);
    if token.expires_at <= now || expired_by_fault {
        return Err(GraphError::token_expired(&error_date(token.expires_at.min(now)), &error_date(now)));
    }
    Ok(token)
}

fn decode(segment: &str) -> String {
    // A path has no form encoding: `+` stands for itself.
    let escaped = segment.replace('+', "%2B");
    let (text, _) = url::form_urlencoded::parse(escaped.as_bytes()).next().unwrap_or_default();
    text.into_owned()
}

/// The answer to a call: JSON as Meta writes it, with the headers that all answers have. `usage_of` is whose limit it
/// counts against.
pub fn answer(
    platform: &Platform,
    host: &'static str,
    version: u32,
    usage_of: &UsageOf,
    result: Result<Value, GraphError>,
) -> Response {
    answer_text(platform, host, version, usage_of, result.map(|body| write_json(&body)))
}

/// The same where the JSON is written already.
pub fn answer_text(
    platform: &Platform,
    host: &'static str,
    version: u32,
    usage_of: &UsageOf,
    result: Result<String, GraphError>,
) -> Response {
    let count = platform.count_call(host);
    let (status, body, challenge, limited) = match result {
        Ok(body) => (StatusCode::OK, body, None, false),
        Err(error) => {
            let trace = platform.trace_id();
            (error.status, write_json(&error.body(&trace)), error.challenge(), error.is_rate_limit())
        }
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store, must-revalidate"));
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set("facebook-api-version", format!("v{version}.0"));
    if let Some((name, usage)) = usage(platform, usage_of, count, limited) {
        set(name, usage.to_string());
    }
    if let Some(challenge) = challenge {
        set("www-authenticate", challenge);
    }
    response
}

/// Whose limit a call counts against.
pub enum UsageOf {
    /// The app's, as on Facebook.
    App,
    /// The professional account's with this id, as on Instagram.
    Business(String),
    /// Nobody's that could be named: the token was not one of Instagram's.
    Nobody,
}

/// How long an account is shut out when too many calls were made, in minutes, unless a fault says otherwise.
const SHUT_OUT: u64 = 60;

/// Per cent of what may be asked, and the header that says so; 100 is throttled.
/// <https://developers.facebook.com/docs/graph-api/overview/rate-limiting/>
fn usage(platform: &Platform, usage_of: &UsageOf, calls: u64, limited: bool) -> Option<(&'static str, Value)> {
    if matches!(usage_of, UsageOf::Nobody) {
        return None;
    }
    let set = platform.faults.usage();
    let percent = match set {
        Some((percent, _)) => percent,
        None if limited => 100,
        None => (calls / 40).min(95),
    };
    let mut usage = json!({ "call_count": percent, "total_cputime": percent / 2, "total_time": percent / 2 });
    let UsageOf::Business(id) = usage_of else {
        return Some(("x-app-usage", usage));
    };
    let minutes = set.and_then(|(_, minutes)| minutes).unwrap_or(if limited { SHUT_OUT } else { 0 });
    usage["type"] = json!("instagram");
    usage["estimated_time_to_regain_access"] = json!(minutes);
    Some(("x-business-use-case-usage", json!({ id.as_str(): [usage] })))
}

/// JSON as Meta writes it: slashes and everything beyond ASCII are escaped. Both occur inside strings only.
pub fn write_json(value: &Value) -> String {
    let plain = value.to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 16);
    let mut rest = plain.as_str();
    while let Some(at) = rest.find(|character: char| character == '/' || !character.is_ascii()) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let mut characters = from.chars();
        match characters.next() {
            Some('/') => text.push_str("\\/"),
            Some(other) => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            None => {}
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped_and_still_the_same_json() {
        let value = json!({ "url": "https://x/y", "name": "داليا 🏖" });
        let text = write_json(&value);
        assert!(text.is_ascii());
        assert!(text.contains("https:\\/\\/x\\/y"));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn versions_are_read_from_the_path() {
        assert_eq!(version_of("v25.0"), Some(25));
        assert_eq!(version_of("v2.12"), None);
        assert_eq!(version_of("me"), None);
    }

    #[test]
    fn the_version_is_not_part_of_the_path() {
        let read = |path| Request::read("graph.facebook.com", &Method::GET, path, None, &HeaderMap::new(), b"");
        let versioned = read("/v25.0/me/albums").unwrap_or_else(|_| panic!("v25.0 lives"));
        assert_eq!((versioned.version, versioned.path), (25, vec!["me".to_owned(), "albums".to_owned()]));
        let plain = read("/me").unwrap_or_else(|_| panic!("no version is the oldest version"));
        assert_eq!((plain.version, plain.path), (21, vec!["me".to_owned()]));
        assert!(read("/v20.0/me").is_err());
        assert!(read("/v99.0/me").is_err());
    }

    #[test]
    fn params_come_from_query_and_form() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let params = Params::of_request(Some("a=1&b=x%20y"), &headers, b"c=3&a=2");
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (Some("1"), Some("x y"), Some("3")));
    }
}
