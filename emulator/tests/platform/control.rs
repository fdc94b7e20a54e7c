use std::time::{Duration, Instant};

use bowerbird_emulator::{Emulator, FAULT_NAMES, Settings};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::visitor::{Choices, Visitor, param};

#[tokio::test]
async fn faults_are_switched_over_http() {
    let visitor = Visitor::start().await;
    for name in FAULT_NAMES {
        let params = match name {
            "slow" | "slow_login" => json!({ "ms": 1 }),
            "login_error" => json!({ "error": "access_denied", "error_code": 200 }),
            "refusal" => json!({ "kind": "not_reviewed", "times": 1 }),
            "usage" => json!({ "percent": 95, "minutes": 3 }),
            "publish" => json!({ "step": "photo", "kind": "lost_answer", "skip": 1, "times": 2 }),
            _ => json!({}),
        };
        let response =
            visitor.http.put(visitor.url(&format!("_emulator/faults/{name}"))).json(&params).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
    }
    assert_eq!(visitor.get("_emulator/faults", &[]).await.body.as_array().unwrap().len(), FAULT_NAMES.len());
    let one = visitor.http.delete(visitor.url("_emulator/faults/slow")).send().await.unwrap();
    assert_eq!(one.status(), StatusCode::NO_CONTENT);
    assert_eq!(visitor.get("_emulator/faults", &[]).await.body.as_array().unwrap().len(), FAULT_NAMES.len() - 1);
    visitor.http.delete(visitor.url("_emulator/faults")).send().await.unwrap();
    assert_eq!(visitor.get("_emulator/faults", &[]).await.body, json!([]));

    let bare = visitor.http.put(visitor.url("_emulator/faults/cut_images")).send().await.unwrap();
    assert_eq!(bare.status(), 200, "no body is no parameters");
    let put = async |name: &str, body: Value| {
        let response =
            visitor.http.put(visitor.url(&format!("_emulator/faults/{name}"))).json(&body).send().await.unwrap();
        Visitor::read(response).await
    };
    let unknown = put("earthquake", json!({})).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.body["error"].as_str().unwrap().contains("cut_images"));
    assert_eq!(put("slow", json!({})).await.status, 400);
    assert_eq!(put("not_an_image", json!({ "time": 1 })).await.status, 400);
    assert_eq!(put("refusal", json!({ "kind": "mood" })).await.status, 400);
}

#[tokio::test]
async fn redirect_uris_can_be_added() {
    let visitor = Visitor::start().await;
    let uri = "http://127.0.0.1:9/back?x=1";
    let add =
        visitor.http.post(visitor.url("_emulator/redirect-uris")).json(&json!({ "uri": uri })).send().await.unwrap();
    assert_eq!(add.status(), StatusCode::NO_CONTENT);
    let dialog = visitor.facebook_dialog(Choices::default());
    let pairs: Vec<(String, String)> = dialog
        .query_pairs()
        .map(|(key, old)| (key.to_string(), if key == "redirect_uri" { uri.to_owned() } else { old.into_owned() }))
        .collect();
    let mut dialog = dialog.clone();
    dialog.query_pairs_mut().clear().extend_pairs(pairs);
    let back = visitor.consent(&dialog, "alice", &[]).await;
    assert!(back.as_str().starts_with("http://127.0.0.1:9/back?x=1&code="), "{back}");
    assert!(param(&back, "state").is_some());
}

#[tokio::test]
async fn calls_are_written_down_without_secrets() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    visitor.http.delete(visitor.url("_emulator/calls")).send().await.unwrap();
    visitor.graph(&token, "me/albums", &[("fields", "id"), ("limit", "100")]).await;
    visitor.graph("EAAwrong", "me", &[]).await;
    let calls = visitor.get("_emulator/calls", &[]).await.body;
    assert_eq!(
        calls,
        json!([
            { "method": "GET", "host": "graph.facebook.com", "path": "/v25.0/me/albums",
              "query_without_secrets": "fields=id&limit=100", "status": 200 },
            { "method": "GET", "host": "graph.facebook.com", "path": "/v25.0/me", "query_without_secrets": "",
              "status": 401 },
        ])
    );
    assert_eq!(visitor.emulator.calls().len(), 2);
}

#[tokio::test]
async fn people_apps_and_the_clock_can_be_looked_up() {
    let visitor = Visitor::start().await;
    let accounts = visitor.get("_emulator/accounts", &[]).await.body;
    let keys: Vec<&str> = accounts.as_array().unwrap().iter().map(|account| account["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["alice", "ben", "clara", "dalia", "eve", "frida", "alice.pro", "ben.personal"]);
    let apps = visitor.get("_emulator/apps", &[]).await.body;
    assert_eq!(apps[0]["id"], "1000000000000001");
    let before = visitor.get("_emulator/clock", &[]).await.body["now"].as_i64().unwrap();
    let url = visitor.url("_emulator/clock");
    visitor.http.post(url).json(&json!({ "advance_seconds": 1000 })).send().await.unwrap();
    assert!(visitor.get("_emulator/clock", &[]).await.body["now"].as_i64().unwrap() >= before + 1000);
    assert_eq!(visitor.http.get(visitor.url("")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn photos_disappear_over_http() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    let path = format!("{album}/photos");
    let photos = visitor.graph(&token, &path, &[("limit", "100")]).await;
    let id = photos.items()[3]["id"].as_str().unwrap();
    let delete = async |id: &str| {
        visitor.http.delete(visitor.url(&format!("_emulator/photos/{id}"))).send().await.unwrap().status().as_u16()
    };
    assert_eq!(delete(id).await, 204);
    assert_eq!(delete("12").await, 404);
    assert_eq!(visitor.graph(&token, &path, &[("limit", "100")]).await.items().len(), 23);
}

#[tokio::test]
async fn hosts_can_be_slow() {
    let visitor = Visitor::start().await;
    let params = json!({ "ms": 300, "host": "graph.facebook.com", "times": 1 });
    visitor.http.put(visitor.url("_emulator/faults/slow")).json(&params).send().await.unwrap();
    let timed = async || {
        let begun = Instant::now();
        visitor.graph("x", "me", &[]).await;
        begun.elapsed()
    };
    assert!(timed().await >= Duration::from_millis(300));
    assert_eq!(visitor.get("_emulator/faults", &[]).await.body, json!([]), "once is once");
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_a_dropped_emulator_frees_it() {
    let first = Emulator::start().await;
    let port = first.address().port();
    let settings = Settings { port, ..Settings::default() };
    let error = Emulator::bind(settings.clone()).await.err().expect("the port is taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    first.stop().await;
    assert_eq!(Emulator::start_with(settings).await.address().port(), port);
}
