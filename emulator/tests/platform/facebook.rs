use std::collections::HashSet;
use std::time::Duration;

use bowerbird_emulator::{FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, Fault, Settings};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::visitor::{Choices, FACEBOOK_BACK, Visitor};

fn proof(message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(FACEBOOK_APP_SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn app_token() -> String {
    format!("{FACEBOOK_APP_ID}|{FACEBOOK_APP_SECRET}")
}

#[tokio::test]
async fn a_code_becomes_a_token_once() {
    let visitor = Visitor::start().await;
    let code = visitor.facebook_code("alice", Choices::default()).await;
    let answer = visitor.exchange_facebook(&code, FACEBOOK_BACK).await;
    assert_eq!(answer.body["token_type"], "bearer");
    assert_eq!(answer.body["expires_in"], 5_183_944);
    assert_eq!(answer.headers["facebook-api-version"], "v25.0");

    let again = visitor.exchange_facebook(&code, FACEBOOK_BACK).await;
    assert_eq!(again.error(), (400, 100, 36_009));
    assert_eq!(
        again.headers["www-authenticate"],
        "OAuth \"Facebook Platform\" \"invalid_code\" \"This authorization code has been used.\""
    );
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let visitor = Visitor::start().await;
    let code = visitor.facebook_code("alice", Choices::default()).await;
    visitor.emulator.advance_clock(Duration::from_secs(601));
    assert_eq!(visitor.exchange_facebook(&code, FACEBOOK_BACK).await.error(), (400, 100, 36_007));
}

#[tokio::test]
async fn the_exchange_wants_the_same_redirect_uri_byte_for_byte() {
    let visitor = Visitor::start().await;
    let code = visitor.facebook_code("alice", Choices::default()).await;
    for other in [format!("{FACEBOOK_BACK}/"), FACEBOOK_BACK.replace("127.0.0.1", "localhost")] {
        assert_eq!(visitor.exchange_facebook(&code, &other).await.error(), (400, 100, 36_008));
    }
    assert_eq!(visitor.exchange_facebook(&code, "").await.error(), (400, 191, 0));
    assert_eq!(visitor.exchange_facebook(&code, FACEBOOK_BACK).await.status, 200);
}

#[tokio::test]
async fn the_exchange_knows_its_app_and_its_codes() {
    let visitor = Visitor::start().await;
    let code = visitor.facebook_code("alice", Choices::default()).await;
    let exchange = async |id: &str, secret: &str, code: &str| {
        let query = [("client_id", id), ("client_secret", secret), ("redirect_uri", FACEBOOK_BACK), ("code", code)];
        visitor.get("graph.facebook.com/oauth/access_token", &query).await.error()
    };
    assert_eq!(exchange("2000000000000002", FACEBOOK_APP_SECRET, &code).await, (400, 101, 0));
    assert_eq!(exchange("", FACEBOOK_APP_SECRET, &code).await, (400, 101, 0));
    assert_eq!(exchange(FACEBOOK_APP_ID, "wrong", &code).await, (400, 1, 0));
    assert_eq!(exchange(FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, "AQnever").await, (400, 100, 0));
    let foreign = visitor.instagram_code("alice.pro").await;
    assert_eq!(exchange(FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, &foreign).await, (400, 100, 0));
    let url = visitor.url("graph.facebook.com/v25.0/oauth/access_token");
    let form = [
        ("client_id", FACEBOOK_APP_ID),
        ("client_secret", FACEBOOK_APP_SECRET),
        ("redirect_uri", FACEBOOK_BACK),
        ("code", &code),
    ];
    let posted = Visitor::read(visitor.http.post(url).form(&form).send().await.unwrap()).await;
    assert_eq!(posted.status, 200, "a form works as well: {}", posted.body);
}

#[tokio::test]
async fn a_token_can_be_exchanged_for_a_long_lived_one() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let query = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", FACEBOOK_APP_ID),
        ("client_secret", FACEBOOK_APP_SECRET),
        ("fb_exchange_token", token.as_str()),
    ];
    let answer = visitor.get("graph.facebook.com/v25.0/oauth/access_token", &query).await;
    let longer = answer.body["access_token"].as_str().unwrap();
    assert_ne!(longer, token);
    assert_eq!(visitor.graph(longer, "me", &[]).await.body["name"], "Alice Ferreira");
}

