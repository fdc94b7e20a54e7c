//! The one guarded way out: every request that the companion makes to another host passes here.
//!
//! What may be asked is a list of hosts. A name is resolved by us and answers of private addresses are dropped, so that a name on
//! the list cannot be pointed at the operator's own network; redirects are not followed; time and size are limited. URLs
//! are never logged whole, because queries carry tokens and signatures.

mod hosts;
mod operator;

pub use hosts::is_on_this_machine;
pub use operator::{Collector, reach};
pub use reqwest::header::HeaderMap;

use hosts::{Hosts, PublicOnly, is_public_address, is_public_receiver};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::secrets::Secret;
use anyhow::Context as _;
use axum::body::Bytes;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument as _;
use url::Url;

/// The largest answer of an API that is read.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;
/// Redirects that are followed from an address that a client named.
const MAX_REDIRECTS: usize = 5;
/// How long a site's receiver may take to answer, as Filestack lets it.
const RECEIVER_TIMEOUT: Duration = Duration::from_secs(30);

/// What keeps a client from being built, on machines that lack it.
const NO_TLS: &str = "cannot make HTTPS requests (on Debian, the package ca-certificates has what is needed)";

/// Why nothing, or not all, came back.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The host is not on the list, or resolves to no public address.
    #[error("the host {0} is not one that may be asked")]
    NotListed(String),
    /// No connection, no answer, or silence for too long.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// An answer other than 200. A redirect is one too.
    #[error("the answer was HTTP {0}")]
    Status(StatusCode),
    /// The transfer ended early.
    #[error("the transfer ended after {received} bytes: {cause}")]
    Cut {
        /// Bytes that arrived.
        received: u64,
        /// What ended it.
        cause: String,
    },
    /// More than is taken.
    #[error("more than {0} bytes")]
    TooLarge(u64),
}

