//! Connecting accounts to publish to, as a site's server and its visitor's browser do it.

use crate::app::{ORIGIN, TestApp, eventually, location, text};
use crate::logs::log;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bowerbird_companion::config::{AppConfig, Config, OwnApp};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::{
    App, Emulator, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, Fault, INSTAGRAM_APP_SECRET, Network, Settings,
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

const BACK: &str = "https://shop.example/connected/facebook";
const BACK_WITH_QUERY: &str = "https://shop.example/connected?from=picker";
pub const SECRET: &str = "the-secret-of-the-shop-0123456789";
const OTHER_SECRET: &str = "the-secret-of-the-other-9876543210";
/// A Page, and the Instagram account linked to it.
const STUDIO: &str = "Alice Ferreira Photography";
const DAY: Duration = Duration::from_secs(86_400);
/// Everything that the two dialogs can be asked for.
const TICKS: [&str; 8] = [
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_posts",
    "business_management",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_business_basic",
    "instagram_business_content_publish",
];

fn site(key: &str, secret: &str) -> AppConfig {
    AppConfig {
        origins: vec![ORIGIN.to_owned()],
        addresses: vec![BACK.to_owned(), BACK_WITH_QUERY.to_owned()],
        secret: Some(Secret::new(secret)),
        ..AppConfig::open(key)
    }
}

pub fn two_sites(config: &mut Config) {
    let open = AppConfig { secret: Some(Secret::new("the-secret-of-an-open-key-55555")), ..AppConfig::open("open") };
    config.apps = vec![site("shop", SECRET), site("other", OTHER_SECRET), open];
}

async fn start() -> TestApp {
    TestApp::start_with(two_sites).await
}

impl TestApp {
    /// Calls as a site's server does.
    pub async fn calls(&self, method: Method, path: &str, secret: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !secret.is_empty() {
            request = request.bearer_auth(secret);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        (status, serde_json::from_str(&said).unwrap_or_else(|_| panic!("{status} {said}")))
    }

    async fn reads(&self, path: &str) -> (StatusCode, Value) {
        self.calls(Method::GET, path, SECRET, None).await
    }

    /// The provider's address for somebody of a site.
    pub async fn is_sent_to(&self, network: &str, body: Value) -> String {
        let path = format!("/v1/social-networks/{network}/auth-url");
        let (status, reply) = self.calls(Method::POST, &path, SECRET, Some(body)).await;
        assert_eq!((status, &reply["success"]), (StatusCode::OK, &json!(true)), "{reply}");
        text(&reply["data"], "auth_url")
    }

    /// Answers the provider's dialog. The companion's address to which it leads.
    async fn consents(&self, dialog: &str, account: &str, unticked: &[&str]) -> String {
        let ticks = TICKS.iter().filter(|tick| !unticked.contains(tick)).map(|tick| (*tick, "on"));
        let form: Vec<_> = ticks.chain([("account", account), ("decision", "continue")]).collect();
        location(&self.http.post(dialog).form(&form).send().await.unwrap())
    }

    /// The site's address to which the companion leads.
    async fn goes_on(&self, callback: &str) -> Url {
        let answer = self.http.get(callback).send().await.unwrap();
        assert_eq!(answer.headers()[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        location(&answer).parse().unwrap()
    }

    /// The whole way of a person. The token with which they come back.
    pub async fn connects(&self, network: &str, account: &str, tenant: Option<&str>) -> String {
        let body = json!({"redirect_uri": BACK, "tenant_id": tenant});
        let dialog = self.is_sent_to(network, body).await;
        let back = self.goes_on(&self.consents(&dialog, account, &[]).await).await;
        said(&back, "session").unwrap_or_else(|| panic!("{back}"))
    }

    pub async fn is_pending(&self, session: &str) -> (StatusCode, Value) {
        self.calls(Method::GET, &format!("/v1/social-accounts/pending/{session}"), "", None).await
    }

    pub async fn finalizes(&self, session: &str, ids: Value) -> (StatusCode, Value) {
        let path = format!("/v1/social-accounts/pending/{session}/finalize");
        self.calls(Method::POST, &path, "", Some(json!({"selectedPageIds": ids}))).await
    }

    /// Connects all that is found. The accounts' ids by username or name.
    pub async fn has_connected(&self, network: &str, account: &str, tenant: Option<&str>) -> BTreeMap<String, String> {
        let session = self.connects(network, account, tenant).await;
        let (_, pending) = self.is_pending(&session).await;
        let ids: Value = pages(&pending).iter().map(|page| page["id"].clone()).collect();
        let (status, done) = self.finalizes(&session, ids).await;
        assert_eq!(status, StatusCode::OK, "{done}");
        let connected = done["connectedAccounts"].as_array().unwrap();
        // Her studio and its Instagram account have the same name.
        let name =
            |account: &Value| account["username"].as_str().map_or_else(|| text(account, "nickname"), str::to_owned);
        connected.iter().map(|account| (name(account), text(account, "id"))).collect()
    }

    async fn refreshes(&self, id: &str) -> (StatusCode, Value) {
        self.calls(Method::POST, &format!("/v1/social-accounts/{id}/refresh"), SECRET, None).await
    }

    /// OneAll's call with these credentials.
    pub async fn asks_who(&self, file: &str, key: &str, secret: &str) -> (StatusCode, Value) {
        let request = self.http.get(format!("{}/connections/{file}", self.url)).basic_auth(key, Some(secret));
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn sealed_token(&self, id: &str) -> String {
        let query = sqlx::query_scalar("SELECT access_token FROM accounts WHERE id = $1").bind(id.to_owned());
        query.fetch_one(&self.database().await).await.unwrap()
    }
}

/// A member of an address's query.
fn said(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

pub fn pages(pending: &Value) -> &Vec<Value> {
    pending["data"]["availablePages"].as_array().unwrap_or_else(|| panic!("{pending}"))
}

fn names(pages: &[Value]) -> Vec<&str> {
    pages.iter().map(|page| page["name"].as_str().unwrap()).collect()
}

fn no_session() -> (StatusCode, Value) {
    (StatusCode::NOT_FOUND, json!({"success": false, "error": "Session expired or invalid"}))
}

/// What is wrong with a field.
fn invalid(field: &str, words: &str) -> (StatusCode, Value) {
    let details = json!({field: {"_errors": [words]}});
    (StatusCode::BAD_REQUEST, json!({"success": false, "error": "Invalid payload", "details": details}))
}

#[tokio::test]
async fn somebody_connects_a_page_as_outstands_page_describes_it() {
    let app = start().await;
    let dialog = app.is_sent_to("facebook", json!({"redirect_uri": BACK_WITH_QUERY, "tenant_id": "tenant_123"})).await;
    let asked: Url = dialog.parse().unwrap();
    let scope = "pages_show_list,pages_read_engagement,pages_manage_posts,business_management,instagram_basic,\
                 instagram_content_publish";
    assert_eq!(said(&asked, "scope").as_deref(), Some(scope));
    let callback = format!("{}/api/client/facebook/authCallback/open", app.url);
    assert_eq!(
        (said(&asked, "redirect_uri"), said(&asked, "client_id")),
        (Some(callback), Some(FACEBOOK_APP_ID.into()))
    );

    let callback = app.consents(&dialog, "alice", &[]).await;
    let back = app.goes_on(&callback).await;
    assert!(back.as_str().starts_with(&format!("{BACK_WITH_QUERY}&session=")), "{back}");
    let session = said(&back, "session").unwrap();
    assert_eq!(app.http.get(&callback).send().await.unwrap().status(), StatusCode::BAD_REQUEST, "it counts once");

    let (status, pending) = app.is_pending(&session).await;
    assert_eq!((status, &pending["success"]), (StatusCode::OK, &json!(true)), "{pending}");
    let data = &pending["data"];
    assert_eq!((&data["network"], &data["tenantId"]), (&json!("facebook"), &json!("tenant_123")));
    let left = data["expiresAt"].as_i64().unwrap() - bowerbird_companion::db::now();
    assert!((3_500_000..=3_600_000).contains(&left), "an hour from now: {left}");
    let found = pages(&pending);
    // Not the cinema's, on which she only advertises; and Harbour Bakery's, which no list has.
    let all = [STUDIO, STUDIO, "Walks in Lisbon", "Harbour Coffee", "Harbour Bakery"];
    assert_eq!(names(found), all);
    assert_eq!((&found[0]["type"], &found[1]["type"]), (&json!("page"), &json!("business")));
    assert_eq!((&found[0]["username"], &found[1]["username"]), (&Value::Null, &json!("alice.pro")));
    assert!(text(&found[0], "profilePictureUrl").starts_with("http"), "{found:?}");

    let chosen = json!([found[1]["id"], found[4]["id"], found[4]["id"]]);
    let (status, done) = app.finalizes(&session, chosen).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    let connected = done["connectedAccounts"].as_array().unwrap();
    let told: Vec<_> = connected.iter().map(|one| (&one["nickname"], &one["network"], &one["accountType"])).collect();
    let (instagram, bakery) = (json!(STUDIO), json!("Harbour Bakery"));
    let told_of = |name| (name, &json!("instagram"), &json!("business")) == told[0];
    assert!(told_of(&instagram) && told[1] == (&bakery, &json!("facebook"), &json!("page")), "{done}");
    assert_eq!(
        (done["success"].clone(), connected.len(), &connected[0]["username"]),
        (json!(true), 2, &json!("alice.pro"))
    );

    assert_eq!(app.is_pending(&session).await, no_session());
    assert_eq!(app.finalizes(&session, json!([found[0]["id"]])).await, no_session());
    assert_eq!((app.count("accounts").await, app.count("connecting").await), (2, 0));

    let (status, one) = app.reads(&format!("/v1/social-accounts/{}", text(&connected[1], "id"))).await;
    assert_eq!(status, StatusCode::OK, "{one}");
    let mut account = one["data"].clone();
    let created = account["createdAt"].take();
    assert!(created.as_str().unwrap().ends_with('Z'), "{created}");
    let wanted = json!({
        "id": connected[1]["id"], "orgId": "shop", "tenantId": "tenant_123", "nickname": "Harbour Bakery",
        "network": "facebook", "username": null, "profile_picture_url": found[4]["profilePictureUrl"],
        "network_unique_id": found[4]["id"], "accountType": "page", "isActive": 1, "problem": null, "unavailable": null, "createdAt": null,
    });
    assert_eq!(account, wanted);
    // Who connects again has the same account.
    let again = app.has_connected("facebook", "alice", Some("tenant_123")).await;
    assert_eq!((again.len(), &again["Harbour Bakery"]), (5, &text(&connected[1], "id")));
}

#[tokio::test]
async fn what_is_found_is_what_the_person_allows() {
    let app = start().await;
    let found = async |account: &str, unticked: &[&str]| {
        let dialog = app.is_sent_to("facebook", json!({"redirect_uri": BACK})).await;
        let back = app.goes_on(&app.consents(&dialog, account, unticked).await).await;
        match said(&back, "session") {
            Some(session) => names(pages(&app.is_pending(&session).await.1)).join(", "),
            None => said(&back, "error").unwrap() + ": " + &said(&back, "error_description").unwrap(),
        }
    };
    let all = format!("{STUDIO}, {STUDIO}, Walks in Lisbon, Harbour Coffee, Harbour Bakery");
    assert_eq!(found("alice", &["business_management"]).await, all, "no list has either Harbour now");
    let without = all.replacen("Alice Ferreira Photography, ", "", 1);
    assert_eq!(found("alice", &["instagram_content_publish"]).await, without);
    let declined = "permission_declined: The person did not allow all that publishing needs.";
    assert_eq!(found("alice", &["pages_manage_posts"]).await, declined);
    assert_eq!(found("ben", &[]).await, "no_accounts: No Page or account was found that the person may publish to.");
    assert_eq!(found("clara", &[]).await.split(", ").count() / 2, 30, "each with a comma in its name");
    app.emulator.set_fault(Fault::AllPages);
    assert_eq!(found("alice", &[]).await, all.replace(", Harbour Bakery", ""), "the consent names none");
    app.emulator.clear_faults();
    app.emulator.set_fault(Fault::ServerErrors {
        times: None,
        host: Some("graph.facebook.com".to_owned()),
        status: None,
    });
    assert_eq!(found("alice", &[]).await, "source_unavailable: The provider does not answer at the moment.");
}

#[tokio::test]
async fn an_instagram_account_is_connected_renewed_and_asked_for_its_name() {
    let mut app = start().await;
    let dialog = app.is_sent_to("instagram", json!({"redirect_uri": BACK})).await;
    assert!(dialog.contains("scope=instagram_business_basic%2Cinstagram_business_content_publish&"), "{dialog}");
    let unticked = ["instagram_business_content_publish"];
    let back = app.goes_on(&app.consents(&dialog, "alice.pro", &unticked).await).await;
    assert_eq!(said(&back, "error").as_deref(), Some("permission_declined"));

    let connected = app.has_connected("instagram", "alice.pro", None).await;
    let id = &connected["alice.pro"];
    let (_, account) = app.reads(&format!("/v1/social-accounts/{id}")).await;
    assert_eq!(account["data"]["network_unique_id"], "17841405822304915", "the professional account's own id");
    let first = app.sealed_token(id).await;
    assert_eq!(app.refreshes(id).await.0, StatusCode::OK, "it is too young to be renewed, and works");
    assert_eq!(app.sealed_token(id).await, first);
    // Long before it ends it is renewed by itself.
    app.emulator.advance_clock(40 * DAY);
    app.executes_with("UPDATE accounts SET refreshed_ms = refreshed_ms - $1", 40 * 86_400_000).await;
    app.stop().await;
    app.start_again().await;
    eventually("it is renewed", async || app.sealed_token(id).await != first).await;
    let second = app.sealed_token(id).await;
    app.emulator.advance_clock(30 * DAY);
    assert_eq!(app.refreshes(id).await.0, StatusCode::OK, "the first would be dead");
    assert_eq!(app.sealed_token(id).await, second);
    app.emulator.advance_clock(2 * DAY);
    app.executes_with("UPDATE accounts SET refreshed_ms = refreshed_ms - $1", 2 * 86_400_000).await;
    app.executes("UPDATE accounts SET name = 'old'").await;
    let (status, refreshed) = app.refreshes(id).await;
    assert_eq!((status, &refreshed["data"]["nickname"]), (StatusCode::OK, &json!(STUDIO)));
    assert_ne!(app.sealed_token(id).await, second);
}

#[tokio::test]
async fn pages_of_a_token_that_lives_for_an_hour_outlive_it() {
    let settings = Settings {
        require_app_secret: true,
        facebook_token_lifetime: Duration::from_secs(3600),
        ..Settings::default()
    };
    let app = TestApp::start_against(Emulator::start_with(settings).await, two_sites).await;
    let connected = app.has_connected("facebook", "alice", None).await;
    app.emulator.advance_clock(400 * DAY);
    for (name, id) in &connected {
        assert_eq!(app.refreshes(id).await.0, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_on_the_keys_list_is_refused() {
    let app = start().await;
    let ask = async |secret: &str, body: Value| {
        app.calls(Method::POST, "/v1/social-networks/facebook/auth-url", secret, Some(body)).await
    };
    let unlisted = "This is not one of the key's addresses, character for character; \
                    `bowerbird-companion app set KEY --address URL` lists it.";
    for other in [
        "https://shop.example/connected/facebook/",
        "https://shop.example/connected/facebook?x=1",
        "https://shop.example/connected/Facebook",
        "https://shop.example/connected/facebook#",
        "https://shop.example",
        "https://evil.example/connected/facebook",
        "",
    ] {
        assert_eq!(ask(SECRET, json!({"redirect_uri": other})).await, invalid("redirect_uri", unlisted), "{other}");
    }
    // A key for every origin has no addresses either, unless it lists them.
    let open = ask("the-secret-of-an-open-key-55555", json!({"redirect_uri": "https://any.example/"})).await;
    assert_eq!(open, invalid("redirect_uri", unlisted));
    assert_eq!(ask(SECRET, json!({})).await, invalid("redirect_uri", "Required"));
    assert_eq!(ask(SECRET, json!({"redirect_uri": 7})).await, invalid("redirect_uri", "Expected string"));
    let (status, reply) = ask(SECRET, json!([1])).await;
    assert_eq!((status, &reply["error"]), (StatusCode::BAD_REQUEST, &json!("Invalid payload")));
    let tenant = invalid("tenant_id", "Up to 64 letters, digits, underscores and hyphens");
    let long = "a".repeat(65);
    for wrong in ["a b", "", "ä", &long] {
        assert_eq!(ask(SECRET, json!({"redirect_uri": BACK, "tenant_id": wrong})).await, tenant, "{wrong}");
    }
    assert_eq!(app.count("connecting").await, 0);
    let (status, reply) = app
        .calls(Method::POST, "/v1/social-networks/linkedin/auth-url", SECRET, Some(json!({"redirect_uri": BACK})))
        .await;
    assert_eq!((status, &reply["error"]), (StatusCode::NOT_IMPLEMENTED, &json!("Network not supported")));
    assert!(text(&reply, "message").contains("not to linkedin"), "{reply}");
    let (status, _) = app.calls(Method::POST, "/v1/social-networks/myspace/auth-url", SECRET, Some(json!({}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_has_no_secret_of_a_key_is_nobody() {
    let app = start().await;
    let connected = app.has_connected("facebook", "alice", None).await;
    for (method, path) in [
        (Method::POST, "/v1/social-networks/facebook/auth-url".to_owned()),
        (Method::GET, "/v1/social-accounts".to_owned()),
        (Method::GET, format!("/v1/social-accounts/{}", connected["Harbour Coffee"])),
        (Method::POST, format!("/v1/social-accounts/{}/refresh", connected["Harbour Coffee"])),
        (Method::DELETE, format!("/v1/social-accounts/{}", connected["Harbour Coffee"])),
    ] {
        for wrong in ["", "shop", "the-secret-of-the-shop-0123456780", " "] {
            let (status, reply) = app.calls(method.clone(), &path, wrong, None).await;
            assert_eq!((status, &reply["error"]), (StatusCode::UNAUTHORIZED, &json!("Unauthorized")), "{path} {wrong}");
            assert_eq!((&reply["success"], reply["message"].is_string()), (&json!(false), true));
        }
        if path.contains(&connected["Harbour Coffee"]) {
            let (status, reply) = app.calls(method, &path, OTHER_SECRET, None).await;
            assert_eq!(
                (status, &reply["error"]),
                (StatusCode::NOT_FOUND, &json!("Social account not found")),
                "{path}"
            );
        }
    }
    let (_, others) = app.calls(Method::GET, "/v1/social-accounts", OTHER_SECRET, None).await;
    assert_eq!(others, json!({"success": true, "data": [], "count": 0, "limit": 50, "offset": 0}));
    assert_eq!(app.count("accounts").await, 5);
    // A page of a site may see what is found with the connection's token; with a key's secret no page is let in.
    let leave = async |path: &str| {
        let request = app.http.get(format!("{}{path}", app.url)).header(header::ORIGIN, ORIGIN);
        request.send().await.unwrap().headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    };
    assert!(leave("/v1/social-accounts/pending/x").await && !leave("/v1/social-accounts").await);
}

#[tokio::test]
async fn who_cancels_or_takes_too_long_comes_back_with_the_reason() {
    let app = start().await;
    let ends = async |back: Url| {
        let left = app.count("connecting").await;
        (back.path().to_owned(), said(&back, "error").unwrap(), said(&back, "error_description").unwrap(), left)
    };
    let ended = |code: &str, words: &str| ("/connected/facebook".to_owned(), code.to_owned(), words.to_owned(), 0);
    for (network, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        let dialog = app.is_sent_to(network, json!({"redirect_uri": BACK})).await;
        let form = [("account", account), ("decision", "cancel")];
        let callback = location(&app.http.post(&dialog).form(&form).send().await.unwrap());
        let back = app.goes_on(&callback).await;
        assert_eq!(ends(back).await, ended("sign_in_cancelled", "The person cancelled."));
    }
    let dialog = app.is_sent_to("facebook", json!({"redirect_uri": BACK})).await;
    let callback = app.consents(&dialog, "alice", &[]).await;
    let elsewhere = callback.replace("/client/facebook/", "/client/instagram/");
    assert_eq!(app.http.get(elsewhere).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    app.executes("UPDATE connecting SET expires_ms = 1").await;
    let back = app.goes_on(&callback).await;
    assert_eq!(ends(back).await, ended("sign_in_expired", "It took too long. Begin again."));
}

#[tokio::test]
async fn a_session_is_good_once_for_an_hour_and_for_what_was_found() {
    let mut app = start().await;
    let session = app.connects("facebook", "alice", None).await;
    let (_, pending) = app.is_pending(&session).await;
    let first = pages(&pending)[0]["id"].clone();
    let stranger = app.connects("facebook", "clara", None).await;
    let hers = pages(&app.is_pending(&stranger).await.1)[0]["id"].clone();
    assert_eq!(app.is_pending("unknown").await, no_session());
    let field = "selectedPageIds";
    let words = format!("{} is none of the connection's availablePages", hers.as_str().unwrap());
    assert_eq!(app.finalizes(&session, json!([first, hers])).await, invalid(field, &words));
    assert_eq!(app.finalizes(&session, json!([])).await, invalid(field, "Array must contain at least 1 element(s)"));
    assert_eq!(app.finalizes(&session, json!(["x", 1])).await, invalid(field, "Expected array of strings"));
    assert_eq!(app.finalizes(&session, Value::Null).await, invalid(field, "Required"));
    assert_eq!(app.count("accounts").await, 0, "nothing of it was connected");
    let at_once = join_all((0..12).map(|_| app.finalizes(&session, json!([first])))).await;
    let done = at_once.iter().filter(|(status, _)| *status == StatusCode::OK).count();
    let refused = at_once.into_iter().filter(|answer| *answer == no_session()).count();
    assert_eq!((done, refused, app.count("accounts").await), (1, 11, 1));

    app.executes("UPDATE connecting SET expires_ms = 1").await;
    assert_eq!(app.is_pending(&stranger).await, no_session());
    assert_eq!(app.finalizes(&stranger, json!([hers])).await, no_session());
    assert_eq!((app.count("accounts").await, app.count("connecting").await), (1, 1));
    app.stop().await;
    app.start_again().await;
    eventually("what is over is forgotten", async || app.count("connecting").await == 0).await;
}

#[tokio::test]
async fn tenants_are_kept_apart() {
    let app = start().await;
    let ours = app.has_connected("facebook", "alice", Some("a")).await;
    let theirs = app.has_connected("facebook", "alice", Some("b")).await;
    assert_ne!(ours["Harbour Coffee"], theirs["Harbour Coffee"]);
    let count = async |query: &str| {
        let (status, reply) = app.reads(&format!("/v1/social-accounts{query}")).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        let data = reply["data"].as_array().unwrap();
        let a = data.iter().filter(|account| account["tenantId"] == "a").count();
        (reply["count"].as_u64().unwrap(), data.len(), a)
    };
    assert_eq!((count("").await, count("?tenantId=a").await), ((10, 10, 5), (5, 5, 5)));
    assert_eq!((count("?tenant_id=b").await, count("?tenantId=c").await), ((5, 5, 0), (0, 0, 0)));
    assert_eq!(count("?tenantId=a&network=instagram").await, (1, 1, 1));
    assert_eq!(count("?username=ALICE.P").await, (2, 2, 1));
    assert_eq!(count(&format!("?id={}", ours["Harbour Coffee"])).await, (1, 1, 1));
    assert_eq!((count("?limit=3&offset=8").await, count("?offset=10").await), ((10, 2, 0), (10, 0, 0)));
    assert_eq!(app.reads("/v1/social-accounts?limit=0").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.reads("/v1/social-accounts?limit=x").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.reads("/v1/social-accounts?tenantId=a%20b").await.0, StatusCode::BAD_REQUEST);

    let id = &ours["Harbour Coffee"];
    let url = format!("{}/v1/social-accounts/{id}", app.url);
    for method in [Method::GET, Method::DELETE] {
        let request = app.http.request(method, &url).bearer_auth(SECRET).header("X-Tenant-ID", "b");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    let request = app.http.delete(&url).bearer_auth(SECRET).header("X-Tenant-ID", "a");
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["success"], true, "{answer}");
    assert_eq!(
        app.calls(Method::DELETE, &format!("/v1/social-accounts/{id}"), SECRET, None).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!((count("").await, count("?tenantId=a").await), ((9, 9, 4), (4, 4, 4)));

    // The tenant may come by header or query too.
    let address = format!("{}/v1/social-networks/facebook/auth-url", app.url);
    let body = json!({"redirect_uri": BACK});
    let by_header = app.http.post(&address).bearer_auth(SECRET).header("X-Tenant-ID", "h").json(&body);
    let by_query = app.http.post(format!("{address}?tenantId=q")).bearer_auth(SECRET).json(&body);
    for request in [by_header, by_query] {
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }
    let tenants: Vec<String> = sqlx::query_scalar("SELECT tenant FROM connecting ORDER BY tenant")
        .fetch_all(&app.database().await)
        .await
        .unwrap();
    assert_eq!(tenants, ["h", "q"]);
}

#[tokio::test]
async fn an_account_whose_token_is_dead_says_so_until_it_is_connected_again() {
    let app = start().await;
    let connected = app.has_connected("facebook", "alice", None).await;
    app.executes("UPDATE accounts SET name = 'old'").await;
    for (name, id) in &connected {
        let (status, reply) = app.refreshes(id).await;
        let wanted = if name == "alice.pro" { STUDIO } else { name };
        assert_eq!((status, &reply["data"]["nickname"]), (StatusCode::OK, &json!(wanted)), "{reply}");
    }
    app.emulator.set_fault(Fault::ServerErrors { times: None, host: None, status: None });
    let (status, reply) = app.refreshes(&connected["Harbour Coffee"]).await;
    assert_eq!((status, &reply["code"]), (StatusCode::BAD_GATEWAY, &json!("source_unavailable")));
    app.emulator.clear_faults();
    let problems = async || {
        let (_, all) = app.reads("/v1/social-accounts").await;
        let told = |account: &Value| (account["isActive"].as_i64().unwrap(), account["problem"].clone());
        let mut told: Vec<_> = all["data"].as_array().unwrap().iter().map(told).collect();
        told.dedup();
        told
    };
    assert_eq!(problems().await, [(1, Value::Null)], "trouble of Meta's is no problem of the account's");
    app.emulator.remove_app(FACEBOOK_APP_ID, "alice", false).await;
    for id in connected.values() {
        let (status, reply) = app.refreshes(id).await;
        assert_eq!((status, &reply["code"]), (StatusCode::BAD_REQUEST, &json!("access_removed")), "{reply}");
        let words = "The person has removed the app. The account has to be connected again.";
        assert_eq!((text(&reply, "message").as_str(), &reply["error"]), (words, &json!("Account is not active")));
    }
    assert_eq!(problems().await, [(0, json!("access_removed"))]);
    assert_eq!(app.has_connected("facebook", "alice", None).await, connected);
    assert_eq!(problems().await, [(1, Value::Null)]);
}

#[tokio::test]
async fn who_removes_the_app_takes_their_accounts_along_and_no_others() {
    const OWN_ID: &str = "3000000000000003";
    const OWN_SECRET: &str = "own-secret-for-the-pages-of-the-shop";
    let app = TestApp::start_with(|config| {
        two_sites(config);
        config.apps[0].pages = Some(OwnApp { id: OWN_ID.to_owned(), secret: Secret::new(OWN_SECRET) });
    })
    .await;
    app.emulator.register_app(App::new(Network::Facebook, OWN_ID, OWN_SECRET, "Pages of the Shop"));
    app.emulator.allow_redirect_uri(&format!("{}/api/client/facebook/authCallback/open", app.url));
    let dialog: Url = app.is_sent_to("facebook", json!({"redirect_uri": BACK})).await.parse().unwrap();
    assert_eq!(said(&dialog, "client_id").as_deref(), Some(OWN_ID), "with the app for Pages");
    let clara = app.has_connected("facebook", "clara", None).await;
    app.has_connected("facebook", "alice", Some("a")).await;
    app.has_connected("facebook", "alice", Some("b")).await;
    app.connects("facebook", "alice", None).await;
    assert_eq!((app.count("accounts").await, app.count("connecting").await), (40, 2));
    for duty in ["deauthorize", "deletion"] {
        let callback = format!("{}/api/client/facebook/{duty}/{OWN_ID}", app.url);
        let signed = app.emulator.signed_request(OWN_ID, "alice", None);
        let answer = app.http.post(callback).form(&[("signed_request", signed)]).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{duty}");
        assert_eq!((app.count("accounts").await, app.count("connecting").await), (30, 1), "{duty}");
        app.has_connected("facebook", "alice", None).await;
    }
    // With another app she is somebody else.
    let callback = format!("{}/api/client/facebook/deauthorize/{FACEBOOK_APP_ID}", app.url);
    let signed = app.emulator.signed_request(FACEBOOK_APP_ID, "alice", None);
    app.http.post(callback).form(&[("signed_request", signed)]).send().await.unwrap();
    assert_eq!((app.count("accounts").await, clara.len()), (35, 30));
}

#[tokio::test]
async fn oneall_asks_who_connected_and_that_connects_all_of_it() {
    let app = start().await;
    let session = app.connects("facebook", "alice", Some("a")).await;
    let file = format!("{session}.json");
    let refused = async |file: &str, key: &str, secret: &str| {
        let (status, reply) = app.asks_who(file, key, secret).await;
        let told = &reply["response"]["request"]["status"];
        assert!(reply["response"].get("result").is_none() && told["flag"] == "error", "{reply}");
        assert_eq!((told["code"].as_u64(), told["info"].is_string()), (Some(status.as_u16().into()), true), "{reply}");
        assert_eq!(reply["response"]["request"]["resource"], format!("/connections/{file}"));
        status
    };
    for (key, secret) in [("shop", OTHER_SECRET), ("other", SECRET), ("shop", ""), (SECRET, "shop"), ("", "")] {
        assert_eq!(refused(&file, key, secret).await, StatusCode::UNAUTHORIZED, "{key} {secret}");
    }
    assert_eq!(refused(&file, "other", OTHER_SECRET).await, StatusCode::NOT_FOUND, "it is another site's");
    assert_eq!(refused("unknown.json", "shop", SECRET).await, StatusCode::NOT_FOUND);
    assert_eq!(refused(&format!("{session}.xml"), "shop", SECRET).await, StatusCode::NOT_FOUND);
    assert_eq!(app.count("accounts").await, 0);

    let (status, reply) = app.asks_who(&file, "shop", SECRET).await;
    assert_eq!((status, app.count("accounts").await), (StatusCode::OK, 5), "{reply}");
    let request = &reply["response"]["request"];
    assert_eq!((&request["status"]["flag"], &request["status"]["code"]), (&json!("success"), &json!(200)));
    let date = |value: &Value| assert!(value.as_str().unwrap().ends_with("+0000"), "{value}");
    date(&request["date"]);
    let result = &reply["response"]["result"];
    let told = json!({"flag": "success", "code": 200, "info": "The user successfully authenticated"});
    assert_eq!(result["status"], told);
    let connection = &result["data"]["connection"];
    date(&connection["date"]);
    assert_eq!((&connection["connection_token"], &connection["plugin"]), (&json!(session), &json!("social_link")));
    let user = &result["data"]["user"];
    let identity = &user["identity"];
    assert_eq!((&identity["provider"], &identity["displayName"]), (&json!("facebook"), &json!("Alice Ferreira")));
    assert_eq!(identity["id"], app.emulator.user_id(FACEBOOK_APP_ID, "alice"));
    let tokens = [text(user, "user_token"), text(identity, "identity_token")];
    assert!(tokens.iter().all(|token| token.len() == 36) && tokens[0] != tokens[1], "{tokens:?}");

    // The same again, until the hour is over; and there is nothing left to choose.
    assert_eq!(app.asks_who(&file, "shop", SECRET).await.1["response"]["result"], *result);
    assert_eq!(app.is_pending(&session).await, no_session());
    assert_eq!(app.finalizes(&session, json!(["1"])).await, no_session());
    assert_eq!(app.count("accounts").await, 5);
    app.executes("UPDATE connecting SET expires_ms = 1").await;
    assert_eq!(refused(&file, "shop", SECRET).await, StatusCode::NOT_FOUND);

    // Whoever connects again is the same, in other tenants too, and in several calls at once.
    let again = app.connects("facebook", "alice", Some("b")).await;
    let file = format!("{again}.json");
    let (one, two) = tokio::join!(app.asks_who(&file, "shop", SECRET), app.asks_who(&file, "shop", SECRET));
    for (status, reply) in [one, two] {
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["response"]["result"]["data"]["user"], *user);
    }
    // Who has chosen by Outstand's call has ended the connection.
    let chosen = app.connects("instagram", "alice.pro", None).await;
    let id = pages(&app.is_pending(&chosen).await.1)[0]["id"].clone();
    assert_eq!(app.finalizes(&chosen, json!([id])).await.0, StatusCode::OK);
    assert_eq!(refused(&format!("{chosen}.json"), "shop", SECRET).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_token_of_a_connection_is_logged_or_answered() {
    let app = start().await;
    let mut secrets = vec![SECRET.to_owned(), FACEBOOK_APP_SECRET.to_owned(), INSTAGRAM_APP_SECRET.to_owned()];
    secrets.push(STANDARD.encode(format!("shop:{SECRET}")));
    let mut answers = String::new();
    let keyring = Keyring::in_data_dir(app.data_dir()).unwrap();
    for (network, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        let dialog = app.is_sent_to(network, json!({"redirect_uri": BACK})).await;
        let callback = app.consents(&dialog, account, &[]).await;
        let query: Vec<(String, String)> = callback.parse::<Url>().unwrap().query_pairs().into_owned().collect();
        secrets.extend(query.into_iter().filter(|(name, _)| name == "code" || name == "state").map(|(_, value)| value));
        let session = said(&app.goes_on(&callback).await, "session").unwrap();
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT id, found FROM connecting WHERE found IS NOT NULL")
            .fetch_all(&app.database().await)
            .await
            .unwrap();
        for (id, sealed) in rows {
            let found = keyring.open(&format!("connecting:{id}"), &sealed).unwrap();
            let found: Value = serde_json::from_str(found.expose()).unwrap();
            let tokens = found["accounts"].as_array().unwrap().iter().map(|account| text(account, "token"));
            secrets.extend(tokens);
        }
        let (_, pending) = app.is_pending(&session).await;
        answers += &pending.to_string();
        // With a slash too, which no route takes.
        for path in ["", "/", "/finalize/", "/x/y"] {
            app.get(&format!("/v1/social-accounts/pending/{session}{path}")).await;
        }
        let id = &pages(&pending)[0]["id"];
        if network == "facebook" {
            answers += &app.finalizes(&session, json!([id])).await.1.to_string();
        } else {
            answers +=
                &app.asks_who(&format!("{session}.json"), "shop", SECRET).await.1.to_string().replace(&session, "");
        }
        answers += &app.asks_who(&format!("{session}.json"), "shop", SECRET).await.1.to_string().replace(&session, "");
        secrets.push(session);
    }
    let (_, all) = app.reads("/v1/social-accounts").await;
    for account in all["data"].as_array().unwrap() {
        answers += &app.refreshes(&text(account, "id")).await.1.to_string();
        app.emulator.set_fault(Fault::ExpiredTokens);
        answers += &app.refreshes(&text(account, "id")).await.1.to_string();
        app.emulator.clear_faults();
    }
    answers += &all.to_string();
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT id, access_token FROM accounts").fetch_all(&app.database().await).await.unwrap();
    assert_eq!(rows.len(), 2);
    let opened = rows.iter().map(|(id, sealed)| keyring.open(&format!("account:{id}"), sealed).unwrap());
    secrets.extend(opened.map(|token| token.expose().to_owned()));
    assert!(secrets.len() > 12);
    let log = log();
    assert!(log.contains("accounts were connected"), "the recorder works");
    for secret in secrets {
        assert!(secret.len() > 10 && !log.contains(&secret), "the log contains {secret}");
        assert!(!answers.contains(&secret), "an answer contains {secret}");
    }
}
