//! What probes ask (and `/openapi.json`, which generators and testers of clients ask): `/healthz`, whether the process answers, and `/readyz`, whether visitors should be sent to it.

use crate::{Companion, Shared};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// For how long what was found is told again, because probes come from every balancer and writing to a storage costs money; and for how
/// long where something is missing.
const FRESH: Duration = Duration::from_secs(10);
const FRESH_TROUBLE: Duration = Duration::from_secs(3);
/// How long each part may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: 200 with `{"ready": true}`, or 503 with `{"ready": false, "not_ready": […]}` and the names of what is not: `database`,
/// `storage` (the first), `storage:<name>` (a further one), `stopping`. Why is in the log.
pub async fn readyz(State(companion): State<Shared>) -> Response {
    let parts = Health::parts(&companion).await;
    let mut missing: Vec<&str> = parts.iter().filter(|part| !part.answers).map(|part| part.name.as_str()).collect();
    if companion.health.is_leaving() || companion.is_stopping() {
        missing.push("stopping");
    }
    let (status, body) = match &missing[..] {
        [] => (StatusCode::OK, json!({"ready": true})),
        missing => (StatusCode::SERVICE_UNAVAILABLE, json!({"ready": false, "not_ready": missing})),
    };
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body)).into_response()
}

/// What the companion leans on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `database`, `storage` or `storage:<name>`.
    pub name: String,
    /// Whether it does what it is for.
    pub answers: bool,
}

/// When they were looked at, and how they stood.
type Found = (Instant, Arc<[Part]>);

/// What was last found of the parts.
#[derive(Debug, Default)]
pub struct Health {
    found: Arc<Mutex<Option<Found>>>,
    leaving: AtomicBool,
}

impl Health {
    /// How the parts stand, or stood some seconds ago. Who asks while it is being found out waits for that.
    pub async fn parts(companion: &Shared) -> Arc<[Part]> {
        let mut found = companion.health.found.clone().lock_owned().await;
        if let Some((when, parts)) = &*found
            && when.elapsed() < if parts.iter().all(|part| part.answers) { FRESH } else { FRESH_TROUBLE }
        {
            return parts.clone();
        }
        let companion = companion.clone();
        // A task of its own, so that it comes to its end when the one who asked has gone, and what it wrote is removed.
        let asking = tokio::spawn(async move {
            let parts: Arc<[Part]> = ask(&companion).await.into();
            *found = Some((Instant::now(), parts.clone()));
            parts
        });
        asking.await.unwrap_or_default()
    }

    /// From now on visitors should be sent elsewhere.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }
}

async fn ask(companion: &Companion) -> Vec<Part> {
    let database = async {
        let answered = timeout(PATIENCE, companion.db.ping()).await;
        part("database".to_owned(), answered.map(|answer| answer.map_err(|error| error.to_string())))
    };
    let storages = companion.buckets.iter().map(|(name, bucket)| async move {
        let name = if name.is_empty() { "storage".to_owned() } else { format!("storage:{name}") };
        let answered = timeout(PATIENCE, bucket.probe(&companion.name)).await;
        part(name, answered.map(|answer| answer.map_err(|error| error.to_string())))
    });
    let (database, storages) = tokio::join!(database, join_all(storages));
    [vec![database], storages].concat()
}

fn part(name: String, answered: Result<Result<(), String>, tokio::time::error::Elapsed>) -> Part {
    let trouble = match answered {
        Ok(Ok(())) => return Part { name, answers: true },
        Ok(Err(cause)) => cause,
        Err(_) => format!("no answer within {} seconds", PATIENCE.as_secs()),
    };
    tracing::error!(part = name, cause = trouble, "the companion is not ready");
    Part { name, answers: false }
}

/// `GET /openapi.json`: the description of the API, as it stands in the companion's folder.
pub async fn openapi() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("../openapi.json"))
}
