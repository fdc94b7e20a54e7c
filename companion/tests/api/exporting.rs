//! What visitors publish from the widget: destinations, checks, publications, and whose they are.

use crate::app::{TestApp, Visitor, eventually, items, text};
use crate::files::{SECRET, for_calls};
use crate::press::picture;
use crate::webhooks::Receiver;
use bowerbird_companion::db::{Db, IdleSince, now};
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::Secret;
use image::ImageFormat;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

/// A file that nobody's session stored.
async fn stores(app: &TestApp, bytes: Vec<u8>) -> String {
    let url = format!("{}/api/store/S3?key=demo", app.url);
    let request = app.http.post(url).header(header::CONTENT_TYPE, "image/jpeg").body(bytes);
    let stored: Value = request.header(header::ORIGIN, crate::app::ORIGIN).send().await.unwrap().json().await.unwrap();
    text(&stored, "url").rsplit('/').next().unwrap().to_owned()
}

async fn photo(app: &TestApp, width: u32, height: u32) -> String {
    stores(app, picture(ImageFormat::Jpeg, width, height)).await
}

async fn db(app: &TestApp) -> Db {
    let config = app.config();
    let keyring = Keyring::in_data_dir(&config.data_dir).unwrap();
    Db::open(config.database_url.expose(), &config.data_dir, keyring).await.unwrap()
}

impl Visitor<'_> {
    async fn destination(&mut self, name: &str) -> String {
        let listing = self.lists("pages", "/").await;
        let found = items(&listing).iter().find(|item| item["name"] == name);
        text(found.unwrap_or_else(|| panic!("no {name} in {listing}")), "path")
    }

    /// Follows a publication to its end; answers what was told on the way.
    async fn follows(&mut self, id: &str) -> Vec<Value> {
        let mut told = Vec::new();
        let mut seen = Value::Null;
        loop {
            let now = self.posts("/publish/wait", json!({"id": id, "seen": seen})).await;
            seen = json!({"state": now["state"], "phase": now["phase"], "sent": now["sent"]});
            let is_over = ["published", "failed", "cancelled"].contains(&now["state"].as_str().unwrap());
            told.push(now);
            if is_over {
                return told;
            }
        }
    }

    async fn is_refused(&mut self, path: &str, mut body: Value) -> (StatusCode, String) {
        body["apikey"] = json!(self.key);
        body["token"] = json!(self.token);
        let (status, reply) = self.app.post(path, &body).await;
        (status, text(&reply["error"], "code"))
    }
}

#[tokio::test]
async fn destinations_are_the_pages_and_accounts_that_may_be_published_to() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("pages", "alice").await;
    let listing = visitor.lists("pages", "/").await;
    let mut names: Vec<(String, String)> =
        items(&listing).iter().map(|item| (text(item, "network"), text(item, "name"))).collect();
    names.sort();
    let expected = [
        ("facebook", "Alice Ferreira Photography"),
        ("facebook", "Harbour Bakery"),
        ("facebook", "Harbour Coffee"),
        ("facebook", "Walks in Lisbon"),
    ];
    let pages: Vec<(&str, &str)> = names[..4].iter().map(|(network, name)| (network.as_str(), name.as_str())).collect();
    assert_eq!(pages, expected, "one with other tasks is not there, and one that is left out by Meta is");
    assert!(names.len() == 5 && names[4].0 == "instagram", "{names:?}");
    assert_eq!(listing["account"], "Alice Ferreira");
    let thumbnail = text(&items(&listing)[0], "thumbnail");
    assert_eq!(app.http.get(thumbnail).send().await.unwrap().status(), StatusCode::OK);
    let sent = listing.to_string();
    assert!(app.provider_tokens().await.iter().all(|token| !sent.contains(token)) && !sent.contains("EAA"), "{sent}");
    // It is no source of photos, and its sign-in opens none.
    assert!(visitor.lists("facebook", "/").await["auth"].is_object());
    let path = text(&items(&listing)[0], "path");
    assert_eq!(visitor.stores("pages", &path).await["error"]["code"], "bad_path");
    assert_eq!(visitor.lists("pages", &path).await["error"]["code"], "bad_path");
}

