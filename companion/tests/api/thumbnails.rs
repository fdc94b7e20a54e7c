//! Small pictures by signed addresses.

use crate::app::{TestApp, Visitor, items, text};
use bowerbird_emulator::Fault;
use image::GenericImageView as _;
use reqwest::{StatusCode, header};
use serde_json::json;
use std::time::Duration;

async fn a_thumbnail(visitor: &mut Visitor<'_>, source: &str) -> String {
    let listing = match source {
        "facebook" => {
            let album = visitor.finds(source, "Holidays in Lisbon").await;
            visitor.lists(source, &album).await
        }
        _ => visitor.lists(source, "/").await,
    };
    items(&listing).iter().map(|item| text(item, "thumbnail")).find(|url| !url.is_empty()).unwrap()
}

fn query(url: &str, name: &str) -> String {
    url.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn status(app: &TestApp, url: &str) -> StatusCode {
    app.http.get(url).send().await.unwrap().status()
}

#[tokio::test]
async fn thumbnails_are_small_private_and_embeddable() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    for (source, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        visitor.signs_in(source, account).await;
        let url = a_thumbnail(&mut visitor, source).await;
        let answer = app.http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/jpeg");
        assert!(header("cache-control").starts_with("private, max-age="));
        assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let picture = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(picture.width(), 320);
        assert_eq!(
            app.http.get(format!("{url}x")).send().await.unwrap().headers()["cross-origin-resource-policy"],
            "cross-origin"
        );

        let small = app.http.get(format!("{url}&w=160")).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(image::load_from_memory(&small).unwrap().dimensions().0, 160);
        assert_eq!(status(&app, &format!("{url}&w=161")).await, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn the_same_picture_has_the_same_address_for_a_while() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let expires = |url: &str| query(url, "expires").parse::<u64>().unwrap();
    for (source, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        visitor.signs_in(source, account).await;
        let url = a_thumbnail(&mut visitor, source).await;
        assert_eq!(expires(&url) % 3600, 0);
        assert!(url.len() < 1000, "{}", url.len());
        // The provider signs its own addresses anew each time.
        app.emulator.advance_clock(Duration::from_secs(90));
        let again = a_thumbnail(&mut visitor, source).await;
        assert!(again == url || expires(&again) > expires(&url), "{again} and {url}");
    }
}

#[tokio::test]
async fn an_address_that_the_provider_no_longer_serves_is_not_given_out_again() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let url = a_thumbnail(&mut visitor, "facebook").await;
    // Facebook's addresses end after five days; ours would not have been good for so long.
    app.emulator.advance_clock(Duration::from_secs(6 * 24 * 3600));
    assert_eq!(status(&app, &url).await, StatusCode::BAD_GATEWAY);
    let again = a_thumbnail(&mut visitor, "facebook").await;
    assert_eq!(status(&app, &again).await, StatusCode::OK);
}

/// The widths of the pictures that were fetched since this was last asked.
fn fetched(app: &TestApp) -> Vec<u32> {
    let widths = app.emulator.served().iter().map(|served| served.width).collect();
    app.emulator.clear_served();
    widths
}

async fn width_of(app: &TestApp, url: &str) -> u32 {
    let bytes = app.http.get(url).send().await.unwrap().bytes().await.unwrap();
    image::load_from_memory(&bytes).unwrap().width()
}

#[tokio::test]
async fn each_width_is_made_of_the_smallest_rendition_that_is_sharp() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Holidays in Lisbon").await;
    let listing = visitor.lists("facebook", &album).await;
    let photo = items(&listing).iter().find(|item| item["width"] == 2048).unwrap();
    let url = text(photo, "thumbnail");
    // The two smallest share theirs.
    for (wanted, source) in [(160, Some(320)), (320, None), (640, Some(720)), (1280, Some(1440))] {
        assert_eq!(width_of(&app, &format!("{url}&w={wanted}")).await, wanted);
        assert_eq!(fetched(&app), source.into_iter().collect::<Vec<_>>(), "for {wanted}");
    }

    let album = visitor.finds("facebook", "Profile pictures").await;
    let listing = visitor.lists("facebook", &album).await;
    let square = items(&listing).iter().map(|item| text(item, "thumbnail")).next().unwrap();
    assert_eq!(width_of(&app, &format!("{square}&w=1280")).await, 1080, "it never grows");
    assert_eq!(fetched(&app), [1080]);
    assert_eq!(width_of(&app, &format!("{square}&w=320")).await, 320);
    assert_eq!(fetched(&app), [0; 0], "what is there already serves smaller ones too");
}

