//! What happens when the person removes an app, seen from the app's server.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_emulator::{
    CallbackAnswer, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET, Removal,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::visitor::{Choices, FACEBOOK_BACK, Visitor};

/// An app's server: keeps what it was posted, path and signed request.
struct AppServer {
    url: String,
    posted: Arc<Mutex<Vec<(String, String)>>>,
}

impl AppServer {
    async fn start() -> AppServer {
        let posted = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&posted);
        let router = Router::new().fallback(async move |uri: Uri, body: String| {
            let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            assert_eq!(form.len(), 1, "{body}");
            assert_eq!(form[0].0, "signed_request");
            book.lock().unwrap().push((uri.path().to_owned(), form[0].1.clone()));
            if uri.path() == "/broken" { (StatusCode::FORBIDDEN, "no") } else { (StatusCode::OK, "{\"url\":\"x\"}") }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        AppServer { url, posted }
    }

    fn posted(&self) -> Vec<(String, String)> {
        self.posted.lock().unwrap().clone()
    }
}

/// The payload of a signed request, whose signature is checked as an app's server would.
fn payload(signed: &str, secret: &str) -> Value {
    let (signature, payload) = signed.split_once('.').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn removing_an_app_kills_everything_and_calls_back() {
    let visitor = Visitor::start().await;
    let server = AppServer::start().await;
    let deauthorize = format!("{}/deauthorize", server.url);
    let deletion = format!("{}/deletion", server.url);
    visitor.emulator.set_app_callbacks(FACEBOOK_APP_ID, Some(&deauthorize), Some(&deletion));
    let alice = visitor.facebook_token("alice").await;
    let ben = visitor.facebook_token("ben").await;
    let id = visitor.graph(&alice, "me", &[]).await.body["id"].clone();
    let code = visitor.facebook_code("alice", Choices::default()).await;

    let removal = visitor.emulator.remove_app(FACEBOOK_APP_ID, "alice", true).await;
    let answer = CallbackAnswer { status: Some(200), body: "{\"url\":\"x\"}".to_owned() };
    assert_eq!(removal, Removal { deauthorize: Some(answer.clone()), data_deletion: Some(answer) });
    assert_eq!(visitor.graph(&alice, "me", &[]).await.error(), (401, 190, 458));
    assert_eq!(visitor.graph(&ben, "me", &[]).await.status, 200);
    assert_eq!(visitor.exchange_facebook(&code, FACEBOOK_BACK).await.error(), (400, 100, 0), "codes are dead too");

    let posted = server.posted();
    let paths: Vec<&str> = posted.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/deauthorize", "/deletion"]);
    for (_, signed) in posted {
        let payload = payload(&signed, FACEBOOK_APP_SECRET);
        assert_eq!((&payload["algorithm"], &payload["user_id"]), (&json!("HMAC-SHA256"), &id));
        assert_eq!(payload["expires"].as_i64().unwrap() - payload["issued_at"].as_i64().unwrap(), 3600);
    }
    let again = visitor.facebook_token("alice").await;
    assert_eq!(visitor.graph(&again, "me", &[]).await.body["id"], id, "who comes back has the same id");
}

#[tokio::test]
async fn only_what_is_set_and_asked_for_is_called() {
    let visitor = Visitor::start().await;
    let server = AppServer::start().await;
    let nothing = Removal { deauthorize: None, data_deletion: None };
    assert_eq!(visitor.emulator.remove_app(INSTAGRAM_APP_ID, "alice.pro", true).await, nothing);

    let (deauthorize, deletion) = (format!("{}/broken", server.url), format!("{}/deletion", server.url));
    visitor.emulator.set_app_callbacks(INSTAGRAM_APP_ID, Some(&deauthorize), Some(&deletion));
    let removal = visitor.emulator.remove_app(INSTAGRAM_APP_ID, "alice.pro", false).await;
    let refused = CallbackAnswer { status: Some(403), body: "no".to_owned() };
    assert_eq!(removal, Removal { deauthorize: Some(refused), data_deletion: None });
    let posted = server.posted();
    assert_eq!(posted.len(), 1);
    let payload = payload(&posted[0].1, INSTAGRAM_APP_SECRET);
    assert_eq!(payload["user_id"], visitor.emulator.user_id(INSTAGRAM_APP_ID, "alice.pro").as_str());

    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    visitor.emulator.set_app_callbacks(INSTAGRAM_APP_ID, Some(&format!("http://{free}/gone")), None);
    let unreachable = visitor.emulator.remove_app(INSTAGRAM_APP_ID, "alice.pro", true).await.deauthorize.unwrap();
    assert_eq!(unreachable.status, None);
    assert!(unreachable.body.starts_with("no answer came"), "{}", unreachable.body);
}

#[tokio::test]
async fn apps_are_removed_over_http() {
    let visitor = Visitor::start().await;
    let server = AppServer::start().await;
    let put = async |id: &str, body: Value| {
        let url = visitor.url(&format!("_emulator/apps/{id}/callbacks"));
        visitor.http.put(url).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(put(FACEBOOK_APP_ID, json!({ "data_deletion_url": format!("{}/deletion", server.url) })).await, 204);
    assert_eq!(put("7", json!({})).await, 404);
    let token = visitor.facebook_token("alice").await;
    let remove = async |id: &str, body: Value| {
        let url = visitor.url(&format!("_emulator/apps/{id}/removals"));
        Visitor::read(visitor.http.post(url).json(&body).send().await.unwrap()).await
    };
    let answer = remove(FACEBOOK_APP_ID, json!({ "account": "alice", "delete_data": true })).await;
    let deletion = json!({ "status": 200, "body": "{\"url\":\"x\"}" });
    assert_eq!(answer.body, json!({ "deauthorize": null, "data_deletion": deletion }));
    assert_eq!(visitor.graph(&token, "me", &[]).await.error(), (401, 190, 458));
    assert_eq!(remove("7", json!({ "account": "alice" })).await.status, 404);
    assert_eq!(remove(FACEBOOK_APP_ID, json!({ "account": "alice.pro" })).await.status, 404);
}

#[tokio::test]
async fn a_revocation_by_the_api_calls_nobody_back() {
    let visitor = Visitor::start().await;
    let server = AppServer::start().await;
    visitor.emulator.set_app_callbacks(FACEBOOK_APP_ID, Some(&server.url), Some(&server.url));
    let token = visitor.facebook_token("alice").await;
    let url = visitor.url(&format!("graph.facebook.com/v25.0/me/permissions?access_token={token}"));
    assert_eq!(visitor.http.delete(url).send().await.unwrap().status(), 200);
    visitor.emulator.remove_app(FACEBOOK_APP_ID, "ben", false).await;
    assert_eq!(server.posted().len(), 1, "ben's is the first");
}

#[tokio::test]
async fn signed_requests_can_be_made_for_any_time() {
    let visitor = Visitor::start().await;
    let signed = visitor.emulator.signed_request(FACEBOOK_APP_ID, "alice", Some(1_291_836_800));
    assert_eq!(
        payload(&signed, FACEBOOK_APP_SECRET),
        json!({
            "algorithm": "HMAC-SHA256", "expires": 1_291_840_400, "issued_at": 1_291_836_800,
            "user_id": visitor.emulator.user_id(FACEBOOK_APP_ID, "alice"),
        })
    );
    let before = visitor.get("_emulator/clock", &[]).await.body["now"].as_i64().unwrap();
    let now = payload(&visitor.emulator.signed_request(INSTAGRAM_APP_ID, "alice.pro", None), INSTAGRAM_APP_SECRET);
    assert!(now["issued_at"].as_i64().unwrap() >= before);
}
