//! The one table of URLs: each of Meta's hosts under a path that is named after it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::Value;

use crate::control;
use crate::facebook::{self, kept};
use crate::graph::{self, GraphError, Params, Request, UsageOf, VERSIONS, batch};
use crate::instagram;
use crate::login;
use crate::pictures;
use crate::platform::{Call, Platform};
use crate::publishing::{self, Outcome, Part};

/// Everything that the emulator answers.
pub fn router(platform: Arc<Platform>) -> Router {
    let dialogs = Router::new()
        .route("/www.facebook.com/dialog/oauth", get(login::facebook_dialog).post(login::facebook_dialog))
        .route("/www.facebook.com/{version}/dialog/oauth", get(login::facebook_dialog).post(login::facebook_dialog))
        .route("/www.instagram.com/oauth/authorize", get(login::instagram_authorize).post(login::instagram_authorize))
        .route("/api.instagram.com/oauth/authorize", get(login::instagram_authorize).post(login::instagram_authorize))
        .layer(from_fn_with_state(Arc::clone(&platform), login::opener_policy));
    let meta = Router::new()
        .merge(dialogs)
        .route("/api.instagram.com/oauth/access_token", any(instagram_code))
        .route("/graph.facebook.com/", any(facebook_graph))
        .route("/graph.facebook.com/{*path}", any(facebook_graph))
        .route("/graph.instagram.com/{*path}", any(instagram_graph))
        .route("/graph-video.facebook.com/{*path}", any(facebook_graph))
        .route("/rupload.facebook.com/{way}/{version}/{id}", post(publishing::upload))
        .layer(DefaultBodyLimit::disable())
        .route("/scontent.xx.fbcdn.net/{*path}", get(pictures::serve))
        .route("/scontent.cdninstagram.com/{*path}", get(pictures::serve))
        .layer(from_fn_with_state(Arc::clone(&platform), trouble));
    Router::new()
        .route("/", get(|| async { Html(include_str!("index.html")) }))
        .nest("/_emulator", control::router())
        .merge(meta)
        .with_state(platform)
}

/// The host that a path begins with, and the rest of it.
fn split_host(uri: &Uri) -> (&str, &str) {
    let path = &uri.path()[1..];
    path.find('/').map_or((path, "/"), |end| path.split_at(end))
}

/// Faults that hit whole hosts, and the book of calls.
async fn trouble(State(platform): State<Arc<Platform>>, request: HttpRequest, next: Next) -> Response {
    let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
    let method = request.method().clone();
    let (host, path) = split_host(&uri);
    if let Some(delay) = platform.faults.delay(host) {
        tokio::time::sleep(delay).await;
    }
    let response = match platform.faults.server_error(host) {
        Some(status) => server_error(&platform, host, status),
        None => next.run(request).await,
    };
    tracing::debug!(%method, host, path, status = response.status().as_u16(), "answered");
    let is_login = path.ends_with("/oauth/authorize");
    let is_api = ["graph.", "graph-video.", "api.", "rupload."].iter().any(|begin| host.starts_with(begin));
    if is_api && !is_login {
        platform.calls().push(Call {
            method: method.to_string(),
            host: host.to_owned(),
            path: path.to_owned(),
            query_without_secrets: without_secrets(uri.query().unwrap_or_default()),
            status: if publishing::is_cut(&response) { 0 } else { response.status().as_u16() },
        });
    }
    response
}

/// A query without what must not be written down.
fn without_secrets(query: &str) -> String {
    const SECRETS: [&str; 8] = [
        "access_token",
        "input_token",
        "fb_exchange_token",
        "client_secret",
        "code",
        "code_verifier",
        "appsecret_proof",
        "oh",
    ];
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if !SECRETS.contains(&name.as_ref()) {
            kept.append_pair(&name, &value);
        }
    }
    kept.finish()
}

/// Trouble at Meta's: its own JSON at 500, and what a proxy says above that.
fn server_error(platform: &Platform, host: &str, status: u16) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if code == StatusCode::INTERNAL_SERVER_ERROR && host.starts_with("graph.") {
        let error = GraphError::unavailable();
        let body = graph::write_json(&error.body(&platform.trace_id()));
        return (code, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response();
    }
    let page = format!(
        "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1>\
         <p>We're working on it and we'll get it fixed as soon as we can. ({status})</p></body></html>"
    );
    (code, Html(page)).into_response()
}

/// What a call to a Graph host asks, with the file that it carries.
async fn read(host: &'static str, request: HttpRequest) -> Result<(Request, Option<Part>), GraphError> {
    let (uri, method, headers) = (request.uri().clone(), request.method().clone(), request.headers().clone());
    let (body, params, part) = publishing::read_body(request).await?;
    let mut asked = Request::read(host, &method, split_host(&uri).1, uri.query(), &headers, &body)?;
    asked.params.0.extend(params.0);
    Ok((asked, part))
}

