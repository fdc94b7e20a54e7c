//! What is set for a site: its key, where its pages live, and what it has of its own. It comes from the configuration or from
//! the database; [`AppConfig::problems`] judges both.

use crate::secrets::Secret;
use crate::webhook::Webhook;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// A site that may use the companion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// What its pages pass to `init()`. Not a secret.
    pub key: String,
    /// `https://shop.example`, without a path; `*` is every origin.
    pub origins: Vec<String>,
    /// Addresses of the site's pages on which a sign-in, or connecting an account to publish to, may end, compared character for character: `https://shop.example/prints`.
    /// Needed where a sign-in's window cannot speak to the page. Default none; with the origin `*` every
    /// address of the page's own origin, as long as none is listed.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// What the Connect screen calls the site. Default the name of its host.
    #[serde(default)]
    pub name: Option<String>,
    /// Where the site says what it does with photos; the Connect screen links it.
    #[serde(default)]
    pub privacy_url: Option<Url>,
    /// Whether clients other than Bowerbird's dialog may sign visitors in. They cannot prove that who signs in is who asked,
    /// so this is for programs that show nobody else's photos to anybody. Default false.
    #[serde(default)]
    pub unbound_sign_in: bool,
    /// How many photos one session may have stored, so that a script which takes a session over cannot fill the storage.
    /// Default 10000.
    #[serde(default = "max_stores")]
    pub max_stores: u32,
    /// Whether the site took over the duty to delete a person's stored files when the person asks Meta for it. Default false:
    /// the companion deletes them.
    #[serde(default)]
    pub keep_files_on_deletion: bool,
    /// How many files it may have stored at a time. Default as many as it likes.
    #[serde(default)]
    pub max_files: Option<u64>,
    /// How many bytes these may have together. Default as many as it likes.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// After how many hours a file is removed that the site's server has not claimed. Default never.
    #[serde(default)]
    pub unclaimed_hours: Option<u32>,
    /// Whether its pages may link to a visitor's photos instead of storing them: the companion then fetches a photo from the
    /// provider each time that the link is read, for [`AppConfig::link_hours`]. The Connect screen says so. Default false.
    #[serde(default)]
    pub allow_links: bool,
    /// How many hours a link lives. Default 24.
    #[serde(default = "link_hours")]
    pub link_hours: u32,
    /// Addresses that stand for others in conversions, by name, each ending with `/`: with `shop` for `https://cdn.shop.example/img/`,
    /// `src://shop/1.jpg` is `https://cdn.shop.example/img/1.jpg`. Default none.
    #[serde(default)]
    pub aliases: BTreeMap<String, Url>,
    /// Whether whoever lists, stores, converts or uploads for it needs a policy that its server signed. Default false.
    #[serde(default)]
    pub require_policy: bool,
    /// The secret that its policies and results are signed with. Default none: then it takes no policies.
    #[serde(default, skip_serializing)]
    pub secret: Option<Secret>,
    /// Its own Facebook app. Default the companion's.
    #[serde(default, skip_serializing)]
    pub facebook: Option<OwnApp>,
    /// Its own Instagram app. Default the companion's.
    #[serde(default, skip_serializing)]
    pub instagram: Option<OwnApp>,
    /// The Facebook app with which it publishes to Pages; it may be one of Login for Business, which cannot read photos.
    /// Default none.
    #[serde(default, skip_serializing)]
    pub pages: Option<OwnApp>,
    /// Where it is told of what concerns it. Default none.
    #[serde(default, skip_serializing)]
    pub webhook: Option<Webhook>,
    /// Further receivers, each `{url, secret, events}`. Default none.
    #[serde(default, skip_serializing)]
    pub webhooks: Vec<Webhook>,
}

/// An app at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnApp {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

/// The longest that an API key may be.
const MAX_KEY: usize = 64;

fn link_hours() -> u32 {
    24
}

fn max_stores() -> u32 {
    10_000
}

