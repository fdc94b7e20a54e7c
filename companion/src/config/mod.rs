//! Every setting once: name, default and words. `bowerbird-companion settings` prints the table.
//!
//! A setting is read from its default, then a TOML file, then the environment (`BOWERBIRD_` and the name in capitals;
//! lists are comma-separated, `apps` is JSON), then the command line; the later one wins. With no setting at all the companion
//! runs against the emulator on this machine.

mod text;

use crate::mode::Mode;
use crate::secrets::Secret;
use crate::telemetry::LogFormat;
use anyhow::{Context as _, anyhow, bail, ensure};
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use text::{FromText, toml_words};
use url::Url;

pub use crate::site::{AppConfig, OwnApp};
pub use crate::webhook::{Schedule, Webhook};

/// One row of [`SETTINGS`].
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The name in the TOML file.
    pub name: &'static str,
    /// What it is, with unit and default.
    pub doc: &'static str,
}

impl Setting {
    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("BOWERBIRD_{}", self.name.to_uppercase())
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr;)*) => {
        /// The settings of a companion. [`Config::default`] runs against the emulator on this machine.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $name: $type,)*
            /// What the environment says of storages, under the names that their makers gave it.
            #[serde(skip)]
            pub storage_environment: BTreeMap<String, Secret>,
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($name: $default,)* storage_environment: BTreeMap::new() }
            }
        }

        /// Every setting, in the order of the manual.
        pub const SETTINGS: &[Setting] = &[$(Setting { name: stringify!($name), doc: concat!($($doc, "\n"),+) },)*];

        impl Config {
            /// Takes one setting from text. The error says what is wrong with the value.
            fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
                match name {
                    $(stringify!($name) => self.$name = FromText::from_text(value)?,)*
                    _ => return Err("there is no such setting".to_owned()),
                }
                Ok(())
            }
        }
    };
}

