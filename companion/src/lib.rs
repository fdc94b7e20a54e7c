//! Bowerbird's companion: the server behind the widget.
//!
//! # The map, in the order in which a photo travels
//!
//! [`cli`] and [`config`] start it; [`routes`] is the one table of URLs. A visitor signs in through [`oauth`], which leaves a
//! connection to which their [`session`] points; [`listing`] shows albums and photos, and [`thumbnail`] small pictures of
//! them. [`store`] begins a row in [`jobs`] for each chosen photo and watches it; a worker asks the provider ([`providers`]) where the bytes are, fetches
//! them ([`mod@fetch`]), keeps them ([`bucket`]), records them ([`db`]), and from then on [`files`] serves them. [`apps`] knows which site may
//! ask, [`limits`] how often, [`pace`] how often we may ask, [`renewal`] keeps remembered sign-ins alive, [`secrets`] what must
//! not be seen and [`seal`] how it rests, [`error`] how trouble is told, [`housekeeping`] is done now and then, [`mode`] what is good enough for visitors, [`site`] what
//! is set for one, [`webhook`] a receiver of its notices, [`conversion`] how files are made into others, [`accounts`] connects what can be published to, [`dialects`] are the words in which other systems ask for that, [`publish`] carries them out, [`widget`] hands out the built
//! widget, [`health`] answers probes, [`metrics`] counts, [`telemetry`] writes the log and [`mod@trace`] names what is done for one
//! request. A visitor meets [`page`]s of ours; one who goes finds [`duties`], which undo all of it, and [`notices`] tell the site.

pub mod accounts;
pub mod apps;
pub mod bucket;
pub mod cli;
pub mod config;
pub mod conversion;
pub mod db;
pub mod dialects;
pub mod duties;
pub mod error;
pub mod fetch;
pub mod files;
pub mod health;
pub mod housekeeping;
pub mod jobs;
pub mod limits;
pub mod listing;
pub mod metrics;
pub mod mode;
pub mod notices;
pub mod oauth;
pub mod pace;
pub mod page;
pub mod policy;
pub mod providers;
pub mod publish;
pub mod renewal;
pub mod rights;
pub mod routes;
pub mod seal;
pub mod secrets;
pub mod session;
pub mod site;
pub mod store;
pub mod telemetry;
pub mod thumbnail;
pub mod trace;
pub mod upload;
pub mod webhook;
pub mod widget;

use anyhow::{Context as _, ensure};
use apps::Apps;
use axum::serve::ListenerExt as _;
use bucket::Buckets;
use config::{AppConfig, Config};
use db::Db;
use fetch::Fetcher;
use health::Health;
use limits::Limits;
use metrics::Metrics;
use mode::Mode;
use seal::Keyring;
use secrets::Signer;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How often counts of requests are.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// How long answers that are on their way may take when the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// What every handler shares.
#[derive(Debug)]
pub struct Companion {
    /// Tells this process from others that work on the same database.
    name: String,
    config: Config,
    apps: Apps,
    db: Db,
    buckets: Buckets,
    fetcher: Fetcher,
    signer: Signer,
    /// Where images are converted.
    pool: conversion::Pool,
    results: conversion::Results,
    thumbnails: thumbnail::Thumbnails,
    limits: Limits,
    health: Health,
    metrics: Metrics,
    /// Told when a job has begun.
    new_job: Notify,
    /// Told when a job has ended.
    bells: store::Bells,
    /// Told when photos that were asked for are no longer wanted.
    unwanted_job: Notify,
    /// Told when somebody wishes what is kept of them to be deleted.
    new_deletion: Notify,
    /// Told when a site is to be told something.
    new_notice: Notify,
    new_publication: Notify,
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
    metrics: Option<TcpListener>,
}

