//! Connecting accounts, as Outstand's white-label flow has it, and what is connected.

use super::{Body, Refusal, Site, Tenant};
use crate::Shared;
use crate::accounts::{self, NETWORKS, Unfit};
use crate::db::AccountRow;
use crate::providers::Found;
use crate::publish::offered;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bowerbird_protocol::problem::ProblemCode;
use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::{Value, json};

type Reply = Result<Json<Value>, Refusal>;

/// What Outstand publishes to and Bowerbird does not.
const OTHERS: [&str; 7] = ["threads", "bluesky", "x", "linkedin", "youtube", "tiktok", "pinterest"];
/// Accounts of one listing.
const PER_LIST: usize = 50;
const MOST_PER_LIST: usize = 100;

/// `POST /v1/social-networks/{network}/auth-url`.
pub async fn auth_url(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(network): Path<String>,
    tenant: Tenant,
    body: Body,
) -> Reply {
    let tenant = tenant.or_of(&body)?.0.unwrap_or_default();
    if OTHERS.contains(&network.as_str()) {
        let words = format!("Bowerbird publishes to Facebook Pages and to Instagram, and not to {network}.");
        return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "Network not supported", &words));
    }
    if !NETWORKS.contains(&network.as_str()) {
        return Err(Refusal::invalid("network", "Expected facebook or instagram"));
    }
    let redirect = body.text("redirect_uri")?.ok_or_else(|| Refusal::invalid("redirect_uri", "Required"))?;
    match accounts::begin(&companion, &app, &network, redirect, &tenant).await? {
        Ok(url) => Ok(Json(json!({"success": true, "data": {"auth_url": url}}))),
        Err(unfit @ Unfit::Address) => Err(Refusal::invalid("redirect_uri", &unfit.to_string())),
        Err(unfit @ Unfit::NoApp) => Err(Refusal::invalid("network", &unfit.to_string())),
    }
}

fn no_session() -> Refusal {
    Refusal::bare(StatusCode::NOT_FOUND, "Session expired or invalid")
}

/// A connection of which something can be chosen.
async fn open(companion: &Shared, session: &str) -> Result<accounts::Pending, Refusal> {
    let pending = accounts::pending(companion, session).await?;
    pending.filter(|pending| !pending.found.is_empty()).ok_or_else(no_session)
}

/// `GET /v1/social-accounts/pending/{session}`.
pub async fn pending(State(companion): State<Shared>, Path(session): Path<String>) -> Reply {
    let pending = open(&companion, &session).await?;
    let page = |found: &Found| {
        json!({
            "id": found.id,
            "type": kind(&found.network),
            "name": found.name,
            "username": found.username,
            "profilePictureUrl": found.picture_url,
        })
    };
    let pages: Vec<Value> = pending.found.iter().map(page).collect();
    let row = &pending.row;
    // Beside Outstand's: by the tenant a site sees whether who came back is who began.
    let data = json!({
        "network": row.network,
        "tenantId": some(&row.tenant),
        "expiresAt": row.expires_ms,
        "availablePages": pages,
    });
    Ok(Json(json!({"success": true, "data": data})))
}

/// `POST /v1/social-accounts/pending/{session}/finalize`.
pub async fn finalize(State(companion): State<Shared>, Path(session): Path<String>, body: Body) -> Reply {
    const FIELD: &str = "selectedPageIds";
    let pending = open(&companion, &session).await?;
    let ids = match body.0.get(FIELD) {
        None | Some(Value::Null) => return Err(Refusal::invalid(FIELD, "Required")),
        Some(ids) => {
            Vec::<String>::deserialize(ids).map_err(|_| Refusal::invalid(FIELD, "Expected array of strings"))?
        }
    };
    if ids.is_empty() {
        return Err(Refusal::invalid(FIELD, "Array must contain at least 1 element(s)"));
    }
    if let Some(other) = ids.iter().find(|id| !pending.found.iter().any(|found| found.id == **id)) {
        return Err(Refusal::invalid(FIELD, &format!("{other} is none of the connection's availablePages")));
    }
    let chosen: Vec<&Found> = pending.found.iter().filter(|found| ids.contains(&found.id)).collect();
    let connected = accounts::choose(&companion, &pending, &chosen).await?.ok_or_else(no_session)?;
    let told = |account: &AccountRow| {
        json!({
            "id": account.id,
            "nickname": account.name,
            "username": account.username,
            "network": account.network,
            "accountType": kind(&account.network),
        })
    };
    let connected: Vec<Value> = connected.iter().map(told).collect();
    Ok(Json(json!({"success": true, "connectedAccounts": connected})))
}