#[tokio::test]
async fn debug_token_tells_what_a_token_is() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let debug = async |asking: &str, input: &str| {
        visitor.get("graph.facebook.com/v25.0/debug_token", &[("input_token", input), ("access_token", asking)]).await
    };
    let data = debug(&app_token(), &token).await.body["data"].clone();
    assert_eq!(
        (&data["is_valid"], &data["type"], &data["app_id"]),
        (&json!(true), &json!("USER"), &json!(FACEBOOK_APP_ID))
    );
    assert_eq!(data["scopes"], json!(["public_profile", "user_photos"]));
    assert_eq!(data["user_id"], visitor.graph(&token, "me", &[]).await.body["id"]);

    assert_eq!(debug(&token, &token).await.error(), (400, 100, 0));
    assert_eq!(debug(&app_token(), "EAAnonsense").await.body["data"]["is_valid"], json!(false));
    visitor.emulator.set_fault(Fault::ExpiredTokens);
    let data = debug(&app_token(), &token).await.body["data"].clone();
    assert_eq!((&data["is_valid"], &data["error"]["subcode"]), (&json!(false), &json!(463)));

    let query =
        [("grant_type", "client_credentials"), ("client_id", FACEBOOK_APP_ID), ("client_secret", FACEBOOK_APP_SECRET)];
    let answer = visitor.get("graph.facebook.com/v25.0/oauth/access_token", &query).await;
    let asking = answer.body["access_token"].as_str().unwrap();
    assert_eq!(debug(asking, &token).await.status, 200);
}

#[tokio::test]
async fn only_default_fields_come_unless_more_are_asked_for() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<HashSet<String>>();
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<HashSet<String>>();
    assert_eq!(keys(&visitor.graph(&token, "me", &[]).await.body), named(&["id", "name"]));
    let albums = visitor.graph(&token, "me/albums", &[]).await;
    assert_eq!(keys(&albums.items()[0]), named(&["id", "name", "created_time"]));
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    let photos = visitor.graph(&token, &format!("{album}/photos"), &[]).await;
    assert_eq!(keys(&photos.items()[0]), named(&["id", "name", "created_time"]));
    let fields = [("fields", "name,count,type,cover_photo{images,width},picture")];
    let album = visitor.graph(&token, &album, &fields).await.body;
    assert_eq!(keys(&album), named(&["id", "name", "count", "type", "cover_photo", "picture"]));
    assert_eq!(keys(&album["cover_photo"]), named(&["id", "images", "width"]));
    assert_eq!(album["count"], 24);
}

#[tokio::test]
async fn one_unknown_field_fails_the_whole_call() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    let photos = format!("{album}/photos");
    for (path, fields, field, node) in [
        ("me", "name,shoe_size", "shoe_size", "User"),
        ("me/albums", "id,name,cover_photos", "cover_photos", "Album"),
        ("me/albums", "cover_photo{images,size}", "size", "Photo"),
        (photos.as_str(), "id,images,mime_type", "mime_type", "Photo"),
    ] {
        let answer = visitor.graph(&token, path, &[("fields", fields)]).await;
        assert_eq!(answer.error(), (400, 100, 0));
        assert_eq!(
            answer.message(),
            format!("(#100) Tried accessing nonexisting field ({field}) on node type ({node})")
        );
    }
    assert_eq!(visitor.graph(&token, "me", &[("fields", "id,name}")]).await.error(), (400, 2500, 0));
    assert_eq!(visitor.graph(&token, "me/friendships", &[]).await.error(), (400, 100, 0));
}

#[tokio::test]
async fn field_expansion_reaches_into_listings() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let fields = [("fields", "albums.limit(2){name,photos.limit(3){width}}")];
    let me = visitor.graph(&token, "me", &fields).await.body;
    let albums = me["albums"]["data"].as_array().unwrap();
    assert_eq!(albums.len(), 2);
    assert_eq!(albums[0]["photos"]["data"].as_array().unwrap().len(), 3);
    let next = albums[0]["photos"]["paging"]["next"].as_str().unwrap();
    let more = Visitor::read(visitor.http.get(next).send().await.unwrap()).await;
    assert_eq!(more.items().len(), 3);
    assert!(more.items()[0]["width"].is_u64());
}