/// Names the cryptography that all connections of this process use.
pub(crate) fn prepare_tls() {
    // Fails when another part of the process was first, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Makes the companion's requests.
#[derive(Debug, Clone)]
pub struct Fetcher {
    apis: Client,
    pictures: Client,
    uploads: Client,
    /// For receivers in the open internet, and for those that the operator listed.
    receivers: [Client; 2],
    /// The same for addresses that clients named.
    addresses: [Client; 2],
    api_hosts: Hosts,
    picture_hosts: Hosts,
    private_receivers: Hosts,
    private_sources: Hosts,
    timeout: Duration,
    total_timeout: Duration,
    pace: Pace,
    /// Which source an API is of, by the beginning of its addresses.
    sources: Vec<(&'static str, Url)>,
    metrics: Metrics,
}

/// A request to an API.
#[derive(Debug)]
pub struct Call<'a> {
    /// Where to. The query may hold secrets, it is not logged.
    pub url: Url,
    /// The visitor's token, sent as `Authorization: Bearer`.
    pub bearer: Option<&'a Secret>,
    /// Sent as a form by POST; without one it is a GET.
    pub form: Option<&'a [(&'a str, &'a str)]>,
}

/// An API's answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, some of which say how much may still be asked.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Fetcher {
    /// From the settings: the providers' base URLs, `image_hosts` and `private_receivers`.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        prepare_tls();
        let metrics = Metrics::default();
        let api_hosts = Hosts::of(&[
            &config.facebook_graph_url,
            &config.facebook_upload_url,
            &config.instagram_api_url,
            &config.instagram_graph_url,
        ]);
        let picture_hosts = Hosts::read("image_hosts", &config.image_hosts)?;
        let private_receivers = Hosts::read_exact("private_receivers", &config.private_receivers)?;
        let private_sources = Hosts::read_exact("private_sources", &config.private_sources)?;
        let resolver = PublicOnly { listed: api_hosts.exact_names().chain(picture_hosts.exact_names()).collect() };
        let timeout = Duration::from_secs(config.fetch_timeout);
        let total_timeout = Duration::from_secs(config.fetch_total_timeout);
        let client_with = |resolver: PublicOnly| {
            Client::builder()
                .user_agent(concat!("Bowerbird/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .dns_resolver(resolver)
                .connect_timeout(timeout.min(Duration::from_secs(10)))
                .read_timeout(timeout)
        };
        let client = || client_with(resolver.clone());
        let receivers = [HashSet::new(), private_receivers.exact_names().collect()];
        let receiver =
            |listed| client_with(PublicOnly { listed }).read_timeout(RECEIVER_TIMEOUT).build().context(NO_TLS);
        let [public, private] = receivers.map(receiver);
        let addresses = [HashSet::new(), private_sources.exact_names().collect()];
        let address = |listed| client_with(PublicOnly { listed }).no_gzip().build().context(NO_TLS);
        let [public_addresses, private_addresses] = addresses.map(address);
        Ok(Self {
            apis: client().timeout(timeout).build().context(NO_TLS)?,
            // Bytes go out as fast as the line allows, and nothing comes back until all have gone.
            uploads: client().read_timeout(total_timeout).timeout(total_timeout).build().context(NO_TLS)?,
            // Pictures do not shrink, and an encoded one would hide its length.
            pictures: client().no_gzip().build().context(NO_TLS)?,
            receivers: [public?, private?],
            addresses: [public_addresses?, private_addresses?],
            api_hosts,
            picture_hosts,
            private_receivers,
            private_sources,
            timeout,
            total_timeout,
            pace: Pace::new(Duration::from_secs(config.rate_limit_pause), metrics.clone()),
            sources: vec![
                ("facebook", config.facebook_graph_url.clone()),
                ("facebook", config.facebook_upload_url.clone()),
                ("instagram", config.instagram_api_url.clone()),
                ("instagram", config.instagram_graph_url.clone()),
            ],
            metrics,
        })
    }

    /// The pauses that APIs asked for. Heeding them is up to who calls, who alone knows whom they are about.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What is counted of the calls, and of all else.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Calls an API and reads the whole answer.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, FetchError> {
        let source = self.source_of(&call.url);
        let begun = Instant::now();
        let answer = self.ask(call).instrument(tracing::info_span!("provider_call", source)).await;
        self.metrics.provider_call(source, answer.as_ref().ok().map(|answer| answer.status), begun.elapsed());
        answer
    }

    /// Posts to an API what may have many bytes; `fill` puts them into the request.
    pub async fn upload(
        &self,
        url: Url,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder + Send,
    ) -> Result<Answer, FetchError> {
        self.api_hosts.check(&url)?;
        let source = self.source_of(&url);
        let begun = Instant::now();
        let sent = async { self.whole(answer(fill(self.uploads.post(url)), self.total_timeout).await?).await };
        let answer = sent.instrument(tracing::info_span!("provider_upload", source)).await;
        self.metrics.provider_call(source, answer.as_ref().ok().map(|answer: &Answer| answer.status), begun.elapsed());
        answer
    }

    fn source_of(&self, url: &Url) -> &'static str {
        let below = |base: &Url| base.origin() == url.origin() && url.path().starts_with(base.path());
        self.sources.iter().find(|(_, base)| below(base)).map_or("other", |(source, _)| source)
    }

    async fn ask(&self, call: Call<'_>) -> Result<Answer, FetchError> {
        self.api_hosts.check(&call.url)?;
        let method = if call.form.is_some() { Method::POST } else { Method::GET };
        let mut request = self.apis.request(method, call.url);
        if let Some(bearer) = call.bearer {
            request = request.bearer_auth(bearer.expose());
        }
        if let Some(form) = call.form {
            request = request.form(form);
        }
        self.whole(self.send(request).await?).await
    }

    /// Reads an API's answer to its end.
    async fn whole(&self, response: Response) -> Result<Answer, FetchError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = Download::new(response, MAX_ANSWER, Instant::now() + self.timeout)?.all().await?;
        Ok(Answer { status, headers, body })
    }

    /// Begins to fetch a picture of at most `max` bytes.
    pub async fn open(&self, url: &Url, max: u64) -> Result<Download, FetchError> {
        self.picture_hosts.check(url)?;
        let response = self.send(self.pictures.get(url.clone())).await?;
        match response.status() {
            StatusCode::OK => Download::new(response, max, Instant::now() + self.total_timeout),
            status => Err(FetchError::Status(status)),
        }
    }

    /// Begins to fetch at most `max` bytes from an address that a client named: public ones, unless the operator listed host and
    /// port, and so for each redirect. Answers with the address that it came from in the end.
    pub async fn open_address(&self, url: &Url, max: u64) -> Result<(Download, Url), FetchError> {
        let deadline = Instant::now() + self.total_timeout;
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let [public, private] = &self.addresses;
            let client = match self.private_sources.check(&url) {
                Ok(()) => private,
                Err(_) if is_public_address(&url) => public,
                Err(error) => return Err(error),
            };
            let response = self.send(client.get(url.clone())).await?;
            let next = response.headers().get(header::LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
            match (response.status(), next) {
                (StatusCode::OK, _) => return Ok((Download::new(response, max, deadline)?, url)),
                (status, Some(next)) if status.is_redirection() => url = next,
                (status, _) => return Err(FetchError::Status(status)),
            }
        }
        Err(FetchError::NoAnswer(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// Whether a receiver may be told anything: by its address and, where that is a name, by the addresses that the name has.
    ///
    /// # Errors
    /// Words that say what is wrong with it.
    pub async fn judge_receiver(&self, url: &Url) -> Result<(), String> {
        match self.check_receiver(url) {
            Ok(true) => Ok(()),
            Ok(false) => hosts::has_public_address(url).await,
            Err(_) => {
                Err("it must be https at a public address, or private_receivers must list its host:port".to_owned())
            }
        }
    }

    /// Posts JSON to the receiver of a site, whose address the site chose: over https and to a public address, unless the operator
    /// listed host and port. Of the answer only the status is read.
    pub async fn notify(&self, url: &Url, headers: &[(&str, &str)], body: &str) -> Result<StatusCode, FetchError> {
        let [public, private] = &self.receivers;
        let client = if self.check_receiver(url)? { private } else { public };
        let json = client.post(url.clone()).header(header::CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(json, |request, (name, value)| request.header(*name, *value));
        Ok(answer(request.body(body.to_owned()), RECEIVER_TIMEOUT).await?.status())
    }

    /// Whether a receiver is one that the operator listed.
    ///
    /// # Errors
    /// It is not, and its address says already that it is not one of the open internet.
    pub fn check_receiver(&self, url: &Url) -> Result<bool, FetchError> {
        match self.private_receivers.check(url) {
            Ok(()) => Ok(true),
            Err(_) if is_public_receiver(url) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, FetchError> {
        answer(request, self.timeout).await
    }
}

async fn answer(request: RequestBuilder, timeout: Duration) -> Result<Response, FetchError> {
    match tokio::time::timeout(timeout, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(FetchError::NoAnswer(words(error))),
        Err(_) => Err(FetchError::NoAnswer("it took too long".to_owned())),
    }
}

/// An error's whole chain, without the URL that reqwest puts in front.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A body that is arriving.
#[derive(Debug)]
pub struct Download {
    response: Response,
    total: Option<u64>,
    received: u64,
    max: u64,
    deadline: Instant,
}

impl Download {
    fn new(response: Response, max: u64, deadline: Instant) -> Result<Self, FetchError> {
        let length = |value: &header::HeaderValue| value.to_str().ok()?.parse::<u64>().ok();
        let total = response.headers().get(header::CONTENT_LENGTH).and_then(length);
        if total.is_some_and(|total| total > max) {
            return Err(FetchError::TooLarge(max));
        }
        Ok(Self { response, total, received: 0, max, deadline })
    }

    /// Bytes in all, where the host tells.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// What the host says that it is, without parameters.
    pub fn mimetype(&self) -> Option<String> {
        let told = self.response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
        Some(told.split(';').next()?.trim().to_ascii_lowercase())
    }

    /// Bytes so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next bytes; `None` when all have arrived.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let cut = |received, cause| FetchError::Cut { received, cause };
        match tokio::time::timeout_at(self.deadline, self.response.chunk()).await {
            Err(_) => Err(cut(self.received, "it took too long".to_owned())),
            Ok(Err(error)) => Err(cut(self.received, words(error))),
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len() as u64;
                if self.received > self.max { Err(FetchError::TooLarge(self.max)) } else { Ok(Some(bytes)) }
            }
            // The HTTP library has compared with the announced length, and made less than that an error.
            Ok(Ok(None)) => Ok(None),
        }
    }

    /// All of it.
    pub async fn all(mut self) -> Result<Bytes, FetchError> {
        let mut body = Vec::with_capacity(self.total.unwrap_or(0).min(1 << 20) as usize);
        while let Some(bytes) = self.chunk().await? {
            body.extend_from_slice(&bytes);
        }
        Ok(body.into())
    }
}

#[cfg(test)]
mod tests {
    use super::hosts::is_public;
    use super::*;
    use reqwest::dns::Resolve as _;

    fn allowed(url: &str) -> bool {
        let hosts = [".fbcdn.net", "pictures.example", "127.0.0.1:8788", "localhost:80"].map(str::to_owned);
        Hosts::read("image_hosts", &hosts).unwrap().check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn only_listed_hosts_are_fetched_from() {
        assert!(allowed("https://scontent.xx.fbcdn.net/a.jpg?oh=1"));
        assert!(allowed("https://SCONTENT.fbcdn.net/"));
        assert!(allowed("https://pictures.example/"));
        assert!(allowed("http://127.0.0.1:8788/x"));
        assert!(allowed("http://localhost/x"));
        for refused in [
            "http://scontent.fbcdn.net/",
            "https://scontent.fbcdn.net:8443/",
            "https://fbcdn.net.evil.example/",
            "https://evilfbcdn.net/",
            "https://user@scontent.fbcdn.net/",
            "http://127.0.0.1:8789/",
            "http://127.0.0.1/",
            "http://[::1]:8788/",
            "file:///etc/passwd",
            "https://169.254.169.254/",
        ] {
            assert!(!allowed(refused), "{refused}");
        }
    }

    #[test]
    fn entries_that_lead_to_this_machine_are_told_from_others() {
        for here in [
            "127.0.0.1:8788",
            "127.1:80",
            "LOCALHOST:443",
            "a.localhost.:1",
            "[::1]:80",
            "[::ffff:127.0.0.1]:1",
            "0.0.0.0:1",
        ] {
            assert!(is_on_this_machine(here), "{here}");
        }
        // The last one is reached at public addresses only, of which this machine has none that it trusts.
        for other in [".fbcdn.net", "pictures.example", "pictures.example:80", "10.0.0.1:80", "localhost"] {
            assert!(!is_on_this_machine(other), "{other}");
        }
    }

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for public in ["157.240.1.1", "2a03:2880::1", "::ffff:157.240.1.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    /// Answers one request with these bytes and closes; and a fetcher that may ask it.
    async fn host_that_says(answer: &'static [u8]) -> (Fetcher, Url) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            stream.write_all(answer).await.unwrap();
        });
        let url = Url::parse(&format!("http://{host}/picture")).unwrap();
        (Fetcher::new(&Config { image_hosts: vec![host], ..Config::default() }).unwrap(), url)
    }

    async fn fetched(answer: &'static [u8], max: u64) -> Result<Bytes, FetchError> {
        let (fetcher, url) = host_that_says(answer).await;
        fetcher.open(&url, max).await?.all().await
    }

    #[tokio::test]
    async fn a_picture_of_unknown_length_is_read_up_to_the_limit() {
        let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123456789";
        assert_eq!(fetched(answer, 10).await.unwrap(), "0123456789");
        assert!(matches!(fetched(answer, 9).await, Err(FetchError::TooLarge(9))));
    }

    #[tokio::test]
    async fn a_transfer_that_ends_early_is_told_from_a_whole_one() {
        let short = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n0123456789";
        assert!(matches!(fetched(short, 100).await, Err(FetchError::Cut { received: 10, .. })));
        let chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n0123456789\r\n";
        assert!(matches!(fetched(chunks, 100).await, Err(FetchError::Cut { received: 10, .. })));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let answer = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        assert!(matches!(fetched(answer, 100).await, Err(FetchError::Status(StatusCode::FOUND))));
    }

    #[test]
    fn a_receiver_is_public_or_listed_with_its_port() {
        let public = |url: &str| is_public_receiver(&Url::parse(url).unwrap());
        assert!(
            public("https://shop.example/hook") && public("https://shop.example:8443/") && public("https://1.1.1.1/")
        );
        for refused in [
            "http://shop.example/hook",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/",
            "https://user:word@shop.example/",
            "ftp://shop.example/",
        ] {
            assert!(!public(refused), "{refused}");
        }
        let listed = |entry: &str| {
            Fetcher::new(&Config { private_receivers: vec![entry.to_owned()], ..Config::default() }).map(drop)
        };
        assert!(listed("10.0.0.1:80").is_ok() && listed("hooks:9000").is_ok());
        assert!(listed("hooks").unwrap_err().to_string().starts_with("private_receivers"));
        assert!(listed(".internal").is_err());
    }

    #[tokio::test]
    async fn a_receiver_that_leads_inside_is_not_asked_unless_it_is_listed() {
        let (_, url) = host_that_says(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        let port = url.port().unwrap();
        let hooks = |listed: &str| {
            let private_receivers = vec![listed.to_owned()];
            Fetcher::new(&Config { private_receivers, ..Config::default() }).unwrap()
        };
        let by_name = Url::parse(&format!("http://localhost:{port}/")).unwrap();
        let elsewhere = hooks("localhost:1");
        for inside in [&url, &by_name] {
            assert!(matches!(elsewhere.notify(inside, &[], "").await, Err(FetchError::NotListed(_))), "{inside}");
        }
        let secure = Url::parse(&format!("https://localhost:{port}/")).unwrap();
        let error = elsewhere.notify(&secure, &[], "").await.unwrap_err().to_string();
        assert!(error.contains("no public address"), "{error}");
        let status = hooks(&format!("localhost:{port}")).notify(&by_name, &[("FS-Timestamp", "1")], "{}").await;
        assert_eq!(status.unwrap(), StatusCode::NO_CONTENT);
    }

    #[tokio::test]
    async fn a_receivers_redirect_is_not_followed() {
        let (_, url) =
            host_that_says(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await;
        let private_receivers = vec![url.authority().to_owned()];
        let fetcher = Fetcher::new(&Config { private_receivers, ..Config::default() }).unwrap();
        assert_eq!(fetcher.notify(&url, &[], "").await.unwrap(), StatusCode::TEMPORARY_REDIRECT);
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_it_is_listed() {
        let resolver = |listed: &[&str]| PublicOnly { listed: listed.iter().map(|&name| name.to_owned()).collect() };
        let look_up =
            |resolver: PublicOnly| async move { resolver.resolve("localhost".parse().unwrap()).await.map(drop) };
        assert!(look_up(resolver(&[])).await.is_err());
        assert!(look_up(resolver(&["localhost"])).await.is_ok());
    }
}
