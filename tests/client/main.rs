//! Filestack's own client (npm `filestack-js`), unmodified, drives the companion call by call: in Node and in Chromium, with and without
//! security. What it takes for an answer of Filestack's is one.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a step that does not work has failed")]

mod sdk;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bowerbird_companion::App;
use bowerbird_companion::config::{AppConfig, Config};
use bowerbird_companion::secrets::{Secret, hmac_hex};
use bowerbird_emulator::Emulator;
use sdk::{Call, Sdk};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::net::TcpListener;

const SECRET: &str = "the secret of the key shop";

/// A companion whose key lets any client sign in, and a page of the site.
struct Shop {
    companion: String,
    _emulator: Emulator,
    _data: TempDir,
}

impl Shop {
    /// `origin` is that of the pages.
    async fn open(origin: &str, require_policy: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let emulator = Emulator::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let companion = format!("http://{}", listener.local_addr().unwrap());
        for source in ["facebook", "instagram"] {
            emulator.allow_redirect_uri(&format!("{companion}/api/client/{source}/authCallback/open"));
        }
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::against_emulator(&format!("http://{}", emulator.address())).unwrap();
        config.public_url = companion.parse().unwrap();
        config.data_dir = data.path().join("data");
        // What `storeURL` fetches here is the companion's own file.
        config.private_sources = vec![companion.trim_start_matches("http://").to_owned()];
        config.apps = vec![AppConfig {
            origins: vec![origin.to_owned()],
            unbound_sign_in: true,
            secret: Some(Secret::new(SECRET)),
            require_policy,
            ..AppConfig::open("shop")
        }];
        let app = App::build(config).await.unwrap();
        tokio::spawn(app.serve(listener, std::future::pending()));
        Self { companion, _emulator: emulator, _data: data }
    }

    /// What a visitor does in the window that the client opens.
    async fn signs_in(&self, redirect_url: &str) {
        let http = reqwest::Client::new();
        let dialog = http.get(redirect_url).send().await.unwrap();
        let action = dialog.url().clone();
        let form = [("account", "alice"), ("decision", "continue"), ("user_photos", "on")];
        let done = http.post(action).form(&form).send().await.unwrap();
        assert!(done.url().as_str().starts_with(&self.companion), "{done:?}");
    }
}

