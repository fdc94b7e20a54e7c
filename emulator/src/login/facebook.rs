//! The Login dialog. <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow#login>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::pages::{self, Brand, Choice, Permission};
use crate::apps::{App, Network};
use crate::graph::{Params, VERSIONS, version_of};
use crate::platform::Platform;
use crate::registry::{Answer, Code};
use crate::world::{FACEBOOK, FacebookAccount, facebook_by_key};

const BRAND: Brand = Brand { name: "Facebook", class: "facebook" };
const COOKIE: &str = "c_user";
const PATH: &str = "/www.facebook.com";

/// The permissions that an app may ask for, with what the dialog calls them. An unknown one is an error.
/// <https://developers.facebook.com/docs/permissions>
const PERMISSIONS: [(&str, &str); 20] = [
    ("public_profile", "Your name and profile picture"),
    ("openid", "Who you are"),
    ("email", "Your email address"),
    ("user_photos", "Your photos"),
    ("user_videos", "Your videos"),
    ("user_posts", "Your timeline posts"),
    ("user_friends", "Your friends who use this app"),
    ("user_likes", "The Pages you like"),
    ("user_birthday", "Your birthday"),
    ("user_hometown", "Your hometown"),
    ("user_location", "Your current city"),
    ("user_gender", "Your gender"),
    ("user_age_range", "Your age range"),
    ("user_link", "A link to your profile"),
    ("pages_show_list", "The Pages you manage"),
    ("pages_read_engagement", "Content of the Pages you manage"),
    ("pages_manage_posts", "Posts of the Pages you manage"),
    ("business_management", "Your business account"),
    ("instagram_basic", "The Instagram accounts of your Pages"),
    ("instagram_content_publish", "Posts of the Instagram accounts of your Pages"),
];

/// What the app asked for, found in order.
struct Asked {
    app: App,
    redirect_uri: String,
    state: String,
    scopes: Vec<String>,
    challenge: Option<String>,
    rerequest: bool,
    reauthenticate: bool,
    tell_scopes: bool,
}

