//! Copying the chosen photos: `POST /store/` begins a job for each and watches them; the copying itself is [`copy()`], and
//! [`cancel()`] takes wishes back.

mod arrival;
mod cancel;
mod copy;
mod edit;
mod link;
mod trouble;
mod watch;
mod wish;

pub use arrival::HEAD;
pub use cancel::cancel;
pub(crate) use cancel::discard;
pub use copy::{Any, copy, judge_any};
pub use link::{follow, link};
pub use trouble::Trouble;
pub(crate) use watch::events;
pub use watch::{Begun, Bells, Watched, stored};

use crate::Shared;
use crate::apps::{App, Authorized};
use crate::db::{FROM_ADDRESS, Millis, NewJob};
use crate::error::ApiError;
use crate::policy::{Call, Deed};
use crate::rights::{self, Shown};
use crate::secrets;
use crate::session::{self, Session};
use crate::trace::TraceId;
use crate::upload::address;
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::{StoreEvent, StoreOutcome, StoreReply, StoreRequest, StoreTo};
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::time::Duration;
use wish::Wish;

/// Photos in one request; a larger pick takes several.
const MAX_PHOTOS: usize = 1000;
/// Bytes of a container or a path to store to; S3 takes no longer key
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const MAX_DESTINATION: usize = 1024;
/// Characters of a dialog's name that the log repeats.
const LOGGED: usize = 64;
/// Milliseconds in the queue between two photos of a visitor, about what one takes: so long a visitor who comes later waits for
/// each of those who came before.
const TURN: Millis = 100;
/// Proxies close a stream that is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `POST /store/`, in the form that `Accept` asks for.
pub async fn store(
    State(companion): State<Shared>,
    Extension(trace): Extension<TraceId>,
    headers: HeaderMap,
    request: Authorized<StoreRequest>,
) -> Result<Response, ApiError> {
    let Authorized { caller, body } = request;
    let as_stream = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    let session = session::require(&companion, &caller, body.token.as_deref()).await?;
    let shown = Shown { policy: body.policy.clone(), signature: body.signature.clone() };
    let wishes = wish::read(&companion.buckets, &body.clouds)?;
    let mut sizes = (None, None);
    for (wish, cloud) in wishes.iter().zip(body.clouds.values()) {
        let (path, container) = (cloud.store.path.as_deref(), cloud.store.container.as_deref());
        let deed = Deed { path, container, ..Deed::default() };
        let policy = shown.allows(&caller.app, Call::Store, deed)?;
        for url in wish.addresses() {
            shown.allows(&caller.app, Call::Store, Deed { url: Some(url.as_str()), ..deed })?;
        }
        sizes = policy.map_or(sizes, |policy| (policy.min_size(), policy.max_size()));
    }
    if !as_stream && wishes.iter().any(|wish| wish.paths.len() != 1) {
        return Err(bad("One photo a source, or ask for Accept: text/event-stream."));
    }
    // Before anything is begun, so that asking again is no different.
    let place = as_stream.then(|| companion.limits.stream(&session.id)).transpose()?;
    rights::has_room(&companion, &caller.app).await?;
    let mut watched = Vec::new();
    for wish in &wishes {
        begin(&companion, &caller.app, &session, &trace, wish, sizes, &mut watched).await?;
    }
    // Not all of those who wait: each would look into the queue, and all but a few in vain.
    for _ in 0..watched.len().min(companion.config.store_concurrency) {
        companion.new_job.notify_one();
    }
    let events = watch::events(companion, watched, place);
    if as_stream {
        let stream = events.map(|event| Event::default().event(event.name()).json_data(&event));
        let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
        return Ok((unbuffered, Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response());
    }
    Ok(Json(StoreReply { token: session.token, clouds: outcomes(events).await? }).into_response())
}

async fn outcomes(
    events: impl futures_util::Stream<Item = StoreEvent>,
) -> Result<BTreeMap<String, StoreOutcome>, ApiError> {
    let mut clouds = BTreeMap::new();
    let mut done = false;
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            StoreEvent::Stored { source, file, .. } => drop(clouds.insert(source, StoreOutcome::Stored(file))),
            StoreEvent::Failed { source, error, .. } => drop(clouds.insert(source, StoreOutcome::Failed { error })),
            StoreEvent::Progress { .. } => {}
            StoreEvent::Done => done = true,
        }
    }
    // The server is stopping; the photo is stored after its next start, and asking again tells so.
    if done { Ok(clouds) } else { Err(ApiError::new(ProblemCode::SourceUnavailable)) }
}

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::with_text(ProblemCode::BadRequest, text)
}

