//! Publishing in the words of other systems: each sends what the system's own page shows, and gets what that page shows.

use crate::app::{TestApp, eventually, text};
use crate::connecting::{SECRET, pages, two_sites};
use crate::press::picture;
use crate::webhooks::Receiver;
use axum::Router;
use axum::routing::get;
use bowerbird_companion::publish::errors::UNKNOWN;
use bowerbird_emulator::{Fault, PublishKind, PublishStep};
use bowerbird_services::film;
use hmac::{Hmac, KeyInit as _, Mac as _};
use image::ImageFormat;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

/// A host with files in the open.
async fn a_host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let jpeg = || async { ([("content-type", "image/jpeg")], picture(ImageFormat::Jpeg, 900, 1200)) };
    let router = Router::new()
        .route("/images/update.jpg", get(jpeg))
        .route("/broken.jpg", get(|| async { "no picture at all" }))
        .route("/film.mp4", get(|| async { film::portrait(10) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    authority
}

/// A companion with two sites, a receiver of the first one's posts, and a host with files.
async fn start() -> (TestApp, Receiver, String) {
    let (receiver, host) = (Receiver::start().await, a_host().await);
    let app = TestApp::start_with(|config| {
        two_sites(config);
        config.private_sources = vec![host.clone()];
        config.private_receivers = vec![receiver.authority.clone()];
        config.apps[0].webhook = Some(receiver.wants("post.published,post.error"));
    })
    .await;
    (app, receiver, host)
}

impl TestApp {
    /// Connects one of the Pages and accounts that are found. Our id of it.
    async fn has_one(&self, network: &str, name: &str) -> String {
        let session = self.connects("facebook", "alice", None).await;
        let (_, pending) = self.is_pending(&session).await;
        let one =
            pages(&pending).iter().find(|page| page["type"] != "" && page["name"] == name && is_of(page, network));
        let (_, done) = self.finalizes(&session, json!([one.unwrap()["id"]])).await;
        text(&done["connectedAccounts"][0], "id")
    }

    async fn asks_to_publish(&self, body: Value) -> (StatusCode, Value) {
        self.calls(Method::POST, "/v1/posts/", SECRET, Some(body)).await
    }

    /// Asks for a post, which has to be taken, and waits until all of it has ended.
    async fn has_published(&self, body: Value) -> Value {
        let (status, reply) = self.asks_to_publish(body).await;
        assert_eq!((status, &reply["success"]), (StatusCode::OK, &json!(true)), "{reply}");
        let path = format!("/v1/posts/{}", text(&reply["post"], "id"));
        let mut post = Value::Null;
        eventually("the post has ended", async || {
            post = self.calls(Method::GET, &path, SECRET, None).await.1["post"].take();
            post["socialAccounts"].as_array().unwrap().iter().all(|account| account["status"] != "pending")
        })
        .await;
        post
    }

    async fn pushes(&self, path: &str, page: Value) -> (StatusCode, Value) {
        let body = json!({"request": {"push": page}});
        let request = self.http.post(format!("{}{path}", self.url)).basic_auth("shop", Some(SECRET)).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The identity of Alice, who connects all of her Pages.
    async fn identity(&self) -> String {
        let token = self.connects("facebook", "alice", None).await;
        let (status, reply) = self.asks_who(&format!("{token}.json"), "shop", SECRET).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        text(&reply["response"]["result"]["data"]["user"]["identity"], "identity_token")
    }
}

fn is_of(page: &Value, network: &str) -> bool {
    page["type"].as_str().is_some_and(|kind| kind.contains(network))
}

fn hmac(body: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn outstands_example_runs_as_it_is_written() {
    let (app, receiver, host) = start().await;
    app.has_one("page", "Alice Ferreira Photography").await;
    let example = r#"{
        "containers": [
            {
                "content": "Check out our latest update!",
                "media": [
                    { "url": "https://media.yoursite.com/images/update.jpg", "filename": "update.jpg" }
                ]
            }
        ],
        "accounts": ["facebook"]
    }"#;
    let example: Value =
        serde_json::from_str(&example.replace("https://media.yoursite.com", &format!("http://{host}"))).unwrap();
    let (status, reply) = app.asks_to_publish(example.clone()).await;
    let post = &reply["post"];
    assert_eq!((status, &reply["success"], &post["isDraft"]), (StatusCode::OK, &json!(true), &json!(false)), "{reply}");
    assert_eq!(
        (&post["publishedAt"], &post["scheduledAt"], &post["orgId"]),
        (&Value::Null, &Value::Null, &json!("shop"))
    );
    receiver.has_heard(1).await;
    let published = app.emulator.published();
    let [seen] = published.visible.as_slice() else { panic!("{published:?}") };
    assert_eq!((seen.text.as_deref(), seen.files.len()), (Some("Check out our latest update!"), 1));
    let (_, told) = app.calls(Method::GET, &format!("/v1/posts/{}", text(post, "id")), SECRET, None).await;
    let account = &told["post"]["socialAccounts"][0];
    assert_eq!((&account["status"], &account["platformPostId"]), (&json!("published"), &json!(seen.id)), "{told}");
    assert_eq!((&account["error"], &told["post"]["containers"]), (&Value::Null, &example["containers"]));
    assert!(told["post"]["publishedAt"].is_string() && account["publishedAt"].is_string(), "{told}");
    let (headers, body) = receiver.posted().remove(0);
    assert_eq!(headers["x-outstand-signature"], hmac(&body, &receiver.secret()).as_str());
    let notice: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&notice["event"], &notice["data"]["postId"]), (&json!("post.published"), &post["id"]), "{notice}");
    assert_eq!(notice["data"]["socialAccounts"][0], *account);
}

#[tokio::test]
async fn outstands_media_are_uploaded_confirmed_and_published_to_page_and_story() {
    let (app, _, _) = start().await;
    let page = app.has_one("page", "Alice Ferreira Photography").await;
    let body = json!({"filename": "a.jpg", "content_type": "image/jpeg"});
    let (status, reply) = app.calls(Method::POST, "/v1/media/upload", SECRET, Some(body)).await;
    assert_eq!((status, &reply["data"]["expires_in"]), (StatusCode::OK, &json!(3600)), "{reply}");
    let (id, url) = (text(&reply["data"], "id"), text(&reply["data"], "upload_url"));
    let confirm = format!("/v1/media/{id}/confirm");
    let (status, early) = app.calls(Method::POST, &confirm, SECRET, None).await;
    assert_eq!((status, &early["error"]), (StatusCode::NOT_FOUND, &json!("Media not found")));
    let bytes = picture(ImageFormat::Jpeg, 900, 1200);
    let forged = app.http.put(url.replace("until=", "until=1")).body(bytes.clone()).send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    assert_eq!(app.http.put(&url).body(bytes.clone()).send().await.unwrap().status(), StatusCode::OK);
    let (_, wrong) = app.calls(Method::POST, &confirm, SECRET, Some(json!({"size": 1}))).await;
    assert!(wrong["details"]["size"]["_errors"][0].as_str().unwrap().contains(&bytes.len().to_string()), "{wrong}");
    for _ in 0..2 {
        let (status, done) = app.calls(Method::POST, &confirm, SECRET, Some(json!({"size": bytes.len()}))).await;
        let data = &done["data"];
        assert_eq!((status, &data["id"], &data["status"]), (StatusCode::OK, &json!(id), &json!("active")), "{done}");
        assert_eq!((&data["content_type"], &data["size"]), (&json!("image/jpeg"), &json!(bytes.len())));
    }
    let (_, one) = app.calls(Method::GET, &format!("/v1/media/{id}"), SECRET, None).await;
    assert_eq!(one["data"]["filename"], "a.jpg");
    let media = json!([{"content": "Uploaded", "mediaIds": [id]}]);
    let post = app.has_published(json!({"containers": media, "accounts": [page]})).await;
    assert_eq!(post["socialAccounts"][0]["status"], "published", "{post}");
    let story = json!({"containers": [{"mediaIds": [id]}], "accounts": ["Alice Ferreira Photography"], "facebook": {"postType": "story"}});
    let post = app.has_published(story).await;
    assert_eq!(post["socialAccounts"][0]["status"], "published", "{post}");
    let kinds: Vec<String> = app.emulator.published().visible.into_iter().map(|seen| seen.kind).collect();
    assert_eq!(kinds, ["post", "story"]);
}

#[tokio::test]
async fn meta_fetches_a_video_itself_where_that_is_wished() {
    let (app, _, host) = start().await;
    let ids = app.has_connected("facebook", "alice", None).await;
    let (page, instagram) = (&ids["Walks in Lisbon"], &ids["alice.pro"]);
    let url = format!("http://{host}/film.mp4");
    let hosted = json!([{"content": "Hosted", "media": [{"url": url, "hosted": true}]}]);
    let story = json!([{"media": [{"url": url, "hosted": true}]}]);
    let as_story = json!({"postType": "story"});
    for body in [
        json!({"containers": hosted, "accounts": [page]}),
        json!({"containers": story, "accounts": [page], "facebook": as_story}),
        json!({"containers": hosted, "accounts": [instagram]}),
        json!({"containers": story, "accounts": [instagram], "instagram": as_story}),
    ] {
        app.emulator.clear_published();
        let post = app.has_published(body.clone()).await;
        assert_eq!(post["socialAccounts"][0]["status"], "published", "{body}: {post}");
        let published = app.emulator.published();
        let [seen] = published.visible.as_slice() else { panic!("{published:?}") };
        assert_eq!(seen.files[0].url.as_ref(), Some(&url), "{body}");
    }
    let gone = json!([{"content": "Gone", "media": [{"url": format!("http://{host}/gone.mp4"), "hosted": true}]}]);
    let post = app.has_published(json!({"containers": gone, "accounts": [page]})).await;
    assert!(post["socialAccounts"][0]["error"].as_str().unwrap().contains("#389"), "{post}");
}

#[tokio::test]
async fn stories_of_a_page_are_listed_by_status_and_date() {
    let (app, _, host) = start().await;
    let page = app.has_one("page", "Alice Ferreira Photography").await;
    let story = json!({
        "containers": [{"media": [{"url": format!("http://{host}/images/update.jpg")}]}],
        "accounts": [page], "facebook": {"postType": "story"},
    });
    app.has_published(story.clone()).await;
    app.emulator.advance_clock(std::time::Duration::from_secs(2 * 86_400));
    app.has_published(story).await;
    let list = async |query: &str| {
        let path = format!("/v1/social-accounts/{page}/stories?{query}");
        app.calls(Method::GET, &path, SECRET, None).await
    };
    let (status, all) = list("").await;
    assert_eq!(status, StatusCode::OK, "{all}");
    let all = all["data"].as_array().unwrap().clone();
    assert_eq!(all.len(), 2, "{all:?}");
    for name in ["post_id", "status", "creation_time", "media_type", "media_id", "url"] {
        assert!(all[0][name].is_string(), "{name}: {all:?}");
    }
    let (old, new) = (&all[1], &all[0]);
    assert_eq!((&old["status"], &new["status"]), (&json!("ARCHIVED"), &json!("PUBLISHED")));
    let time = new["creation_time"].as_str().unwrap();
    for (query, wanted) in [
        ("status=archived".to_owned(), old),
        ("status=PUBLISHED".to_owned(), new),
        (format!("since={time}"), new),
        (format!("until={}", time.parse::<i64>().unwrap() - 60), old),
    ] {
        assert_eq!(list(&query).await.1["data"], json!([wanted]), "{query}");
    }
    for wrong in ["status=seen", "since=yesterday"] {
        assert_eq!(list(wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn outstands_common_errors_each_give_their_sentence() {
    let (app, receiver, host) = start().await;
    app.has_one("page", "Alice Ferreira Photography").await;
    let post = |file: &str| json!({"containers": [{"media": [{"url": format!("http://{host}{file}")}]}], "accounts": ["facebook"]});
    let faults = [
        (PublishKind::UploadFileRequired, "#324", None),
        (PublishKind::InvalidParameter, "#100", Some(1)),
        (PublishKind::Unknown, UNKNOWN, None),
    ];
    for (kind, words, times) in faults {
        app.emulator.set_fault(Fault::Publish { step: PublishStep::Photo, kind, skip: None, after_bytes: None, times });
        let post = app.has_published(post("/images/update.jpg")).await;
        app.emulator.clear_faults();
        let account = &post["socialAccounts"][0];
        assert_eq!(account["status"], "failed", "{kind:?}: {post}");
        assert!(account["error"].as_str().unwrap().contains(words), "{kind:?}: {account}");
    }
    let broken = app.has_published(post("/broken.jpg")).await;
    let words = broken["socialAccounts"][0]["error"].as_str().unwrap().to_owned();
    assert!(words.contains("JPEG"), "{words}");
    receiver.has_heard(4).await;
    for (_, body) in receiver.posted() {
        assert!(body.contains("post.error"), "{body}");
    }
    assert!(app.emulator.published().visible.is_empty());
}

#[tokio::test]
async fn posts_are_judged_listed_scheduled_and_taken_back() {
    let (app, _, host) = start().await;
    let page = app.has_one("page", "Alice Ferreira Photography").await;
    let invalid = |field: &str, words: &str| json!({"success": false, "error": "Invalid payload", "details": {field: {"_errors": [words]}}});
    let accounts = json!(["facebook"]);
    for (body, refusal) in [
        (json!({"accounts": accounts}), invalid("content", "Required")),
        (json!({"content": "a"}), invalid("accounts", "Required")),
        (json!({"content": "a", "accounts": []}), invalid("accounts", "At least one is required")),
        (
            json!({"content": "a", "accounts": ["nobody"]}),
            invalid("accounts", "No account is connected that is called `nobody`"),
        ),
        (
            json!({"content": "", "accounts": accounts}),
            invalid("containers", "The text has 0 characters; a text on a Page takes 1 to 63206."),
        ),
    ] {
        assert_eq!(app.asks_to_publish(body.clone()).await, (StatusCode::BAD_REQUEST, refusal), "{body}");
    }
    for (body, field) in [
        (json!({"containers": [{"content": "a"}, {"content": "b"}], "accounts": accounts}), "containers"),
        (json!({"content": "a", "accounts": accounts, "scheduledAt": "tomorrow"}), "scheduledAt"),
        (json!({"content": "a", "accounts": accounts, "wat": 1}), "wat"),
        (json!({"content": "a", "accounts": accounts, "facebook": {"postType": "reel"}}), "facebook"),
    ] {
        let (status, refusal) = app.asks_to_publish(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(refusal["details"][field]["_errors"][0].is_string(), "{refusal}");
    }
    let far = json!({"content": "a", "accounts": accounts, "scheduledAt": "2099-01-01T00:00:00Z"});
    assert!(app.asks_to_publish(far).await.1.to_string().contains("30 days"));
    assert!(app.emulator.published().visible.is_empty() && app.count("posts").await == 0);

    let later = (chrono::Utc::now() + chrono::TimeDelta::hours(2)).to_rfc3339();
    let (_, waiting) =
        app.asks_to_publish(json!({"content": "Later", "accounts": accounts, "scheduledAt": later})).await;
    let waiting = text(&waiting["post"], "id");
    let now =
        app.has_published(json!({"content": "Now", "accounts": [page], "scheduledAt": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(now["socialAccounts"][0]["status"], "published", "a time that is past is now");
    let list = |query: &str| format!("/v1/posts?{query}");
    let (_, all) = app.calls(Method::GET, &list("limit=1"), SECRET, None).await;
    assert_eq!((&all["pagination"]["total"], all["posts"].as_array().unwrap().len()), (&json!(2), 1), "{all}");
    let query = list(&format!("scheduled_after=2026-01-01T00:00:00Z&social_account_id={page}"));
    let (_, scheduled) = app.calls(Method::GET, &query, SECRET, None).await;
    assert_eq!((&scheduled["posts"][0]["id"], &scheduled["pagination"]["total"]), (&json!(waiting), &json!(1)));
    let path = format!("/v1/posts/{waiting}");
    let (status, gone) = app.calls(Method::DELETE, &path, SECRET, None).await;
    assert_eq!((status, &gone["post"]["socialAccounts"][0]["status"]), (StatusCode::OK, &json!("cancelled")));
    // Another site knows nothing of it.
    let other = app.calls(Method::GET, &path, "the-secret-of-the-other-9876543210", None).await;
    assert_eq!((other.0, &other.1["error"]), (StatusCode::NOT_FOUND, &json!("Post not found")));
    // The same call again is the same post.
    let request = || {
        let body = json!({"content": "Once", "accounts": ["facebook"]});
        let request = app.http.post(format!("{}/v1/posts", app.url)).bearer_auth(SECRET);
        request.header("Idempotency-Key", "order-17").json(&body).send()
    };
    let first: Value = request().await.unwrap().json().await.unwrap();
    let again: Value = request().await.unwrap().json().await.unwrap();
    assert_eq!(first["post"]["id"], again["post"]["id"]);
    drop(host);
}

#[tokio::test]
async fn onealls_picture_video_and_post_give_what_its_page_shows() {
    let (app, _, host) = start().await;
    let identity = app.identity().await;
    let (_, list) = app.calls(Method::GET, "/v1/social-accounts", SECRET, None).await;
    let of_pages = list["data"].as_array().or(list["socialAccounts"].as_array()).unwrap_or_else(|| panic!("{list}"));
    assert!(of_pages.len() > 2, "{list}");
    let page = app.emulator.connect(bowerbird_emulator::FACEBOOK_APP_ID, "alice").remove(0).page;
    let resource = |what: &str| format!("/push/identities/{identity}/facebook/page/{what}.json");
    let url = format!("http://{host}/images/update.jpg");

    let picture = json!({"page": {"id": page, "url": url, "description": "OneAll Logo"}});
    let (status, reply) = app.pushes(&resource("picture"), picture).await;
    let request = &reply["response"]["request"];
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(request["resource"], resource("picture"));
    let info = "Your request has been processed successfully";
    assert_eq!(request["status"], json!({"flag": "success", "code": 200, "info": info}));
    let data = &reply["response"]["result"]["data"];
    let names: Vec<&str> = data.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["provider", "object", "picture_id", "picture_location", "post_id", "post_location"]);
    assert_eq!((&data["provider"], &data["object"]), (&json!("facebook"), &json!("picture")));
    let seen = app.emulator.published().visible.remove(0);
    assert_eq!((data["post_id"].as_str(), data["picture_id"].as_str()), (Some(&*seen.id), Some(&*seen.shows[0])));
    assert_eq!(data["picture_location"], format!("https://www.facebook.com/{}", seen.shows[0]));
    assert_eq!(data["post_location"], format!("https://www.facebook.com/{}", seen.id));
    assert_eq!(seen.text.as_deref(), Some("OneAll Logo"));

    app.emulator.clear_published();
    let picture = json!({"page": {"id": page, "url": url, "description": "Album", "create_post": false}});
    let (_, reply) = app.pushes(&resource("picture"), picture).await;
    let data = &reply["response"]["result"]["data"];
    assert!(data.get("post_id").is_none() && data["picture_id"].is_string(), "{reply}");
    let album = app.emulator.published().visible.remove(0);
    assert_eq!((album.kind.as_str(), Some(&*album.id)), ("photo", data["picture_id"].as_str()));

    let post = json!({"page": {"id": page, "message": "With a picture", "attachments": [data["picture_id"]]}});
    let (_, reply) = app.pushes(&resource("post"), post).await;
    let data = &reply["response"]["result"]["data"];
    let post = app.emulator.published().visible.into_iter().find(|seen| seen.kind == "post").unwrap();
    assert_eq!(data["post_id"], post.id, "{reply}");
    assert_eq!((post.text.as_deref(), post.files.len()), (Some("With a picture"), 1));

    let video = json!({"page": {"id": page, "url": format!("http://{host}/film.mp4"), "description": "A film"}});
    let (status, reply) = app.pushes(&resource("video"), video).await;
    let data = &reply["response"]["result"]["data"];
    assert_eq!((status, &data["object"]), (StatusCode::OK, &json!("video")), "{reply}");
    assert!(data["video_id"].is_string() && data["post_id"].is_string(), "{reply}");
}

#[tokio::test]
async fn what_oneall_had_and_facebook_removed_is_said_in_its_envelope() {
    let (app, _, host) = start().await;
    let identity = app.identity().await;
    let picture = json!({"picture": {"url": format!("http://{host}/images/update.jpg"), "description": "a", "create_post": true}});
    let at = |what: &str| format!("/push/identities/{identity}/{what}.json");
    for (what, status, words) in [
        ("facebook/picture", 400, "2018-08-01"),
        ("facebook/post", 400, "2018-08-01"),
        ("facebook/group/picture", 400, "2024-04-22"),
        ("twitter/picture", 501, "twitter"),
        ("youtube/playlist/7/video", 501, "youtube"),
        ("facebook/page/poem", 404, "resource"),
    ] {
        let (answered, reply) = app.pushes(&at(what), picture.clone()).await;
        let said = &reply["response"]["request"]["status"];
        assert_eq!((answered.as_u16(), said["code"].as_u64()), (status, Some(u64::from(status))), "{what}: {reply}");
        assert_eq!(said["flag"], "error");
        assert!(said["info"].as_str().unwrap().contains(words), "{what}: {reply}");
        assert!(reply["response"].get("result").is_none());
    }
    let page = at("facebook/page/picture");
    let several = app.pushes(&page, json!({"page": {"url": format!("http://{host}/images/update.jpg")}})).await;
    assert!(several.1.to_string().contains("say which"), "{}", several.1);
    let stranger = page.replace(&identity, "923843ec-1749-4cc1-988f-d6963f3b1baa");
    assert_eq!(app.pushes(&stranger, picture.clone()).await.0, StatusCode::NOT_FOUND);
    let unknown = app.http.post(format!("{}{page}", app.url)).json(&picture).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert!(app.emulator.published().visible.is_empty());
}
