//! API keys: which sites may use this companion, from which origins, with which apps of their own at the providers.

use crate::config::{AppConfig, Config};
use crate::db::{AppRow, Db, WebhookRow};
use crate::error::ApiError;
use crate::fetch::Fetcher;
use crate::mode::{self, Mode};
use crate::providers::{self, Credentials, NAMES, PAGES, Provider, default_app};
use crate::secrets::{Secret, Signer};
use crate::{Companion, Shared};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bowerbird_protocol::listing::ListRequest;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::session::{CompleteRequest, LogoutRequest, WaitRequest};
use bowerbird_protocol::store::{CancelRequest, StoreRequest};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use url::Url;

/// How often a process looks whether another has changed the sites or the keys.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The sites of this companion, as they stand at this moment. They live in the database; this is a copy.
#[derive(Debug)]
pub struct Apps(RwLock<Arc<Copied>>);

#[derive(Debug, Default)]
struct Copied {
    /// [`Db::apps_revision`] when it was made, or earlier.
    revision: i64,
    /// The ids of the keys with which its secrets could be opened.
    keys: Vec<String>,
    apps: BTreeMap<String, Arc<App>>,
    /// The receivers of notices, by site.
    receivers: BTreeMap<String, Vec<Arc<WebhookRow>>>,
}

/// A site: its settings, and the services that it offers.
#[derive(Debug)]
pub struct App {
    /// Its settings.
    pub settings: AppConfig,
    /// Whether it may be asked for anything. One that may not keeps its rights, over its files above all.
    is_open: bool,
    /// The providers' apps with which it asks, by source; `pages` is the Facebook app with which it publishes.
    credentials: Vec<(&'static str, Credentials)>,
    providers: Vec<Box<dyn Provider>>,
}

impl Apps {
    /// Those of the database.
    pub async fn load(config: &Config, fetcher: &Fetcher, db: &Db) -> sqlx::Result<Self> {
        let apps = Self(RwLock::default());
        apps.read(config, fetcher, db).await?;
        Ok(apps)
    }

    /// Reads the database anew if something there has changed, or there are other keys to open it with; says whether it did.
    pub async fn refresh(&self, config: &Config, fetcher: &Fetcher, db: &Db) -> sqlx::Result<bool> {
        let copied = self.copied();
        let changed = db.apps_revision().await? != copied.revision || db.keyring().ids() != copied.keys;
        if changed {
            self.read(config, fetcher, db).await?;
        }
        Ok(changed)
    }

    async fn read(&self, config: &Config, fetcher: &Fetcher, db: &Db) -> sqlx::Result<()> {
        // These first: what changes in between is then read twice, and not missed.
        let (revision, keys) = (db.apps_revision().await?, db.keyring().ids());
        let rows = db.apps().await?;
        let apps = rows.iter().map(|row| (row.settings.key.clone(), Arc::new(App::new(row, config, fetcher))));
        let mut receivers = BTreeMap::<String, Vec<_>>::new();
        for row in db.webhooks().await? {
            receivers.entry(row.app_key.clone()).or_default().push(Arc::new(row));
        }
        let copied = Copied { revision, keys, apps: apps.collect(), receivers };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(copied);
        Ok(())
    }

    fn copied(&self) -> Arc<Copied> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The site of a key.
    pub fn get(&self, key: &str) -> Option<Arc<App>> {
        self.copied().apps.get(key).cloned()
    }

    /// Who is told of what concerns the site of a key.
    pub fn receivers(&self, key: &str) -> Vec<Arc<WebhookRow>> {
        self.copied().receivers.get(key).cloned().unwrap_or_default()
    }

    /// All sites.
    pub fn all(&self) -> Vec<Arc<App>> {
        self.copied().apps.values().cloned().collect()
    }

    /// Whether some site lives at this origin: all that a preflight request can be asked, since it carries no key.
    pub fn any_allows(&self, origin: &str) -> bool {
        self.copied().apps.values().any(|app| app.is_open && app.allows(origin))
    }

    /// What the sites that ask a source with this app have of it: several that have the same app may have been given its secret at
    /// different times.
    pub fn credentials_of(&self, source: &str, client_id: &str) -> Vec<Credentials> {
        let copied = self.copied();
        let all = copied.apps.values().flat_map(|app| &app.credentials);
        let is_of = |name: &str| name == source || (name == PAGES && source == "facebook");
        let own = all.filter(|(name, app)| is_of(name) && app.client_id == client_id);
        own.map(|(_, app)| app.clone()).collect()
    }

