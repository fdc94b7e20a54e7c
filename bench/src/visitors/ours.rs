//! A visitor of a page with Bowerbird's widget.

use super::{ORIGIN, Page, between};
use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// Somebody with a session.
#[derive(Clone)]
pub struct Visitor {
    url: String,
    http: reqwest::Client,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Reply {
    facebook: Listing,
}

#[derive(Deserialize)]
struct Listing {
    contents: Vec<IgnoredAny>,
    next: String,
}

impl Visitor {
    /// Somebody who has signed in with this account.
    pub async fn sign_in(url: &str, account: &str) -> Result<Self> {
        // As a browser's window does, which is led from Meta back to the companion.
        let window = reqwest::Client::new();
        let mut visitor = Self { url: url.to_owned(), http: super::client()?, token: None };
        let listing = visitor.posts("/folder/list", json!({"facebook": {"path": "/"}})).await?;
        let dialog = listing["facebook"]["auth"]["redirect_url"].as_str();
        let dialog = dialog.with_context(|| format!("no sign-in is offered: {listing}"))?;
        let dialog = window.get(dialog).send().await?.url().clone();
        let answers = [("account", account), ("user_photos", "on"), ("decision", "continue")];
        let page = window.post(dialog).form(&answers).send().await?.text().await?;
        let handed = between(&page, "id=\"handover\">", "</script>").context("nothing is handed over")?;
        let handed: Value = serde_json::from_str(handed)?;
        let clouds = json!({"facebook": {"attempt": handed["attempt"], "code": handed["code"]}});
        let completed = visitor.posts("/auth/complete", clouds).await?;
        ensure!(completed["facebook"]["state"] == "connected", "the sign-in fails: {completed}");
        Ok(visitor)
    }

    /// The same session at another companion, which shares its database.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    fn body(&self, clouds: &Value) -> Value {
        let appurl = format!("{ORIGIN}/prints");
        json!({"apikey": "demo", "token": self.token, "clouds": clouds, "completes": true, "appurl": appurl})
    }

    fn request(&self, path: &str, clouds: &Value) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).header("origin", ORIGIN).json(&self.body(clouds))
    }

    async fn posts(&mut self, path: &str, clouds: Value) -> Result<Value> {
        let answer = self.request(path, &clouds).send().await?;
        let status = answer.status();
        let reply: Value = answer.json().await?;
        ensure!(status.is_success(), "{path}: {status} {reply}");
        self.token = Some(reply["token"].as_str().with_context(|| format!("{path}: {reply}"))?.to_owned());
        Ok(reply)
    }

    /// The path of the album of that name.
    pub async fn album(&mut self, name: &str) -> Result<String> {
        let root = self.posts("/folder/list", json!({"facebook": {"path": "/"}})).await?;
        let albums = root["facebook"]["contents"].as_array().with_context(|| format!("no albums: {root}"))?;
        let album = albums.iter().find(|album| album["name"] == name);
        let album = album.with_context(|| format!("there is no album {name}: {root}"))?;
        Ok(album["path"].as_str().context("an album has a path")?.to_owned())
    }

    /// A page of an album.
    pub async fn page(&self, album: &str, next: Option<&str>) -> Result<Page> {
        let answer = self.request("/folder/list", &json!({"facebook": {"path": album, "next": next}})).send().await?;
        let bytes = answer.error_for_status()?.bytes().await?;
        let reply: Reply = serde_json::from_slice(&bytes)
            .with_context(|| String::from_utf8_lossy(&bytes).chars().take(300).collect::<String>())?;
        let Listing { contents, next } = reply.facebook;
        Ok(Page { photos: contents.len(), next: Some(next).filter(|next| !next.is_empty()) })
    }

    /// The paths of an album's photos, as many.
    pub async fn photos(&mut self, album: &str, count: usize) -> Result<Vec<String>> {
        let (mut found, mut next) = (Vec::new(), Value::Null);
        while found.len() < count && next != "" {
            let page = self.posts("/folder/list", json!({"facebook": {"path": album, "next": next}})).await?;
            let items = page["facebook"]["contents"].as_array().with_context(|| format!("no photos: {page}"))?;
            found.extend(items.iter().filter_map(|item| Some(item["path"].as_str()?.to_owned())));
            next = page["facebook"]["next"].clone();
        }
        found.truncate(count);
        Ok(found)
    }

    /// The addresses of the thumbnails of an album's first page.
    pub async fn thumbnails(&mut self, album: &str) -> Result<Vec<String>> {
        let page = self.posts("/folder/list", json!({"facebook": {"path": album}})).await?;
        let items = page["facebook"]["contents"].as_array().with_context(|| format!("no photos: {page}"))?;
        let thumbnails = items.iter().filter_map(|item| item["thumbnail"].as_str()).filter(|url| !url.is_empty());
        Ok(thumbnails.map(str::to_owned).collect())
    }

    /// Ends the session.
    pub async fn signs_out(&self) -> Result<()> {
        let answer = self.http.post(format!("{}/auth/logout", self.url)).header("origin", ORIGIN);
        let answer = answer.json(&json!({"apikey": "demo", "token": self.token})).send().await?;
        answer.error_for_status().context("a session does not end").map(drop)
    }

    /// Reads what is at an address, to its end.
    pub async fn reads(&self, url: &str) -> Result<usize> {
        let answer = self.http.get(url).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.len())
    }

    /// Reads a stored file, smaller.
    pub async fn converts(&self, file: &str, width: u32) -> Result<usize> {
        let handle = file.rsplit('/').next().unwrap_or_default();
        self.reads(&format!("{}/resize=width:{width}/{handle}", self.url)).await
    }

    /// Removes a file that this session had stored.
    pub async fn removes(&self, file: &str) -> Result<()> {
        let handle = file.rsplit('/').next().unwrap_or_default();
        let request = self.http.delete(format!("{}/api/file/{handle}?key=demo", self.url)).header("origin", ORIGIN);
        let token = self.token.as_deref().unwrap_or_default();
        request.bearer_auth(token).send().await?.error_for_status().context("a file is not removed").map(drop)
    }

    /// Has photos stored and follows them to the end. Answers the files' addresses.
    pub async fn store(&self, paths: &[&str]) -> Result<Vec<String>> {
        let request = self.request("/store/", &json!({"facebook": {"paths": paths}}));
        let answer = request.header("accept", "text/event-stream").send().await?.error_for_status()?;
        let (mut bytes, mut text, mut stored) = (answer.bytes_stream(), String::new(), Vec::new());
        while let Some(chunk) = bytes.next().await {
            text.push_str(std::str::from_utf8(&chunk?)?);
            while let Some((block, rest)) = text.split_once("\n\n") {
                let event = block.lines().find_map(|line| line.strip_prefix("data:"));
                let event: Option<Value> = event.map(serde_json::from_str).transpose()?;
                let rest = rest.to_owned();
                if let Some(event) = event {
                    match event["event"].as_str() {
                        Some("stored") => stored.push(event["file"]["url"].as_str().unwrap_or_default().to_owned()),
                        Some("failed") => bail!("a photo is not stored: {event}"),
                        _ => {}
                    }
                }
                text = rest;
            }
        }
        ensure!(stored.len() == paths.len(), "{} of {} photos are stored", stored.len(), paths.len());
        Ok(stored)
    }
}
