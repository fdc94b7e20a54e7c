//! The commands of `bowerbird-companion`: `serve`, and `settings`, which lists every setting.

use crate::App;
use crate::config::{Config, SETTINGS};
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Bowerbird's server: signs visitors in, lists their photos, copies the chosen ones into your storage.
#[derive(Debug, Parser)]
#[command(name = "bowerbird-companion", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve(Box<Serve>),
    /// List every setting with its environment variable.
    Settings,
}

/// What wins over the file and the environment.
#[derive(Debug, Args)]
struct Serve {
    /// A TOML file of settings.
    #[arg(long, env = "BOWERBIRD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Where browsers and providers reach this server.
    #[arg(long, value_name = "URL")]
    public_url: Option<url::Url>,
    /// Files and database.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The built widget.
    #[arg(long, value_name = "DIR")]
    widget_dir: Option<PathBuf>,
    /// A folder whose index.html is served at `/`.
    #[arg(long, value_name = "DIR")]
    site_dir: Option<PathBuf>,
}

impl Cli {
    /// Does what the command line says. Returns when the server has stopped.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Some(Command::Settings) => {
                let mut out = std::io::stdout().lock();
                for setting in SETTINGS {
                    let words = setting.doc.trim().replace('\n', "\n  ");
                    // Fails when a pager was closed, and then nobody wants the rest.
                    if writeln!(out, "{}  ({})\n   {words}", setting.name, setting.variable()).is_err() {
                        break;
                    }
                }
                Ok(())
            }
            Some(Command::Serve(serve)) => serve.run().await,
            None => self.serve.run().await,
        }
    }
}

impl Serve {
    fn settings(self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        config.listen = self.listen.unwrap_or(config.listen);
        config.public_url = self.public_url.unwrap_or(config.public_url);
        config.data_dir = self.data_dir.unwrap_or(config.data_dir);
        config.widget_dir = self.widget_dir.unwrap_or(config.widget_dir);
        config.site_dir = self.site_dir.or(config.site_dir);
        Ok(config)
    }

    async fn run(self) -> anyhow::Result<()> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let colours = std::io::stderr().is_terminal();
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
        let config = self.settings()?;
        let listen = config.listen;
        let public_url = config.public_url.clone();
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let app = App::build(config).await?;
        tracing::info!(%listen, %public_url, "companion is ready");
        app.serve(listener, stop_signal()).await
    }
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
