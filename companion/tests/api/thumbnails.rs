//! Small pictures by signed addresses.

use crate::app::{TestApp, Visitor, items, text};
use bowerbird_emulator::Fault;
use image::GenericImageView as _;
use reqwest::{StatusCode, header};
use serde_json::json;

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

        let small = app.http.get(format!("{url}&w=160")).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(image::load_from_memory(&small).unwrap().dimensions().0, 160);
        assert_eq!(status(&app, &format!("{url}&w=161")).await, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn the_same_picture_has_the_same_address_for_a_while() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("instagram", "alice.pro").await;
    let expires = |url: &str| url.split("expires=").nth(1).unwrap().split('&').next().unwrap().parse::<u64>().unwrap();
    let url = a_thumbnail(&mut visitor, "instagram").await;
    assert_eq!(expires(&url) % 3600, 0);
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
        url.replace("scontent", "elsewhere"),
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
    let picture = "http://127.0.0.1:1/x.jpg";
    let url = |expires: &str| {
        let signature = signer.sign(&[&link, expires, picture]);
        format!("{}/thumbnail?session={link}&expires={expires}&url={picture}&signature={signature}", app.url)
    };
    assert_eq!(status(&app, &url("1700000000")).await, StatusCode::UNAUTHORIZED, "it was signed, long ago");
    // Signed and in time, but of no listed host: it comes as far as the fetcher.
    assert_eq!(status(&app, &url("9999999999")).await, StatusCode::BAD_GATEWAY);
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
