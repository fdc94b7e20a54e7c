//! Batch requests: several calls in one. <https://developers.facebook.com/docs/graph-api/batch-requests>

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{GraphError, Request, version_of, write_json};

/// As many calls as one batch may have.
const MOST: usize = 50;

/// What a call in a batch is given of the batch where it has none of its own.
const SHARED: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

#[derive(Deserialize)]
struct Operation {
    method: String,
    relative_url: String,
    #[serde(default)]
    body: String,
}

/// A call in a batch, with its path and query as the book of calls has them.
pub struct Call {
    /// Path and query.
    pub url: String,
    /// What is asked.
    pub request: Result<Request, GraphError>,
}

/// The calls of a batch; none where the request is no batch.
pub fn calls(batch: &Request) -> Option<Result<Vec<Call>, GraphError>> {
    let text = batch.params.get("batch").filter(|_| batch.path.is_empty() && batch.method == Method::POST)?;
    let Ok(operations) = serde_json::from_str::<Vec<Operation>>(text) else {
        return Some(Err(GraphError::parameter("(#100) Param batch must be an array.".to_owned())));
    };
    if operations.len() > MOST {
        let words = format!("Too many requests in batch message. Maximum batch size is {MOST}");
        return Some(Err(GraphError::parameter(words)));
    }
    Some(Ok(operations.iter().map(|operation| call(batch, operation)).collect()))
}

fn call(batch: &Request, operation: &Operation) -> Call {
    let relative = operation.relative_url.trim_start_matches('/');
    let has_version = relative.split(['/', '?']).next().is_some_and(|first| version_of(first).is_some());
    let url = if has_version { format!("/{relative}") } else { format!("/v{}.0/{relative}", batch.version) };
    let (path, query) = url.split_once('?').map_or((url.as_str(), None), |(path, query)| (path, Some(query)));
    let method = operation.method.to_ascii_uppercase().parse().unwrap_or(Method::GET);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    let mut request = Request::read(batch.host, &method, path, query, &headers, operation.body.as_bytes());
    if let Ok(request) = &mut request {
        // What comes first counts, which is the call's own.
        let shared = SHARED.iter().filter_map(|name| Some(((*name).to_owned(), batch.params.get(name)?.to_owned())));
        request.params.0.extend(shared);
    }
    Call { url, request }
}

/// What a batch answers for one of its calls.
pub fn answer(status: StatusCode, version: u32, body: &Value) -> Value {
    let header = |name: &str, value: &str| json!({ "name": name, "value": value });
    json!({
        "code": status.as_u16(),
        "headers": [
            header("Content-Type", "application/json; charset=UTF-8"),
            header("facebook-api-version", &format!("v{version}.0")),
        ],
        "body": write_json(body),
    })
}
