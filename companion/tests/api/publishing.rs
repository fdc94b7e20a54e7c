//! Publishing, from a row to what is to be seen at the emulator: each kind, what goes wrong on the way, and what is left.

use crate::app::TestApp;
use bowerbird_companion::db::{AccountRow, Db, NewPublication, PostRow, PublicationRow, now};
use bowerbird_companion::publish::body::{Body, Fit, Medium};
use bowerbird_companion::publish::rows::Kind;
use bowerbird_companion::seal::Keyring;
use bowerbird_companion::secrets::{self, Secret};
use bowerbird_emulator::{Connected, FACEBOOK_APP_ID, Fault, PublishKind, PublishStep, Settings};
use bowerbird_services::film;
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::header;
use serde_json::Value;
use std::io::Cursor;
use std::time::Duration;

/// A companion, and Alice's first Page with the Instagram account that is linked to it.
pub struct Press {
    pub app: TestApp,
    pub db: Db,
    pub page: AccountRow,
    pub instagram: AccountRow,
}

impl Press {
    pub async fn start() -> Self {
        Self::of(TestApp::start().await).await
    }

    pub async fn of(app: TestApp) -> Self {
        let config = app.config();
        let keyring = Keyring::in_data_dir(&config.data_dir).unwrap();
        let db = Db::open(config.database_url.expose(), &config.data_dir, keyring).await.unwrap();
        let Connected { page, name, token, instagram } = app.emulator.connect(FACEBOOK_APP_ID, "alice").remove(0);
        let (instagram, username) = instagram.unwrap();
        let account = |network: &str, id: &str, name: &str| AccountRow {
            id: secrets::id(),
            app_key: "demo".to_owned(),
            tenant: String::new(),
            network: network.to_owned(),
            client_id: FACEBOOK_APP_ID.to_owned(),
            user_id: app.emulator.user_id(FACEBOOK_APP_ID, "alice"),
            account_id: id.to_owned(),
            page_id: page.clone(),
            name: name.to_owned(),
            username: None,
            picture_url: None,
            access_token: Some(Secret::new(token.clone())),
            problem: None,
            created_ms: 0,
            refreshed_ms: 0,
        };
        let (page, instagram) = (account("facebook", &page, &name), account("instagram", &instagram, &username));
        db.put_account(&page).await.unwrap();
        db.put_account(&instagram).await.unwrap();
        Self { app, db, page, instagram }
    }

    /// Has bytes stored, and answers the handle.
    pub async fn stores(&self, mimetype: &str, bytes: Vec<u8>) -> String {
        let url = format!("{}/api/store/S3?key=demo", self.app.url);
        let request = self.app.http.post(url).header(header::CONTENT_TYPE, mimetype).body(bytes);
        let answer = request.header(header::ORIGIN, crate::app::ORIGIN).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let stored: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        stored["url"].as_str().unwrap_or_else(|| panic!("{stored}")).rsplit('/').next().unwrap().to_owned()
    }

    pub async fn photo(&self, width: u32, height: u32) -> Medium {
        Medium::stored(self.stores("image/jpeg", picture(ImageFormat::Jpeg, width, height)).await)
    }

    pub async fn film(&self, seconds: u32) -> Medium {
        Medium::stored(self.stores("video/mp4", film::portrait(seconds)).await)
    }

    /// Asks for a publication, and answers its id.
    pub async fn asks(&self, account: &AccountRow, kind: Kind, body: &Body, scheduled_ms: Option<i64>) -> String {
        let post = PostRow {
            id: secrets::id(),
            app_key: "demo".to_owned(),
            request: "{}".to_owned(),
            scheduled_ms,
            created_ms: now(),
            ..PostRow::default()
        };
        let id = format!("{}-0", post.id);
        let publication = NewPublication {
            id: id.clone(),
            account_id: account.id.clone(),
            kind: kind.name(),
            body: serde_json::to_string(body).unwrap(),
        };
        self.db.insert_post(&post, &[publication], "test").await.unwrap();
        id
    }

