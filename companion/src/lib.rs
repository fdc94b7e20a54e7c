//! Bowerbird's companion: the server behind the widget.
//!
//! # The map, in the order in which a photo travels
//!
//! [`cli`] and [`config`] start it; [`routes`] is the one table of URLs. A visitor signs in through [`oauth`], which leaves a
//! connection to which their [`session`] points; [`listing`] shows albums and photos, and [`thumbnail`] small pictures of
//! them. [`store`] begins a row in [`jobs`] for each chosen photo and watches it; a worker asks the provider ([`providers`]) where the bytes are, fetches
//! them ([`mod@fetch`]), keeps them ([`bucket`]), records them ([`db`]), and from then on [`files`] serves them. [`apps`] knows which site may
//! ask, [`secrets`] what must not be seen and [`seal`] how it rests, [`error`] how trouble is told, [`convert`] how images are made smaller, [`widget`] hands out the
//! built widget, [`health`] answers probes.

pub mod apps;
pub mod bucket;
pub mod cli;
pub mod config;
pub mod convert;
pub mod db;
pub mod error;
pub mod fetch;
pub mod files;
pub mod health;
pub mod jobs;
pub mod listing;
pub mod oauth;
pub mod providers;
pub mod routes;
pub mod seal;
pub mod secrets;
pub mod session;
pub mod store;
pub mod thumbnail;
pub mod widget;

use anyhow::Context as _;
use apps::Apps;
use bucket::Bucket;
use config::Config;
use db::Db;
use fetch::Fetcher;
use seal::Keyring;
use secrets::Signer;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

/// How often what has had its time is forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// How long answers that are on their way may take when the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// What every handler shares.
#[derive(Debug)]
pub struct Companion {
    config: Config,
    apps: Apps,
    db: Db,
    bucket: Bucket,
    fetcher: Fetcher,
    signer: Signer,
    thumbnails: thumbnail::Capacity,
    /// Told when a job has begun.
    new_job: Notify,
    /// Becomes true when the server is asked to stop.
    stopping: watch::Sender<bool>,
}

/// [`Companion`], shared.
pub type Shared = Arc<Companion>;

impl Companion {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns once the server is asked to stop.
    async fn stopped(&self) {
        // The sender is a field of this very struct, so waiting cannot fail.
        drop(self.stopping.subscribe().wait_for(|stopping| *stopping).await);
    }
}

/// A companion that is ready to serve.
#[derive(Debug)]
pub struct App {
    companion: Shared,
}

impl App {
    /// Checks the settings, makes `data_dir`, opens the database and brings it up to date. Nothing is served yet.
    ///
    /// # Errors
    /// Settings that cannot work, a folder that cannot be written, a database that cannot be opened; each names what it is.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        if config.emulated_in_public() {
            tracing::warn!(
                "this companion is public but uses the emulator's app secrets; set facebook_app_id and the others"
            );
        }
        let data_dir = &config.data_dir;
        make_private(data_dir).with_context(|| format!("data_dir: cannot make {}", data_dir.display()))?;
        let fetcher = Fetcher::new(&config)?;
        let companion = Companion {
            signer: Signer::load(&config.secret, data_dir)?,
            bucket: Bucket::on_disk(&data_dir.join("files"))?,
            db: Db::open(config.database_url.expose(), data_dir, Keyring::in_data_dir(data_dir)?).await?,
            apps: Apps::new(&config, &fetcher),
            thumbnails: thumbnail::Capacity::new(),
            new_job: Notify::new(),
            stopping: watch::Sender::new(false),
            fetcher,
            config,
        };
        Ok(Self { companion: Arc::new(companion) })
    }

    /// Serves until `shutdown` ends; then lets answers and transfers come to an end, for some seconds. A transfer that is cut
    /// off is begun anew at the next start.
    ///
    /// # Errors
    /// The database cannot be read at the start, or the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let companion = self.companion;
        let workers = jobs::start(companion.clone(), store::copy).await?;
        let sweeper = tokio::spawn(sweep(companion.clone()));
        let router = routes::router(companion.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let stop = {
            let companion = companion.clone();
            async move {
                shutdown.await;
                companion.stopping.send_replace(true);
            }
        };
        let server = axum::serve(listener, router).with_graceful_shutdown(stop).into_future();
        let patience = async {
            companion.stopped().await;
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        let result = tokio::select! {
            result = server => result,
            () = patience => Ok(()),
        };
        companion.stopping.send_replace(true);
        workers.finish().await;
        sweeper.abort();
        companion.db.close().await;
        Ok(result?)
    }
}

/// The folder holds the visitors' tokens, so nobody else on the machine reads it. One that is there keeps its rights.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

async fn sweep(companion: Shared) {
    loop {
        if let Err(error) = companion.db.sweep(session::idle_since()).await {
            tracing::error!(cause = %error, "forgetting old sessions failed");
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
