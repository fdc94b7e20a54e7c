//! Stories and videos of a Page.

use std::time::Duration;

use bowerbird_emulator::{Fault, PublishKind, PublishStep};
use serde_json::{Value, json};

use crate::pages::STUDIO;
use crate::posts::{hosting, post_file, sha256, unpublished};
use crate::visitor::{Answer, Visitor};

/// Something with the first bytes of an MP4.
pub fn video(length: usize) -> Vec<u8> {
    let mut bytes = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42".to_vec();
    bytes.extend((bytes.len()..length).map(|place| (place % 251) as u8));
    bytes
}

/// Bytes for rupload.facebook.com, from an offset on; `None` when no answer came.
pub async fn rupload(visitor: &Visitor, token: &str, url: &str, bytes: &[u8], offset: usize) -> Option<Answer> {
    let call = visitor.http.post(url).header("authorization", format!("OAuth {token}"));
    let call = call.header("offset", offset.to_string()).header("file_size", bytes.len().to_string());
    let response = call.body(bytes[offset..].to_vec()).send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = serde_json::from_str(&response.text().await.ok()?).ok()?;
    Some(Answer { status, headers, body })
}

/// Starts a video story; answers the video's id and the URL for its bytes.
async fn start(visitor: &Visitor, token: &str, page: &str) -> (String, String) {
    let answer = visitor.post(token, &format!("{page}/video_stories"), &[("upload_phase", "start")]).await;
    let text = |name: &str| answer.body[name].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
    (text("video_id"), text("upload_url"))
}

async fn finish(visitor: &Visitor, token: &str, page: &str, video: &str) -> Answer {
    let form = [("upload_phase", "finish"), ("video_id", video)];
    visitor.post(token, &format!("{page}/video_stories"), &form).await
}

async fn status(visitor: &Visitor, token: &str, video: &str) -> Value {
    visitor.graph(token, video, &[("fields", "status")]).await.body["status"].clone()
}

#[tokio::test]
async fn an_unpublished_photo_becomes_one_story() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let photo = unpublished(&visitor, &token, &page).await;
    let stories = format!("{page}/photo_stories");
    let answer = visitor.post(&token, &stories, &[("photo_id", &photo)]).await;
    assert_eq!(answer.body["success"], json!(true), "{}", answer.body);
    let again = visitor.post(&token, &stories, &[("photo_id", &photo)]).await;
    assert_eq!(again.error(), (400, 100, 1_366_051), "it was used");
    assert_eq!(visitor.post(&token, &stories, &[]).await.error(), (400, 100, 0));
    let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";
    let form = [("published", "false")];
    let photo_of_webp = post_file(&visitor, &token, &format!("{page}/photos"), &form, ("source", webp)).await;
    let id = photo_of_webp.body["id"].as_str().unwrap_or_else(|| panic!("{}", photo_of_webp.body));
    assert_eq!(visitor.post(&token, &stories, &[("photo_id", id)]).await.error(), (400, 100, 1_366_046));

    let published = visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len()), (1, 1));
    assert_eq!((published.visible[0].kind.as_str(), published.visible[0].media_type.as_str()), ("story", "photo"));
    let listed = visitor.graph(&token, &format!("{page}/stories"), &[]).await;
    let story = &listed.items()[0];
    assert_eq!(story["post_id"], answer.body["post_id"]);
    assert_eq!((&story["status"], &story["media_id"]), (&json!("PUBLISHED"), &json!(photo)));
    assert!(story["creation_time"].is_string() && story["url"].as_str().unwrap().contains("/stories/"));
}

