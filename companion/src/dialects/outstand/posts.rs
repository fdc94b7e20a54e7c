//! Posts: asked for, listed, told of, taken back.

use super::{Body as Asking, Refusal, Site, Tenant};
use crate::Shared;
use crate::db::{AccountRow, Millis, PostRow, Posts, PublicationRow};
use crate::error::ApiError;
use crate::publish::ask::{self, Asked, Part};
use crate::publish::body::{Body, Fit, Form, From, Medium};
use crate::publish::standing::{self, date};
use crate::trace::TraceId;
use axum::Json;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Posts of a list, unless asked otherwise, and at most.
const USUAL: i64 = 50;
const MOST: i64 = 200;

/// `POST /v1/posts`.
pub async fn publish(
    State(companion): State<Shared>,
    Site(app): Site,
    tenant: Tenant,
    Extension(trace): Extension<TraceId>,
    headers: HeaderMap,
    asking: Asking,
) -> Result<Json<Value>, Refusal> {
    let Tenant(tenant) = tenant.or_of(&asking)?;
    let said = read(&asking.0)?;
    let connected = companion.db.accounts(app.key(), tenant.as_deref()).await?;
    let mut parts = Vec::new();
    for name in &said.accounts {
        let account = named(&connected, name)?;
        let own = said.of_network.get(&account.network).copied().unwrap_or_default();
        let mut body = said.body.clone();
        for medium in &mut body.media {
            if let From::Handle(id) = &medium.from
                && !crate::secrets::is_handle(id)
            {
                return Err(Refusal::invalid("containers", &format!("There is no media `{id}`")));
            }
        }
        body.fit = own.fit.unwrap_or(said.body.fit);
        parts.push(Part { account: account.clone(), form: own.form.unwrap_or(Form::Feed), body });
    }
    let asked = Asked {
        app_key: app.key().to_owned(),
        tenant: tenant.unwrap_or_default(),
        request: json!({"containers": said.containers, "accounts": said.accounts}).to_string(),
        request_key: headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned),
        scheduled_ms: said.scheduled_ms,
        trace: trace.as_str().to_owned(),
    };
    let id = ask::begin(&companion, asked, &parts).await.map_err(refused)?;
    let post = companion.db.post(app.key(), &id).await?.ok_or_else(not_found)?;
    Ok(Json(json!({"success": true, "post": in_short(&post, &[])})))
}

/// What does not fit is the caller's to change.
fn refused(error: ApiError) -> Refusal {
    let words = error.problem().text.clone();
    let refusal = Refusal::from(error);
    if refusal.is_callers() { Refusal::invalid("containers", &words) } else { refusal }
}

fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "Post not found", "There is no post of this id.")
}

/// What a call asks for.
struct Said {
    body: Body,
    containers: Value,
    accounts: Vec<String>,
    scheduled_ms: Option<Millis>,
    of_network: BTreeMap<String, Own>,
}

/// What is asked of one network: `{"facebook": {"postType": "story", "fit": "pad"}}`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Own {
    #[serde(rename = "postType")]
    form: Option<Form>,
    fit: Option<Fit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    #[serde(default)]
    content: String,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    media: Vec<Media>,
    #[serde(default)]
    media_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Media {
    url: String,
    #[serde(default)]
    alt: Option<String>,
    /// Whether Meta fetches a video itself, without its being judged here.
    #[serde(default)]
    hosted: bool,
}

fn read(asked: &Map<String, Value>) -> Result<Said, Refusal> {
    let known =
        ["content", "containers", "accounts", "scheduledAt", "tenantId", "tenant_id", "fit", "facebook", "instagram"];
    if let Some(other) = asked.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::invalid(other, &format!("Unknown; known are {}", known.join(", "))));
    }
    let containers = match (asked.get("containers"), asked.get("content")) {
        (Some(containers), None) => containers.clone(),
        (None, Some(content)) => json!([{"content": content}]),
        (Some(_), Some(_)) => return Err(Refusal::invalid("content", "Either content or containers, not both")),
        (None, None) => return Err(Refusal::invalid("content", "Required")),
    };
    let wrong = |error: serde_json::Error| Refusal::invalid("containers", &error.to_string());
    let mut all: Vec<Container> = serde_json::from_value(containers.clone()).map_err(wrong)?;
    let first = match all.len() {
        1 => all.remove(0),
        0 => return Err(Refusal::invalid("containers", "At least one is required")),
        _ => {
            let words =
                "Further containers are replies, which are not published to Facebook and Instagram here; send one";
            return Err(Refusal::invalid("containers", words));
        }
    };
    let urls =
        first.media.into_iter().map(|media| Medium { alt: media.alt, hosted: media.hosted, ..Medium::at(media.url) });
    let media = urls.chain(first.media_ids.into_iter().map(Medium::stored)).collect();
    let accounts: Vec<String> = match asked.get("accounts") {
        Some(accounts) => serde_json::from_value(accounts.clone())
            .map_err(|_| Refusal::invalid("accounts", "Expected an array of network names, usernames or ids"))?,
        None => return Err(Refusal::invalid("accounts", "Required")),
    };
    if accounts.is_empty() {
        return Err(Refusal::invalid("accounts", "At least one is required"));
    }
    let scheduled_ms = match asked.get("scheduledAt") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(time("scheduledAt", text)?),
        Some(_) => return Err(Refusal::invalid("scheduledAt", "Expected a date and time in ISO 8601")),
    };
    let fit = match asked.get("fit") {
        None => Fit::None,
        Some(fit) => {
            serde_json::from_value(fit.clone()).map_err(|_| Refusal::invalid("fit", "One of none, pad and crop"))?
        }
    };
    let mut of_network = BTreeMap::new();
    for network in ["facebook", "instagram"] {
        if let Some(own) = asked.get(network) {
            let own =
                serde_json::from_value(own.clone()).map_err(|error| Refusal::invalid(network, &error.to_string()))?;
            of_network.insert(network.to_owned(), own);
        }
    }
    let body = Body { text: first.content, link: first.link, media, fit, without_post: false };
    Ok(Said { body, containers, accounts, scheduled_ms, of_network })
}

