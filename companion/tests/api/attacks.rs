//! The attacks of SECURITY.md on signing in, each as somebody would try it. Every one succeeds when its defence is taken out.

use crate::app::{Does, ORIGIN, Offer, TestApp, handed_over, location};
use bowerbird_companion::config::{AppConfig, Config};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";
const LISTED: &str = "https://shop.example/prints";

/// A key as a site would have it: one origin, one address.
fn shop(config: &mut Config) {
    let shop = AppConfig {
        origins: vec![SHOP.to_owned()],
        addresses: vec![LISTED.to_owned()],
        name: Some("Larkspur <Prints>".to_owned()),
        ..AppConfig::open("demo")
    };
    let other = AppConfig { origins: vec!["https://other.example".to_owned()], ..AppConfig::open("other") };
    config.apps = vec![shop, other];
}

fn code(outcome: &Value) -> &str {
    outcome["error"]["code"].as_str().unwrap_or_else(|| panic!("{outcome}"))
}

/// Posts from an origin, whatever a browser would say to that.
async fn posts_from(app: &TestApp, origin: Option<&str>, path: &str, body: &Value) -> Response {
    let mut request = app.http.post(format!("{}{path}", app.url)).json(body);
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    request.send().await.unwrap()
}

/// A script that begins a sign-in with the site's public key and a forged origin. Answers its session and the offer.
async fn begins(app: &TestApp, appurl: Option<&str>) -> (String, Offer) {
    let body = json!({"apikey": "demo", "completes": true, "appurl": appurl, "clouds": {"facebook": {"path": "/"}}});
    let reply: Value = posts_from(app, Some(SHOP), "/folder/list", &body).await.json().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
    let auth = &reply["facebook"]["auth"];
    let offer = Offer { redirect_url: text(&auth["redirect_url"]), attempt: text(&auth["attempt"]) };
    (text(&reply["token"]), offer)
}

/// Whether the script's session sees anybody's photos now.
async fn sees_photos(app: &TestApp, token: &str) -> bool {
    let body = json!({"apikey": "demo", "completes": true, "token": token, "clouds": {"facebook": {"path": "/"}}});
    let reply: Value = posts_from(app, Some(SHOP), "/folder/list", &body).await.json().await.unwrap();
    reply["facebook"]["contents"].is_array()
}

fn with(address: &str, more: &str) -> String {
    if address.contains('?') { format!("{address}&{more}") } else { format!("{address}?{more}") }
}

#[tokio::test]
async fn a_link_that_somebody_else_began_gives_them_nothing() {
    let app = TestApp::start_with(shop).await;
    let (token, offer) = begins(&app, Some(LISTED)).await;
    // The victim follows the link; Meta answers without asking.
    let victim = app.visitor();
    let (status, page) = victim.goes_through(&offer, "alice", Does::Continue).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!sees_photos(&app, &token).await, "nobody has handed the code in");
    // What the victim's window hands over goes to the site's own page and to no other.
    let handed = handed_over(&page);
    assert_eq!((handed["origin"].as_str(), handed["back"].as_str()), (Some(SHOP), Some(LISTED)));
    // Without the code there is no completing.
    for guess in ["", "guess", offer.attempt.as_str()] {
        let clouds = json!({"facebook": {"attempt": offer.attempt, "code": guess}});
        let body = json!({"apikey": "demo", "token": token, "clouds": clouds});
        let reply: Value = posts_from(&app, Some(SHOP), "/auth/complete", &body).await.json().await.unwrap();
        assert_eq!(code(&reply["facebook"]), "sign_in_expired");
    }
    assert!(!sees_photos(&app, &token).await);
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_another_session_and_nothing_twice() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let offer = visitor.is_offered("facebook").await;
    let (_, page) = visitor.goes_through(&offer, "alice", Does::Continue).await;
    // Leaked, through a log or over somebody's shoulder.
    let mut thief = app.visitor();
    thief.is_offered("facebook").await;
    assert_eq!(code(&thief.completes("facebook", &page).await), "sign_in_expired");
    assert!(thief.lists("facebook", "/").await["auth"].is_object());
    assert_eq!(visitor.completes("facebook", &page).await, json!({"state": "connected"}));
    assert_eq!(code(&visitor.completes("facebook", &page).await), "sign_in_expired", "it counts once");
    // Nor is it a code of the other source.
    let offer = visitor.is_offered("instagram").await;
    let (_, page) = visitor.goes_through(&offer, "alice.pro", Does::Continue).await;
    assert_eq!(code(&visitor.completes("facebook", &page).await), "sign_in_expired");
    sqlx::query("UPDATE attempts SET code_expires_ms = 1 WHERE code_expires_ms > 0")
        .execute(&app.database().await)
        .await
        .unwrap();
    assert_eq!(code(&visitor.completes("instagram", &page).await), "sign_in_expired", "it was handed in too late");
    assert_eq!(code(&visitor.waits("instagram", &offer).await), "not_handed_back");
    // The next window asks for the tab's code, since this one reached nobody.
    let offer = visitor.is_offered("instagram").await;
    assert!(location(&app.http.get(&offer.redirect_url).send().await.unwrap()).contains("/auth/code?"));
}