settings! {
    /// `demo`, which makes what keys it lacks, or `production`, which refuses to start with what only a demonstration may have.
    /// Default demo.
    mode: Mode = Mode::Demo;
    /// The address to listen on. Default 127.0.0.1:8787.
    listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8787));
    /// Where browsers and providers reach this server, without a path. Default http://127.0.0.1:8787.
    /// The OAuth redirect URIs to register are this plus `/api/client/facebook/authCallback/open` and
    /// `/api/client/instagram/authCallback/open`.
    public_url: Url = url("http://127.0.0.1:8787");
    /// Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed. Default none.
    trusted_proxies: Vec<Network> = Vec::new();
    /// The folder of files, database and of the keys that are not configured. Default `data`.
    data_dir: PathBuf = PathBuf::from("data");
    /// The database: `sqlite://<file>` for one process, or `postgres://<user>:<password>@<host>/<name>` for any number of them.
    /// Default empty: `companion.sqlite` in `data_dir`.
    database_url: Secret = Secret::default();
    /// Where files are stored: `s3://<bucket>/<prefix>`, `gs://<bucket>/<prefix>`, `az://<container>/<prefix>` or
    /// `file:///<folder>`. Default empty: the folder `files` in `data_dir`.
    storage_url: String = String::new();
    /// What the storage needs besides, as `name=value`: `aws_endpoint`, `aws_region`, `aws_access_key_id` and the like; each is also
    /// taken from its own variable (`AWS_ENDPOINT`), and of Google and Azure likewise. Default none.
    storage_options: BTreeMap<String, Secret> = BTreeMap::new();
    /// Where browsers reach stored files, an origin without a path, if that is another than `public_url`: it leads to this server too,
    /// and keeps what visitors stored out of an origin that means anything. Default none.
    files_url: Option<Url> = None;
    /// Whether images are read from the storage itself, at addresses that it takes for five minutes, instead of through this server:
    /// a page that fetches them by script then needs the storage's own CORS rules. Default false.
    presigned_reads: bool = false;
    /// Further storages, each `{name, url, options}`: a request that names one as its `location` stores there. Default none.
    storages: Vec<NamedStorage> = Vec::new();
    /// Bytes of memory that all transfers into the storages may hold together; those for which there is no room wait.
    /// Default 67108864 (64 MiB).
    transfer_memory_bytes: u64 = 64 * 1024 * 1024;
    /// The key that signs thumbnail URLs and makes the codes that visitors type, at least 32 characters. Default empty: in demo
    /// mode made at the first start and kept in `data_dir`.
    secret: Secret = Secret::default();
    /// The keys that providers' tokens and secrets of apps are sealed with in the database: lines (or commas between them) of
    /// `<id>:<32 bytes in base64>` as `bowerbird-companion keys new` makes them, the current one first. Default empty: in demo
    /// mode made at the first start and kept in `data_dir`.
    encryption_keys: Secret = Secret::default();
    /// A file that has them, instead. A companion that runs sees its changes within seconds. Default none.
    encryption_keys_file: Option<PathBuf> = None;
    /// The folder of the built widget (`bowerbird.js` and what it loads). Default `pkg`.
    widget_dir: PathBuf = PathBuf::from("pkg");
    /// A folder whose `index.html` is served at `/`. Default none.
    site_dir: Option<PathBuf> = None;
    /// The sites that may use this companion: API key and origins (`*` is every origin), beside those that `bowerbird-companion app`
    /// manages. Default the key `demo` for all.
    apps: Vec<AppConfig> = vec![AppConfig::open("demo")];
    /// The version of Meta's Graph API. Default v25.0.
    graph_version: String = "v25.0".to_owned();
    /// Id of the Facebook app; empty leaves Facebook out. Default the emulator's.
    facebook_app_id: String = "1000000000000001".to_owned();
    /// Secret of the Facebook app. Default the emulator's.
    facebook_app_secret: Secret = Secret::new("emulated-facebook-secret");
    /// Whether Facebook sign-ins use PKCE, which Facebook takes in its OpenID flow. Default true.
    facebook_pkce: bool = true;
    /// Base of Facebook's login dialog, `https://www.facebook.com` in earnest. Default the emulator's.
    facebook_dialog_url: Url = url("http://127.0.0.1:8788/www.facebook.com");
    /// Base of Facebook's Graph API, `https://graph.facebook.com` in earnest. Default the emulator's.
    facebook_graph_url: Url = url("http://127.0.0.1:8788/graph.facebook.com");
    /// Base of the host that takes videos, `https://rupload.facebook.com` in earnest. Default the emulator's.
    facebook_upload_url: Url = url("http://127.0.0.1:8788/rupload.facebook.com");
    /// Id of the Instagram app (not of the Facebook app that it belongs to); empty leaves Instagram out. Default the emulator's.
    instagram_app_id: String = "2000000000000002".to_owned();
    /// Secret of the Instagram app. Default the emulator's.
    instagram_app_secret: Secret = Secret::new("emulated-instagram-secret");
    /// Base of Instagram's authorization page, `https://www.instagram.com` in earnest. Default the emulator's.
    instagram_authorize_url: Url = url("http://127.0.0.1:8788/www.instagram.com");
    /// Base of Instagram's code exchange, `https://api.instagram.com` in earnest. Default the emulator's.
    instagram_api_url: Url = url("http://127.0.0.1:8788/api.instagram.com");
    /// Base of Instagram's Graph API, `https://graph.instagram.com` in earnest. Default the emulator's.
    instagram_graph_url: Url = url("http://127.0.0.1:8788/graph.instagram.com");
    /// Hosts from which pictures are fetched. `.fbcdn.net` is every host below it and `example.org` one host, both over
    /// https and public addresses only; `host:port` is exactly that, over http too and on private addresses.
    /// Default Meta's three and the emulator's, which production mode refuses.
    image_hosts: Vec<String> = [".fbcdn.net", ".cdninstagram.com", ".fbsbx.com", "127.0.0.1:8788"].map(str::to_owned).to_vec();
    /// Receivers of notices, as `host:port`, that may be at private addresses and may be asked over http; every other must be
    /// https at a public address. Default none.
    private_receivers: Vec<String> = Vec::new();
    /// Hosts, as `host:port`, from which files may be stored at private addresses and over any port when a client names their
    /// address (`storeURL`); every other must be public. Default none.
    private_sources: Vec<String> = Vec::new();
    /// Seconds after its first attempt at which a notice that the receiver did not take is sent again; after the last it is given
    /// up. Default 300, 3600, 43200 (5 minutes, an hour, 12 hours).
    webhook_schedule: Schedule = Schedule::default();
    /// The largest photo that is stored, in bytes. Default 104857600 (100 MiB).
    max_file_bytes: u64 = 100 * 1024 * 1024;
    /// The largest file that is stored from an address or uploaded from a device, in bytes. Default 5368709120 (5 GiB).
    max_upload_bytes: u64 = 5 * 1024 * 1024 * 1024;
    /// The most pixels of an image that is stored, width times height. Default 250000000.
    max_pixels: u64 = 250_000_000;
    /// How many conversions a process does at the same time; others wait. 0 is as many as it has cores. Default 0.
    convert_concurrency: usize = 0;
    /// The largest file that is converted, in bytes. Default 52428800 (50 MiB).
    convert_max_bytes: u64 = 50 * 1024 * 1024;
    /// The most pixels of an image that is converted, or made, width times height. Default 100000000.
    convert_max_pixels: u64 = 100_000_000;
    /// The longest that one conversion may take, in seconds. Default 30.
    convert_timeout: u64 = 30;
    /// Bytes of memory for results of conversions that were asked for lately. Default 67108864 (64 MiB).
    convert_cache_bytes: u64 = 64 * 1024 * 1024;
    /// Hours for which a result that nobody asks for is kept in the storage. Default 720 (30 days).
    convert_keep_hours: u64 = 720;
    /// Seconds of silence after which a transfer is given up, and the longest that an API call may take. Default 30.
    fetch_timeout: u64 = 30;
    /// The longest that fetching one photo may take, in seconds. Default 600.
    fetch_total_timeout: u64 = 600;
    /// How many photos a process stores at the same time. Default 4.
    store_concurrency: usize = 4;
    /// How many publications a process carries out at the same time; most of their time is waiting for Meta. Default 4.
    publish_concurrency: usize = 4;
    /// Milliseconds before a transfer that failed is tried again, doubled each time up to 30 seconds. Default 500.
    retry_pause: u64 = 500;
    /// Seconds after which other processes take over the transfers of one that is silent. Default 30.
    lease_seconds: u64 = 30;
    /// Hours after which an object in the storage that belongs to no file is removed. Default 24.
    orphan_hours: u64 = 24;
    /// Seconds for which a provider is not asked after it said that it had too many calls, unless it names a time; doubled
    /// each time up to 15 minutes. Default 30.
    rate_limit_pause: u64 = 30;
    /// Requests a minute from one address (of IPv6, one network of 64 bits): API calls and the pages of a sign-in. Behind a
    /// reverse proxy, set `trusted_proxies`, or all visitors are one address. 0 is no limit. Default 600.
    rate_per_address: u32 = 600;
    /// API calls a minute for one key. 0 is no limit. Default 6000.
    rate_per_key: u32 = 6000;
    /// API calls a minute of one session. 0 is no limit. Default 300.
    rate_per_session: u32 = 300;
    /// Thumbnails a minute of one visitor's source. 0 is no limit. Default 3000.
    rate_thumbnails: u32 = 3000;
    /// Conversions a minute that are done for one address; results that are there already do not count. 0 is no limit. Default 600.
    rate_conversions: u32 = 600;
    /// Bytes of memory for pictures that thumbnails are made of and for thumbnails, for at most an hour. 0 keeps none.
    /// Default 67108864 (64 MiB).
    thumbnail_cache_bytes: u64 = 64 * 1024 * 1024;
    /// The address on which `/metrics` is served for Prometheus, apart from everything else, so that it is not open to the internet
    /// by accident. Default none: it is not served.
    metrics_listen: Option<SocketAddr> = None;
    /// How the log is written: `text`, or `json` with an object a line. Default text.
    log_format: LogFormat = LogFormat::Text;
    /// Seconds between being asked to stop, from when on `/readyz` says no, and taking no more requests: as long as the balancer in
    /// front needs to notice. Default 0.
    drain_seconds: u64 = 0;
}

