use std::collections::HashSet;
use std::time::Duration;

use bowerbird_emulator::{FACEBOOK_APP_ID, Fault, INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET};
use serde_json::{Value, json};

use crate::visitor::{INSTAGRAM_BACK, Visitor};

const FIELDS: &str = "id,caption,media_type,media_url,thumbnail_url,permalink,timestamp,\
                      children{id,media_type,media_url,thumbnail_url}";

#[tokio::test]
async fn the_token_answer_is_flat_and_its_user_id_a_number_beyond_doubles() {
    let visitor = Visitor::start().await;
    let code = visitor.instagram_code("alice.pro").await;
    let answer = visitor.exchange_instagram(&code, INSTAGRAM_BACK).await;
    let number = answer.body["user_id"].as_u64().unwrap();
    assert!(number > 1 << 53);
    assert_ne!(number as f64 as u64, number, "a double would have kept it");
    assert_eq!(answer.body["permissions"], json!(["instagram_business_basic"]));
    let token = answer.body["access_token"].as_str().unwrap();
    assert!(token.starts_with("IGAA"));
    assert_eq!(visitor.instagram(token, "me", &[]).await.body, json!({ "id": number.to_string() }));
}

#[tokio::test]
async fn the_documented_token_answer_can_be_switched_on() {
    let visitor = Visitor::start().await;
    visitor.emulator.set_fault(Fault::DocumentedTokenShape);
    let code = visitor.instagram_code("alice.pro").await;
    let answer = visitor.exchange_instagram(&code, INSTAGRAM_BACK).await;
    let entry = &answer.body["data"][0];
    assert!(entry["user_id"].is_string() && entry["access_token"].is_string(), "{}", answer.body);
    assert_eq!(entry["permissions"], "instagram_business_basic");
}

#[tokio::test]
async fn the_exchange_refuses_in_an_envelope_of_its_own() {
    let visitor = Visitor::start().await;
    let refusal = |message: &str| json!({ "error_type": "OAuthException", "code": 400, "error_message": message });
    let gone = refusal("Matching code was not found or was already used");

    let code = visitor.instagram_code("alice.pro").await;
    let other = visitor.exchange_instagram(&code, &format!("{INSTAGRAM_BACK}/")).await;
    assert_eq!(other.status, 400);
    assert!(other.body["error_message"].as_str().unwrap().contains("redirect_uri is identical"));
    assert_eq!(visitor.exchange_instagram(&format!("{code}#_"), INSTAGRAM_BACK).await.body, gone);
    assert_eq!(visitor.exchange_instagram(&code, INSTAGRAM_BACK).await.status, 200);
    let again = visitor.exchange_instagram(&code, INSTAGRAM_BACK).await;
    assert_eq!((again.status.as_u16(), again.body), (400, gone.clone()));

    let code = visitor.instagram_code("alice.pro").await;
    visitor.emulator.advance_clock(Duration::from_secs(3601));
    assert_eq!(visitor.exchange_instagram(&code, INSTAGRAM_BACK).await.body, gone);

    let post = async |id: &str, secret: &str, grant: &str| {
        let form = [
            ("client_id", id),
            ("client_secret", secret),
            ("grant_type", grant),
            ("redirect_uri", INSTAGRAM_BACK),
            ("code", "AQ"),
        ];
        let url = visitor.url("api.instagram.com/oauth/access_token");
        let answer = Visitor::read(visitor.http.post(url).form(&form).send().await.unwrap()).await;
        answer.body["error_message"].as_str().unwrap().to_owned()
    };
    assert_eq!(post(FACEBOOK_APP_ID, INSTAGRAM_APP_SECRET, "authorization_code").await, "Invalid platform app");
    assert!(post(INSTAGRAM_APP_ID, "wrong", "authorization_code").await.contains("client secret"));
    assert_eq!(post(INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET, "password").await, "Invalid grant_type");
    let answer = visitor.get("api.instagram.com/oauth/access_token", &[("code", "AQ")]).await;
    assert_eq!(answer.body["error_message"], "Unsupported request - method type: get");
}

#[tokio::test]
async fn a_personal_account_is_refused_at_the_exchange() {
    let visitor = Visitor::start().await;
    let code = visitor.instagram_code("ben.personal").await;
    let answer = visitor.exchange_instagram(&code, INSTAGRAM_BACK).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["error_message"], "The user is not an Instagram Business");
}

#[tokio::test]
async fn a_short_token_becomes_a_long_one_which_can_be_refreshed_after_a_day() {
    let visitor = Visitor::start().await;
    let short = visitor.instagram_token("alice.pro").await;
    let exchange = async |secret: &str, token: &str| {
        let query = [("grant_type", "ig_exchange_token"), ("client_secret", secret), ("access_token", token)];
        visitor.get("graph.instagram.com/access_token", &query).await
    };
    let refresh = async |token: &str| {
        let query = [("grant_type", "ig_refresh_token"), ("access_token", token)];
        visitor.get("graph.instagram.com/refresh_access_token", &query).await
    };
    assert_eq!(exchange("wrong", &short).await.error(), (400, 1, 0));
    let answer = exchange(INSTAGRAM_APP_SECRET, &short).await;
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("bearer"), &json!(5_184_000)));
    let long = answer.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(exchange(INSTAGRAM_APP_SECRET, &long).await.error(), (400, 452, 0));
    assert_eq!(refresh(&short).await.error(), (400, 452, 0));
    assert_eq!(refresh(&long).await.error(), (400, 10, 0));

    visitor.emulator.advance_clock(Duration::from_secs(86_400));
    assert_eq!(visitor.instagram(&short, "me", &[]).await.error(), (401, 190, 463));
    let fresh = refresh(&long).await.body["access_token"].as_str().unwrap().to_owned();
    visitor.emulator.advance_clock(Duration::from_secs(59 * 86_400 + 1));
    assert_eq!(refresh(&long).await.error(), (401, 190, 463));
    assert_eq!(visitor.instagram(&fresh, "me", &[]).await.status, 200);
}

