//! Publishing on Instagram: containers and what becomes of them.

use std::time::Duration;

use bowerbird_emulator::{Fault, INSTAGRAM_APP_SECRET, Settings};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::pages::{PUBLISHING, STUDIO};
use crate::posts::{JPEG, hosting, sha256};
use crate::stories::{rupload, video};
use crate::visitor::{Answer, Visitor, with_param};

const ACCOUNT: &str = "17841405822304915";

/// A picture of one colour.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::new(width, height).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Somebody who publishes on Instagram with Instagram Login.
struct Publisher {
    visitor: Visitor,
    token: String,
}

impl Publisher {
    async fn start_with(settings: Settings) -> Publisher {
        let visitor = Visitor::start_with(settings).await;
        let scope = "instagram_business_basic,instagram_business_content_publish";
        let dialog = with_param(&visitor.instagram_dialog(), "scope", scope);
        let back = visitor.consent(&dialog, "alice.pro", &[]).await;
        let code = crate::visitor::param(&back, "code").unwrap();
        let answer = visitor.exchange_instagram(&code, crate::visitor::INSTAGRAM_BACK).await;
        // The first token lives for an hour only.
        let query = [
            ("grant_type", "ig_exchange_token"),
            ("client_secret", INSTAGRAM_APP_SECRET),
            ("access_token", answer.body["access_token"].as_str().unwrap()),
        ];
        let answer = visitor.get("graph.instagram.com/access_token", &query).await;
        let token = answer.body["access_token"].as_str().unwrap().to_owned();
        Publisher { visitor, token }
    }

    async fn start() -> Publisher {
        Publisher::start_with(Settings::default()).await
    }

    async fn post(&self, edge: &str, form: &[(&str, &str)]) -> Answer {
        let url = self.visitor.url(&format!("graph.instagram.com/v25.0/{ACCOUNT}/{edge}"));
        Visitor::read(self.visitor.http.post(url).bearer_auth(&self.token).form(form).send().await.unwrap()).await
    }

    async fn container(&self, form: &[(&str, &str)]) -> String {
        let answer = self.post("media", form).await;
        answer.body["id"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
    }

    async fn publish(&self, container: &str) -> Answer {
        self.post("media_publish", &[("creation_id", container)]).await
    }

    async fn status(&self, container: &str) -> String {
        let fields = [("fields", "status_code,status")];
        let answer = self.visitor.instagram(&self.token, container, &fields).await;
        answer.body["status_code"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
    }

    async fn used(&self) -> Value {
        let path = format!("{ACCOUNT}/content_publishing_limit");
        let answer = self.visitor.instagram(&self.token, &path, &[("fields", "config,quota_usage")]).await;
        answer.items()[0].clone()
    }
}

#[tokio::test]
async fn an_image_becomes_a_container_and_then_a_media() {
    let publisher = Publisher::start().await;
    let url = hosting("200 OK", JPEG.to_vec(), "").await;
    let form = [("image_url", url.as_str()), ("caption", "Coffee #morning"), ("alt_text", "A cup")];
    let container = publisher.container(&form).await;
    assert_eq!(publisher.visitor.emulator.published().leftovers[0].id, container);
    assert_eq!(publisher.status(&container).await, "FINISHED", "images are ready at once");
    let media = publisher.publish(&container).await.body["id"].as_str().unwrap().to_owned();
    assert_eq!(publisher.status(&container).await, "PUBLISHED");
    assert_eq!(publisher.publish(&container).await.error(), (400, 24, 2_207_008), "not twice");

    let fields = [("fields", "caption,media_type,media_product_type,permalink,username")];
    let node = publisher.visitor.instagram(&publisher.token, &media, &fields).await.body;
    assert_eq!((&node["caption"], &node["media_type"]), (&json!("Coffee #morning"), &json!("IMAGE")));
    assert_eq!((&node["media_product_type"], &node["username"]), (&json!("FEED"), &json!("alice.pro")));
    let listed = publisher.visitor.instagram(&publisher.token, "me/media", &[("fields", "caption,like_count")]).await;
    assert_eq!((&listed.items()[0]["id"], listed.items().len()), (&json!(media), 25), "before all that was there");
    let published = publisher.visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len(), published.containers.len()), (1, 0, 1));
    assert_eq!(published.visible[0].files[0].sha256, sha256(JPEG));
    let config = json!({ "quota_total": 100, "quota_duration": 86_400 });
    let me = publisher.visitor.instagram(&publisher.token, "me", &[("fields", "media_count")]).await;
    assert_eq!(me.body["media_count"], 73);
    assert_eq!(publisher.used().await, json!({ "quota_usage": 1, "config": config }));
}

#[tokio::test]
async fn a_reel_is_not_ready_at_once() {
    let publisher = Publisher::start().await;
    let url = hosting("200 OK", video(9000), "").await;
    let form = [("media_type", "REELS"), ("video_url", url.as_str())];
    let container = publisher.container(&form).await;
    let early = publisher.publish(&container).await;
    assert_eq!(early.error(), (400, 9007, 2_207_027));
    assert_eq!(early.message(), "Media ID is not available");
    assert_eq!(publisher.publish(&container).await.status, 200, "an early try counts as a question");
    let container = publisher.container(&form).await;
    assert_eq!(publisher.status(&container).await, "IN_PROGRESS");
    assert_eq!(publisher.status(&container).await, "FINISHED");
    assert_eq!(publisher.publish(&container).await.status, 200);
    assert_eq!(publisher.visitor.emulator.published().visible[0].media_type, "REELS");
}

