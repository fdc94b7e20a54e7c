//! What Facebook and Instagram share: the Graph API's calls, errors, pages, ids and dates.
//!
//! Graph API v25.0, <https://developers.facebook.com/docs/graph-api/guides/error-handling> and
//! <https://developers.facebook.com/docs/graph-api/results>; checked November 2026.

use super::Failure;
use crate::fetch::{Answer, Call, Fetcher};
use crate::secrets::{Secret, hmac_hex};
use bowerbird_protocol::problem::ProblemCode;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use url::Url;

/// The most that one call lists; Meta gives 25 unless asked.
pub const PAGE_SIZE: &str = "100";

/// One host of Meta's.
#[derive(Debug, Clone)]
pub struct Graph {
    fetcher: Fetcher,
    base: Url,
    version: String,
    /// Facebook's calls carry `appsecret_proof`; Instagram's Graph host documents none.
    proof_key: Option<Secret>,
}

impl Graph {
    /// `base` has no version in it.
    pub fn new(fetcher: Fetcher, base: &Url, version: &str, proof_key: Option<Secret>) -> Self {
        Self { fetcher, base: base.clone(), version: version.to_owned(), proof_key }
    }

    /// Reads a node or an edge. The token goes in a header, so that no URL holds it.
    pub async fn get<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let url = self.url(token, path, query);
        read(self.fetcher.call(Call { url, bearer: Some(token), form: None }).await?)
    }

    /// Deletes an edge. Meta answers `true` or `{"success": true}`.
    pub async fn delete(&self, token: &Secret, path: &str) -> Result<(), Failure> {
        // Graph takes the method as a parameter of a POST, which proxies leave alone.
        let url = self.url(token, path, &[]);
        let form = [("method", "delete")];
        let answer = self.fetcher.call(Call { url, bearer: Some(token), form: Some(&form) }).await?;
        read::<serde_json::Value>(answer).map(drop)
    }

    fn url(&self, token: &Secret, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = at(&self.base, &format!("{}/{path}", self.version));
        url.query_pairs_mut().extend_pairs(query);
        if let Some(key) = &self.proof_key {
            url.query_pairs_mut().append_pair("appsecret_proof", &hmac_hex(key, token.expose()));
        }
        url
    }
}

/// A base with a path below it.
pub fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// Reads an answer of the Graph API.
pub fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, Failure> {
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
            cause: format!("HTTP {status} without a Graph error"),
            transient: status.is_server_error(),
        },
    })
}

#[derive(Debug, Deserialize)]
struct Envelope {
    error: GraphError,
}

/// `{"error": {…}}`; everything but the message may be missing.
#[derive(Debug, Default, Deserialize)]
struct GraphError {
    #[serde(default)]
    message: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    code: i64,
    #[serde(default)]
    error_subcode: i64,
    #[serde(default)]
    is_transient: bool,
    #[serde(default)]
    fbtrace_id: String,
}

/// What a Graph error means to us.
fn failure(status: u16, error: &GraphError) -> Failure {
    let cause = format!(
        "Graph error {}/{} {} (HTTP {status}, fbtrace_id {})",
        error.code, error.error_subcode, error.kind, error.fbtrace_id
    );
    let message = error.message.to_lowercase();
    let code = match (error.code, error.error_subcode) {
        (102 | 190, _) => return Failure::SignInAgain { cause },
        (0, _) if error.kind == "OAuthException" && status < 500 => return Failure::SignInAgain { cause },
        // App, user, page and custom limits, and those of business use cases (80000 to 80014).
        (4 | 17 | 32 | 341 | 613 | 80_000..=80_014, _) => ProblemCode::RateLimited,
        (10 | 200..=299, _) => ProblemCode::PermissionDeclined,
        (100, 33) | (803, _) => ProblemCode::PhotoGone,
        (1 | 2, _) => return Failure::Upstream { cause, transient: true },
        // Cursors die with the item that they stand at. Meta says so under several codes, 100 among them.
        _ if message.contains("cursor") => ProblemCode::ListChanged,
        _ => return Failure::Upstream { cause, transient: error.is_transient || status >= 500 },
    };
    Failure::Tell { code, cause }
}

/// A list and its cursors.
#[derive(Debug, Deserialize)]
pub struct Data<T> {
    /// The entries; fewer than asked for does not mean the end.
    pub data: Vec<T>,
    #[serde(default)]
    paging: Paging,
}

