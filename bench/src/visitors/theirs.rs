//! A visitor of a page with Uppy.

use super::{ORIGIN, Page, between};
use crate::processes::{Emulator, Peer};
use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// More hops than a sign-in has.
const HOPS: usize = 20;

/// Somebody with a token.
pub struct Visitor {
    url: String,
    http: reqwest::Client,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    items: Vec<IgnoredAny>,
    next_page_path: Option<String>,
}

/// Where a photo goes.
pub enum To<'a> {
    /// As a form to this address.
    Receiver(&'a str),
    /// To the S3 that the companion is set up with.
    S3,
}

impl Visitor {
    /// Somebody who has signed in with this account.
    pub async fn sign_in(peer: &Peer, emulator: &Emulator, account: &str) -> Result<Self> {
        let http = super::client()?;
        // {"origin":"http://shop.example"}
        let state = "eyJvcmlnaW4iOiJodHRwOi8vc2hvcC5leGFtcGxlIn0=";
        let mut cookies = BTreeMap::new();
        let mut url = format!("{}/facebook/connect?state={state}", peer.url);
        for _ in 0..HOPS {
            // A browser is sent to Facebook itself.
            url = url.replace("https://www.facebook.com/", &format!("{}/www.facebook.com/", emulator.url));
            let at_meta = url.starts_with(&emulator.url);
            let mut request = http.get(&url);
            if at_meta {
                let answers = [("account", account), ("user_photos", "on"), ("email", "on"), ("decision", "continue")];
                request = http.post(&url).form(&answers);
            } else {
                let sent: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(COOKIE, sent.join("; "));
            }
            let answer = request.send().await?;
            for set in answer.headers().get_all(SET_COOKIE).iter().filter(|_| !at_meta) {
                if let Some((name, value)) = set.to_str()?.split(';').next().and_then(|pair| pair.split_once('=')) {
                    cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            let Some(location) = answer.headers().get(LOCATION) else {
                let status = answer.status();
                let page = answer.text().await?;
                let token = between(&page, "\"token\":\"", "\"");
                let token = token.with_context(|| format!("{url}: {status}, and no token: {page}"))?.to_owned();
                return Ok(Self { url: peer.url.clone(), http, token });
            };
            url = reqwest::Url::parse(&url)?.join(location.to_str()?)?.to_string();
        }
        bail!("the sign-in at Uppy's Companion does not end: {url}")
    }

    /// What Uppy keeps in `localStorage`.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn with_token(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.header("origin", ORIGIN).header("uppy-auth-token", &self.token)
    }

    async fn items(&self, path: &str) -> Result<Value> {
        let answer = self.with_token(self.http.get(format!("{}/facebook/list/{path}", self.url))).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// The path of the album of that name.
    pub async fn album(&self, name: &str) -> Result<String> {
        let root = self.items("").await?;
        let albums = root["items"].as_array().with_context(|| format!("no albums: {root}"))?;
        let album = albums.iter().find(|album| album["name"] == name);
        let album = album.with_context(|| format!("there is no album {name}: {root}"))?;
        Ok(album["requestPath"].as_str().context("an album has a path")?.to_owned())
    }

    /// A page of an album; `path` is the album's or, later, what the page before named.
    pub async fn page(&self, path: &str) -> Result<Page> {
        let request = self.with_token(self.http.get(format!("{}/facebook/list/{path}", self.url)));
        let bytes = request.send().await?.error_for_status()?.bytes().await?;
        let page: Listing = serde_json::from_slice(&bytes)?;
        Ok(Page { photos: page.items.len(), next: page.next_page_path })
    }

    /// The ids of an album's photos, as many.
    pub async fn photos(&self, album: &str, count: usize) -> Result<Vec<String>> {
        let (mut found, mut path) = (Vec::new(), album.to_owned());
        while found.len() < count {
            let page = self.items(&path).await?;
            let items = page["items"].as_array().with_context(|| format!("no photos: {page}"))?;
            found.extend(items.iter().filter_map(|item| Some(item["id"].as_str()?.to_owned())));
            match page["nextPagePath"].as_str() {
                Some(next) => path = next.to_owned(),
                None => break,
            }
        }
        found.truncate(count);
        Ok(found)
    }

    /// Has a photo copied, and waits for its end on a socket, as Uppy does.
    pub async fn store(&self, id: &str, to: &To<'_>) -> Result<()> {
        let metadata = json!({"name": format!("{id}.jpg"), "type": "image/jpeg"});
        let body = match to {
            To::Receiver(endpoint) => {
                json!({"fileId": id, "protocol": "multipart", "endpoint": endpoint, "metadata": metadata})
            }
            To::S3 => json!({"fileId": id, "protocol": "s3-multipart", "metadata": metadata}),
        };
        let request = self.with_token(self.http.post(format!("{}/facebook/get/{id}", self.url)));
        let answer = request.json(&body).send().await?;
        let status = answer.status();
        let reply = answer.text().await?;
        ensure!(status.is_success(), "{id}: {status} {reply}");
        let reply: Value = serde_json::from_str(&reply)?;
        let token = reply["token"].as_str().with_context(|| format!("no token: {reply}"))?;
        self.follow(token).await
    }

    /// Reads the socket's messages until one is the last.
    async fn follow(&self, token: &str) -> Result<()> {
        let host = self.url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).await?;
        let request = format!(
            "GET /api/{token} HTTP/1.1\r\nHost: {host}\r\nOrigin: {ORIGIN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        let mut heard = Vec::new();
        loop {
            // What is told fits many times over; the frames' own bytes around it are not looked at.
            ensure!(socket.read_buf(&mut heard).await? > 0, "the socket is closed before the end");
            let said = String::from_utf8_lossy(&heard);
            if said.contains("\"action\":\"success\"") {
                return Ok(());
            }
            ensure!(!said.contains("\"action\":\"error\""), "a photo is not stored: {said}");
        }
    }
}
