use bowerbird_emulator::{App, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, Fault, INSTAGRAM_APP_ID, Network};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::visitor::{Answer, Choices, FACEBOOK_BACK, INSTAGRAM_BACK, Visitor, param, with_param};

const OTHER_BACK: &str = "http://127.0.0.1:8789/back";

fn other(network: Network) -> App {
    let id = if network == Network::Facebook { "3000000000000003" } else { "4000000000000004" };
    App { redirect_uris: vec![OTHER_BACK.to_owned()], ..App::new(network, id, "other-secret", "Other Picker") }
}

/// The dialog of an app, leading back to where it registered.
fn dialog_of(visitor: &Visitor, app: &App) -> Url {
    let dialog = match app.network {
        Network::Facebook => visitor.facebook_dialog(Choices::default()),
        Network::Instagram => visitor.instagram_dialog(),
    };
    with_param(&with_param(&dialog, "client_id", &app.id), "redirect_uri", &app.redirect_uris[0])
}

async fn code_of(visitor: &Visitor, app: &App, account: &str) -> String {
    param(&visitor.consent(&dialog_of(visitor, app), account, &[]).await, "code").unwrap()
}

async fn exchange(visitor: &Visitor, id: &str, secret: &str, redirect_uri: &str, code: &str) -> Answer {
    let query = [("client_id", id), ("client_secret", secret), ("redirect_uri", redirect_uri), ("code", code)];
    visitor.get("graph.facebook.com/v25.0/oauth/access_token", &query).await
}

async fn token_of(visitor: &Visitor, app: &App, account: &str) -> String {
    let code = code_of(visitor, app, account).await;
    let answer = match app.network {
        Network::Facebook => exchange(visitor, &app.id, &app.secret, OTHER_BACK, &code).await,
        Network::Instagram => exchange_instagram(visitor, &app.id, &app.secret, OTHER_BACK, &code).await,
    };
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["access_token"].as_str().unwrap().to_owned()
}

async fn exchange_instagram(visitor: &Visitor, id: &str, secret: &str, redirect_uri: &str, code: &str) -> Answer {
    let form = [
        ("client_id", id),
        ("client_secret", secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect_uri),
        ("code", code),
    ];
    let url = visitor.url("api.instagram.com/oauth/access_token");
    Visitor::read(visitor.http.post(url).form(&form).send().await.unwrap()).await
}

