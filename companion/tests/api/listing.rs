//! Albums and pages of photos.

use crate::app::{TestApp, items, text};
use bowerbird_companion::secrets::{Secret, hmac_hex};
use bowerbird_emulator::Fault;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test]
async fn albums_have_names_counts_covers_and_dates() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let before = app.emulator.calls().len();
    let root = visitor.lists("facebook", "/").await;
    assert_eq!(app.emulator.calls().len() - before, 1, "a page is one call");
    let album = items(&root).iter().find(|item| item["name"] == "Holidays in Lisbon").unwrap();
    assert_eq!((album["folder"].as_bool(), album["count"].as_u64()), (Some(true), Some(24)));
    assert!(text(album, "thumbnail").starts_with(&format!("{}/thumbnail?", app.url)), "{album}");
    assert!(text(album, "date").ends_with('Z'), "{album}");
    let empty = items(&root).iter().find(|item| item["name"] == "Someday").unwrap();
    assert_eq!(empty["thumbnail"], "");
    assert_eq!((root["client"].as_str(), root["next"].as_str()), (Some("facebook"), Some("")));
}

#[tokio::test]
async fn facebooks_own_collections_are_folders_before_the_albums() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let root = visitor.lists("facebook", "/").await;
    let [tagged, uploads, first, ..] = &items(&root)[..] else { panic!("{root}") };
    let known = |item: &Value| (text(item, "name"), text(item, "special"), text(item, "path"));
    let named = |name: &str, special: &str| (name.to_owned(), special.to_owned(), format!("/{special}/"));
    assert_eq!(known(tagged), named("Photos of you", "tagged"));
    assert_eq!(known(uploads), named("Your uploads", "uploads"));
    assert!(first.get("special").is_none(), "{first}");
    for cover in [tagged, uploads] {
        assert_eq!(app.http.get(text(cover, "thumbnail")).send().await.unwrap().status(), StatusCode::OK);
    }

    let of_her = visitor.lists("facebook", "/tagged/").await;
    assert_eq!(items(&of_her).len(), 7);
    let photo = &items(&of_her)[0];
    assert!(text(photo, "path").starts_with("/tagged/") && text(photo, "date").ends_with('Z'), "{photo}");
    let file = visitor.stores("facebook", &text(photo, "path")).await;
    assert_eq!((file["status"].as_str(), file["client"].as_str()), (Some("Stored"), Some("facebook")));

    let album = visitor.finds("facebook", "Holidays in Lisbon").await;
    let in_album = visitor.photos("facebook", &album).await;
    let mut page = visitor.lists("facebook", "/uploads/").await;
    let mut paths: Vec<String> = items(&page).iter().map(|item| text(item, "path")).collect();
    assert!(paths.len() == 100 && in_album.iter().all(|path| paths.contains(path)), "a photo has one path");
    while page["next"] != "" {
        page = visitor.lists_next("facebook", "/uploads/", &page["next"].clone()).await;
        paths.extend(items(&page).iter().map(|item| text(item, "path")));
    }
    assert_eq!(paths.len(), 24 + 6 + 134 + 12 + 3);
    let next = visitor.lists("facebook", "/uploads/").await["next"].clone();
    let mixed_up = visitor.lists_next("facebook", "/tagged/", &next).await;
    assert_eq!(mixed_up["error"]["code"], "list_changed", "a cursor is of its own listing");
}

#[tokio::test]
async fn a_collection_that_is_known_to_be_empty_is_left_out() {
    let app = TestApp::start().await;
    for (account, expected) in [("ben", vec![]), ("clara", vec!["uploads"])] {
        let mut visitor = app.visitor();
        visitor.signs_in("facebook", account).await;
        let root = visitor.lists("facebook", "/").await;
        let special: Vec<&str> = items(&root).iter().filter_map(|item| item["special"].as_str()).collect();
        assert_eq!(special, expected, "{account}");
    }
}

