//! What a story happens on: an emulated Meta, a companion, and a customer's page of another origin, each on a free port.

#![allow(dead_code, reason = "each test crate that sets up this stage uses a part of it")]

#[cfg(unix)]
pub mod cluster;
#[cfg(unix)]
pub mod program;
pub mod proxy;

use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::Html;
use axum::routing::get;
use bowerbird_companion::App;
use bowerbird_companion::config::{AppConfig, Config};
use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::{Emulator, Settings};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The secret of the key `guarded`, which does nothing without a policy. The other keys have none.
pub const GUARDED: &str = "the secret of the key guarded";

/// Everything that runs for one story. Dropping it stops it all.
pub struct Stage {
    /// Meta.
    pub emulator: Emulator,
    /// `http://127.0.0.1:PORT`
    pub companion: String,
    /// `http://localhost:PORT/`: for a browser another origin than the companion's, as every customer's page is.
    pub page: String,
    /// What every request that a test makes by itself goes through.
    pub http: reqwest::Client,
    head: Arc<Mutex<String>>,
    /// Where the companion keeps files.
    files: PathBuf,
    config: Config,
    running: Running,
    data: TempDir,
}

/// What serves.
enum Running {
    Nothing,
    /// A companion of this very process.
    Here(oneshot::Sender<()>, JoinHandle<()>),
    #[cfg(unix)]
    Programs(Arc<cluster::Cluster>),
}

impl Stage {
    /// Sets everything up; a login page takes `dwell` before it lets the visitor go.
    pub async fn set(dwell: Duration) -> Self {
        Self::set_with(Settings { page_dwell: dwell, ..Settings::default() }).await
    }

    /// Sets everything up with an emulator of these settings. Where they name a `public_url`, the companion goes there.
    pub async fn set_with(settings: Settings) -> Self {
        let (mut stage, listener) = Self::prepare(settings).await;
        stage.start_on(listener).await;
        stage
    }

    /// Sets everything up with so many companions on one PostgreSQL and one S3, each a program, behind a proxy that sends each
    /// request to the next. `None` where the servers are not installed.
    #[cfg(unix)]
    pub async fn set_with_programs(settings: Settings, count: usize) -> Option<Self> {
        let (postgres, s3) = (bowerbird_services::Postgres::shared()?, bowerbird_services::S3::shared()?);
        let (mut stage, listener) = Self::prepare(settings).await;
        stage.files = cluster::put_on_services(&mut stage.config, postgres, s3);
        stage.config.lease_seconds = 2;
        // Programs are told the sites in a form that names no secrets.
        stage.config.apps.retain(|app| app.secret.is_none());
        let cluster = cluster::Cluster::start(listener, &stage.config, count, stage.data.path()).await;
        stage.running = Running::Programs(Arc::new(cluster));
        Some(stage)
    }

    /// The programs that serve.
    #[cfg(unix)]
    pub fn programs(&self) -> &Arc<cluster::Cluster> {
        let Running::Programs(programs) = &self.running else { panic!("the companion is not a program here") };
        programs
    }

    /// Whether companions go away in the middle of what they do.
    pub fn is_shaken(&self) -> bool {
        !matches!(self.running, Running::Nothing | Running::Here(..))
    }

    async fn prepare(settings: Settings) -> (Self, TcpListener) {
        // Fails when another story of this process has done it, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let emulator = Emulator::start_with(settings).await;
        let meta = emulator.url();
        let listener = listen(0).await;
        let companion = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        for source in ["facebook", "instagram"] {
            emulator.allow_redirect_uri(&format!("{companion}/api/client/{source}/authCallback/open"));
        }
        let data = tempfile::tempdir().expect("a temporary folder");
        let url = |path: &str| format!("{meta}{path}").parse().expect("an address");
        let mut config = Config {
            public_url: companion.parse().expect("an address"),
            data_dir: data.path().join("companion"),
            widget_dir: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pkg"),
            facebook_dialog_url: url("/www.facebook.com"),
            facebook_graph_url: url("/graph.facebook.com"),
            instagram_authorize_url: url("/www.instagram.com"),
            instagram_api_url: url("/api.instagram.com"),
            facebook_upload_url: url("/rupload.facebook.com"),
            instagram_graph_url: url("/graph.instagram.com"),
            image_hosts: vec![meta.trim_start_matches("http://").to_owned()],
            // What is at an address is, in stories, what the companion has.
            private_sources: vec![companion.trim_start_matches("http://").to_owned()],
            // A provider that wants a pause gets none: stories switch troubles off and go on at once.
            rate_limit_pause: 0,
            ..Config::default()
        };
        let head = Arc::default();
        let page = serve_page(companion.clone(), Arc::clone(&head)).await;
        // As a careful site has it: its own origin, and those of its pages on which a sign-in may end.
        let pages = ["", "coop-same-origin/", "coop-same-origin-allow-popups/"];
        let shop = AppConfig {
            origins: vec![page.trim_end_matches('/').to_owned()],
            addresses: pages.map(|path| format!("{page}{path}")).to_vec(),
            name: Some("Larkspur Prints".to_owned()),
            privacy_url: Some(format!("{page}privacy").parse().expect("an address")),
            ..AppConfig::open("demo")
        };
        let guarded = AppConfig {
            key: "guarded".to_owned(),
            secret: Some(Secret::new(GUARDED)),
            require_policy: true,
            ..shop.clone()
        };
        config.apps = vec![AppConfig { key: "other".to_owned(), ..shop.clone() }, guarded, shop];
        let (files, http) = (config.data_dir.join("files"), reqwest::Client::new());
        let stage = Self { emulator, companion, page, http, head, files, config, running: Running::Nothing, data };
        (stage, listener)
    }