#[tokio::test]
async fn stories_are_archived_after_a_day_and_listed_by_status_and_time() {
    let visitor = Visitor::start().await;
    let mut posts = Vec::new();
    for name in [STUDIO, "Walks in Lisbon"] {
        let (page, token) = visitor.page(name).await;
        let photo = unpublished(&visitor, &token, &page).await;
        visitor.post(&token, &format!("{page}/photo_stories"), &[("photo_id", &photo)]).await;
        posts.push((page, token));
    }
    visitor.emulator.advance_clock(Duration::from_secs(86_500));
    let list = async |at: usize, query: &[(&str, &str)]| {
        let (page, token) = &posts[at];
        visitor.graph(token, &format!("{page}/stories"), query).await
    };
    assert_eq!(list(0, &[]).await.items()[0]["status"], "ARCHIVED");
    assert!(list(1, &[]).await.items().is_empty(), "its archive is off");
    let (page, token) = &posts[0];
    let photo = unpublished(&visitor, token, page).await;
    visitor.post(token, &format!("{page}/photo_stories"), &[("photo_id", &photo)]).await;
    let statuses = |answer: &Answer| -> Vec<String> {
        answer.items().iter().map(|story| story["status"].as_str().unwrap().to_owned()).collect()
    };
    let now = visitor.get("_emulator/clock", &[]).await.body["now"].as_i64().unwrap();
    let hour_ago = (now - 3600).to_string();
    assert_eq!(statuses(&list(0, &[]).await), ["PUBLISHED", "ARCHIVED"]);
    assert_eq!(statuses(&list(0, &[("status", "ARCHIVED")]).await), ["ARCHIVED"]);
    assert_eq!(statuses(&list(0, &[("since", &hour_ago)]).await), ["PUBLISHED"]);
    assert_eq!(statuses(&list(0, &[("until", &hour_ago)]).await), ["ARCHIVED"]);
    assert_eq!(list(0, &[("status", "GONE")]).await.error(), (400, 100, 0));
    // `next` keeps the filter.
    let next = list(0, &[("limit", "1"), ("until", &now.to_string())]).await.body["paging"]["next"].clone();
    assert!(next.as_str().unwrap().contains("until="), "{next}");
    assert_eq!(visitor.emulator.published().visible.len(), 1);
}

#[tokio::test]
async fn a_video_story_is_started_uploaded_and_finished() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let (id, url) = start(&visitor, &token, &page).await;
    assert!(url.ends_with(&format!("/rupload.facebook.com/video-upload/v25.0/{id}")), "{url}");
    assert_eq!(status(&visitor, &token, &id).await["uploading_phase"]["status"], "not_started");
    assert_eq!(finish(&visitor, &token, &page, &id).await.error().1, 6000, "nothing is there yet");
    let bytes = video(300_000);
    let answer = rupload(&visitor, &token, &url, &bytes, 0).await.unwrap();
    assert_eq!(answer.body, json!({ "success": true }));
    assert_eq!(visitor.emulator.published().leftovers.len(), 1);
    let done = finish(&visitor, &token, &page, &id).await;
    assert_eq!(done.body["success"], json!(true), "{}", done.body);

    let first = status(&visitor, &token, &id).await;
    assert_eq!(
        (&first["video_status"], &first["processing_phase"]["status"]),
        (&json!("processing"), &json!("in_progress"))
    );
    assert_eq!(first["publishing_phase"]["publish_status"], "not_published");
    let then = status(&visitor, &token, &id).await;
    assert_eq!(
        (&then["video_status"], &then["publishing_phase"]["publish_status"]),
        (&json!("ready"), &json!("published"))
    );
    assert_eq!(then["uploading_phase"], json!({ "status": "complete", "bytes_transfered": 300_000 }));
    let published = visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len()), (1, 0));
    assert_eq!(published.visible[0].files[0].sha256, sha256(&bytes));
    assert_eq!(finish(&visitor, &token, &page, &id).await.error(), (400, 100, 1_366_051), "not twice");
}