#[tokio::test]
async fn ten_thousand_photos_are_a_hundred_calls() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "clara").await;
    let album = visitor.finds("facebook", "Every day since 1997").await;
    let before = app.emulator.calls().len();
    let mut page = visitor.lists("facebook", &album).await;
    let mut seen = HashSet::new();
    seen.extend(items(&page).iter().map(|item| text(item, "path")));
    while page["next"] != "" {
        page = visitor.lists_next("facebook", &album, &page["next"].clone()).await;
        seen.extend(items(&page).iter().map(|item| text(item, "path")));
    }
    assert_eq!((seen.len(), app.emulator.calls().len() - before), (10_000, 100));
}

#[tokio::test]
async fn photos_have_sizes_captions_and_dates() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Holidays in Lisbon").await;
    let listing = visitor.lists("facebook", &album).await;
    assert_eq!(items(&listing).len(), 24);
    for photo in items(&listing) {
        let (width, height) = (photo["width"].as_u64().unwrap(), photo["height"].as_u64().unwrap());
        assert_eq!(text(photo, "size"), format!("{width}x{height}"));
        assert_eq!(text(photo, "path"), format!("{album}{}", text(photo, "name")));
        assert!(!text(photo, "caption").is_empty() && text(photo, "date").ends_with('Z'), "{photo}");
    }
    assert!(listing["account"].is_null(), "who is signed in is told with the root");
}

#[tokio::test]
async fn a_long_album_is_read_page_by_page_and_no_page_tells_the_token() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let token = app.provider_tokens().await.remove(0);
    let album = visitor.finds("facebook", "Mobile uploads").await;
    let mut seen = HashSet::new();
    let mut page = visitor.lists("facebook", &album).await;
    let mut pages = 1;
    loop {
        assert!(!page.to_string().contains(&token));
        let next = text(&page, "next");
        assert!(!next.contains("http") && !next.contains(&token));
        assert!(items(&page).iter().all(|item| seen.insert(text(item, "path"))), "nothing comes twice");
        if next.is_empty() {
            break;
        }
        page = visitor.lists_next("facebook", &album, &page["next"].clone()).await;
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (134, 2));
}

#[tokio::test]
async fn an_empty_page_in_the_middle_is_not_the_end() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    app.emulator.set_fault(Fault::EmptyPage { edge: None, times: None });
    let album = visitor.finds("facebook", "Holidays in Lisbon").await;
    assert_eq!(visitor.photos("facebook", &album).await.len(), 24);
}

#[tokio::test]
async fn nothing_is_listed_as_nothing() {
    let app = TestApp::start().await;
    let mut alice = app.visitor();
    alice.signs_in("facebook", "alice").await;
    let album = alice.finds("facebook", "Someday").await;
    let listing = alice.lists("facebook", &album).await;
    assert_eq!((items(&listing).len(), listing["next"].as_str()), (0, Some("")));
    let mut ben = app.visitor();
    ben.signs_in("facebook", "ben").await;
    assert!(items(&ben.lists("facebook", "/").await).is_empty());
}

#[tokio::test]
async fn a_video_is_listed_as_one() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "A day at the lake").await;
    let listing = visitor.lists("facebook", &album).await;
    let videos: Vec<_> = items(&listing).iter().filter(|item| item["mimetype"] == "video/mp4").collect();
    assert_eq!((videos.len(), items(&listing).len()), (1, 12));
    assert_eq!(videos[0]["folder"], false);
    let thumbnail = app.http.get(text(videos[0], "thumbnail")).send().await.unwrap();
    assert_eq!(thumbnail.status(), StatusCode::OK);
}

