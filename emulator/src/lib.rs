//! Meta's platform in small, over real HTTP: Facebook Login with albums and photos, Instagram Login with media, the
//! picture servers behind them, and publishing on Pages and on Instagram. It is written from Meta's documentation and
//! uses no other crate of this workspace, so that a misunderstanding cannot hide on both sides of a test.
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
//! Reading order: [`Emulator`] here, then `hosts` (the table of URLs), `login`, `facebook`, `instagram`,
//! `publishing`, `graph` (what the APIs share), `pictures`, `world` (the people), `apps`, `registry` (codes and tokens), `callbacks`, `faults`,
//! `control`.

mod apps;
mod callbacks;
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
mod publishing;
mod registry;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use apps::{App, FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, INSTAGRAM_APP_ID, INSTAGRAM_APP_SECRET, Network};
pub use callbacks::{CallbackAnswer, Removal};
pub use faults::{FAULT_NAMES, Fault};
pub use graph::RefusalKind;
pub use platform::{Call, Served, Settings};
pub use publishing::{Connected, Publication, PublishKind, PublishStep, Published};

use platform::Platform;

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

    /// Registers a redirect URI for all apps, those to come included. It is compared byte for byte.
    pub fn allow_redirect_uri(&self, uri: &str) {
        self.platform.registry().allow_redirect_uri(uri);
    }

    /// Registers an app. One with the same id is replaced, a built-in one too: what it was granted and its tokens stay.
    pub fn register_app(&self, app: App) {
        self.platform.registry().register_app(app);
    }

    /// All apps, the two built-in ones first.
    pub fn apps(&self) -> Vec<App> {
        self.platform.registry().apps().to_vec()
    }

    /// Sets where Meta posts when a person removes an app, and when they ask for their data to be deleted.
    ///
    /// # Panics
    /// When there is no such app.
    pub fn set_app_callbacks(&self, app_id: &str, deauthorize_url: Option<&str>, data_deletion_url: Option<&str>) {
        let mut registry = self.platform.registry();
        let Some(app) = registry.app_mut(app_id) else { panic!("there is no app {app_id}") };
        app.deauthorize_url = deauthorize_url.map(str::to_owned);
        app.data_deletion_url = data_deletion_url.map(str::to_owned);
    }

    /// The id by which an app knows a person: an account's key, such as `alice`.
    ///
    /// # Panics
    /// When there is no such app, or nobody is called so on its network.
    pub fn user_id(&self, app_id: &str, account: &str) -> String {
        let Some(app) = self.platform.app(app_id) else { panic!("there is no app {app_id}") };
        let Some((_, id)) = app.person(account) else { panic!("nobody is called {account} on its network") };
        id
    }

    /// What the person does in their settings at Meta: removes the app, and with `delete_data` asks for their data to
    /// be deleted. Their tokens, codes and grants are dead at once; then the app's callbacks are posted to, one after
    /// the other, whether or not the person ever signed in. Answers what they answered.
    ///
    /// # Panics
    /// When there is no such app, or nobody is called so on its network.
    pub async fn remove_app(&self, app_id: &str, account: &str, delete_data: bool) -> Removal {
        match callbacks::remove_app(&self.platform, app_id, account, delete_data).await {
            Ok(removal) => removal,
            Err(words) => panic!("{words}"),
        }
    }

    /// The `signed_request` that an app's callbacks would be posted about a person, signed with the app's secret: for
    /// tests that send it late, twice, or to the wrong place. `issued_at` is now unless it is given.
    ///
    /// # Panics
    /// When there is no such app, or nobody is called so on its network.
    pub fn signed_request(&self, app_id: &str, account: &str, issued_at: Option<i64>) -> String {
        let user_id = self.user_id(app_id, account);
        let Some(app) = self.platform.app(app_id) else { panic!("there is no app {app_id}") };
        app.signed_request(&user_id, issued_at.unwrap_or_else(|| self.platform.clock.now()))
    }

    /// Switches a fault on; another of the same kind is replaced.
    pub fn set_fault(&self, fault: Fault) {
        let last_token = self.platform.registry().last_token();
        self.platform.faults.set(fault, last_token);
    }

    /// The faults that are on. One whose `times` are used up is not among them.
    pub fn faults(&self) -> Vec<Fault> {
        self.platform.faults.list()
    }

    /// The Pages of a person and the Instagram accounts linked to them, with the tokens that an app would have which the person
    /// granted everything that publishing takes: for tests that are not about signing in.
    ///
    /// # Panics
    /// When there is no such app of Facebook's, or nobody is called so there.
    pub fn connect(&self, app_id: &str, account: &str) -> Vec<Connected> {
        match publishing::connect(&self.platform, app_id, account) {
            Some(connected) => connected,
            None => panic!("there is no app {app_id} of Facebook's, or nobody is called {account} there"),
        }
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.platform.faults.clear();
    }

    /// Every picture that was answered in full, in the order in which they were.
    pub fn served(&self) -> Vec<Served> {
        pictures::book(&self.platform)
    }

    /// Forgets them.
    pub fn clear_served(&self) {
        self.platform.served().clear();
    }

    /// What was published, and what was left behind.
    pub fn published(&self) -> Published {
        publishing::report(&self.platform.store(), self.platform.clock.now())
    }

    /// Forgets it.
    pub fn clear_published(&self) {
        self.platform.store().clear();
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
