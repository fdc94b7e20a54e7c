//! What a scenario happens on: an emulated Meta, companions as programs, their database and their storage.

use crate::receiver::{self, Told};
use crate::stage::cluster::{Cluster, put_on_services};
use crate::visitor::Visitor;
use bowerbird_companion::config::{AppConfig, Config};
use bowerbird_emulator::{Emulator, Settings};
use bowerbird_services::{Postgres, S3};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Everything that runs for one scenario. Dropping it stops it all.
pub struct Ground {
    pub emulator: Emulator,
    pub cluster: Cluster,
    /// What the companions' URLs begin with.
    pub url: String,
    /// Where the objects of the storage are.
    pub files: PathBuf,
    pub chance: StdRng,
    /// What the site's receiver was told, where it has one.
    pub told: Option<Arc<Told>>,
    receiver: (String, Arc<Told>),
    pub http: reqwest::Client,
    _folder: TempDir,
}

/// Database and storage.
pub enum On<'a> {
    /// One companion with what is built in.
    Embedded,
    /// The same, with all that it keeps in this folder.
    EmbeddedIn(&'a Path),
    /// So many companions on PostgreSQL and S3.
    Services(usize, &'a Postgres, &'a S3),
}

impl<'a> On<'a> {
    /// So many companions on the servers of this process, if these are installed.
    pub fn services(count: usize) -> Option<On<'static>> {
        Some(On::Services(count, Postgres::shared()?, S3::shared()?))
    }
}

impl Ground {
    pub async fn prepare(on: On<'_>, change: impl FnOnce(&mut Config)) -> Self {
        Self::prepare_with(on, Settings::default(), change).await
    }

    pub async fn prepare_with(on: On<'_>, settings: Settings, change: impl FnOnce(&mut Config)) -> Self {
        // Fails when another scenario of this process has done it, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let emulator = Emulator::start_with(settings).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        for source in ["facebook", "instagram"] {
            emulator.allow_redirect_uri(&format!("{url}/api/client/{source}/authCallback/open"));
        }
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::against_emulator(&emulator.url()).unwrap();
        config.public_url = url.parse().unwrap();
        config.data_dir = folder.path().join("data");
        config.widget_dir = folder.path().join("pkg");
        config.apps = vec![AppConfig::open("demo")];
        // What is tested is trouble and not patience; and nobody is to be refused for asking much.
        (config.retry_pause, config.lease_seconds, config.rate_limit_pause) = (100, 2, 0);
        (config.rate_per_address, config.rate_per_key, config.rate_per_session) = (0, 0, 0);
        config.rate_conversions = 0;
        let mut count = 1;
        let mut files = None;
        match on {
            On::Embedded => {}
            On::EmbeddedIn(place) => config.data_dir = place.join("data"),
            On::Services(some, postgres, s3) => {
                count = some;
                files = Some(put_on_services(&mut config, postgres, s3));
            }
        }
        let receiver = receiver::start().await;
        config.private_receivers = vec![receiver.0.clone()];
        config.webhook_schedule = "1, 2, 4, 8, 16, 32, 64".parse().unwrap();
        change(&mut config);
        let files = files.unwrap_or_else(|| config.data_dir.join("files"));
        let cluster = Cluster::start(listener, &config, count, folder.path()).await;
        // Longer than a stream is silent while its companion lives.
        let http = reqwest::Client::builder().read_timeout(Duration::from_secs(25)).build().unwrap();
        Self { emulator, cluster, url, files, chance: chance(), told: None, receiver, http, _folder: folder }
    }

    /// So many visitors who are signed in, each with so many photos of Clara's in mind. Those of one visitor are in part those of
    /// the next.
    pub async fn visitors(&self, count: usize, photos: usize) -> Vec<Visitor> {
        let all = {
            let mut first = Visitor::arrives(self).await;
            first.signs_in("clara").await;
            first.finds(count * photos).await
        };
        let mut visitors = Vec::new();
        for number in 0..count {
            let mut visitor = Visitor::arrives(self).await;
            visitor.signs_in("clara").await;
            visitor.wanted = all.iter().cycle().skip(number * photos * 3 / 4).take(photos).cloned().collect();
            visitors.push(visitor);
        }
        visitors
    }

    /// The site has a receiver from now on, which hears of each photo.
    pub async fn is_listened_to(&mut self) {
        let (authority, told) = &self.receiver;
        let url = format!("http://{authority}/hook");
        self.cluster.runs(&["webhooks", "add", "demo", &url, "--event", "fp.upload"]).await;
        self.told = Some(told.clone());
        // Its companions look for changes every two seconds.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }

    pub fn within(&mut self, milliseconds: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.chance.random_range(milliseconds))
    }

    /// Kills companions at random moments and starts them again, so many times.
    pub async fn kills(&mut self, times: usize, every: std::ops::Range<u64>) {
        for _ in 0..times {
            tokio::time::sleep(self.within(every.clone())).await;
            let number = self.chance.random_range(0..self.cluster.size());
            self.cluster.kill(number).await;
            tokio::time::sleep(self.within(0..300)).await;
            self.cluster.start_again(number).await;
        }
    }
}

/// From a seed, which it prints: `BOWERBIRD_FAULTS_SEED` gives one again. What it decides is the same then, though not what
/// happens at that moment.
fn chance() -> StdRng {
    let seed = std::env::var("BOWERBIRD_FAULTS_SEED").ok();
    let seed = seed.map_or_else(|| rand::random::<u32>().into(), |seed| seed.parse().expect("a seed is a number"));
    println!("seed {seed}; BOWERBIRD_FAULTS_SEED={seed} decides alike");
    StdRng::seed_from_u64(seed)
}
