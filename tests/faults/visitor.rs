//! Visitors who want photos stored and go on asking, as the widget does for them.

use crate::ground::Ground;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::{StoreEvent, StoredFile};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const ORIGIN: &str = "https://shop.example";
/// Nothing takes longer, on a machine that has other things to do as well.
const PATIENCE: Duration = Duration::from_secs(400);

/// A page with a session, and the person before it.
#[derive(Clone)]
pub struct Visitor {
    url: String,
    http: reqwest::Client,
    token: Option<String>,
    /// The paths of the photos to be stored.
    pub wanted: Vec<String>,
    /// What was told of each path: the file.
    pub stored: BTreeMap<String, StoredFile>,
    /// What was told of each path that ended otherwise, for good.
    pub failed: BTreeMap<String, ProblemCode>,
    /// How often a stream broke or a photo failed for a reason that may pass.
    pub asked_again: usize,
}

/// What the visitor presses "try again" at.
fn may_pass(code: ProblemCode) -> bool {
    use ProblemCode::{Internal, PhotoIncomplete, RateLimited, SourceUnavailable, StorageFailed, TooManyRequests};
    [Internal, PhotoIncomplete, RateLimited, SourceUnavailable, StorageFailed, TooManyRequests].contains(&code)
}

impl Visitor {
    pub async fn arrives(ground: &Ground) -> Self {
        let (url, http) = (ground.url.clone(), ground.http.clone());
        let (wanted, stored, failed) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { url, http, token: None, wanted, stored, failed, asked_again: 0 }
    }

    async fn posts(&mut self, path: &str, clouds: Value) -> Value {
        let appurl = format!("{ORIGIN}/prints");
        let body =
            json!({"apikey": "demo", "token": self.token, "clouds": clouds, "completes": true, "appurl": appurl});
        let request = self.http.post(format!("{}{path}", self.url)).header("origin", ORIGIN).json(&body);
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        let token = reply["token"].as_str().unwrap_or_else(|| panic!("{path}: {reply}"));
        self.token = Some(token.to_owned());
        reply
    }

    /// Signs in at Facebook, in a session that is new or goes on. Nothing may be in trouble.
    pub async fn signs_in(&mut self, account: &str) {
        let listing = self.posts("/folder/list", json!({"facebook": {"path": "/"}})).await;
        let dialog = listing["facebook"]["auth"]["redirect_url"].as_str().unwrap_or_else(|| panic!("{listing}"));
        let dialog = self.http.get(dialog).send().await.unwrap().url().clone();
        let answers = [("account", account), ("user_photos", "on"), ("decision", "continue")];
        let page = self.http.post(dialog).form(&answers).send().await.unwrap().text().await.unwrap();
        let (_, data) = page.split_once("id=\"handover\">").unwrap_or_else(|| panic!("{page}"));
        let handed: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
        let clouds = json!({"facebook": {"attempt": handed["attempt"], "code": handed["code"]}});
        let completed = self.posts("/auth/complete", clouds).await;
        assert_eq!(completed["facebook"]["state"], "connected", "{completed}");
    }

    /// The paths of the first photos of the first album, at least so many.
    pub async fn finds(&mut self, count: usize) -> Vec<String> {
        let root = self.posts("/folder/list", json!({"facebook": {"path": "/"}})).await;
        let album = root["facebook"]["contents"][0]["path"].as_str().unwrap_or_else(|| panic!("{root}")).to_owned();
        let (mut found, mut next) = (Vec::new(), Value::Null);
        while found.len() < count && next != "" {
            let page = self.posts("/folder/list", json!({"facebook": {"path": album, "next": next}})).await;
            let items = page["facebook"]["contents"].as_array().unwrap_or_else(|| panic!("{page}"));
            let photos = items.iter().filter(|item| item["mimetype"] == "image/jpeg");
            found.extend(photos.map(|item| item["path"].as_str().unwrap().to_owned()));
            next = page["facebook"]["next"].clone();
        }
        found
    }

    /// Asks for what is wanted, and asks again where the stream breaks or a reason may pass, until all has an end.
    pub async fn stores_all(mut self) -> Self {
        let began = Instant::now();
        loop {
            let open: Vec<&String> = self.open().collect();
            if open.is_empty() {
                return self;
            }
            assert!(began.elapsed() < PATIENCE, "no end of {} photos in {PATIENCE:?}: {open:?}", open.len());
            let body = json!({"apikey": "demo", "token": self.token, "clouds": {"facebook": {"paths": open}}});
            self.follows(body).await;
            if self.open().next().is_some() {
                self.asked_again += 1;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
    }

    fn open(&self) -> impl Iterator<Item = &String> {
        self.wanted.iter().filter(|path| !self.stored.contains_key(*path) && !self.failed.contains_key(*path))
    }

    /// Follows one stream to its end, whatever that is.
    async fn follows(&mut self, body: Value) {
        let request = self.http.post(format!("{}/store/", self.url)).header("origin", ORIGIN);
        let Ok(answer) = request.header("accept", "text/event-stream").json(&body).send().await else { return };
        if !answer.status().is_success() {
            assert!(answer.status().is_server_error(), "{}", answer.text().await.unwrap_or_default());
            return;
        }
        let (mut bytes, mut text) = (answer.bytes_stream(), String::new());
        while let Some(Ok(chunk)) = bytes.next().await {
            text.push_str(std::str::from_utf8(&chunk).expect("events are ASCII where they are cut"));
            while let Some((block, rest)) = text.split_once("\n\n") {
                let event = block.lines().find_map(|line| line.strip_prefix("data:"));
                let event =
                    event.map(|data| serde_json::from_str(data).unwrap_or_else(|error| panic!("{data}: {error}")));
                let rest = rest.to_owned();
                if let Some(event) = event {
                    self.hears(event);
                }
                text = rest;
            }
        }
    }

    fn hears(&mut self, event: StoreEvent) {
        match event {
            StoreEvent::Stored { path, file, .. } => {
                let before = self.stored.insert(path.clone(), (*file).clone());
                assert!(before.is_none_or(|before| before == *file), "{path} was told to be another file before");
            }
            StoreEvent::Failed { path, error, .. } if !may_pass(error.code) => {
                self.failed.insert(path, error.code);
            }
            StoreEvent::Failed { .. } | StoreEvent::Progress { .. } | StoreEvent::Done => {}
        }
    }

    /// Asks once more for what is stored, and is told the same files.
    pub async fn is_told_the_same_again(&self) {
        let mut again = Self { stored: BTreeMap::new(), failed: BTreeMap::new(), ..self.clone() };
        again.wanted = self.stored.keys().cloned().collect();
        let again = again.stores_all().await;
        assert_eq!(again.stored, self.stored);
    }
}

/// All of them at once.
pub async fn all_store(visitors: Vec<Visitor>) -> Vec<Visitor> {
    let storing: Vec<_> = visitors.into_iter().map(|visitor| tokio::spawn(visitor.stores_all())).collect();
    let mut ended = Vec::new();
    for visitor in storing {
        ended.push(visitor.await.expect("a visitor comes to an end"));
    }
    ended
}
