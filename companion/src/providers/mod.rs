//! The services that photos come from: [`Provider`], its failures, and the list [`NAMES`].
//!
//! A provider knows one vendor's HTTP and nothing of ours: no database, no storage, no browser. It turns paths into calls
//! and the vendor's JSON into [`Entry`]s; the second is done by pure functions, so that it is tested on samples.

mod facebook;
mod instagram;
mod meta;

pub use facebook::Facebook;
pub use instagram::Instagram;
pub use meta::{
    Accounts, Connected, Found, Graph, GraphError, Pages, Part, Place, Seen, Trouble, failure, hint, refusal,
};

use crate::config::Config;
use crate::fetch::{FetchError, Fetcher};
use crate::secrets::Secret;
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::future::BoxFuture;
use std::fmt;
use url::Url;

/// A provider's answer, in the making.
pub type Reply<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// A service that photos come from.
pub trait Provider: fmt::Debug + Send + Sync {
    /// The name on the wire, in URLs and in rows.
    fn name(&self) -> &'static str;

    /// The id of the app at the provider with which it asks. Ids of accounts are that app's.
    fn client_id(&self) -> &str;

    /// Whether it takes PKCE (RFC 7636) with a secret of ours besides.
    fn takes_pkce(&self) -> bool {
        false
    }

    /// The provider's page on which the visitor signs in.
    fn authorize_url(&self, ask: &Ask<'_>) -> Url;

    /// What it means when the provider sends the visitor back without a code. `error` and `description` are what the query says.
    fn refusal(&self, error: &str, description: &str) -> ProblemCode;

    /// Exchanges the code for a token, and checks that it opens the photos.
    fn exchange<'a>(&'a self, code: CodeGrant<'a>) -> Reply<'a, Grant>;

    /// Has the provider lengthen a token's life, long before its end. None where it offers no way to do so.
    fn refresh<'a>(&'a self, _token: &'a Secret) -> Reply<'a, Option<Renewal>> {
        Box::pin(async { Ok(None) })
    }

    /// Has the provider take the app's access back. `false` where it offers no way to do so.
    fn revoke<'a>(&'a self, _token: &'a Secret) -> Reply<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    /// One page of a folder, in one call. `after` is [`Page::after`] of the page before.
    fn list<'a>(&'a self, token: &'a Secret, path: &'a str, after: Option<&'a str>) -> Reply<'a, Page>;

    /// Whether a path is one of a photo of this source, whether or not the photo exists.
    fn is_photo(&self, path: &str) -> bool;

    /// The destination of a path, with the token to publish there; of the one provider that has such.
    fn destination<'a>(&'a self, _token: &'a Secret, _path: &'a str) -> Reply<'a, Found> {
        Box::pin(async { Err(meta::bad_path()) })
    }

    /// Where a photo's bytes are now, in its largest rendition.
    fn resolve<'a>(&'a self, token: &'a Secret, path: &'a str) -> Reply<'a, RemoteFile>;
}

/// An app at a provider: what the provider knows us by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
}

/// What the visitor is sent to the provider with.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where the provider sends them back to, as registered.
    pub redirect_uri: &'a str,
    /// What it brings back.
    pub state: &'a str,
    /// The visitor declined the photos before; the provider does not ask for a declined permission twice unless told to.
    pub again: bool,
    /// The visitor wants another account than the one that the provider remembers.
    pub switch_account: bool,
    /// SHA-256 of the verifier that the exchange will name, base64url (PKCE, S256); for a provider that takes it.
    pub challenge: Option<&'a str>,
}

/// What a code is exchanged with.
#[derive(Debug, Clone, Copy)]
pub struct CodeGrant<'a> {
    /// The code that the provider brought.
    pub code: &'a str,
    /// The same as in [`Ask`].
    pub redirect_uri: &'a str,
    /// What [`Ask::challenge`] was made of.
    pub verifier: Option<&'a Secret>,
    /// Whether the sign-in is to outlast the page: only then is a short-lived token exchanged for a long-lived one.
    pub long_lived: bool,
}

/// What a sign-in brought.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The provider's token.
    pub token: Secret,
    /// Seconds that it lives; none where the provider sets no end.
    pub expires_in: Option<u64>,
    /// The account.
    pub account_id: String,
    /// What the provider calls its owner.
    pub account_name: String,
}

/// What a token was exchanged for.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The provider's token from now on.
    pub token: Secret,
    /// Seconds that it lives.
    pub expires_in: Option<u64>,
}

