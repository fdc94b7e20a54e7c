//! Somebody who asks the emulator itself: for what it can do alone, and for the addresses of photos that are copied by hand.

use super::{Page, between, client};
use crate::processes::Emulator;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

const APP: (&str, &str) = ("1000000000000001", "emulated-facebook-secret");
const BACK: &str = "http://127.0.0.1:1/back";

/// A person's token, used by hand.
#[derive(Clone)]
pub struct Direct {
    emulator: String,
    token: String,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Listing<T> {
    data: Vec<T>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    cursors: Cursors,
    next: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Cursors {
    after: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Photo {
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    width: u32,
    source: String,
}

#[derive(Deserialize)]
struct InBatch {
    code: u16,
    body: String,
}

impl Direct {
    /// Signs this account in.
    pub async fn sign_in(emulator: &Emulator, account: &str) -> Result<Self> {
        emulator.allow_redirect_uri(BACK).await?;
        let http = client()?;
        let dialog = format!("{}/www.facebook.com/v25.0/dialog/oauth", emulator.url);
        let asked = [("client_id", APP.0), ("redirect_uri", BACK), ("scope", "email,user_photos"), ("state", "1")];
        let answers = [("account", account), ("user_photos", "on"), ("email", "on"), ("decision", "continue")];
        let answer = http.post(dialog).query(&asked).form(&answers).send().await?;
        let back = answer.headers().get("location").context("the dialog leads nowhere")?.to_str()?.to_owned();
        let code = between(&back, "code=", "&").or_else(|| Some(back.split_once("code=")?.1)).context("no code")?;
        let code = code.trim_end_matches("#_=_");
        let exchange = format!("{}/graph.facebook.com/v25.0/oauth/access_token", emulator.url);
        let asked = [("client_id", APP.0), ("client_secret", APP.1), ("redirect_uri", BACK), ("code", code)];
        let reply: serde_json::Value = http.get(exchange).query(&asked).send().await?.json().await?;
        let token = reply["access_token"].as_str().with_context(|| format!("no token: {reply}"))?.to_owned();
        Ok(Self { emulator: emulator.url.clone(), token, http })
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>> {
        let url = format!("{}/graph.facebook.com{path}", self.emulator);
        let answer = self.http.get(url).query(&[("access_token", &self.token)]).query(query).send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?.to_vec();
        if !status.is_success() {
            bail!("{path}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }

    /// The id of the album of that name.
    pub async fn album(&self, name: &str) -> Result<String> {
        let bytes = self.get("/v25.0/me/albums", &[("fields", "name"), ("limit", "100")]).await?;
        let albums: Listing<Named> = serde_json::from_slice(&bytes)?;
        let album = albums.data.into_iter().find(|album| album.name == name);
        Ok(album.with_context(|| format!("there is no album {name}"))?.id)
    }

    /// A page as our companion asks for it, in `query` by the emulator's own book.
    pub async fn page(&self, path: &str, query: &str, after: Option<&str>) -> Result<Page> {
        let url = format!("{}/graph.facebook.com{path}?{query}", self.emulator);
        let mut request = self.http.get(url).query(&[("access_token", &self.token)]);
        if let Some(after) = after {
            request = request.query(&[("after", after)]);
        }
        let bytes = request.send().await?.error_for_status()?.bytes().await?;
        let page: Listing<IgnoredAny> = serde_json::from_slice(&bytes)?;
        let next = page.paging.and_then(|paging| paging.next.map(|_| paging.cursors.after));
        Ok(Page { photos: page.data.len(), next })
    }

    /// A page as Uppy's Companion asks for it.
    pub async fn batched_page(&self, album: &str, after: Option<&str>) -> Result<Page> {
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let fields = "icon%2Cimages%2Cname%2Cwidth%2Cheight%2Ccreated_time";
        let batch = serde_json::json!([
            { "method": "GET", "relative_url": "me?fields=email" },
            { "method": "GET", "relative_url": format!("{album}/photos?fields={fields}{after}") },
        ]);
        let form = [("access_token", self.token.as_str()), ("batch", &batch.to_string())];
        let url = format!("{}/graph.facebook.com/", self.emulator);
        let bytes = self.http.post(url).form(&form).send().await?.error_for_status()?.bytes().await?;
        let answers: Vec<InBatch> = serde_json::from_slice(&bytes)?;
        let answer = answers.get(1).filter(|answer| answer.code == 200).context("no page in the batch")?;
        let page: Listing<IgnoredAny> = serde_json::from_str(&answer.body)?;
        Ok(Page { photos: page.data.len(), next: page.paging.map(|paging| paging.cursors.after) })
    }

    /// The addresses of the largest sizes of an album's photos, as many.
    pub async fn pictures(&self, album: &str, count: usize) -> Result<Vec<String>> {
        let (mut found, mut after) = (Vec::new(), String::new());
        while found.len() < count {
            let mut query = vec![("fields", "images"), ("limit", "100")];
            if !after.is_empty() {
                query.push(("after", &after));
            }
            let bytes = self.get(&format!("/v25.0/{album}/photos"), &query).await?;
            let page: Listing<Photo> = serde_json::from_slice(&bytes)?;
            let largest = |photo: Photo| photo.images.into_iter().max_by_key(|image| image.width);
            found.extend(page.data.into_iter().filter_map(largest).map(|image| image.source));
            after = match page.paging {
                Some(Paging { cursors, next: Some(_) }) => cursors.after,
                _ => break,
            };
        }
        found.truncate(count);
        Ok(found)
    }
}
