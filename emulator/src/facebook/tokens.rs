//! Codes for tokens, short tokens for long ones, and what a token is.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::apps::{App, Network};
use crate::clock::Unix;
use crate::graph::{GraphError, Request, check_token};
use crate::platform::Platform;
use crate::registry::{Code, NEVER, Token};
use crate::world::{FacebookPage, facebook_by_key, instagram_by_key};

/// A little less than sixty days, as recorded; Meta calls it "about 60 days".
const LONG_LIVED: Unix = 5_183_944;
/// Data access ends ninety days after the person last used the app, whatever the token says.
const DATA_ACCESS: Unix = 90 * 86_400;

/// `/oauth/access_token`.
/// <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow#exchangecode>
pub fn access_token(platform: &Platform, request: &Request) -> Result<Value, GraphError> {
    if request.method != Method::GET && request.method != Method::POST {
        return Err(GraphError::wrong_method(request.method.as_str()));
    }
    let param = |name: &str| request.params.get(name).filter(|value| !value.is_empty());
    let app = platform.app(param("client_id").ok_or_else(GraphError::app_missing)?);
    let app = app.filter(|app| app.network == Network::Facebook).ok_or_else(GraphError::unknown_app)?;
    let secret = param("client_secret");
    let grant = param("grant_type").unwrap_or("authorization_code");
    if grant == "authorization_code" && param("redirect_uri").is_none() {
        return Err(GraphError::redirect_uri_missing());
    }
    if secret != Some(&app.secret) {
        return Err(GraphError::wrong_secret());
    }
    match grant {
        "authorization_code" => exchange_code(platform, &app, request),
        "fb_exchange_token" => exchange_token(platform, &app, param("fb_exchange_token")),
        "client_credentials" => Ok(json!({ "access_token": app.token(), "token_type": "bearer" })),
        other => Err(GraphError::parameter(format!("(#100) Invalid grant_type: {other}"))),
    }
}

fn exchange_code(platform: &Platform, app: &App, request: &Request) -> Result<Value, GraphError> {
    let now = platform.clock.now();
    let mut registry = platform.registry();
    let code = request.params.get("code").and_then(|code| registry.code_mut(code));
    let code = code.filter(|code| code.app == app.id).ok_or_else(GraphError::unknown_code)?;
    if code.used {
        return Err(GraphError::code_used());
    }
    if code.expires_at <= now {
        return Err(GraphError::code_expired());
    }
    if request.params.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(GraphError::redirect_mismatch());
    }
    check_verifier(code, request.params.get("code_verifier").filter(|verifier| !verifier.is_empty()))?;
    code.used = true;
    let (user, scopes) = (code.user, code.scopes.clone());
    let lifetime = platform.settings.facebook_token_lifetime.as_secs() as Unix;
    let token = registry.issue_token(app, user, scopes, now, lifetime, false);
    Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": lifetime }))
}

/// PKCE: the verifier is what the dialog's challenge is the hash of.
/// <https://www.rfc-editor.org/rfc/rfc7636#section-4.6>
fn check_verifier(code: &Code, verifier: Option<&str>) -> Result<(), GraphError> {
    match (&code.challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) => Ok(()),
        (Some(_), Some(_)) => Err(GraphError::verifier_wrong("It does not match the code_challenge of the dialog.")),
        (Some(_), None) => Err(GraphError::verifier_wrong("The parameter code_verifier is required.")),
        (None, Some(_)) => Err(GraphError::verifier_wrong("The dialog was opened without a code_challenge.")),
    }
}

fn exchange_token(platform: &Platform, app: &App, token: Option<&str>) -> Result<Value, GraphError> {
    let missing = || GraphError::parameter("(#100) The parameter fb_exchange_token is required");
    let old = check_token(platform, token.ok_or_else(missing)?, Network::Facebook)?;
    if old.app != app.id || old.page.is_some() {
        return Err(GraphError::token_unreadable());
    }
    let now = platform.clock.now();
    let new = platform.registry().issue_token(app, old.user, old.scopes, now, LONG_LIVED, true);
    Ok(json!({ "access_token": new, "token_type": "bearer", "expires_in": LONG_LIVED }))
}

/// `/debug_token`. <https://developers.facebook.com/docs/graph-api/reference/debug_token/>
pub fn debug_token(platform: &Platform, request: &Request) -> Result<Value, GraphError> {
    let asking = request.access_token().ok_or_else(GraphError::app_token_needed)?;
    let app = platform.registry().app_of_token(asking).cloned().ok_or_else(GraphError::app_token_needed)?;
    request.check_proof(platform, &app, asking)?;
    let input = request.params.get("input_token").filter(|token| !token.is_empty());
    let input = input.ok_or_else(|| GraphError::parameter("(#100) The parameter input_token is required"))?;
    if let Some(of) = platform.registry().app_of_token(input) {
        if of.id != app.id {
            return Err(GraphError::token_of_another_app());
        }
        return Ok(json!({ "data": {
            "app_id": app.id, "type": "APP", "application": app.name, "is_valid": true, "scopes": [],
        }}));
    }
    let checked = check_token(platform, input, Network::Facebook);
    let known = platform.registry().token(input).filter(|token| token.network == Network::Facebook).cloned();
    let Some(token) = known else {
        let error = GraphError::token_unreadable().within();
        return Ok(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } }));
    };
    if token.app != app.id {
        return Err(GraphError::token_of_another_app());
    }
    let mut data = json!({
        "app_id": app.id,
        "type": if token.page.is_some() { "PAGE" } else { "USER" },
        "application": app.name,
        "data_access_expires_at": token.issued_at + DATA_ACCESS,
        "expires_at": if token.expires_at == NEVER { 0 } else { token.expires_at },
        "is_valid": checked.is_ok(),
        "issued_at": token.issued_at,
        "scopes": token.scopes,
        "user_id": facebook_by_key(token.user).map(|account| app.user_id(account.id)),
    });
    data["granular_scopes"] = granular_scopes(platform, &token);
    if let Some(page) = &token.page {
        data["profile_id"] = json!(page);
    }
    if let Err(error) = checked {
        data["error"] = error.within();
    }
    Ok(json!({ "data": data }))
}

/// What each permission reaches: the Pages, or their Instagram accounts. Without `target_ids` it is all there are.
fn granular_scopes(platform: &Platform, token: &Token) -> Value {
    let all = platform.faults.all_pages();
    let scopes = token.scopes.iter().filter(|scope| scope.starts_with("pages_") || scope.starts_with("instagram_"));
    let entry = |scope: &String| {
        if all {
            return json!({ "scope": scope });
        }
        let pages = FacebookPage::of(token.user);
        let ids: Vec<&str> = if scope.starts_with("pages_") {
            pages.map(|page| page.id.as_str()).collect()
        } else {
            pages.filter_map(|page| instagram_by_key(page.instagram?)).map(|account| account.user_id).collect()
        };
        json!({ "scope": scope, "target_ids": ids })
    };
    Value::Array(scopes.map(entry).collect())
}
