//! The one table of URLs.
//!
//! API paths, the handles of stored files, the widget's files and (one day) Filestack's task URLs share the root. They cannot
//! clash: an API path is exactly one of those below, a handle is twenty letters and digits, the widget's files have a dot.

use crate::config::Network;
use crate::dialects::{oneall, outstand};
use crate::error::{ApiError, Unreadable};
use crate::files::Reading;
use crate::trace::{self, TraceId};
use crate::{
    Companion, Shared, conversion, duties, files, health, listing, oauth, publish, secrets, session, store, telemetry,
    thumbnail, upload, widget,
};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Extension, MatchedPath, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use bowerbird_protocol::problem::ProblemCode;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

/// The longest body of an API request: a thousand paths and room to spare.
const MAX_BODY: usize = 256 * 1024;

/// Every URL of the companion.
pub fn router(companion: Shared) -> Router {
    let api = Router::new()
        .route("/folder/list", post(listing::list))
        .route("/store", post(store::store))
        .route("/store/", post(store::store))
        .route("/link", post(store::link))
        .route("/link/", post(store::link))
        .route("/store/cancel", post(store::cancel))
        .route("/auth/wait", post(oauth::wait))
        .route("/auth/complete", post(oauth::complete))
        .route("/auth/logout", post(session::logout))
        .route("/publish", post(publish::visitor::publish))
        .route("/publish/check", post(publish::visitor::check_file))
        .route("/publish/wait", post(publish::visitor::wait))
        .route("/publish/cancel", post(publish::visitor::cancel))
        .route("/process", post(upload::address::process))
        .route("/metadata", post(upload::address::metadata))
        .route("/prefetch", post(upload::prefetch::prefetch))
        .route("/multipart/start", post(upload::parts::start))
        .route("/multipart/upload", post(upload::parts::part))
        .route("/multipart/complete", post(upload::parts::complete))
        .route("/multipart/abort", post(upload::parts::abort))
        .route("/api/file/{handle}/metadata", get(files::metadata))
        .route("/api/file/{handle}/claim", post(files::claim))
        .route("/api/file/{handle}/remove", post(files::remove))
        .route("/api/file/{handle}/convert", get(conversion::convert).post(conversion::convert_and_store))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        // These judge the size of a body themselves.
        .merge(
            Router::new()
                .route("/multipart/part/{upload}/{part}", put(upload::parts::put))
                .route("/api/store/{location}", post(upload::legacy::store))
                .route("/api/file/{handle}", get(file_by_path).post(files::overwrite).delete(files::remove))
                .layer(DefaultBodyLimit::disable()),
        )
        .layer(from_fn_with_state(companion.clone(), limit_calls))
        // Around the limit, so that a page can read that it asks too often.
        .layer(from_pages(companion.clone()))
        .layer(map_response(keep_from_strangers));
    let navigated = Router::new()
        .route("/api/client/{source}/auth/open", get(oauth::open))
        .route("/api/client/{source}/auth/code", get(oauth::code::ask).post(oauth::code::check))
        .route("/api/client/{source}/auth/lost", post(oauth::lost))
        .route("/api/client/{source}/authCallback/open", get(oauth::callback))
        .route("/deletion/{code}", get(duties::status))
        .route("/offered/{publication}/{at}/{until}/{signature}", get(publish::offered::serve))
        .route_layer(from_fn_with_state(companion.clone(), limit_pages))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/openapi.json", get(health::openapi).layer(from_everywhere()))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    let posted_by_providers = Router::new()
        .route("/api/client/{source}/deauthorize/{client_id}", post(duties::deauthorize))
        .route("/api/client/{source}/deletion/{client_id}", post(duties::deletion))
        // Not limited: whoever posts is verified first, and a wish that is turned away may never be told again.
        .layer(DefaultBodyLimit::max(duties::MAX_BODY));
    let pictures = Router::new().route("/thumbnail", get(thumbnail::thumbnail)).layer(into_isolated_pages());
    let public = Router::new().fallback(by_name).layer(from_everywhere()).layer(into_isolated_pages());
    // Those whom a connection's token lets in may be pages, those with a key's secret never are.
    let dialects = outstand::of_sites()
        .merge(oneall::router())
        .merge(outstand::of_connections().merge(outstand::of_uploads()).layer(from_pages(companion.clone())))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .route_layer(from_fn_with_state(companion.clone(), limit_calls));
    api.merge(navigated)
        .merge(dialects)
        .merge(pictures)
        .merge(posted_by_providers)
        .fallback_service(public.with_state(companion.clone()))
        .layer(from_fn(refuse_nul))
        .layer(map_response(in_json))
        .layer(from_fn_with_state(companion.clone(), log))
        .with_state(companion)
}