#[tokio::test]
async fn pages_follow_each_other_to_the_last_which_has_cursors_and_no_next() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Mobile uploads").await;
    let path = format!("{album}/photos");
    assert_eq!(visitor.graph(&token, &path, &[]).await.items().len(), 25);
    let first = visitor.graph(&token, &path, &[("limit", "500"), ("fields", "id")]).await;
    assert_eq!(first.items().len(), 100);
    let next = first.body["paging"]["next"].as_str().unwrap();
    assert!(next.contains(&format!("access_token={token}")), "{next}");
    assert!(first.after().len() >= 90, "{}", first.after());

    let last = visitor.graph(&token, &path, &[("limit", "100"), ("after", first.after())]).await;
    assert_eq!(last.items().len(), 34);
    assert!(last.body["paging"]["next"].is_null());
    assert!(last.body["paging"]["cursors"]["after"].is_string());
    let back =
        Visitor::read(visitor.http.get(last.body["paging"]["previous"].as_str().unwrap()).send().await.unwrap()).await;
    assert_eq!(back.items()[0]["id"], first.items()[0]["id"]);
    assert!(back.body["paging"]["previous"].is_null());

    let (all, pages) = visitor.all(&token, &path, &[("limit", "50")]).await;
    let ids: HashSet<&str> = all.iter().map(|photo| photo["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), pages), (134, 3));
    for limit in ["0", "-1", "many"] {
        assert_eq!(visitor.graph(&token, &path, &[("limit", limit)]).await.error(), (400, 100, 0));
    }
}

#[tokio::test]
async fn a_page_can_be_empty_and_still_have_a_next() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Mobile uploads").await;
    visitor.emulator.set_fault(Fault::EmptyPage { edge: Some("photos".into()), times: None });
    let path = format!("{album}/photos");
    let empty = visitor.graph(&token, &path, &[("limit", "100")]).await;
    assert!(empty.items().is_empty());
    assert!(empty.body["paging"]["next"].is_string());
    let (all, pages) = visitor.all(&token, &path, &[("limit", "100")]).await;
    assert_eq!((all.len(), pages), (134, 4));
}

#[tokio::test]
async fn foreign_stale_and_invented_cursors_are_refused() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let mobile = visitor.album(&token, "Mobile uploads").await;
    let lisbon = visitor.album(&token, "Holidays in Lisbon").await;
    let first = visitor.graph(&token, &format!("{mobile}/photos"), &[("limit", "5")]).await;
    let after = first.after().to_owned();
    let ask = async |token: &str, path: &str, cursor: &str| {
        visitor.graph(token, path, &[("limit", "5"), ("after", cursor)]).await
    };
    assert_eq!(ask(&token, &format!("{lisbon}/photos"), &after).await.error(), (400, 2642, 0));
    assert_eq!(ask(&token, "me/albums", &after).await.error(), (400, 2642, 0));
    assert_eq!(ask(&token, &format!("{mobile}/photos"), "MTIz").await.error(), (400, 2642, 0));
    let mut bent = after.clone();
    bent.replace_range(30..31, if &after[30..31] == "A" { "B" } else { "A" });
    assert_eq!(ask(&token, &format!("{mobile}/photos"), &bent).await.error(), (400, 2642, 0));

    let dalia = visitor.facebook_token("dalia").await;
    let albums = visitor.graph(&dalia, "me/albums", &[("limit", "1")]).await;
    assert_eq!(ask(&token, "me/albums", albums.after()).await.error(), (400, 2642, 0));

    assert_eq!(ask(&token, &format!("{mobile}/photos"), &after).await.status, 200);
    visitor.emulator.delete_photo(first.items()[4]["id"].as_str().unwrap());
    assert_eq!(ask(&token, &format!("{mobile}/photos"), &after).await.error(), (400, 2642, 0));
}