#[tokio::test]
async fn what_goes_wrong_with_a_video_is_told_by_its_container() {
    let publisher = Publisher::start().await;
    let text = hosting("200 OK", b"hello".to_vec(), "").await;
    let film = hosting("200 OK", video(9000), "").await;
    let words = async |url: &str, error: &str| {
        let container = publisher.container(&[("media_type", "REELS"), ("video_url", url)]).await;
        publisher.status(&container).await;
        assert_eq!(publisher.status(&container).await, "ERROR");
        let answer = publisher.visitor.instagram(&publisher.token, &container, &[("fields", "status")]).await;
        assert!(answer.body["status"].as_str().unwrap().contains(error), "{}", answer.body);
        assert_eq!(publisher.publish(&container).await.error(), (400, -1, 2_207_032));
    };
    words(&text, "2207026").await;
    words("http://127.0.0.1:9/a.mp4", "2207052").await;
    publisher.visitor.emulator.set_fault(Fault::Processing {
        questions: Some(1),
        error: Some("Bad.".into()),
        times: Some(1),
    });
    words(&film, "2207053").await;
    assert_eq!(publisher.visitor.emulator.published().leftovers.len(), 3);

    publisher.visitor.emulator.set_fault(Fault::Processing { questions: None, error: None, times: Some(1) });
    let image = hosting("200 OK", JPEG.to_vec(), "").await;
    let container = publisher.container(&[("image_url", &image)]).await;
    for _ in 0..4 {
        assert_eq!(publisher.status(&container).await, "IN_PROGRESS", "for ever");
    }
    publisher.visitor.emulator.advance_clock(Duration::from_secs(86_401));
    assert_eq!(publisher.status(&container).await, "EXPIRED");
    assert_eq!(publisher.publish(&container).await.error(), (400, 24, 2_207_008));
    assert!(publisher.visitor.emulator.published().leftovers.is_empty(), "Instagram forgets them by itself");
}

#[tokio::test]
async fn images_are_jpeg_of_a_shape_and_a_size_that_instagram_takes() {
    let publisher = Publisher::start().await;
    let refused = async |bytes: Vec<u8>| {
        let url = hosting("200 OK", bytes, "").await;
        publisher.post("media", &[("image_url", &url)]).await.error()
    };
    let mut large = JPEG.to_vec();
    large.resize((8 << 20) + 1, 0);
    assert_eq!(refused(large).await, (400, 36_000, 2_207_004));
    assert_eq!(refused(picture(400, 400, ImageFormat::Png)).await, (400, 36_001, 2_207_005));
    assert_eq!(refused(picture(400, 600, ImageFormat::Jpeg)).await, (400, 36_003, 2_207_009));
    assert_eq!(refused(picture(800, 400, ImageFormat::Jpeg)).await, (400, 36_003, 2_207_009));
    assert_eq!(refused(b"<html>".to_vec()).await, (400, 9004, 2_207_052));
    let nobody = publisher.post("media", &[("image_url", "http://127.0.0.1:9/a.jpg")]).await;
    assert_eq!(nobody.error(), (400, 9004, 2_207_052));
    let url = hosting("200 OK", JPEG.to_vec(), "").await;
    publisher.visitor.emulator.set_fault(Fault::PrivateUrls);
    assert_eq!(publisher.post("media", &[("image_url", &url)]).await.error(), (400, 9004, 2_207_052));
    publisher.visitor.emulator.clear_faults();
    let tall = hosting("200 OK", picture(400, 700, ImageFormat::Jpeg), "").await;
    assert_eq!(publisher.post("media", &[("image_url", &tall), ("media_type", "STORIES")]).await.status, 200);

    let caption = async |caption: &str| publisher.post("media", &[("image_url", &url), ("caption", caption)]).await;
    assert_eq!(caption(&"é".repeat(2200)).await.status, 200);
    assert_eq!(caption(&"é".repeat(2201)).await.error(), (400, 36_004, 2_207_010));
    assert_eq!(caption(&"#a ".repeat(31)).await.error(), (400, 36_004, 2_207_010));
    let odd = publisher.post("media", &[("image_url", &url), ("media_type", "GIF")]).await;
    assert_eq!(odd.error(), (400, 100, 2_207_023));
    assert_eq!(publisher.post("media", &[]).await.error(), (400, 100, 0));
}

