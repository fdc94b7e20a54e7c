//! What pages and visitors do, from the first listing to the stored file, on whatever stage it is.

use crate::stage::Stage;
use bowerbird_emulator::{FACEBOOK_APP_SECRET, INSTAGRAM_APP_SECRET};
use bowerbird_protocol::listing::{Contents, Item, ListCloud, ListReply, ListRequest, Listing};
use bowerbird_protocol::session::{
    AuthNeeded, CompleteRequest, Completion, LogoutCloud, LogoutRequest, SignIn, SignInState, WaitFor, WaitReply,
    WaitRequest,
};
use bowerbird_protocol::store::{StoreCloud, StoreEvent, StoreOutcome, StoreReply, StoreRequest, StoredFile};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

const KEY: &str = "demo";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// What no page may ever be told: the name under which Meta's own `next` carries the token, what the emulator's tokens
/// begin with, and the secrets of its apps.
const UNSPEAKABLE: [&str; 5] = ["access_token", "EAAOewZB", "IGAAOewZ", FACEBOOK_APP_SECRET, INSTAGRAM_APP_SECRET];

/// Three photos of Facebook's and then one more, as the widget and as Filestack's client ask for them.
pub async fn three_photos_and_one_from_facebook(stage: &Stage) {
    let page = Page::of(stage);

    let offers = page.is_offered(&["facebook", "instagram"]).await;
    page.connects("facebook", &offers["facebook"], "alice").await;

    let root = page.lists("facebook", "/").await;
    assert_eq!(root.account.as_deref(), Some("Alice Ferreira"));
    assert_eq!(root.next, "", "six albums fit on one page");
    let album = root.contents.iter().find(|item| item.name == "Mobile uploads").unwrap();
    // Facebook counts roughly.
    assert!(album.folder && album.count > Some(100) && !album.thumbnail.is_empty(), "{album:?}");

    let pages = page.lists_all("facebook", &album.path).await;
    assert_eq!(pages.iter().map(|page| page.contents.len()).collect::<Vec<_>>(), [100, 34]);
    assert!(pages.iter().flat_map(|page| &page.contents).all(|item| item.path.starts_with(&album.path)));
    let unwrapped = unwrapped(&pages[0].next);
    assert!(!unwrapped.contains("access_token") && !unwrapped.contains("://"), "{unwrapped}");

    // Two from the first page and one from behind it; large ones, so that their bytes are a while on the way.
    let [first, second] = [&pages[0], &pages[1]].map(|page| by_size(&page.contents));
    let chosen = [first[0], first[1], second[0]];
    let wish = StoreCloud {
        paths: chosen.map(|item| item.path.clone()).to_vec(),
        accept: vec!["image/*".to_owned()],
        ..StoreCloud::default()
    };
    let events = page.streams("facebook", wish.clone()).await;
    let files = ends(&events, &wish.paths);
    let told = |(file, path): (&StoredFile, &String)| seen_on_the_way(&events, path, file.size);
    let seen: usize = if stage.is_shaken() { 0 } else { files.iter().zip(&wish.paths).map(told).sum() };
    // A transfer that is begun anew is told anew, and one that has ended meanwhile is not told at all.
    assert!(seen > 1 || stage.is_shaken(), "progress is told while there is some: {events:?}");
    for (item, file) in chosen.iter().zip(&files) {
        assert_eq!((file.width, file.height), (item.width, item.height), "the largest rendition");
        assert_eq!((file.client.as_str(), file.mimetype.as_str()), ("facebook", "image/jpeg"));
        assert_eq!((&file.caption, &file.date), (&item.caption, &item.date));
        page.fetches(file, item).await;
    }

    let again = page.streams("facebook", wish.clone()).await;
    assert_eq!(again.len(), 4, "what is stored has nothing left to tell but its end: {again:?}");
    assert_eq!(ends(&again, &wish.paths), files, "asking again gives the same files");

    let one = first[first.len() - 1];
    let file = page.stores_as_filestacks_client("facebook", one).await;
    page.fetches(&file, one).await;
    assert_eq!(page.stores_as_filestacks_client("facebook", one).await, file);
    assert_eq!(stage.files_on_disk().len(), 4);

    page.signs_out("facebook").await;
    let offers = page.is_offered(&["facebook"]).await;
    assert!(!offers["facebook"].redirect_url.is_empty());
    let thumbnail = stage.http.get(&one.thumbnail).send().await.unwrap();
    assert_eq!(thumbnail.status(), 401, "thumbnails end with the sign-out");
    page.fetches(&file, one).await;
    page.was_told_no_secret();
}

