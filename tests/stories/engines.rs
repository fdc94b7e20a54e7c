//! What has to work in every engine, told in each by the same words.

use crate::browser::{Engine, Options};
use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{DWELL, arrived_whole, tell_in};
use serde_json::json;
use std::time::{Duration, Instant};
use thirtyfour::By;

/// What the browser inside of an app calls itself.
pub const IN_APP: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Mobile/15E148 Instagram 389.0.0.0.67";

#[tokio::test]
async fn one_photo_in_chromium() {
    one_photo_in(Engine::Chromium).await;
}

#[tokio::test]
async fn one_photo_in_firefox() {
    one_photo_in(Engine::Firefox).await;
}

#[tokio::test]
async fn one_photo_in_webkit() {
    one_photo_in(Engine::WebKit).await;
}

#[tokio::test]
async fn an_odd_chromium() {
    oddities_of(Engine::Chromium, Some(IN_APP)).await;
}

#[tokio::test]
async fn an_odd_firefox() {
    oddities_of(Engine::Firefox, Some(IN_APP)).await;
}

#[tokio::test]
async fn an_odd_webkit() {
    oddities_of(Engine::WebKit, None).await;
}

async fn one_photo_in(engine: Engine) {
    tell_in(engine, Options::default(), DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 1, "{result}");
        arrived_whole(&stage, &result["filesUploaded"]).await;
    })
    .await;
}

/// The options of a browser, and the odd ways in which a customer's page can be served, are what they say: stories that
/// rest on them would else pass for nothing.
async fn oddities_of(engine: Engine, user_agent: Option<&'static str>) {
    let options = Options { dark: true, user_agent, third_parties_blocked: true };
    tell_in(engine, options, Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page_at("coop-same-origin/"), json!({})).await;
        let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
        assert_eq!(visitor.runs(dark).await, true);
        if let Some(name) = user_agent {
            assert_eq!(visitor.runs("return navigator.userAgent").await, name);
        }
        visitor.runs("localStorage.seen = 'seen'; document.cookie = 'seen=1; path=/'").await;
        visitor.runs("document.body.onclick = () => window.opened = open('/coop-unsafe-none/')").await;
        visitor.driver().find(By::Tag("h1")).await.unwrap().click().await.unwrap();
        visitor.goes_to_the_new_window().await;
        until(&visitor, "return location.pathname + (window.opener === null)", "/coop-unsafe-none/true").await;
        let window = visitor.driver().window().await.unwrap();
        visitor.goes_back_to_the_page().await;
        until(&visitor, "return String(window.opened.closed)", "true").await;
        visitor.driver().switch_to_window(window).await.unwrap();
        visitor.driver().close_window().await.unwrap();
        visitor.goes_back_to_the_page().await;

        visitor.opens(&stage.framed_page("album/"), json!({"fromSources": "facebook"})).await;
        let inner = format!("{}?", stage.page_at("album/"));
        assert!(visitor.runs("return location.href").await.as_str().unwrap().starts_with(&inner));
        let storage = "try { return localStorage.seen ?? 'apart' } catch (error) { return error.name }";
        let expected = if engine == Engine::WebKit { "apart" } else { "SecurityError" };
        assert_eq!(visitor.runs(storage).await, expected);
        assert_eq!(visitor.runs("return document.cookie").await, "");
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
    })
    .await;
}

async fn until(visitor: &Visitor, script: &str, expected: &str) {
    let began = Instant::now();
    loop {
        let found = visitor.runs(script).await;
        if found == expected {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "«{script}» gives {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