fn proof(secret: &str, token: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn an_app_has_its_own_name_and_redirect_uris() {
    let visitor = Visitor::start().await;
    let app = other(Network::Facebook);
    let status = async |dialog: Url| visitor.http.get(dialog).send().await.unwrap().status().as_u16();
    assert_eq!(status(dialog_of(&visitor, &app)).await, 400, "it is not registered yet");
    visitor.emulator.register_app(app.clone());
    let page = visitor.choose(&dialog_of(&visitor, &app), "alice").await;
    assert!(page.contains("Other Picker wants to connect"), "{page}");
    assert_eq!(status(with_param(&dialog_of(&visitor, &app), "redirect_uri", FACEBOOK_BACK)).await, 400);
    let built_in = visitor.facebook_dialog(Choices::default());
    assert_eq!(status(with_param(&built_in, "redirect_uri", OTHER_BACK)).await, 400);
    let everywhere = "http://127.0.0.1:8790/back";
    visitor.emulator.allow_redirect_uri(everywhere);
    assert_eq!(status(with_param(&dialog_of(&visitor, &app), "redirect_uri", everywhere)).await, 200);
    assert_eq!(status(with_param(&built_in, "redirect_uri", everywhere)).await, 200);
    // An app is of one network.
    assert_eq!(status(with_param(&visitor.instagram_dialog(), "client_id", &app.id)).await, 400);
}

#[tokio::test]
async fn an_app_can_be_in_development_mode_by_itself() {
    let visitor = Visitor::start().await;
    for (network, account, status) in [(Network::Facebook, "eve", 400), (Network::Instagram, "ben.personal", 403)] {
        let app = App { development: true, ..other(network) };
        visitor.emulator.register_app(app.clone());
        let dialog = dialog_of(&visitor, &app);
        let form = [("account", account), ("decision", "continue")];
        assert_eq!(visitor.submit(&dialog, &form).await.status().as_u16(), status);
        visitor.emulator.register_app(App { development: false, ..app });
        assert_eq!(visitor.submit(&dialog, &form).await.status(), StatusCode::FOUND, "it went live");
    }
    assert!(!visitor.facebook_token("eve").await.is_empty(), "the other app was live all along");
}

#[tokio::test]
async fn codes_and_tokens_belong_to_an_app() {
    let visitor = Visitor::start().await;
    let app = other(Network::Facebook);
    visitor.emulator.register_app(app.clone());
    let code = code_of(&visitor, &app, "alice").await;
    let foreign = exchange(&visitor, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, OTHER_BACK, &code).await;
    assert_eq!(foreign.error(), (400, 100, 0));
    let mixed = exchange(&visitor, &app.id, FACEBOOK_APP_SECRET, OTHER_BACK, &code).await;
    assert_eq!(mixed.error(), (400, 1, 0));
    let answer = exchange(&visitor, &app.id, &app.secret, OTHER_BACK, &code).await;
    let token = answer.body["access_token"].as_str().unwrap().to_owned();

    let me = async |proof: &str| visitor.graph(&token, "me", &[("appsecret_proof", proof)]).await;
    assert_eq!(me(&proof(FACEBOOK_APP_SECRET, &token)).await.error(), (400, 100, 0));
    assert_eq!(me(&proof(&app.secret, &token)).await.status, 200);

    let debug = async |asking: &str, input: &str| {
        visitor.get("graph.facebook.com/v25.0/debug_token", &[("input_token", input), ("access_token", asking)]).await
    };
    let own = format!("{}|{}", app.id, app.secret);
    let built_in = format!("{FACEBOOK_APP_ID}|{FACEBOOK_APP_SECRET}");
    let data = debug(&own, &token).await.body["data"].clone();
    assert_eq!((&data["app_id"], &data["application"]), (&json!(app.id), &json!("Other Picker")));
    assert_eq!(data["user_id"], visitor.graph(&token, "me", &[]).await.body["id"]);
    for input in [token.as_str(), own.as_str()] {
        let answer = debug(&built_in, input).await;
        assert_eq!(answer.error(), (400, 100, 0));
        assert_eq!(answer.message(), "(#100) The App_id in the input_token did not match the Viewing App");
    }

    let lengthen = async |id: &str, secret: &str| {
        let query = [
            ("grant_type", "fb_exchange_token"),
            ("client_id", id),
            ("client_secret", secret),
            ("fb_exchange_token", &token),
        ];
        visitor.get("graph.facebook.com/v25.0/oauth/access_token", &query).await
    };
    assert_eq!(lengthen(FACEBOOK_APP_ID, FACEBOOK_APP_SECRET).await.error(), (401, 190, 0));
    let long = lengthen(&app.id, &app.secret).await.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(debug(&own, &long).await.body["data"]["app_id"], json!(app.id), "a long one stays with its app");
}

#[tokio::test]
async fn instagrams_codes_and_tokens_belong_to_an_app_too() {
    let visitor = Visitor::start().await;
    let app = other(Network::Instagram);
    visitor.emulator.register_app(app.clone());
    let code = code_of(&visitor, &app, "alice.pro").await;
    let foreign = visitor.exchange_instagram(&code, OTHER_BACK).await;
    assert_eq!(foreign.body["error_message"], "Matching code was not found or was already used");
    let answer = exchange_instagram(&visitor, &app.id, &app.secret, OTHER_BACK, &code).await;
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    let lengthen = async |secret: &str| {
        let query = [("grant_type", "ig_exchange_token"), ("client_secret", secret), ("access_token", &token)];
        visitor.get("graph.instagram.com/access_token", &query).await
    };
    assert_eq!(lengthen(bowerbird_emulator::INSTAGRAM_APP_SECRET).await.error(), (400, 1, 0));
    assert_eq!(lengthen(&app.secret).await.status, 200);
    let me = visitor.instagram(&token, "me", &[("fields", "id,user_id")]).await.body;
    assert_eq!(answer.body["user_id"].as_u64().unwrap().to_string(), me["id"].as_str().unwrap());
    let built_in = visitor.instagram_token("alice.pro").await;
    let seen = visitor.instagram(&built_in, "me", &[("fields", "id,user_id")]).await.body;
    assert_ne!(seen["id"], me["id"]);
    assert_eq!(seen["user_id"], me["user_id"], "the professional account has one id for all");
}

#[tokio::test]
async fn each_app_knows_people_by_ids_of_its_own() {
    let visitor = Visitor::start().await;
    let app = other(Network::Facebook);
    visitor.emulator.register_app(app.clone());
    let token = token_of(&visitor, &app, "alice").await;
    let built_in = visitor.facebook_token("alice").await;
    let id = async |token: &str| visitor.graph(token, "me", &[]).await.body["id"].as_str().unwrap().to_owned();
    let (here, there) = (id(&token).await, id(&built_in).await);
    assert_ne!(here, there);
    assert!(here.bytes().all(|byte| byte.is_ascii_digit()) && here.len() == there.len(), "{here}");
    assert_eq!(here, visitor.emulator.user_id(&app.id, "alice"));
    assert_eq!(there, visitor.emulator.user_id(FACEBOOK_APP_ID, "alice"));

    assert_eq!(visitor.graph(&token, &here, &[]).await.body["name"], "Alice Ferreira");
    assert_eq!(visitor.graph(&token, &there, &[]).await.error(), (400, 100, 33));
    let album = visitor.album(&token, "Holidays in Lisbon").await;
    assert_eq!(album, visitor.album(&built_in, "Holidays in Lisbon").await, "albums have one id for all");
    let fields = [("fields", "from,link"), ("limit", "1")];
    let photos = visitor.graph(&token, "me/photos/uploaded", &fields).await;
    assert_eq!(photos.items()[0]["from"]["id"], here.as_str());
    let all = visitor.all(&token, "me/albums", &[("limit", "4"), ("fields", "id,from,link")]).await;
    assert_eq!((all.0.len(), all.1), (6, 2), "next finds its way");
    assert!(!json!(all.0).to_string().contains(&there), "{:?}", all.0);
    let first = visitor.graph(&token, "me/albums", &[("limit", "2")]).await;
    let foreign = visitor.graph(&built_in, "me/albums", &[("limit", "2"), ("after", first.after())]).await;
    assert_eq!(foreign.error(), (400, 2642, 0), "a cursor is good for one app");

    let url = format!("_emulator/accounts?app={}", app.id);
    let accounts = visitor.get(&url, &[]).await.body;
    assert_eq!(accounts[0]["id"], here.as_str());
    assert_eq!(accounts.as_array().unwrap().len(), 6, "people of its network only");
    assert_eq!(visitor.get("_emulator/accounts?app=7", &[]).await.status, 404);
}

#[tokio::test]
async fn answers_and_removal_are_for_one_app() {
    let visitor = Visitor::start().await;
    let app = other(Network::Facebook);
    visitor.emulator.register_app(app.clone());
    let declined = visitor.consent(&dialog_of(&visitor, &app), "alice", &["user_photos"]).await;
    let code = param(&declined, "code").unwrap();
    let answer = exchange(&visitor, &app.id, &app.secret, OTHER_BACK, &code).await;
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    let built_in = visitor.facebook_token("alice").await;
    assert_eq!(visitor.graph(&token, "me/albums", &[]).await.error(), (403, 200, 0));
    assert_eq!(visitor.graph(&built_in, "me/albums", &[]).await.status, 200);

    let url = visitor.url(&format!("graph.facebook.com/v25.0/me/permissions?access_token={token}"));
    visitor.http.delete(url).send().await.unwrap();
    let gone = visitor.graph(&token, "me", &[]).await;
    assert_eq!(gone.error(), (401, 190, 458));
    assert!(gone.message().contains(&app.id), "{}", gone.message());
    assert_eq!(visitor.graph(&built_in, "me/albums", &[]).await.status, 200);
}

#[tokio::test]
async fn an_app_that_is_registered_again_is_replaced() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let mut app = visitor.emulator.apps().remove(0);
    assert_eq!((app.id.as_str(), app.redirect_uris[0].as_str()), (FACEBOOK_APP_ID, FACEBOOK_BACK));
    app.secret = "reset-secret".to_owned();
    visitor.emulator.register_app(app);
    assert_eq!(visitor.emulator.apps().len(), 2);
    let old = [("appsecret_proof", proof(FACEBOOK_APP_SECRET, &token))];
    let me = async |proof: &str| visitor.graph(&token, "me", &[("appsecret_proof", proof)]).await;
    assert_eq!(me(&old[0].1).await.error(), (400, 100, 0), "the secret was reset");
    assert_eq!(me(&proof("reset-secret", &token)).await.status, 200, "and the token lives on");
    let code = visitor.facebook_code("alice", Choices::default()).await;
    assert_eq!(visitor.exchange_facebook(&code, FACEBOOK_BACK).await.error(), (400, 1, 0));
}

