//! `/_emulator`: what tests need and Meta does not have.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::{FAULT_NAMES, Fault};
use crate::platform::{Call, Platform, Served};
use crate::registry::{FACEBOOK_APP, INSTAGRAM_APP};
use crate::world::{FACEBOOK, INSTAGRAM, Media, Photo};

/// The control surface.
pub fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/accounts", get(accounts))
        .route("/apps", get(apps))
        .route("/served", get(served).delete(forget_served))
        .route("/calls", get(calls).delete(forget_calls))
        .route("/faults", get(faults).delete(clear_faults))
        .route("/faults/{name}", put(set_fault).delete(clear_fault))
        .route("/redirect-uris", get(redirect_uris).post(allow_redirect_uri))
        .route("/photos/{id}", delete(delete_photo))
        .route("/clock", get(clock).post(advance_clock))
}

fn mistake(status: StatusCode, words: String) -> Response {
    (status, Json(json!({ "error": words }))).into_response()
}

async fn accounts() -> Json<Value> {
    let facebook = FACEBOOK.iter().map(|account| {
        let albums: Vec<Value> = account
            .albums
            .iter()
            .enumerate()
            .map(|(place, album)| json!({ "id": account.album_id(place), "name": album.name, "photos": album.photos }))
            .collect();
        json!({
            "network": "facebook", "key": account.key, "id": account.id, "name": account.name, "about": account.about,
            "has_role": account.has_role, "albums": albums,
        })
    });
    let instagram = INSTAGRAM.iter().map(|account| {
        json!({
            "network": "instagram", "key": account.key, "id": account.id, "user_id": account.user_id,
            "name": account.username, "about": account.about, "has_role": account.has_role,
            "professional": account.professional, "media": account.media,
        })
    });
    Json(Value::Array(facebook.chain(instagram).collect()))
}

async fn apps() -> Json<Value> {
    let apps = [("facebook", FACEBOOK_APP), ("instagram", INSTAGRAM_APP)];
    Json(apps.map(|(network, app)| json!({ "network": network, "id": app.id, "secret": app.secret })).into())
}

async fn served(State(platform): State<Arc<Platform>>) -> Json<Vec<Served>> {
    Json(platform.served().clone())
}

async fn forget_served(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.served().clear();
    StatusCode::NO_CONTENT
}

async fn calls(State(platform): State<Arc<Platform>>) -> Json<Vec<Call>> {
    Json(platform.calls().clone())
}

async fn forget_calls(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.calls().clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(platform): State<Arc<Platform>>) -> Json<Vec<Fault>> {
    Json(platform.faults.list())
}

async fn clear_faults(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.faults.clear();
    StatusCode::NO_CONTENT
}

async fn set_fault(State(platform): State<Arc<Platform>>, Path(name): Path<String>, body: Bytes) -> Response {
    if !FAULT_NAMES.contains(&name.as_str()) {
        let known = FAULT_NAMES.join(", ");
        return mistake(StatusCode::NOT_FOUND, format!("no fault is called {name}; there are {known}"));
    }
    let params = if body.trim_ascii().is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(&body) };
    let fault = params.and_then(|mut params| {
        params["name"] = json!(name);
        serde_json::from_value::<Fault>(params)
    });
    match fault {
        Ok(fault) => {
            let last_token = platform.registry().last_token();
            platform.faults.set(fault.clone(), last_token);
            Json(fault).into_response()
        }
        Err(error) => mistake(StatusCode::BAD_REQUEST, format!("parameters of {name}: {error}")),
    }
}

async fn clear_fault(State(platform): State<Arc<Platform>>, Path(name): Path<String>) -> StatusCode {
    platform.faults.clear_named(&name);
    StatusCode::NO_CONTENT
}

async fn redirect_uris(State(platform): State<Arc<Platform>>) -> Json<Vec<String>> {
    Json(platform.registry().redirect_uris().to_vec())
}

#[derive(Deserialize)]
struct RedirectUri {
    uri: String,
}

async fn allow_redirect_uri(State(platform): State<Arc<Platform>>, Json(wanted): Json<RedirectUri>) -> StatusCode {
    platform.registry().allow_redirect_uri(&wanted.uri);
    StatusCode::NO_CONTENT
}

async fn delete_photo(State(platform): State<Arc<Platform>>, Path(id): Path<String>) -> Response {
    if Photo::find(&id).is_none() && Media::find(&id).is_none() {
        return mistake(StatusCode::NOT_FOUND, format!("there is no photo or media {id}"));
    }
    platform.registry().delete_photo(&id);
    StatusCode::NO_CONTENT.into_response()
}

async fn clock(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(json!({ "now": platform.clock.now() }))
}

#[derive(Deserialize)]
struct Advance {
    advance_seconds: u64,
}

async fn advance_clock(State(platform): State<Arc<Platform>>, Json(advance): Json<Advance>) -> Json<Value> {
    platform.clock.advance(Duration::from_secs(advance.advance_seconds));
    Json(json!({ "now": platform.clock.now() }))
}
