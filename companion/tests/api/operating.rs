//! What an operator sees of a companion: probes, counts, names of requests, the log, traces, stopping, `check`, and the files of
//! `deploy/`.

use crate::app::{ORIGIN, TestApp, ends, eventually, id_of, items, pool_of, program, text};
use crate::logs::log;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use bowerbird_companion::config::{NamedStorage, SETTINGS};
use bowerbird_emulator::Fault;
use bowerbird_services::{Postgres, S3};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

async fn readiness(app: &TestApp) -> (StatusCode, Value) {
    let answer = app.get("/readyz").await;
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_companion_is_ready_while_its_database_and_its_storage_are() {
    let app = TestApp::start_on_disk().await;
    assert_eq!(readiness(&app).await, (StatusCode::OK, json!({"ready": true})));
    assert!(app.stored_files().is_empty(), "nothing is left of asking");
    let (files, away) = (app.data_dir().join("files"), app.data_dir().join("away"));
    std::fs::rename(&files, &away).unwrap();
    std::fs::write(&files, "in the way").unwrap();
    let database = app.database().await;
    sqlx::query("ALTER TABLE revisions RENAME TO away").execute(&database).await.unwrap();
    let both = (StatusCode::SERVICE_UNAVAILABLE, json!({"ready": false, "not_ready": ["database", "storage"]}));
    eventually("both are missed", async || readiness(&app).await == both).await;
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK, "the process itself is well");
    std::fs::remove_file(&files).unwrap();
    std::fs::rename(&away, &files).unwrap();
    sqlx::query("ALTER TABLE away RENAME TO revisions").execute(&database).await.unwrap();
    eventually("it is ready again", async || readiness(&app).await.0 == StatusCode::OK).await;
}

#[tokio::test]
async fn many_who_probe_cause_one_look() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let url = format!("file://{}", kept.display());
    let app = TestApp::start_with(|config| {
        config.storages.push(NamedStorage { name: "probedonce".to_owned(), url, options: BTreeMap::new() });
    })
    .await;
    std::fs::remove_dir(&kept).unwrap();
    std::fs::write(&kept, "in the way").unwrap();
    let asked = futures_util::future::join_all((0..40).map(|_| readiness(&app))).await;
    let unready = json!({"ready": false, "not_ready": ["storage:probedonce"]});
    assert!(asked.iter().all(|(_, said)| *said == unready), "{asked:?}");
    let looks = log().lines().filter(|line| line.contains("is not ready") && line.contains("probedonce")).count();
    assert!((1..20).contains(&looks), "{looks} for 40 who asked");
}

#[tokio::test]
async fn a_companion_that_is_to_stop_says_so_while_it_still_serves() {
    let mut app = TestApp::start_with(|config| config.drain_seconds = 3).await;
    let (http, url) = (app.http.clone(), app.url.clone());
    let watching = eventually("it is not ready but serves", async || {
        let answer = http.get(format!("{url}/readyz")).send().await.unwrap();
        let is_stopping = answer.json::<Value>().await.unwrap()["not_ready"] == json!(["stopping"]);
        is_stopping && http.get(format!("{url}/healthz")).send().await.unwrap().status() == StatusCode::OK
    });
    tokio::join!(app.stop(), watching);
    assert!(http.get(format!("{url}/healthz")).send().await.is_err());
}

