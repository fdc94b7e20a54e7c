//! What all of Meta's hosts share: settings, clock, registry, faults, and the books that tests read afterwards.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::apps::App;
use crate::clock::Clock;
use crate::facebook::kept::Kept;
use crate::faults::Faults;
use crate::publishing::Store;
use crate::registry::Registry;

/// How an emulator is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on; `127.0.0.1` by default.
    pub address: IpAddr,
    /// The port; 0, the default, takes one that is free.
    pub port: u16,
    /// What the emulator's own URLs begin with (pictures, `next`), without a slash at the end. By default the address
    /// and port that it listens on.
    pub public_url: Option<String>,
    /// The redirect URIs that are registered for the two built-in apps. By default those of a companion at
    /// `http://127.0.0.1:8787`.
    pub redirect_uris: Vec<String>,
    /// How long a login page takes before it redirects; nothing by default.
    pub page_dwell: Duration,
    /// How long a code of Facebook's is good; ten minutes by default.
    pub facebook_code_lifetime: Duration,
    /// How long a code of Instagram's is good; an hour by default, as documented.
    pub instagram_code_lifetime: Duration,
    /// How long a Facebook token lives that came from a code. By default 5,183,944 seconds, a little less than sixty
    /// days, which is what servers get in practice; the documentation promises an hour or two.
    pub facebook_token_lifetime: Duration,
    /// How long a picture's address is good; five days by default. Meta promises nothing; three to six days are seen.
    pub picture_lifetime: Duration,
    /// The least bytes that a picture's largest size has: a shorter one is filled up behind its end, where programs that show it
    /// do not look, so that large files cost no large pictures. 0, the default, leaves all as they are.
    pub picture_bytes: usize,
    /// Whether Facebook's apps have "Require app secret" switched on, so that calls without `appsecret_proof` fail.
    /// Off by default.
    pub require_app_secret: bool,
    /// What the pages of both login dialogs say in `Cross-Origin-Opener-Policy`; nothing by default. With `same-origin`
    /// a browser cuts the tie between such a page and the window that opened it.
    pub login_coop: Option<String>,
    /// How many questions about a video, or about an Instagram container of one, are answered with "in progress" before
    /// it is ready; 1 by default. Images are ready at once.
    pub processing_questions: u32,
    /// How many media an Instagram account may publish within a day; 100 by default.
    pub instagram_quota: usize,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Settings {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            public_url: None,
            redirect_uris: ["facebook", "instagram"]
                .map(|source| format!("http://127.0.0.1:8787/api/client/{source}/authCallback/open"))
                .to_vec(),
            page_dwell: Duration::ZERO,
            facebook_code_lifetime: Duration::from_secs(600),
            instagram_code_lifetime: Duration::from_secs(3600),
            facebook_token_lifetime: Duration::from_secs(5_183_944),
            picture_lifetime: Duration::from_secs(5 * DAY),
            picture_bytes: 0,
            require_app_secret: false,
            login_coop: None,
            processing_questions: 1,
            instagram_quota: 100,
        }
    }
}

/// A picture that was answered in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// The id of the photo or media.
    pub photo_id: String,
    /// Path and query under which it was asked for.
    #[serde(rename = "path")]
    pub url: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// SHA-256 of the bytes, in lower-case hex.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
}

/// A call that one of the API hosts got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The HTTP method.
    pub method: String,
    /// The host as it stands in the path, such as `graph.facebook.com`.
    pub host: String,
    /// The path after the host, version included: `/v25.0/me/albums`.
    pub path: String,
    /// The query without tokens, codes, secrets and proofs.
    pub query_without_secrets: String,
    /// The HTTP status of the answer; 0 where a fault broke the connection instead.
    pub status: u16,
}

/// Everything behind the hosts.
pub struct Platform {
    /// How it was set up.
    pub settings: Settings,
    /// What the emulator's URLs begin with.
    pub base_url: String,
    /// The time.
    pub clock: Clock,
    /// What is going wrong.
    pub faults: Faults,
    /// Pages that were just asked for.
    pub kept: Kept,
    registry: Mutex<Registry>,
    store: Mutex<Store>,
    served: Mutex<Vec<Served>>,
    calls: Mutex<Vec<Call>>,
    usage: Mutex<BTreeMap<&'static str, u64>>,
    traces: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Platform {
    /// A new platform, on which nobody has signed in yet.
    pub fn new(settings: Settings, base_url: String) -> Platform {
        let registry = Registry::new(&settings.redirect_uris);
        Platform {
            settings,
            base_url,
            clock: Clock::default(),
            faults: Faults::default(),
            kept: Kept::default(),
            registry: Mutex::new(registry),
            store: Mutex::default(),
            served: Mutex::default(),
            calls: Mutex::default(),
            usage: Mutex::default(),
            traces: AtomicU64::new(1),
        }
    }

    /// The registry; never held across an await.
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        lock(&self.registry)
    }

    /// What apps published, or were about to; never held across an await.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// The app with this id.
    pub fn app(&self, id: &str) -> Option<App> {
        self.registry().app(id).cloned()
    }

    /// The pictures that were answered in full.
    pub fn served(&self) -> MutexGuard<'_, Vec<Served>> {
        lock(&self.served)
    }

    /// The calls that the API hosts got.
    pub fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        lock(&self.calls)
    }

    /// Counts a call to a host; answers how many that makes.
    pub fn count_call(&self, host: &'static str) -> u64 {
        let mut usage = lock(&self.usage);
        let count = usage.entry(host).or_default();
        *count += 1;
        *count
    }

    /// The next `fbtrace_id`: 23 letters, as Meta's are.
    pub fn trace_id(&self) -> String {
        let number = self.traces.fetch_add(1, Ordering::Relaxed);
        let random = crate::registry::random_text(16).replace(['-', '_'], "x");
        format!("A{random}{:06}", number % 1_000_000)
    }
}