#[tokio::test]
async fn an_upload_that_broke_off_goes_on_where_it_was() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let (id, url) = start(&visitor, &token, &page).await;
    let bytes = video(400_000);
    visitor.emulator.set_fault(Fault::Publish {
        step: PublishStep::Upload,
        kind: PublishKind::Cut,
        skip: None,
        after_bytes: Some(150_000),
        times: Some(1),
    });
    assert!(rupload(&visitor, &token, &url, &bytes, 0).await.is_none(), "no answer");
    let uploading = status(&visitor, &token, &id).await["uploading_phase"].clone();
    assert_eq!(uploading, json!({ "status": "in_progress", "bytes_transfered": 150_000 }));
    let wrong = rupload(&visitor, &token, &url, &bytes, 100_000).await.unwrap();
    assert_eq!((wrong.status.as_u16(), &wrong.body["debug_info"]["type"]), (412, &json!("OffsetInvalidError")));
    assert_eq!(rupload(&visitor, &token, &url, &bytes, 150_000).await.unwrap().body, json!({ "success": true }));
    finish(&visitor, &token, &page, &id).await;
    assert_eq!(visitor.emulator.published().visible[0].files[0].sha256, sha256(&bytes));

    // From the beginning is allowed too; less than the whole is not.
    let (_, url) = start(&visitor, &token, &page).await;
    let call = visitor.http.post(&url).header("offset", "0").header("file_size", "400000");
    let short = Visitor::read(call.body(bytes[..1000].to_vec()).send().await.unwrap()).await;
    assert_eq!(short.body["debug_info"]["type"], "PartialRequestError", "{}", short.body);
    assert_eq!(rupload(&visitor, &token, &url, &bytes, 0).await.unwrap().body, json!({ "success": true }));
    let (_, url) = start(&visitor, &token, &page).await;
    let nobody = rupload(&visitor, "EAAnonsense", &url, &bytes, 0).await.unwrap();
    assert_eq!((nobody.status.as_u16(), &nobody.body["debug_info"]["type"]), (401, &json!("NotAuthorizedError")));
}

#[tokio::test]
async fn a_hosted_video_is_fetched_unless_robots_or_the_host_forbid_it() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let upload = async |file: &str| {
        let (id, url) = start(&visitor, &token, &page).await;
        let answer = Visitor::read(visitor.http.post(url).header("file_url", file).send().await.unwrap()).await;
        (id, answer.body["debug_info"]["type"].clone())
    };
    let failed = json!("ProcessingFailedError");
    let good = hosting("200 OK", video(5000), "User-agent: *\nDisallow: /other\n").await;
    let shut = hosting("200 OK", video(5000), "User-agent: facebookexternalhit\nDisallow: /\n").await;
    assert_eq!(upload(&format!("{good}/a.mp4")).await.1, Value::Null);
    assert_eq!(upload(&format!("{shut}/a.mp4")).await.1, failed);
    assert_eq!(upload("http://127.0.0.1:9/a.mp4").await.1, failed);
    assert_eq!(upload(&visitor.url("scontent.xx.fbcdn.net/o1/v/t16/1.mp4")).await.1, failed);
    // Something that is no video arrives, and fails when it is looked at.
    let text = hosting("200 OK", b"hello".to_vec(), "").await;
    let (id, kind) = upload(&text).await;
    assert_eq!(kind, Value::Null);
    status(&visitor, &token, &id).await;
    let last = status(&visitor, &token, &id).await;
    assert_eq!((&last["video_status"], &last["processing_phase"]["status"]), (&json!("error"), &json!("error")));
    assert!(last["processing_phase"]["error"]["message"].as_str().unwrap().contains("format"));
}