/// The value of a sample, by its name and labels as they are written.
fn sample(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

async fn metrics_of(app: &TestApp) -> String {
    let answer = app.http.get(format!("http://{}/metrics", app.metrics.unwrap())).send().await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn what_happens_is_counted() {
    let app = TestApp::start_with(|config| config.metrics_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let listing = visitor.lists("facebook", &album).await;
    let photos: Vec<String> = items(&listing).iter().map(|item| text(item, "path")).collect();
    let stored = visitor.stores("facebook", &photos[0]).await;
    visitor.stores("facebook", &photos[0]).await;
    app.emulator.delete_photo(id_of(&photos[1]));
    visitor.stores("facebook", &photos[1]).await;
    visitor.stores("facebook", "/nonsense").await;
    visitor.stores("nowhere", "/1/1.jpg").await;
    for _ in 0..2 {
        let thumbnail = app.http.get(text(&items(&listing)[2], "thumbnail")).send().await.unwrap();
        assert_eq!(thumbnail.status(), StatusCode::OK);
    }
    for path in ["/no-such-thing", "/nor-this", "/favicon.ico"] {
        app.get(path).await;
    }
    app.get(&format!("/{}", text(&stored, "handle"))).await;

    let metrics = metrics_of(&app).await;
    let route = |route: &str, method: &str, status: &str| {
        let name = "bowerbird_http_request_duration_seconds_count";
        sample(&metrics, &format!("{name}{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"))
    };
    assert_eq!(route("/store/", "POST", "2xx"), Some(5.0), "{metrics}");
    assert_eq!(route("/{file}", "GET", "4xx"), Some(3.0), "{metrics}");
    assert_eq!(route("/{handle}", "GET", "2xx"), Some(1.0), "{metrics}");
    assert_eq!(route("/api/client/{source}/auth/open", "GET", "3xx"), Some(1.0), "{metrics}");
    let of = |name: &str| sample(&metrics, &format!("bowerbird_{name}"));
    for (name, value) in [
        ("store_jobs_begun_total{source=\"facebook\"}", 2.0),
        ("store_jobs_stored_total{source=\"facebook\"}", 1.0),
        ("store_jobs_failed_total{source=\"facebook\",code=\"photo_gone\"}", 1.0),
        ("store_refused_total{source=\"facebook\",code=\"bad_path\"}", 1.0),
        ("store_refused_total{source=\"unknown\",code=\"unknown_source\"}", 1.0),
        ("stored_bytes_total{source=\"facebook\"}", stored["size"].as_f64().unwrap()),
        ("transfers_running", 0.0),
        ("transfer_memory_bytes", 0.0),
        ("transfer_memory_limit_bytes", 67_108_864.0),
        ("thumbnails_total{from=\"made\"}", 1.0),
        ("thumbnails_total{from=\"memory\"}", 1.0),
        ("queue_jobs{state=\"queued\"}", 0.0),
        ("queue_oldest_seconds", 0.0),
        ("sessions", 1.0),
        ("notices_waiting", 0.0),
        ("ready{part=\"database\"}", 1.0),
        ("ready{part=\"storage\"}", 1.0),
    ] {
        assert_eq!(of(name), Some(value), "{name} in {metrics}");
    }
    assert!(of("provider_call_duration_seconds_count{source=\"facebook\",outcome=\"ok\"}").unwrap() >= 4.0);
    assert!(of("provider_call_duration_seconds_count{source=\"facebook\",outcome=\"refused\"}").unwrap() >= 1.0);
    for private in ["no-such-thing", "demo", &album, &text(&stored, "handle"), "nowhere", "nonsense"] {
        assert!(!metrics.contains(private), "{private} in {metrics}");
    }
    let outside = app.get("/metrics").await;
    assert_eq!(outside.status(), StatusCode::NOT_FOUND, "nobody reads it where visitors are");
}

#[tokio::test]
async fn what_waits_and_what_is_paused_is_counted() {
    let app = TestApp::start_with(|config| config.metrics_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    app.emulator.set_fault(Fault::Slow { ms: 60_000, host: Some("graph.facebook.com".to_owned()), times: None });
    let waiting = visitor.begins_to_store("facebook", json!({"paths": photos[..6]})).await;
    eventually("four are copied and two wait", async || {
        let metrics = metrics_of(&app).await;
        let of = |name: &str| sample(&metrics, &format!("bowerbird_{name}"));
        of("transfers_running") == Some(4.0)
            && of("queue_jobs{state=\"running\"}") == Some(4.0)
            && of("queue_jobs{state=\"queued\"}") == Some(2.0)
            && of("transfer_memory_bytes") > Some(0.0)
    })
    .await;
    drop(waiting);
    app.emulator.clear_faults();
    app.emulator.set_fault(Fault::RateLimited { code: None, times: Some(1) });
    visitor.lists("facebook", "/").await;
    let metrics = metrics_of(&app).await;
    assert_eq!(sample(&metrics, "bowerbird_provider_pauses_total"), Some(1.0), "{metrics}");
    assert_eq!(sample(&metrics, "bowerbird_provider_pauses_in_force"), Some(1.0), "{metrics}");
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told_and_no_old_number_is() {
    let app = TestApp::start_with(|config| config.metrics_listen = Some(([127, 0, 0, 1], 0).into())).await;
    assert_eq!(sample(&metrics_of(&app).await, "bowerbird_sessions"), Some(0.0));
    sqlx::query("ALTER TABLE notices RENAME TO away").execute(&app.database().await).await.unwrap();
    let metrics = metrics_of(&app).await;
    assert_eq!(sample(&metrics, "bowerbird_sessions"), None, "{metrics}");
    assert!(metrics.contains("bowerbird_build_info"), "the rest is told");
}

/// Asks as a client does that names its calls.
async fn named(app: &TestApp, path: &str, name: &str, mut body: Value) -> Response {
    body["apikey"] = json!("demo");
    let request = app.http.post(format!("{}{path}", app.url)).header("Filestack-Trace-Id", name);
    request.header(header::ORIGIN, ORIGIN).json(&body).send().await.unwrap()
}

fn name_of(answer: &Response) -> String {
    answer.headers()["filestack-trace-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_request_and_the_transfers_that_it_begins_have_one_name() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let name = "1782000000-named-by-a-client";
    let asked = json!({"token": visitor.token, "clouds": {"facebook": {"path": photos[0]}}});
    let answer = named(&app, "/store/", name, asked).await;
    assert_eq!(name_of(&answer), name);
    let stored: Value = answer.json().await.unwrap();
    let handle = text(&stored["facebook"], "handle");
    let log = log();
    let line = |words: &str, also: &str| {
        let found = log.lines().find(|line| line.contains(words) && line.contains(also));
        found.unwrap_or_else(|| panic!("no {words}")).to_owned()
    };
    assert!(line("storing is asked for", name).contains("request{"));
    let told = line("a photo is stored", &handle);
    assert!(told.contains("job{") && told.contains(name), "{told}");
    let kept: String = sqlx::query_scalar("SELECT trace FROM jobs").fetch_one(&app.database().await).await.unwrap();
    assert_eq!(kept, name);
}

#[tokio::test]
async fn a_name_that_does_not_belong_into_a_log_is_replaced() {
    let app = TestApp::start().await;
    for bad in ["x", "two words of a name", &"long".repeat(50)] {
        let answer = named(&app, "/folder/list", bad, json!({"clouds": {}})).await;
        assert!(name_of(&answer).len() == 16 && name_of(&answer) != bad);
    }
    let (one, other) = (app.get("/healthz").await, app.get("/healthz").await);
    assert_ne!(name_of(&one), name_of(&other));
}

/// A port that was free a moment ago.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// The program, serving at `http://127.0.0.1:<port>`, and what it says from then on.
struct Serving {
    child: Child,
    url: String,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStderr>>,
}

impl Serving {
    async fn start(mut command: Command, port: u16) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut serving = Self { child, url, lines };
        serving.says("companion is ready").await;
        serving
    }

    async fn says(&mut self, words: &str) -> String {
        let mut said = String::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if line.contains(words) {
                return line;
            }
            said.push_str(&line);
            said.push('\n');
        }
        panic!("no {words} in {said}");
    }

    /// As systemd and Docker do.
    async fn is_told_to_stop(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_can_be_read_by_machines() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&["--data-dir", &folder.path().to_string_lossy()]);
    command.env("BOWERBIRD_LOG_FORMAT", "json").env("RUST_LOG", "bowerbird_companion=debug");
    let mut serving = Serving::start(command, free_port().await).await;
    let request = reqwest::Client::new().get(format!("{}/healthz", serving.url));
    request.header("Filestack-Trace-Id", "name-in-json").send().await.unwrap();
    let line: Value = serde_json::from_str(&serving.says("\"answered\"").await).unwrap();
    assert_eq!(
        (&line["level"], &line["status"], &line["span"]["trace"], &line["span"]["path"]),
        (&json!("DEBUG"), &json!(200), &json!("name-in-json"), &json!("/healthz")),
        "{line}"
    );
    serving.is_told_to_stop().await;
    let stopping: Value = serde_json::from_str(&serving.says("\"stopping\"").await).unwrap();
    assert_eq!(stopping["message"], "stopping");
    assert!(serving.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_wrong_log_format_is_named() {
    let mut command = program(&[]);
    command.env("BOWERBIRD_LOG_FORMAT", "xml");
    let (well, said) = ends(command, "").await;
    assert!(!well && said.contains("BOWERBIRD_LOG_FORMAT") && said.contains("text or json"), "{said}");
}

/// Keeps what is posted to `/v1/traces`.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = async |State(kept): State<Arc<Mutex<Vec<u8>>>>, body: Bytes| kept.lock().unwrap().extend(body);
    let router = Router::new().route("/v1/traces", post(keep)).with_state(kept.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, kept)
}

fn has(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

#[cfg(unix)]
#[tokio::test]
async fn traces_go_to_the_collector_that_is_named() {
    let (url, kept) = collector().await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&["--data-dir", &folder.path().to_string_lossy()]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url).env_remove("OTEL_SERVICE_NAME");
    let mut serving = Serving::start(command, free_port().await).await;
    let request = reqwest::Client::new().get(format!("{}/no-such-file?secret=in-the-query", serving.url));
    request.header("Filestack-Trace-Id", "name-in-traces").send().await.unwrap();
    // What was not sent yet is sent at the end.
    serving.is_told_to_stop().await;
    assert!(serving.child.wait().await.unwrap().success());
    let kept = kept.lock().unwrap();
    for words in ["bowerbird-companion", "GET /{file}", "name-in-traces", "http.response.status_code"] {
        assert!(has(&kept, words), "{words} in {}", String::from_utf8_lossy(&kept));
    }
    assert!(!has(&kept, "in-the-query"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_process_that_is_told_to_stop_hands_back_its_transfers_and_ends_well() {
    let mut app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    let token = visitor.token.take();
    app.emulator.set_fault(Fault::Slow { ms: 60_000, host: Some("graph.facebook.com".to_owned()), times: None });
    app.stop().await;
    let mut serving = Serving::start(app.program(&[]), free_port().await).await;
    let body = json!({"apikey": "demo", "token": token, "clouds": {"facebook": {"paths": photos[..2]}}});
    let request = app.http.post(format!("{}/store/", serving.url)).header(header::ORIGIN, ORIGIN).json(&body);
    let stream = request.header(header::ACCEPT, "text/event-stream").send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let database = app.database().await;
    let states = async || {
        let states: Vec<String> = sqlx::query_scalar("SELECT state FROM jobs").fetch_all(&database).await.unwrap();
        states
    };
    eventually("both are copied", async || states().await == ["running", "running"]).await;
    serving.is_told_to_stop().await;
    // The stream ends at once, without the word that all have ended: the dialog asks again, another process.
    let told = stream.text().await.unwrap();
    assert!(!told.contains("event: done"), "{told}");
    serving.says("handed back").await;
    assert_eq!(serving.child.wait().await.unwrap().code(), Some(0));
    assert_eq!(states().await, ["queued", "queued"]);
    app.emulator.clear_faults();
    app.start_again().await;
    eventually("they are stored after the next start", async || states().await == ["stored", "stored"]).await;
}

/// A folder with what looks like a widget.
fn a_widget(app: &TestApp) -> String {
    let folder = app.widget_dir();
    for file in ["bowerbird.js", "bowerbird_bg-0123456789abcdef.wasm"] {
        std::fs::write(folder.join(file), "").unwrap();
    }
    folder.to_string_lossy().into_owned()
}

#[tokio::test]
async fn a_check_says_what_is_right() {
    let app = TestApp::start().await;
    let widget = a_widget(&app);
    let (well, said) = app.runs(&["check", "--widget-dir", &widget]).await;
    assert!(well && !said.contains("wrong"), "{said}");
    for line in ["ok     keys", "ok     database", "up to date", "ok     storage", "ok     site", "ok     public_url"] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert!(app.stored_files().is_empty(), "nothing is left of it");
}

#[tokio::test]
async fn a_check_of_a_new_folder_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (well, said) = ends(program(&["check", "--data-dir", &data.to_string_lossy()]), "").await;
    assert!(!well && said.contains("wrong  widget") && said.contains("SQLite, made at the first start"), "{said}");
    assert!(!data.join("companion.sqlite").exists() && !data.join("secret").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o077, 0, "nobody else looks into it");
    }
}

#[tokio::test]
async fn a_check_says_what_is_wrong_and_what_to_do() {
    let app = TestApp::start_embedded().await;
    let widget = a_widget(&app);
    let check = ["check", "--widget-dir", &widget];
    let checked = async |variables: &[(&str, &str)]| {
        let mut command = app.program(&check);
        for (name, value) in variables {
            command.env(name, value);
        }
        let (well, said) = ends(command, "").await;
        assert!(!well, "{said}");
        assert!(!said.contains("5ec4e7"), "{said}");
        said.lines().filter(|line| line.starts_with("wrong")).map(|line| format!("{line}\n")).collect::<String>()
    };
    let port = free_port().await;
    let nowhere = format!("postgres://bowerbird:5ec4e7@127.0.0.1:{port}/bowerbird");
    let said = checked(&[("BOWERBIRD_DATABASE_URL", &nowhere)]).await;
    assert!(said.contains("database_url: ") && said.contains("Connection refused"), "{said}");
    let endpoint = format!("http://127.0.0.1:{port}");
    let said = checked(&[
        ("BOWERBIRD_STORAGE_URL", "s3://photos"),
        ("AWS_ENDPOINT", &endpoint),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "5ec4e7"),
    ])
    .await;
    assert!(said.contains("wrong  storage      writing: ") && said.contains("see its endpoint"), "{said}");
    let hook = r#"[{"key":"shop","origins":["https://shop.example"],"webhook":{"url":"https://10.0.0.1/","secret":"5ec4e75ec4e75ec4e75ec4e75ec4e75ec4e7"}}]"#;
    let said = checked(&[("BOWERBIRD_APPS", hook)]).await;
    assert!(said.contains("wrong  site         shop: its receiver") && said.contains("private_receivers"), "{said}");
    let said = checked(&[("BOWERBIRD_LEASE_SECONDS", "0")]).await;
    assert!(said.starts_with("wrong  settings     lease_seconds"), "{said}");
    let said = checked(&[("BOWERBIRD_MODE", "production")]).await;
    for setting in ["secret: ", "public_url: ", "facebook_app_secret: ", "the key `demo` may be used from every origin"]
    {
        assert!(said.contains(setting), "{setting} in {said}");
    }

    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', TRUE, x'00', 1)";
    sqlx::query(later).execute(&app.database().await).await.unwrap();
    let said = checked(&[]).await;
    assert!(said.contains("a later version of the companion"), "{said}");
}

#[tokio::test]
async fn a_check_misses_keys_that_seal_something() {
    let app = TestApp::start_embedded().await;
    app.visitor().signs_in("facebook", "alice").await;
    let mut command = app.program(&["check", "--widget-dir", &a_widget(&app)]);
    command.env("BOWERBIRD_ENCRYPTION_KEYS", bowerbird_companion::seal::new_key().expose());
    let (well, said) = ends(command, "").await;
    assert!(!well && said.contains("wrong  keys") && said.contains("give it back"), "{said}");
}

#[tokio::test]
async fn a_check_knows_what_services_say() {
    let (Some(postgres), Some(s3)) = (Postgres::shared(), S3::shared()) else { return };
    let app = TestApp::start_embedded().await;
    let widget = a_widget(&app);
    let url = postgres.new_database();
    let pool = pool_of(&url, app.data_dir()).await;
    let reader = format!("reader_{}", std::process::id());
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE ROLE {reader} LOGIN"))).execute(&pool).await.unwrap();
    let mut reading = url::Url::parse(&url).unwrap();
    reading.set_username(&reader).unwrap();
    let bucket = s3.new_bucket();
    let checked = async |database: &str, storage: &str, secret: &str| {
        let mut command = app.program(&["check", "--widget-dir", &widget]);
        command.env("BOWERBIRD_DATABASE_URL", database).env("BOWERBIRD_STORAGE_URL", format!("s3://{storage}"));
        command.env("AWS_ENDPOINT", s3.endpoint()).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", s3.access_key()).env("AWS_SECRET_ACCESS_KEY", secret);
        ends(command, "").await
    };
    let (well, said) = checked(&url, &bucket, s3.secret_key()).await;
    assert!(
        well && said.contains("PostgreSQL") && said.contains("steps of the schema are done at the next start"),
        "{said}"
    );
    let (well, said) = checked(reading.as_str(), "no-such-bucket", s3.secret_key()).await;
    assert!(!well && said.contains("permission denied") && said.contains("its user must own its tables"), "{said}");
    assert!(said.contains("make the bucket"), "{said}");
    let (well, said) = checked(&url, &bucket, "not-the-secret").await;
    assert!(!well && said.contains("see access key, secret, region"), "{said}");
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("deploy")
}

fn words<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(move |c| !is_word(c)).filter(move |word| word.starts_with(start))
}

#[test]
fn what_deploy_sets_is_a_setting_and_what_it_watches_is_counted() {
    let settings: Vec<String> = SETTINGS.iter().map(|setting| setting.variable()).collect();
    let metrics = include_str!("../../src/metrics.rs");
    let (mut set, mut watched) = (0, 0);
    for file in std::fs::read_dir(deploy()).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for variable in words(&text, "BOWERBIRD_") {
            let known = variable == "BOWERBIRD_CONFIG" || settings.iter().any(|setting| setting == variable);
            assert!(known, "{}: {variable} is no setting", path.display());
            set += 1;
        }
        for metric in words(&text, "bowerbird_").filter(|word| !word.starts_with("bowerbird_companion")) {
            let name = metric.trim_start_matches("bowerbird_");
            let ends = ["_total", "_bucket", "_count", "_sum", ""];
            let counted = ends
                .iter()
                .filter_map(|end| name.strip_suffix(end))
                .any(|name| metrics.contains(&format!("\"{name}\"")));
            assert!(counted, "{}: {metric} is not counted", path.display());
            watched += 1;
        }
    }
    assert!(set > 10 && watched > 5, "{set} and {watched} were found");
    let toml = std::fs::read_to_string(deploy().join("bowerbird.toml")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    bowerbird_companion::config::Config::load(Some(file.path()), []).unwrap().check().unwrap();
}

/// Done where there is no systemd.
#[cfg(unix)]
#[tokio::test]
async fn systemd_understands_the_unit() {
    let unit = std::fs::read_to_string(deploy().join("bowerbird.service")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bowerbird.service");
    // It wants the program to be there.
    let here = env!("CARGO_BIN_EXE_bowerbird-companion");
    std::fs::write(&path, unit.replace("/usr/local/bin/bowerbird-companion", here)).unwrap();
    let mut verify = Command::new("systemd-analyze");
    let Ok(verified) = verify.arg("verify").arg(&path).output().await else {
        eprintln!("SKIPPED: there is no systemd-analyze to judge deploy/bowerbird.service");
        return;
    };
    // Of other units of the machine it may have something to say too.
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(!said.contains("bowerbird"), "{said}");
}