/// How the variables begin by which storages are set up everywhere.
const STORAGE_VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// A storage beside the first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedStorage {
    /// The `location` by which requests name it.
    pub name: String,
    /// As `storage_url`.
    pub url: String,
    /// As `storage_options`.
    #[serde(default)]
    pub options: BTreeMap<String, Secret>,
}

/// An address, or a network as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|error| format!("`{text}`: {error}"))
    }
}

impl Config {
    /// Defaults, then `file`, then those variables of `environment` that begin with `BOWERBIRD_`.
    ///
    /// An unknown name in the file is an error that names it; an unknown variable is warned about, because other programs of
    /// the house share the prefix.
    pub fn load(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                toml::from_str(&text).map_err(|error| anyhow!("in {}{}", path.display(), toml_words(&text, error)))?
            }
        };
        for (variable, value) in environment {
            if STORAGE_VARIABLES.iter().any(|start| variable.starts_with(start)) {
                config.storage_environment.insert(variable.to_lowercase(), Secret::new(&value));
            }
            let Some(name) = variable.strip_prefix("BOWERBIRD_") else { continue };
            let name = name.to_lowercase();
            if name == "config" {
                continue;
            }
            if !SETTINGS.iter().any(|setting| setting.name == name) {
                tracing::warn!(variable, "no setting of the companion has this variable");
                continue;
            }
            if let Err(reason) = config.set(&name, &value) {
                bail!("{variable}: {reason}");
            }
        }
        Ok(config)
    }

    /// The defaults with every provider address replaced by an emulator's at `emulator` (`http://127.0.0.1:8788`).
    pub fn against_emulator(emulator: &str) -> anyhow::Result<Self> {
        let at = |host: &str| Url::parse(&format!("{}/{host}", emulator.trim_end_matches('/')));
        let authority = Url::parse(emulator)?.authority().to_owned();
        let mut config = Self {
            facebook_dialog_url: at("www.facebook.com")?,
            facebook_graph_url: at("graph.facebook.com")?,
            facebook_upload_url: at("rupload.facebook.com")?,
            instagram_authorize_url: at("www.instagram.com")?,
            instagram_api_url: at("api.instagram.com")?,
            instagram_graph_url: at("graph.instagram.com")?,
            ..Self::default()
        };
        config.image_hosts.retain(|host| host.starts_with('.'));
        config.image_hosts.push(authority);
        Ok(config)
    }

    /// Refuses settings that cannot work, naming the one that is wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            matches!(self.public_url.scheme(), "http" | "https") && self.public_url.path() == "/",
            "public_url: must be http(s)://host[:port] without a path"
        );
        if let Some(files) = &self.files_url {
            ensure!(
                matches!(files.scheme(), "http" | "https") && files.path() == "/",
                "files_url: must be http(s)://host[:port] without a path"
            );
        }
        ensure!(self.store_concurrency > 0, "store_concurrency: must be at least 1");
        let names = self.storages.iter().map(|storage| storage.name.as_str());
        let bad = names.clone().find(|name| !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) || name.is_empty());
        ensure!(bad.is_none(), "storages: `{}` is no name; letters and digits only", bad.unwrap_or_default());
        ensure!(self.lease_seconds > 0, "lease_seconds: must be at least 1");
        ensure!(self.fetch_timeout > 0, "fetch_timeout: must be at least 1 second");
        ensure!(self.secret.is_empty() || self.secret.expose().len() >= 32, "secret: must have at least 32 characters");
        let version = self.graph_version.strip_prefix('v').and_then(|version| version.split_once('.'));
        ensure!(
            version.is_some_and(|(major, minor)| major.parse::<u16>().is_ok() && minor.parse::<u16>().is_ok()),
            "graph_version: must look like v25.0"
        );
        for (position, app) in self.apps.iter().enumerate() {
            ensure!(
                !self.apps[..position].iter().any(|other| other.key == app.key),
                "apps: the key `{}` is there twice",
                app.key
            );
            if let [problem, ..] = &app.problems()[..] {
                bail!("apps, `{}`: {problem}", app.key);
            }
        }
        Ok(())
    }

    /// An absolute URL of this server; `path` begins with `/`.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.origin().ascii_serialization())
    }

    /// The absolute URL of a stored file.
    pub fn file_url(&self, handle: &str) -> String {
        let origin = self.files_url.as_ref().unwrap_or(&self.public_url).origin();
        format!("{}/{handle}", origin.ascii_serialization())
    }

    /// Whether app ids of the emulator are in use at an address that strangers reach.
    pub fn emulated_in_public(&self) -> bool {
        let local = matches!(self.public_url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        let used = |id: &str, secret| !id.is_empty() && is_emulated(secret);
        !local
            && (used(&self.facebook_app_id, &self.facebook_app_secret)
                || used(&self.instagram_app_id, &self.instagram_app_secret))
    }
}