/// Pages of the sites on the list may call; which key goes with which origin is judged once the key is read.
fn from_pages(companion: Shared) -> CorsLayer {
    let allowed =
        AllowOrigin::predicate(move |origin, _| origin.to_str().is_ok_and(|origin| companion.apps.any_allows(origin)));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .max_age(Duration::from_secs(7200))
        .expose_headers([header::RETRY_AFTER, header::ETAG, trace::HEADER])
        .allow_headers(headers([header::CONTENT_TYPE, header::ACCEPT]))
}

/// Those, and what every page may send: who it is, and what Filestack's client says with each call.
fn headers(others: impl IntoIterator<Item = HeaderName>) -> Vec<HeaderName> {
    let filestack = ["filestack-source", "filestack-trace-id", "filestack-trace-span", "filestack-upload-region"];
    others.into_iter().chain([header::AUTHORIZATION]).chain(filestack.map(HeaderName::from_static)).collect()
}

/// PostgreSQL's text holds every character but this one, so no path and no query has it either.
async fn refuse_nul(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00")) {
        let text = "A path or a query with the character U+0000 (`%00`) is none.";
        return ApiError::with_text(ProblemCode::BadRequest, text).into_response();
    }
    next.run(request).await
}

/// The longest refusal of axum's, in bytes; they name a field and what is wrong with it.
const MAX_REFUSAL: usize = 4096;

/// What axum refuses by itself (another method, a path or query that is not understood) it says in plain text or not at all. Clients
/// get it in the shape of all other failures.
async fn in_json(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let is_ours = kind == Some(false) || status == StatusCode::RANGE_NOT_SATISFIABLE || !status.is_client_error();
    if is_ours {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = to_bytes(body, MAX_REFUSAL).await.unwrap_or_default();
    let text = match String::from_utf8_lossy(&said) {
        said if !said.is_empty() => said.into_owned(),
        _ if status == StatusCode::METHOD_NOT_ALLOWED => {
            "This address takes other methods; Allow names them.".to_owned()
        }
        _ => ProblemCode::BadRequest.english().to_owned(),
    };
    let mut reply = ApiError::refused(status, text).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            reply.headers_mut().append(name, value.clone());
        }
    }
    reply
}

/// Takes the leave to read back from an answer to an origin that is some key's, but not this one's.
async fn keep_from_strangers(mut response: Response) -> Response {
    if response.extensions().get::<Unreadable>().is_some() {
        response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    }
    response
}

/// Stored files and the widget are for everyone; no cookie makes an answer of theirs personal.
fn from_everywhere() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(headers([header::RANGE]))
}

/// A page with `Cross-Origin-Embedder-Policy: require-corp` takes in only what says that it may; a refusal too, or the page would
/// see a blocked request in its place.
fn into_isolated_pages() -> SetResponseHeaderLayer<HeaderValue> {
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    SetResponseHeaderLayer::if_not_present(policy, HeaderValue::from_static("cross-origin"))
}