#[tokio::test]
async fn a_page_video_goes_up_in_the_parts_that_meta_asks_for() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let videos = format!("{page}/videos");
    let bytes = video(2_500_000);
    let started = visitor.post(&token, &videos, &[("upload_phase", "start"), ("file_size", "2500000")]).await.body;
    assert_eq!((&started["start_offset"], &started["end_offset"]), (&json!("0"), &json!("1048576")));
    let session = started["upload_session_id"].as_str().unwrap().to_owned();
    assert_ne!(started["upload_session_id"], started["video_id"]);
    let phase = |phase: &'static str| [("upload_phase", phase), ("upload_session_id", session.as_str())];
    let transfer = async |from: usize, until: usize| {
        let start = from.to_string();
        let mut fields = phase("transfer").to_vec();
        fields.push(("start_offset", &start));
        post_file(&visitor, &token, &videos, &fields, ("video_file_chunk", &bytes[from..until])).await
    };
    assert_eq!(visitor.post(&token, &videos, &phase("finish")).await.error().1, 6000);
    let next = transfer(0, 1_048_576).await.body;
    assert_eq!((&next["start_offset"], &next["end_offset"]), (&json!("1048576"), &json!("2097152")));
    let wrong = transfer(0, 1_048_576).await;
    assert_eq!(wrong.error(), (400, 6001, 1_363_037));
    assert_eq!(wrong.body["error"]["error_data"], json!({ "start_offset": 1_048_576, "end_offset": 2_097_152 }));
    transfer(1_048_576, 2_097_152).await;
    let last = transfer(2_097_152, 2_500_000).await.body;
    assert_eq!(last["start_offset"], last["end_offset"], "all is there");
    let mut end = phase("finish").to_vec();
    end.push(("description", "A film"));
    assert_eq!(visitor.post(&token, &videos, &end).await.body, json!({ "success": true }));
    let published = visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len()), (1, 0));
    assert_eq!(published.visible[0].files[0].sha256, sha256(&bytes));
    let listed = visitor.graph(&token, &videos, &[]).await;
    assert_eq!(listed.items()[0]["description"], "A film");
    let id = started["video_id"].as_str().unwrap();
    assert_eq!(visitor.delete(&token, id).await.body, json!({ "success": true }));
    assert!(visitor.emulator.published().visible.is_empty(), "its post goes with it");
}

#[tokio::test]
async fn a_page_video_comes_at_once_too_by_file_url_or_handle() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let videos = format!("{page}/videos");
    let bytes = video(9000);
    assert_eq!(post_file(&visitor, &token, &videos, &[], ("source", &bytes)).await.status, 200);
    let url = hosting("200 OK", bytes.clone(), "").await;
    assert_eq!(visitor.post(&token, &videos, &[("file_url", &url)]).await.status, 200);
    assert_eq!(visitor.post(&token, &videos, &[("file_url", "http://127.0.0.1:9/")]).await.error().1, 389);
    assert_eq!(post_file(&visitor, &token, &videos, &[], ("source", b"text")).await.error().1, 352);

    let app = bowerbird_emulator::FACEBOOK_APP_ID;
    let form = [("file_name", "a.mp4"), ("file_length", "9000"), ("file_type", "video/mp4")];
    let session = visitor.post(&token, &format!("{app}/uploads"), &form).await.body;
    let session = session["id"].as_str().unwrap();
    let send = async |from: usize, until: usize| {
        let url = visitor.url(&format!("graph.facebook.com/v25.0/{session}"));
        let call = visitor.http.post(url).header("authorization", format!("OAuth {token}"));
        let call = call.header("file_offset", from.to_string()).header("content-type", "application/octet-stream");
        Visitor::read(call.body(bytes[from..until].to_vec()).send().await.unwrap()).await
    };
    assert_eq!(send(0, 4000).await.error().1, 6000);
    assert_eq!(visitor.graph(&token, session, &[]).await.body["file_offset"], 4000);
    let handle = send(4000, 9000).await.body;
    let form = [("fbuploader_video_file_chunk", handle["h"].as_str().unwrap()), ("published", "false")];
    let answer = visitor.post(&token, &videos, &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let published = visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len()), (2, 1));
    assert_eq!(published.leftovers[0].files[0].sha256, sha256(&bytes));
}
