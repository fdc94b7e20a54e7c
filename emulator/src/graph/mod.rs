//! What graph.facebook.com and graph.instagram.com have in common: how they are asked, how they answer, how they page.

mod errors;
mod fields;
mod paging;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use errors::GraphError;
pub use fields::{Field, fields_of, parse as parse_fields, write as write_fields};
pub use paging::{Edge, Page};

use crate::clock::error_date;
use crate::platform::Platform;
use crate::registry::{FACEBOOK_APP, Network, Token, app_token, hmac_sha256};

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

    /// Reads query and form; a body in another format is ignored, as Graph ignores it.
    pub fn of_request(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Params {
        let mut params = Params::read(query.unwrap_or_default());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            params.0.extend(Params::read(&String::from_utf8_lossy(body)).0);
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

    /// The token of a person of this network, found good.
    pub fn user_token(&self, platform: &Platform, network: Network) -> Result<Token, GraphError> {
        let Some(text) = self.access_token() else {
            return Err(match self.path.first().map(String::as_str) {
                Some("me") => GraphError::no_user(),
                _ => GraphError::token_missing(),
            });
        };
        if network == Network::Facebook && is_app_token(text) {
            return Err(match self.path.first().map(String::as_str) {
                Some("me") => GraphError::no_user(),
                _ => GraphError::user_token_needed(),
            });
        }
        let token = check_token(platform, text, network)?;
        self.check_proof(platform, network, text)?;
        Ok(token)
    }

    /// Checks `appsecret_proof`: hex HMAC-SHA256 of the token under the app's secret; with `appsecret_time`, of
    /// `token|time`, good for five minutes. <https://developers.facebook.com/docs/facebook-login/security#proof>
    pub fn check_proof(&self, platform: &Platform, network: Network, token: &str) -> Result<(), GraphError> {
        let secret = crate::app_of(network).secret;
        let Some(proof) = self.params.get("appsecret_proof") else {
            let required = network == Network::Facebook && platform.settings.require_app_secret;
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
        if proof == hex::encode(hmac_sha256(secret, &message)) { Ok(()) } else { Err(GraphError::proof_wrong()) }
    }
}

/// Whether this is Facebook's app token, in the form with the secret or in the one that was handed out.
pub fn is_app_token(text: &str) -> bool {
    text == app_token(&FACEBOOK_APP) || text == format!("{}|{}", FACEBOOK_APP.id, FACEBOOK_APP.secret)
}

/// A token that is good now, or why it is not.
pub fn check_token(platform: &Platform, text: &str, network: Network) -> Result<Token, GraphError> {
    let token = platform.registry().token(text).cloned().ok_or_else(GraphError::token_unreadable)?;
    if token.network != network {
        return Err(GraphError::token_unreadable());
    }
    if token.revoked || platform.faults.revokes_token(token.number) {
        return Err(GraphError::app_removed(crate::app_of(network).id));
    }
    let now = platform.clock.now();
    if token.expires_at <= now || platform.faults.expires_token(token.number) {
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

/// The answer to a call: JSON as Meta writes it, with the headers that all answers have.
pub fn answer(platform: &Platform, host: &'static str, version: u32, result: Result<Value, GraphError>) -> Response {
    let count = platform.count_call(host);
    let (status, body, challenge, limited) = match result {
        Ok(body) => (StatusCode::OK, body, None, false),
        Err(error) => {
            let trace = platform.trace_id();
            (error.status, error.body(&trace), error.challenge(), error.is_rate_limit())
        }
    };
    let mut response = (status, write_json(&body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store, must-revalidate"));
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set("facebook-api-version", format!("v{version}.0"));
    set("x-app-usage", usage(count, limited).to_string());
    if let Some(challenge) = challenge {
        set("www-authenticate", challenge);
    }
    response
}

/// Per cent of what the app may do in an hour; 100 is throttled.
/// <https://developers.facebook.com/docs/graph-api/overview/rate-limiting/>
fn usage(calls: u64, limited: bool) -> Value {
    let percent = if limited { 100 } else { (calls / 40).min(95) };
    json!({ "call_count": percent, "total_cputime": percent / 2, "total_time": percent / 2 })
}

/// JSON as Meta writes it: slashes and everything beyond ASCII are escaped. Both occur inside strings only.
pub fn write_json(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        match character {
            '/' => text.push_str("\\/"),
            ascii if ascii.is_ascii() => text.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
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