#[derive(Debug, Default, Deserialize)]
struct Paging {
    #[serde(default)]
    cursors: Cursors,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Cursors {
    after: Option<String>,
}

impl<T> Data<T> {
    /// The cursor of the next page. The last page has cursors too, but no `next`; and `next` itself carries the token.
    pub fn after(&self) -> Option<String> {
        self.paging.next.as_ref().and(self.paging.cursors.after.clone())
    }
}

/// Ids exceed 2^53. They come as strings, and from Instagram's token answer as a number, which must not pass a float.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(u64),
    }
    let id = match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    };
    if is_id(&id) { Ok(id) } else { Err(D::Error::custom("an id of other than digits")) }
}

fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A path of one of Meta's sources, in parts that are digits and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaPath<'a> {
    /// `/{folder}/…`: an album or a carousel.
    pub folder: Option<&'a str>,
    /// `…/{file}.jpg` or `.mp4`.
    pub file: Option<&'a str>,
}

impl<'a> MetaPath<'a> {
    /// Reads `/`, `/1/`, `/2.jpg` or `/1/2.jpg`; everything else does not belong to the source.
    pub fn read(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        let (folder, file) = match rest.split_once('/') {
            Some((folder, file)) => (Some(folder), file),
            None => (None, rest),
        };
        let file = match file {
            "" => None,
            file => Some(file.strip_suffix(".jpg").or_else(|| file.strip_suffix(".mp4"))?),
        };
        folder.into_iter().chain(file).all(is_id).then_some(Self { folder, file })
    }
}

/// Whether a file's path is a video's, which is listed but never stored. Asking a video for a photo's fields fails the call.
pub fn is_video(path: &str) -> bool {
    path.ends_with(".mp4")
}

/// The failure of a path that does not belong to the source.
pub fn bad_path() -> Failure {
    Failure::tell(ProblemCode::BadPath, "a path that is not one of the source's")
}