#[tokio::test]
async fn the_cookie_of_a_typed_code_cannot_be_planted_by_a_sibling_host() {
    // Behind a proxy that speaks https.
    let app = TestApp::start_with(shop).await;
    let mut config = app.config();
    config.public_url = "https://photos.example.com".parse().unwrap();
    let url = app.another_process(config).await;
    let (_, offer) = begins(&app, None).await;
    let address = offer.redirect_url.replace("/auth/open?", "/auth/code?").replace(&app.url, &url);
    let form = app.http.get(&address).send().await.unwrap();
    let set = form.headers()[header::SET_COOKIE].to_str().unwrap();
    // Browsers hold what is named so to one host, https and the path `/`.
    assert!(set.starts_with("__Host-bowerbird_") && set.contains("; Secure") && set.contains("; Path=/;"), "{set}");
    let planted = set.split(';').next().unwrap().trim_start_matches("__Host-").to_owned();
    let page = app.http.get(&address).header(header::COOKIE, planted).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn one_request_names_a_few_sources() {
    let app = TestApp::start().await;
    let clouds: serde_json::Map<String, Value> = (0..9).map(|n| (format!("s{n}"), json!({"path": "/"}))).collect();
    for path in ["/folder/list", "/auth/logout"] {
        let body = json!({"apikey": "demo", "clouds": clouds});
        let (status, reply) = app.post(path, &body).await;
        assert_eq!((status, code(&reply)), (StatusCode::BAD_REQUEST, "bad_request"), "{path}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_for_a_thief_too() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let stolen = visitor.token.clone().unwrap();
    visitor.posts("/auth/logout", json!({"clouds": {"facebook": {}}})).await;
    visitor.signs_in("facebook", "alice").await;
    assert_ne!(visitor.token.as_ref(), Some(&stolen));
    assert!(!sees_photos(&app, &stolen).await);
}

/// Login CSRF: the attacker's own account is to be connected in the victim's page, so that the victim uploads from it or is seen.
#[tokio::test]
async fn a_sign_in_of_the_attackers_cannot_be_completed_in_the_victims_page() {
    let app = TestApp::start().await;
    let mut attacker = app.visitor();
    let offer = attacker.is_offered("facebook").await;
    let (_, page) = attacker.goes_through(&offer, "ben", Does::Continue).await;
    // The victim's page is sent attempt and code, as a message or behind `#bowerbird=`, and hands them in.
    let mut victim = app.visitor();
    victim.is_offered("facebook").await;
    assert_eq!(code(&victim.completes("facebook", &page).await), "sign_in_expired");
    assert!(victim.lists("facebook", "/").await["auth"].is_object());
}

#[tokio::test]
async fn a_window_ends_at_listed_addresses_only() {
    let app = TestApp::start_with(shop).await;
    for address in [
        "https://evil.example/",
        "https://shop.example.evil.example/prints",
        "https://shop.example/out?to=https://evil.example",
        "https://shop.example/prints?to=https://evil.example",
        "https://shop.example/prints/",
        "javascript:alert(1)//https://shop.example/prints",
    ] {
        let (_, offer) = begins(&app, Some(address)).await;
        // Without an address it comes back through its opener, or asks for the tab's code.
        let page = app.http.get(with(&offer.redirect_url, "window=opener")).send().await.unwrap();
        let callback = app.visitor().answers(&location(&page), "alice", Does::Continue).await;
        let last = app.http.get(callback).send().await.unwrap().text().await.unwrap();
        assert_eq!(handed_over(&last)["back"], Value::Null, "{address}");
    }
}

#[tokio::test]
async fn an_origin_that_is_not_the_keys_gets_no_sign_in_and_cannot_read_the_answer() {
    let app = TestApp::start_with(shop).await;
    let body = json!({"apikey": "demo", "completes": true, "clouds": {"facebook": {"path": "/"}}});
    for origin in ["https://evil.example", "https://other.example", "null", "http://shop.example"] {
        let answer = posts_from(&app, Some(origin), "/folder/list", &body).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN), None, "{origin}");
    }
    let answer = posts_from(&app, Some(SHOP), "/folder/list", &body).await;
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], SHOP);
    assert_eq!(app.count("attempts").await, 1);
}