#[tokio::test]
async fn a_photo_is_published_once_as_a_post_and_as_a_story() {
    let receiver = Receiver::start().await;
    let app = receiver.app("fp.export").await;
    let handle = photo(&app, 900, 1200).await;
    let mut visitor = app.visitor();
    visitor.signs_in("pages", "alice").await;
    let page = visitor.destination("Walks in Lisbon").await;
    let post = json!({"destination": page, "handle": handle, "text": "Alfama at noon", "request_key": "1"});
    let begun = visitor.posts("/publish", post.clone()).await;
    let again = visitor.posts("/publish", post).await;
    assert_eq!(begun["id"], again["id"], "the same wish is the same publication");
    let story = json!({"destination": page, "handle": handle, "form": "story", "fit": "pad"});
    let story = visitor.posts("/publish", story).await;
    for id in [text(&begun, "id"), text(&story, "id")] {
        let told = visitor.follows(&id).await;
        let last = told.last().unwrap();
        assert_eq!(last["state"], "published", "{told:?}");
        assert!(text(last, "url").starts_with("https://"), "{last}");
        assert!(last["total"].as_u64().unwrap() > 0 && last["phase"].is_null(), "{last}");
    }
    let published = app.emulator.published();
    assert_eq!(published.visible.len(), 2, "{published:?}");
    assert!(published.visible.iter().any(|seen| seen.text.as_deref() == Some("Alfama at noon")));
    receiver.has_heard(2).await;
    let heard = receiver.heard();
    assert!(heard.iter().all(|it| it["text"]["account"]["name"] == "Walks in Lisbon"), "{heard:?}");
    // Instagram, which fetches what it shows.
    let square = photo(&app, 1080, 1080).await;
    let listing = visitor.lists("pages", "/").await;
    let account = items(&listing).iter().find(|item| item["network"] == "instagram").unwrap();
    let begun = visitor.posts("/publish", json!({"destination": account["path"], "handle": square})).await;
    let told = visitor.follows(&text(&begun, "id")).await;
    assert_eq!(told.last().unwrap()["state"], "published", "{told:?}");
}