/// What is at the root: a page, a stored file or a file of the widget.
async fn by_name(State(companion): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (method, headers) = (request.method(), request.headers());
    if request.uri().path().starts_with("/api/") {
        return Err(ApiError::not_found());
    }
    if method != Method::GET && method != Method::HEAD {
        return Ok((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")]).into_response());
    }
    let path = request.uri().path().strip_prefix('/').unwrap_or_default();
    if path.is_empty() {
        return widget::site(companion.config.site_dir.as_deref()).await;
    }
    let Query(reading) = Query::try_from_uri(request.uri()).unwrap_or_default();
    let is_key = |key: &str| companion.apps.get(key).is_some();
    if let Some((handle, reading)) = read_path(path, &reading, is_key) {
        return files::file(&companion, handle, &reading, method, headers).await;
    }
    if conversion::is_call(path, is_key) {
        let address = request.extensions().get::<ClientAddress>().map_or(UNKNOWN, |address| address.0);
        // The query of an address that stands unquoted at the end of ours is that address's.
        let whole = request.uri().path_and_query().map_or(path, |whole| whole.as_str().trim_start_matches('/'));
        let path = if path.contains("/http:") || path.contains("/https:") { whole } else { path };
        let asked = conversion::Asked { method, headers, reading, address, tags: None };
        return conversion::answer(&companion, path, asked).await;
    }
    widget::file(&companion.config.widget_dir, path, headers).await
}

/// Nobody is asked by this address; who has none is counted with the others who have none.
const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// `GET /api/file/{handle}`: Filestack's older address of a file.
async fn file_by_path(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(reading): Query<Reading>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    files::file(&companion, without_extension(&handle), &reading, &method, &headers).await
}

/// Filestack's client writes `handle+jpg` for programs that look at the end of an address.
fn without_extension(handle: &str) -> &str {
    handle.split_once('+').map_or(handle, |(handle, _)| handle)
}

/// The handle in a path as Filestack's CDN has them: `handle`, `key/handle`, `security=policy:P,signature:S/handle`, or both before it.
/// The key is not needed, since a handle is one file's, whoever asks; but what is none is a task.
fn read_path<'a>(path: &'a str, reading: &Reading, is_key: impl Fn(&str) -> bool) -> Option<(&'a str, Reading)> {
    let (before, handle) = path.rsplit_once('/').unwrap_or(("", path));
    let handle = without_extension(handle);
    if !secrets::is_handle(handle) {
        return None;
    }
    let mut reading = reading.clone();
    let segments: Vec<&str> = before.split('/').filter(|segment| !segment.is_empty()).collect();
    let security = segments.last().and_then(|last| last.strip_prefix("security="));
    for pair in security.into_iter().flat_map(|security| security.split(',')) {
        match pair.split_once(':') {
            Some(("policy" | "p", policy)) => reading.shown.policy = Some(policy.to_owned()),
            Some(("signature" | "s", signature)) => reading.shown.signature = Some(signature.to_owned()),
            _ => return None,
        }
    }
    let others = &segments[..segments.len() - usize::from(security.is_some())];
    (others.is_empty() || matches!(others, [key] if is_key(key))).then_some((handle, reading))
}

/// Counts a call of the API before anything of it is read.
async fn limit_calls(
    State(companion): State<Shared>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    request: Request,
    next: Next,
) -> Response {
    match companion.limits.address(address) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Counts what a sign-in's window asks for. Who asks too often reads a page.
async fn limit_pages(
    State(companion): State<Shared>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    request: Request,
    next: Next,
) -> Response {
    match companion.limits.address(address) {
        Ok(()) => next.run(request).await,
        Err(error) => error.with_page(oauth::problem_page(ProblemCode::TooManyRequests)),
    }
}

/// Gives every request a name for its log lines, which the answer carries too, and counts it. Queries are left out: they carry codes,
/// states and signatures.
async fn log(
    State(companion): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let trace = TraceId::of(request.headers());
    let client = client_address(&companion, peer.ip(), request.headers());
    let method = request.method().clone();
    let route = template(&request);
    request.extensions_mut().insert(ClientAddress(client));
    request.extensions_mut().insert(trace.clone());
    // Of the highest level, so that lines of every level have it, however the log is filtered.
    let span = tracing::error_span!(
        "request",
        %trace,
        %client,
        %method,
        path = without_token(request.uri().path()),
        otel.name = Empty,
        otel.kind = Empty,
        http.response.status_code = Empty
    );
    if telemetry::exports() {
        span.record("otel.name", format!("{method} {route}")).record("otel.kind", "server");
    }
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        let status = response.status();
        companion.metrics.request(&route, &method, status, begun.elapsed());
        tracing::debug!(status = status.as_u16(), milliseconds = begun.elapsed().as_millis() as u64, "answered");
        if telemetry::exports() {
            Span::current().record("http.response.status_code", status.as_u16());
        }
        if let Ok(trace) = HeaderValue::from_str(trace.as_str()) {
            response.headers_mut().insert(trace::HEADER, trace);
        }
        response
    }
    .instrument(span)
    .await
}

/// A path as it is logged: without the token that those of a connection end with.
fn without_token(path: &str) -> &str {
    let before = [outstand::PENDING, oneall::CONNECTIONS].into_iter().find(|before| path.starts_with(before));
    before.unwrap_or(path)
}

/// Which of the table's routes a request goes to. What has none is told apart as far as [`by_name`] does, never by its name.
fn template(request: &Request) -> String {
    match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None => match request.uri().path().strip_prefix('/').unwrap_or_default() {
            "" => "/".to_owned(),
            handle if secrets::is_handle(handle) => "/{handle}".to_owned(),
            _ => "/{file}".to_owned(),
        },
    }
}

