//! What a story happens on: an emulated Meta, a companion, and a customer's page of another origin, each on a free port.

#![allow(dead_code, reason = "each test crate that sets up this stage uses a part of it")]

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use bowerbird_companion::App;
use bowerbird_companion::config::Config;
use bowerbird_emulator::{Emulator, Settings};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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
    config: Config,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    data: TempDir,
}

impl Stage {
    /// Sets everything up; a login page takes `dwell` before it lets the visitor go.
    pub async fn set(dwell: Duration) -> Self {
        Self::set_with(Settings { page_dwell: dwell, ..Settings::default() }).await
    }

    /// Sets everything up with an emulator of these settings. Where they name a `public_url`, the companion goes there.
    pub async fn set_with(settings: Settings) -> Self {
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
        let config = Config {
            public_url: companion.parse().expect("an address"),
            data_dir: data.path().join("companion"),
            widget_dir: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pkg"),
            facebook_dialog_url: url("/www.facebook.com"),
            facebook_graph_url: url("/graph.facebook.com"),
            instagram_authorize_url: url("/www.instagram.com"),
            instagram_api_url: url("/api.instagram.com"),
            instagram_graph_url: url("/graph.instagram.com"),
            image_hosts: vec![meta.trim_start_matches("http://").to_owned()],
            ..Config::default()
        };
        let page = serve_page(page_of(&companion)).await;
        let mut stage = Self { emulator, companion, page, http: reqwest::Client::new(), config, running: None, data };
        stage.start_on(listener).await;
        stage
    }

    /// Stops the companion, as a machine that goes down does.
    pub async fn stop_companion(&mut self) {
        if let Some((stop, running)) = self.running.take() {
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
        self.running = Some((stop, running));
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
        let mut folders = vec![self.data.path().join("companion/files")];
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

async fn serve_page(html: String) -> String {
    let listener = listen(0).await;
    let port = listener.local_addr().expect("a bound listener has an address").port();
    let router = Router::new().fallback(get(move || async move { Html(html) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://localhost:{port}/")
}

/// The page of README: one script, one `init`, one `pick`. `?` and JSON after the address are the options.
fn page_of(companion: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A customer's page</title><link rel="icon" href="data:,">
<body style="font-family: sans-serif"><h1>Prints</h1><button id="pick">Pick</button><div style="height: 3000px"></div>
<script src="{companion}/bowerbird.js"></script>
<script>
  const client = bowerbird.init('demo', {{ url: '{companion}' }});
  const options = JSON.parse(decodeURIComponent(location.search.slice(1)) || '{{}}');
  document.getElementById('pick').onclick = () => {{
    window.outcome = undefined;
    client.pick(options).then(result => window.outcome = {{ result }}, error => window.outcome = {{ error: error.message }});
  }};
</script></body></html>"#
    )
}
