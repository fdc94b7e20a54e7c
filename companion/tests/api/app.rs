//! [`TestApp`]: a companion and an emulator of its own, and a visitor who speaks in verbs.

use bowerbird_companion::App;
use bowerbird_companion::config::Config;
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::{Emulator, Settings};
use bowerbird_services::{Postgres, S3};
use reqwest::{Client, Response, StatusCode, header, redirect};
use serde_json::{Value, json};
use sqlx::AnyPool;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where the pages of the tests' visitors live.
pub const ORIGIN: &str = "https://shop.example";

/// Whether the tests run on PostgreSQL and S3 in place of what is built in, and on which.
fn services() -> Option<(&'static Postgres, &'static S3)> {
    let wanted = std::env::var("BOWERBIRD_TEST_ON").is_ok_and(|on| on == "services");
    wanted.then(|| Some((Postgres::shared()?, S3::shared()?))).flatten()
}

/// Whether the tests run on PostgreSQL and S3.
pub fn on_services() -> bool {
    services().is_some()
}

/// A new database; empty for the file that is built in.
pub fn database_url() -> String {
    services().map(|(postgres, _)| postgres.new_database()).unwrap_or_default()
}

/// The database at an address of [`database_url`].
pub async fn pool_of(url: &str, data_dir: &Path) -> AnyPool {
    sqlx::any::install_default_drivers();
    let url = match url {
        "" => format!("sqlite://{}", data_dir.join("companion.sqlite").display()),
        url => url.to_owned(),
    };
    sqlx::any::AnyPoolOptions::new().max_connections(2).connect(&url).await.unwrap()
}

/// Puts the files into a new bucket of an S3 server, and answers where they lie.
pub fn on_s3(config: &mut Config, s3: &S3) -> PathBuf {
    let bucket = s3.new_bucket();
    config.storage_url = format!("s3://{bucket}");
    config.storage_options = s3.options().map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
    s3.folder(&bucket)
}

