//! Facebook Pages, and the Instagram accounts that are linked to them: where a visitor can publish. Nothing is picked from here.
//! [`super::of_person`] says how they are found.

use crate::config::Config;
use crate::fetch::Fetcher;
use crate::providers::meta::{self, Asks};
use crate::providers::{
    Ask, CodeGrant, Credentials, Entry, Facebook, Failure, Found, Grant, Page, Picture, Provider, RemoteFile, Reply,
};
use crate::secrets::Secret;
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use url::Url;

/// Pages and accounts to publish to.
#[derive(Debug)]
pub struct Pages(Facebook);

/// The path of a destination: `/{page}`, or `/{page}/{account}` of an Instagram account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Meta's id of the Page.
    pub page: &'a str,
    /// Meta's id of the account.
    pub instagram: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Reads a path; None if it is none.
    pub fn read(path: &'a str) -> Option<Self> {
        let ids = path.strip_prefix('/')?;
        let (page, instagram) = match ids.split_once('/') {
            Some((page, instagram)) => (page, Some(instagram)),
            None => (ids, None),
        };
        (meta::is_id(page) && instagram.is_none_or(meta::is_id)).then_some(Self { page, instagram })
    }

    /// `facebook` or `instagram`.
    pub fn network(self) -> &'static str {
        if self.instagram.is_some() { "instagram" } else { "facebook" }
    }
}

impl Pages {
    /// From the settings, for an app.
    pub fn new(config: &Config, fetcher: Fetcher, app: Credentials) -> Self {
        let asks = Asks { scope: meta::PAGES_SCOPE, needed: meta::PAGES_NEEDED };
        Self(Facebook::asking(config, fetcher, app, asks))
    }
}

impl Provider for Pages {
    fn name(&self) -> &'static str {
        crate::providers::PAGES
    }

    fn client_id(&self) -> &str {
        self.0.client_id()
    }

    fn takes_pkce(&self) -> bool {
        self.0.takes_pkce()
    }

    fn authorize_url(&self, ask: &Ask<'_>) -> Url {
        self.0.authorize_url(ask)
    }

    fn refusal(&self, error: &str, description: &str) -> ProblemCode {
        self.0.refusal(error, description)
    }

    fn exchange<'a>(&'a self, code: CodeGrant<'a>) -> Reply<'a, Grant> {
        self.0.exchange(code)
    }

    fn revoke<'a>(&'a self, token: &'a Secret) -> Reply<'a, bool> {
        self.0.revoke(token)
    }

    fn list<'a>(&'a self, token: &'a Secret, path: &'a str, _after: Option<&'a str>) -> Reply<'a, Page> {
        Box::pin(async move {
            if path != "/" {
                return Err(meta::bad_path());
            }
            let found = meta::of_person(&self.0, token).await?;
            Ok(Page { entries: found.into_iter().map(entry).collect(), after: None })
        })
    }

    fn destination<'a>(&'a self, token: &'a Secret, path: &'a str) -> Reply<'a, Found> {
        Box::pin(async move {
            let place = Place::read(path).ok_or_else(meta::bad_path)?;
            let found = meta::of_page(&self.0, token, place.page).await?;
            let gone = || Failure::tell(ProblemCode::PhotoGone, "the person may not publish there any more");
            found.into_iter().find(|found| found.id == place.instagram.unwrap_or(place.page)).ok_or_else(gone)
        })
    }

    fn is_photo(&self, _path: &str) -> bool {
        false
    }

    fn resolve<'a>(&'a self, _token: &'a Secret, _path: &'a str) -> Reply<'a, RemoteFile> {
        Box::pin(async { Err(meta::bad_path()) })
    }
}

/// As a listing has it.
fn entry(found: Found) -> Entry {
    let (name, path) = match found.network.as_str() {
        "instagram" => (found.username.unwrap_or(found.name), format!("/{}/{}", found.page_id, found.id)),
        _ => (found.name, format!("/{}", found.id)),
    };
    let picture = found.picture_url.map(|url| Picture::single(&path, url));
    Entry { item: Item { name, path, network: Some(found.network), ..Item::default() }, picture }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_and_its_account_are_two_destinations() {
        let found = |network: &str, id: &str| Found {
            network: network.to_owned(),
            id: id.to_owned(),
            page_id: "12".to_owned(),
            name: "Shop".to_owned(),
            username: None,
            picture_url: None,
            token: Secret::default(),
        };
        assert_eq!(entry(found("facebook", "12")).item.path, "/12");
        assert_eq!(entry(found("instagram", "34")).item.path, "/12/34");
        for none in ["", "/", "12", "/12/", "/12/34/56", "/1_2", "/../me", "/12/x"] {
            assert_eq!(Place::read(none), None, "{none}");
        }
    }
}