#[tokio::test]
async fn a_session_token_is_worth_nothing_elsewhere() {
    let app = TestApp::start_with(|config| {
        shop(config);
        config.apps[0].origins.push("https://www.shop.example".to_owned());
    })
    .await;
    let mut visitor = app.visitor();
    assert_eq!(ORIGIN, SHOP);
    visitor.signs_in("facebook", "alice").await;
    let body = |key: &str| json!({"apikey": key, "completes": true, "token": visitor.token, "clouds": {"facebook": {"path": "/"}}});
    for (origin, key) in
        [(None, "demo"), (Some("https://www.shop.example"), "demo"), (Some("https://other.example"), "other")]
    {
        let reply: Value = posts_from(&app, origin, "/folder/list", &body(key)).await.json().await.unwrap();
        assert!(reply["facebook"]["auth"].is_object(), "{origin:?} {reply}");
    }
    assert!(visitor.lists("facebook", "/").await["contents"].is_array());
}

#[tokio::test]
async fn a_client_that_completes_nothing_needs_the_keys_leave() {
    let app = TestApp::start_with(|config| {
        shop(config);
        config.apps.push(AppConfig { unbound_sign_in: true, ..AppConfig::open("server") });
    })
    .await;
    let asks = async |key: &str, token: Option<&str>| -> Value {
        let body = json!({"apikey": key, "token": token, "clouds": {"facebook": {"path": "/"}}, "flow": "web"});
        posts_from(&app, None, "/folder/list", &body).await.json().await.unwrap()
    };
    assert_eq!(code(&asks("demo", None).await["facebook"]), "sign_in_unbound");
    let reply = asks("server", None).await;
    let token = reply["token"].as_str().unwrap();
    let auth = &reply["facebook"]["auth"];
    let text = |name: &str| auth[name].as_str().unwrap().to_owned();
    let offer = Offer { redirect_url: text("redirect_url"), attempt: text("attempt") };
    let (_, page) = app.visitor().goes_through(&offer, "alice", Does::Continue).await;
    assert_eq!(handed_over(&page)["code"], "", "there is nothing to hand over");
    assert!(asks("server", Some(token)).await["facebook"]["contents"].is_array());
}

/// What `/auth/wait` tells the tab that began.
async fn standing(app: &TestApp, token: &str, offer: &Offer) -> Value {
    let body = json!({"apikey": "demo", "token": token, "clouds": {"facebook": {"attempt": offer.attempt}}});
    let reply: Value = posts_from(app, Some(SHOP), "/auth/wait", &body).await.json().await.unwrap();
    reply["facebook"].clone()
}

/// The window of a tab that can neither be an opener nor be listed: it looks for an opener, and then asks for the code.
async fn asks_for_the_code(app: &TestApp, offer: &Offer) -> (String, Response) {
    let look = app.http.get(&offer.redirect_url).send().await.unwrap();
    assert_eq!(look.status(), StatusCode::OK, "it does not go to the provider by itself");
    let address = offer.redirect_url.replace("/auth/open?", "/auth/code?");
    assert!(look.text().await.unwrap().contains("/auth/code?attempt="));
    let form = app.http.get(&address).send().await.unwrap();
    (address, form)
}

