//! What the companion says of itself while it runs: its log, and traces for OpenTelemetry where a collector is named.

use crate::fetch::Collector;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::Deserialize;
use std::io::{self, IsTerminal as _};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

/// What spans and events of ours are named after.
const OURS: &str = "bowerbird_companion";

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line: `timestamp`, `level`, `target`, `message`, the fields, and `span` with the fields of the request or job, of
    /// which `trace` names it.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json"),
        }
    }
}

/// Whether spans leave the process.
static EXPORTS: AtomicBool = AtomicBool::new(false);

/// Whether spans leave the process: only then it is worth naming them.
pub fn exports() -> bool {
    EXPORTS.load(Ordering::Relaxed)
}

/// Sends spans, until it is told that there are no more.
#[derive(Debug)]
pub struct Exporting(SdkTracerProvider);

impl Exporting {
    /// To the collector that OpenTelemetry's own variables name, under the `service` that they name or else this one.
    ///
    /// # Errors
    /// The variables cannot work; the words say which.
    pub fn begin(service: Option<&'static str>) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder().with_http().with_http_client(Collector::new()?).build()?;
        let resource = Resource::builder();
        let resource = match service {
            Some(service) => resource.with_service_name(service),
            None => resource,
        };
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        Ok(Self(provider))
    }

    /// Sends what is left. It waits for the collector, for some seconds.
    pub async fn finish(self) {
        // Blocks until the runtime has made its requests.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(cause = %error, "the last traces could not be sent");
        }
    }
}

/// Writes the log to standard error, as `RUST_LOG` has it or else from `level` up; and traces to `exporting`, if there is one.
pub fn begin(level: &str, format: LogFormat, exporting: Option<&Exporting>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = fmt::layer().with_writer(io::stderr);
    let log: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed(),
    };
    let traces = exporting.map(|exporting| {
        EXPORTS.store(true, Ordering::Relaxed);
        let tracer = exporting.0.tracer(OURS);
        // Only what happens while a request or a job is under way; what the log is filtered by is another matter.
        let ours = Targets::new().with_target(OURS, LevelFilter::INFO);
        tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false).with_filter(ours)
    });
    tracing_subscriber::registry().with(log).with(traces).init();
}
