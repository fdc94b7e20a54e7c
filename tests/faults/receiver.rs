//! A site's receiver of notices, which now and then fails.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What a receiver was told.
#[derive(Default)]
pub struct Told {
    /// The ids of notices that were taken, by the handle of the file that they are about.
    taken: Mutex<HashMap<String, HashSet<u64>>>,
    heard: Mutex<u64>,
}

impl Told {
    /// How many notices are known by their ids to be about each of these files: one, however often it came.
    pub fn all_once(&self, handles: &[&String]) -> bool {
        let taken = self.taken.lock().unwrap();
        handles.iter().all(|handle| taken.get(*handle).is_some_and(|ids| ids.len() == 1))
    }
}

/// Starts one. Every fifth notice is refused, and so comes again.
pub async fn start() -> (String, Arc<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let told = Arc::<Told>::default();
    let router = Router::new().route("/hook", post(hear)).with_state(told.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (authority, told)
}

async fn hear(State(told): State<Arc<Told>>, body: String) -> StatusCode {
    let heard = {
        let mut heard = told.heard.lock().unwrap();
        *heard += 1;
        *heard
    };
    if heard.is_multiple_of(5) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let notice: Value = serde_json::from_str(&body).unwrap();
    if notice["action"] == "fp.upload" {
        let handle = notice["text"]["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        told.taken.lock().unwrap().entry(handle).or_default().insert(notice["id"].as_u64().unwrap());
    }
    StatusCode::OK
}