/// A companion on a free port, with a database and a storage of its own.
pub struct TestApp {
    pub url: String,
    pub emulator: Emulator,
    pub http: Client,
    /// Where `/metrics` is served, if `metrics_listen` is set.
    pub metrics: Option<SocketAddr>,
    config: Config,
    /// Where the files are.
    files: PathBuf,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<anyhow::Result<()>>>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let settings = Settings { require_app_secret: true, ..Settings::default() };
        Self::start_against(Emulator::start_with(settings).await, change).await
    }

    /// On what is built in, whatever the tests run on.
    pub async fn start_embedded() -> Self {
        Self::start_with(|config| {
            config.database_url = Secret::default();
            config.storage_url.clear();
        })
        .await
    }

    /// With the files on this machine's disk, whatever the tests run on.
    pub async fn start_on_disk() -> Self {
        Self::start_with(|config| config.storage_url.clear()).await
    }

    /// Beside an emulator that is already there.
    pub async fn start_against(emulator: Emulator, change: impl FnOnce(&mut Config)) -> Self {
        super::logs::record();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::against_emulator(&format!("http://{}", emulator.address())).unwrap();
        config.data_dir = folder.path().join("data");
        config.widget_dir = folder.path().join("pkg");
        config.retry_pause = 20;
        let mut files = config.data_dir.join("files");
        if let Some((postgres, s3)) = services() {
            config.database_url = Secret::new(postgres.new_database());
            files = on_s3(&mut config, s3);
        }
        change(&mut config);
        if config.storage_url.is_empty() {
            files = config.data_dir.join("files");
        }
        // The companion does the same when it is built; whoever is second finds it done.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let mut app =
            Self { url: String::new(), emulator, http, metrics: None, config, files, folder, stop: None, served: None };
        app.begin().await;
        app
    }

    async fn begin(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.url = format!("http://{}", listener.local_addr().unwrap());
        self.config.public_url = self.url.parse().unwrap();
        for source in ["facebook", "instagram"] {
            self.emulator.allow_redirect_uri(&format!("{}/api/client/{source}/authCallback/open", self.url));
        }
        let app = App::build(self.config.clone()).await.unwrap();
        self.metrics = app.metrics_address();
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        self.served = Some(tokio::spawn(app.serve(listener, async move { drop(stopped.await) })));
    }

    /// Stops cleanly, as at Ctrl-C.
    pub async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(served) = self.served.take() {
            served.await.unwrap().unwrap();
        }
    }

    /// Starts again with the same data, at another port.
    pub async fn start_again(&mut self) {
        self.begin().await;
    }

    /// How it is set.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// A second process on the same database.
    pub async fn second_process(&self) -> String {
        self.another_process(self.config()).await
    }

    /// The same, set otherwise.
    pub async fn another_process(&self, config: Config) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = App::build(config).await.unwrap();
        tokio::spawn(app.serve(listener, std::future::pending()));
        url
    }

    pub fn visitor(&self) -> Visitor<'_> {
        self.visitor_of("demo")
    }

    /// On a page of another key.
    pub fn visitor_of(&self, key: &'static str) -> Visitor<'_> {
        Visitor { app: self, key, token: None }
    }

    /// The program, with the settings of this companion, which goes on running.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.arg("--data-dir").arg(&self.config.data_dir).args(["--public-url", &self.url]);
        command.env("BOWERBIRD_DATABASE_URL", self.config.database_url.expose());
        command.env("BOWERBIRD_STORAGE_URL", &self.config.storage_url);
        for (name, value) in &self.config.storage_options {
            command.env(name.to_uppercase(), value.expose());
        }
        let emulator = self.emulator.url();
        for (name, host) in [
            ("FACEBOOK_DIALOG_URL", "www.facebook.com"),
            ("FACEBOOK_GRAPH_URL", "graph.facebook.com"),
            ("INSTAGRAM_AUTHORIZE_URL", "www.instagram.com"),
            ("INSTAGRAM_API_URL", "api.instagram.com"),
            ("FACEBOOK_UPLOAD_URL", "rupload.facebook.com"),
            ("INSTAGRAM_GRAPH_URL", "graph.instagram.com"),
        ] {
            command.env(format!("BOWERBIRD_{name}"), format!("{emulator}/{host}"));
        }
        command
    }

    /// Runs it to its end. Answers whether it went well, and all that it said.
    pub async fn runs(&self, arguments: &[&str]) -> (bool, String) {
        ends(self.program(arguments), "").await
    }

    /// Changes the settings with which it starts again.
    pub fn reconfigure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
    }

    pub fn data_dir(&self) -> &Path {
        &self.config.data_dir
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// Posts as a page of [`ORIGIN`] does.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.url)).header(header::ORIGIN, ORIGIN);
        let answer = request.json(body).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap())
    }

    pub async fn database(&self) -> AnyPool {
        pool_of(self.config.database_url.expose(), &self.config.data_dir).await
    }

    /// The provider's tokens, as the companion uses them.
    pub async fn provider_tokens(&self) -> Vec<String> {
        let keyring = Keyring::in_data_dir(&self.config.data_dir).unwrap();
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT id, access_token FROM connections").fetch_all(&self.database().await).await.unwrap();
        let open = |(id, sealed): (String, String)| keyring.open(&format!("connection:{id}"), &sealed).unwrap();
        rows.into_iter().map(|row| open(row).expose().to_owned()).collect()
    }

    pub async fn count(&self, table: &str) -> i64 {
        let query = format!("SELECT COUNT(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&self.database().await).await.unwrap()
    }

    /// Every file in the storage, unfinished ones too.
    pub fn stored_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.files, &mut found);
        found
    }

    pub fn widget_dir(&self) -> PathBuf {
        let dir = self.folder.path().join("pkg");
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// The program, with none of this process's settings.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bowerbird-companion"));
    for (name, _) in std::env::vars()
        .filter(|(name, _)| name.starts_with("BOWERBIRD_") || name.starts_with("OTEL_") || name == "RUST_LOG")
    {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a program that reads `input` to its end. Answers whether it went well, and all that it said.
pub async fn ends(mut command: Command, input: &str) -> (bool, String) {
    let mut child = command.spawn().unwrap();
    // A program that reads nothing closes its end, which is not this side's affair.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()).await);
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// A page with a session, and the person before it.
pub struct Visitor<'a> {
    pub app: &'a TestApp,
    pub key: &'static str,
    pub token: Option<String>,
}

/// What the person does in the dialog.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Does {
    Continue,
    UntickPhotos,
    Cancel,
}

/// What the dialog asks of who publishes.
const PUBLISHING: [&str; 6] = [
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_posts",
    "business_management",
    "instagram_basic",
    "instagram_content_publish",
];

/// A sign-in that a listing offers.
#[derive(Clone, Debug)]
pub struct Offer {
    pub redirect_url: String,
    pub attempt: String,
}

impl Visitor<'_> {
    /// Posts with key and token, and keeps the token that comes back.
    pub async fn posts(&mut self, path: &str, mut body: Value) -> Value {
        body["apikey"] = json!(self.key);
        if let Some(token) = &self.token {
            body["token"] = json!(token);
        }
        let (status, reply) = self.app.post(path, &body).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        if let Some(token) = reply["token"].as_str() {
            self.token = Some(token.to_owned());
        }
        reply
    }

    /// One source's member of a listing.
    pub async fn lists(&mut self, source: &str, path: &str) -> Value {
        self.asks_for(json!({source: {"path": path}})).await[source].take()
    }

    /// Lists as the dialog does, on a page to which a sign-in may come back.
    pub async fn asks_for(&mut self, clouds: Value) -> Value {
        let appurl = format!("{ORIGIN}/prints");
        self.posts("/folder/list", json!({"clouds": clouds, "completes": true, "appurl": appurl})).await
    }

    pub async fn lists_next(&mut self, source: &str, path: &str, next: &Value) -> Value {
        self.asks_for(json!({source: {"path": path, "next": next}})).await[source].take()
    }

    pub async fn is_offered(&mut self, source: &str) -> Offer {
        let listing = self.lists(source, "/").await;
        let text = |name: &str| listing["auth"][name].as_str().unwrap_or_else(|| panic!("{listing}")).to_owned();
        Offer { redirect_url: text("redirect_url"), attempt: text("attempt") }
    }

    /// Where the popup leads.
    pub async fn opens(&self, offer: &Offer) -> String {
        location(&self.app.http.get(&offer.redirect_url).send().await.unwrap())
    }

    /// Answers the dialog and is where it sends the popup, without having gone there yet.
    pub async fn answers(&self, dialog: &str, account: &str, does: Does) -> String {
        let mut form =
            vec![("account", account), ("decision", if does == Does::Cancel { "cancel" } else { "continue" })];
        if does == Does::Continue {
            form.extend([("user_photos", "on"), ("instagram_business_basic", "on")]);
            form.extend(PUBLISHING.map(|permission| (permission, "on")));
        }
        location(&self.app.http.post(dialog).form(&form).send().await.unwrap())
    }

    /// The whole window. Answers the last page's status and text. What it hands over has not arrived.
    pub async fn goes_through(&self, offer: &Offer, account: &str, does: Does) -> (StatusCode, String) {
        let dialog = self.opens(offer).await;
        let callback = self.answers(&dialog, account, does).await;
        let page = self.app.http.get(callback).send().await.unwrap();
        (page.status(), page.text().await.unwrap())
    }

    /// Hands in what the window's last page handed over.
    pub async fn completes(&mut self, source: &str, page: &str) -> Value {
        let handed = handed_over(page);
        let clouds = json!({source: {"attempt": handed["attempt"], "code": handed["code"]}});
        self.posts("/auth/complete", json!({"clouds": clouds})).await[source].take()
    }

    pub async fn waits(&mut self, source: &str, offer: &Offer) -> Value {
        let clouds = json!({source: {"attempt": offer.attempt}});
        self.posts("/auth/wait", json!({"clouds": clouds})).await[source].take()
    }

    pub async fn signs_in(&mut self, source: &str, account: &str) {
        let offer = self.is_offered(source).await;
        let (status, page) = self.goes_through(&offer, account, Does::Continue).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!(self.completes(source, &page).await, json!({"state": "connected"}));
        assert_eq!(self.waits(source, &offer).await, json!({"state": "connected"}));
    }

    /// The path of the album with this name.
    pub async fn finds(&mut self, source: &str, name: &str) -> String {
        let root = self.lists(source, "/").await;
        let album =
            items(&root).iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("no {name} in {root}"));
        text(album, "path")
    }

    /// The paths of an album's photos.
    pub async fn photos(&mut self, source: &str, album: &str) -> Vec<String> {
        let listing = self.lists(source, album).await;
        let photos = items(&listing).iter().filter(|item| item["mimetype"] == "image/jpeg");
        photos.map(|item| text(item, "path")).collect()
    }

    /// Stores one photo and waits; one source's member of the answer.
    pub async fn stores(&mut self, source: &str, path: &str) -> Value {
        self.posts("/store/", json!({"clouds": {source: {"path": path}}})).await[source].take()
    }

    /// Asks for a stream; the connection, before its events are read.
    pub async fn begins_to_store(&self, source: &str, cloud: Value) -> Response {
        let body = json!({"apikey": self.key, "token": self.token, "clouds": {source: cloud}});
        let request = self.app.http.post(format!("{}/store/", self.app.url)).json(&body);
        let answer =
            request.header(header::ORIGIN, ORIGIN).header(header::ACCEPT, "text/event-stream").send().await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        answer
    }

    /// Stores photos over a stream and reads all its events.
    pub async fn streams(&self, source: &str, cloud: Value) -> Vec<Value> {
        events(&self.begins_to_store(source, cloud).await.text().await.unwrap())
    }
}

/// The events of a stream, each checked to carry its name twice.
pub fn events(stream: &str) -> Vec<Value> {
    let blocks = stream.split("\n\n").filter(|block| block.contains("data:"));
    let event = |block: &str| {
        let field = |name: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_else(|| panic!("{block}"))
                .trim()
                .to_owned()
        };
        let data: Value = serde_json::from_str(&field("data:")).unwrap();
        assert_eq!(data["event"], json!(field("event:")));
        data
    };
    blocks.map(event).collect()
}

/// What the last page of a sign-in's window hands to the page that began it.
pub fn handed_over(page: &str) -> Value {
    let (_, data) = page.split_once("id=\"handover\">").unwrap_or_else(|| panic!("{page}"));
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

pub fn items(listing: &Value) -> &Vec<Value> {
    listing["contents"].as_array().unwrap_or_else(|| panic!("{listing}"))
}

pub fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}

/// The photo's id, from its path.
pub fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap().split('.').next().unwrap()
}

pub fn location(answer: &Response) -> String {
    assert!(answer.status().is_redirection(), "{answer:?}");
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

/// Until something is so, at most a minute: large pictures take their time on a busy machine.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}