    /// The sites that may be asked whose secret this is; takes the same time whatever it is.
    pub fn with_secret(&self, shown: &str, signer: &Signer) -> Vec<Arc<App>> {
        const WHAT: &str = "secret of a key";
        let signature = signer.sign(&[WHAT, shown]);
        let is_it = |secret: &Secret| !secret.is_empty() && signer.verifies(&[WHAT, secret.expose()], &signature);
        let copied = self.copied();
        let apps = copied.apps.values().filter(|app| app.is_open && app.settings.secret.as_ref().is_some_and(is_it));
        apps.cloned().collect()
    }

    /// Who asks, if the key is known and the request may come from where it comes from. A request without `Origin` comes from
    /// no browser's page, so there is no visitor whose trust it could abuse.
    pub fn authorize(&self, key: &str, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let app = self.get(key).filter(|app| app.is_open).ok_or_else(|| ApiError::new(ProblemCode::UnknownKey))?;
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default().to_owned());
        match origin {
            Some(origin) if !app.allows(&origin) => Err(ApiError::new(ProblemCode::OriginNotAllowed)),
            origin => Ok(Caller { app, origin: origin.unwrap_or_default() }),
        }
    }
}

/// Whether production may serve a site; if not, the log says why. `app` with other settings than the companion's can have saved it
/// since the start.
fn is_for_visitors(settings: &AppConfig) -> bool {
    let problems = mode::app_problems(settings);
    if !problems.is_empty() {
        tracing::error!(
            key = settings.key,
            problems = problems.join("; "),
            "this site is not served in production mode as it is set in the database"
        );
    }
    problems.is_empty()
}

/// Puts the sites of the configuration into the database, and takes those out that it no longer names. What was changed by
/// other means stays, and is named where the configuration says something else.
pub async fn seed(db: &Db, configured: &[AppConfig]) -> sqlx::Result<()> {
    let rows = db.apps().await?;
    for app in configured {
        match rows.iter().find(|row| row.settings.key == app.key) {
            Some(row) if row.settings == *app && row.locked.is_empty() => {}
            Some(row) if !row.seeded => tracing::warn!(
                key = app.key,
                "this key was changed by `bowerbird-companion app`, which wins over what `apps` says of it"
            ),
            _ => db.seed_app(app).await?,
        }
    }
    let named = |row: &&AppRow| configured.iter().any(|app| app.key == row.settings.key);
    for row in rows.iter().filter(|row| row.seeded && !named(row)) {
        tracing::info!(key = row.settings.key, "`apps` no longer names this key, so it is gone");
        db.remove_app(&row.settings.key).await?;
    }
    Ok(())
}

/// Follows what other processes change: sites, and the file of keys.
pub async fn follow(companion: Shared) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Companion { apps, config, fetcher, db, .. } = &*companion;
        if let Err(error) = db.keyring().refresh() {
            tracing::error!(
                cause = format!("{error:#}"),
                "the encryption keys cannot be read again; those from before are used"
            );
        }
        match apps.refresh(config, fetcher, db).await {
            Ok(true) => tracing::info!("the sites have changed"),
            Ok(false) => {}
            Err(error) => tracing::error!(cause = %error, "looking for changes of the sites failed"),
        }
    }
}

