//! What Facebook and Instagram share: the Graph API's calls, errors, pages, ids and dates.
//!
//! Graph API v25.0, <https://developers.facebook.com/docs/graph-api/results>; checked November 2026.

mod accounts;
mod errors;
mod hints;
mod login;
mod pages;
mod publishing;
mod usage;

pub use accounts::{Accounts, Connected, Found, PAGES_NEEDED, PAGES_SCOPE, Seen, of_page, of_person};
pub use errors::{GraphError, code_failure, exchange_failure, failure, read, refusal};
pub use hints::hint;
pub use login::Asks;
pub(in crate::providers) use login::{Me, TokenAnswer};
pub use pages::{Pages, Place};
pub use publishing::{Part, Trouble};

use super::Failure;
use crate::fetch::{Answer, Call, Fetcher};
use crate::secrets::{Secret, digest, hmac_hex};
use backon::{ExponentialBuilder, Retryable as _};
use bowerbird_protocol::problem::ProblemCode;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use std::time::{Duration, Instant};
use url::Url;
use usage::Asker;

/// The most that one call lists; Meta gives 25 unless asked.
pub const PAGE_SIZE: &str = "100";

/// The pauses between the tries of a call that only reads; each is lengthened by chance, so that those who failed together
/// do not come back together.
const BACK_OFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(250))
    .with_factor(2.0)
    .with_max_times(3)
    .with_jitter();
/// After this long a call is not tried again: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(8);

/// One host of Meta's, asked with one app.
#[derive(Debug, Clone)]
pub struct Graph {
    fetcher: Fetcher,
    base: Url,
    version: String,
    /// The app's id.
    app: String,
    /// Facebook's calls carry `appsecret_proof`; Instagram's Graph host documents none.
    proof_key: Option<Secret>,
}

impl Graph {
    /// `base` has no version in it.
    pub fn new(fetcher: Fetcher, base: &Url, version: &str, app: &str, proof_key: Option<Secret>) -> Self {
        Self { fetcher, base: base.clone(), version: version.to_owned(), app: app.to_owned(), proof_key }
    }

    /// Reads a node or an edge. The token goes in a header, so that no URL holds it.
    pub async fn get<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let url = self.url(token, path, query);
        self.reads(token, || Call { url: url.clone(), bearer: Some(token), form: None }).await
    }

    /// Reads an address that has no version and takes the token in its query.
    pub async fn get_at<T: DeserializeOwned>(&self, token: &Secret, mut url: Url) -> Result<T, Failure> {
        url.query_pairs_mut().append_pair("access_token", token.expose());
        self.reads(token, || Call { url: url.clone(), bearer: None, form: None }).await
    }

    /// Deletes an edge. Meta answers `true` or `{"success": true}`.
    pub async fn delete(&self, token: &Secret, path: &str) -> Result<(), Failure> {
        // Graph takes the method as a parameter of a POST, which proxies leave alone.
        let url = self.url(token, path, &[]);
        let form = [("method", "delete")];
        let answer = self.ask(token, Call { url, bearer: Some(token), form: Some(&form) }).await?;
        read::<serde_json::Value>(&answer).map(drop)
    }

    /// A call that changes nothing, so that it can be made again when the trouble may pass.
    async fn reads<'a, T: DeserializeOwned>(
        &self,
        token: &Secret,
        call: impl Fn() -> Call<'a> + Send + Sync,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        let once = || async { read(&self.ask(token, call()).await?) };
        once.retry(BACK_OFF)
            .when(|failure| failure.is_transient() && begun.elapsed() < PATIENCE)
            .notify(|failure, pause| {
                let milliseconds = pause.as_millis() as u64;
                tracing::debug!(cause = failure.cause(), milliseconds, "Meta is asked again");
            })
            .await
    }

    /// Makes a call, unless Meta wants none at the moment: asking on would lengthen that.
    async fn ask(&self, token: &Secret, call: Call<'_>) -> Result<Answer, Failure> {
        let asker = Asker { app: self.app.clone(), account: format!("{} {}", self.app, digest(token.expose())) };
        if let Some(left) = asker.pause(self.fetcher.pace()) {
            let cause =
                format!("Meta has had too many calls, and is not asked for {} seconds more", left.as_secs() + 1);
            return Err(Failure::tell(ProblemCode::RateLimited, cause));
        }
        let answer = self.fetcher.call(call).await?;
        asker.heed(self.fetcher.pace(), &answer);
        Ok(answer)
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

/// Whether it is an id: digits and nothing else.
pub fn is_id(text: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
