//! Connecting accounts for publishing, white label: with the site's own app at Meta, from the site's page and back to it.
//!
//! A site's server asks for the provider's address ([`begin`]) and sends somebody there. The provider sends them to the companion
//! ([`came_back`]), which finds their accounts, keeps them for an hour, and sends them on to the site with a token. By that the
//! site learns what was found ([`pending`]) and says which of it to connect ([`choose`]), once.
//!
//! None of it is in anybody's words: those are in [`crate::dialects`].

mod seen;

pub use seen::{refresh, renew};

use crate::Companion;
use crate::apps::App;
use crate::db::{AccountRow, ConnectingRow, Millis, NewConnecting, now};
use crate::error::ApiError;
use crate::oauth::{ProviderAnswer, redirect_uri};
use crate::providers::{Accounts, Connected, Failure, Found, hint, refusal};
use crate::secrets::{Secret, digest, id, token};
use bowerbird_protocol::problem::ProblemCode;
use serde::{Deserialize, Serialize};
use url::Url;

/// The provider's page must answer within ten minutes.
const STATE_LIVES: Millis = 600 * 1000;
/// How long a choice can be made, in milliseconds.
pub const SESSION_LIVES: Millis = 3600 * 1000;
/// The longest name of a tenant.
const MAX_TENANT: usize = 64;
/// The `error` that says that nothing was found: the person runs no Page, or ticked none.
pub const NO_ACCOUNTS: &str = "no_accounts";

/// The networks whose accounts can be connected.
pub const NETWORKS: [&str; 2] = ["facebook", "instagram"];

/// Whether it is a name that a site can give to whom an account belongs: up to 64 letters, digits, dashes and underscores.
pub fn is_tenant(text: &str) -> bool {
    let shape = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=MAX_TENANT).contains(&text.len()) && text.bytes().all(shape)
}

/// Why a connection cannot begin. The words are for the developer of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Of the address.
    #[error(
        "This is not one of the key's addresses, character for character; \
         `bowerbird-companion app set KEY --address URL` lists it."
    )]
    Address,
    /// Of the network.
    #[error("The key has no app at this network's provider with which accounts could be connected.")]
    NoApp,
}

/// Begins a connection. `tenant` is one of [`is_tenant`]'s, or empty. Answers the address to send the person to.
pub async fn begin(
    companion: &Companion,
    app: &App,
    network: &str,
    redirect: &str,
    tenant: &str,
) -> Result<Result<Url, Unfit>, ApiError> {
    if !app.settings.addresses.iter().any(|listed| listed == redirect) {
        return Ok(Err(Unfit::Address));
    }
    let Some(provider) = provider(companion, app, network) else { return Ok(Err(Unfit::NoApp)) };
    let state = token();
    let new = NewConnecting {
        id: &id(),
        app_key: app.key(),
        tenant,
        network,
        client_id: provider.client_id(),
        redirect_uri: redirect,
        state_hash: &digest(&state),
        expires_ms: now() + STATE_LIVES,
    };
    companion.db.begin_connecting(&new).await?;
    Ok(Ok(provider.authorize_url(&redirect_uri(companion, network), &state)))
}

fn provider(companion: &Companion, app: &App, network: &str) -> Option<Accounts> {
    Accounts::of(network, &companion.config, &companion.fetcher, app.publishing_app(network)?.clone())
}

/// Why somebody comes back to the site without accounts: a code, and what is logged of it.
struct Ended {
    code: &'static str,
    cause: String,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        // A token that is refused at once is no token to renew.
        let code = match failure.code() {
            ProblemCode::SignInAgain => ProblemCode::SignInRefused,
            code => code,
        };
        Self { code: code.as_str(), cause: failure.cause().to_owned() }
    }
}

/// The provider has sent somebody back. Answers where they go on to; none if the state is not of a connection.
pub async fn came_back(
    companion: &Companion,
    network: &str,
    state_hash: &str,
    answer: &ProviderAnswer,
) -> Result<Option<Url>, ApiError> {
    let Some(row) = companion.db.take_connecting(state_hash, network).await? else { return Ok(None) };
    let Some(app) = companion.apps.get(&row.app_key) else { return Ok(None) };
    // It may have been taken off the list meanwhile.
    let listed = app.settings.addresses.contains(&row.redirect_uri);
    let Some(mut back) = Url::parse(&row.redirect_uri).ok().filter(|_| listed) else { return Ok(None) };
    let found = match find(companion, &app, &row, answer).await {
        Ok(connected) => keep(companion, &row, connected).await,
        Err(ended) => Ok(Err(ended)),
    };
    let ended = match found {
        Ok(Ok(session)) => {
            tracing::info!(network, key = row.app_key, "accounts were found that can be connected");
            back.query_pairs_mut().append_pair("session", &session);
            return Ok(Some(back));
        }
        Ok(Err(ended)) => ended,
        // The cause is logged already; the site that waits has to hear of it too.
        Err(error) => Failure::tell(error.problem().code, "a fault of the companion").into(),
    };
    let code = ProblemCode::from_name(ended.code);
    tracing::warn!(
        network,
        key = row.app_key,
        code = ended.code,
        cause = ended.cause,
        hint = hint(code),
        "connecting failed"
    );
    companion.db.end_connecting(&row.id).await?;
    back.query_pairs_mut().append_pair("error", ended.code).append_pair("error_description", words(ended.code));
    Ok(Some(back))
}

