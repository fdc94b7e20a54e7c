//! Signing in, begun, finished and completed, for any provider.
//!
//! A listing without a connection offers a sign-in: a row that the window's address names ([`begin`]). When the window opens, a
//! single-use state is made and the visitor is sent to the provider ([`open`]), whose answer ([`callback`]) ends the row with an
//! outcome. The page learns of it from `/auth/wait` ([`wait()`]), which reads the row: window and page need not be able to speak
//! to each other, nor be served by the same process.
//!
//! But a sign-in that one browser began must not be completed by a person in another: somebody could send its address around
//! and would see the photos of whoever follows it. So what the provider gives stays put until a code comes back
//! ([`complete`]) that only the tab which began can have received: the window's last page hands it to its opener, or to a listed
//! address of the site's own origin ([`page`]). Where there is neither, the visitor types a code that the tab shows, before
//! the provider is asked ([`code`]).

pub mod code;
mod page;
mod wait;

pub use page::problem as problem_page;
pub use wait::wait;

use crate::apps::{App, Authorized, Caller};
use crate::db::{Attempt, Binding, Millis, NewAttempt, NewConnection, TYPING, now};
use crate::error::ApiError;
use crate::providers::{Ask, CodeGrant, Failure, PAGES, Provider, hint};
use crate::secrets::{Secret, digest, token};
use crate::session::{self, Session};
use crate::{Companion, Shared, accounts};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::session::{AuthNeeded, CompleteRequest, SignIn, SignInState, WaitReply};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// A sign-in that was offered can be begun for an hour.
const OFFER_LIVES: Millis = 3600 * 1000;
/// The provider's page must answer within ten minutes.
const STATE_LIVES: Millis = 600 * 1000;
/// The code must be handed in within two minutes; a page that is there does so at once.
const CODE_LIVES: Millis = 120 * 1000;

/// A query that is not understood is as good as an empty one: the visitor gets a page in either case.
type Asked<T> = Result<Query<T>, QueryRejection>;

/// How a sign-in is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Whether the client will complete it with a code.
    pub completes: bool,
    /// Where the client would have its window end.
    pub appurl: Option<&'a str>,
    /// Whether another account is wanted than the provider remembers.
    pub switch_account: bool,
}

/// Offers a sign-in: `auth` of a listing. The inner error says why this client is offered none.
pub async fn begin(
    companion: &Shared,
    caller: &Caller,
    session: &Session,
    source: &str,
    wish: &Wish<'_>,
) -> Result<Result<AuthNeeded, ProblemCode>, ApiError> {
    let settings = &caller.app.settings;
    if !wish.completes && !settings.unbound_sign_in {
        tracing::warn!(
            key = settings.key,
            code = ProblemCode::SignInUnbound.as_str(),
            "a client was offered no sign-in"
        );
        return Ok(Err(ProblemCode::SignInUnbound));
    }
    companion.db.end_unclaimed(&session.id, source, ProblemCode::NotHandedBack.as_str()).await?;
    let last = companion.db.last_outcome(&session.id, source).await?;
    let last_was = |code: ProblemCode| last.as_deref() == Some(code.as_str());
    let binding = match wish.completes {
        false => Binding::Unbound,
        // The last window could not reach the tab, so this one will not either.
        true if last_was(ProblemCode::NotHandedBack) => Binding::Typed,
        true => Binding::Completion,
    };
    let appurl = wish.appurl.filter(|address| caller.app.allows_address(address, &caller.origin));
    let secret = token();
    let id = digest(&secret);
    let attempt = NewAttempt {
        id: &id,
        session: &session.id,
        source,
        binding,
        appurl,
        rerequest: last_was(ProblemCode::PermissionDeclined),
        switch_account: wish.switch_account,
    };
    companion.db.insert_attempt(&attempt).await?;
    Ok(Ok(AuthNeeded {
        redirect_url: companion.config.public(&format!("/api/client/{source}/auth/open?attempt={secret}")),
        attempt: Some(id),
        full_page: appurl.is_some() && binding == Binding::Completion,
        site: Some(site_name(&caller.app, &caller.origin)).filter(|name| !name.is_empty()),
        links: settings.allow_links,
        privacy_url: settings.privacy_url.as_ref().map(Url::to_string),
        problem: None,
    }))
}

