//! What the log says, and what it never says.

use crate::app::{Does, TestApp, handed_over, id_of};
use bowerbird_emulator::{FACEBOOK_APP_SECRET, Fault, INSTAGRAM_APP_SECRET};
use serde_json::json;
use std::io::{self, Write};
use std::sync::{Mutex, Once};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ONCE: Once = Once::new();

struct Recorder;

impl Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records everything that the companion logs in this process, at the most talkative level.
pub fn record() {
    ONCE.call_once(|| {
        let filter = "trace";
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Recorder).init();
    });
}

pub fn log() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}

#[tokio::test]
async fn no_token_code_state_or_secret_is_ever_logged() {
    let app = TestApp::start().await;
    let mut secrets = vec![FACEBOOK_APP_SECRET.to_owned(), INSTAGRAM_APP_SECRET.to_owned()];
    let mut visitor = app.visitor();
    // Remembered, so that Instagram's token is exchanged: the one call with the app's secret in its address.
    visitor.posts("/folder/list", json!({"clouds": {}, "remember": true})).await;
    for (source, account) in [("facebook", "alice"), ("instagram", "alice.pro")] {
        let offer = visitor.is_offered(source).await;
        let dialog = visitor.opens(&offer).await;
        let callback = visitor.answers(&dialog, account, Does::Continue).await;
        let query: Vec<(String, String)> = url::Url::parse(&callback).unwrap().query_pairs().into_owned().collect();
        secrets.extend(query.into_iter().filter(|(name, _)| name == "code" || name == "state").map(|(_, value)| value));
        let page = app.http.get(&callback).send().await.unwrap().text().await.unwrap();
        app.http.get(&callback).send().await.unwrap();
        visitor.completes(source, &page).await;
        secrets.push(handed_over(&page)["code"].as_str().unwrap().to_owned());
        secrets.push(offer.redirect_url.split_once("attempt=").unwrap().1.to_owned());
        visitor.waits(source, &offer).await;
    }
    let tokens = app.provider_tokens().await;
    assert_eq!(tokens.len(), 2);
    secrets.extend(tokens);
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    visitor.stores("facebook", &photos[0]).await;
    app.emulator.set_fault(Fault::ServerErrors { times: None, host: None, status: Some(502) });
    visitor.lists("facebook", "/").await;
    app.emulator.clear_faults();
    app.emulator.set_fault(Fault::ExpiredTokens);
    visitor.lists("facebook", "/").await;
    visitor.lists("instagram", "/").await;
    secrets.push(visitor.token.clone().unwrap());
    let body = json!({"apikey": "demo", "token": visitor.token, "clouds": visitor.token});
    app.post("/folder/list", &body).await;

    let log = log();
    assert!(log.contains("a visitor signed in"), "the recorder works");
    for secret in secrets {
        assert!(secret.len() > 10 && !log.contains(&secret), "the log contains {secret}");
    }
}

#[tokio::test]
async fn trouble_ends_in_a_line_that_an_operator_understands() {
    let app = TestApp::start().await;
    let mut visitor = app.visitor();
    visitor.signs_in("facebook", "alice").await;
    let album = visitor.finds("facebook", "Profile pictures").await;
    let photos = visitor.photos("facebook", &album).await;
    app.emulator.delete_photo(id_of(&photos[2]));
    visitor.stores("facebook", &photos[2]).await;
    let log = log();
    let told = log
        .lines()
        .find(|line| line.contains("a photo could not be stored") && line.contains(&photos[2]))
        .unwrap_or_default();
    for word in ["WARN", "facebook", "photo_gone", "Graph error 100/33", "fbtrace_id"] {
        assert!(told.contains(word), "{word} in {told:?}");
    }
}
