//! What can go wrong at every step of publishing, and what is left behind then.

use bowerbird_emulator::{Fault, PublishKind, PublishStep};
use serde_json::json;

use crate::pages::{PUBLISHING, STUDIO};
use crate::posts::{JPEG, hosting, unpublished};
use crate::stories::{rupload, video};
use crate::visitor::{Answer, Visitor};

/// Whether all faults have spent themselves.
async fn none_is_on(visitor: &Visitor) -> bool {
    visitor.get("_emulator/faults", &[]).await.body == json!([])
}

#[tokio::test]
async fn every_error_has_meta_s_numbers() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let kinds = [
        (PublishKind::UploadFileRequired, (400, 324, 0)),
        (PublishKind::InvalidParameter, (400, 100, 0)),
        (PublishKind::Unknown, (400, 1, 0)),
        (PublishKind::TokenInvalid, (400, 190, 460)),
        (PublishKind::PermissionMissing, (403, 200, 0)),
        (PublishKind::Blocked, (400, 368, 1_390_008)),
        (PublishKind::Duplicate, (400, 506, 1_455_006)),
        (PublishKind::RateLimited, (403, 32, 0)),
        (PublishKind::ImageTooLarge, (400, 36_000, 2_207_004)),
        (PublishKind::NotReady, (400, 9007, 2_207_027)),
        (PublishKind::QuotaReached, (400, 9, 2_207_042)),
        (PublishKind::ContainerGone, (400, 24, 2_207_008)),
        (PublishKind::ServerError, (500, 2, 0)),
    ];
    for (kind, error) in kinds {
        visitor.emulator.set_fault(Fault::publish(PublishStep::Post, kind));
        let answer = visitor.post(&token, &format!("{page}/feed"), &[("message", "x")]).await;
        assert_eq!(answer.error(), error, "{kind:?}");
    }
    visitor.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::BadGateway));
    let answer = visitor.post(&token, &format!("{page}/feed"), &[("message", "x")]).await;
    assert_eq!((answer.status.as_u16(), answer.body.is_string()), (502, true));
    assert!(visitor.emulator.published().visible.is_empty(), "nothing was done");
    assert!(none_is_on(&visitor).await);
}

#[tokio::test]
async fn a_cut_call_did_nothing_and_a_lost_answer_hides_a_deed() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let feed = format!("{page}/feed");
    let post = async || visitor.try_post(&token, &feed, &[("message", "x")]).await;
    visitor.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::Cut));
    assert!(post().await.is_none());
    assert!(visitor.emulator.published().visible.is_empty());
    visitor.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::LostAnswer));
    assert!(post().await.is_none());
    assert_eq!(visitor.emulator.published().visible.len(), 1);
    visitor.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::LateGateway));
    assert_eq!(post().await.unwrap().status, 504);
    assert_eq!(visitor.emulator.published().visible.len(), 2, "a client that asks again posts twice");
    let statuses: Vec<u16> =
        visitor.emulator.calls().iter().filter(|call| call.path.ends_with("/feed")).map(|call| call.status).collect();
    assert_eq!(statuses, [0, 0, 504], "no status was seen");

    // Not even a status comes, so that a client that looks at nothing else is not taken in.
    visitor.emulator.set_fault(Fault::publish(PublishStep::List, PublishKind::Cut));
    let url = visitor.url(&format!("graph.facebook.com/v25.0/{feed}"));
    assert!(visitor.http.get(url).bearer_auth(&token).send().await.is_err());

    // A deed that fails anyway is answered as ever.
    visitor.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::LostAnswer));
    assert_eq!(visitor.post(&token, &feed, &[]).await.error(), (400, 197, 0));
}

#[tokio::test]
async fn a_fault_can_wait_for_the_third_photo() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let params = json!({ "step": "photo", "kind": "server_error", "skip": 2, "times": 1 });
    let other = json!({ "step": "photo_story", "kind": "cut" });
    for params in [params, other] {
        let put = visitor.http.put(visitor.url("_emulator/faults/publish")).json(&params).send().await.unwrap();
        assert_eq!(put.status(), 200);
    }
    unpublished(&visitor, &token, &page).await;
    unpublished(&visitor, &token, &page).await;
    let third = visitor.post(&token, &format!("{page}/photos"), &[("published", "false")]).await;
    assert_eq!(third.error(), (500, 2, 0));
    unpublished(&visitor, &token, &page).await;
    assert_eq!(visitor.emulator.published().leftovers.len(), 3);
    assert_eq!(visitor.get("_emulator/faults", &[]).await.body[0]["step"], "photo_story", "one for each step");
}