#[tokio::test]
async fn captions_in_every_script_arrive_as_they_are() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "dalia").await;
    let root = visitor.lists("facebook", "/").await;
    assert_eq!(root["account"], "داليا الحداد");
    let album = visitor.finds("facebook", "عطلة الصيف على شاطئ البحر").await;
    let listing = visitor.lists("facebook", &album).await;
    let captions: Vec<&str> = items(&listing).iter().filter_map(|item| item["caption"].as_str()).collect();
    assert!(
        captions.iter().any(|caption| caption.chars().any(|c| ('\u{600}'..'\u{700}').contains(&c))),
        "{captions:?}"
    );
    assert!(captions.iter().all(|caption| !caption.trim().is_empty()), "an empty caption is none");
}

#[tokio::test]
async fn instagram_lists_images_videos_and_carousels() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("instagram", "alice.pro").await;
    let root = visitor.lists("instagram", "/").await;
    let of = |mimetype: &str| items(&root).iter().filter(move |item| item["mimetype"] == mimetype).count();
    assert!(items(&root).len() >= 60 && of("image/jpeg") > 0 && of("video/mp4") > 0);
    assert!(
        items(&root).iter().any(|item| item["mimetype"] == "image/jpeg" && item["thumbnail"] == ""),
        "media without an address"
    );
    let carousel = items(&root).iter().find(|item| item["folder"] == true).unwrap();
    let children = visitor.lists("instagram", &text(carousel, "path")).await;
    assert_eq!(items(&children).len() as u64, carousel["count"].as_u64().unwrap());
    assert!(text(&items(&children)[0], "path").starts_with(&text(carousel, "path")));
    // Opened in its place, a carousel's photos have its words, and each has a date and a picture.
    let carousel = items(&root).iter().find(|item| item["folder"] == true && item["caption"].is_string()).unwrap();
    assert!(text(carousel, "date").ends_with('Z') && carousel["thumbnail"] != "", "{carousel}");
    let children = visitor.lists("instagram", &text(carousel, "path")).await;
    for child in items(&children) {
        assert_eq!(child["caption"], carousel["caption"]);
        assert!(text(child, "date").ends_with('Z') && child["thumbnail"] != "", "{child}");
    }
}

#[tokio::test]
async fn a_path_that_tries_to_leave_the_source_gets_nowhere() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    visitor.signs_in("instagram", "alice.pro").await;
    let before = app.emulator.calls().len();
    for path in [
        "/../me",
        "/1/../2",
        "/%2e%2e/",
        "/me/",
        "/tagged",
        "/tagged/../1/",
        "/uploads/x/",
        "/1?fields=id",
        "//",
        "",
        "/1/2.jpg",
        "/1/2/",
        "http://127.0.0.1/",
    ] {
        for source in ["facebook", "instagram"] {
            assert_eq!(visitor.lists(source, path).await["error"]["code"], "bad_path", "{source} {path}");
            if path != "/1/2.jpg" {
                assert_eq!(visitor.stores(source, path).await["error"]["code"], "bad_path", "{source} {path}");
            }
        }
    }
    assert_eq!(app.emulator.calls().len(), before, "nothing of it reaches the provider");
    assert_eq!(app.count("jobs").await, 0, "nor the queue");
}

#[tokio::test]
async fn an_expired_token_leads_to_a_new_sign_in() {
    let app = TestApp::start().await;
    for fault in [Fault::ExpiredTokens, Fault::RevokedTokens] {
        for (source, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
            let mut visitor = app.visitor();
            visitor.signs_in(source, account).await;
            app.emulator.set_fault(fault.clone());
            visitor.is_offered(source).await;
            assert_eq!(app.count("connections").await, 0, "a dead token is forgotten");
            visitor.signs_in(source, account).await;
            assert!(visitor.lists(source, "/").await["contents"].is_array());
            visitor.posts("/auth/logout", json!({})).await;
        }
    }
}

