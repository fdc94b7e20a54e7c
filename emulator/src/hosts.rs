//! The one table of URLs: each of Meta's hosts under a path that is named after it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};

use crate::control;
use crate::facebook;
use crate::graph::{self, GraphError, Params, Request, UsageOf, VERSIONS};
use crate::instagram;
use crate::login;
use crate::pictures;
use crate::platform::{Call, Platform};

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
    if (host.starts_with("graph.") || host.starts_with("api.")) && !is_login {
        platform.calls().push(Call {
            method: method.to_string(),
            host: host.to_owned(),
            path: path.to_owned(),
            query_without_secrets: without_secrets(uri.query().unwrap_or_default()),
            status: response.status().as_u16(),
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

async fn facebook_graph(
    State(platform): State<Arc<Platform>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let read = Request::read(facebook::HOST, &method, split_host(&uri).1, uri.query(), &headers, &body);
    let version = read.as_ref().map_or(*VERSIONS.start(), |request| request.version);
    let result = read.and_then(|request| facebook::handle(&platform, &request));
    graph::answer(&platform, facebook::HOST, version, &UsageOf::App, result)
}

async fn instagram_graph(
    State(platform): State<Arc<Platform>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let read = Request::read(instagram::GRAPH_HOST, &method, split_host(&uri).1, uri.query(), &headers, &body);
    let version = read.as_ref().map_or(*VERSIONS.start(), |request| request.version);
    let usage_of = read.as_ref().map_or(UsageOf::Nobody, |request| instagram::usage_of(&platform, request));
    let result = read.and_then(|request| instagram::handle(&platform, &request)).map_err(GraphError::of_instagram);
    graph::answer(&platform, instagram::GRAPH_HOST, version, &usage_of, result)
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