/// What the site is called: as it calls itself, or by its host.
fn site_name(app: &App, origin: &str) -> String {
    let host = || Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    app.settings.name.clone().unwrap_or_else(host)
}

/// The query of the window's address.
#[derive(Debug, Default, Deserialize)]
pub struct Open {
    attempt: Option<String>,
    /// `opener` once the window's own script has seen that it has one.
    window: Option<String>,
}

/// A sign-in that can be begun, and the site that it is for.
struct Offered {
    attempt: Attempt,
    app: Arc<App>,
}

/// Finds the sign-in that an address names. The error is the page that says why there is none.
async fn offered(companion: &Shared, source: &str, secret: &str) -> Result<Offered, Response> {
    let failed = |error: sqlx::Error| failed_page(&error.into());
    let attempt = companion.db.offered_attempt(&digest(secret), source, now() - OFFER_LIVES).await.map_err(failed)?;
    let found = attempt.and_then(|attempt| Some((companion.apps.get(&attempt.app_key)?, attempt)));
    match found {
        Some((app, attempt)) => Ok(Offered { attempt, app }),
        None => {
            let code = ProblemCode::SignInExpired;
            tracing::warn!(source, code = code.as_str(), "a sign-in was opened that is unknown, old or over");
            Err(page::problem(code))
        }
    }
}

/// `GET /api/client/{source}/auth/open?attempt=`: sends the visitor to the provider's page.
pub async fn open(
    State(companion): State<Shared>,
    Path(source): Path<String>,
    headers: HeaderMap,
    query: Asked<Open>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let secret = query.attempt.unwrap_or_default();
    let Offered { attempt, app } = match offered(&companion, &source, &secret).await {
        Ok(offered) => offered,
        Err(page) => return page,
    };
    match attempt.binding {
        Binding::Typed if !was_typed_here(&companion, &attempt, &headers) => {
            see_other(&code::address(&source, &secret))
        }
        // A window without an opener has no way back; only its own script can tell whether it has one.
        Binding::Completion if attempt.appurl.is_none() && query.window.as_deref() != Some("opener") => {
            page::look_for_opener(&code::address(&source, &secret))
        }
        _ => go(&companion, &app, &attempt, &source).await,
    }
}

/// Whether the code of a sign-in that needs one was typed into this very browser.
fn was_typed_here(companion: &Shared, attempt: &Attempt, headers: &HeaderMap) -> bool {
    attempt.typing == TYPING[2] && code::browser_of(companion, attempt, headers).is_some()
}

/// Sends the window to the provider.
async fn go(companion: &Shared, app: &App, attempt: &Attempt, source: &str) -> Response {
    let Some(provider) = app.provider(source) else { return page::problem(ProblemCode::UnknownSource) };
    let state = token();
    let verifier = provider.takes_pkce().then(|| Secret::new(token()));
    let challenge = verifier.as_ref().map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose())));
    let opened = companion.db.open_attempt(&attempt.id, &digest(&state), now() + STATE_LIVES, verifier.as_ref()).await;
    if let Err(error) = opened {
        return failed_page(&error.into());
    }
    let url = provider.authorize_url(&Ask {
        redirect_uri: &redirect_uri(companion, source),
        state: &state,
        again: attempt.rerequest,
        switch_account: attempt.switch_account,
        challenge: challenge.as_deref(),
    });
    see_other(url.as_str())
}

