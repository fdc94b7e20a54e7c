//! Somebody with a browser, and an app's server with a client: the verbs that the tests are told in.

use std::time::Duration;

use bowerbird_emulator::{
    Emulator, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET, Settings,
};
use reqwest::{Client, Response, StatusCode, Url, redirect::Policy};
use serde_json::Value;

pub const FACEBOOK_BACK: &str = "http://127.0.0.1:8787/api/client/facebook/authCallback/open";
pub const INSTAGRAM_BACK: &str = "http://127.0.0.1:8787/api/client/instagram/authCallback/open";

pub struct Visitor {
    pub emulator: Emulator,
    pub http: Client,
}

/// An answer that has been read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// `(status, code, subcode)` of an error, whose other parts are checked on the way.
    pub fn error(&self) -> (u16, i64, i64) {
        let error = &self.body["error"];
        assert!(error["message"].is_string(), "no error: {}", self.body);
        assert_eq!(error["fbtrace_id"].as_str().map(str::len), Some(23), "{}", self.body);
        let subcode = error["error_subcode"].as_i64().unwrap_or_default();
        (self.status.as_u16(), error["code"].as_i64().unwrap(), subcode)
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap()
    }

    pub fn items(&self) -> &Vec<Value> {
        self.body["data"].as_array().unwrap_or_else(|| panic!("no data: {}", self.body))
    }

    pub fn after(&self) -> &str {
        self.body["paging"]["cursors"]["after"].as_str().unwrap()
    }
}

/// How somebody goes through a dialog.
#[derive(Clone, Copy, Default)]
pub struct Choices<'a> {
    pub unticks: &'a [&'a str],
    pub rerequest: bool,
    pub scope: Option<&'a str>,
}

impl Visitor {
    pub async fn start() -> Visitor {
        Visitor::start_with(Settings::default()).await
    }