/// Who asks, for handlers and the layers below.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Who asks: the peer, or the last address in `X-Forwarded-For` that is not a trusted proxy's. Each proxy appends the address that
/// it sees, so what stands further to the left may be invented.
fn client_address(companion: &Companion, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    forwarded_for(&companion.config.trusted_proxies, peer, headers)
}

fn forwarded_for(trusted: &[Network], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let named = headers.get_all("x-forwarded-for");
    let named: Vec<&str> =
        named.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    let mut client = peer;
    for name in named.iter().rev() {
        if !is_proxy(client) {
            break;
        }
        match name.trim().parse() {
            Ok(address) => client = address,
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_addresses_of_filestacks() {
        let handle = "abcdefghijABCDEFGHIJ";
        let read = |path: &str| {
            let (handle, reading) = read_path(path, &Reading::default(), |key| key == "key")?;
            Some((handle.to_owned(), reading.shown.policy, reading.shown.signature))
        };
        let open = Some((handle.to_owned(), None, None));
        let signed = Some((handle.to_owned(), Some("P=".to_owned()), Some("S".to_owned())));
        assert_eq!(read(handle), open);
        assert_eq!(read(&format!("{handle}+jpg")), open);
        assert_eq!(read(&format!("key/{handle}")), open);
        assert_eq!(read(&format!("security=policy:P=,signature:S/{handle}")), signed);
        assert_eq!(read(&format!("key/security=signature:S,policy:P=/{handle}")), signed);
        for none in [
            "bowerbird.js",
            "key/bowerbird.js",
            "a/b/abcdefghijABCDEFGHIJ",
            "flip/abcdefghijABCDEFGHIJ",
            "security=x:1/abcdefghijABCDEFGHIJ",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
        let trusted = ["10.0.0.0/8", "192.0.2.1"].map(|network| Network::try_from(network.to_owned()).unwrap());
        let client = |peer: &str, forwarded: &str| {
            let headers =
                [(HeaderName::from_static("x-forwarded-for"), forwarded.parse().unwrap())].into_iter().collect();
            forwarded_for(&trusted, peer.parse().unwrap(), &headers).to_string()
        };
        assert_eq!(client("10.0.0.1", "203.0.113.7"), "203.0.113.7");
        assert_eq!(client("10.0.0.1", "1.1.1.1, 203.0.113.7, 192.0.2.1"), "203.0.113.7");
        assert_eq!(client("198.51.100.1", "203.0.113.7"), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "nonsense"), "10.0.0.1");
    }
}
