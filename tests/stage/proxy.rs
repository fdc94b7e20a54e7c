//! A proxy in front of servers: it sends each request to the next, and can be told to make trouble.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// What a proxy does to requests besides passing them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// It answers 500 and passes nothing on.
    Refuses,
    /// It passes everything on, and answers 500 all the same.
    LosesAnswers,
    /// It waits for so long before it passes one on.
    Slow(Duration),
}

/// A proxy that runs as long as its runtime.
#[derive(Clone)]
pub struct Proxy(Arc<State>);

struct State {
    http: reqwest::Client,
    /// What the servers' URLs begin with. One that takes no connection is passed over.
    servers: Mutex<Vec<String>>,
    next: AtomicUsize,
    trouble: Mutex<Trouble>,
}

/// What belongs to one connection, and not to what is said over it.
const OF_THE_CONNECTION: [HeaderName; 3] = [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH];

impl Proxy {
    /// Serves on this listener.
    pub fn start(listener: TcpListener, servers: Vec<String>) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_gzip();
        // A connection that is kept to a server that was killed would break the first request to its successor.
        let http = http.pool_max_idle_per_host(0).build().expect("a client");
        let (next, trouble) = (AtomicUsize::new(0), Mutex::new(Trouble::None));
        let state = Arc::new(State { http, servers: Mutex::new(servers), next, trouble });
        let shared = Arc::clone(&state);
        let router = Router::new().fallback(move |request: Request| pass(Arc::clone(&shared), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self(state)
    }

    /// From now on it knows these servers and no other.
    pub fn knows(&self, servers: Vec<String>) {
        *self.0.servers.lock().expect("nobody panicked with it") = servers;
    }

    /// From now on it makes this trouble.
    pub fn makes(&self, trouble: Trouble) {
        *self.0.trouble.lock().expect("nobody panicked with it") = trouble;
    }
}

async fn pass(state: Arc<State>, request: Request) -> Response {
    let trouble = *state.trouble.lock().expect("nobody panicked with it");
    match trouble {
        Trouble::Refuses => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Trouble::Slow(time) => tokio::time::sleep(time).await,
        Trouble::None | Trouble::LosesAnswers => {}
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let servers = state.servers.lock().expect("nobody panicked with it").clone();
    let path = parts.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
    for _ in 0..servers.len() {
        let server = &servers[state.next.fetch_add(1, Ordering::Relaxed) % servers.len()];
        let request = state.http.request(parts.method.clone(), format!("{server}{path}"));
        // The host stays as it was asked for: a signature may be over it.
        match request.headers(of_what_is_said(&parts.headers)).body(body.clone()).send().await {
            Ok(_) if trouble == Trouble::LosesAnswers => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Ok(answer) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = answer.status();
                *response.headers_mut() = of_what_is_said(answer.headers());
                // That of an answer to HEAD is of a body that does not come.
                if let Some(length) = answer.headers().get(header::CONTENT_LENGTH) {
                    response.headers_mut().insert(header::CONTENT_LENGTH, length.clone());
                }
                if parts.method != axum::http::Method::HEAD {
                    *response.body_mut() = Body::from_stream(answer.bytes_stream());
                }
                return response;
            }
            Err(error) if error.is_connect() => {}
            Err(_) => break,
        }
    }
    StatusCode::BAD_GATEWAY.into_response()
}

fn of_what_is_said(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    OF_THE_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
    headers
}