/// Refuses a container or a path that no storage takes.
pub(crate) fn check_destination(to: &StoreTo) -> Result<(), ApiError> {
    for (name, value) in [("container", &to.container), ("path", &to.path)] {
        if value.as_ref().is_some_and(|value| value.len() > MAX_DESTINATION) {
            return Err(bad(format!("`{name}` in store is longer than {MAX_DESTINATION} bytes.")));
        }
    }
    Ok(())
}

/// Who may read what is stored: everybody who has its URL, unless it is to be private.
pub(crate) fn access(wanted: Option<&str>) -> Result<&'static str, ApiError> {
    match wanted {
        None | Some("public") => Ok("public"),
        Some("private") => Ok("private"),
        Some(other) => Err(bad(format!("access `{other}` is neither `public` nor `private`."))),
    }
}

fn logged_name(name: &str) -> &str {
    name.char_indices().nth(LOGGED).map_or(name, |(end, _)| &name[..end])
}

/// Begins, or finds again, a job for each photo of a source.
async fn begin(
    companion: &Shared,
    app: &App,
    session: &Session,
    trace: &TraceId,
    wish: &Wish<'_>,
    sizes: (Option<u64>, Option<u64>),
    watched: &mut Vec<Watched>,
) -> Result<(), ApiError> {
    let source = wish.source;
    let provider = app.provider(source);
    let connection = match provider {
        Some(provider) => {
            let connection = companion.db.connection(&session.id, source).await?;
            connection.filter(|connection| connection.client_id == provider.client_id())
        }
        None => None,
    };
    tracing::info!(source, photos = wish.paths.len(), picker = wish.log_name, "storing is asked for");
    let first = companion.db.next_turn(&session.id, TURN).await?;
    for (&path, turn) in wish.paths.iter().zip((first..).step_by(TURN as usize)) {
        let refusal = match (provider, &connection) {
            _ if source == FROM_ADDRESS => {
                address::read(path).err().map(|error| Problem { code: ProblemCode::BadPath, ..error.problem().clone() })
            }
            (None, _) => Some(Problem::new(ProblemCode::UnknownSource)),
            (Some(provider), _) if !provider.is_photo(path) => Some(Problem::new(ProblemCode::BadPath)),
            (_, None) => Some(Problem::new(ProblemCode::SignInAgain)),
            (_, Some(_)) => None,
        };
        let begun = match refusal {
            Some(problem) => Err(problem),
            None => {
                let recipe = wish.recipe_of(path);
                let job = NewJob {
                    request_key: &wish.request_key(&session.id, path, recipe.as_deref()),
                    session: &session.id,
                    app_key: app.key(),
                    connection_id: connection.as_ref().map(|connection| connection.id.as_str()),
                    source,
                    path,
                    accept: wish.accept(),
                    container: wish.container,
                    prefix: wish.destination.as_str(),
                    handle: &secrets::handle(),
                    storage: wish.storage,
                    turn,
                    access: wish.access,
                    filename: wish.name_of(path),
                    tags: wish.tags.as_deref(),
                    sizes: (sizes.0, sizes.1.into_iter().chain(wish.max_size).min()),
                    trace: trace.as_str(),
                    recipe: recipe.as_deref(),
                    image: wish.image.as_deref(),
                    plain_key: wish.plain_key,
                    ..NewJob::default()
                };
                // Asking again for the same photo is no further one.
                let most = i64::from(app.settings.max_stores);
                let counted = companion.db.count_wish(&session.id, job.request_key, most).await?;
                if counted || companion.db.has_job(job.request_key).await? {
                    // The visitor may have signed out since the connection was read.
                    let begun = companion.db.begin_job(&secrets::id(), &job).await?;
                    if begun.is_some() && counted {
                        companion.metrics.job_begun(source);
                    }
                    begun.ok_or_else(|| Problem::new(ProblemCode::SignInAgain))
                } else {
                    Err(Problem::new(ProblemCode::StoreLimit))
                }
            }
        };
        let begun = match begun {
            Ok(id) => Begun::Job(id),
            Err(problem) => {
                tracing::warn!(source, code = problem.code.as_str(), "a photo is not stored");
                let known = if source == FROM_ADDRESS { FROM_ADDRESS } else { "unknown" };
                companion.metrics.job_refused(provider.map_or(known, |provider| provider.name()), problem.code);
                Begun::Failed(problem)
            }
        };
        watched.push(Watched { source: source.to_owned(), path: path.to_owned(), begun });
    }
    Ok(())
}