#[tokio::test]
async fn ten_thousand_photos_have_ten_thousand_ids_and_numbers_of_days() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("clara").await;
    let album = visitor.album(&token, "Every day since 1997").await;
    let (all, pages) =
        visitor.all(&token, &format!("{album}/photos"), &[("limit", "100"), ("fields", "id,name")]).await;
    assert_eq!((all.len(), pages), (10_000, 100));
    let ids: HashSet<&str> = all.iter().map(|photo| photo["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 10_000);
    assert_eq!(all[9_999]["name"], "Day 10000");
}

#[tokio::test]
async fn people_are_as_different_as_promised() {
    let visitor = Visitor::start().await;
    let ben = visitor.facebook_token("ben").await;
    let albums = visitor.graph(&ben, "me/albums", &[]).await;
    assert_eq!(albums.body, json!({ "data": [] }));

    let alice = visitor.facebook_token("alice").await;
    let someday = visitor.album(&alice, "Someday").await;
    let fields = [("fields", "count,cover_photo,picture")];
    let album = visitor.graph(&alice, &someday, &fields).await.body;
    assert_eq!(album["count"], 0);
    assert!(album["cover_photo"].is_null());
    assert_eq!(album["picture"]["data"]["is_silhouette"], true);
    assert_eq!(visitor.graph(&alice, &format!("{someday}/photos"), &[]).await.body, json!({ "data": [] }));

    let tagged = visitor.graph(&alice, "me/photos", &[("fields", "from")]).await;
    assert_eq!(tagged.items().len(), 7);
    assert_eq!(tagged.items()[0]["from"]["name"], "Jonas Weber");
    let uploaded = visitor.graph(&alice, "me/photos", &[("type", "uploaded"), ("limit", "100")]).await;
    assert_eq!(uploaded.items().len(), 100);
    assert_eq!(visitor.graph(&alice, "me/photos/uploaded", &[]).await.items().len(), 25);
    assert_eq!(visitor.graph(&alice, "me/photos", &[("type", "stolen")]).await.error(), (400, 100, 0));

    let dalia = visitor.facebook_token("dalia").await;
    assert!(visitor.graph(&dalia, "me", &[]).await.body["name"].as_str().unwrap().starts_with('د'));
}

#[tokio::test]
async fn a_video_among_photos_has_no_images() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "A day at the lake").await;
    let fields = [("fields", "id,images,width,link,created_time"), ("limit", "100")];
    let photos = visitor.graph(&token, &format!("{album}/photos"), &fields).await;
    let videos: Vec<&Value> = photos.items().iter().filter(|item| item["images"].is_null()).collect();
    assert_eq!((photos.items().len(), videos.len()), (12, 1));
    assert!(videos[0]["link"].as_str().unwrap().contains("/videos/"));
    let id = videos[0]["id"].as_str().unwrap();
    assert_eq!(visitor.graph(&token, id, &[("fields", "images")]).await.error(), (400, 100, 0));
    assert_eq!(visitor.graph(&token, id, &[("fields", "source,length")]).await.status, 200);
}

#[tokio::test]
async fn the_largest_size_is_not_always_first_and_one_may_come_twice() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let album = visitor.album(&token, "Mobile uploads").await;
    let fields = [("fields", "images,width,height"), ("limit", "100")];
    let photos = visitor.graph(&token, &format!("{album}/photos"), &fields).await;
    let (mut elsewhere, mut twice, mut twelve, mut portrait) = (0, 0, 0, 0);
    for photo in photos.items() {
        let images = photo["images"].as_array().unwrap();
        let sizes: Vec<u64> =
            images.iter().map(|i| i["width"].as_u64().unwrap() * i["height"].as_u64().unwrap()).collect();
        let largest = *sizes.iter().max().unwrap();
        assert_eq!(largest, photo["width"].as_u64().unwrap() * photo["height"].as_u64().unwrap());
        let sources: HashSet<&str> = images.iter().map(|i| i["source"].as_str().unwrap()).collect();
        assert_eq!(sources.len(), images.len());
        elsewhere += usize::from(sizes[0] != largest);
        twice += usize::from(sizes.iter().collect::<HashSet<_>>().len() < sizes.len());
        twelve += usize::from(largest == 12_000_000);
        portrait += usize::from(photo["height"].as_u64() > photo["width"].as_u64());
    }
    for (what, count) in [("elsewhere", elsewhere), ("twice", twice), ("twelve", twelve), ("portrait", portrait)] {
        assert!((2..98).contains(&count), "{what}: {count}");
    }
}

#[tokio::test]
async fn the_wrong_kind_of_token_is_refused() {
    let visitor = Visitor::start().await;
    let facebook = visitor.facebook_token("alice").await;
    let instagram = visitor.instagram_token("alice.pro").await;
    let answer = visitor.graph(&instagram, "me", &[]).await;
    assert_eq!(answer.error(), (401, 190, 0));
    assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("\"invalid_token\""));
    assert_eq!(visitor.instagram(&facebook, "me", &[]).await.error(), (401, 190, 0));
    assert_eq!(visitor.graph("EAAnonsense", "me", &[]).await.error(), (401, 190, 0));
    assert_eq!(visitor.graph(&app_token(), "me", &[]).await.error(), (400, 2500, 0));
    let album = visitor.album(&facebook, "Holidays in Lisbon").await;
    assert_eq!(visitor.graph(&app_token(), &album, &[]).await.error(), (400, 102, 0));
    assert_eq!(visitor.get("graph.facebook.com/v25.0/me", &[]).await.error(), (400, 2500, 0));
    assert_eq!(visitor.get(&format!("graph.facebook.com/v25.0/{album}"), &[]).await.error(), (400, 104, 0));
}