/// One of the photos behind one entry of Instagram's.
pub async fn one_photo_out_of_an_instagram_carousel(stage: &Stage) {
    let page = Page::of(stage);

    let offers = page.is_offered(&["facebook", "instagram"]).await;
    page.connects("instagram", &offers["instagram"], "alice.pro").await;
    let root = page.lists("instagram", "/").await;
    assert!(root.contents.iter().any(|item| item.mimetype == "image/jpeg"), "photos stand beside carousels");
    let carousel = root.contents.iter().find(|item| item.folder).unwrap();

    let inside = page.lists("instagram", &carousel.path).await;
    assert_eq!(Some(inside.contents.len() as u64), carousel.count);
    let photo = inside.contents.iter().rfind(|item| item.mimetype == "image/jpeg").unwrap();
    let wish = StoreCloud { paths: vec![photo.path.clone()], ..StoreCloud::default() };
    let files = ends(&page.streams("instagram", wish.clone()).await, &wish.paths);
    assert_eq!(files[0].client, "instagram");
    page.fetches(&files[0], photo).await;

    page.signs_out("instagram").await;
    page.is_offered(&["facebook", "instagram"]).await;
    page.was_told_no_secret();
}

/// A page of another origin than the companion's, with its session, and the visitor before it.
struct Page<'a> {
    stage: &'a Stage,
    token: RefCell<Option<String>>,
    /// Every answer of the companion's.
    told: RefCell<String>,
}

impl<'a> Page<'a> {
    fn of(stage: &'a Stage) -> Self {
        Self { stage, token: RefCell::default(), told: RefCell::default() }
    }

    fn token(&self) -> Option<String> {
        self.token.borrow().clone()
    }