/// Asks the provider for the accounts.
async fn find(
    companion: &Companion,
    app: &App,
    row: &ConnectingRow,
    answer: &ProviderAnswer,
) -> Result<Connected, Ended> {
    if row.expires_ms < now() {
        return Err(Failure::tell(ProblemCode::SignInExpired, "the person took more than ten minutes").into());
    }
    let provider = provider(companion, app, &row.network).filter(|provider| provider.client_id() == row.client_id);
    let Some(provider) = provider else {
        return Err(Failure::tell(ProblemCode::UnknownSource, "the key has another app than when it began").into());
    };
    let connected = match (&answer.code, &answer.error) {
        (Some(code), _) => provider.connect(code, &redirect_uri(companion, &row.network)).await?,
        (None, Some(error)) => {
            let code = refusal(error, &answer.description);
            return Err(Failure::tell(code, "the provider sent the person back without a code").into());
        }
        (None, None) => {
            let cause = "the provider sent neither a code nor an error";
            return Err(Failure::tell(ProblemCode::SignInRefused, cause).into());
        }
    };
    if connected.found.is_empty() {
        return Err(Ended { code: NO_ACCOUNTS, cause: "no account that the person may publish to".to_owned() });
    }
    Ok(connected)
}

/// What a connection holds until the choice, sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    person: String,
    accounts: Vec<Found>,
}

impl Kept {
    fn write(&self) -> Result<Secret, ApiError> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|_| ApiError::internal("what was found could not be written"))
    }
}

async fn keep(
    companion: &Companion,
    row: &ConnectingRow,
    connected: Connected,
) -> Result<Result<String, Ended>, ApiError> {
    let session = token();
    let kept = Kept { person: connected.name, accounts: connected.found }.write()?;
    let until = now() + SESSION_LIVES;
    let db = &companion.db;
    if db.connecting_found(&row.id, &connected.user_id, &kept, &digest(&session), until).await? {
        return Ok(Ok(session));
    }
    Ok(Err(Failure::tell(ProblemCode::SignInExpired, "the connection is no longer there").into()))
}

/// A connection that waits for the choice, or was ended by [`choose_all`].
#[derive(Debug)]
pub struct Pending {
    /// Its row.
    pub row: ConnectingRow,
    /// What the provider calls the person.
    pub person: String,
    /// What can be chosen; nothing more once all of it was.
    pub found: Vec<Found>,
}

/// A connection by its session.
pub async fn pending(companion: &Companion, session: &str) -> Result<Option<Pending>, ApiError> {
    let Some(row) = companion.db.connecting(&digest(session)).await? else { return Ok(None) };
    let kept = row.found.as_ref().and_then(|found| serde_json::from_str::<Kept>(found.expose()).ok());
    Ok(kept.map(|kept| Pending { row, person: kept.person, found: kept.accounts }))
}

impl Pending {
    /// What was found, as it will be connected.
    fn account(&self, found: &Found) -> AccountRow {
        AccountRow {
            id: id(),
            app_key: self.row.app_key.clone(),
            tenant: self.row.tenant.clone(),
            network: found.network.clone(),
            client_id: self.row.client_id.clone(),
            user_id: self.row.user_id.clone(),
            account_id: found.id.clone(),
            page_id: found.page_id.clone(),
            name: found.name.clone(),
            username: found.username.clone(),
            picture_url: found.picture_url.clone(),
            access_token: Some(found.token.clone()),
            problem: None,
            created_ms: 0,
            refreshed_ms: 0,
        }
    }
}

/// Connects those of what was found that are chosen, and ends the connection. Answers them; none when somebody else was first.
pub async fn choose(
    companion: &Companion,
    pending: &Pending,
    chosen: &[&Found],
) -> Result<Option<Vec<AccountRow>>, ApiError> {
    let mut accounts: Vec<AccountRow> = chosen.iter().map(|found| pending.account(found)).collect();
    let Some(ids) = companion.db.choose(&pending.row, &accounts, None).await? else { return Ok(None) };
    // An account that was connected before keeps its id.
    for (account, id) in accounts.iter_mut().zip(ids) {
        account.id = id;
    }
    tracing::info!(key = pending.row.app_key, accounts = accounts.len(), "accounts were connected");
    Ok(Some(accounts))
}

/// Connects all that was found. Until its hour is over the connection still says who the person is, and nothing else. `false` when
/// somebody else was first.
pub async fn choose_all(companion: &Companion, pending: &Pending) -> Result<bool, ApiError> {
    let accounts: Vec<AccountRow> = pending.found.iter().map(|found| pending.account(found)).collect();
    let left = Kept { person: pending.person.clone(), accounts: Vec::new() }.write()?;
    let done = companion.db.choose(&pending.row, &accounts, Some(&left)).await?.is_some();
    if done {
        tracing::info!(key = pending.row.app_key, accounts = accounts.len(), "accounts were connected");
    }
    Ok(done)
}

/// A code in plain words, about accounts to publish to.
pub fn words(code: &str) -> &'static str {
    if code == NO_ACCOUNTS {
        return "No Page or account was found that the person may publish to.";
    }
    match ProblemCode::from_name(code) {
        ProblemCode::SignInCancelled => "The person cancelled.",
        ProblemCode::PermissionDeclined => "The person did not allow all that publishing needs.",
        ProblemCode::PersonalAccount => {
            "Instagram lets nobody publish to personal accounts; a professional one is needed."
        }
        ProblemCode::SignInExpired => "It took too long. Begin again.",
        ProblemCode::UnknownSource => "This network is no longer offered here.",
        ProblemCode::SignInAgain => "The account has to be connected again.",
        ProblemCode::AccessRemoved => "The person has removed the app. The account has to be connected again.",
        ProblemCode::PasswordChanged => "The person has changed their password. The account has to be connected again.",
        code => code.english(),
    }
}
