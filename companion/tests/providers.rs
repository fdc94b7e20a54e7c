//! One contract for every provider: whatever the vendor, these hold. A provider that is not in [`accounts`] fails the first test.

// The lint knows tests by their attribute, and not the functions that they share.
#![allow(clippy::unwrap_used)]

use bowerbird_companion::config::Config;
use bowerbird_companion::fetch::Fetcher;
use bowerbird_companion::providers::{self, Ask, CodeGrant, Credentials, Entry, Failure, Picture, Provider};
use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::{Emulator, Fault, RefusalKind};
use bowerbird_protocol::problem::ProblemCode;
use std::collections::HashSet;

const REDIRECT_URI: &str = "http://127.0.0.1:1/callback";

/// Whom the emulator knows at each provider.
fn accounts() -> Vec<(&'static str, &'static str)> {
    vec![("facebook", "alice"), ("instagram", "alice.pro")]
}

struct World {
    emulator: Emulator,
    fetcher: Fetcher,
    providers: Vec<Box<dyn Provider>>,
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::start().await;
        emulator.allow_redirect_uri(REDIRECT_URI);
        let config = Config::against_emulator(&emulator.url()).unwrap();
        let fetcher = Fetcher::new(&config).unwrap();
        let open = |name| providers::open(name, &config, &fetcher, providers::default_app(name, &config)?);
        Self { emulator, providers: providers::NAMES.into_iter().filter_map(open).collect(), fetcher }
    }

    /// Signs in at the provider's page as the account does, and gives the code.
    async fn code(&self, provider: &dyn Provider) -> String {
        let account = accounts().into_iter().find(|(name, _)| *name == provider.name()).unwrap().1;
        let dialog = provider.authorize_url(&ask());
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = [("account", account), ("decision", "continue"), ("user_photos", "on")];
        let answer = http.post(dialog).form(&form).send().await.unwrap();
        let location = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        let param =
            |wanted: &str| location.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        assert_eq!(param("state").as_deref(), Some("the-state"));
        param("code").unwrap()
    }

    async fn token(&self, provider: &dyn Provider) -> Secret {
        provider.exchange(grant(&self.code(provider).await)).await.unwrap().token
    }
}

fn ask() -> Ask<'static> {
    Ask { redirect_uri: REDIRECT_URI, state: "the-state", again: false, switch_account: false, challenge: None }
}

fn grant(code: &str) -> CodeGrant<'_> {
    CodeGrant { code, redirect_uri: REDIRECT_URI, verifier: None, long_lived: true }
}

/// All entries of a folder, page by page.
async fn whole(provider: &dyn Provider, token: &Secret, path: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut after = None;
    loop {
        let page = provider.list(token, path, after.as_deref()).await.unwrap();
        entries.extend(page.entries);
        after = page.after;
        if after.is_none() {
            return entries;
        }
    }
}

/// A photo's path, wherever the provider keeps its photos.
async fn a_photo(provider: &dyn Provider, token: &Secret) -> String {
    for entry in whole(provider, token, "/").await {
        let found = if entry.item.folder { whole(provider, token, &entry.item.path).await } else { vec![entry] };
        let photo = found.into_iter().find(|entry| entry.item.mimetype == "image/jpeg" && entry.picture.is_some());
        if let Some(photo) = photo {
            return photo.item.path;
        }
    }
    panic!("{} has no photo", provider.name());
}

