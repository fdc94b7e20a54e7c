//! The commands of `bowerbird-companion`: `serve`, `settings`, and what an operator does to the database of a companion,
//! whether or not it runs: `app` ([`app`], [`show`], [`trial`]), `keys` ([`keys`]), `webhooks` ([`webhooks`]) and `files`
//! ([`files`]); `check` ([`check`]) looks at all that it needs.

mod app;
mod check;
mod disagreements;
mod files;
mod keys;
mod show;
mod trial;
mod webhooks;

use crate::config::{Config, SETTINGS};
use crate::db::Db;
use crate::mode;
use crate::seal::Keyring;
use crate::telemetry::{self, Exporting, LogFormat};
use crate::{App, make_private};
use anyhow::{Context as _, ensure};
use clap::{Args, Parser, Subcommand};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;

/// Bowerbird's server: signs visitors in, lists their photos, copies the chosen ones into your storage.
#[derive(Debug, Parser)]
#[command(name = "bowerbird-companion", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// List every setting with its environment variable.
    Settings,
    /// Look at settings, keys, database, storages and addresses, and say line by line what is right, what is wrong and what to do.
    /// Nothing is changed. The exit code is 1 where something is wrong.
    Check,
    /// The sites that may use the companion: API keys, origins, apps of their own at Meta.
    #[command(subcommand)]
    App(app::Command),
    /// The keys that tokens and secrets are sealed with in the database.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Who is told of what concerns a site, and what was delivered.
    #[command(subcommand)]
    Webhooks(webhooks::Command),
    /// What lies in the storage.
    #[command(subcommand)]
    Files(files::Command),
}

/// What wins over the file and the environment.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
struct Overrides {
    /// A TOML file of settings.
    #[arg(long, env = "BOWERBIRD_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    listen: Option<SocketAddr>,
    /// Where browsers and providers reach this server.
    #[arg(long, value_name = "URL", global = true)]
    public_url: Option<url::Url>,
    /// Files and database.
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// The built widget.
    #[arg(long, value_name = "DIR", global = true)]
    widget_dir: Option<PathBuf>,
    /// A folder whose index.html is served at `/`.
    #[arg(long, value_name = "DIR", global = true)]
    site_dir: Option<PathBuf>,
}

impl Cli {
    /// Does what the command line says. Of `serve` it returns when the server has stopped.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            None | Some(Command::Serve) => serve(self.overrides).await,
            Some(Command::Settings) => {
                for setting in SETTINGS {
                    let words = setting.doc.trim().replace('\n', "\n  ");
                    say(&format!("{}  ({})\n   {words}", setting.name, setting.variable()));
                }
                Ok(())
            }
            Some(Command::Check) => {
                log_to_stderr("error");
                check::run(self.overrides.settings()).await
            }
            Some(Command::App(command)) => {
                log_to_stderr("warn");
                command.run(self.overrides.settings()?).await
            }
            Some(Command::Keys(command)) => {
                log_to_stderr("warn");
                command.run(self.overrides.settings()?).await
            }
            Some(Command::Webhooks(command)) => {
                log_to_stderr("warn");
                command.run(self.overrides.settings()?).await
            }
            Some(Command::Files(command)) => {
                log_to_stderr("warn");
                command.run(self.overrides.settings()?).await
            }
        }
    }
}

impl Overrides {
    fn settings(self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        config.listen = self.listen.unwrap_or(config.listen);
        config.public_url = self.public_url.unwrap_or(config.public_url);
        config.data_dir = self.data_dir.unwrap_or(config.data_dir);
        config.widget_dir = self.widget_dir.unwrap_or(config.widget_dir);
        config.site_dir = self.site_dir.or(config.site_dir);
        Ok(config)
    }
}

async fn serve(overrides: Overrides) -> anyhow::Result<()> {
    // Before the log is there, to know how it is written; what is wrong is said when they are read again.
    let format = overrides.clone().settings().map(|config| config.log_format).unwrap_or_default();
    let exporting = exporting()?;
    telemetry::begin("info", format, exporting.as_ref());
    let config = overrides.settings()?;
    let listen = config.listen;
    let public_url = config.public_url.clone();
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    for warning in mode::warnings(&config) {
        tracing::warn!("{warning}");
    }
    let app = App::build(config).await?;
    tracing::info!(%listen, %public_url, "companion is ready");
    let served = app.serve(listener, stop_signal()).await;
    if let Some(exporting) = exporting {
        exporting.finish().await;
    }
    served
}

/// Sends traces where OpenTelemetry's variables name a collector and do not turn it off
/// (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).
fn exporting() -> anyhow::Result<Option<Exporting>> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let endpoint = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].into_iter().find_map(variable);
    let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"))
        || variable("OTEL_TRACES_EXPORTER").is_some_and(|exporter| exporter == "none");
    if endpoint.is_none() || is_off {
        return Ok(None);
    }
    let is_named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|attributes| attributes.contains("service.name="));
    let service = (!is_named).then_some("bowerbird-companion");
    Exporting::begin(service).context("OTEL_EXPORTER_OTLP_ENDPOINT").map(Some)
}

fn log_to_stderr(level: &str) {
    telemetry::begin(level, LogFormat::Text, None);
}

/// Prints lines. That fails when a pager was closed, and then nobody wants the rest.
fn say(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// Says what the one who is at work should look at, whatever they filter of the log.
fn warn(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "warning: {text}"));
}

/// The database of the companion that has these settings, which may be running.
async fn database(config: &Config) -> anyhow::Result<Db> {
    config.check()?;
    make_private(&config.data_dir).with_context(|| format!("data_dir: cannot make {}", config.data_dir.display()))?;
    Db::open(config.database_url.expose(), &config.data_dir, Keyring::of(config)?).await
}

/// The same, but one that is there: a wrong folder would otherwise look like an empty companion.
async fn existing_database(config: &Config) -> anyhow::Result<Db> {
    let file = Db::file_in(&config.data_dir);
    ensure!(
        !config.database_url.is_empty() || file.exists(),
        "there is no database at {}: name the companion's folder with --data-dir or its settings with --config, or start \
         the companion once",
        file.display()
    );
    database(config).await
}

/// Ends at Ctrl-C, and at SIGTERM where there is one.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
    tracing::info!("stopping");
}