/// Whether a secret is of one of the emulator's apps, which everybody knows.
pub fn is_emulated(secret: &Secret) -> bool {
    secret.expose().starts_with("emulated-")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a default that is a URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_toml(text: &str) -> anyhow::Result<Config> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        Config::load(Some(file.path()), [])
    }

    #[test]
    fn the_defaults_pass_their_own_check() {
        Config::default().check().unwrap();
        assert_eq!(Config::default().public("/x"), "http://127.0.0.1:8787/x");
    }

    #[test]
    fn an_unknown_name_in_the_file_is_named() {
        let error = format!("{:#}", from_toml("listne = '127.0.0.1:1'").unwrap_err());
        assert!(error.contains("listne") && error.contains("listen"), "{error}");
    }

    #[test]
    fn what_is_wrong_in_the_file_is_told_without_its_text() {
        for (broken, words) in [
            ("facebook_app_secret = 5ec4e7", "line 2: "),
            ("facebook_app_secret = \"5ec4e7", "line 2: "),
            ("facebook_app_secret = '5ec4e7'\nfacebook_app_secret = ''", "line 3: "),
            ("facebook_app_secret = 5_347_0_1_7", "line 2: invalid type, expected a string"),
            ("facebook_app_secret = ['5ec4e7']", "line 2: invalid type, expected a string"),
            ("apps = '5ec4e7'", "line 2: invalid type, expected a sequence"),
            (
                "apps = [{key = 'k', origins = [], facebook = '5ec4e7, expected x'}]",
                "line 2: invalid type, expected struct",
            ),
            ("public_url = '5ec4e7'", "line 2: relative URL without a base, in `public_url`"),
            ("[facebook_app_secret]\nvalue = '5ec4e7'", "line 2: invalid type, expected a string"),
        ] {
            let error = format!("{:#}", from_toml(&format!("# Settings\n{broken}\n")).unwrap_err());
            assert!(error.contains(words) && !error.contains("5ec4e7") && !error.contains("5347"), "{broken}: {error}");
        }
        let error = format!("{:#}", from_toml("\n\nlistne = 1").unwrap_err());
        assert!(error.contains("line 3: unknown field `listne`"), "{error}");
        let apps = r#"[{"key":"k","origins":[],"facebook":{"id":"1","secret":5347017}}]"#;
        let error = Config::load(None, [("BOWERBIRD_APPS".to_owned(), apps.to_owned())]).unwrap_err().to_string();
        assert!(error.contains("invalid type, expected a string at line 1") && !error.contains("5347"), "{error}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "store_concurrency = 2\nmax_file_bytes = 7").unwrap();
        let variables = [
            ("BOWERBIRD_STORE_CONCURRENCY", "3"),
            ("BOWERBIRD_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
            ("BOWERBIRD_APPS", r#"[{"key":"k","origins":["https://shop.example"]}]"#),
            ("BOWERBIRD_SITE_DIR", "demo"),
            ("PATH", "/bin"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::load(Some(file.path()), variables).unwrap();
        assert_eq!((config.store_concurrency, config.max_file_bytes), (3, 7));
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.apps[0].key, "k");
        assert_eq!(config.site_dir, Some(PathBuf::from("demo")));
        config.check().unwrap();
    }

    #[test]
    fn a_bad_value_names_its_variable() {
        let error = Config::load(None, [("BOWERBIRD_LISTEN".to_owned(), "here".to_owned())]).unwrap_err();
        assert!(error.to_string().contains("BOWERBIRD_LISTEN"), "{error}");
    }

    #[test]
    fn every_setting_can_be_read_from_text() {
        for setting in SETTINGS {
            let result = Config::default().set(setting.name, "");
            assert_ne!(result, Err("there is no such setting".to_owned()), "{}", setting.name);
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        let refused = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(refused(|c| c.public_url = url("http://h/x")).starts_with("public_url"));
        assert!(refused(|c| c.apps[0].origins = vec!["https://shop.example/".to_owned()]).starts_with("apps"));
        assert!(refused(|c| c.apps.push(c.apps[0].clone())).contains("twice"));
        assert!(refused(|c| c.apps[0].key = "a b".to_owned()).starts_with("apps"));
        assert!(refused(|c| c.graph_version = "25".to_owned()).starts_with("graph_version"));
        assert!(refused(|c| c.secret = Secret::new("short")).starts_with("secret"));
    }

    #[test]
    fn printing_the_settings_shows_no_secret() {
        let printed = format!("{:?}", Config::default());
        assert!(!printed.contains("emulated-facebook-secret"), "{printed}");
    }
}
