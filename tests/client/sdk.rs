//! Filestack's client as a program that is told what to call.

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, mpsc};

/// The longest that a call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The client, in one of its two homes.
pub enum Sdk {
    Node { _child: Child, input: ChildStdin, output: Lines<BufReader<ChildStdout>> },
    Chromium { _child: Child, _profile: TempDir, calls: mpsc::Sender<Value>, answers: mpsc::Receiver<Value> },
}

/// Where `cargo xtask test tools` puts the npm packages.
fn packages() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/filestack");
    assert!(folder.join("node_modules/filestack-js").is_dir(), "`cargo xtask test tools` installs Filestack's client");
    folder
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/client").join(name)
}

type Desk = Arc<(Mutex<mpsc::Receiver<Value>>, mpsc::Sender<Value>)>;

impl Sdk {
    pub fn node() -> Self {
        let mut command = Command::new("node");
        command.arg(file("node.js")).env("NODE_PATH", packages().join("node_modules"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
        Self::Node { _child: child, input, output }
    }

    /// A page in a browser of its own, and the page's origin.
    pub async fn chromium() -> (Self, String) {
        let (calls, to_page) = mpsc::channel(1);
        let (from_page, answers) = mpsc::channel(1);
        let desk: Desk = Arc::new((Mutex::new(to_page), from_page));
        let script = packages().join("node_modules/filestack-js/build/browser/filestack.min.js");
        let script = std::fs::read_to_string(script).unwrap();
        let harness = std::fs::read_to_string(file("harness.js")).unwrap();
        let page = std::fs::read_to_string(file("page.html")).unwrap();
        let javascript = [("content-type", "text/javascript")];
        let next = async |State(desk): State<Desk>| match desk.0.lock().await.recv().await {
            Some(call) => axum::Json(call),
            None => std::future::pending().await,
        };
        let answer = async |State(desk): State<Desk>, body: String| {
            drop(desk.1.send(serde_json::from_str(&body).unwrap()).await);
        };
        let router = Router::new()
            .route("/", get(async move || Html(page)))
            .route("/filestack.min.js", get(async move || (javascript, script)))
            .route("/harness.js", get(async move || (javascript, harness)))
            .route("/next", get(next))
            .route("/answer", post(answer))
            .with_state(desk);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromium");
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg(&origin);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        (Self::Chromium { _child: child, _profile: profile, calls, answers }, origin)
    }
}

/// What came of a call.
#[derive(Debug)]
pub struct Outcome {
    call: String,
    told: Value,
}

impl Outcome {
    /// What the promise resolved with.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(self.told.get("error").is_none(), "{}: {}", self.call, self.told);
        self.told["result"].clone()
    }

    /// What it was rejected with.
    #[track_caller]
    pub fn refused(&self) -> String {
        assert!(self.told.get("error").is_some(), "{} went well: {}", self.call, self.told);
        self.told["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The HTTP status that it was rejected with.
    pub fn status(&self) -> Option<u64> {
        self.refused();
        self.told["error"]["status"].as_u64()
    }
}

/// A client that can be told to call something.
pub trait Call {
    async fn call(&mut self, call: &str, args: Value) -> Outcome;
}

impl Call for Sdk {
    async fn call(&mut self, call: &str, args: Value) -> Outcome {
        let line = json!({"call": call, "args": args});
        let told = async {
            match self {
                Self::Node { input, output, .. } => {
                    input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
                    let answer = output.next_line().await.unwrap().expect("node has ended");
                    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
                }
                Self::Chromium { calls, answers, .. } => {
                    calls.send(line).await.unwrap();
                    answers.recv().await.unwrap()
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{call} takes too long"));
        Outcome { call: call.to_owned(), told }
    }
}