/// A page of a folder. It may be empty and still have an `after`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the provider's order.
    pub entries: Vec<Entry>,
    /// The cursor of the next page; none at the end. Never a URL: the provider's own carry the token.
    pub after: Option<String>,
}

/// A folder, a photo or a video.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// As it is listed, but without a thumbnail.
    pub item: Item,
    /// Of what its thumbnail is made.
    pub picture: Option<Picture>,
}

/// A picture in the sizes in which the provider has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// The provider's id of the photo: the same for everybody who sees it, in whatever listing.
    pub id: String,
    /// At least one.
    pub renditions: Vec<Rendition>,
}

/// One size of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// Signed by the provider; good for hours or days, and another one each time.
    pub url: String,
    /// Pixels across, where the provider says.
    pub width: Option<u32>,
}

impl Picture {
    /// One that the provider has in a single size, of which it does not say how large that is.
    pub fn single(id: &str, url: String) -> Self {
        Self { id: id.to_owned(), renditions: vec![Rendition { url, width: None }] }
    }
}

/// Where a photo's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Signed by the provider; good for hours or days.
    pub url: Url,
    /// A file name without its extension, which is known once the bytes are.
    pub stem: String,
    /// The visitor's words.
    pub caption: Option<String>,
    /// When it was taken or published, RFC 3339 in UTC.
    pub date: Option<String>,
    /// Pixels, as the provider says.
    pub width: Option<u32>,
    /// Pixels, as the provider says.
    pub height: Option<u32>,
}

/// The three ways in which a provider fails. A cause is for the log: it names codes and traces, never the vendor's sentence,
/// which may repeat the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The token is no longer taken.
    SignInAgain {
        /// Why: [`ProblemCode::SignInAgain`], or a code that says more. After [`ProblemCode::AccountCheckpoint`] a sign-in
        /// works only once the visitor has done at the provider what it asks of them.
        code: ProblemCode,
        /// For the log.
        cause: String,
    },
    /// Something the visitor can be told.
    Tell {
        /// What.
        code: ProblemCode,
        /// For the log.
        cause: String,
    },
    /// Trouble of the provider's, or of the way there.
    Upstream {
        /// For the log.
        cause: String,
        /// Whether trying again soon may help.
        transient: bool,
    },
}

impl Failure {
    /// Something the visitor can be told.
    pub fn tell(code: ProblemCode, cause: impl Into<String>) -> Self {
        Self::Tell { code, cause: cause.into() }
    }

    /// What is sent of it.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::SignInAgain { code, .. } | Self::Tell { code, .. } => *code,
            Self::Upstream { .. } => ProblemCode::SourceUnavailable,
        }
    }

    /// Whether it is about the token, which nothing can be done with any more.
    pub fn ends_token(&self) -> bool {
        matches!(self, Self::SignInAgain { .. })
    }

    /// Whether trying again soon may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Upstream { transient: true, .. })
    }

    /// What is logged of it, beside the [`hint`] for its code.
    pub fn cause(&self) -> &str {
        match self {
            Self::SignInAgain { cause, .. } | Self::Tell { cause, .. } | Self::Upstream { cause, .. } => cause,
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Upstream {
            transient: !matches!(error, FetchError::NotListed(_) | FetchError::TooLarge(_)),
            cause: error.to_string(),
        }
    }
}

/// The names of all providers that photos come from, in the order in which they are offered.
pub const NAMES: [&str; 2] = ["facebook", "instagram"];
/// The provider of destinations, from which nothing is picked.
pub const PAGES: &str = bowerbird_protocol::publish::SOURCE;

/// A provider by its name, asking with this app.
pub fn open(name: &str, config: &Config, fetcher: &Fetcher, app: Credentials) -> Option<Box<dyn Provider>> {
    match name {
        "facebook" => Some(Box::new(Facebook::new(config, fetcher.clone(), app))),
        "instagram" => Some(Box::new(Instagram::new(config, fetcher.clone(), app))),
        PAGES => Some(Box::new(Pages::new(config, fetcher.clone(), app))),
        _ => None,
    }
}

/// The companion's own app at a provider, if it has one.
pub fn default_app(name: &str, config: &Config) -> Option<Credentials> {
    let (id, secret) = match name {
        "facebook" | PAGES => (&config.facebook_app_id, &config.facebook_app_secret),
        "instagram" => (&config.instagram_app_id, &config.instagram_app_secret),
        _ => return None,
    };
    (!id.is_empty()).then(|| Credentials { client_id: id.clone(), client_secret: secret.clone() })
}
