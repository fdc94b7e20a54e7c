//! `POST /prefetch`: what a client of Filestack's asks before it opens its picker.

use crate::apps::{Authorized, Keyed};
use crate::error::ApiError;
use axum::Json;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `POST /prefetch`.
#[derive(Debug, Deserialize)]
pub struct PrefetchRequest {
    apikey: String,
    #[serde(default)]
    settings: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
}

impl Keyed for PrefetchRequest {
    fn key(&self) -> &str {
        &self.apikey
    }

    fn sources(&self) -> usize {
        0
    }
}

/// Nothing is blocked; of settings and permissions, only the ones that are here are given.
pub async fn prefetch(Authorized { body, .. }: Authorized<PrefetchRequest>) -> Result<Json<Value>, ApiError> {
    // There is no brand of ours to be left out.
    let given = |name: &String| (name.clone(), json!(name == "whitelabel"));
    let settings: Map<String, Value> = body.settings.iter().map(|name| (name.clone(), json!(false))).collect();
    let permissions: Map<String, Value> = body.permissions.iter().map(given).collect();
    Ok(Json(json!({"blocked": false, "settings": settings, "permissions": permissions})))
}
