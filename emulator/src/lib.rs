//! Meta's platform in small, over real HTTP: Facebook Login with albums and photos, Instagram Login with media, and the
//! picture servers behind them. It is written from Meta's documentation and uses no other crate of this workspace, so
//! that a misunderstanding cannot hide on both sides of a test.
//!
//! ```no_run
//! # async fn example() {
//! use bowerbird_emulator::{Emulator, Fault};
//!
//! let emulator = Emulator::start().await;
//! emulator.allow_redirect_uri("http://127.0.0.1:9999/back");
//! emulator.set_fault(Fault::CutImages { after_bytes: Some(1000), times: Some(1) });
//! let graph = format!("{}/graph.facebook.com/v25.0", emulator.url());
//! # drop(graph);
//! # }
//! ```
//!
//! Reading order: [`Emulator`] here, then `hosts` (the table of URLs), `login`, `facebook`, `instagram`, `graph` (what
//! the two APIs share), `pictures`, `world` (the people), `registry` (codes and tokens), `faults`, `control`.

mod clock;
mod control;
mod facebook;
mod faults;
mod graph;
mod hosts;
mod instagram;
mod login;
mod pictures;
mod platform;
mod registry;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use faults::{FAULT_NAMES, Fault};
pub use platform::{Call, Served, Settings};

use platform::Platform;
use registry::{App, FACEBOOK_APP, INSTAGRAM_APP, Network};

/// The id of the app for Facebook Login.
pub const FACEBOOK_APP_ID: &str = FACEBOOK_APP.id;
/// The secret of the app for Facebook Login.
pub const FACEBOOK_APP_SECRET: &str = FACEBOOK_APP.secret;
/// The id of the app for Instagram Login.
pub const INSTAGRAM_APP_ID: &str = INSTAGRAM_APP.id;
/// The secret of the app for Instagram Login.
pub const INSTAGRAM_APP_SECRET: &str = INSTAGRAM_APP.secret;

/// The app of a network.
fn app_of(network: Network) -> App {
    match network {
        Network::Facebook => FACEBOOK_APP,
        Network::Instagram => INSTAGRAM_APP,
    }
}

/// A running emulator. It stops when it is dropped: no new connection is taken, and those that are open end with the
/// answer that is on its way.
pub struct Emulator {
    platform: Arc<Platform>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start() -> Emulator {
        Emulator::start_with(Settings::default()).await
    }

    /// Starts one with these settings.
    ///
    /// # Panics
    /// When the port cannot be had; [`Emulator::bind`] says so instead.
    pub async fn start_with(settings: Settings) -> Emulator {
        let (address, port) = (settings.address, settings.port);
        match Emulator::bind(settings).await {
            Ok(emulator) => emulator,
            Err(error) => panic!("the emulator cannot listen on {address}:{port}: {error}"),
        }
    }

    /// Starts one with these settings.
    ///
    /// # Errors
    /// When the port cannot be had, above all because another program has it.
    pub async fn bind(settings: Settings) -> io::Result<Emulator> {
        let listener = TcpListener::bind((settings.address, settings.port)).await?;
        let address = listener.local_addr()?;
        let base_url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let platform = Arc::new(Platform::new(settings, base_url));
        let router = hosts::router(Arc::clone(&platform));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let until = async move {
                // A dropped sender means stop as well.
                let _ = stopped.await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
                tracing::error!(%error, "the emulator's server ended");
            }
        });
        Ok(Emulator { platform, address, stop: Some(stop), server: Some(server) })
    }

    /// What all of its URLs begin with: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        self.platform.base_url.clone()
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers a redirect URI for both apps. It is compared byte for byte.
    pub fn allow_redirect_uri(&self, uri: &str) {
        self.platform.registry().allow_redirect_uri(uri);
    }

    /// Switches a fault on; another of the same kind is replaced.
    pub fn set_fault(&self, fault: Fault) {
        let last_token = self.platform.registry().last_token();
        self.platform.faults.set(fault, last_token);
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.platform.faults.clear();
    }

    /// Every picture that was answered in full, in the order in which they were.
    pub fn served(&self) -> Vec<Served> {
        self.platform.served().clone()
    }

    /// Every call that the API hosts got, in their order.
    pub fn calls(&self) -> Vec<Call> {
        self.platform.calls().clone()
    }

    /// Takes a photo or media away: it is in no listing any more, its id stands for nothing, and its picture is gone.
    pub fn delete_photo(&self, id: &str) {
        self.platform.registry().delete_photo(id);
    }

    /// Puts the emulator's clock forward: codes, tokens and picture addresses age by as much.
    pub fn advance_clock(&self, by: Duration) {
        self.platform.clock.advance(by);
    }

    /// Stops, and waits until the last answer is sent.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            let _ = server.await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}
