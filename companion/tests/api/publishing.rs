//! Publishing, from a row to what is to be seen at the emulator: each kind, what goes wrong on the way, and what is left.

use crate::app::TestApp;
use crate::press::{Press, picture, saying};
use bowerbird_companion::db::{AccountRow, PublicationRow, now};
use bowerbird_companion::publish::body::{Body, Fit, Medium};
use bowerbird_companion::publish::rows::Kind;
use bowerbird_emulator::{Emulator, Fault, PublishKind, PublishStep, Settings};
use bowerbird_services::film;
use image::ImageFormat;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

async fn start() -> (TestApp, Press) {
    let app = TestApp::start().await;
    let press = Press::open(&app.config(), &app.emulator).await;
    (app, press)
}

/// Asks for a publication and waits for its end.
async fn publishes(press: &Press, account: &AccountRow, kind: Kind, body: &Body) -> PublicationRow {
    press.ends(&press.asks(account, kind, body, None).await).await
}

/// Waits until nothing is left at Meta.
async fn nothing_is_left(app: &TestApp) {
    let mut left = app.emulator.published();
    for _ in 0..200 {
        if left.leftovers.is_empty() && left.scheduled.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = app.emulator.published();
    }
    panic!("{left:?}");
}

#[tokio::test]
async fn each_kind_is_published_once_and_leaves_nothing() {
    let (app, press) = start().await;
    for (account, kind, body) in press.each().await {
        app.emulator.clear_published();
        let row = publishes(&press, &account, kind, &body).await;
        assert_eq!(row.state, "published", "{kind:?}: {:?} {:?}", row.problem, row.reason);
        let published = app.emulator.published();
        let [seen] = published.visible.as_slice() else { panic!("{kind:?}: {published:?}") };
        assert_eq!(Some(&seen.id), row.remote_id.as_ref(), "{kind:?}");
        assert_eq!(seen.account, account.account_id);
        assert_eq!(seen.text.as_deref().unwrap_or_default(), body.text, "{kind:?}");
        assert_eq!(seen.link, body.link);
        assert_eq!(seen.files.len().max(body.media.len()), seen.files.len(), "{kind:?}: {seen:?}");
        assert!(row.remote_url.as_deref().is_some_and(|url| url.starts_with("https://")), "{kind:?}: {row:?}");
        nothing_is_left(&app).await;
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_reasons_or_fitted() {
    let (app, press) = start().await;
    let wide = Medium::stored(press.stores("image/png", picture(ImageFormat::Png, 2400, 600)).await);
    let body = saying("Wide", vec![wide]);
    let refused = publishes(&press, &press.instagram, Kind::InstagramImage, &body).await;
    assert_eq!((refused.state.as_str(), refused.problem.as_deref()), ("failed", Some("not_accepted")));
    let reason = refused.reason.unwrap();
    assert!(reason.contains("JPEG") && reason.contains("1.91"), "{reason}");
    assert!(app.emulator.published().containers.is_empty(), "nothing was sent");
    for (fit, ratio) in [(Fit::Pad, 1.91), (Fit::Crop, 1.91)] {
        app.emulator.clear_published();
        let fitted = publishes(&press, &press.instagram, Kind::InstagramImage, &Body { fit, ..body.clone() }).await;
        assert_eq!(fitted.state, "published", "{:?}", fitted.reason);
        let file = &app.emulator.published().visible[0].files[0];
        let (width, height) = (f64::from(file.width.unwrap()), f64::from(file.height.unwrap()));
        assert_eq!(file.mimetype, "image/jpeg");
        assert!((width / height - ratio).abs() < 0.02 && width <= 1440.0, "{fit:?}: {width} x {height}");
    }
    let long = Body { text: "x".repeat(2201), fit: Fit::Pad, ..body };
    let refused = publishes(&press, &press.instagram, Kind::InstagramImage, &long).await;
    assert!(refused.reason.as_deref().unwrap().contains("2200"), "{refused:?}");
    let short = publishes(&press, &press.page, Kind::PageVideoStory, &saying("", vec![press.film(2).await])).await;
    assert_eq!((short.state.as_str(), short.problem.as_deref()), ("failed", Some("bad_request")), "{short:?}");
}

#[tokio::test]
async fn the_quota_is_asked_before_anything_is_sent() {
    let settings = Settings { instagram_quota: 1, require_app_secret: true, ..Settings::default() };
    let app = TestApp::start_against(Emulator::start_with(settings).await, |_| {}).await;
    let press = Press::open(&app.config(), &app.emulator).await;
    let body = saying("One of one", vec![press.photo(1080, 1080).await]);
    let first = publishes(&press, &press.instagram, Kind::InstagramImage, &body).await;
    assert_eq!(first.state, "published", "{:?}", first.reason);
    let second = publishes(&press, &press.instagram, Kind::InstagramImage, &body).await;
    assert_eq!(second.problem.as_deref(), Some("rate_limited"), "{second:?}");
    assert_eq!(app.emulator.published().containers.len(), 1, "nothing was sent");
}

#[tokio::test]
async fn trouble_that_passes_is_waited_for_whatever_the_step() {
    use PublishStep as Step;
    let (app, press) = start().await;
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
                app.emulator.clear_published();
                app.emulator.set_fault(Fault::publish(step, trouble));
                let row = publishes(&press, account, kind, &body).await;
                let when = format!("{kind:?} with {trouble:?} at {step:?}");
                assert_eq!(row.state, "published", "{when}: {:?}", row.reason);
                assert!(app.emulator.faults().is_empty(), "{when}: the fault was not met");
                let published = app.emulator.published();
                assert_eq!(published.visible.len(), 1, "{when}: {published:?}");
                assert!(published.scheduled.is_empty(), "{when}: {published:?}");
            }
        }
    }
    // What Meta alone knows of, it forgets within a day.
    app.emulator.advance_clock(Duration::from_secs(25 * 3600));
    let left = app.emulator.published().leftovers;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_last_try_is_looked_for_too() {
    let (app, press) = start().await;
    let body = saying("", vec![press.photo(900, 1200).await]);
    app.emulator.set_fault(Fault::publish(PublishStep::PhotoStory, PublishKind::LostAnswer));
    let id = press.asks(&press.page, Kind::PagePhotoStory, &body, Some(now() + 1000)).await;
    let tried = sqlx::query("UPDATE publications SET tries = 7 WHERE id = $1").bind(id.clone());
    tried.execute(&app.database().await).await.unwrap();
    let row = press.ends(&id).await;
    assert_eq!(row.state, "published", "{:?}", row.reason);
    assert_eq!(app.emulator.published().visible.len(), 1);
}