/// `2018-02-22T10:40:45+0000`, as Meta writes it, in RFC 3339 and UTC.
pub fn date(text: Option<&str>) -> Option<String> {
    let date = DateTime::parse_from_str(text?, "%Y-%m-%dT%H:%M:%S%z").ok()?;
    Some(date.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Words that say something.
pub fn words(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// What a code exchange that Meta refuses means: not every such error is the token's.
pub fn exchange_failure(failure: Failure) -> Failure {
    match failure {
        Failure::SignInAgain { cause } | Failure::Upstream { cause, transient: false } => {
            Failure::tell(ProblemCode::SignInRefused, cause)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(status: u16, body: &str) -> Failure {
        let status = status.try_into().unwrap();
        read::<serde_json::Value>(Answer { status, body: body.to_owned().into() }).unwrap_err()
    }

    fn graph(status: u16, code: i64, subcode: i64, message: &str) -> Failure {
        failed(
            status,
            &serde_json::json!({"error": {"message": message, "type": "OAuthException", "code": code,
                "error_subcode": subcode, "fbtrace_id": "Fz54k3GZrio"}})
            .to_string(),
        )
    }

    #[test]
    fn graph_errors_are_recognized() {
        let code = |status, code, subcode, message| graph(status, code, subcode, message).code();
        assert_eq!(code(400, 190, 463, "Error validating access token"), ProblemCode::SignInAgain);
        assert_eq!(code(400, 102, 0, ""), ProblemCode::SignInAgain);
        for limit in [4, 17, 32, 341, 613, 80001, 80002] {
            assert_eq!(code(403, limit, 0, ""), ProblemCode::RateLimited, "{limit}");
        }
        assert_eq!(code(403, 10, 0, ""), ProblemCode::PermissionDeclined);
        assert_eq!(code(403, 200, 0, "(#200) The user hasn't authorized"), ProblemCode::PermissionDeclined);
        assert_eq!(code(400, 100, 33, "Unsupported get request"), ProblemCode::PhotoGone);
        assert_eq!(
            code(400, 100, 0, "(#100) The After Cursor specified exceeds the max limit"),
            ProblemCode::ListChanged
        );
        assert_eq!(code(400, 2642, 0, "(#2642) Invalid cursors values"), ProblemCode::ListChanged);
        assert!(matches!(graph(500, 2, 0, ""), Failure::Upstream { transient: true, .. }));
        assert!(matches!(
            graph(400, 100, 0, "(#100) Tried accessing nonexisting field"),
            Failure::Upstream { transient: false, .. }
        ));
        assert!(matches!(failed(502, "<html>Bad Gateway"), Failure::Upstream { transient: true, .. }));
        assert!(matches!(failed(200, "<html>"), Failure::Upstream { .. }));
        let bare = r#"{"error":{"message":"Invalid OAuth access token.","type":"OAuthException"}}"#;
        assert!(matches!(failed(401, bare), Failure::SignInAgain { .. }));
    }

    #[test]
    fn a_cause_names_the_codes_and_never_the_sentence() {
        let failure = graph(400, 190, 467, "Malformed access token EAABtoken");
        assert!(failure.cause().contains("190/467") && failure.cause().contains("Fz54k3GZrio"), "{}", failure.cause());
        assert!(!failure.cause().contains("EAAB"), "{}", failure.cause());
    }

    #[test]
    fn the_last_page_has_cursors_and_no_next() {
        let page = |json: &str| serde_json::from_str::<Data<serde_json::Value>>(json).unwrap().after();
        assert_eq!(page(r#"{"data":[]}"#), None);
        assert_eq!(page(r#"{"data":[{}],"paging":{"cursors":{"before":"b","after":"a"}}}"#), None);
        let next = r#"{"data":[],"paging":{"cursors":{"before":"b","after":"a"},"next":"https://h/?access_token=T"}}"#;
        assert_eq!(page(next), Some("a".to_owned()));
    }

    #[test]
    fn ids_keep_every_digit() {
        #[derive(Deserialize)]
        struct Holder {
            #[serde(deserialize_with = "id")]
            id: String,
        }
        let id = |json: &str| serde_json::from_str::<Holder>(json).map(|holder| holder.id).ok();
        assert_eq!(id(r#"{"id":27640875392278831}"#).as_deref(), Some("27640875392278831"));
        assert_eq!(id(r#"{"id":"27640875392278831"}"#).as_deref(), Some("27640875392278831"));
        assert_eq!(id(r#"{"id":"../me"}"#), None);
        assert_eq!(id(r#"{"id":1.5}"#), None);
    }

    #[test]
    fn paths_that_try_to_leave_the_source_are_none() {
        let read = |path| MetaPath::read(path).map(|path| (path.folder, path.file));
        assert_eq!(read("/"), Some((None, None)));
        assert_eq!(read("/10150/"), Some((Some("10150"), None)));
        assert_eq!(read("/10150/99.jpg"), Some((Some("10150"), Some("99"))));
        assert_eq!(read("/10150/99.mp4"), Some((Some("10150"), Some("99"))));
        assert_eq!(read("/99.jpg"), Some((None, Some("99"))));
        for bad in [
            "",
            "1/2.jpg",
            "//",
            "//1/",
            "/../me",
            "/me/",
            "/1/../2",
            "/1/2",
            "/1",
            "/1/2/",
            "/1/2/3.jpg",
            "/%2e%2e/1.jpg",
            "/1?fields=x",
            "/1/2.jpg?x",
            "/1/2.png",
            "/1/.jpg",
            "/.jpg",
            "/1/2.jpg/",
            "/1\\2.jpg",
            "/١/",
            "/1 /",
            "/1/2.jpg\n",
            "https://evil.example/",
            "/111111111111111111111111111111111/",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn dates_become_utc() {
        assert_eq!(date(Some("2018-02-22T10:40:45+0000")).as_deref(), Some("2018-02-22T10:40:45Z"));
        assert_eq!(date(Some("2018-02-22T10:40:45+0200")).as_deref(), Some("2018-02-22T08:40:45Z"));
        assert_eq!(date(Some("yesterday")), None);
        assert_eq!(date(None), None);
    }

    #[test]
    fn a_path_is_put_below_its_base() {
        let url = |base: &str| at(&Url::parse(base).unwrap(), "v25.0/me").to_string();
        assert_eq!(url("https://graph.facebook.com"), "https://graph.facebook.com/v25.0/me");
        assert_eq!(url("http://h:1/graph.facebook.com/"), "http://h:1/graph.facebook.com/v25.0/me");
    }
}