#[tokio::test]
async fn a_picture_is_fetched_once_for_all_sizes_tabs_and_visitors() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("instagram", "alice.pro").await;
    let url = a_thumbnail(&mut visitor, "instagram").await;
    let widths = [160, 320, 320, 320, 640].map(|width| format!("{url}&w={width}"));
    let together = futures_util::future::join_all(widths.iter().map(|url| status(&app, url))).await;
    assert_eq!(together, [StatusCode::OK; 5]);
    assert_eq!(fetched(&app).len(), 1);

    let mut other = app.visitor();
    other.signs_in("instagram", "alice.pro").await;
    let theirs = a_thumbnail(&mut other, "instagram").await;
    assert_ne!(theirs, url, "an address is one session's");
    assert_eq!(status(&app, &format!("{theirs}&w=640")).await, StatusCode::OK);
    assert_eq!(fetched(&app).len(), 0);
    // What is in memory is for nobody who has no right to it.
    visitor.posts("/auth/logout", json!({})).await;
    assert_eq!(status(&app, &url).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, &theirs).await, StatusCode::OK);
}

#[tokio::test]
async fn memory_for_pictures_has_an_end() {
    let app = TestApp::start_with(|config| config.thumbnail_cache_bytes = 0).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let url = a_thumbnail(&mut visitor, "facebook").await;
    for _ in 0..2 {
        assert_eq!(status(&app, &url).await, StatusCode::OK);
        assert_eq!(fetched(&app).len(), 1, "nothing is kept");
    }
}

#[tokio::test]
async fn an_address_that_was_not_signed_is_refused() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let url = a_thumbnail(&mut visitor, "facebook").await;
    let (begin, signature) = url.rsplit_once("signature=").unwrap();
    let forged = [
        format!("{begin}signature={}", "0".repeat(signature.len())),
        format!("{begin}signature="),
        url.replace("expires=1", "expires=2"),
        url.replace("picture=", "picture=A"),
        url.replace("session=", "session=0"),
    ];
    for forged in forged {
        assert_ne!(forged, url);
        assert_eq!(status(&app, &forged).await, StatusCode::UNAUTHORIZED, "{forged}");
    }
    assert_eq!(status(&app, &format!("{}/thumbnail", app.url)).await, StatusCode::BAD_REQUEST);
    assert!(app.emulator.served().is_empty(), "nothing of it is fetched");
}

#[tokio::test]
async fn an_address_ends_with_the_sign_out_and_with_the_session() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    visitor.signs_in("instagram", "alice.pro").await;
    let facebook = a_thumbnail(&mut visitor, "facebook").await;
    let instagram = a_thumbnail(&mut visitor, "instagram").await;
    visitor.posts("/auth/logout", json!({"clouds": {"facebook": {}}})).await;
    assert_eq!(status(&app, &facebook).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, &instagram).await, StatusCode::OK, "the other source is still signed in");
    sqlx::query("UPDATE sessions SET seen_ms = seen_ms - 86400001").execute(&app.database().await).await.unwrap();
    assert_eq!(status(&app, &instagram).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_address_ends_with_its_time() {
    let secret = "a key of at least thirty-two characters";
    let app = TestApp::start_with(|config| config.secret = bowerbird_companion::secrets::Secret::new(secret)).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let link: String =
        sqlx::query_scalar("SELECT id FROM session_connections").fetch_one(&app.database().await).await.unwrap();
    let signer = bowerbird_companion::secrets::Signer::load(
        &bowerbird_companion::secrets::Secret::new(secret),
        std::path::Path::new(""),
    )
    .unwrap();
    let picture = query(&a_thumbnail(&mut visitor, "facebook").await, "picture");
    let url = |expires: &str| {
        let signature = signer.sign(&["thumbnail", &link, expires, &picture]);
        format!("{}/thumbnail?session={link}&expires={expires}&picture={picture}&signature={signature}", app.url)
    };
    assert_eq!(status(&app, &url("1700000000")).await, StatusCode::UNAUTHORIZED, "it was signed, long ago");
    assert_eq!(status(&app, &url("9999999999")).await, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_picture_becomes_no_thumbnail() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let url = a_thumbnail(&mut visitor, "facebook").await;
    for fault in [
        Fault::NotAnImage { times: None },
        Fault::ExpiredImages { times: None },
        Fault::CutImages { after_bytes: None, times: None },
    ] {
        app.emulator.clear_faults();
        app.emulator.set_fault(fault);
        let answer = app.http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    }
}
