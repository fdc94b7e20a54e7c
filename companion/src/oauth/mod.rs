//! Signing in, begun and finished, for any provider.
//!
//! A listing without a connection offers a sign-in: a row that the popup's address names. When the popup opens, a single-use
//! state is made and the visitor is sent to the provider, whose answer ends the row with an outcome. The page learns of it from
//! `/auth/wait`, which reads the row: popup and page need not be able to speak to each other, nor be served by the same process.

mod page;

use crate::Shared;
use crate::apps::Authorized;
use crate::db::{CONNECTED, Finishing, Millis, NewConnection, now};
use crate::error::ApiError;
use crate::providers::{Failure, Provider};
use crate::secrets::{digest, token};
use crate::session::{self, Session};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::session::{AuthNeeded, SignIn, SignInState, WaitReply, WaitRequest};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A sign-in that was offered can be begun for an hour.
const OFFER_LIVES: Millis = 3600 * 1000;
/// The provider's page must answer within ten minutes.
const STATE_LIVES: Millis = 600 * 1000;
/// `/auth/wait` answers after this at the latest, before proxies lose patience.
const WAIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A query that is not understood is as good as an empty one: the visitor gets a page in either case.
type Asked<T> = Result<Query<T>, QueryRejection>;

/// Offers a sign-in: `auth` of a listing.
pub async fn begin(companion: &Shared, session: &Session, source: &str) -> Result<AuthNeeded, ApiError> {
    let attempt = token();
    let declined = ProblemCode::PermissionDeclined.as_str();
    companion.db.insert_attempt(&digest(&attempt), &session.id, source, declined).await?;
    let redirect_url = companion.config.public(&format!("/api/client/{source}/auth/open?attempt={attempt}"));
    Ok(AuthNeeded { redirect_url, attempt: Some(attempt) })
}

/// The query of the popup's address.
#[derive(Debug, Default, Deserialize)]
pub struct Open {
    attempt: Option<String>,
}

/// `GET /api/client/{source}/auth/open?attempt=`: sends the visitor to the provider's page.
pub async fn open(State(companion): State<Shared>, Path(source): Path<String>, query: Asked<Open>) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let Some(provider) = companion.provider(&source) else { return page::problem(ProblemCode::UnknownSource) };
    let (state, time) = (token(), now());
    let attempt = digest(&query.attempt.unwrap_or_default());
    let opened =
        companion.db.open_attempt(&attempt, &source, time - OFFER_LIVES, &digest(&state), time + STATE_LIVES).await;
    match opened {
        Ok(Some(ask_again)) => {
            let url = provider.authorize_url(&redirect_uri(&companion, &source), &state, ask_again);
            match HeaderValue::from_str(url.as_str()) {
                Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location), (header::CACHE_CONTROL, NO_STORE)])
                    .into_response(),
                Err(error) => failed_page(&ApiError::internal(error)),
            }
        }
        Ok(None) => {
            tracing::warn!(
                source,
                code = ProblemCode::SignInExpired.as_str(),
                "a sign-in was opened that is unknown, old or over"
            );
            page::problem(ProblemCode::SignInExpired)
        }
        Err(error) => failed_page(&error.into()),
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn failed_page(error: &ApiError) -> Response {
    page::problem(error.problem().code)
}

/// Registered at the provider, byte for byte.
fn redirect_uri(companion: &Shared, source: &str) -> String {
    companion.config.public(&format!("/api/client/{source}/authCallback/open"))
}

/// What the provider brings back.
#[derive(Default, Deserialize)]
pub struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// `GET /api/client/{source}/authCallback/open`: finishes, and answers a page for the visitor whatever the outcome.
pub async fn callback(State(companion): State<Shared>, Path(source): Path<String>, query: Asked<Callback>) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    if companion.provider(&source).is_none() {
        return page::problem(ProblemCode::UnknownSource);
    }
    // In a task of its own: the code can be exchanged once, so a popup that is closed meanwhile must not stop it half-way.
    let finishing = tokio::spawn(async move { finish(&companion, &source, query).await });
    match finishing.await {
        Ok(Ok(Told { outcome: Ok(()), .. })) => page::connected(),
        // The page has been told too and shows the same words, so this window can go.
        Ok(Ok(Told { outcome: Err(code), to_page: true })) => page::ended(code),
        Ok(Ok(Told { outcome: Err(code), to_page: false })) => page::problem(code),
        Ok(Err(error)) => failed_page(&error),
        Err(panic) => failed_page(&ApiError::internal(panic)),
    }
}

