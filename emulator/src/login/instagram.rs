//! The authorization window of Instagram Login.
//! <https://developers.facebook.com/docs/instagram-platform/reference/oauth-authorize>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::pages::{self, Brand, Choice, Permission};
use crate::apps::{App, Network};
use crate::graph::Params;
use crate::instagram::BASIC;
use crate::platform::Platform;
use crate::registry::{Answer, Code};
use crate::world::{INSTAGRAM, InstagramAccount, instagram_by_key};

const BRAND: Brand = Brand { name: "Instagram", class: "instagram" };
const COOKIE: &str = "ds_user";
const PATH: &str = "/www.instagram.com";

/// The permissions that an app may ask for. The names without `instagram_` ended on 2025-01-27.
const PERMISSIONS: [(&str, &str); 5] = [
    (BASIC, "Your profile and your media"),
    ("instagram_business_content_publish", "Publish for you"),
    ("instagram_business_manage_comments", "Your comments"),
    ("instagram_business_manage_messages", "Your messages"),
    ("instagram_business_manage_insights", "Your insights"),
];

struct Asked {
    app: App,
    redirect_uri: String,
    state: Option<String>,
    scopes: Vec<String>,
    force_reauth: bool,
}

fn read(platform: &Platform, uri: &Uri) -> Result<Asked, String> {
    let params = Params::read(uri.query().unwrap_or_default());
    let param = |name: &str| params.get(name).filter(|value| !value.is_empty());
    let app = param("client_id").and_then(|id| platform.app(id)).filter(|app| app.network == Network::Instagram);
    let app = app.ok_or("Invalid Request: Request parameters are invalid: Invalid platform app")?;
    let redirect_uri = param("redirect_uri").unwrap_or_default();
    if !platform.registry().allows_redirect_uri(&app, redirect_uri) {
        return Err("Invalid Request: Request parameters are invalid: Invalid redirect_uri".to_owned());
    }
    if param("response_type") != Some("code") {
        return Err("Invalid Request: Request parameters are invalid: Invalid response_type".to_owned());
    }
    let scopes: Vec<String> = param("scope")
        .unwrap_or_default()
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    let known = |scope: &String| PERMISSIONS.iter().any(|(name, _)| name == scope);
    if !scopes.iter().any(|scope| scope == BASIC) || !scopes.iter().all(known) {
        return Err(format!("Invalid scope: {scopes:?}. The permission {BASIC} is needed."));
    }
    Ok(Asked {
        app,
        redirect_uri: redirect_uri.to_owned(),
        state: param("state").map(str::to_owned),
        scopes,
        force_reauth: param("force_reauth") == Some("true"),
    })
}

/// `/oauth/authorize`, on www.instagram.com and on api.instagram.com.
pub async fn authorize(
    State(platform): State<Arc<Platform>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = match read(&platform, &uri) {
        Ok(asked) => asked,
        Err(words) => return pages::error_of(&BRAND, StatusCode::BAD_REQUEST, "This page isn't available", &words),
    };
    let form = Params::of_request(None, &headers, &body);
    let cookie = super::remembered(&headers, COOKIE);
    let key = form.get("account").or(cookie.as_deref().filter(|_| !asked.force_reauth));
    let Some(person) = key.and_then(instagram_by_key) else {
        let people: Vec<Choice> = INSTAGRAM.iter().map(choice).collect();
        return pages::choose(&BRAND, &asked.app.name, &people);
    };
    if !person.has_role && (asked.app.development || platform.faults.development_mode()) {
        let words = "Insufficient developer role";
        return pages::error_of(&BRAND, StatusCode::FORBIDDEN, "Insufficient developer role", words);
    }
    let remember = form.get("remember").is_some();
    match form.get("decision") {
        Some("continue") => {
            let answered = match platform.faults.login_error() {
                Some(error) => refuse(&platform, &asked, &error).await,
                None => finish(&platform, &asked, person, &form).await,
            };
            super::remember(answered, COOKIE, person.key, PATH, remember)
        }
        Some(_) => cancel(&platform, &asked).await,
        None => {
            let label =
                |scope: &str| PERMISSIONS.iter().find(|(name, _)| *name == scope).map_or("", |(_, label)| label);
            let permissions: Vec<Permission> = asked
                .scopes
                .iter()
                .map(|scope| Permission { name: scope, label: label(scope), optional: scope != BASIC })
                .collect();
            pages::consent(&BRAND, &asked.app.name, &choice(person), &permissions, remember)
        }
    }
}

fn choice(account: &'static InstagramAccount) -> Choice<'static> {
    Choice { key: account.key, name: account.username, about: account.about }
}

async fn finish(platform: &Platform, asked: &Asked, person: &'static InstagramAccount, form: &Params) -> Response {
    let granted: Vec<String> =
        asked.scopes.iter().filter(|scope| *scope == BASIC || form.get(scope).is_some()).cloned().collect();
    let code = {
        let mut registry = platform.registry();
        for scope in &granted {
            registry.answer(&asked.app.id, person.key, scope, Answer::Granted);
        }
        registry.issue_code(Code {
            app: asked.app.id.clone(),
            network: Network::Instagram,
            user: person.key,
            redirect_uri: asked.redirect_uri.clone(),
            scopes: granted,
            // Instagram documents no PKCE; what is sent of it is ignored.
            challenge: None,
            expires_at: platform.clock.now() + platform.settings.instagram_code_lifetime.as_secs() as i64,
            used: false,
        })
    };
    let mut params = vec![("code", code.as_str())];
    params.extend(asked.state.as_deref().map(|state| ("state", state)));
    // The fragment is not part of the code; who copies it from the address bar must strip it.
    super::redirect(platform, &asked.redirect_uri, &params, "#_").await
}

/// Leads back with an error although the person agreed.
async fn refuse(platform: &Platform, asked: &Asked, error: &[(&'static str, String)]) -> Response {
    let mut params: Vec<(&str, &str)> = error.iter().map(|(name, value)| (*name, value.as_str())).collect();
    params.extend(asked.state.as_deref().map(|state| ("state", state)));
    super::redirect(platform, &asked.redirect_uri, &params, "").await
}

async fn cancel(platform: &Platform, asked: &Asked) -> Response {
    let mut params = vec![
        ("error", "access_denied"),
        ("error_reason", "user_denied"),
        ("error_description", "The user denied your request"),
    ];
    params.extend(asked.state.as_deref().map(|state| ("state", state)));
    super::redirect(platform, &asked.redirect_uri, &params, "").await
}
