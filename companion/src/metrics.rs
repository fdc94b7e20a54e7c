//! What an operator counts: `GET /metrics` in Prometheus' text format, at an address of its own
//! ([`crate::config::Config::metrics_listen`]), because it is nobody else's business.
//!
//! Each companion has its own registry, so that several can live in one process. No label's values are without bound: routes by
//! their templates, problems by their codes, sources by their names; never a key, a handle or an address.

use crate::Shared;
use crate::health::Health;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use bowerbird_protocol::problem::ProblemCode;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How long the database may take: Prometheus waits ten seconds unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds; a listing takes as long as the provider does.
const LATENCIES: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];
type Timed<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

fn timed<const N: usize>() -> Timed<N> {
    Family::new_with_constructor(|| Histogram::new(LATENCIES))
}

/// Counts. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    registry: Registry,
    requests: Timed<3>,
    begun: Family<Labels<1>, Counter>,
    stored: Family<Labels<1>, Counter>,
    stored_bytes: Family<Labels<1>, Counter>,
    failed: Family<Labels<2>, Counter>,
    retried: Family<Labels<1>, Counter>,
    refused: Family<Labels<2>, Counter>,
    running: Gauge,
    provider_calls: Timed<2>,
    provider_pauses: Counter,
    providers_paused: Gauge,
    notices: Family<Labels<1>, Counter>,
    conversions: Family<Labels<1>, Counter>,
    conversion_memory: Gauge,
    thumbnails: Family<Labels<1>, Counter>,
    thumbnail_memory: Gauge,
    memory: Gauge,
    memory_limit: Gauge,
    ready: Family<Labels<1>, Gauge>,
    /// What the database tells when it is asked: gone while it does not answer, so that nobody takes an old number for a new one.
    queue: Family<Labels<1>, Gauge>,
    oldest: Family<Labels<0>, Gauge>,
    sessions: Family<Labels<0>, Gauge>,
    notices_waiting: Family<Labels<0>, Gauge>,
}

/// What a notice came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The receiver has it.
    Delivered,
    /// It is sent again later.
    Retried,
    /// It was given up.
    Failed,
}

/// Where the result of a conversion came from.
#[derive(Debug, Clone, Copy)]
pub enum Conversion {
    /// It was in memory.
    Memory,
    /// It was in the storage.
    Storage,
    /// It was made.
    Made,
}

/// Where a thumbnail came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thumbnail {
    /// It was in memory.
    Memory,
    /// It was made.
    Made,
}