struct Told {
    outcome: Result<(), ProblemCode>,
    /// Whether the row that the page watches has it.
    to_page: bool,
}

async fn finish(companion: &Shared, source: &str, query: Callback) -> Result<Told, ApiError> {
    let provider = companion.provider(source).ok_or_else(|| ApiError::new(ProblemCode::UnknownSource))?;
    let state = digest(&query.state.unwrap_or_default());
    let Some(attempt) = companion.db.take_state(&state, source).await? else {
        tracing::warn!(
            source,
            code = ProblemCode::SignInExpired.as_str(),
            "the provider sent a visitor back with a state unknown or used"
        );
        return Ok(Told { outcome: Err(ProblemCode::SignInExpired), to_page: false });
    };
    let ended = if attempt.state_expires_ms < now() {
        Err(Failure::tell(ProblemCode::SignInExpired, "the visitor took more than ten minutes"))
    } else {
        match (query.code, query.error) {
            (Some(code), _) => connect(companion, provider, &attempt, &code).await?,
            (None, Some(error)) => {
                Err(Failure::tell(provider.refusal(&error), "the provider sent the visitor back without a code"))
            }
            (None, None) => {
                Err(Failure::tell(ProblemCode::SignInRefused, "the provider sent neither a code nor an error"))
            }
        }
    };
    let outcome = match ended {
        Ok(()) => {
            tracing::info!(source, "a visitor signed in");
            Ok(())
        }
        Err(failure) => {
            // A token that is refused at once is no token to renew.
            let code = match failure.code() {
                ProblemCode::SignInAgain => ProblemCode::SignInRefused,
                code => code,
            };
            tracing::warn!(source, code = code.as_str(), cause = failure.cause(), "a sign-in failed");
            companion.db.end_attempt(&attempt.id_hash, code.as_str()).await?;
            Err(code)
        }
    };
    Ok(Told { outcome, to_page: true })
}

async fn connect(
    companion: &Shared,
    provider: &dyn Provider,
    attempt: &Finishing,
    code: &str,
) -> Result<Result<(), Failure>, ApiError> {
    let source = provider.name();
    let grant = match provider.exchange(code, &redirect_uri(companion, source)).await {
        Ok(grant) => grant,
        Err(failure) => return Ok(Err(failure)),
    };
    let expires = grant.expires_in.map(|seconds| now().saturating_add_unsigned(seconds.saturating_mul(1000)));
    let connected = companion
        .db
        .connect(&NewConnection {
            attempt,
            source,
            account_id: &grant.account_id,
            account_name: &grant.account_name,
            token: &grant.token,
            expires_ms: expires,
        })
        .await?;
    let over = || Failure::tell(ProblemCode::SignInExpired, "the session ended during the sign-in");
    Ok(if connected { Ok(()) } else { Err(over()) })
}

/// `POST /auth/wait`.
pub async fn wait(
    State(companion): State<Shared>,
    request: Authorized<WaitRequest>,
) -> Result<Json<WaitReply>, ApiError> {
    let Authorized { app, body } = request;
    let session = session::require(&companion, &app, Some(&body.token)).await?;
    let deadline = Instant::now() + WAIT;
    loop {
        let mut clouds = BTreeMap::new();
        for (source, wanted) in &body.clouds {
            clouds.insert(source.clone(), standing(&companion, &session, source, &wanted.attempt).await?);
        }
        let waiting = SignIn::State { state: SignInState::Waiting };
        let some_ended = clouds.values().any(|sign_in| *sign_in != waiting);
        if some_ended || clouds.is_empty() || Instant::now() >= deadline || companion.is_stopping() {
            return Ok(Json(WaitReply { token: session.token, clouds }));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn standing(companion: &Shared, session: &Session, source: &str, attempt: &str) -> Result<SignIn, ApiError> {
    let failed = |code| SignIn::Failed { error: Problem::new(code) };
    if companion.provider(source).is_none() {
        return Ok(failed(ProblemCode::UnknownSource));
    }
    let row = companion.db.attempt(&digest(attempt), &session.id, source, now() - OFFER_LIVES - STATE_LIVES).await?;
    Ok(match row.map(|row| row.outcome) {
        None => failed(ProblemCode::SignInExpired),
        Some(None) => SignIn::State { state: SignInState::Waiting },
        Some(Some(outcome)) if outcome == CONNECTED => SignIn::State { state: SignInState::Connected },
        Some(Some(code)) => failed(ProblemCode::from_name(&code)),
    })
}
