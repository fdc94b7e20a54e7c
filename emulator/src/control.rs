//! `/_emulator`: what tests need and Meta does not have.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::apps::App;
use crate::callbacks;
use crate::faults::{FAULT_NAMES, Fault};
use crate::pictures;
use crate::platform::{Call, Platform, Served};
use crate::publishing::{Published, report};
use crate::world::{FACEBOOK, INSTAGRAM, Media, PAGES, Photo};

/// The control surface.
pub fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/accounts", get(accounts))
        .route("/apps", get(apps).post(register_app))
        .route("/apps/{id}/callbacks", put(set_callbacks))
        .route("/apps/{id}/removals", post(remove_app))
        .route("/served", get(served).delete(forget_served))
        .route("/pages", get(pages))
        .route("/published", get(published).delete(forget_published))
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

fn no_app(id: &str) -> Response {
    mistake(StatusCode::NOT_FOUND, format!("there is no app {id}"))
}

#[derive(Deserialize)]
struct AsSeenBy {
    /// The app whose ids are wanted; the built-in ones without it.
    app: Option<String>,
}

async fn accounts(State(platform): State<Arc<Platform>>, Query(seen_by): Query<AsSeenBy>) -> Response {
    let app = match &seen_by.app {
        Some(id) => match platform.app(id) {
            Some(app) => Some(app),
            None => return no_app(id),
        },
        None => None,
    };
    let scoped = |id: &str| app.as_ref().map_or_else(|| id.to_owned(), |app| app.user_id(id));
    let wanted = |account: &Value| app.as_ref().is_none_or(|app| account["network"] == json!(app.network));
    let facebook = FACEBOOK.iter().map(|account| {
        let albums: Vec<Value> = account
            .albums
            .iter()
            .enumerate()
            .map(|(place, album)| json!({ "id": account.album_id(place), "name": album.name, "photos": album.photos }))
            .collect();
        json!({
            "network": "facebook", "key": account.key, "id": scoped(account.id), "name": account.name,
            "about": account.about, "has_role": account.has_role, "albums": albums,
        })
    });
    let instagram = INSTAGRAM.iter().map(|account| {
        json!({
            "network": "instagram", "key": account.key, "id": scoped(account.id), "user_id": account.user_id,
            "name": account.username, "about": account.about, "has_role": account.has_role,
            "professional": account.professional, "media": account.media,
        })
    });
    Json(Value::Array(facebook.chain(instagram).filter(wanted).collect())).into_response()
}

async fn apps(State(platform): State<Arc<Platform>>) -> Json<Vec<App>> {
    Json(platform.registry().apps().to_vec())
}

async fn register_app(State(platform): State<Arc<Platform>>, Json(app): Json<App>) -> Json<App> {
    platform.registry().register_app(app.clone());
    Json(app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Callbacks {
    #[serde(default)]
    deauthorize_url: Option<String>,
    #[serde(default)]
    data_deletion_url: Option<String>,
}

async fn set_callbacks(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Json(callbacks): Json<Callbacks>,
) -> Response {
    let mut registry = platform.registry();
    let Some(app) = registry.app_mut(&id) else { return no_app(&id) };
    app.deauthorize_url = callbacks.deauthorize_url;
    app.data_deletion_url = callbacks.data_deletion_url;
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaving {
    account: String,
    #[serde(default)]
    delete_data: bool,
}

async fn remove_app(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Json(leaving): Json<Leaving>,
) -> Response {
    match callbacks::remove_app(&platform, &id, &leaving.account, leaving.delete_data).await {
        Ok(removal) => Json(removal).into_response(),
        Err(words) => mistake(StatusCode::NOT_FOUND, words),
    }
}

async fn served(State(platform): State<Arc<Platform>>) -> Json<Vec<Served>> {
    Json(pictures::book(&platform))
}

async fn forget_served(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.served().clear();
    StatusCode::NO_CONTENT
}

async fn pages() -> Json<Value> {
    let page = |page: &crate::world::FacebookPage| {
        json!({
            "id": page.id, "name": page.name, "owner": page.owner, "tasks": page.tasks, "business": page.business.is_some(),
            "business_role": page.business, "instagram": page.instagram, "story_archive": page.story_archive,
        })
    };
    Json(PAGES.iter().map(page).collect())
}

async fn published(State(platform): State<Arc<Platform>>) -> Json<Published> {
    let now = platform.clock.now();
    Json(report(&platform.store(), now))
}

async fn forget_published(State(platform): State<Arc<Platform>>) -> StatusCode {
    platform.store().clear();
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
    Json(platform.registry().redirect_uris())
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