/// Redirects a window; what stands in its addresses is for nobody else.
fn see_other(address: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(address) else {
        return failed_page(&ApiError::internal("an address that is no header"));
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    // 303, so that the window follows with a GET from the form of the code too.
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn failed_page(error: &ApiError) -> Response {
    page::problem(error.problem().code)
}

/// Registered at the provider, byte for byte. Who publishes signs in at Facebook, with the address that is registered there already.
pub fn redirect_uri(companion: &Companion, source: &str) -> String {
    let source = if source == PAGES { "facebook" } else { source };
    companion.config.public(&format!("/api/client/{source}/authCallback/open"))
}

/// What the provider brings back.
#[derive(Default, Deserialize)]
pub struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    /// Some of Facebook's dialogs send these in place of the two before.
    error_code: Option<String>,
    error_message: Option<String>,
}

/// What it comes to.
#[derive(Debug, Clone)]
pub struct ProviderAnswer {
    /// To be exchanged for a token.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// The same in the provider's words.
    pub description: String,
}

impl From<Callback> for ProviderAnswer {
    fn from(query: Callback) -> Self {
        Self {
            code: query.code,
            error: query.error.or(query.error_code),
            description: query.error_description.or(query.error_message).unwrap_or_default(),
        }
    }
}

/// `GET /api/client/{source}/authCallback/open`: finishes, and answers a page for the visitor whatever the outcome.
pub async fn callback(
    State(companion): State<Shared>,
    Path(source): Path<String>,
    headers: HeaderMap,
    query: Asked<Callback>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    // In a task of its own: the code can be exchanged once, so a window that is closed meanwhile must not stop it half-way.
    let finishing = tokio::spawn(async move { finish(&companion, &source, &headers, query).await });
    match finishing.await {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => failed_page(&error),
        Err(panic) => failed_page(&ApiError::internal(panic)),
    }
}

async fn finish(companion: &Shared, network: &str, headers: &HeaderMap, query: Callback) -> Result<Response, ApiError> {
    let state = digest(query.state.as_deref().unwrap_or_default());
    let (source, attempt) = match companion.db.take_state(&state, network).await? {
        None if network == "facebook" => (PAGES, companion.db.take_state(&state, PAGES).await?),
        attempt => (network, attempt),
    };
    let found = attempt.and_then(|attempt| Some((companion.apps.get(&attempt.app_key)?, attempt)));
    let Some((app, attempt)) = found else {
        let code = ProblemCode::SignInExpired;
        // It may be somebody who connects accounts for publishing.
        if let Some(address) = accounts::came_back(companion, network, &state, &query.into()).await? {
            return Ok(see_other(address.as_str()));
        }
        tracing::warn!(network, code = code.as_str(), "the provider sent a visitor back with a state unknown or used");
        return Ok(page::problem(code));
    };
    let site = site_name(&app, &attempt.origin);
    let cause = match answered(companion, &app, source, headers, &attempt, query).await {
        Ok(Ok(code)) => {
            tracing::info!(source, "a visitor signed in");
            return Ok(page::connected(source, &attempt, code.as_ref(), &site));
        }
        Ok(Err(failure)) => failure,
        // The cause is logged already; the tab that waits has to hear of it too.
        Err(error) => Failure::tell(error.problem().code, "a fault of the companion"),
    };
    // A token that is refused at once is no token to renew.
    let code = match cause.code() {
        ProblemCode::SignInAgain => ProblemCode::SignInRefused,
        code => code,
    };
    tracing::warn!(source, code = code.as_str(), cause = cause.cause(), hint = hint(code), "a sign-in failed");
    companion.db.end_attempt(&attempt.id, code.as_str()).await?;
    Ok(page::ended(source, &attempt, code))
}

/// Takes in what the provider brought.
async fn answered(
    companion: &Shared,
    app: &App,
    source: &str,
    headers: &HeaderMap,
    attempt: &Attempt,
    query: Callback,
) -> Result<Result<Option<Secret>, Failure>, ApiError> {
    let provider = app.provider(source).ok_or_else(|| ApiError::new(ProblemCode::UnknownSource))?;
    if attempt.state_expires_ms < now() {
        return Ok(Err(Failure::tell(ProblemCode::SignInExpired, "the visitor took more than ten minutes")));
    }
    if attempt.binding == Binding::Typed && !was_typed_here(companion, attempt, headers) {
        let cause = "the code was not typed into the browser that came back";
        return Ok(Err(Failure::tell(ProblemCode::SignInExpired, cause)));
    }
    let ProviderAnswer { code, error, description } = query.into();
    Ok(match (code, error) {
        (Some(code), _) => connect(companion, provider, attempt, &code).await?,
        (None, Some(error)) => {
            let code = provider.refusal(&error, &description);
            Err(Failure::tell(code, "the provider sent the visitor back without a code"))
        }
        (None, None) => Err(Failure::tell(ProblemCode::SignInRefused, "the provider sent neither a code nor an error")),
    })
}

/// Exchanges the provider's code, and keeps what it gives. Answers the code that completes the sign-in, where it needs one.
async fn connect(
    companion: &Shared,
    provider: &dyn Provider,
    attempt: &Attempt,
    code: &str,
) -> Result<Result<Option<Secret>, Failure>, ApiError> {
    let source = provider.name();
    let exchange = CodeGrant {
        code,
        redirect_uri: &redirect_uri(companion, source),
        verifier: attempt.verifier.as_ref(),
        long_lived: attempt.remembered,
    };
    let grant = match provider.exchange(exchange).await {
        Ok(grant) => grant,
        Err(failure) => return Ok(Err(failure)),
    };
    let completion = (attempt.binding == Binding::Completion).then(|| Secret::new(token()));
    let code_hash = completion.as_ref().map(|code| digest(code.expose()));
    let new = NewConnection {
        attempt,
        source,
        client_id: provider.client_id(),
        account_id: &grant.account_id,
        account_name: &grant.account_name,
        token: &grant.token,
        expires_ms: grant.expires_in.map(|seconds| now().saturating_add_unsigned(seconds.saturating_mul(1000))),
        code: code_hash.as_deref().map(|hash| (hash, now() + CODE_LIVES)),
    };
    let over = || Failure::tell(ProblemCode::SignInExpired, "the session ended during the sign-in");
    Ok(if companion.db.connect(&new).await? { Ok(completion) } else { Err(over()) })
}

/// `POST /auth/complete`.
pub async fn complete(
    State(companion): State<Shared>,
    request: Authorized<CompleteRequest>,
) -> Result<Json<WaitReply>, ApiError> {
    let Authorized { caller, body } = request;
    let session = session::require(&companion, &caller, Some(&body.token)).await?;
    let mut clouds = BTreeMap::new();
    for (source, handed) in body.clouds {
        let done = companion.db.complete(&handed.attempt, &session.id, &source, &digest(&handed.code)).await?;
        let outcome = if done {
            SignIn::state(SignInState::Connected)
        } else {
            let code = ProblemCode::SignInExpired;
            tracing::warn!(
                source,
                code = code.as_str(),
                "a sign-in was not completed: its code is another, used or old"
            );
            SignIn::Failed { error: Problem::new(code) }
        };
        clouds.insert(source, outcome);
    }
    Ok(Json(WaitReply { token: session.token, clouds }))
}

/// `POST /api/client/{source}/auth/lost`: the window's last page found nobody to hand its code to, and sends it here.
pub async fn lost(State(companion): State<Shared>, Path(source): Path<String>, body: String) -> StatusCode {
    let Some((attempt, code)) = body.split_once('.') else { return StatusCode::BAD_REQUEST };
    let outcome = ProblemCode::NotHandedBack;
    match companion.db.lose_code(attempt, &source, &digest(code), outcome.as_str()).await {
        Ok(true) => {
            tracing::warn!(source, code = outcome.as_str(), hint = hint(outcome), "a sign-in could not be handed back");
            StatusCode::NO_CONTENT
        }
        // Whoever has no code of ours is not worth a line.
        Ok(false) => StatusCode::NO_CONTENT,
        Err(error) => ApiError::from(error).into_response().status(),
    }
}