#[tokio::test]
async fn a_permission_that_was_taken_back_is_told_and_asked_for_again() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    // As in Facebook's own settings, under "Apps and websites".
    let token = app.provider_tokens().await.remove(0);
    let proof = hmac_hex(&Secret::new(bowerbird_emulator::FACEBOOK_APP_SECRET), &token);
    let url =
        format!("{}/graph.facebook.com/v25.0/me/permissions/user_photos?appsecret_proof={proof}", app.emulator.url());
    let answer = app.http.delete(url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    assert_eq!(visitor.lists("facebook", "/").await["error"]["code"], "permission_declined");
    assert_eq!(app.count("connections").await, 0);
    let offer = visitor.is_offered("facebook").await;
    assert!(visitor.opens(&offer).await.contains("auth_type=rerequest"));
    visitor.signs_in("facebook", "alice").await;
    assert!(visitor.lists("facebook", "/").await["contents"].is_array());
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_given_up() {
    let app = TestApp::start_with(|config| config.fetch_timeout = 1).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    app.emulator.set_fault(Fault::Slow { ms: 60_000, host: Some("graph.facebook.com".to_owned()), times: None });
    assert_eq!(visitor.lists("facebook", "/").await["error"]["code"], "source_unavailable");
}

#[tokio::test]
async fn a_foreign_or_broken_next_begins_the_list_again() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Mobile uploads").await;
    let next = visitor.lists("facebook", &album).await["next"].clone();
    for bad in [next, json!("!"), json!("bm8gY3Vyc29y")] {
        let answer = visitor.lists_next("facebook", "/", &bad).await;
        assert_eq!(answer["error"]["code"], "list_changed", "{answer}");
    }
}

#[tokio::test]
async fn keys_and_origins_are_checked() {
    let app = TestApp::start_with(|config| {
        config.apps[0].origins = vec!["https://shop.example".to_owned()];
    })
    .await;
    let list = |key: &str, origin: Option<&str>| {
        let body = json!({"apikey": key, "clouds": {"facebook": {"path": "/"}}});
        let request = app.http.post(format!("{}/folder/list", app.url)).json(&body);
        match origin {
            Some(origin) => request.header(header::ORIGIN, origin),
            None => request,
        }
    };
    let code = async |key, origin| {
        let answer = list(key, origin).send().await.unwrap();
        let allowed =
            answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status();
        let reply: serde_json::Value = answer.json().await.unwrap();
        (status, reply["error"]["code"].as_str().map(str::to_owned), allowed)
    };
    let shop = Some("https://shop.example".to_owned());
    assert_eq!(code("demo", Some("https://shop.example")).await, (StatusCode::OK, None, shop.clone()));
    assert_eq!(code("demo", None).await, (StatusCode::OK, None, None));
    let refused = (StatusCode::FORBIDDEN, Some("origin_not_allowed".to_owned()), None);
    assert_eq!(code("demo", Some("https://evil.example")).await, refused);
    let unknown = (StatusCode::FORBIDDEN, Some("unknown_key".to_owned()), shop);
    assert_eq!(code("nobody", Some("https://shop.example")).await, unknown);
}

#[tokio::test]
async fn a_preflight_is_answered_for_filestacks_client_too() {
    let app = TestApp::start().await;
    let request = app.http.request(reqwest::Method::OPTIONS, format!("{}/store/", app.url));
    let answer = request
        .header(header::ORIGIN, "http://localhost:1234")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "content-type,filestack-source,filestack-trace-id,filestack-trace-span",
        )
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_lowercase();
    assert_eq!(header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "http://localhost:1234");
    let allowed = header(header::ACCESS_CONTROL_ALLOW_HEADERS);
    for name in ["content-type", "filestack-source", "filestack-trace-id", "filestack-trace-span"] {
        assert!(allowed.contains(name), "{name} in {allowed}");
    }
    assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "there are no cookies");
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_named() {
    let app = TestApp::start().await;
    for body in
        ["", "no json", "{}", r#"{"apikey":"demo","clouds":7}"#, r#"{"apikey":"demo","clouds":{"facebook":{}}}"#]
    {
        let answer = app.http.post(format!("{}/folder/list", app.url)).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let reply: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(reply["error"]["code"], "bad_request", "{body}");
    }
}