#[tokio::test]
async fn every_provider_is_covered_here() {
    let world = World::new().await;
    let names: Vec<&str> = world.providers.iter().map(|provider| provider.name()).collect();
    assert_eq!(names, accounts().into_iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_code_becomes_a_token_once() {
    let world = World::new().await;
    for provider in &world.providers {
        let code = world.code(provider.as_ref()).await;
        let granted = provider.exchange(grant(&code)).await.unwrap();
        assert!(!granted.token.is_empty() && !granted.account_id.is_empty() && !granted.account_name.is_empty());
        assert!(
            granted.expires_in.is_some_and(|seconds| seconds > 24 * 3600),
            "{}: it outlives the session",
            provider.name()
        );
        let again = provider.exchange(grant(&code)).await.unwrap_err();
        assert_eq!(again.code(), ProblemCode::SignInRefused, "{}", provider.name());
        let code = world.code(provider.as_ref()).await;
        let elsewhere = CodeGrant { redirect_uri: "http://127.0.0.1:1/other", ..grant(&code) };
        let elsewhere = provider.exchange(elsewhere).await.unwrap_err();
        assert_eq!(elsewhere.code(), ProblemCode::SignInRefused, "{}", provider.name());
    }
}

#[tokio::test]
async fn entries_are_well_formed() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        let mut paths = HashSet::new();
        for root in whole(provider.as_ref(), &token, "/").await {
            let within =
                if root.item.folder { whole(provider.as_ref(), &token, &root.item.path).await } else { Vec::new() };
            // A photo has one path, whichever way one comes to it, so two folders may show it.
            let mut here = HashSet::new();
            for Entry { item, picture } in within.into_iter().chain([root]) {
                assert!(here.insert(item.path.clone()), "{} comes twice", item.path);
                paths.insert(item.path.clone());
                assert!(!item.name.is_empty() && item.thumbnail.is_empty(), "{item:?}");
                assert_eq!(item.folder, item.path.ends_with('/'), "{item:?}");
                assert_eq!(item.folder, item.mimetype.is_empty(), "{item:?}");
                assert_eq!(!item.folder, provider.is_photo(&item.path), "{item:?}");
                assert!(item.date.as_deref().is_none_or(|date| date.ends_with('Z')), "{item:?}");
                let is_sound = |picture: Picture| {
                    !picture.id.is_empty()
                        && !picture.renditions.is_empty()
                        && picture.renditions.iter().all(|rendition| url::Url::parse(&rendition.url).is_ok())
                };
                assert!(picture.is_none_or(is_sound), "{item:?}");
                assert_eq!(item.bytes, 0, "neither provider tells bytes");
            }
        }
        assert!(paths.len() > 50, "{}", provider.name());
    }
}

#[tokio::test]
async fn a_photo_is_resolved_to_bytes() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        let path = a_photo(provider.as_ref(), &token).await;
        let file = provider.resolve(&token, &path).await.unwrap();
        assert!(path.contains(&file.stem) && !file.stem.contains('/'), "{file:?}");
        let bytes = world.fetcher.open(&file.url, 1 << 30).await.unwrap().all().await.unwrap();
        let served = world.emulator.served();
        assert_eq!(served.last().map(|served| served.bytes), Some(bytes.len() as u64));
        if let (Some(width), Some(height)) = (file.width, file.height) {
            let served = served.last().unwrap();
            assert_eq!((width, height), (served.width, served.height));
        }
    }
}

#[tokio::test]
async fn paths_that_leave_the_source_go_nowhere() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        let before = world.emulator.calls().len();
        for path in ["", "me", "/me/", "/../me/", "/1/../2/", "/1/%2e%2e/", "/1/?fields=x", "/1/2.jpg#", "https://h/"] {
            assert!(!provider.is_photo(path), "{path}");
            let listed = provider.list(&token, path, None).await.unwrap_err();
            assert_eq!(listed.code(), ProblemCode::BadPath, "{path}");
            let resolved = provider.resolve(&token, path).await.unwrap_err();
            assert_eq!(resolved.code(), ProblemCode::BadPath, "{path}");
        }
        assert_eq!(world.emulator.calls().len(), before);
    }
}

#[tokio::test]
async fn what_is_not_there_is_gone() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        let path = a_photo(provider.as_ref(), &token).await;
        let id = path.rsplit('/').next().unwrap().trim_end_matches(".jpg");
        world.emulator.delete_photo(id);
        assert_eq!(
            provider.resolve(&token, &path).await.unwrap_err().code(),
            ProblemCode::PhotoGone,
            "{}",
            provider.name()
        );
    }
}