impl App {
    /// From its row. It asks providers with apps of its own, and where it has none with the companion's.
    pub fn new(row: &AppRow, config: &Config, fetcher: &Fetcher) -> Self {
        let credentials = |name: &'static str| {
            // Visitors of a site that has its own app must not meet another one unawares.
            let default = || if row.is_locked(name) { None } else { default_app(name, config) };
            Some((name, own_app(&row.settings, name).or_else(default)?))
        };
        let mut credentials: Vec<_> = NAMES.into_iter().filter_map(credentials).collect();
        let pages = own_app(&row.settings, PAGES).or_else(|| {
            let for_photos = credentials.iter().find(|(name, _)| *name == "facebook").filter(|_| !row.is_locked(PAGES));
            for_photos.map(|(_, app)| app.clone())
        });
        credentials.extend(pages.map(|app| (PAGES, app)));
        let providers =
            credentials.iter().filter_map(|(name, app)| providers::open(name, config, fetcher, app.clone()));
        let providers = providers.collect();
        let is_open = config.mode != Mode::Production || is_for_visitors(&row.settings);
        Self { settings: row.settings.clone(), is_open, credentials, providers }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.settings.key
    }

    /// The services that it offers.
    pub fn providers(&self) -> impl Iterator<Item = &dyn Provider> {
        self.providers.iter().map(AsRef::as_ref)
    }

    /// A service by its name.
    pub fn provider(&self, source: &str) -> Option<&dyn Provider> {
        self.providers().find(|provider| provider.name() == source)
    }

    /// The provider's app with which it connects accounts of a network to publish to.
    pub fn publishing_app(&self, network: &str) -> Option<&Credentials> {
        let kind = if network == "facebook" { PAGES } else { network };
        self.credentials.iter().find(|(name, _)| *name == kind).map(|(_, app)| app)
    }

    /// The one of the providers' apps with which it asks that has this id.
    pub fn app_with_id(&self, client_id: &str) -> Option<&Credentials> {
        self.credentials.iter().map(|(_, app)| app).find(|app| app.client_id == client_id)
    }

    /// Whether its pages may live at this origin.
    pub fn allows(&self, origin: &str) -> bool {
        self.settings.origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }

    /// Whether a sign-in that a page of `origin` began may end at this address. An address of the page's own origin only, and
    /// only one that is listed: some other page of the site may send visitors, with what is in their address, elsewhere.
    pub fn allows_address(&self, address: &str, origin: &str) -> bool {
        let own = Url::parse(address).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.fragment().is_none()
                && url.origin().ascii_serialization().eq_ignore_ascii_case(origin)
        });
        let open = self.settings.addresses.is_empty() && self.settings.origins.iter().any(|allowed| allowed == "*");
        own && (open || self.settings.addresses.iter().any(|listed| listed == address))
    }
}

/// A site's own app at a provider.
fn own_app(settings: &AppConfig, provider: &str) -> Option<Credentials> {
    let (_, own) = settings.own_apps().find(|(kind, _)| *kind == provider)?;
    Some(Credentials { client_id: own.id.clone(), client_secret: own.secret.clone() })
}

/// Who asks: a site, from one of its origins.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The site.
    pub app: Arc<App>,
    /// The page's origin; empty for a program, which has none.
    pub origin: String,
}

/// A body that names the key it is sent for.
pub trait Keyed {
    /// The key.
    fn key(&self) -> &str;

    /// How many sources it is about.
    fn sources(&self) -> usize;
}

macro_rules! keyed {
    ($($body:ty),*) => { $(impl Keyed for $body {
        fn key(&self) -> &str {
            &self.apikey
        }

        fn sources(&self) -> usize {
            self.clouds.iter().len()
        }
    })* };
}
keyed!(ListRequest, StoreRequest, CancelRequest, WaitRequest, CompleteRequest);

impl Keyed for LogoutRequest {
    fn key(&self) -> &str {
        &self.apikey
    }

    fn sources(&self) -> usize {
        self.clouds.as_ref().map_or(0, BTreeMap::len)
    }
}

/// Sources in one request. There are not so many; each would cost statements and a line in the log.
const MOST_SOURCES: usize = 8;

/// A request whose JSON was understood and whose key may be used from where it comes from.
#[derive(Debug)]
pub struct Authorized<T> {
    /// Who asks.
    pub caller: Caller,
    /// The body.
    pub body: T,
}