#[tokio::test]
async fn a_refusal_ends_it_with_its_sentence_and_leaves_nothing() {
    use PublishKind as Trouble;
    let (app, press) = start().await;
    let body = saying("Refused", vec![press.photo(900, 1200).await]);
    for (step, trouble, code, words) in [
        (PublishStep::Post, Trouble::InvalidParameter, "bad_request", "#100"),
        (PublishStep::Post, Trouble::Duplicate, "bad_request", "#506"),
        (PublishStep::Post, Trouble::Blocked, "account_blocked", "#368"),
        (PublishStep::UpdatePost, Trouble::PermissionMissing, "permission_declined", "#200"),
    ] {
        app.emulator.clear_published();
        app.emulator.set_fault(Fault::publish(step, trouble));
        let row = publishes(&press, &press.page, Kind::PagePhoto, &body).await;
        assert_eq!((row.state.as_str(), row.problem.as_deref()), ("failed", Some(code)), "{trouble:?}: {row:?}");
        assert!(row.reason.as_deref().unwrap().contains(words), "{row:?}");
        assert!(app.emulator.published().visible.is_empty());
        nothing_is_left(&app).await;
    }
    // A token that is over ends the account too, until it is connected again.
    app.emulator.set_fault(Fault::publish(PublishStep::Photo, Trouble::TokenInvalid));
    let row = publishes(&press, &press.page, Kind::PagePhoto, &body).await;
    assert_eq!(row.problem.as_deref(), Some("password_changed"), "{row:?}");
    let account = press.db.account("demo", &press.page.id).await.unwrap().unwrap();
    assert_eq!(account.problem.as_deref(), Some("password_changed"));
    let next = publishes(&press, &press.page, Kind::PagePhoto, &body).await;
    assert!(next.reason.as_deref().unwrap().contains("connect it again"), "{next:?}");
}

