//! Photos and posts of a Page.

use std::time::Duration;

use bowerbird_emulator::Fault;
use reqwest::Client;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::pages::STUDIO;
use crate::visitor::{Answer, Visitor};

pub const JPEG: &[u8] = include_bytes!("../../photos/coffee-cup.jpg");

/// A server that answers every path with the same: a status and a body. `robots` is its robots.txt. Answers its URL.
pub async fn hosting(status: &'static str, body: Vec<u8>, robots: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let body = body.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = connection.read(&mut head).await.unwrap_or_default();
                let asks_robots = head[..length].starts_with(b"GET /robots.txt");
                let body = if asks_robots { robots.as_bytes().to_vec() } else { body };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = connection.write_all(head.as_bytes()).await;
                let _ = connection.write_all(&body).await;
            });
        }
    });
    url
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A multipart form of text fields and one file.
fn multipart(fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\n");
    body.extend(head.bytes());
    body.extend(bytes);
    body.extend(b"\r\n--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

pub async fn post_file(
    visitor: &Visitor,
    token: &str,
    path: &str,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> Answer {
    let (kind, body) = multipart(fields, file.0, file.1);
    let url = visitor.url(&format!("graph.facebook.com/v25.0/{path}"));
    let call = visitor.http.post(url).bearer_auth(token).header("content-type", kind).body(body);
    Visitor::read(call.send().await.unwrap()).await
}

/// Uploads an unpublished photo; answers its id.
pub async fn unpublished(visitor: &Visitor, token: &str, page: &str) -> String {
    let photos = format!("{page}/photos");
    let answer = post_file(visitor, token, &photos, &[("published", "false")], ("source", JPEG)).await;
    assert_eq!(answer.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["id"], "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_photo_is_posted_from_a_file_or_from_a_url() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let photos = format!("{page}/photos");
    let url = format!("{}/a.jpg", hosting("200 OK", JPEG.to_vec(), "").await);
    let fields = [("caption", "Good morning"), ("alt_text_custom", "A cup")];
    let from_file = post_file(&visitor, &token, &photos, &fields, ("source", JPEG)).await;
    assert_eq!(from_file.status, 200, "{}", from_file.body);
    let from_url = visitor.post(&token, &photos, &[("url", url.as_str()), ("caption", "Again")]).await;
    let post = from_url.body["post_id"].as_str().unwrap();
    assert!(post.starts_with(&format!("{page}_")), "{post}");

    let published = visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len()), (2, 0), "twice, as asked");
    let first = &published.visible[0];
    assert_eq!((first.kind.as_str(), first.text.as_deref()), ("post", Some("Good morning")));
    assert_eq!((first.files[0].sha256.as_str(), first.files[0].mimetype), (sha256(JPEG).as_str(), "image/jpeg"));
    assert_eq!(published.visible[1].files[0].url.as_deref(), Some(url.as_str()));

    let feed = visitor.graph(&token, &format!("{page}/feed"), &[("fields", "message,is_published")]).await;
    assert_eq!(feed.items()[0], json!({ "message": "Again", "is_published": true, "id": post }), "the newest first");
    let listed = visitor.graph(&token, &photos, &[("type", "uploaded"), ("fields", "alt_text,page_story_id")]).await;
    assert_eq!((listed.items().len(), &listed.items()[1]["alt_text"]), (2, &json!("A cup")));
    assert!(visitor.graph(&token, &photos, &[]).await.items().is_empty(), "the default is profile pictures");
}

#[tokio::test]
async fn photos_that_cannot_be_had_or_read_are_refused() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let photos = format!("{page}/photos");
    let url = async |url: &str| visitor.post(&token, &photos, &[("url", url)]).await.error();
    assert_eq!(visitor.post(&token, &photos, &[("caption", "x")]).await.error(), (400, 324, 0));
    assert_eq!(url("nonsense").await, (400, 1500, 0));
    assert_eq!(url("http://127.0.0.1:9/a.jpg").await, (400, 324, 0), "nobody listens");
    assert_eq!(url(&hosting("401 Unauthorized", JPEG.to_vec(), "").await).await, (400, 324, 0));
    assert_eq!(url(&hosting("200 OK", b"<html></html>".to_vec(), "").await).await, (400, 324, 0));
    let good = hosting("200 OK", JPEG.to_vec(), "").await;
    visitor.emulator.set_fault(Fault::PrivateUrls);
    assert_eq!(url(&good).await, (400, 324, 0), "an address of this machine");
    visitor.emulator.clear_faults();

    let file = async |bytes: &[u8]| post_file(&visitor, &token, &photos, &[], ("source", bytes)).await;
    assert_eq!(file(b"text").await.error(), (400, 100, 1_366_046));
    let mut large = JPEG.to_vec();
    large.resize((10 << 20) + 1, 0);
    let refused = file(&large).await;
    assert_eq!(
        (refused.error(), &refused.body["error"]["error_user_title"]),
        ((400, 100, 1_366_046), &json!("Photo Too Large"))
    );
    large.pop();
    assert_eq!(file(&large).await.status, 200);
}

#[tokio::test]
async fn several_photos_become_one_post_in_their_order() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let feed = format!("{page}/feed");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(unpublished(&visitor, &token, &page).await);
    }
    assert_eq!(visitor.emulator.published().leftovers.len(), 3);
    let media: Vec<String> = ids.iter().map(|id| json!({ "media_fbid": id }).to_string()).collect();
    let form = [("message", "Three"), ("attached_media[0]", &media[0]), ("attached_media[1]", &media[1])];
    let answer = visitor.post(&token, &feed, &form).await;
    assert_eq!(answer.body["post_supports_client_mutation_id"], json!(true), "{}", answer.body);
    let published = visitor.emulator.published();
    assert_eq!((published.visible[0].shows.as_slice(), published.leftovers.len()), (&ids[..2], 1));

    let again = visitor.post(&token, &feed, &form).await;
    assert_eq!(again.error(), (400, 100, 1_366_051), "these photos were posted");
    assert_eq!(visitor.delete(&token, &ids[0]).await.error(), (400, 100, 33), "a post shows it");
    assert_eq!(visitor.delete(&token, &ids[2]).await.body, json!({ "success": true }));
    assert_eq!(visitor.delete(&token, &ids[2]).await.error(), (400, 100, 33), "it is gone");

    // The same as JSON.
    let id = unpublished(&visitor, &token, &page).await;
    let body = json!({ "attached_media": [{ "media_fbid": id }], "published": true });
    let url = visitor.url(&format!("graph.facebook.com/v25.0/{feed}"));
    let answer = Visitor::read(visitor.http.post(url).bearer_auth(&token).json(&body).send().await.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(visitor.post(&token, &feed, &[("attached_media[0]", r#"{"media_fbid":"7"}"#)]).await.error().1, 100);
    assert_eq!(visitor.post(&token, &feed, &[("published", "true")]).await.error(), (400, 197, 0));

    let post = answer.body["id"].as_str().unwrap();
    assert_eq!(visitor.delete(&token, post).await.body, json!({ "success": true }));
    assert_eq!(visitor.graph(&token, post, &[]).await.error(), (400, 100, 33));
    assert_eq!((visitor.emulator.published().visible.len(), visitor.emulator.published().leftovers.len()), (1, 0));
}

#[tokio::test]
async fn an_unused_photo_is_forgotten_after_a_day() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let id = unpublished(&visitor, &token, &page).await;
    visitor.emulator.advance_clock(Duration::from_secs(86_401));
    assert_eq!(visitor.graph(&token, &id, &[]).await.error(), (400, 100, 33));
    let media = json!({ "media_fbid": id }).to_string();
    assert_eq!(visitor.post(&token, &format!("{page}/feed"), &[("attached_media[0]", &media)]).await.error().1, 100);
    assert!(visitor.emulator.published().leftovers.is_empty());
}

#[tokio::test]
async fn an_unpublished_post_is_published_once_however_often_it_is_asked() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let feed = format!("{page}/feed");
    let draft = visitor.post(&token, &feed, &[("message", "Draft"), ("published", "false")]).await;
    let id = draft.body["id"].as_str().unwrap();
    assert!(visitor.graph(&token, &feed, &[]).await.items().is_empty());
    assert_eq!(visitor.emulator.published().leftovers[0].id, id);
    for _ in 0..2 {
        let answer = visitor.post(&token, id, &[("is_published", "true")]).await;
        assert_eq!(answer.body, json!({ "success": true }));
    }
    assert_eq!(visitor.graph(&token, &feed, &[]).await.items().len(), 1);
    let node = visitor.graph(&token, id, &[("fields", "is_published,message,permalink_url")]).await.body;
    assert_eq!((&node["is_published"], &node["message"]), (&json!(true), &json!("Draft")));
    assert!(visitor.emulator.published().leftovers.is_empty());
}

#[tokio::test]
async fn a_scheduled_post_comes_when_its_time_does() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let feed = format!("{page}/feed");
    let now = visitor.get("_emulator/clock", &[]).await.body["now"].as_i64().unwrap();
    let post = async |at: i64, published: &str| {
        let at = at.to_string();
        let form = [("message", "Later"), ("published", published), ("scheduled_publish_time", &at)];
        visitor.post(&token, &feed, &form).await
    };
    assert_eq!(post(now + 60, "false").await.error(), (400, 100, 0), "less than ten minutes ahead");
    assert_eq!(post(now + 40 * 86_400, "false").await.error(), (400, 100, 0));
    assert_eq!(post(now + 3600, "true").await.error(), (400, 100, 0));
    assert_eq!(post(now + 3600, "false").await.status, 200);
    let waiting = visitor.graph(&token, &format!("{page}/scheduled_posts"), &[]).await;
    assert_eq!((waiting.items().len(), visitor.emulator.published().scheduled.len()), (1, 1));
    visitor.emulator.advance_clock(Duration::from_secs(3700));
    assert!(visitor.graph(&token, &format!("{page}/scheduled_posts"), &[]).await.items().is_empty());
    assert_eq!(visitor.graph(&token, &feed, &[]).await.items().len(), 1);
    assert_eq!(visitor.emulator.published().visible.len(), 1);
}

#[tokio::test]
async fn the_control_surface_lists_and_forgets_what_was_published() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    visitor.post(&token, &format!("{page}/feed"), &[("message", "Hello"), ("link", "https://example.com/")]).await;
    let published = visitor.get("_emulator/published", &[]).await.body;
    assert_eq!(
        (&published["visible"][0]["link"], &published["leftovers"]),
        (&json!("https://example.com/"), &json!([]))
    );
    assert_eq!(visitor.get("_emulator/pages", &[]).await.body[0]["id"], json!(page));
    Client::new().delete(visitor.url("_emulator/published")).send().await.unwrap();
    assert!(visitor.emulator.published().visible.is_empty());
}