impl<T: Keyed + DeserializeOwned> FromRequest<Shared> for Authorized<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            ApiError::refused(rejection.status(), "The body could not be read, or is too large.")
        })?;
        // PostgreSQL's text holds every character but this one.
        if bytes.windows(6).any(|window| window == b"\\u0000") {
            return Err(ApiError::with_text(ProblemCode::BadRequest, "A text with the character U+0000 is none."));
        }
        // Serde's words name the field and the place, which is what the developer of a client needs.
        let body: T = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::with_text(ProblemCode::BadRequest, format!("The body is not the JSON it should be: {error}"))
        })?;
        let caller = state.apps.authorize(body.key(), &headers)?;
        if body.sources() > MOST_SOURCES {
            let words = format!("At most {MOST_SOURCES} sources in one request.");
            return Err(ApiError::with_text(ProblemCode::BadRequest, words));
        }
        state.limits.key(caller.app.key())?;
        Ok(Self { caller, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps() -> Apps {
        let app = |key: &str, origin: &str| AppConfig { origins: vec![origin.to_owned()], ..AppConfig::open(key) };
        let apps = [app("open", "*"), app("shop", "https://shop.example")];
        let apps = apps.map(|settings| {
            (
                settings.key.clone(),
                Arc::new(App { settings, is_open: true, credentials: Vec::new(), providers: Vec::new() }),
            )
        });
        Apps(RwLock::new(Arc::new(Copied { apps: apps.into(), ..Copied::default() })))
    }

    fn from(origin: Option<&str>) -> HeaderMap {
        origin.map(|origin| (header::ORIGIN, origin.parse().unwrap())).into_iter().collect()
    }

    #[tokio::test]
    async fn production_leaves_out_what_came_into_the_database_since_its_start() {
        use crate::seal::{Keyring, new_key};
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open("", folder.path(), Keyring::read(&new_key()).unwrap()).await.unwrap();
        let put = async |key: &str, origin: &str| {
            let settings = AppConfig { origins: vec![origin.to_owned()], ..AppConfig::open(key) };
            db.put_app(&AppRow { settings, seeded: false, updated_ms: 0, locked: Vec::new() }).await.unwrap();
        };
        let config = |mode| Config { mode, ..Config::default() };
        let (production, demo) = (config(Mode::Production), config(Mode::Demo));
        let fetcher = Fetcher::new(&production).unwrap();
        put("shop", "https://shop.example").await;
        let apps = Apps::load(&production, &fetcher, &db).await.unwrap();
        put("wide", "*").await;
        put("plain", "http://plain.example").await;
        assert!(apps.refresh(&production, &fetcher, &db).await.unwrap());
        let served = |apps: &Apps| ["plain", "shop", "wide"].map(|key| apps.authorize(key, &from(None)).is_ok());
        assert_eq!(served(&apps), [false, true, false]);
        assert!(apps.any_allows("https://shop.example") && !apps.any_allows("https://evil.example"));
        assert!(!apps.refresh(&production, &fetcher, &db).await.unwrap(), "it is read, and told, once");
        put("wide", "https://wide.example").await;
        apps.refresh(&production, &fetcher, &db).await.unwrap();
        assert_eq!(served(&apps), [false, true, true]);
        assert_eq!(served(&Apps::load(&demo, &fetcher, &db).await.unwrap()), [true; 3]);
        assert!(apps.get("plain").is_some(), "what it wants of its files still counts");
    }

    #[test]
    fn a_key_is_good_from_its_own_origins() {
        let code =
            |key: &str, origin| apps().authorize(key, &from(origin)).map(drop).map_err(|error| error.problem().code);
        assert!(code("open", Some("https://anywhere.example")).is_ok());
        assert!(code("shop", Some("https://shop.example")).is_ok());
        assert!(code("shop", None).is_ok());
        assert_eq!(code("shop", Some("https://shop.example.evil")), Err(ProblemCode::OriginNotAllowed));
        assert_eq!(code("shop", Some("http://shop.example")), Err(ProblemCode::OriginNotAllowed));
        assert_eq!(code("shop", Some("null")), Err(ProblemCode::OriginNotAllowed));
        assert_eq!(code("nobody", None), Err(ProblemCode::UnknownKey));
    }

    #[test]
    fn a_sign_in_ends_at_listed_addresses_of_the_page_that_began_it() {
        let listed = "https://shop.example/prints?x=1";
        let settings = AppConfig {
            origins: vec!["https://shop.example".to_owned(), "https://www.shop.example".to_owned()],
            addresses: vec![listed.to_owned()],
            ..AppConfig::open("shop")
        };
        let shop = App { settings, is_open: true, credentials: Vec::new(), providers: Vec::new() };
        let shops = |address| shop.allows_address(address, "https://shop.example");
        assert!(shops(listed));
        assert!(!shop.allows_address(listed, "https://www.shop.example"), "another page began it");
        assert!(!shop.allows_address(listed, ""), "a program began it");
        for other in [
            "https://shop.example/prints",
            "https://shop.example/prints?x=1&next=https://evil.example",
            "https://shop.example/prints?x=1#",
            "https://shop.example/prints/?x=1",
            "https://shop.example.evil.example/prints?x=1",
            "https://shop.example@evil.example/prints?x=1",
            "javascript:alert(1)",
        ] {
            assert!(!shops(other), "{other}");
        }
        let open =
            App { settings: AppConfig::open("open"), is_open: true, credentials: Vec::new(), providers: Vec::new() };
        assert!(open.allows_address("http://localhost:1/any", "http://localhost:1"));
        assert!(!open.allows_address("http://localhost:2/any", "http://localhost:1"));
    }
}