    /// Waits until a publication has ended.
    pub async fn ends(&self, id: &str) -> PublicationRow {
        for _ in 0..1200 {
            let row = self.db.publication(id).await.unwrap().unwrap();
            if row.ended_ms.is_some() {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?} did not end", self.db.publication(id).await.unwrap());
    }

    /// Asks for a publication and waits for its end.
    pub async fn publishes(&self, account: &AccountRow, kind: Kind, body: &Body) -> PublicationRow {
        self.ends(&self.asks(account, kind, body, None).await).await
    }

    /// Waits until nothing is left at Meta.
    pub async fn nothing_is_left(&self) {
        let mut left = self.app.emulator.published();
        for _ in 0..200 {
            if left.leftovers.is_empty() && left.scheduled.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            left = self.app.emulator.published();
        }
        panic!("{left:?}");
    }
}

pub fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn saying(text: &str, media: Vec<Medium>) -> Body {
    Body { text: text.to_owned(), media, ..Body::default() }
}

/// Each kind with what it is made of.
pub async fn each(press: &Press) -> Vec<(AccountRow, Kind, Body)> {
    let (photo, wide, film) = (press.photo(900, 1200).await, press.photo(1200, 900).await, press.film(10).await);
    let square = Medium::stored(press.stores("video/mp4", film::square()).await);
    let (page, instagram) = (&press.page, &press.instagram);
    let link = Body { link: Some("https://example.org/".to_owned()), ..saying("Look", vec![]) };
    let padded = |body: Body| Body { fit: Fit::Pad, ..body };
    vec![
        (page.clone(), Kind::PageText, saying("Good morning", vec![])),
        (page.clone(), Kind::PageLink, link),
        (page.clone(), Kind::PagePhoto, saying("One", vec![photo.clone()])),
        (page.clone(), Kind::PagePhotos, saying("Two", vec![photo.clone(), wide.clone()])),
        (page.clone(), Kind::PageVideo, saying("A film", vec![film.clone()])),
        (page.clone(), Kind::PagePhotoStory, saying("", vec![photo.clone()])),
        (page.clone(), Kind::PageVideoStory, saying("", vec![film.clone()])),
        (instagram.clone(), Kind::InstagramImage, padded(saying("On Instagram", vec![photo.clone()]))),
        (instagram.clone(), Kind::InstagramCarousel, padded(saying("Several", vec![photo.clone(), square, wide]))),
        (instagram.clone(), Kind::InstagramReel, saying("A reel", vec![film.clone()])),
        (instagram.clone(), Kind::InstagramStory, padded(saying("", vec![photo]))),
        (instagram.clone(), Kind::InstagramStory, saying("", vec![film])),
    ]
}

#[tokio::test]
async fn each_kind_is_published_once_and_leaves_nothing() {
    let press = Press::start().await;
    for (account, kind, body) in each(&press).await {
        press.app.emulator.clear_published();
        let row = press.publishes(&account, kind, &body).await;
        assert_eq!(row.state, "published", "{kind:?}: {:?} {:?}", row.problem, row.reason);
        let published = press.app.emulator.published();
        let [seen] = published.visible.as_slice() else { panic!("{kind:?}: {published:?}") };
        assert_eq!(Some(&seen.id), row.remote_id.as_ref(), "{kind:?}");
        assert_eq!(seen.account, account.account_id);
        assert_eq!(seen.text.as_deref().unwrap_or_default(), body.text, "{kind:?}");
        assert_eq!(seen.link, body.link);
        assert_eq!(seen.files.len().max(body.media.len()), seen.files.len(), "{kind:?}: {seen:?}");
        assert!(row.remote_url.as_deref().is_some_and(|url| url.starts_with("https://")), "{kind:?}: {row:?}");
        press.nothing_is_left().await;
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_reasons_or_fitted() {
    let press = Press::start().await;
    let wide = Medium::stored(press.stores("image/png", picture(ImageFormat::Png, 2400, 600)).await);
    let body = saying("Wide", vec![wide]);
    let refused = press.publishes(&press.instagram, Kind::InstagramImage, &body).await;
    assert_eq!((refused.state.as_str(), refused.problem.as_deref()), ("failed", Some("not_accepted")));
    let reason = refused.reason.unwrap();
    assert!(reason.contains("JPEG") && reason.contains("1.91"), "{reason}");
    assert!(press.app.emulator.published().containers.is_empty(), "nothing was sent");
    for (fit, ratio) in [(Fit::Pad, 1.91), (Fit::Crop, 1.91)] {
        press.app.emulator.clear_published();
        let fitted = press.publishes(&press.instagram, Kind::InstagramImage, &Body { fit, ..body.clone() }).await;
        assert_eq!(fitted.state, "published", "{:?}", fitted.reason);
        let file = &press.app.emulator.published().visible[0].files[0];
        let (width, height) = (f64::from(file.width.unwrap()), f64::from(file.height.unwrap()));
        assert_eq!(file.mimetype, "image/jpeg");
        assert!((width / height - ratio).abs() < 0.02 && width <= 1440.0, "{fit:?}: {width} x {height}");
    }
    let long = Body { text: "x".repeat(2201), fit: Fit::Pad, ..body };
    let refused = press.publishes(&press.instagram, Kind::InstagramImage, &long).await;
    assert!(refused.reason.as_deref().unwrap().contains("2200"), "{refused:?}");
    let short = press.publishes(&press.page, Kind::PageVideoStory, &saying("", vec![press.film(2).await])).await;
    assert_eq!((short.state.as_str(), short.problem.as_deref()), ("failed", Some("bad_request")), "{short:?}");
}

#[tokio::test]
async fn the_quota_is_asked_before_anything_is_sent() {
    let settings = Settings { instagram_quota: 1, require_app_secret: true, ..Settings::default() };
    let emulator = bowerbird_emulator::Emulator::start_with(settings).await;
    let press = Press::of(TestApp::start_against(emulator, |_| {}).await).await;
    let body = saying("One of one", vec![press.photo(1080, 1080).await]);
    let first = press.publishes(&press.instagram, Kind::InstagramImage, &body).await;
    assert_eq!(first.state, "published", "{:?}", first.reason);
    let second = press.publishes(&press.instagram, Kind::InstagramImage, &body).await;
    assert_eq!(second.problem.as_deref(), Some("rate_limited"), "{second:?}");
    assert_eq!(press.app.emulator.published().containers.len(), 1, "nothing was sent");
}

#[tokio::test]
async fn trouble_that_passes_is_waited_for_whatever_the_step() {
    use PublishStep as Step;
    let press = Press::start().await;
    let photo = press.photo(900, 1200).await;
    let film = press.film(10).await;
    let page = [
        (
            Kind::PagePhotos,
            vec![photo.clone(), photo.clone()],
            vec![Step::Photo, Step::Post, Step::UpdatePost, Step::Read],
        ),
        (Kind::PagePhotoStory, vec![photo.clone()], vec![Step::Photo, Step::PhotoStory, Step::List]),
        (
            Kind::PageVideo,
            vec![film.clone()],
            vec![Step::VideoStart, Step::VideoTransfer, Step::VideoFinish, Step::VideoStatus],
        ),
        (
            Kind::PageVideoStory,
            vec![film.clone()],
            vec![Step::StoryStart, Step::Upload, Step::StoryFinish, Step::VideoStatus, Step::List],
        ),
    ];
    let instagram = [
        (
            Kind::InstagramImage,
            vec![press.photo(1080, 1080).await],
            vec![Step::PublishingLimit, Step::Container, Step::ContainerStatus, Step::MediaPublish],
        ),
        (Kind::InstagramReel, vec![film], vec![Step::Container, Step::Upload, Step::MediaPublish]),
    ];
    let all = page.map(|it| (&press.page, it)).into_iter().chain(instagram.map(|it| (&press.instagram, it)));
    for (account, (kind, media, steps)) in all {
        let text = if kind.name().contains("story") { "" } else { "Again" };
        let body = saying(text, media);
        for step in steps {
            // Nothing was done, and all of it was.
            for trouble in [PublishKind::BadGateway, PublishKind::LostAnswer] {
                press.app.emulator.clear_published();
                press.app.emulator.set_fault(Fault::publish(step, trouble));
                let row = press.publishes(account, kind, &body).await;
                let when = format!("{kind:?} with {trouble:?} at {step:?}");
                assert_eq!(row.state, "published", "{when}: {:?}", row.reason);
                assert!(press.app.emulator.faults().is_empty(), "{when}: the fault was not met");
                let published = press.app.emulator.published();
                assert_eq!(published.visible.len(), 1, "{when}: {published:?}");
                assert!(published.scheduled.is_empty(), "{when}: {published:?}");
            }
        }
    }
    // What Meta alone knows of, it forgets within a day.
    press.app.emulator.advance_clock(Duration::from_secs(25 * 3600));
    let left = press.app.emulator.published().leftovers;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_refusal_ends_it_with_its_sentence_and_leaves_nothing() {
    use PublishKind as Trouble;
    let press = Press::start().await;
    let body = saying("Refused", vec![press.photo(900, 1200).await]);
    for (step, trouble, code, words) in [
        (PublishStep::Post, Trouble::InvalidParameter, "bad_request", "#100"),
        (PublishStep::Post, Trouble::Duplicate, "bad_request", "#506"),
        (PublishStep::Post, Trouble::Blocked, "account_blocked", "#368"),
        (PublishStep::UpdatePost, Trouble::PermissionMissing, "permission_declined", "#200"),
    ] {
        press.app.emulator.clear_published();
        press.app.emulator.set_fault(Fault::publish(step, trouble));
        let row = press.publishes(&press.page, Kind::PagePhoto, &body).await;
        assert_eq!((row.state.as_str(), row.problem.as_deref()), ("failed", Some(code)), "{trouble:?}: {row:?}");
        assert!(row.reason.as_deref().unwrap().contains(words), "{row:?}");
        assert!(press.app.emulator.published().visible.is_empty());
        press.nothing_is_left().await;
    }
    // A token that is over ends the account too, until it is connected again.
    press.app.emulator.set_fault(Fault::publish(PublishStep::Photo, Trouble::TokenInvalid));
    let row = press.publishes(&press.page, Kind::PagePhoto, &body).await;
    assert_eq!(row.problem.as_deref(), Some("password_changed"), "{row:?}");
    let account = press.db.account("demo", &press.page.id).await.unwrap().unwrap();
    assert_eq!(account.problem.as_deref(), Some("password_changed"));
    let next = press.publishes(&press.page, Kind::PagePhoto, &body).await;
    assert!(next.reason.as_deref().unwrap().contains("connect it again"), "{next:?}");
}

#[tokio::test]
async fn what_is_scheduled_waits_for_its_time_and_can_be_taken_back() {
    let press = Press::start().await;
    let body = saying("Later", vec![]);
    let soon = press.asks(&press.page, Kind::PageText, &body, Some(now() + 1500)).await;
    let never = press.asks(&press.page, Kind::PageText, &body, Some(now() + 3_600_000)).await;
    let due = press.db.publication(&soon).await.unwrap().unwrap();
    assert_eq!(due.state, "waiting");
    press.db.cancel_post("demo", never.strip_suffix("-0").unwrap()).await.unwrap();
    let (soon, never) = (press.ends(&soon).await, press.ends(&never).await);
    assert_eq!((soon.state.as_str(), never.state.as_str()), ("published", "cancelled"));
    assert!(soon.ended_ms >= soon.scheduled_ms);
    assert_eq!(press.app.emulator.published().visible.len(), 1);
}

#[tokio::test]
async fn what_is_taken_back_on_its_way_leaves_nothing() {
    let press = Press::start().await;
    press.app.emulator.set_fault(Fault::Processing { questions: None, error: None, times: None });
    let film = press.film(10).await;
    for kind in [Kind::PageVideo, Kind::PageVideoStory] {
        let id = press.asks(&press.page, kind, &saying("", vec![film.clone()]), None).await;
        let phase = async || press.db.publication(&id).await.unwrap().unwrap().phase;
        while phase().await.as_deref() != Some("processing") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        press.db.cancel_post("demo", id.strip_suffix("-0").unwrap()).await.unwrap();
        assert_eq!(press.ends(&id).await.state, "cancelled");
        press.nothing_is_left().await;
        assert!(press.app.emulator.published().visible.is_empty());
    }
}

#[tokio::test]
async fn a_video_that_meta_cannot_prepare_fails_with_what_meta_says() {
    let press = Press::start().await;
    let words = "Resolution too low. Video must have a minimum resolution of 540p.";
    press.app.emulator.set_fault(Fault::Processing { questions: Some(1), error: Some(words.to_owned()), times: None });
    let film = press.film(10).await;
    let row = press.publishes(&press.page, Kind::PageVideoStory, &saying("", vec![film.clone()])).await;
    assert!(row.reason.as_deref().unwrap().contains(words), "{row:?}");
    press.nothing_is_left().await;
    let row = press.publishes(&press.instagram, Kind::InstagramReel, &saying("", vec![film])).await;
    assert!(row.reason.as_deref().unwrap().contains("could not prepare"), "{row:?}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_meta_has_it() {
    let press = Press::start().await;
    let cut = |after_bytes| Fault::Publish {
        step: PublishStep::Upload,
        kind: PublishKind::Cut,
        skip: None,
        after_bytes: Some(after_bytes),
        times: Some(1),
    };
    let bytes = film::portrait_of(10, 3_000_000);
    let film = Medium::stored(press.stores("video/mp4", bytes.clone()).await);
    press.app.emulator.set_fault(cut(1_000_000));
    let row = press.publishes(&press.page, Kind::PageVideoStory, &saying("", vec![film])).await;
    assert_eq!(row.state, "published", "{:?}", row.reason);
    let seen = press.app.emulator.published().visible.remove(0);
    assert_eq!(seen.files[0].bytes, bytes.len() as u64);
    let sha256 = {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(&bytes))
    };
    assert_eq!(seen.files[0].sha256, sha256);
}

#[tokio::test]
async fn addresses_offered_to_meta_are_signed_and_private_ones_fail_as_at_meta() {
    let press = Press::start().await;
    let body = saying("Offered", vec![press.photo(1080, 1080).await]);
    let row = press.publishes(&press.instagram, Kind::InstagramImage, &body).await;
    let offered = press.app.emulator.published().visible[0].files[0].url.clone().unwrap();
    let path = offered.strip_prefix(&press.app.url).unwrap();
    assert_eq!(press.app.get(path).await.status(), 200);
    let parts: Vec<&str> = path.split('/').collect();
    let later = path.replace(parts[4], &format!("{}", parts[4].parse::<i64>().unwrap() + 1));
    for wrong in [path.replace(&row.id, "other-0"), later, format!("{}0", &path[..path.len() - 1])] {
        assert_eq!(press.app.get(&wrong).await.status(), 404, "{wrong}");
    }
    press.app.emulator.set_fault(Fault::PrivateUrls);
    let row = press.publishes(&press.instagram, Kind::InstagramImage, &body).await;
    assert!(row.reason.as_deref().unwrap().contains("public_url"), "{row:?}");
}