    /// The customer's page under a path, without a slash at its start. A segment `coop-VALUE`, as in
    /// `coop-same-origin/`, gives it the header `Cross-Origin-Opener-Policy: VALUE`; one `lang-VALUE` has it written in that language.
    pub fn page_at(&self, path: &str) -> String {
        format!("{}{path}", self.page)
    }

    /// A page without words or a pick of its own, whose policies are as strict as may be: scripts and data from the companion alone,
    /// no inline style, no strings made into code or markup, and nothing from elsewhere that does not allow it.
    pub fn strict_page(&self) -> String {
        self.page_at("strict/")
    }

    /// Puts this into the `<head>` of the customer's page, from the next visit on.
    pub fn dress(&self, head: &str) {
        *self.head.lock().expect("nobody panicked with it") = head.to_owned();
    }

    /// The same page in a frame of a page of another site, `http://127.0.0.1:PORT`. In front, `coop-VALUE/` is the outer
    /// page's: browsers pay no heed to the header in a frame.
    pub fn framed_page(&self, path: &str) -> String {
        let site = self.page.replace("//localhost:", "//127.0.0.1:");
        match path.split_once('/') {
            Some((policy, path)) if policy.starts_with("coop-") => format!("{site}{policy}/frame/{path}"),
            _ => format!("{site}frame/{path}"),
        }
    }

    /// Stops the companion, as a machine that goes down does.
    pub async fn stop_companion(&mut self) {
        if let Running::Here(stop, running) = std::mem::replace(&mut self.running, Running::Nothing) {
            drop(stop);
            running.abort();
            let _ = running.await;
        }
    }

    /// Starts it again at the same address, with the same data.
    pub async fn start_companion(&mut self) {
        let port = self.companion.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        self.start_on(listen(port).await).await;
    }

    async fn start_on(&mut self, listener: TcpListener) {
        let app = App::build(self.config.clone()).await.expect("the companion can be built");
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            app.serve(listener, until).await.expect("the companion serves");
        });
        self.running = Running::Here(stop, running);
    }

    /// How many providers' tokens the companion keeps.
    pub async fn connections(&self) -> i64 {
        let file = self.config.data_dir.join("companion.sqlite");
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.expect("the database");
        sqlx::query_scalar("SELECT COUNT(*) FROM connections").fetch_one(&pool).await.expect("a count")
    }

    /// Waits until the companion keeps so many.
    pub async fn has_connections(&self, count: i64) {
        for _ in 0..100 {
            if self.connections().await == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the companion keeps {} connections", self.connections().await);
    }

    /// The bytes that the companion serves for a stored file.
    pub async fn stored_bytes(&self, url: &str) -> Vec<u8> {
        let response = self.http.get(url).send().await.expect("the companion answers");
        assert_eq!(response.status(), 200, "{url}");
        response.bytes().await.expect("a whole answer").to_vec()
    }

    /// Whether the emulator served these bytes as the photo of that id, in the largest size that it has served of it.
    pub fn was_served(&self, photo_id: &str, bytes: &[u8]) -> bool {
        let sha256 = hex::encode(Sha256::digest(bytes));
        let of_photo: Vec<_> = self.emulator.served().into_iter().filter(|one| one.photo_id == photo_id).collect();
        let largest = of_photo.iter().map(|one| one.width * one.height).max();
        of_photo.iter().any(|one| one.sha256 == sha256 && Some(one.width * one.height) == largest)
    }

    /// Names of the files that lie in the companion's storage, finished or not.
    pub fn files_on_disk(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.files.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => found.push(path.display().to_string()),
                }
            }
        }
        found
    }
}