impl AppConfig {
    /// A key that every page may use.
    pub fn open(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            origins: vec!["*".to_owned()],
            addresses: Vec::new(),
            name: None,
            privacy_url: None,
            unbound_sign_in: false,
            max_stores: max_stores(),
            keep_files_on_deletion: false,
            max_files: None,
            max_bytes: None,
            unclaimed_hours: None,
            allow_links: false,
            link_hours: link_hours(),
            aliases: BTreeMap::new(),
            require_policy: false,
            secret: None,
            facebook: None,
            instagram: None,
            pages: None,
            webhook: None,
            webhooks: Vec::new(),
        }
    }

    /// What is wrong with it, each with what to write instead.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let shape = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !(1..=MAX_KEY).contains(&self.key.len()) || !self.key.bytes().all(shape) {
            problems.push(format!("`{}` is no key: up to {MAX_KEY} letters, digits, dots, dashes and _", self.key));
        }
        for origin in self.origins.iter().filter(|origin| *origin != "*") {
            let meant = Url::parse(origin).or_else(|_| Url::parse(&format!("https://{origin}")));
            let meant = meant.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
            if meant != *origin {
                let meant = if meant.contains("://") { &meant } else { "https://shop.example" };
                problems.push(format!("`{origin}` is no origin; write it as {meant}, without a path"));
            }
        }
        for (name, url) in &self.aliases {
            if !matches!(url.scheme(), "http" | "https") || !url.path().ends_with('/') || url.query().is_some() {
                problems.push(format!("the alias `{name}` is {url}; write an address that ends with /"));
            }
        }
        for address in &self.addresses {
            match Url::parse(address) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.fragment().is_none() => {
                    let origin = url.origin().ascii_serialization();
                    if url.as_str() != address {
                        problems.push(format!("`{address}` is not how browsers write it; write {url}"));
                    } else if !self.origins.iter().any(|allowed| *allowed == origin || allowed == "*") {
                        problems.push(format!("the address {address} is of the origin {origin}, which is not listed"));
                    }
                }
                _ => problems.push(format!("`{address}` is no address of a page; write https://shop.example/prints")),
            }
        }
        let urls = self.webhooks.iter().map(|webhook| ("webhooks", &webhook.url));
        let urls = urls.chain(self.webhook.as_ref().map(|webhook| ("webhook", &webhook.url)));
        for (what, url) in urls.chain(self.privacy_url.as_ref().map(|url| ("privacy_url", url))) {
            if !matches!(url.scheme(), "http" | "https") {
                problems.push(format!("{what}: `{url}` must begin with https://"));
            }
        }
        for (position, Webhook { url, secret, .. }) in self.webhooks.iter().enumerate() {
            if secret.is_empty() {
                problems.push(format!("webhooks: the secret of {url} is empty"));
            }
            if self.webhooks[..position].iter().any(|other| other.url == *url) {
                problems.push(format!("webhooks: {url} is there twice; list all its events in one"));
            }
        }
        for (kind, app) in self.own_apps() {
            if app.id.is_empty() || !app.id.bytes().all(|byte| byte.is_ascii_digit()) {
                problems.push(format!("{kind}: `{}` is no app id; Meta's have digits only", app.id));
            }
        }
        if self.require_policy && self.secret.is_none() {
            problems.push("require_policy: without a secret nobody can sign a policy; give the key one".to_owned());
        }
        for (kind, _, secret) in self.credentials() {
            if secret.is_empty() {
                problems.push(format!("{kind}: the secret is empty"));
            }
        }
        if let (Some(facebook), Some(instagram)) = (&self.facebook, &self.instagram)
            && facebook.id == instagram.id
        {
            problems.push(
                "instagram: this is the Facebook app's id; Instagram's own stands at Meta under Instagram, \
                 API setup with Instagram login"
                    .to_owned(),
            );
        }
        problems
    }

    /// Its own apps at Meta, by what they are for.
    pub fn own_apps(&self) -> impl Iterator<Item = (&'static str, &OwnApp)> {
        let apps = [("facebook", &self.facebook), ("instagram", &self.instagram), ("pages", &self.pages)];
        apps.into_iter().filter_map(|(kind, app)| Some((kind, app.as_ref()?)))
    }

    /// What of it is secret and there once: kind, id (the URL of `webhook`) and secret.
    pub fn credentials(&self) -> Vec<(&'static str, &str, &Secret)> {
        let webhook = self.webhook.iter().map(|webhook| ("webhook", webhook.url.as_str(), &webhook.secret));
        let own = self.secret.iter().map(|secret| ("secret", "", secret));
        self.own_apps().map(|(kind, app)| (kind, app.id.as_str(), &app.secret)).chain(webhook).chain(own).collect()
    }

    /// Takes one of [`AppConfig::credentials`] back in.
    pub fn set_credential(&mut self, kind: &str, id: String, secret: Secret) {
        match kind {
            "facebook" => self.facebook = Some(OwnApp { id, secret }),
            "instagram" => self.instagram = Some(OwnApp { id, secret }),
            "pages" => self.pages = Some(OwnApp { id, secret }),
            "secret" => self.secret = Some(secret),
            "webhook" => {
                let events = self.webhook.take().map(|webhook| webhook.events).unwrap_or_default();
                self.webhook = Url::parse(&id).ok().map(|url| Webhook { url, secret, events });
            }
            _ => tracing::warn!(kind, key = self.key, "credentials of an unknown kind"),
        }
    }

    /// Takes out one of [`AppConfig::credentials`].
    pub fn clear_credential(&mut self, kind: &str) {
        match kind {
            "facebook" => self.facebook = None,
            "instagram" => self.instagram = None,
            "pages" => self.pages = None,
            "secret" => self.secret = None,
            _ => self.webhook = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_that_cannot_work_is_told_what_to_write() {
        let problem = |change: fn(&mut AppConfig)| {
            let mut app = AppConfig { origins: vec!["https://shop.example".to_owned()], ..AppConfig::open("shop") };
            change(&mut app);
            app.problems().join("; ")
        };
        assert_eq!(problem(|_| {}), "");
        assert!(problem(|a| a.origins = vec!["shop.example".to_owned()]).contains("write it as https://shop.example,"));
        assert!(problem(|a| a.origins[0].push('/')).contains("write it as https://shop.example,"));
        assert!(problem(|a| a.addresses = vec!["https://shop.example".to_owned()]).contains("https://shop.example/"));
        assert!(problem(|a| a.addresses = vec!["https://www.shop.example/".to_owned()]).contains("not listed"));
        assert!(problem(|a| a.addresses = vec!["/prints".to_owned()]).contains("no address"));
        assert!(problem(|a| a.privacy_url = Url::parse("javascript:alert(1)").ok()).contains("privacy_url"));
        let app = |id: &str| Some(OwnApp { id: id.to_owned(), secret: Secret::new("s") });
        assert!(problem(|a| a.set_credential("facebook", "abc".to_owned(), Secret::new("s"))).contains("digits"));
        assert!(problem(|a| a.set_credential("pages", "1".to_owned(), Secret::default())).contains("empty"));
        let mut same = AppConfig::open("shop");
        (same.facebook, same.instagram) = (app("12"), app("12"));
        assert!(same.problems()[0].contains("Instagram's own"));
    }

    #[test]
    fn receivers_are_read_and_judged() {
        let read = |webhooks: &str| {
            let text = format!("key = 'shop'\norigins = ['https://shop.example']\nwebhooks = [{webhooks}]");
            toml::from_str::<AppConfig>(&text).map_err(|error| error.to_string())
        };
        let app =
            read("{url='https://a.example', secret='x', events=['fp.delete']}, {url='https://b.example', secret='y'}");
        let app = app.unwrap();
        let events: Vec<String> = app.webhooks.iter().map(|webhook| webhook.events.to_string()).collect();
        assert_eq!((events, app.problems()), (vec!["fp.delete".to_owned(), "all".to_owned()], Vec::new()));
        let wrong = read("{url='https://a.example', secret='x', events=['delete']}").unwrap_err();
        assert!(wrong.contains("`delete` is no event; write all or"), "{wrong}");
        let problem = |webhooks: &str| read(webhooks).unwrap().problems().join("; ");
        let twice = "{url='https://a.example', secret='x'}, {url='https://a.example/', secret='y'}";
        assert!(problem(twice).contains("there twice"));
        assert!(problem("{url='https://a.example', secret=''}").contains("is empty"));
        assert!(problem("{url='ftp://a.example', secret='x'}").contains("https://"));
    }

    #[test]
    fn what_is_written_down_of_a_site_has_no_secret() {
        let mut app = AppConfig::open("shop");
        app.set_credential("facebook", "12".to_owned(), Secret::new("hidden-secret"));
        app.set_credential("webhook", "https://shop.example/hook".to_owned(), Secret::new("hidden-secret"));
        app.webhooks.extend(app.webhook.clone());
        let json = serde_json::to_string(&app).unwrap();
        assert!(!json.contains("hidden") && !json.contains("hook") && !format!("{app:?}").contains("hidden"), "{json}");
        let read: AppConfig = serde_json::from_str(&json).unwrap();
        assert_eq!(read, AppConfig::open("shop"));
    }
}