#[tokio::test]
async fn a_token_may_come_as_a_header() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let url = visitor.url("graph.facebook.com/v25.0/me/albums?limit=1");
    let answer = Visitor::read(visitor.http.get(url).bearer_auth(&token).send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["paging"]["next"].as_str().unwrap().contains(&token), "next carries it all the same");
}

#[tokio::test]
async fn other_peoples_things_and_things_that_are_not_there_are_the_same() {
    let visitor = Visitor::start().await;
    let alice = visitor.facebook_token("alice").await;
    let dalia = visitor.facebook_token("dalia").await;
    let album = visitor.graph(&dalia, "me/albums", &[]).await.items()[0]["id"].as_str().unwrap().to_owned();
    let photo =
        visitor.graph(&dalia, &format!("{album}/photos"), &[]).await.items()[0]["id"].as_str().unwrap().to_owned();
    for path in [album.clone(), format!("{album}/photos"), photo.clone(), "10160000000000000".to_owned()] {
        assert_eq!(visitor.graph(&alice, &path, &[]).await.error(), (400, 100, 33), "{path}");
    }
    assert_eq!(visitor.graph(&alice, "zuck", &[]).await.error(), (404, 803, 0));
    visitor.emulator.delete_photo(&photo);
    assert_eq!(visitor.graph(&dalia, &photo, &[]).await.error(), (400, 100, 33));
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let visitor = Visitor::start().await;
    let token =
        visitor.facebook_token_with("alice", Choices { scope: Some("public_profile"), ..Choices::default() }).await;
    for path in ["me/albums", "me/photos", "me?fields=albums{name}"] {
        let answer = visitor.get(&format!("graph.facebook.com/v25.0/{path}"), &[("access_token", &token)]).await;
        assert_eq!(answer.error(), (403, 200, 0), "{path}");
        assert!(answer.message().starts_with("(#200) The user hasn't authorized the application"));
    }
    assert_eq!(visitor.graph(&token, "me", &[]).await.status, 200);
}

#[tokio::test]
async fn permissions_can_be_taken_back() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let delete = async |path: &str| {
        let url = visitor.url(&format!("graph.facebook.com/v25.0/{path}?access_token={token}"));
        Visitor::read(visitor.http.delete(url).send().await.unwrap()).await
    };
    assert_eq!(delete("me/permissions/user_photos").await.body, json!({ "success": true }));
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.error(), (403, 200, 0));
    assert_eq!(delete("me/permissions/user_photos").await.error(), (400, 100, 0));
    assert_eq!(delete("me/permissions").await.body, json!({ "success": true }));
    assert_eq!(visitor.graph(&token, "me", &[]).await.error(), (401, 190, 458));
}

#[tokio::test]
async fn the_proof_of_the_secret_is_checked() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let me = async |query: &[(&str, &str)]| visitor.graph(&token, "me", query).await;
    assert_eq!(me(&[("appsecret_proof", &proof(&token))]).await.status, 200);
    let wrong = me(&[("appsecret_proof", &proof("another token"))]).await;
    assert_eq!(wrong.error(), (400, 100, 0));
    assert_eq!(wrong.body["error"]["type"], "GraphMethodException");
    assert_eq!(wrong.message(), "Invalid appsecret_proof provided in the API argument");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let timed = |time: u64| (time.to_string(), proof(&format!("{token}|{time}")));
    let (time, signed) = timed(now);
    assert_eq!(me(&[("appsecret_time", &time), ("appsecret_proof", &signed)]).await.status, 200);
    let (time, signed) = timed(now - 400);
    assert_eq!(me(&[("appsecret_time", &time), ("appsecret_proof", &signed)]).await.error(), (400, 100, 0));
}

#[tokio::test]
async fn an_app_can_require_the_proof() {
    let visitor = Visitor::start_with(Settings { require_app_secret: true, ..Settings::default() }).await;
    let token = visitor.facebook_token("alice").await;
    let answer = visitor.graph(&token, "me", &[]).await;
    assert_eq!(answer.error(), (400, 100, 0));
    assert_eq!(answer.message(), "API calls from the server require an appsecret_proof argument");
    assert_eq!(visitor.graph(&token, "me", &[("appsecret_proof", &proof(&token))]).await.status, 200);
}