async fn facebook_graph(State(platform): State<Arc<Platform>>, request: HttpRequest) -> Response {
    let read = read(facebook::HOST, request).await;
    let version = read.as_ref().map_or(*VERSIONS.start(), |(request, _)| request.version);
    let page = read.as_ref().ok().and_then(|(request, _)| kept::Asked::read(&platform, request));
    if let Some(text) = page.as_ref().and_then(|page| page.kept(&platform)) {
        return graph::answer_text(&platform, facebook::HOST, version, &UsageOf::App, Ok(text));
    }
    let result = match &read {
        Ok((request, part)) => match batch::calls(request) {
            Some(calls) => match calls {
                Ok(calls) => Ok(facebook_batch(&platform, calls).await),
                Err(error) => Err(Outcome::Error(error)),
            },
            None => facebook_call(&platform, request, part.as_ref()).await,
        },
        Err(error) => Err(Outcome::Error(error.clone())),
    };
    if let (Some(page), Ok(body)) = (page, &result) {
        let text = graph::write_json(body);
        page.keep(&platform, &text);
        return graph::answer_text(&platform, facebook::HOST, version, &UsageOf::App, Ok(text));
    }
    answer(&platform, facebook::HOST, version, &UsageOf::App, result)
}

async fn facebook_call(platform: &Arc<Platform>, request: &Request, part: Option<&Part>) -> Result<Value, Outcome> {
    match publishing::handle(platform, request, part).await {
        Some(result) => result,
        None => facebook::handle(platform, request).map_err(Outcome::Error),
    }
}

/// Each call of a batch counts, and is in the book, as if it had come alone.
async fn facebook_batch(platform: &Arc<Platform>, calls: Vec<batch::Call>) -> Value {
    let mut answers = Vec::new();
    for batch::Call { url, request } in calls {
        let (version, method) =
            request.as_ref().map_or((*VERSIONS.start(), Method::GET), |one| (one.version, one.method.clone()));
        let result = match &request {
            Ok(request) => facebook_call(platform, request, None).await,
            Err(error) => Err(Outcome::Error(error.clone())),
        };
        platform.count_call(facebook::HOST);
        let (status, answer) = match result {
            Ok(body) => (200, batch::answer(StatusCode::OK, version, &body)),
            Err(Outcome::Error(error)) => {
                let body = error.body(&platform.trace_id());
                (error.status.as_u16(), batch::answer(error.status, version, &body))
            }
            // What a batch says of a call that it could not finish.
            Err(_) => (0, Value::Null),
        };
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        platform.calls().push(Call {
            method: method.to_string(),
            host: facebook::HOST.to_owned(),
            path: path.to_owned(),
            query_without_secrets: without_secrets(query),
            status,
        });
        answers.push(answer);
    }
    Value::Array(answers)
}

async fn instagram_graph(State(platform): State<Arc<Platform>>, request: HttpRequest) -> Response {
    let read = read(instagram::GRAPH_HOST, request).await;
    let version = read.as_ref().map_or(*VERSIONS.start(), |(request, _)| request.version);
    let usage_of = read.as_ref().map_or(UsageOf::Nobody, |(request, _)| instagram::usage_of(&platform, request));
    let result = match &read {
        Ok((request, part)) => match publishing::handle(&platform, request, part.as_ref()).await {
            Some(result) => result,
            None => instagram::handle(&platform, request).map_err(Outcome::Error),
        },
        Err(error) => Err(Outcome::Error(error.clone())),
    };
    let result = result.map_err(|outcome| match outcome {
        Outcome::Error(error) => Outcome::Error(error.of_instagram()),
        other => other,
    });
    answer(&platform, instagram::GRAPH_HOST, version, &usage_of, result)
}

fn answer(
    platform: &Platform,
    host: &'static str,
    version: u32,
    usage_of: &UsageOf,
    result: Result<Value, Outcome>,
) -> Response {
    let result = match result {
        Ok(body) => Ok(body),
        Err(Outcome::Error(error)) => Err(error),
        Err(Outcome::Proxy(status)) => return publishing::proxy_page(status),
        Err(Outcome::Cut | Outcome::Held) => return publishing::cut(),
    };
    graph::answer(platform, host, version, usage_of, result)
}

async fn instagram_code(
    State(platform): State<Arc<Platform>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // Secrets belong into the body: a query is not read.
    let form = Params::of_request(None, &headers, &body);
    let (status, body) = instagram::exchange_code(&platform, &method, &form);
    platform.count_call(instagram::API_HOST);
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], graph::write_json(&body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_written_down() {
        let query = "fields=id&access_token=T&client_secret=S&code=C&appsecret_proof=P&limit=5";
        assert_eq!(without_secrets(query), "fields=id&limit=5");
    }

    #[test]
    fn the_host_is_the_first_part_of_the_path() {
        let uri: Uri = "http://127.0.0.1:1/graph.facebook.com/v25.0/me?x=1".parse().unwrap();
        assert_eq!(split_host(&uri), ("graph.facebook.com", "/v25.0/me"));
    }
}
