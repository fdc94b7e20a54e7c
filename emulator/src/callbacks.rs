//! What Meta posts to an app's server when a person removes the app, or asks for their data to be deleted.
//! <https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback/>

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Serialize;

use crate::platform::Platform;

/// How long an app's server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an app's server answered to a callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallbackAnswer {
    /// The HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// The body; when no answer came, why.
    pub body: String,
}

/// What came of it when a person removed an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// The answer of the deauthorize callback; `None` where the app has not set one.
    pub deauthorize: Option<CallbackAnswer>,
    /// The answer of the data deletion callback; `None` where the app has not set one, or it was not asked for.
    pub data_deletion: Option<CallbackAnswer>,
}

/// Somebody removes an app in their settings, and where `delete_data` says so presses "Send request" too. Tokens and
/// grants are dead before the first callback is posted.
pub async fn remove_app(
    platform: &Platform,
    app_id: &str,
    account: &str,
    delete_data: bool,
) -> Result<Removal, String> {
    let app = platform.app(app_id).ok_or_else(|| format!("there is no app {app_id}"))?;
    let (user, user_id) = app.person(account).ok_or_else(|| format!("nobody is called {account} on its network"))?;
    platform.registry().remove_app(&app.id, user);
    let post = async |url: &Option<String>| match url {
        Some(url) => Some(post(url, &app.signed_request(&user_id, platform.clock.now())).await),
        None => None,
    };
    let deauthorize = post(&app.deauthorize_url).await;
    let data_deletion = if delete_data { post(&app.data_deletion_url).await } else { None };
    Ok(Removal { deauthorize, data_deletion })
}

async fn post(url: &str, signed_request: &str) -> CallbackAnswer {
    match try_post(url, signed_request).await {
        Ok((status, body)) => CallbackAnswer { status: Some(status), body },
        Err(error) => CallbackAnswer { status: None, body: format!("no answer came: {error}") },
    }
}

async fn try_post(url: &str, signed_request: &str) -> reqwest::Result<(u16, String)> {
    // Whoever runs the emulator within a test may have installed one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE).build()?;
    let response = client.post(url).form(&[("signed_request", signed_request)]).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}