/// What of a site's accounts is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Filter {
    id: Option<String>,
    network: Option<String>,
    #[serde(rename = "networkUniqueId")]
    network_unique_id: Option<String>,
    username: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// `GET /v1/social-accounts`.
pub async fn list(
    State(companion): State<Shared>,
    Site(app): Site,
    tenant: Tenant,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Reply {
    let Query(filter) = filter.map_err(|_| Refusal::invalid("limit", "Expected number"))?;
    let limit = filter.limit.unwrap_or(PER_LIST);
    if !(1..=MOST_PER_LIST).contains(&limit) {
        return Err(Refusal::invalid("limit", "Number must be from 1 to 100"));
    }
    let (offset, username) = (filter.offset.unwrap_or(0), filter.username.unwrap_or_default().to_lowercase());
    let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
    let mut found = companion.db.accounts(app.key(), tenant.0.as_deref()).await?;
    found.retain(|account| {
        is(&filter.id, &account.id)
            && is(&filter.network, &account.network)
            && is(&filter.network_unique_id, &account.account_id)
            && (username.is_empty() || name(account).to_lowercase().contains(&username))
    });
    let shown: Vec<Value> = found.iter().skip(offset).take(limit).map(|it| account(&companion, it)).collect();
    Ok(Json(json!({"success": true, "data": shown, "count": found.len(), "limit": limit, "offset": offset})))
}

fn name(account: &AccountRow) -> &str {
    account.username.as_deref().unwrap_or_default()
}

/// An account of the site, and of the tenant if one is named.
async fn find(companion: &Shared, app_key: &str, id: &str, tenant: &Tenant) -> Result<AccountRow, Refusal> {
    let found = companion.db.account(app_key, id).await?.filter(|account| tenant.means(&account.tenant));
    found.ok_or_else(|| Refusal::bare(StatusCode::NOT_FOUND, "Social account not found"))
}

/// `GET /v1/social-accounts/{id}`.
pub async fn one(State(companion): State<Shared>, Site(app): Site, Path(id): Path<String>, tenant: Tenant) -> Reply {
    let found = find(&companion, app.key(), &id, &tenant).await?;
    Ok(Json(json!({"success": true, "data": account(&companion, &found)})))
}

/// `POST /v1/social-accounts/{id}/refresh`.
pub async fn refresh(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
    tenant: Tenant,
) -> Reply {
    let found = find(&companion, app.key(), &id, &tenant).await?;
    match accounts::refresh(&companion, &app, found).await? {
        Ok(refreshed) => Ok(Json(json!({"success": true, "data": account(&companion, &refreshed)}))),
        Err(code) => {
            let (status, error) = match code {
                ProblemCode::SourceUnavailable => (StatusCode::BAD_GATEWAY, "Network unavailable"),
                ProblemCode::RateLimited => (StatusCode::SERVICE_UNAVAILABLE, "Network unavailable"),
                _ => (StatusCode::BAD_REQUEST, "Account is not active"),
            };
            let mut refusal = Refusal::new(status, error, accounts::words(code.as_str()));
            refusal.body["code"] = json!(code);
            Err(refusal)
        }
    }
}

/// `DELETE /v1/social-accounts/{id}`.
pub async fn disconnect(
    State(companion): State<Shared>,
    Site(app): Site,
    Path(id): Path<String>,
    tenant: Tenant,
) -> Reply {
    let found = find(&companion, app.key(), &id, &tenant).await?;
    companion.db.remove_account(app.key(), &found.id).await?;
    Ok(Json(json!({"success": true, "message": "Social account disconnected"})))
}

/// An account as it is told of; `tenantId` and `problem` beside what Outstand says.
fn account(companion: &Shared, account: &AccountRow) -> Value {
    let fetches = account.network == "instagram";
    let created = DateTime::from_timestamp_millis(account.created_ms).unwrap_or_default();
    json!({
        "id": account.id,
        "orgId": account.app_key,
        "tenantId": some(&account.tenant),
        "nickname": account.name,
        "network": account.network,
        "username": account.username,
        "profile_picture_url": account.picture_url,
        "network_unique_id": account.account_id,
        "accountType": kind(&account.network),
        "isActive": i32::from(account.problem.is_none()),
        "problem": account.problem,
        "unavailable": fetches.then(|| offered::reachable(&companion.config).err()).flatten(),
        "createdAt": created.to_rfc3339_opts(SecondsFormat::Secs, true),
    })
}

fn some(tenant: &str) -> Option<&str> {
    Some(tenant).filter(|tenant| !tenant.is_empty())
}

/// Pages are pages, and on Instagram only professional accounts are published to.
fn kind(network: &str) -> &'static str {
    if network == "facebook" { "page" } else { "business" }
}