/// An error page's title and words.
type Mistake = (&'static str, String);

fn read(platform: &Platform, uri: &Uri) -> Result<Asked, Mistake> {
    if let Some(version) = uri.path().trim_start_matches(PATH).split('/').find_map(version_of)
        && !VERSIONS.contains(&version)
    {
        return Err(("Unsupported version", format!("v{version}.0 of the dialog is not available.")));
    }
    let params = Params::read(uri.query().unwrap_or_default());
    let param = |name: &str| params.get(name).filter(|value| !value.is_empty());
    let app = param("client_id").and_then(|id| platform.app(id)).filter(|app| app.network == Network::Facebook);
    let Some(app) = app else {
        let words = "The provided app ID does not look like a valid app ID.";
        return Err(("Invalid App ID", words.to_owned()));
    };
    let redirect_uri = param("redirect_uri")
        .ok_or_else(|| ("Invalid parameter", "The parameter redirect_uri is required.".to_owned()))?;
    if !platform.registry().allows_redirect_uri(&app, redirect_uri) {
        let words = "This redirect failed because the redirect URI is not white-listed in the app's client OAuth \
                     settings. Make sure that the client and web OAuth logins are on and add all your app domains as \
                     valid OAuth redirect URIs.";
        return Err(("URL blocked", words.to_owned()));
    }
    let state = param("state").ok_or_else(|| ("Invalid parameter", "The parameter state is required.".to_owned()))?;
    let separators = [' ', ','];
    let mut tell_scopes = false;
    for kind in param("response_type").unwrap_or("code").split(separators) {
        match kind {
            "code" => {}
            "granted_scopes" => tell_scopes = true,
            other => {
                let words = format!("The emulator answers with a code only, not with \"{other}\".");
                return Err(("Unsupported response_type", words));
            }
        }
    }
    let mut scopes = vec!["public_profile".to_owned()];
    for scope in param("scope").unwrap_or_default().split(separators).filter(|scope| !scope.is_empty()) {
        if !PERMISSIONS.iter().any(|(known, _)| *known == scope) {
            let words = format!(
                "Invalid Scopes: {scope}. This message is only shown to developers. Users of your app will ignore \
                 these permissions if present."
            );
            return Err(("Invalid Scopes", words));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    let challenge = read_challenge(&params, &scopes)?;
    let auth_type = |wanted: &str| param("auth_type").unwrap_or_default().split(separators).any(|kind| kind == wanted);
    Ok(Asked {
        app,
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
        scopes,
        challenge,
        rerequest: auth_type("rerequest"),
        reauthenticate: auth_type("reauthenticate"),
        tell_scopes,
    })
}

/// PKCE, which is documented within the OpenID Connect flow only: with the scope `openid` and a `nonce`.
/// <https://developers.facebook.com/documentation/facebook-login/guides/advanced/oidc-token>
fn read_challenge(params: &Params, scopes: &[String]) -> Result<Option<String>, Mistake> {
    let mistake = |words: &str| Err(("Invalid parameter", words.to_owned()));
    let param = |name: &str| params.get(name).filter(|value| !value.is_empty());
    let Some(challenge) = param("code_challenge") else {
        return match param("code_challenge_method") {
            Some(_) => mistake("The parameter code_challenge_method needs a code_challenge."),
            None => Ok(None),
        };
    };
    if param("code_challenge_method") != Some("S256") {
        return mistake("The emulator takes S256 only for code_challenge_method.");
    }
    if challenge.len() != 43 || !challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return mistake("The parameter code_challenge is not a SHA-256 in base64url without padding.");
    }
    if !scopes.iter().any(|scope| scope == "openid") || param("nonce").is_none() {
        return mistake("A code_challenge needs the scope openid and a nonce.");
    }
    Ok(Some(challenge.to_owned()))
}

/// `/dialog/oauth`, with and without a version.
pub async fn dialog(
    State(platform): State<Arc<Platform>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = match read(&platform, &uri) {
        Ok(asked) => asked,
        Err((title, words)) => return pages::error_of(&BRAND, StatusCode::BAD_REQUEST, title, &words),
    };
    let form = Params::of_request(None, &headers, &body);
    let cookie = super::remembered(&headers, COOKIE);
    let key = form.get("account").or(cookie.as_deref().filter(|_| !asked.reauthenticate));
    let Some(person) = key.and_then(facebook_by_key) else {
        let people: Vec<Choice> = FACEBOOK.iter().map(choice).collect();
        return pages::choose(&BRAND, &asked.app.name, &people);
    };
    if !person.has_role && (asked.app.development || platform.faults.development_mode()) {
        let words = "This app is still in development mode, and you don't have access to it. Switch to a registered \
                     test user or ask an app admin for permissions.";
        return pages::error_of(&BRAND, StatusCode::BAD_REQUEST, "App not set up", words);
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
            let permissions: Vec<Permission> = asks_for(&platform, &asked, person);
            pages::consent(&BRAND, &asked.app.name, &choice(person), &permissions, remember)
        }
    }
}

fn choice(account: &'static FacebookAccount) -> Choice<'static> {
    Choice { key: account.key, name: account.name, about: account.about }
}

/// What the page asks: everything but what was declined before, unless the app asks for that again.
fn asks_for<'a>(platform: &Platform, asked: &'a Asked, person: &'static FacebookAccount) -> Vec<Permission<'a>> {
    let answers = platform.registry().answers(&asked.app.id, person.key);
    let open = |scope: &&String| asked.rerequest || answers.get(*scope) != Some(&Answer::Declined);
    let label = |scope: &str| PERMISSIONS.iter().find(|(name, _)| *name == scope).map_or("", |(_, label)| label);
    asked
        .scopes
        .iter()
        .filter(open)
        .map(|scope| Permission { name: scope, label: label(scope), optional: !is_basic(scope) })
        .collect()
}

/// What nobody can untick.
fn is_basic(scope: &str) -> bool {
    matches!(scope, "public_profile" | "openid")
}

async fn finish(platform: &Platform, asked: &Asked, person: &'static FacebookAccount, form: &Params) -> Response {
    let on_page: Vec<(String, bool)> = asks_for(platform, asked, person)
        .into_iter()
        .map(|permission| (permission.name.to_owned(), !permission.optional || form.get(permission.name).is_some()))
        .collect();
    let (code, granted, denied) = {
        let mut registry = platform.registry();
        for (name, yes) in on_page {
            let answer = if yes { Answer::Granted } else { Answer::Declined };
            registry.answer(&asked.app.id, person.key, &name, answer);
        }
        // A token carries everything that was ever granted, not only what was asked for this time.
        let answers = registry.answers(&asked.app.id, person.key);
        let with = |wanted: Answer| -> Vec<String> {
            answers.iter().filter(|(_, answer)| **answer == wanted).map(|(name, _)| name.clone()).collect()
        };
        let (granted, denied) = (with(Answer::Granted), with(Answer::Declined));
        let lifetime = platform.settings.facebook_code_lifetime.as_secs() as i64;
        let code = registry.issue_code(Code {
            app: asked.app.id.clone(),
            network: Network::Facebook,
            user: person.key,
            redirect_uri: asked.redirect_uri.clone(),
            scopes: granted.clone(),
            challenge: asked.challenge.clone(),
            expires_at: platform.clock.now() + lifetime,
            used: false,
        });
        (code, granted.join(","), denied.join(","))
    };
    let mut params = vec![("code", code.as_str())];
    if asked.tell_scopes {
        params.extend([("granted_scopes", granted.as_str()), ("denied_scopes", denied.as_str())]);
    }
    params.push(("state", &asked.state));
    // Facebook fills an empty fragment, so that a browser does not carry over the one of the page before.
    super::redirect(platform, &asked.redirect_uri, &params, "#_=_").await
}

/// Leads back with an error although the person agreed.
async fn refuse(platform: &Platform, asked: &Asked, error: &[(&'static str, String)]) -> Response {
    let mut params: Vec<(&str, &str)> = error.iter().map(|(name, value)| (*name, value.as_str())).collect();
    params.push(("state", &asked.state));
    super::redirect(platform, &asked.redirect_uri, &params, "#_=_").await
}

async fn cancel(platform: &Platform, asked: &Asked) -> Response {
    let params = [
        ("error", "access_denied"),
        ("error_code", "200"),
        ("error_description", "Permissions error"),
        ("error_reason", "user_denied"),
        ("state", &asked.state),
    ];
    super::redirect(platform, &asked.redirect_uri, &params, "#_=_").await
}