/// A transfer that runs, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        fn put<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
            registry.register(name, help, metric.clone());
            metric
        }
        let mut all = Registry::with_prefix("bowerbird");
        let all = &mut all;
        let version: Family<Labels<1>, Gauge> = put(all, "build_info", "The version that runs", Family::default());
        version.get_or_create(&[("version", env!("CARGO_PKG_VERSION").into())]).set(1);
        let requests = "Requests by template of the route, method and class of the status, until the answer begins";
        let failed = "Photos that could not be stored, by problem code";
        let refused = "Photos that were asked for and not put into the queue, by problem code";
        let calls = "Calls to providers by source and outcome: ok, refused (4xx), error (other statuses), no_answer";
        let paused = "Apps and accounts for which a provider is not asked now";
        let notices = "Tries to tell a site, by outcome: delivered, retried, failed";
        let conversions = "Results of conversions by where they came from: memory, storage or made";
        let thumbnails = "Thumbnails by where they came from: memory or made";
        let queue = "Photos that wait (queued) or are copied (running), of all processes";
        let oldest = "Seconds since the photo was asked for that waits longest, of all processes";
        let waiting = "Notices to sites that are not delivered yet, of all processes";
        let counts = Counts {
            requests: put(all, "http_request_duration_seconds", requests, timed()),
            begun: put(all, "store_jobs_begun", "Photos that were put into the queue", Family::default()),
            stored: put(all, "store_jobs_stored", "Photos that were stored", Family::default()),
            stored_bytes: put(all, "stored_bytes", "Bytes of the photos that were stored", Family::default()),
            failed: put(all, "store_jobs_failed", failed, Family::default()),
            retried: put(all, "store_jobs_retried", "Transfers that failed and are tried again", Family::default()),
            refused: put(all, "store_refused", refused, Family::default()),
            running: put(all, "transfers_running", "Transfers of this process", Gauge::default()),
            provider_calls: put(all, "provider_call_duration_seconds", calls, timed()),
            provider_pauses: put(all, "provider_pauses", "Pauses that providers asked for", Counter::default()),
            providers_paused: put(all, "provider_pauses_in_force", paused, Gauge::default()),
            notices: put(all, "notices", notices, Family::default()),
            conversions: put(all, "conversions", conversions, Family::default()),
            conversion_memory: put(all, "conversion_memory_bytes", "Memory that results hold", Gauge::default()),
            thumbnails: put(all, "thumbnails", thumbnails, Family::default()),
            thumbnail_memory: put(all, "thumbnail_memory_bytes", "Memory that thumbnails hold", Gauge::default()),
            memory: put(all, "transfer_memory_bytes", "Memory that transfers hold", Gauge::default()),
            memory_limit: put(all, "transfer_memory_limit_bytes", "Memory that they may hold", Gauge::default()),
            ready: put(all, "ready", "1 where a part that /readyz asks for works, 0 where not", Family::default()),
            queue: put(all, "queue_jobs", queue, Family::default()),
            oldest: put(all, "queue_oldest_seconds", oldest, Family::default()),
            sessions: put(all, "sessions", "Sessions that have not ended, of all processes", Family::default()),
            notices_waiting: put(all, "notices_waiting", waiting, Family::default()),
            registry: std::mem::take(all),
        };
        Self(Arc::new(counts))
    }
}

impl Metrics {
    /// A request was answered with this status. `route` is the template, never the path.
    pub fn request(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        // A client may invent methods.
        let known =
            [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH];
        let method = if known.contains(method) { method.as_str().to_owned().into() } else { "other".into() };
        let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status.as_u16() / 100).wrapping_sub(1));
        let status = class.copied().unwrap_or("other").into();
        let labels = [("route", route.to_owned().into()), ("method", method), ("status", status)];
        self.0.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A photo was put into the queue.
    pub fn job_begun(&self, source: &str) {
        self.0.begun.get_or_create(&of_source(source)).inc();
    }

    /// A photo that was asked for was not put into the queue. `source` is a provider's name.
    pub fn job_refused(&self, source: &str, code: ProblemCode) {
        self.0.refused.get_or_create(&of_problem(source, code)).inc();
    }

    /// A photo of so many bytes was stored.
    pub fn job_stored(&self, source: &str, bytes: u64) {
        self.0.stored.get_or_create(&of_source(source)).inc();
        self.0.stored_bytes.get_or_create(&of_source(source)).inc_by(bytes);
    }

    /// A photo could not be stored.
    pub fn job_failed(&self, source: &str, code: ProblemCode) {
        self.0.failed.get_or_create(&of_problem(source, code)).inc();
    }

    /// A transfer failed, and another is made later.
    pub fn job_retried(&self, source: &str) {
        self.0.retried.get_or_create(&of_source(source)).inc();
    }

    /// A transfer begins.
    pub fn running(&self) -> Running {
        self.0.running.inc();
        Running(self.0.running.clone())
    }

    /// A provider was called; no status is no answer.
    pub fn provider_call(&self, source: &'static str, status: Option<StatusCode>, took: Duration) {
        let outcome = match status {
            None => "no_answer",
            Some(status) if status.is_success() => "ok",
            Some(status) if status.is_client_error() => "refused",
            Some(_) => "error",
        };
        let labels = [("source", source.into()), ("outcome", outcome.into())];
        self.0.provider_calls.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A provider asked for a pause.
    pub fn provider_pause(&self) {
        self.0.provider_pauses.inc();
    }

    /// It was tried to tell a site something.
    pub fn notice(&self, outcome: Notice) {
        let outcome = match outcome {
            Notice::Delivered => "delivered",
            Notice::Retried => "retried",
            Notice::Failed => "failed",
        };
        self.0.notices.get_or_create(&[("outcome", outcome.into())]).inc();
    }

    /// A conversion's result was given out.
    pub fn conversion(&self, from: Conversion) {
        let from = match from {
            Conversion::Memory => "memory",
            Conversion::Storage => "storage",
            Conversion::Made => "made",
        };
        self.0.conversions.get_or_create(&[("from", from.into())]).inc();
    }

    /// A thumbnail was given out.
    pub fn thumbnail(&self, from: Thumbnail) {
        let from = match from {
            Thumbnail::Memory => "memory",
            Thumbnail::Made => "made",
        };
        self.0.thumbnails.get_or_create(&[("from", from.into())]).inc();
    }

    /// All of it as text, with what the database and the parts say at this moment.
    async fn text(&self, companion: &Shared) -> Result<String, std::fmt::Error> {
        let counts = &self.0;
        for part in Health::parts(companion).await.iter() {
            counts.ready.get_or_create(&[("part", part.name.clone().into())]).set(part.answers.into());
        }
        let (held, limit) = companion.buckets.memory();
        counts.memory.set(held as i64);
        counts.memory_limit.set(limit as i64);
        counts.conversion_memory.set(companion.results.bytes() as i64);
        counts.thumbnail_memory.set(companion.thumbnails.bytes() as i64);
        counts.providers_paused.set(companion.fetcher.pace().in_force(Instant::now()) as i64);
        self.ask_database(companion).await;
        let mut text = String::new();
        prometheus_text::encode(&mut text, &counts.registry)?;
        Ok(text)
    }

    async fn ask_database(&self, companion: &Shared) {
        let counts = &self.0;
        let Ok(Ok(told)) = tokio::time::timeout(PATIENCE, companion.db.load()).await else {
            counts.queue.clear();
            [&counts.oldest, &counts.sessions, &counts.notices_waiting].into_iter().for_each(Family::clear);
            return;
        };
        counts.queue.get_or_create(&[("state", "queued".into())]).set(told.queued);
        counts.queue.get_or_create(&[("state", "running".into())]).set(told.running);
        counts.oldest.get_or_create(&[]).set(told.oldest_seconds);
        counts.sessions.get_or_create(&[]).set(told.sessions);
        counts.notices_waiting.get_or_create(&[]).set(told.notices);
    }
}