#[tokio::test]
async fn dead_versions_are_refused_and_living_ones_named() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    for version in ["v21.0", "v24.0", "v26.0"] {
        let answer = visitor.get(&format!("graph.facebook.com/{version}/me"), &[("access_token", &token)]).await;
        assert_eq!((answer.status.as_u16(), &answer.headers["facebook-api-version"]), (200, &version.parse().unwrap()));
    }
    let plain = visitor.get("graph.facebook.com/me", &[("access_token", &token)]).await;
    assert_eq!(plain.headers["facebook-api-version"], "v21.0");
    for version in ["v20.0", "v9.0"] {
        let answer = visitor.get(&format!("graph.facebook.com/{version}/me"), &[("access_token", &token)]).await;
        assert_eq!(answer.error(), (400, 2635, 0));
        assert!(answer.message().ends_with("v26.0."), "{}", answer.message());
    }
    let answer = visitor.get("graph.facebook.com/v99.0/me", &[("access_token", &token)]).await;
    assert_eq!(answer.error(), (400, 2500, 0));
}

#[tokio::test]
async fn tokens_expire_and_a_new_sign_in_helps() {
    let visitor = Visitor::start().await;
    let old = visitor.facebook_token("alice").await;
    visitor.emulator.set_fault(Fault::ExpiredTokens);
    let answer = visitor.graph(&old, "me", &[]).await;
    assert_eq!(answer.error(), (401, 190, 463));
    assert!(answer.message().starts_with("Error validating access token: Session has expired on "));
    let new = visitor.facebook_token("alice").await;
    assert_eq!(visitor.graph(&new, "me", &[]).await.status, 200);
    visitor.emulator.set_fault(Fault::RevokedTokens);
    visitor.emulator.clear_faults();
    visitor.emulator.set_fault(Fault::RevokedTokens);
    assert_eq!(visitor.graph(&new, "me", &[]).await.error(), (401, 190, 458));
    visitor.emulator.clear_faults();
    visitor.emulator.advance_clock(Duration::from_secs(5_183_945));
    assert_eq!(visitor.graph(&new, "me", &[]).await.error(), (401, 190, 463));
}

#[tokio::test]
async fn limits_and_troubles_look_like_metas() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let calm = visitor.graph(&token, "me", &[]).await;
    let usage: Value = serde_json::from_str(calm.headers["x-app-usage"].to_str().unwrap()).unwrap();
    assert!(usage["call_count"].as_u64().unwrap() < 100);
    for (code, status) in [(4, 403), (17, 400), (32, 403), (613, 400)] {
        visitor.emulator.set_fault(Fault::RateLimited { code: Some(code), times: Some(1) });
        let answer = visitor.graph(&token, "me", &[]).await;
        assert_eq!(answer.error(), (status, code, 0));
        let usage: Value = serde_json::from_str(answer.headers["x-app-usage"].to_str().unwrap()).unwrap();
        assert_eq!(usage["call_count"], 100);
    }
    assert_eq!(visitor.graph(&token, "me", &[]).await.status, 200);

    visitor.emulator.set_fault(Fault::ServerErrors { times: Some(2), host: None, status: None });
    let answer = visitor.graph(&token, "me", &[]).await;
    assert_eq!((answer.error(), &answer.body["error"]["is_transient"]), ((500, 2, 0), &json!(true)));
    assert_eq!(visitor.graph(&token, "me", &[]).await.status, 500);
    assert_eq!(visitor.graph(&token, "me", &[]).await.status, 200);
    let host = Some("graph.facebook.com".to_owned());
    visitor.emulator.set_fault(Fault::ServerErrors { times: None, host, status: Some(502) });
    let answer = visitor.graph(&token, "me", &[]).await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.as_str().unwrap().contains("<html>"));
}

#[tokio::test]
async fn text_arrives_escaped_and_whole() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("dalia").await;
    let url = visitor.url(&format!("graph.facebook.com/v25.0/me/albums?fields=name,picture&access_token={token}"));
    let text = visitor.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(text.is_ascii() && text.contains("http:\\/\\/") && text.contains("\\u0639"), "{text}");
    let albums: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(albums["data"][0]["name"], "عطلة الصيف على شاطئ البحر");
}