    /// Sends a body and gives the answer's. Where companions are killed, a request that broke is made again.
    async fn posts(&self, path: &str, body: &impl Serialize, accept: &str) -> String {
        let mut answer = self.tries_to_post(path, body, accept).await;
        while answer.is_none() && self.stage.is_shaken() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            answer = self.tries_to_post(path, body, accept).await;
        }
        answer.unwrap_or_else(|| panic!("{path}: the answer broke off"))
    }

    /// Nothing when the companion went away before the end of its answer.
    async fn tries_to_post(&self, path: &str, body: &impl Serialize, accept: &str) -> Option<String> {
        let origin = self.stage.page.trim_end_matches('/');
        let request = self.stage.http.post(format!("{}{path}", self.stage.companion)).json(body);
        let answer = request.header("accept", accept).header("origin", origin).send().await.ok()?;
        let status = answer.status();
        if status == 502 && self.stage.is_shaken() {
            return None;
        }
        assert_eq!(answer.headers()["access-control-allow-origin"], origin);
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let text = answer.text().await.ok()?;
        assert!(status == 200 && kind == accept, "{path}: {status} {kind}: {text}");
        self.told.borrow_mut().push_str(&text);
        Some(text)
    }

    async fn asks<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> A {
        let text = self.posts(path, body, JSON).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    async fn lists_each(&self, clouds: BTreeMap<String, ListCloud>) -> BTreeMap<String, Listing> {
        let request = ListRequest {
            policy: None,
            signature: None,
            apikey: KEY.to_owned(),
            clouds,
            flow: None,
            token: self.token(),
            accept: None,
            appurl: Some(self.stage.page.clone()),
            completes: true,
            remember: false,
        };
        let reply: ListReply = self.asks("/folder/list", &request).await;
        self.token.replace(Some(reply.token));
        reply.clouds
    }

    /// Lists the roots of sources that are not connected, in one request.
    async fn is_offered(&self, sources: &[&str]) -> BTreeMap<String, AuthNeeded> {
        let root = |source: &&str| {
            ((*source).to_owned(), ListCloud { path: "/".to_owned(), next: None, switch_account: false })
        };
        let listings = self.lists_each(sources.iter().map(root).collect()).await;
        assert_eq!(listings.keys().map(String::as_str).collect::<Vec<_>>(), sources);
        let auth = |(source, listing)| match listing {
            Listing::Auth { auth } => (source, auth),
            other => panic!("{source} asks for no sign-in: {other:?}"),
        };
        listings.into_iter().map(auth).collect()
    }

    async fn lists_page(&self, source: &str, path: &str, next: Option<String>) -> Contents {
        let asked = ListCloud { path: path.to_owned(), next, switch_account: false };
        match self.lists_each([(source.to_owned(), asked)].into()).await.remove(source) {
            Some(Listing::Contents(contents)) => contents,
            other => panic!("{source} does not list {path}: {other:?}"),
        }
    }

    async fn lists(&self, source: &str, path: &str) -> Contents {
        self.lists_page(source, path, None).await
    }

    /// Every page of a folder.
    async fn lists_all(&self, source: &str, path: &str) -> Vec<Contents> {
        let mut pages = vec![self.lists(source, path).await];
        while let Some(next) = pages.last().map(|page| page.next.clone()).filter(|next| !next.is_empty()) {
            pages.push(self.lists_page(source, path, Some(next)).await);
        }
        pages
    }

    /// Waits for a sign-in while the visitor goes through it.
    async fn connects(&self, source: &str, offer: &AuthNeeded, account: &str) {
        let attempt = offer.attempt.clone().unwrap();
        let request = WaitRequest {
            apikey: KEY.to_owned(),
            token: self.token().unwrap(),
            clouds: [(source.to_owned(), WaitFor { attempt })].into(),
        };
        let signs_in = async {
            let code = self.goes_through_the_popup(offer, account).await;
            let completion = Completion { attempt: request.clouds[source].attempt.clone(), code };
            let request = CompleteRequest {
                apikey: KEY.to_owned(),
                token: self.token().unwrap(),
                clouds: [(source.to_owned(), completion)].into(),
            };
            self.asks::<WaitReply>("/auth/complete", &request).await
        };
        let (reply, completed) = tokio::join!(self.asks::<WaitReply>("/auth/wait", &request), signs_in);
        assert_eq!(reply.clouds[source], SignIn::state(SignInState::Connected));
        assert_eq!(completed.clouds, reply.clouds);
    }

    /// What happens in the popup. Its pages are plain forms, and redirects are followed from host to host.
    /// Answers the code that the last page hands over.
    async fn goes_through_the_popup(&self, offer: &AuthNeeded, account: &str) -> String {
        let http = &self.stage.http;
        let chooser = http.get(&offer.redirect_url).send().await.unwrap();
        let dialog = chooser.url().clone();
        assert!(dialog.as_str().starts_with(&self.stage.emulator.url()), "the visitor is at {dialog}");
        let html = chooser.text().await.unwrap();
        assert!(html.contains(&format!("data-account=\"{account}\"")), "{html}");
        let consent = http.post(dialog.clone()).form(&[("account", account)]).send().await.unwrap();
        let html = consent.text().await.unwrap();
        assert!(html.contains("id=\"continue\""), "{html}");
        let ticked = [("account", account), ("user_photos", "on"), ("decision", "continue")];
        let end = http.post(dialog).form(&ticked).send().await.unwrap();
        assert!(end.url().as_str().starts_with(&self.stage.companion), "the visitor is at {}", end.url());
        let html = end.text().await.unwrap();
        assert!(html.contains("You are signed in"), "{html}");
        let (_, data) = html.split_once("id=\"handover\">").unwrap();
        let handover: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
        handover["code"].as_str().unwrap().to_owned()
    }

    /// Stores photos as the widget does, and gives every event.
    async fn streams(&self, source: &str, cloud: StoreCloud) -> Vec<StoreEvent> {
        let clouds = [(source.to_owned(), cloud)].into();
        let request = StoreRequest {
            apikey: KEY.to_owned(),
            token: self.token(),
            flow: None,
            policy: None,
            signature: None,
            clouds,
        };
        let stream = self.posts("/store/", &request, EVENTS).await;
        let event = |block: &str| -> Option<StoreEvent> {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
            let event: StoreEvent = serde_json::from_str(field("data:")?).unwrap_or_else(|_| panic!("{block}"));
            assert_eq!(field("event:"), Some(event.name()), "{block}");
            Some(event)
        };
        stream.split("\n\n").filter_map(event).collect()
    }

    /// Stores one photo with the request that Filestack's JavaScript client sends, and waits for the JSON.
    async fn stores_as_filestacks_client(&self, source: &str, item: &Item) -> StoredFile {
        let cloud = json!({"path": item.path, "picker_session_id": "0b5f", "store": {"location": "s3"}});
        let request = json!({"apikey": KEY, "token": self.token(), "flow": "web", "clouds": {source: cloud}});
        let mut reply: StoreReply = self.asks("/store/", &request).await;
        assert_eq!(Some(reply.token), self.token());
        match reply.clouds.remove(source) {
            Some(StoreOutcome::Stored(file)) => *file,
            other => panic!("{} is not stored: {other:?}", item.path),
        }
    }

    /// Fetches a stored file as everyone can, and compares it with what the emulator served for the photo.
    async fn fetches(&self, file: &StoredFile, item: &Item) {
        assert_eq!(file.url, format!("{}/{}", self.stage.companion, file.handle));
        assert_eq!((file.filename.as_str(), file.status.as_str()), (item.name.as_str(), "Stored"));
        let bytes = self.stage.stored_bytes(&file.url).await;
        assert_eq!(file.size, bytes.len() as u64);
        assert_eq!(file.sha256, hex::encode(Sha256::digest(&bytes)));
        let id = item.name.trim_end_matches(".jpg");
        assert!(self.stage.was_served(id, &bytes), "not the photo that was served: {file:?}");
    }

    async fn signs_out(&self, source: &str) {
        let clouds = Some([(source.to_owned(), LogoutCloud::default())].into());
        let request = LogoutRequest { apikey: KEY.to_owned(), token: self.token(), flow: None, clouds };
        let reply: BTreeMap<String, LogoutCloud> = self.asks("/auth/logout", &request).await;
        assert!(reply.contains_key(source), "{reply:?}");
    }

    fn was_told_no_secret(&self) {
        let told = self.told.borrow();
        for secret in UNSPEAKABLE {
            assert!(!told.contains(secret), "the page was told `{secret}`");
        }
    }
}