#[tokio::test]
async fn the_profile_has_the_fields_that_are_asked_for() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    let fields = [("fields", "user_id,username,account_type,media_count,profile_picture_url")];
    let me = visitor.instagram(&token, "me", &fields).await.body;
    assert_eq!(
        (&me["username"], &me["account_type"], &me["media_count"]),
        (&json!("alice.pro"), &json!("BUSINESS"), &json!(72))
    );
    assert_ne!(me["id"], me["user_id"]);
    let unversioned = visitor.get("graph.instagram.com/me", &[("access_token", &token)]).await;
    assert_eq!(unversioned.status, 200);
    let answer = visitor.instagram(&token, "me", &[("fields", "email")]).await;
    assert_eq!(answer.error(), (400, 100, 0));
    assert_eq!(answer.body["error"]["type"], "IGApiException");
    assert_eq!(visitor.get("graph.instagram.com/v20.0/me", &[("access_token", &token)]).await.error(), (400, 2635, 0));
}

#[tokio::test]
async fn media_come_in_pages_and_without_fields_as_ids() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    let bare = visitor.instagram(&token, "me/media", &[]).await;
    assert_eq!(bare.items().len(), 25);
    assert!(bare.items().iter().all(|media| media.as_object().unwrap().len() == 1));
    let mut ids = HashSet::new();
    let mut page = visitor.instagram(&token, "me/media", &[("limit", "30")]).await;
    loop {
        ids.extend(page.items().iter().map(|media| media["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["paging"]["next"].as_str() else { break };
        page = Visitor::read(visitor.http.get(next).send().await.unwrap()).await;
    }
    assert_eq!(ids.len(), 72);
    assert!(page.after().len() >= 90);
    let foreign = visitor.facebook_token("alice").await;
    let albums = visitor.graph(&foreign, "me/albums", &[("limit", "1")]).await;
    let answer = visitor.instagram(&token, "me/media", &[("after", albums.after())]).await;
    assert_eq!(answer.error(), (400, 2642, 0));
}

#[tokio::test]
async fn every_media_type_is_there_and_one_has_no_url() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    let media = visitor.instagram(&token, "me/media", &[("fields", FIELDS), ("limit", "100")]).await;
    let of = |kind: &str| media.items().iter().filter(|item| item["media_type"] == kind).collect::<Vec<&Value>>();
    let (images, videos, carousels) = (of("IMAGE"), of("VIDEO"), of("CAROUSEL_ALBUM"));
    assert_eq!(images.len() + videos.len() + carousels.len(), 72);
    assert!(!images.is_empty() && !videos.is_empty() && !carousels.is_empty());
    assert_eq!(images.iter().filter(|image| image["media_url"].is_null()).count(), 1);
    assert!(videos.iter().all(|video| video["thumbnail_url"].is_string()));
    assert!(images.iter().all(|image| image["thumbnail_url"].is_null() && image["children"].is_null()));
    for carousel in carousels {
        let children = carousel["children"]["data"].as_array().unwrap();
        assert!((2..=10).contains(&children.len()));
        let strip = |url: &Value| url.as_str().unwrap().split('?').next().unwrap().to_owned();
        assert_eq!(strip(&carousel["media_url"]), strip(&children[0]["media_url"]));
        let id = carousel["id"].as_str().unwrap();
        let listed = visitor.instagram(&token, &format!("{id}/children"), &[]).await;
        assert_eq!(listed.items().len(), children.len());
        let child = children[0]["id"].as_str().unwrap();
        let fields = [("fields", "media_type,media_url,caption,permalink")];
        let alone = visitor.instagram(&token, child, &fields).await.body;
        assert!(alone["media_url"].is_string() && alone["caption"].is_null() && alone["permalink"].is_null());
    }
    let answer = visitor.instagram(&token, "me/media", &[("fields", "id,children{size}")]).await;
    assert_eq!(answer.error(), (400, 100, 0));
}

#[tokio::test]
async fn media_of_nobody_are_not_found() {
    let visitor = Visitor::start().await;
    let token = visitor.instagram_token("alice.pro").await;
    assert_eq!(visitor.instagram(&token, "17900000000000000", &[]).await.error(), (400, 100, 33));
    let media = visitor.instagram(&token, "me/media", &[]).await.items()[0]["id"].as_str().unwrap().to_owned();
    visitor.emulator.delete_photo(&media);
    assert_eq!(visitor.instagram(&token, &media, &[]).await.error(), (400, 100, 33));
    assert_ne!(visitor.instagram(&token, "me/media", &[]).await.items()[0]["id"], media.as_str());
    visitor.emulator.set_fault(Fault::RateLimited { code: Some(80_002), times: None });
    assert_eq!(visitor.instagram(&token, "me", &[]).await.error(), (400, 80_002, 0));
}