impl App {
    /// Checks the settings, makes `data_dir`, opens the database and brings it up to date. Nothing is served yet.
    ///
    /// # Errors
    /// Settings that cannot work, a folder that cannot be written, a database that cannot be opened; each names what it is.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let data_dir = &config.data_dir;
        make_private(data_dir).with_context(|| format!("data_dir: cannot make {}", data_dir.display()))?;
        let db = open_database(&config).await?;
        match config.mode {
            Mode::Demo if config.emulated_in_public() => tracing::warn!(
                "this companion is public but uses the emulator's app secrets; set facebook_app_id and the others, and mode = production"
            ),
            Mode::Demo => tracing::info!(
                "demo mode: keys that are not configured are made and kept in {}; in earnest set mode = production",
                data_dir.display()
            ),
            Mode::Production => {}
        }
        apps::seed(&db, &config.apps).await?;
        let fetcher = Fetcher::new(&config)?;
        let companion = Companion {
            name: secrets::id(),
            signer: Signer::load(&config.secret, data_dir)?,
            buckets: Buckets::open(&config)?,
            apps: Apps::load(&config, &fetcher, &db).await?,
            db,
            pool: conversion::Pool::new(config.convert_concurrency, conversion::limits(&config))?,
            results: conversion::Results::new(config.convert_cache_bytes),
            thumbnails: thumbnail::Thumbnails::new(config.thumbnail_cache_bytes),
            limits: Limits::new(&config),
            health: Health::default(),
            metrics: fetcher.metrics().clone(),
            new_job: Notify::new(),
            bells: store::Bells::default(),
            unwanted_job: Notify::new(),
            new_deletion: Notify::new(),
            new_notice: Notify::new(),
            new_publication: Notify::new(),
            stopping: watch::Sender::new(false),
            fetcher,
            config,
        };
        Ok(Self { metrics: listen_for_metrics(&companion.config).await?, companion: Arc::new(companion) })
    }

    /// Where `/metrics` is going to be served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
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
        let metrics = self.metrics.map(|listener| tokio::spawn(metrics::serve(companion.clone(), listener)));
        let workers = jobs::start(companion.clone(), store::copy).await?;
        let publishers = publish::queue::start(companion.clone()).await?;
        // Each can be cut off at any point: rows say what is left to do.
        let caretakers = [
            tokio::spawn(housekeeping::work(companion.clone())),
            tokio::spawn(forget_idle(companion.clone())),
            tokio::spawn(apps::follow(companion.clone())),
            tokio::spawn(duties::work(companion.clone())),
            tokio::spawn(notices::work(companion.clone())),
        ];
        let router = routes::router(companion.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let stop = {
            let companion = companion.clone();
            async move {
                shutdown.await;
                companion.health.leave();
                tokio::time::sleep(Duration::from_secs(companion.config.drain_seconds)).await;
                companion.stopping.send_replace(true);
            }
        };
        // An answer of several writes is not to wait for the client's delayed acknowledgement between them.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(cause = %error, "a connection keeps its delay");
            }
        });
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
        tokio::join!(workers.finish(&companion), publishers.finish(&companion));
        caretakers.iter().chain(&metrics).for_each(JoinHandle::abort);
        companion.db.close().await;
        Ok(result?)
    }
}

async fn listen_for_metrics(config: &Config) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = config.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    Ok(Some(listener.with_context(|| format!("metrics_listen: cannot listen on {address}"))?))
}

/// Opens the database. In production nothing is opened for visitors with settings, or sites, that are not for them.
async fn open_database(config: &Config) -> anyhow::Result<Db> {
    let keyring = Keyring::of(config);
    if config.mode == Mode::Demo {
        return Db::open(config.database_url.expose(), &config.data_dir, keyring?).await;
    }
    let mut problems = mode::problems(config, &keyring);
    // Without a key that is configured nothing is served; one for the moment still lets the sites be judged.
    let keyring = keyring.or_else(|_| Keyring::read(&seal::new_key()))?;
    let db = Db::open(config.database_url.expose(), &config.data_dir, keyring).await?;
    let managed: Vec<AppConfig> =
        db.apps().await?.into_iter().filter(|row| !row.seeded).map(|row| row.settings).collect();
    let configured = config.apps.iter().filter(|app| !managed.iter().any(|managed| managed.key == app.key));
    problems.extend(configured.chain(&managed).flat_map(mode::app_problems));
    ensure!(problems.is_empty(), mode::refusal(&problems));
    Ok(db)
}

/// The folder holds the visitors' tokens, so nobody else on the machine reads it. One that is there keeps its rights.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

async fn forget_idle(companion: Shared) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        let requests = companion.limits.forget_idle();
        if requests > 0 {
            tracing::warn!(
                requests,
                hint = "if these are visitors, raise rate_per_address and the like, or set trusted_proxies",
                "requests of the last minute were refused because somebody asks too often"
            );
        }
    }
}