#[tokio::test]
async fn what_is_scheduled_waits_for_its_time_and_can_be_taken_back() {
    let (app, press) = start().await;
    let body = saying("Later", vec![]);
    let soon = press.asks(&press.page, Kind::PageText, &body, Some(now() + 1500)).await;
    let never = press.asks(&press.page, Kind::PageText, &body, Some(now() + 3_600_000)).await;
    let due = press.db.publication(&soon).await.unwrap().unwrap();
    assert_eq!(due.state, "waiting");
    press.db.cancel_post("demo", never.strip_suffix("-0").unwrap()).await.unwrap();
    let (soon, never) = (press.ends(&soon).await, press.ends(&never).await);
    assert_eq!((soon.state.as_str(), never.state.as_str()), ("published", "cancelled"));
    assert!(soon.ended_ms >= soon.scheduled_ms);
    assert_eq!(app.emulator.published().visible.len(), 1);
}

#[tokio::test]
async fn what_is_taken_back_on_its_way_leaves_nothing() {
    let (app, press) = start().await;
    app.emulator.set_fault(Fault::Processing { questions: None, error: None, times: None });
    let film = press.film(10).await;
    for kind in [Kind::PageVideo, Kind::PageVideoStory] {
        let id = press.asks(&press.page, kind, &saying("", vec![film.clone()]), None).await;
        let phase = async || press.db.publication(&id).await.unwrap().unwrap().phase;
        while phase().await.as_deref() != Some("processing") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        press.db.cancel_post("demo", id.strip_suffix("-0").unwrap()).await.unwrap();
        assert_eq!(press.ends(&id).await.state, "cancelled");
        nothing_is_left(&app).await;
        assert!(app.emulator.published().visible.is_empty());
    }
}

#[tokio::test]
async fn a_video_that_meta_cannot_prepare_fails_with_what_meta_says() {
    let (app, press) = start().await;
    let words = "Resolution too low. Video must have a minimum resolution of 540p.";
    app.emulator.set_fault(Fault::Processing { questions: Some(1), error: Some(words.to_owned()), times: None });
    let film = press.film(10).await;
    let row = publishes(&press, &press.page, Kind::PageVideoStory, &saying("", vec![film.clone()])).await;
    assert!(row.reason.as_deref().unwrap().contains(words), "{row:?}");
    nothing_is_left(&app).await;
    let row = publishes(&press, &press.instagram, Kind::InstagramReel, &saying("", vec![film])).await;
    assert!(row.reason.as_deref().unwrap().contains("could not prepare"), "{row:?}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_meta_has_it() {
    let (app, press) = start().await;
    let cut = |after_bytes| Fault::Publish {
        step: PublishStep::Upload,
        kind: PublishKind::Cut,
        skip: None,
        after_bytes: Some(after_bytes),
        times: Some(1),
    };
    let bytes = film::portrait_of(10, 3_000_000);
    let film = Medium::stored(press.stores("video/mp4", bytes.clone()).await);
    app.emulator.set_fault(cut(1_000_000));
    let row = publishes(&press, &press.page, Kind::PageVideoStory, &saying("", vec![film])).await;
    assert_eq!(row.state, "published", "{:?}", row.reason);
    let seen = app.emulator.published().visible.remove(0);
    assert_eq!(seen.files[0].bytes, bytes.len() as u64);
    assert_eq!(seen.files[0].sha256, hex::encode(Sha256::digest(&bytes)));
}

#[tokio::test]
async fn addresses_offered_to_meta_are_signed_and_private_ones_fail_as_at_meta() {
    let (app, press) = start().await;
    let body = saying("Offered", vec![press.photo(1080, 1080).await]);
    let row = publishes(&press, &press.instagram, Kind::InstagramImage, &body).await;
    let offered = app.emulator.published().visible[0].files[0].url.clone().unwrap();
    let path = offered.strip_prefix(&app.url).unwrap();
    assert_eq!(app.get(path).await.status(), 200);
    let parts: Vec<&str> = path.split('/').collect();
    let later = path.replace(parts[4], &format!("{}", parts[4].parse::<i64>().unwrap() + 1));
    let other = if path.ends_with('0') { 1 } else { 0 };
    for wrong in [path.replace(&row.id, "other-0"), later, format!("{}{other}", &path[..path.len() - 1])] {
        assert_eq!(app.get(&wrong).await.status(), 404, "{wrong}");
    }
    app.emulator.set_fault(Fault::PrivateUrls);
    let row = publishes(&press, &press.instagram, Kind::InstagramImage, &body).await;
    assert!(row.reason.as_deref().unwrap().contains("public_url"), "{row:?}");
}