async fn listen(port: u16) -> TcpListener {
    // A port that was just given up may take a moment to be free again.
    for _ in 0..50 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return listener;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("port {port} cannot be had");
}

/// Serves the same page under every path, but for these segments:
///
/// - `coop-VALUE`: the answer has the header `Cross-Origin-Opener-Policy: VALUE`.
/// - `lang-VALUE`: the page says that it is written in this language.
/// - `strict`: another page, under [`policy`].
/// - `frame`: a page of which all is a frame that shows the rest of the path, with the query, on `localhost`.
///
/// What stands before `frame` is the outer page's, what stands behind it the inner page's: of
/// `/coop-same-origin/frame/album/` the outer page has the header, and the inner one is `/album/`.
async fn serve_page(companion: String, head: Arc<Mutex<String>>) -> String {
    let listener = listen(0).await;
    let port = listener.local_addr().expect("a bound listener has an address").port();
    let router = Router::new().fallback(get(move |uri: Uri| async move {
        let (outer, inner) = match uri.path().split_once("/frame/") {
            Some((outer, inner)) => (outer, Some(inner)),
            None => (uri.path(), None),
        };
        let mut headers = HeaderMap::new();
        if let Some(value) = outer.split('/').find_map(|segment| segment.strip_prefix("coop-")) {
            headers.insert("cross-origin-opener-policy", value.parse().expect("a header's value"));
        }
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let html = match inner {
            Some(inner) => frame_of(&format!("http://localhost:{port}/{inner}{query}")),
            None if uri.path().starts_with("/strict/") => {
                let mut set = |name, value: &str| headers.insert(name, value.parse().expect("a header's value"));
                set("content-security-policy", &policy(&companion));
                set("cross-origin-embedder-policy", "require-corp");
                strict_page_of(&companion)
            }
            None => {
                let html = page_of(&companion, &head.lock().expect("nobody panicked with it"));
                match outer.split('/').find_map(|segment| segment.strip_prefix("lang-")) {
                    Some(language) => html.replacen(r#"lang="en""#, &format!(r#"lang="{language}""#), 1),
                    None => html,
                }
            }
        };
        (headers, Html(html))
    }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://localhost:{port}/")
}

/// A page that has nothing but another page in it.
fn frame_of(address: &str) -> String {
    let address = address.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A page around a page</title><link rel="icon" href="data:,">
<body style="margin: 0"><iframe src="{address}" style="border: 0; display: block; width: 100vw; height: 100vh"></iframe></body></html>"#
    )
}

/// The page of README: one script, one `init`, one `pick`. `?` and JSON after the address are the options; its member `init` is
/// for `init`.
fn page_of(companion: &str, head: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A customer's page</title><link rel="icon" href="data:,">
{head}
<body style="font-family: sans-serif"><header><a href="/" style="display: inline-block; padding: 12px">Larkspur Prints</a></header>
<main id="prints"><h1>Prints</h1><button id="pick" style="padding: 12px">Pick</button><div style="height: 3000px"></div></main><footer><p>Paper, frames and albums</p></footer>
<script src="{companion}/bowerbird.js"></script>
<script>
  const {{ init, ...options }} = JSON.parse(decodeURIComponent(location.search.slice(1)) || '{{}}');
  const client = bowerbird.init('demo', {{ url: '{companion}', ...init }});
  document.getElementById('pick').onclick = () => {{
    window.outcome = undefined;
    client.pick(options).then(result => window.outcome = {{ result }}, error => window.outcome = {{ error: error.message }});
  }};
  if (client.returning) document.getElementById('pick').click();
</script></body></html>"#
    )
}

/// What [`Stage::strict_page`] is served under. Its own inline script has a nonce, as a careful site's has.
fn policy(companion: &str) -> String {
    format!(
        "default-src 'none'; script-src {companion} 'wasm-unsafe-eval' 'nonce-page'; style-src 'self'; connect-src {companion}; \
         img-src {companion} blob:; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
    )
}

/// As the page of README, without a `style` anywhere. What its policy forbade is in `violations`.
fn strict_page_of(companion: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A strict page</title>
<script nonce="page">
  window.violations = [];
  addEventListener('securitypolicyviolation', event =>
    violations.push([event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.sample].join(' ')));
</script>
<body><h1>Prints</h1><button id="pick">Pick</button>
<script src="{companion}/bowerbird.js"></script>
<script nonce="page">
  const options = JSON.parse(decodeURIComponent(location.search.slice(1)) || '{{}}');
  const client = bowerbird.init('demo', {{ url: '{companion}' }});
  document.getElementById('pick').onclick = () =>
    client.pick(options).then(result => window.outcome = {{ result }}, error => window.outcome = {{ error: error.message }});
</script></body></html>"#
    )
}