#[tokio::test]
async fn failures_are_of_the_three_kinds_and_tell_no_token() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        let failure = async |fault| {
            world.emulator.clear_faults();
            world.emulator.set_fault(fault);
            let failure = provider.list(&token, "/", None).await.unwrap_err();
            assert!(!failure.cause().contains(token.expose()) && !failure.cause().is_empty(), "{failure:?}");
            failure
        };
        let broken = failure(Fault::ServerErrors { times: None, host: None, status: None }).await;
        assert!(matches!(broken, Failure::Upstream { transient: true, .. }), "{broken:?}");
        let proxy = failure(Fault::ServerErrors { times: None, host: None, status: Some(503) }).await;
        assert!(matches!(proxy, Failure::Upstream { transient: true, .. }), "{proxy:?}");
        let expired = failure(Fault::ExpiredTokens).await;
        assert!(matches!(expired, Failure::SignInAgain { .. }), "{expired:?}");
        world.emulator.clear_faults();
        let nonsense = provider.list(&Secret::new("nonsense"), "/", None).await.unwrap_err();
        assert!(matches!(nonsense, Failure::SignInAgain { .. }), "{nonsense:?}");
        // Last, since nothing is asked for a while then.
        let limited = failure(Fault::RateLimited { code: None, times: None }).await;
        assert_eq!(limited.code(), ProblemCode::RateLimited);
        world.emulator.clear_faults();
    }
}

#[tokio::test]
async fn a_pause_is_of_the_app_and_not_of_one_instance() {
    let world = World::new().await;
    let config = Config::against_emulator(&world.emulator.url()).unwrap();
    let again = |client_id: &str| {
        let app = providers::default_app("facebook", &config).unwrap();
        let app = Credentials { client_id: client_id.to_owned(), ..app };
        providers::open("facebook", &config, &world.fetcher, app).unwrap()
    };
    let facebook = &world.providers[0];
    let token = world.token(facebook.as_ref()).await;
    world.emulator.set_fault(Fault::Usage { percent: 100, minutes: None, times: Some(1) });
    facebook.list(&token, "/", None).await.unwrap();
    let before = world.emulator.calls().len();
    let same_app = again(facebook.client_id()).list(&token, "/", None).await.unwrap_err();
    assert_eq!(same_app.code(), ProblemCode::RateLimited);
    assert_eq!(world.emulator.calls().len(), before, "Meta is not asked");
    again("1000000000000009").list(&token, "/", None).await.unwrap();
}

#[tokio::test]
async fn a_token_is_renewed_where_that_is_possible() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        world.emulator.advance_clock(std::time::Duration::from_secs(25 * 3600));
        let renewed = provider.refresh(&token).await.unwrap();
        assert_eq!(renewed.is_some(), provider.name() == "instagram");
        if let Some(renewed) = renewed {
            assert!(renewed.expires_in.is_some_and(|seconds| seconds > 30 * 24 * 3600));
            provider.list(&renewed.token, "/", None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn reading_is_tried_again_and_nothing_else_is() {
    let world = World::new().await;
    for provider in &world.providers {
        let token = world.token(provider.as_ref()).await;
        let asked = async |fault: Fault| {
            world.emulator.clear_faults();
            world.emulator.set_fault(fault);
            let before = world.emulator.calls().len();
            let listed = provider.list(&token, "/", None).await;
            (listed.is_ok(), world.emulator.calls().len() - before)
        };
        let broken = |times| Fault::ServerErrors { times, host: None, status: Some(502) };
        assert_eq!(asked(broken(Some(2))).await, (true, 3), "{}", provider.name());
        assert_eq!(asked(broken(None)).await, (false, 4), "{}", provider.name());
        for kind in [RefusalKind::NotReviewed, RefusalKind::PermissionRemoved, RefusalKind::AppRemoved] {
            assert_eq!(asked(Fault::Refusal { kind, times: None }).await, (false, 1), "{kind:?}");
        }
        world.emulator.clear_faults();
        let code = world.code(provider.as_ref()).await;
        world.emulator.set_fault(broken(None));
        let before = world.emulator.calls().len();
        provider.exchange(grant(&code)).await.unwrap_err();
        assert_eq!(world.emulator.calls().len() - before, 1, "a code counts once");
        world.emulator.clear_faults();
    }
}

#[tokio::test]
async fn cancelling_is_told_from_refusing() {
    let world = World::new().await;
    for provider in &world.providers {
        assert_eq!(provider.refusal("access_denied", ""), ProblemCode::SignInCancelled);
        assert_eq!(provider.refusal("server_error", ""), ProblemCode::SignInRefused);
    }
}