#[tokio::test]
async fn every_step_can_be_named() {
    use PublishStep as Step;
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let person = visitor.token_for("alice", PUBLISHING).await;
    let file = hosting("200 OK", JPEG.to_vec(), "").await;
    let instagram = "17841405822304915";
    let app = bowerbird_emulator::FACEBOOK_APP_ID;
    let under = |edge: &str| format!("{page}/{edge}");
    let id =
        |answer: Answer, name: &str| answer.body[name].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
    let post = id(visitor.post(&token, &under("feed"), &[("message", "x")]).await, "id");
    let video_id = id(visitor.post(&token, &under("video_stories"), &[("upload_phase", "start")]).await, "video_id");
    let form = [("file_length", "9"), ("file_type", "video/mp4")];
    let session = id(visitor.post(&token, &format!("{app}/uploads"), &form).await, "id");
    let media = format!("{instagram}/media");
    let container = id(visitor.post(&token, &media, &[("image_url", &file)]).await, "id");
    let limit = format!("{instagram}/content_publishing_limit");
    let media_publish = format!("{instagram}/media_publish");
    type Form<'a> = &'a [(&'a str, &'a str)];
    let steps: Vec<(Step, &str, &str, String, Form)> = vec![
        (Step::Accounts, "GET", &person, "me/accounts".into(), &[]),
        (Step::Page, "GET", &person, page.clone(), &[]),
        (Step::Photo, "POST", &token, under("photos"), &[]),
        (Step::Post, "POST", &token, under("feed"), &[]),
        (Step::UpdatePost, "POST", &token, post.clone(), &[("is_published", "true")]),
        (Step::List, "GET", &token, under("stories"), &[]),
        (Step::Read, "GET", &token, post.clone(), &[]),
        (Step::Delete, "DELETE", &token, post.clone(), &[]),
        (Step::PhotoStory, "POST", &token, under("photo_stories"), &[]),
        (Step::StoryStart, "POST", &token, under("video_stories"), &[("upload_phase", "start")]),
        (Step::StoryFinish, "POST", &token, under("video_stories"), &[("upload_phase", "finish")]),
        (Step::VideoStatus, "GET", &token, video_id.clone(), &[]),
        (Step::Video, "POST", &token, under("videos"), &[]),
        (Step::VideoStart, "POST", &token, under("videos"), &[("upload_phase", "start")]),
        (Step::VideoTransfer, "POST", &token, under("videos"), &[("upload_phase", "transfer")]),
        (Step::VideoFinish, "POST", &token, under("videos"), &[("upload_phase", "finish")]),
        (Step::SessionStart, "POST", &token, format!("{app}/uploads"), &[]),
        (Step::SessionUpload, "GET", &token, session, &[]),
        (Step::Container, "POST", &token, media, &[]),
        (Step::ContainerStatus, "GET", &token, container, &[]),
        (Step::MediaPublish, "POST", &token, media_publish, &[]),
        (Step::PublishingLimit, "GET", &token, limit, &[]),
    ];
    for (step, method, token, path, form) in steps {
        visitor.emulator.set_fault(Fault::publish(step, PublishKind::Blocked));
        let answer = match method {
            "GET" => visitor.graph(token, &path, &[]).await,
            "POST" => visitor.post(token, &path, form).await,
            _ => visitor.delete(token, &path).await,
        };
        assert_eq!(answer.error().1, 368, "{step:?}");
        assert!(none_is_on(&visitor).await, "{step:?}");
    }
    let url = visitor.url(&format!("rupload.facebook.com/video-upload/v25.0/{video_id}"));
    let bytes = video(1000);
    visitor.emulator.set_fault(Fault::publish(Step::Upload, PublishKind::Blocked));
    assert_eq!(rupload(&visitor, &token, &url, &bytes, 0).await.unwrap().error().1, 368);
    visitor.emulator.set_fault(Fault::publish(Step::Upload, PublishKind::LostAnswer));
    assert!(rupload(&visitor, &token, &url, &bytes, 0).await.is_none());
    let status = visitor.graph(&token, &video_id, &[("fields", "status")]).await.body["status"].clone();
    assert_eq!(status["uploading_phase"]["status"], "complete", "the bytes arrived all the same");
}

#[tokio::test]
async fn faults_of_whole_hosts_hit_publishing_too() {
    let visitor = Visitor::start().await;
    let (page, token) = visitor.page(STUDIO).await;
    let hello = [("message", "x")];
    let feed = format!("{page}/feed");
    visitor.emulator.set_fault(Fault::RateLimited { code: Some(32), times: Some(1) });
    assert_eq!(visitor.post(&token, &feed, &hello).await.error(), (403, 32, 0));
    visitor.emulator.set_fault(Fault::ServerErrors { times: Some(1), host: None, status: Some(503) });
    assert_eq!(visitor.post(&token, &feed, &hello).await.status, 503);
    visitor.emulator.set_fault(Fault::RevokedTokens);
    assert_eq!(visitor.post(&token, &feed, &hello).await.error(), (401, 190, 458));
    visitor.emulator.clear_faults();
    visitor.emulator.set_fault(Fault::ExpiredTokens);
    assert_eq!(visitor.post(&token, &feed, &hello).await.status, 200, "a Page's token does not expire");
}