#[tokio::test]
async fn only_the_session_that_began_a_publication_hears_of_it() {
    let app = TestApp::start().await;
    let handle = photo(&app, 900, 900).await;
    let (mut visitor, mut other) = (app.visitor(), app.visitor());
    visitor.signs_in("pages", "alice").await;
    other.signs_in("pages", "alice").await;
    let page = visitor.destination("Walks in Lisbon").await;
    let later = "2999-01-01T00:00:00Z";
    let wish = json!({"destination": page, "handle": handle, "scheduled_at": later});
    assert_eq!(visitor.is_refused("/publish", wish).await, (StatusCode::BAD_REQUEST, "bad_request".to_owned()));
    let tomorrow = chrono::DateTime::from_timestamp_millis(now() + 86_400_000).unwrap().to_rfc3339();
    let wish = json!({"destination": page, "handle": handle, "scheduled_at": tomorrow});
    let begun = visitor.posts("/publish", wish.clone()).await;
    assert_eq!(begun["state"], "waiting");
    let id = json!({"id": begun["id"]});
    for path in ["/publish/wait", "/publish/cancel"] {
        assert_eq!(other.is_refused(path, id.clone()).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(visitor.posts("/publish/cancel", id).await["state"], "cancelled");
    assert!(app.emulator.published().visible.is_empty());
    // Nor does one publish who is not signed in, or what is not there, or somewhere else.
    let mut stranger = app.visitor();
    stranger.lists("pages", "/").await;
    assert_eq!(stranger.is_refused("/publish", wish.clone()).await.1, "sign_in_again");
    for (member, value, code) in [
        ("handle", "abcdefghijABCDEFGHIJ", "photo_gone"),
        ("destination", "/me", "bad_path"),
        ("scheduled_at", "tomorrow", "bad_request"),
        ("destination", "/1/2", "photo_gone"),
    ] {
        let mut wrong = wish.clone();
        wrong[member] = json!(value);
        assert_eq!(visitor.is_refused("/publish", wrong).await.1, code, "{member}: {value}");
    }
}

#[tokio::test]
async fn a_check_says_what_fits_and_what_is_counted() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("pages", "alice").await;
    let listing = visitor.lists("pages", "/").await;
    let account = items(&listing).iter().find(|item| item["network"] == "instagram").unwrap()["path"].clone();
    let wide = photo(&app, 2400, 600).await;
    let mut check = json!({"destination": account, "handle": wide, "text": "#a ".repeat(31)});
    let told = visitor.posts("/publish/check", check.clone()).await;
    let limits: Vec<&str> = told["reasons"].as_array().unwrap().iter().filter_map(|it| it["limit"].as_str()).collect();
    assert_eq!((told["verdict"].as_str(), limits), (Some("refused"), vec!["hashtags", "shape"]), "{told}");
    assert_eq!(told["limits"], json!({"characters": 2200, "hashtags": 30, "mentions": 20}));
    check["text"] = json!("");
    for (fit, shown) in [("pad", [2400, 1257]), ("crop", [1146, 600])] {
        check["fit"] = json!(fit);
        let told = visitor.posts("/publish/check", check.clone()).await;
        assert_eq!(told["verdict"], "fitted", "{told}");
        assert_eq!([&told["width"], &told["height"]], [2400, 600]);
        let [width, height] = ["shown_width", "shown_height"].map(|side| told[side].as_i64().unwrap());
        assert!((width - shown[0]).abs() <= 1 && (height - shown[1]).abs() <= 1, "{fit}: {told}");
    }
    check["form"] = json!("story");
    let told = visitor.posts("/publish/check", check).await;
    assert_eq!((told["verdict"].as_str(), &told["limits"]["characters"]), (Some("fits"), &json!(0)), "{told}");
    assert!(told["unavailable"].is_null(), "{told}");
    assert!(app.emulator.published().containers.is_empty(), "nothing is sent");
}

#[tokio::test]
async fn instagram_is_unavailable_while_meta_cannot_reach_the_companion() {
    let app =
        TestApp::start_with(|config| config.facebook_graph_url = "https://graph.facebook.com".parse().unwrap()).await;
    let handle = photo(&app, 900, 900).await;
    let mut visitor = app.visitor();
    visitor.lists("pages", "/").await;
    let check = json!({"destination": "/12/34", "handle": handle});
    let told = visitor.posts("/publish/check", check).await;
    assert!(text(&told["unavailable"], "text").contains("public_url"), "{told}");
    let told = visitor.posts("/publish/check", json!({"destination": "/12", "handle": handle})).await;
    assert!(told["unavailable"].is_null(), "a Page is sent what it shows: {told}");
}

#[tokio::test]
async fn policies_are_asked_and_private_files_stay_private() {
    let app = TestApp::start_with(|config| {
        config.apps[0].secret = Some(Secret::new(SECRET));
        config.apps[0].require_policy = true;
    })
    .await;
    let with = |mut body: Value, calls: &str| {
        for (name, value) in url::form_urlencoded::parse(for_calls(calls).as_bytes()) {
            body[name.as_ref()] = json!(value);
        }
        body
    };
    let url = format!("{}/api/store/S3?key=demo&access=private&{}", app.url, for_calls(r#"["store"]"#));
    let request = app.http.post(url).header(header::CONTENT_TYPE, "image/jpeg");
    let stored = request.body(picture(ImageFormat::Jpeg, 900, 900)).send().await.unwrap();
    let stored: Value = stored.json().await.unwrap();
    let handle = text(&stored, "url").rsplit('/').next().unwrap().to_owned();
    let mut visitor = app.visitor();
    visitor.posts("/folder/list", with(json!({"clouds": {}, "completes": true}), r#"["pick"]"#)).await;
    let check = json!({"destination": "/12", "handle": handle});
    let refused = visitor.is_refused("/publish/check", check.clone()).await;
    assert_eq!(refused, (StatusCode::FORBIDDEN, "not_allowed".to_owned()));
    let refused = visitor.is_refused("/publish/check", with(check.clone(), r#"["pick"]"#)).await;
    assert_eq!(refused.0, StatusCode::FORBIDDEN);
    let refused = visitor.is_refused("/publish/check", with(check.clone(), r#"["store"]"#)).await;
    assert_eq!(refused.1, "photo_gone", "it is nobody's to read but who may");
    let told = visitor.posts("/publish/check", with(check, r#"["store","read"]"#)).await;
    assert_eq!(told["verdict"], "fits", "{told}");
}

#[tokio::test]
async fn a_sessions_accounts_go_with_its_sign_in_and_not_before_what_is_scheduled() {
    let app = TestApp::start().await;
    let handle = photo(&app, 900, 900).await;
    let mut visitor = app.visitor();
    visitor.signs_in("pages", "alice").await;
    let page = visitor.destination("Walks in Lisbon").await;
    let soon = chrono::DateTime::from_timestamp_millis(now() + 4000).unwrap().to_rfc3339();
    let wish = json!({"destination": page, "handle": handle, "text": "Later", "scheduled_at": soon});
    visitor.posts("/publish", wish).await;
    let db = db(&app).await;
    let nobody = IdleSince { plain: 0, remembered: 0 };
    let left = async || {
        db.sweep(nobody).await.unwrap();
        app.count("accounts").await
    };
    assert_eq!(left().await, 1);
    visitor.posts("/auth/logout", json!({"clouds": {"pages": {}}})).await;
    assert_eq!(left().await, 1, "something waits for its time");
    eventually("it is published", async || app.emulator.published().visible.len() == 1).await;
    eventually("the account is forgotten", async || left().await == 0).await;
}

#[tokio::test]
async fn who_removes_the_app_at_facebook_is_signed_out_of_their_pages_too() {
    let app = TestApp::start().await;
    let handle = photo(&app, 900, 900).await;
    let mut visitor = app.visitor();
    visitor.signs_in("pages", "alice").await;
    let page = visitor.destination("Walks in Lisbon").await;
    visitor.posts("/publish", json!({"destination": page, "handle": handle})).await;
    assert_eq!(app.count("accounts").await, 1);
    app.is_asked_to_delete_all_of("alice").await;
    assert_eq!(app.count("accounts").await, 0);
    assert!(visitor.lists("pages", "/").await["auth"].is_object());
}