fn time(field: &str, text: &str) -> Result<Millis, Refusal> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time
        .map_err(|_| Refusal::invalid(field, "Expected a date and time in ISO 8601, such as 2026-12-24T18:00:00Z"))?;
    Ok(time.timestamp_millis())
}

/// The account of a name: its id, its username, its name, or its network where that has only one.
fn named<'a>(connected: &'a [AccountRow], name: &str) -> Result<&'a AccountRow, Refusal> {
    let is_named = |account: &&AccountRow| {
        account.id == name
            || account.account_id == name
            || account.username.as_deref() == Some(name)
            || account.name == name
    };
    let mut of_name = connected.iter().filter(is_named);
    if let Some(account) = of_name.next() {
        return match of_name.next() {
            Some(_) => {
                Err(Refusal::invalid("accounts", &format!("Several accounts are called `{name}`; name one by its id")))
            }
            None => Ok(account),
        };
    }
    let mut of_network = connected.iter().filter(|account| account.network == name);
    match (of_network.next(), of_network.next()) {
        (Some(account), None) => Ok(account),
        (Some(_), Some(_)) => {
            Err(Refusal::invalid("accounts", &format!("Several accounts of {name} are connected; name one by its id")))
        }
        _ => Err(Refusal::invalid("accounts", &format!("No account is connected that is called `{name}`"))),
    }
}

fn in_short(post: &PostRow, publications: &[PublicationRow]) -> Value {
    let published = publications.iter().filter(|row| row.state == "published").filter_map(|row| row.ended_ms).max();
    json!({
        "id": post.id,
        "orgId": post.app_key,
        "publishedAt": date(published),
        "scheduledAt": date(post.scheduled_ms),
        "isDraft": false,
    })
}

async fn described(companion: &Shared, post: &PostRow) -> Result<Value, Refusal> {
    let publications = companion.db.publications(&post.id).await?;
    let accounts = standing::accounts_of(companion, &publications).await?;
    let mut told = in_short(post, &publications);
    let request: Value = serde_json::from_str(&post.request).unwrap_or_default();
    told["createdAt"] = json!(date(Some(post.created_ms)));
    told["containers"] = request["containers"].clone();
    told["socialAccounts"] = standing::of_accounts(&publications, &accounts).into();
    Ok(told)
}

/// `GET /v1/posts/{id}`.
pub async fn one(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let post = companion.db.post(app.key(), &id).await?.ok_or_else(not_found)?;
    Ok(Json(json!({"success": true, "post": described(&companion, &post).await?})))
}

/// `DELETE /v1/posts/{id}`: what of it has not been published yet is not.
pub async fn cancel(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let post = companion.db.post(app.key(), &id).await?.ok_or_else(not_found)?;
    companion.db.cancel_post(app.key(), &post.id).await?;
    Ok(Json(json!({"success": true, "post": described(&companion, &post).await?})))
}

/// The query of a list.
#[derive(Debug, Default, Deserialize)]
pub struct Listing {
    social_account_id: Option<String>,
    created_after: Option<String>,
    created_before: Option<String>,
    scheduled_after: Option<String>,
    scheduled_before: Option<String>,
    limit: Option<i64>,
    offset: Option<i64>,
}

/// `GET /v1/posts`.
pub async fn list(
    State(companion): State<Shared>,
    Site(app): Site,
    Tenant(tenant): Tenant,
    Query(listing): Query<Listing>,
) -> Result<Json<Value>, Refusal> {
    let at = |field: &str, text: &Option<String>| text.as_deref().map(|text| time(field, text)).transpose();
    let (limit, offset) = (listing.limit.unwrap_or(USUAL), listing.offset.unwrap_or(0));
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::invalid("limit", &format!("From 1 to {MOST}")));
    }
    if offset < 0 {
        return Err(Refusal::invalid("offset", "At least 0"));
    }
    let which = Posts {
        tenant: tenant.as_deref(),
        account: listing.social_account_id.as_deref(),
        created: (at("created_after", &listing.created_after)?, at("created_before", &listing.created_before)?),
        scheduled: (
            at("scheduled_after", &listing.scheduled_after)?,
            at("scheduled_before", &listing.scheduled_before)?,
        ),
        limit,
        offset,
    };
    let (rows, total) = companion.db.posts(app.key(), which).await?;
    let mut posts = Vec::new();
    for post in &rows {
        posts.push(described(&companion, post).await?);
    }
    let pagination = json!({"limit": limit, "offset": offset, "total": total});
    Ok(Json(json!({"success": true, "posts": posts, "pagination": pagination})))
}