fn cookie(response: &Response) -> String {
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// What the form carries besides.
fn proof(html: &str) -> String {
    html.split_once("name=\"proof\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// Posts the form as it stands on the page that this browser is shown.
async fn types(app: &TestApp, address: &str, cookie: Option<&str>, code: &str) -> Response {
    let mut page = app.http.get(address);
    if let Some(cookie) = cookie {
        page = page.header(header::COOKIE, cookie);
    }
    let html = page.send().await.unwrap().text().await.unwrap();
    let proof = if html.contains("proof") { proof(&html) } else { "00".to_owned() };
    let mut request = app.http.post(address).form(&[("code", code), ("proof", &proof)]);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn where_there_is_no_other_way_the_tabs_code_is_typed_before_the_provider_is_asked() {
    let app = TestApp::start_with(shop).await;
    let (token, offer) = begins(&app, None).await;
    let (address, form) = asks_for_the_code(&app, &offer).await;
    let cookie = cookie(&form);
    let html = form.text().await.unwrap();
    assert!(html.contains("Larkspur &lt;Prints&gt;") && html.contains("they would see your photos"), "{html}");
    let shown = standing(&app, &token, &offer).await;
    assert_eq!(shown["state"], "typing");
    let shown = shown["code"].as_str().unwrap();
    let wrong = types(&app, &address, Some(&cookie), "2345-6789").await.text().await.unwrap();
    assert!(wrong.contains("That is not the code"), "{wrong}");
    let as_people_type = shown.to_lowercase().replace('-', " ");
    let right = types(&app, &address, Some(&cookie), &as_people_type).await;
    let callback = app.visitor().answers(&location(&right), "alice", Does::Continue).await;
    let last = app.http.get(callback).header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(handed_over(&last.text().await.unwrap())["code"], "", "it is complete already");
    assert_eq!(standing(&app, &token, &offer).await, json!({"state": "connected"}));
    assert!(sees_photos(&app, &token).await);
}

#[tokio::test]
async fn whoever_began_cannot_type_the_code_for_somebody_else() {
    let app = TestApp::start_with(shop).await;
    // The attacker types the code and passes on what they were sent on to.
    let (token, offer) = begins(&app, None).await;
    let (address, form) = asks_for_the_code(&app, &offer).await;
    let cookie = cookie(&form);
    let shown = standing(&app, &token, &offer).await["code"].as_str().unwrap().to_owned();
    let dialog = location(&types(&app, &address, Some(&cookie), &shown).await);
    let callback = app.visitor().answers(&dialog, "alice", Does::Continue).await;
    let last = app.http.get(callback).send().await.unwrap().text().await.unwrap();
    assert!(last.contains("This sign-in is over"), "{last}");
    assert!(!sees_photos(&app, &token).await);

    // Or they pass on the address itself, once the code is typed.
    let (token, offer) = begins(&app, None).await;
    let (address, form) = asks_for_the_code(&app, &offer).await;
    let cookie = self::cookie(&form);
    let shown = standing(&app, &token, &offer).await["code"].as_str().unwrap().to_owned();
    types(&app, &address, Some(&cookie), &shown).await;
    let victims = app.http.get(with(&offer.redirect_url, "window=opener")).send().await.unwrap();
    let form = app.http.get(format!("{}{}", app.url, location(&victims))).send().await.unwrap();
    assert_eq!(form.status(), StatusCode::BAD_REQUEST);

    // Or a page of theirs posts the form from the victim's browser, which has been asked for the code too.
    let (token_of_post, offer) = begins(&app, None).await;
    let (address, _) = asks_for_the_code(&app, &offer).await;
    let shown = standing(&app, &token_of_post, &offer).await["code"].as_str().unwrap().to_owned();
    let posted = types(&app, &address, None, &shown).await;
    assert_eq!(posted.status(), StatusCode::BAD_REQUEST);

    // From a sibling host of the companion's the cookie comes along, but what the page says cannot be read.
    let (_, offer) = begins(&app, None).await;
    let (address, form) = asks_for_the_code(&app, &offer).await;
    let cookie = self::cookie(&form);
    let shown = standing(&app, &token, &offer).await;
    assert!(shown["error"].is_object(), "another session's");
    let right = proof(&form.text().await.unwrap());
    let beside = right.replace(&right[..1], if right.starts_with('0') { "1" } else { "0" });
    for forged in ["", "00", &beside] {
        let form = [("code", "2345-6789"), ("proof", forged)];
        let request = app.http.post(&address).header(header::COOKIE, &cookie).form(&form);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{forged}");
    }
    assert!(!sees_photos(&app, &token).await && !sees_photos(&app, &token_of_post).await);
}

#[tokio::test]
async fn a_provider_address_from_before_the_code_counts_no_longer() {
    let app = TestApp::start_with(shop).await;
    let (token, offer) = begins(&app, None).await;
    // The attacker claims to have an opener, keeps Meta's address, and then turns the sign-in into one with a typed code.
    let page = app.http.get(with(&offer.redirect_url, "window=opener")).send().await.unwrap();
    let dialog = location(&page);
    let address = offer.redirect_url.replace("/auth/open?", "/auth/code?");
    let form = app.http.get(&address).send().await.unwrap();
    let cookie = cookie(&form);
    let callback = app.visitor().answers(&dialog, "alice", Does::Continue).await;
    for cookie in [None, Some(&cookie)] {
        let mut request = app.http.get(&callback);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let last = request.send().await.unwrap();
        assert_eq!(last.status(), StatusCode::BAD_REQUEST);
    }
    assert!(!sees_photos(&app, &token).await);
}

#[tokio::test]
async fn five_wrong_codes_end_a_sign_in() {
    let app = TestApp::start_with(shop).await;
    let (token, offer) = begins(&app, None).await;
    let (address, form) = asks_for_the_code(&app, &offer).await;
    let cookie = cookie(&form);
    let shown = standing(&app, &token, &offer).await["code"].as_str().unwrap().to_owned();
    for _ in 0..4 {
        assert_eq!(types(&app, &address, Some(&cookie), "x").await.status(), StatusCode::OK);
    }
    assert_eq!(types(&app, &address, Some(&cookie), "x").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(types(&app, &address, Some(&cookie), &shown).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(code(&standing(&app, &token, &offer).await), "sign_in_expired");
}

#[tokio::test]
async fn a_window_that_reaches_nobody_has_the_next_one_ask_for_a_code() {
    let app = TestApp::start_with(shop).await;
    let (token, offer) = begins(&app, None).await;
    let page = app.http.get(with(&offer.redirect_url, "window=opener")).send().await.unwrap();
    let callback = app.visitor().answers(&location(&page), "alice", Does::Continue).await;
    let last = app.http.get(callback).send().await.unwrap().text().await.unwrap();
    let handed = handed_over(&last);
    let lost = format!("{}{}", app.url, handed["lost"].as_str().unwrap());
    // Only who has the code can say that it is lost.
    app.http.post(&lost).body(format!("{}.guess", offer.attempt)).send().await.unwrap();
    let said = format!("{}.{}", offer.attempt, handed["code"].as_str().unwrap());
    let is_over = async || standing(&app, &token, &offer).await["error"].is_object();
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(600), is_over()).await;
    assert!(waiting.is_err(), "a guess ends nothing");
    assert_eq!(app.http.post(&lost).body(said).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(code(&standing(&app, &token, &offer).await), "not_handed_back");
    assert_eq!(app.count("connections").await, 0, "what nobody can use is not kept");
    let body = json!({"apikey": "demo", "completes": true, "token": token, "clouds": {"facebook": {"path": "/"}}});
    let reply: Value = posts_from(&app, Some(SHOP), "/folder/list", &body).await.json().await.unwrap();
    let next = reply["facebook"]["auth"]["redirect_url"].as_str().unwrap();
    assert!(location(&app.http.get(next).send().await.unwrap()).contains("/auth/code?"));
}

#[tokio::test]
async fn the_pages_of_a_sign_in_cannot_be_framed_and_run_nothing_of_others() {
    let app = TestApp::start_with(shop).await;
    let (_, offer) = begins(&app, None).await;
    let (address, form) = asks_for_the_code(&app, &offer).await;
    let look = app.http.get(offer.redirect_url.replace("attempt=", "attempt=x")).send().await.unwrap();
    let again = app.http.get(&address).send().await.unwrap();
    for page in [form, look, again, app.get("/api/client/facebook/authCallback/open?state=x").await] {
        let header = |name: header::HeaderName| page.headers()[name].to_str().unwrap();
        let policy = header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(header::X_FRAME_OPTIONS), "DENY");
        assert_eq!(header(header::REFERRER_POLICY), "no-referrer");
        assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test]
async fn the_codes_that_facebook_gives_are_bound_to_their_sign_in() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    let mut thief = app.visitor();
    let (mine, theirs) = (visitor.is_offered("facebook").await, thief.is_offered("facebook").await);
    let callback = visitor.answers(&visitor.opens(&mine).await, "alice", Does::Continue).await;
    let other = thief.answers(&thief.opens(&theirs).await, "ben", Does::Continue).await;
    // A code that leaked is put behind a state of the thief's own: the verifier is that of another sign-in.
    let query = |url: &str, name: &str| {
        let url = url::Url::parse(url).unwrap();
        url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
    };
    let mut injected = url::Url::parse(&other).unwrap();
    injected
        .query_pairs_mut()
        .clear()
        .append_pair("code", &query(&callback, "code"))
        .append_pair("state", &query(&other, "state"));
    let page = app.http.get(injected.as_str()).send().await.unwrap().text().await.unwrap();
    assert_eq!(handed_over(&page)["code"], "", "{page}");
    assert_eq!(code(&thief.waits("facebook", &theirs).await), "sign_in_refused");
}

#[tokio::test]
async fn a_session_stores_no_more_than_its_key_allows() {
    let app = TestApp::start_with(|config| config.apps[0].max_stores = 2).await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    for photo in &photos[..2] {
        assert!(visitor.stores("facebook", photo).await["handle"].is_string());
    }
    assert!(visitor.stores("facebook", &photos[0]).await["handle"].is_string(), "the same photo is no further one");
    assert_eq!(code(&visitor.stores("facebook", &photos[2]).await), "store_limit");
}
