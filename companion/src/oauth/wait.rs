//! Waiting for a sign-in: `POST /auth/wait`, answered once or as a stream.

use super::{OFFER_LIVES, STATE_LIVES, code};
use crate::Shared;
use crate::apps::Authorized;
use crate::db::{CONNECTED, TYPING, now};
use crate::error::ApiError;
use crate::session::{self, Session};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::session::{SignIn, SignInState, WaitFor, WaitReply, WaitRequest};
use futures_util::stream::unfold;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// `/auth/wait` answers after this at the latest, before proxies lose patience.
const WAIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Proxies close a stream that is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Sign-ins that somebody waits for.
struct Waiting {
    companion: Shared,
    session: Session,
    clouds: BTreeMap<String, WaitFor>,
    /// What was told last.
    told: Option<BTreeMap<String, SignIn>>,
}

/// `POST /auth/wait`, in the form that `Accept` asks for.
pub async fn wait(
    State(companion): State<Shared>,
    headers: HeaderMap,
    request: Authorized<WaitRequest>,
) -> Result<Response, ApiError> {
    let Authorized { caller, body } = request;
    let session = session::require(&companion, &caller, Some(&body.token)).await?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let mut waiting = Waiting { companion, session, clouds: body.clouds, told: None };
    if !accept.contains("text/event-stream") {
        // Asked once, it answers at once only with something new: the asker knows that it waits.
        waiting.told = Some(waiting.clouds.keys().map(|source| (source.clone(), WAITING)).collect());
        let clouds = waiting.change(Instant::now() + WAIT).await?;
        return Ok(Json(waiting.reply(clouds)).into_response());
    }
    let place = waiting.companion.limits.stream(&waiting.session.id)?;
    let events = unfold(Some((waiting, place)), |open| async {
        let (mut waiting, place) = open?;
        // Whoever watches has not been forgotten, however long the visitor takes.
        let clouds = waiting.change(Instant::now() + 3 * WAIT).await.ok()?;
        let goes_on = !over(&clouds) && !waiting.companion.is_stopping();
        let event = Event::default().json_data(waiting.reply(clouds));
        Some((event, goes_on.then_some((waiting, place))))
    });
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response())
}

const WAITING: SignIn = SignIn::State { state: SignInState::Waiting, code: None };

fn over(clouds: &BTreeMap<String, SignIn>) -> bool {
    clouds.is_empty() || clouds.values().any(SignIn::has_ended)
}

impl Waiting {
    /// Reads the rows until they say something new, or until the deadline.
    async fn change(&mut self, deadline: Instant) -> Result<BTreeMap<String, SignIn>, ApiError> {
        loop {
            let mut clouds = BTreeMap::new();
            for (source, wanted) in &self.clouds {
                clouds.insert(source.clone(), self.standing(source, &wanted.attempt).await?);
            }
            let is_new = self.told.as_ref() != Some(&clouds);
            if is_new || over(&clouds) || Instant::now() >= deadline || self.companion.is_stopping() {
                self.told = Some(clouds.clone());
                return Ok(clouds);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn reply(&self, clouds: BTreeMap<String, SignIn>) -> WaitReply {
        WaitReply { token: self.session.token.clone(), clouds }
    }

    async fn standing(&self, source: &str, attempt: &str) -> Result<SignIn, ApiError> {
        let failed = |code| SignIn::Failed { error: Problem::new(code) };
        let since = now() - OFFER_LIVES - STATE_LIVES;
        let Some(row) = self.companion.db.sign_in(attempt, &self.session.id, source, since).await? else {
            return Ok(failed(ProblemCode::SignInExpired));
        };
        Ok(match row.outcome {
            Some(outcome) if outcome == CONNECTED => SignIn::state(SignInState::Connected),
            Some(code) => failed(ProblemCode::from_name(&code)),
            // The provider has answered, and nobody has handed the code in.
            None if row.code_expires_ms != 0 && row.code_expires_ms < now() => failed(ProblemCode::NotHandedBack),
            None if row.typing == TYPING[1] => {
                SignIn::State { state: SignInState::Typing, code: Some(code::of(&self.companion, attempt)) }
            }
            None => WAITING,
        })
    }
}