#[tokio::test]
async fn a_carousel_takes_its_children_along() {
    let publisher = Publisher::start().await;
    let image = hosting("200 OK", JPEG.to_vec(), "").await;
    let film = hosting("200 OK", video(9000), "").await;
    let item = ("is_carousel_item", "true");
    let first = publisher.container(&[("image_url", &image), item]).await;
    let second = publisher.container(&[("video_url", &film), ("media_type", "VIDEO"), item]).await;
    let children = format!("{first},{second}");
    let one = publisher.post("media", &[("media_type", "CAROUSEL"), ("children", &first)]).await;
    assert_eq!(one.error(), (400, 100, 2_207_028));
    let unknown = publisher.post("media", &[("media_type", "CAROUSEL"), ("children", "1,2")]).await;
    assert_eq!(unknown.error(), (400, 24, 2_207_006));
    assert_eq!(publisher.publish(&first).await.error(), (400, 24, 2_207_006), "a child is not published alone");
    let form = [("media_type", "CAROUSEL"), ("children", children.as_str()), ("caption", "Two")];
    let container = publisher.container(&form).await;
    assert_eq!(publisher.status(&container).await, "IN_PROGRESS", "as its video is");
    assert_eq!(publisher.status(&container).await, "FINISHED");
    assert_eq!(publisher.publish(&container).await.status, 200);
    let published = publisher.visitor.emulator.published();
    assert_eq!((published.visible.len(), published.leftovers.len(), published.containers.len()), (1, 0, 3));
    assert_eq!((published.visible[0].media_type.as_str(), published.visible[0].files.len()), ("CAROUSEL", 2));
}

#[tokio::test]
async fn the_day_s_quota_is_kept() {
    let publisher = Publisher::start_with(Settings { instagram_quota: 1, ..Settings::default() }).await;
    let url = hosting("200 OK", JPEG.to_vec(), "").await;
    let containers =
        [publisher.container(&[("image_url", &url)]).await, publisher.container(&[("image_url", &url)]).await];
    assert_eq!(publisher.publish(&containers[0]).await.status, 200);
    assert_eq!(publisher.used().await["quota_usage"], 1);
    assert_eq!(publisher.publish(&containers[1]).await.error(), (400, 9, 2_207_042));
    publisher.visitor.emulator.advance_clock(Duration::from_secs(86_401));
    assert_eq!(publisher.used().await["quota_usage"], 0);
    let container = publisher.container(&[("image_url", &url)]).await;
    assert_eq!(publisher.publish(&container).await.status, 200);
}

#[tokio::test]
async fn publishing_needs_its_permission_and_the_account() {
    let publisher = Publisher::start().await;
    let url = hosting("200 OK", JPEG.to_vec(), "").await;
    let basic = publisher.visitor.instagram_token("alice.pro").await;
    let path = publisher.visitor.url(&format!("graph.instagram.com/v25.0/{ACCOUNT}/media"));
    let call = publisher.visitor.http.post(&path).bearer_auth(&basic).form(&[("image_url", &url)]);
    let answer = Visitor::read(call.send().await.unwrap()).await;
    assert_eq!(answer.error(), (400, 10, 0));
    let call = publisher.visitor.http.post(&path).bearer_auth("IGAAnonsense").form(&[("image_url", &url)]);
    assert_eq!(Visitor::read(call.send().await.unwrap()).await.error(), (401, 190, 0));
}

#[tokio::test]
async fn with_facebook_login_the_account_is_the_page_s_and_bytes_can_be_sent() {
    let visitor = Visitor::start().await;
    let (_, page) = visitor.page(STUDIO).await;
    let person = visitor.token_for("alice", PUBLISHING).await;
    let media = format!("{ACCOUNT}/media");
    let url = hosting("200 OK", JPEG.to_vec(), "").await;
    for token in [&page, &person] {
        let container = visitor.post(token, &media, &[("image_url", &url)]).await.body["id"].clone();
        let form = [("creation_id", container.as_str().unwrap())];
        assert_eq!(visitor.post(token, &format!("{ACCOUNT}/media_publish"), &form).await.status, 200);
    }
    let stranger = visitor.token_for("clara", PUBLISHING).await;
    assert_eq!(visitor.post(&stranger, &media, &[("image_url", &url)]).await.error(), (400, 100, 33));
    let reader = visitor.token_for("dalia", "public_profile,instagram_basic").await;
    assert_eq!(visitor.post(&reader, &media, &[("image_url", &url)]).await.error(), (400, 100, 33));

    let form = [("media_type", "REELS"), ("upload_type", "resumable")];
    let answer = visitor.post(&page, &media, &form).await.body;
    let (id, uri) = (answer["id"].as_str().unwrap(), answer["uri"].as_str().unwrap());
    let status = async || visitor.graph(&page, id, &[("fields", "status_code")]).await.body["status_code"].clone();
    assert_eq!(status().await, "IN_PROGRESS", "nothing is there yet");
    let bytes = video(50_000);
    let sent = rupload(&visitor, &page, uri, &bytes, 0).await.unwrap().body;
    assert_eq!(sent, json!({ "success": true, "message": "Upload successful." }));
    assert_eq!(status().await, "IN_PROGRESS");
    assert_eq!(status().await, "FINISHED");
    let form = [("creation_id", id)];
    assert_eq!(visitor.post(&page, &format!("{ACCOUNT}/media_publish"), &form).await.status, 200);
    assert_eq!(visitor.emulator.published().visible[2].files[0].sha256, sha256(&bytes));
}