/// The files that a stream ended with, in the order of `paths`. Each photo ends once and is silent afterwards, and the
/// stream's own end comes last.
fn ends(events: &[StoreEvent], paths: &[String]) -> Vec<StoredFile> {
    let (last, events) = events.split_last().expect("a stream has an end");
    assert_eq!(*last, StoreEvent::Done);
    let mut files = BTreeMap::new();
    for event in events {
        match event {
            StoreEvent::Progress { path, .. } => assert!(!files.contains_key(path), "{path} moves after its end"),
            StoreEvent::Stored { path, file, .. } => {
                assert!(files.insert(path.clone(), (**file).clone()).is_none(), "{path} ends twice");
            }
            other => panic!("{other:?}"),
        }
    }
    paths.iter().map(|path| files.remove(path).unwrap_or_else(|| panic!("{path} has no end"))).collect()
}

/// How often a photo's progress was seen in the middle of the transfer. It counts bytes: it grows, towards the file's size.
fn seen_on_the_way(events: &[StoreEvent], of: &str, size: u64) -> usize {
    let mut counts = Vec::new();
    for event in events {
        if let StoreEvent::Progress { path, received, total, .. } = event
            && path == of
        {
            assert!(total.is_none_or(|total| total == size), "{event:?} of {size}");
            assert!(total.is_some() || *received == 0, "{event:?} counts bytes of an answer that has not begun");
            counts.push(*received);
        }
    }
    assert!(counts.is_sorted(), "{counts:?}");
    assert!(counts.last() <= Some(&size), "{counts:?} of {size}");
    counts.iter().filter(|count| (1..size).contains(*count)).count()
}

/// The photos with the most pixels first.
fn by_size(items: &[Item]) -> Vec<&Item> {
    let mut photos: Vec<&Item> = items.iter().filter(|item| item.mimetype == "image/jpeg").collect();
    photos.sort_by_key(|item| std::cmp::Reverse((item.width.unwrap() * item.height.unwrap(), item.path.clone())));
    photos
}

/// What somebody curious makes of a `next`, which is base64 for URLs.
fn unwrapped(next: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |c| DIGITS.find(c).unwrap_or_else(|| panic!("{c} in {next}"));
    let bits: Vec<usize> =
        next.chars().map(digit).flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1)).collect();
    bits.chunks_exact(8).map(|byte| char::from(byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8))).collect()
}
