use std::time::Duration;

use bowerbird_emulator::{Fault, Settings};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::visitor::Visitor;

/// A size of a photo of Alice's, small enough to be encoded at once.
async fn a_picture(visitor: &Visitor) -> (String, Value) {
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    let photos = visitor.graph(&token, &format!("{album}/photos"), &[("fields", "images"), ("limit", "1")]).await;
    let photo = &photos.items()[0];
    let images = photo["images"].as_array().unwrap();
    let small = images.iter().find(|image| image["width"].as_u64().unwrap() < 800).unwrap();
    (photo["id"].as_str().unwrap().to_owned(), small.clone())
}

#[tokio::test]
async fn a_picture_is_what_its_size_says_and_is_written_down() {
    let visitor = Visitor::start().await;
    let (id, image) = a_picture(&visitor).await;
    let source = image["source"].as_str().unwrap();
    let response = visitor.http.get(source).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    let length: u64 = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let bytes = response.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, length);
    let decoded = image::load_from_memory(&bytes).unwrap();
    assert_eq!(u64::from(decoded.width()), image["width"].as_u64().unwrap());
    assert_eq!(u64::from(decoded.height()), image["height"].as_u64().unwrap());

    let served = visitor.emulator.served();
    assert_eq!(served.len(), 1);
    assert_eq!((served[0].photo_id.as_str(), served[0].bytes), (id.as_str(), length));
    assert_eq!((served[0].width, served[0].height), (decoded.width(), decoded.height()));
    assert_eq!(served[0].sha256, hex::encode(Sha256::digest(&bytes)));
    let again = visitor.http.get(source).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(again, bytes);
    assert_eq!(visitor.http.head(source).send().await.unwrap().headers()["content-length"], length.to_string());
    assert_eq!(visitor.emulator.served().len(), 2);
}

#[tokio::test]
async fn large_files_cost_no_large_pictures() {
    let settings = Settings { picture_bytes: 3_000_000, ..Settings::default() };
    let visitor = Visitor::start_with(settings).await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    let photos = visitor.graph(&token, &format!("{album}/photos"), &[("fields", "images"), ("limit", "1")]).await;
    let images = photos.items()[0]["images"].as_array().unwrap().clone();
    let largest = images.iter().max_by_key(|image| image["width"].as_u64()).unwrap();
    let bytes = visitor.http.get(largest["source"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.len(), 3_000_000);
    assert_eq!(u64::from(image::load_from_memory(&bytes).unwrap().width()), largest["width"].as_u64().unwrap());
    assert_eq!(visitor.emulator.served()[0].sha256, hex::encode(Sha256::digest(&bytes)));
    let smaller = images.iter().min_by_key(|image| image["width"].as_u64()).unwrap();
    let bytes = visitor.http.get(smaller["source"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    assert!(bytes.len() < 100_000);
}

#[tokio::test]
async fn addresses_expire() {
    let visitor = Visitor::start().await;
    let (_, image) = a_picture(&visitor).await;
    visitor.emulator.advance_clock(Duration::from_secs(5 * 86_400 + 1));
    let response = visitor.http.get(image["source"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (403, "text/plain"));
    assert_eq!(response.text().await.unwrap(), "URL signature expired");
    assert!(visitor.emulator.served().is_empty());
}

#[tokio::test]
async fn addresses_cannot_be_made_up() {
    let visitor = Visitor::start().await;
    let (_, image) = a_picture(&visitor).await;
    let source = image["source"].as_str().unwrap();
    let later = source.replace("oe=", "oe=F");
    let other = source.replace("_n.jpg", "0_n.jpg");
    let bare = source.split('?').next().unwrap().to_owned();
    for url in [later, other, bare] {
        let response = visitor.http.get(url).send().await.unwrap();
        assert_eq!(response.status(), 403);
        assert_eq!(response.text().await.unwrap(), "URL signature mismatch");
    }
}

#[tokio::test]
async fn a_cut_picture_really_ends_before_its_length() {
    let visitor = Visitor::start().await;
    let (_, image) = a_picture(&visitor).await;
    let source = image["source"].as_str().unwrap();
    visitor.emulator.set_fault(Fault::CutImages { after_bytes: Some(1234), times: Some(1) });
    let mut response = visitor.http.get(source).send().await.unwrap();
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    assert!(length > 1234);
    let mut received = 0;
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            end => break end,
        }
    };
    assert!(end.is_err(), "the connection must break");
    assert_eq!(received, 1234);
    assert!(visitor.emulator.served().is_empty());
    assert_eq!(visitor.http.get(source).send().await.unwrap().bytes().await.unwrap().len(), length);
    visitor.emulator.set_fault(Fault::CutImages { after_bytes: None, times: None });
    assert!(visitor.http.get(source).send().await.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn a_picture_can_be_a_page_or_gone() {
    let visitor = Visitor::start().await;
    let (id, image) = a_picture(&visitor).await;
    let source = image["source"].as_str().unwrap();
    visitor.emulator.set_fault(Fault::NotAnImage { times: Some(1) });
    let response = visitor.http.get(source).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    visitor.emulator.set_fault(Fault::ExpiredImages { times: Some(1) });
    let response = visitor.http.get(source).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (403, "URL signature expired"));
    assert_eq!(visitor.http.get(source).send().await.unwrap().status(), 200);
    visitor.emulator.delete_photo(&id);
    assert_eq!(visitor.http.get(source).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn instagrams_pictures_may_not_be_embedded() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    let fields = [("fields", "media_type,media_url"), ("limit", "10")];
    let media = visitor.instagram(&token, "me/media", &fields).await;
    let url = |kind: &str| {
        let found = media.items().iter().find(|item| item["media_type"] == kind && item["media_url"].is_string());
        found.unwrap()["media_url"].as_str().unwrap().to_owned()
    };
    let response = visitor.http.get(url("IMAGE")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cross-origin-resource-policy"], "same-origin");
    let picture = image::load_from_memory(&response.bytes().await.unwrap()).unwrap();
    assert!(picture.width() >= 1080);
    let response = visitor.http.get(url("VIDEO")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "video/mp4");
    let facebook = a_picture(&visitor).await.1;
    let response = visitor.http.get(facebook["source"].as_str().unwrap()).send().await.unwrap();
    assert!(response.headers().get("cross-origin-resource-policy").is_none());
}

#[tokio::test]
async fn portraits_are_pictures_too() {
    let visitor = Visitor::start().await;
    let facebook = visitor.facebook_token("dalia").await;
    let me = visitor.graph(&facebook, "me", &[("fields", "picture")]).await.body;
    let instagram = visitor.instagram_token("alice.pro").await;
    let pro = visitor.instagram(&instagram, "me", &[("fields", "profile_picture_url")]).await.body;
    for url in [&me["picture"]["data"]["url"], &pro["profile_picture_url"]] {
        let response = visitor.http.get(url.as_str().unwrap()).send().await.unwrap();
        assert!(image::load_from_memory(&response.bytes().await.unwrap()).is_ok());
    }
}