#[tokio::test]
async fn apps_are_registered_over_http() {
    let visitor = Visitor::start().await;
    let post = async |body: Value| {
        let url = visitor.url("_emulator/apps");
        visitor.http.post(url).json(&body).send().await.unwrap().status().as_u16()
    };
    let app = json!({
        "network": "instagram", "id": "4000000000000004", "secret": "other-secret", "name": "Other Picker",
        "redirect_uris": [OTHER_BACK], "development": true,
    });
    assert_eq!(post(app).await, 200);
    assert_eq!(post(json!({ "network": "myspace", "id": "5", "secret": "s", "name": "n" })).await, 422);
    assert_eq!(
        post(json!({ "network": "facebook", "id": "5", "secret": "s", "name": "n", "redirect_uri": "x" })).await,
        422
    );
    let apps = visitor.get("_emulator/apps", &[]).await.body;
    let ids: Vec<&str> = apps.as_array().unwrap().iter().map(|app| app["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [FACEBOOK_APP_ID, INSTAGRAM_APP_ID, "4000000000000004"]);
    assert_eq!(visitor.emulator.apps()[2], App { development: true, ..other(Network::Instagram) });
    let uris = visitor.get("_emulator/redirect-uris", &[]).await.body;
    assert_eq!(uris, json!([FACEBOOK_BACK, INSTAGRAM_BACK]), "the built-in apps' own");
    token_of(&visitor, &visitor.emulator.apps()[2], "alice.pro").await;
}

#[tokio::test]
async fn the_fault_of_development_mode_hits_every_app() {
    let visitor = Visitor::start().await;
    let app = other(Network::Facebook);
    visitor.emulator.register_app(app.clone());
    visitor.emulator.set_fault(Fault::DevelopmentMode);
    let form = [("account", "eve"), ("decision", "continue")];
    assert_eq!(visitor.submit(&dialog_of(&visitor, &app), &form).await.status(), 400);
}