/// What [`sdk`]'s programs make of a size.
fn bytes_of(size: usize) -> Vec<u8> {
    (0..size).map(|index| ((index * 31 + (index >> 8)) % 251) as u8).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A policy for all that the suite does, in one of the alphabets of base64 that Filestack's libraries use.
fn security(url_safe: bool) -> Value {
    let policy = json!({"expiry": 4_102_444_800_u64, "call": ["pick", "store", "read", "stat", "write", "convert", "remove", "exif"]});
    let text = policy.to_string();
    let policy = if url_safe { URL_SAFE.encode(text) } else { STANDARD.encode(text) };
    let signature = hmac_hex(&Secret::new(SECRET), &policy);
    json!({"policy": policy, "signature": signature})
}

/// Every call that Filestack's client can make and that is offered here.
async fn the_whole_client(shop: &Shop, sdk: &mut Sdk, security: Option<Value>) {
    let secured = security.is_some();
    sdk.call("init", json!(["shop", shop.companion, security])).await.ok();

    let before = sdk
        .call("prefetch", json!([{"settings": ["inapp_browser"], "permissions": ["intelligent_ingestion"]}]))
        .await
        .ok();
    assert_eq!((&before["blocked"], &before["permissions"]["intelligent_ingestion"]), (&json!(false), &json!(false)));

    let root = json!([{"facebook": {"path": "/"}}]);
    let offer = sdk.call("cloud.list", root.clone()).await.ok();
    shop.signs_in(offer["facebook"]["auth"]["redirect_url"].as_str().unwrap()).await;
    let albums = sdk.call("cloud.list", root.clone()).await.ok();
    let album = &albums["facebook"]["contents"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["name"] == "Profile pictures")
        .unwrap()["path"];
    let photos = sdk.call("cloud.list", json!([{"facebook": {"path": album}}])).await.ok();
    let photo = &photos["facebook"]["contents"][0]["path"];

    let stored = sdk.call("cloud.store", json!(["facebook", photo, {"path": "picked/"}])).await.ok();
    assert_eq!(
        (&stored["client"], &stored["mimetype"], &stored["status"]),
        (&json!("facebook"), &json!("image/jpeg"), &json!("Stored"))
    );
    assert!(stored["key"].as_str().unwrap().starts_with("picked/"), "{stored}");
    let handle = stored["handle"].as_str().unwrap();

    let head = sdk.call("retrieve", json!([handle, {"head": true, "extension": "jpg"}])).await.ok();
    assert_eq!(
        (&head["content-type"], &head["content-length"]),
        (&json!("image/jpeg"), &json!(stored["size"].to_string()))
    );
    let read = sdk.call("download", json!([handle])).await.ok();
    assert_eq!((&read["status"], &read["data"]["sha256"]), (&json!(200), &stored["sha256"]));
    // Reading what is known takes a policy, or the picker's own session, which these calls do not send.
    let known = sdk.call("metadata", json!([handle, {"size": true, "sha256": true, "width": true}])).await;
    match secured {
        true => {
            let known = known.ok();
            assert_eq!(
                (&known["size"], &known["sha256"], &known["width"]),
                (&stored["size"], &stored["sha256"], &stored["width"])
            );
            assert_eq!(known["handle"], json!(handle), "the client adds it");
        }
        false => assert_eq!(known.status(), Some(403)),
    }

    // One part, and several of the client's 6 MiB.
    for size in [1_000, 13_000_000] {
        let file = json!({"file": {"name": "words~1.bin", "type": "application/octet-stream", "size": size}});
        let options = json!({"intelligent": size > 1_000_000, "tags": {"order": "17"}});
        let uploaded = sdk.call("upload", json!([file, options, {"path": "up/", "access": "private"}])).await.ok();
        assert_eq!((&uploaded["size"], &uploaded["status"]), (&json!(size), &json!("Stored")), "{uploaded}");
        let path = format!("{}/api/file/{}", shop.companion, uploaded["handle"].as_str().unwrap());
        let kept = reqwest::get(&path).await.unwrap().status();
        assert_eq!(kept.as_u16(), 403, "it is private");
        let read = sdk.call("download", json!([uploaded["handle"]])).await;
        match secured {
            true => assert_eq!(read.ok()["data"]["sha256"], sha256(&bytes_of(size))),
            false => assert_eq!(read.status(), Some(403)),
        }
    }

    let address = format!("{}/{handle}", shop.companion);
    let copied = sdk.call("storeURL", json!([address, {"path": "from/", "filename": "copy.jpg"}])).await.ok();
    assert_eq!(
        (&copied["mimetype"], &copied["size"], &copied["filename"]),
        (&json!("image/jpeg"), &stored["size"], &json!("copy.jpg"))
    );
    let there = sdk.call("cloud.metadata", json!([address])).await.ok();
    assert_eq!((&there["type"], &there["size"]), (&json!("image/jpeg"), &stored["size"]));

    // Addresses that the client builds, as they are and in base64; one of them is stored as it builds them.
    let tasks = json!({
        "resize": {"width": 40, "height": 30, "fit": "crop", "align": ["top", "left"]}, "partial_blur": {"objects": [[1, 1, 9, 9]]},
        "output": {"format": "png"},
    });
    for base64 in [false, true] {
        let address = sdk.call("transform", json!([handle, tasks, base64])).await.ok();
        let made = reqwest::get(address.as_str().unwrap()).await.unwrap();
        assert_eq!(
            (made.status().as_u16(), made.headers()["content-type"].to_str().unwrap()),
            (200, "image/png"),
            "{address}"
        );
        let made = image::load_from_memory(&made.bytes().await.unwrap()).unwrap();
        assert_eq!((made.width(), made.height()), (40, 30));
        let kept = sdk.call("storeURL", json!([address, {"path": "small/"}])).await.ok();
        assert_eq!((&kept["mimetype"], &kept["width"]), (&json!("image/png"), &json!(40)), "{kept}");
    }
    let listed = sdk.call("transform", json!([[handle, handle], {"zip": true}])).await.ok();
    let archive = reqwest::get(listed.as_str().unwrap()).await.unwrap();
    assert_eq!(archive.headers()["content-type"], "application/zip", "{listed}");

    let removed = sdk.call("remove", json!([handle])).await;
    match secured {
        true => {
            removed.ok();
            assert_eq!(sdk.call("retrieve", json!([handle])).await.status(), Some(404));
        }
        // The client itself refuses to ask without a policy.
        false => assert!(removed.refused().contains("Security policy")),
    }

    sdk.call("cloud.logout", json!(["facebook"])).await.ok();
    let after = sdk.call("cloud.list", root).await.ok();
    assert!(after["facebook"]["auth"]["redirect_url"].is_string(), "{after}");
    sdk.call("cloud.logout", json!([])).await.ok();
}

#[tokio::test]
async fn in_node() {
    let shop = Shop::open("https://shop.example", false).await;
    the_whole_client(&shop, &mut Sdk::node(), None).await;
    let guarded = Shop::open("https://shop.example", true).await;
    the_whole_client(&guarded, &mut Sdk::node(), Some(security(false))).await;
    the_whole_client(&guarded, &mut Sdk::node(), Some(security(true))).await;
    // As its own library signs them.
    let mut signer = Sdk::node();
    let policy =
        json!([{"expiry": 4_102_444_800_u64, "call": ["pick", "store", "read", "stat", "convert", "remove"]}, SECRET]);
    let own = signer.call("filestack.getSecurity", policy).await.ok();
    the_whole_client(&guarded, &mut Sdk::node(), Some(own)).await;
    let mut stranger = Sdk::node();
    stranger.call("init", json!(["shop", guarded.companion, null])).await.ok();
    assert_eq!(stranger.call("cloud.list", json!([{"facebook": {"path": "/"}}])).await.status(), Some(403));
}

#[tokio::test]
async fn in_chromium() {
    let (mut page, origin) = Sdk::chromium().await;
    the_whole_client(&Shop::open(&origin, false).await, &mut page, None).await;
    let (mut page, origin) = Sdk::chromium().await;
    the_whole_client(&Shop::open(&origin, true).await, &mut page, Some(security(false))).await;
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing() {
    let (mut page, _) = Sdk::chromium().await;
    let shop = Shop::open("https://shop.example", false).await;
    page.call("init", json!(["shop", shop.companion, null])).await.ok();
    page.call("cloud.list", json!([{"facebook": {"path": "/"}}])).await.refused();
    page.call("storeURL", json!(["https://a.example/"])).await.refused();
}