fn of_source(source: &str) -> Labels<1> {
    [("source", source.to_owned().into())]
}

fn of_problem(source: &str, code: ProblemCode) -> Labels<2> {
    [("source", source.to_owned().into()), ("code", code.as_str().into())]
}

/// Serves `/metrics`, and nothing else, until it is cut off.
pub async fn serve(companion: Shared, listener: TcpListener) {
    let router = Router::new().route("/metrics", get(metrics)).with_state(companion);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(cause = %error, "/metrics is no longer served");
    }
}

async fn metrics(State(companion): State<Shared>) -> impl IntoResponse {
    match companion.metrics.text(&companion).await {
        Ok(text) => {
            let format = HeaderValue::from_static(prometheus_text::CONTENT_TYPE);
            ([(header::CONTENT_TYPE, format)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &Metrics) -> String {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &metrics.0.registry).unwrap();
        text
    }

    #[test]
    fn what_clients_invent_makes_no_labels() {
        let metrics = Metrics::default();
        for method in ["BREW", "WHEN"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            metrics.request("/x", &method, StatusCode::IM_A_TEAPOT, Duration::ZERO);
        }
        let line = "bowerbird_http_request_duration_seconds_count{route=\"/x\",method=\"other\",status=\"4xx\"} 2";
        assert!(text(&metrics).contains(line), "{}", text(&metrics));
    }

    #[test]
    fn each_companion_counts_for_itself() {
        let (one, other) = (Metrics::default(), Metrics::default());
        one.clone().job_stored("facebook", 7);
        assert!(text(&one).contains("bowerbird_stored_bytes_total{source=\"facebook\"} 7"));
        assert!(!text(&other).contains("facebook"));
        let running = one.running();
        assert!(text(&one).contains("bowerbird_transfers_running 1"));
        drop(running);
        assert!(text(&one).contains("bowerbird_transfers_running 0"));
    }
}
