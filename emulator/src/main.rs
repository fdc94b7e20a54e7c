//! The emulator by hand.

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use bowerbird_emulator::{Emulator, Settings};
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Meta's platform in small, for running and testing a photo picker without a Meta app.
#[derive(Parser)]
#[command(name = "bowerbird-emulator", version)]
struct Arguments {
    /// Where to listen; port 0 takes one that is free.
    #[arg(long, default_value = "127.0.0.1:8788", env = "EMULATOR_LISTEN")]
    listen: SocketAddr,
    /// A redirect URI to register for the built-in apps; may be given several times. Without any, those of a companion
    /// at http://127.0.0.1:8787.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// What the emulator's own URLs begin with, where it is not reached by the address it listens on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Milliseconds that the login pages take before they redirect.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    page_dwell: u64,
    /// Refuse calls without appsecret_proof, as the setting "Require app secret" does.
    #[arg(long)]
    require_app_secret: bool,
    /// The least bytes of a picture's largest size; a shorter one is filled up behind its end.
    #[arg(long, default_value_t = 0, value_name = "N")]
    picture_bytes: usize,
    /// What the login pages say in Cross-Origin-Opener-Policy, such as same-origin; nothing without it.
    #[arg(long, value_name = "VALUE")]
    login_coop: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let mut settings = Settings {
        address: arguments.listen.ip(),
        port: arguments.listen.port(),
        public_url: arguments.public_url.map(|url| url.trim_end_matches('/').to_owned()),
        page_dwell: Duration::from_millis(arguments.page_dwell),
        picture_bytes: arguments.picture_bytes,
        require_app_secret: arguments.require_app_secret,
        login_coop: arguments.login_coop,
        ..Settings::default()
    };
    if !arguments.redirect_uris.is_empty() {
        settings.redirect_uris = arguments.redirect_uris;
    }
    let emulator = match Emulator::bind(settings).await {
        Ok(emulator) => emulator,
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            eprintln!(
                "Port {} of {} is taken by another program. Stop that program, or choose another port with --listen.",
                arguments.listen.port(),
                arguments.listen.ip()
            );
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("The emulator cannot listen on {}: {error}", arguments.listen);
            return ExitCode::FAILURE;
        }
    };
    // Before anybody is told that it is ready, and may tell it to stop.
    let told_to_stop = told_to_stop();
    println!("ready {}", emulator.url());
    // Whoever waits for the line reads it through a pipe, which is not flushed at the end of a line.
    let _ = std::io::stdout().flush();
    told_to_stop.await;
    // An idle browser keeps its connection open for as long as it likes; nobody should wait for that.
    let _ = tokio::time::timeout(Duration::from_secs(2), emulator.stop()).await;
    ExitCode::SUCCESS
}

/// Listens from the moment of the call.
#[cfg(unix)]
fn told_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let listening =
        signal(SignalKind::interrupt()).and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
    async {
        match listening {
            Ok((mut interrupt, mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