    pub async fn start_with(settings: Settings) -> Visitor {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let emulator = Emulator::start_with(settings).await;
        let http = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(60)).build().unwrap();
        Visitor { emulator, http }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.emulator.url())
    }

    pub async fn read(response: Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, headers, body }
    }

    /// A GET of one of Meta's paths with a query.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        Visitor::read(self.http.get(self.url(path)).query(query).send().await.unwrap()).await
    }

    /// A GET of graph.facebook.com at v25.0 with a token.
    pub async fn graph(&self, token: &str, path: &str, query: &[(&str, &str)]) -> Answer {
        let mut query = query.to_vec();
        query.push(("access_token", token));
        self.get(&format!("graph.facebook.com/v25.0/{path}"), &query).await
    }

    /// A GET of graph.instagram.com at v25.0 with a token.
    pub async fn instagram(&self, token: &str, path: &str, query: &[(&str, &str)]) -> Answer {
        let mut query = query.to_vec();
        query.push(("access_token", token));
        self.get(&format!("graph.instagram.com/v25.0/{path}"), &query).await
    }

    pub fn facebook_dialog(&self, choices: Choices) -> Url {
        let mut url = Url::parse(&self.url("www.facebook.com/v25.0/dialog/oauth")).unwrap();
        let scope = choices.scope.unwrap_or("public_profile,user_photos");
        url.query_pairs_mut().extend_pairs([
            ("client_id", FACEBOOK_APP_ID),
            ("redirect_uri", FACEBOOK_BACK),
            ("state", "st/ate 1"),
            ("scope", scope),
        ]);
        if choices.rerequest {
            url.query_pairs_mut().append_pair("auth_type", "rerequest");
        }
        url
    }

    pub fn instagram_dialog(&self) -> Url {
        let mut url = Url::parse(&self.url("www.instagram.com/oauth/authorize")).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", INSTAGRAM_APP_ID),
            ("redirect_uri", INSTAGRAM_BACK),
            ("response_type", "code"),
            ("state", "st/ate 1"),
            ("scope", "instagram_business_basic"),
        ]);
        url
    }

    /// Submits a form of a dialog.
    pub async fn submit(&self, dialog: &Url, form: &[(&str, &str)]) -> Response {
        self.http.post(dialog.clone()).form(form).send().await.unwrap()
    }

    /// The page after an account was chosen.
    pub async fn choose(&self, dialog: &Url, account: &str) -> String {
        self.submit(dialog, &[("account", account)]).await.text().await.unwrap()
    }

    /// Presses "Continue" with every box of the page ticked but some; answers where that leads.
    pub async fn consent(&self, dialog: &Url, account: &str, unticks: &[&str]) -> Url {
        let page = self.choose(dialog, account).await;
        let mut form = vec![("account", account), ("decision", "continue")];
        let boxes = checkboxes(&page);
        form.extend(boxes.iter().filter(|name| !unticks.contains(&name.as_str())).map(|name| (name.as_str(), "on")));
        let response = self.submit(dialog, &form).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{}", response.text().await.unwrap());
        Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
    }

    pub async fn facebook_code(&self, account: &str, choices: Choices<'_>) -> String {
        let back = self.consent(&self.facebook_dialog(choices), account, choices.unticks).await;
        param(&back, "code").expect("a code")
    }

    pub async fn exchange_facebook(&self, code: &str, redirect_uri: &str) -> Answer {
        let query = [
            ("client_id", FACEBOOK_APP_ID),
            ("client_secret", FACEBOOK_APP_SECRET),
            ("redirect_uri", redirect_uri),
            ("code", code),
        ];
        self.get("graph.facebook.com/v25.0/oauth/access_token", &query).await
    }

    pub async fn facebook_token(&self, account: &str) -> String {
        self.facebook_token_with(account, Choices::default()).await
    }

    pub async fn facebook_token_with(&self, account: &str, choices: Choices<'_>) -> String {
        let code = self.facebook_code(account, choices).await;
        let answer = self.exchange_facebook(&code, FACEBOOK_BACK).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn instagram_code(&self, account: &str) -> String {
        param(&self.consent(&self.instagram_dialog(), account, &[]).await, "code").expect("a code")
    }

    pub async fn exchange_instagram(&self, code: &str, redirect_uri: &str) -> Answer {
        let form = [
            ("client_id", INSTAGRAM_APP_ID),
            ("client_secret", INSTAGRAM_APP_SECRET),
            ("grant_type", "authorization_code"),
            ("redirect_uri", redirect_uri),
            ("code", code),
        ];
        let url = self.url("api.instagram.com/oauth/access_token");
        Visitor::read(self.http.post(url).form(&form).send().await.unwrap()).await
    }

    pub async fn instagram_token(&self, account: &str) -> String {
        let code = self.instagram_code(account).await;
        let answer = self.exchange_instagram(&code, INSTAGRAM_BACK).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    /// The id of an album by its name.
    pub async fn album(&self, token: &str, name: &str) -> String {
        let albums = self.graph(token, "me/albums", &[("fields", "id,name"), ("limit", "100")]).await;
        let album = albums.items().iter().find(|album| album["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        album["id"].as_str().unwrap().to_owned()
    }

    /// Every item of a listing, page by page, and how many pages there were.
    pub async fn all(&self, token: &str, path: &str, query: &[(&str, &str)]) -> (Vec<Value>, usize) {
        let mut page = self.graph(token, path, query).await;
        let mut items = page.items().clone();
        let mut pages = 1;
        while let Some(next) = page.body["paging"]["next"].as_str() {
            page = Visitor::read(self.http.get(next).send().await.unwrap()).await;
            items.extend(page.items().clone());
            pages += 1;
        }
        (items, pages)
    }
}

/// The same URL with a parameter of its query set to something else.
pub fn with_param(url: &Url, name: &str, value: &str) -> Url {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    pairs.push((name.to_owned(), value.to_owned()));
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

/// A parameter of a URL's query.
pub fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The names of the boxes on a page that are permissions.
pub fn checkboxes(page: &str) -> Vec<String> {
    page.split("<input type=\"checkbox\" name=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| *name != "remember")
        .map(str::to_owned)
        .collect()
}
