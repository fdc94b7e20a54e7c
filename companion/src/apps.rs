//! API keys: which sites may use this companion, from which origins.

use crate::Shared;
use crate::config::{AppConfig, Config};
use crate::error::ApiError;
use crate::fetch::Fetcher;
use crate::providers::{self, Provider};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bowerbird_protocol::listing::ListRequest;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::session::{CompleteRequest, LogoutRequest, WaitRequest};
use bowerbird_protocol::store::StoreRequest;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// The sites of this companion, as they stand at this moment.
#[derive(Debug)]
pub struct Apps(RwLock<Arc<BTreeMap<String, Arc<App>>>>);

/// A site: its settings, and the services that it offers.
#[derive(Debug)]
pub struct App {
    /// Its settings.
    pub settings: AppConfig,
    providers: Vec<Box<dyn Provider>>,
}

impl Apps {
    /// From the settings, which have been checked.
    pub fn new(config: &Config, fetcher: &Fetcher) -> Self {
        let app = |settings: &AppConfig| {
            let providers = providers::NAMES
                .iter()
                .filter_map(|name| providers::open(name, config, fetcher, providers::default_app(name, config)?));
            (settings.key.clone(), Arc::new(App { settings: settings.clone(), providers: providers.collect() }))
        };
        Self(RwLock::new(Arc::new(config.apps.iter().map(app).collect())))
    }

    fn all(&self) -> Arc<BTreeMap<String, Arc<App>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The site of a key.
    pub fn get(&self, key: &str) -> Option<Arc<App>> {
        self.all().get(key).cloned()
    }

    /// Whether some site lives at this origin: all that a preflight request can be asked, since it carries no key.
    pub fn any_allows(&self, origin: &str) -> bool {
        self.all().values().any(|app| app.allows(origin))
    }

    /// Who asks, if the key is known and the request may come from where it comes from. A request without `Origin` comes from
    /// no browser's page, so there is no visitor whose trust it could abuse.
    pub fn authorize(&self, key: &str, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let app = self.get(key).ok_or_else(|| ApiError::new(ProblemCode::UnknownKey))?;
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default().to_owned());
        match origin {
            Some(origin) if !app.allows(&origin) => Err(ApiError::new(ProblemCode::OriginNotAllowed)),
            origin => Ok(Caller { app, origin: origin.unwrap_or_default() }),
        }
    }
}

impl App {
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
}

macro_rules! keyed {
    ($($body:ty),*) => { $(impl Keyed for $body {
        fn key(&self) -> &str {
            &self.apikey
        }
    })* };
}
keyed!(ListRequest, StoreRequest, WaitRequest, CompleteRequest, LogoutRequest);

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
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            ApiError::with_text(ProblemCode::BadRequest, "The body could not be read, or is too large.")
        })?;
        // Serde's words name the field and the place, which is what the developer of a client needs.
        let body: T = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::with_text(ProblemCode::BadRequest, format!("The body is not the JSON it should be: {error}"))
        })?;
        let caller = state.apps.authorize(body.key(), &headers)?;
        Ok(Self { caller, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps() -> Apps {
        let app = |key: &str, origin: &str| AppConfig { origins: vec![origin.to_owned()], ..AppConfig::open(key) };
        let config = Config { apps: vec![app("open", "*"), app("shop", "https://shop.example")], ..Config::default() };
        Apps::new(&config, &Fetcher::new(&config).unwrap())
    }

    fn from(origin: Option<&str>) -> HeaderMap {
        origin.map(|origin| (header::ORIGIN, origin.parse().unwrap())).into_iter().collect()
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
        let shop = App { settings, providers: Vec::new() };
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
        let open = App { settings: AppConfig::open("open"), providers: Vec::new() };
        assert!(open.allows_address("http://localhost:1/any", "http://localhost:1"));
        assert!(!open.allows_address("http://localhost:2/any", "http://localhost:1"));
    }
}
