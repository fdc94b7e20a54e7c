//! Copying the chosen photos: `POST /store/` begins a job for each and watches them; the copying itself is [`copy()`], and
//! [`cancel()`] takes wishes back.

mod arrival;
mod cancel;
mod copy;
mod link;
mod trouble;
mod watch;

pub use arrival::HEAD;
pub use cancel::cancel;
pub use copy::{Any, copy, judge_any};
pub use link::{follow, link};
pub use trouble::Trouble;
pub(crate) use watch::events;
pub use watch::{Begun, Watched, stored};

use crate::Shared;
use crate::apps::{App, Authorized};
use crate::bucket::{Buckets, Destination};
use crate::conversion;
use crate::db::{Millis, NewJob};
use crate::error::ApiError;
use crate::policy::{Call, Deed};
use crate::rights::{self, Shown};
use crate::secrets::{self, digest};
use crate::session::{self, Session};
use crate::trace::TraceId;
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::{StoreCloud, StoreEvent, StoreOutcome, StoreReply, StoreRequest, StoreTo};
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Photos in one request; a larger pick takes several.
const MAX_PHOTOS: usize = 1000;
/// Bytes of a container or a path to store to; S3 takes no longer key
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const MAX_DESTINATION: usize = 1024;
/// Types that a page may take, and bytes of each. They are kept with every photo.
const MAX_RULES: usize = 64;
const MAX_RULE: usize = 256;
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
    let wishes = read(&companion.buckets, &body.clouds)?;
    let mut sizes = (None, None);
    for cloud in body.clouds.values() {
        let (path, container) = (cloud.store.path.as_deref(), cloud.store.container.as_deref());
        let policy = shown.allows(&caller.app, Call::Store, Deed { path, container, ..Deed::default() })?;
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
    companion.new_job.notify_waiters();
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

/// What is asked of one source, checked.
struct Wish<'a> {
    source: &'a str,
    paths: BTreeSet<&'a str>,
    accept: String,
    storage: &'a str,
    access: &'a str,
    container: Option<&'a str>,
    destination: Destination,
    /// The JSON of the tasks that are done to each photo.
    recipe: Option<String>,
    log_name: Option<&'a str>,
}

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::with_text(ProblemCode::BadRequest, text)
}

/// Refuses what is stored with every photo, and therefore must not be of any size.
fn check_sizes(cloud: &StoreCloud) -> Result<(), ApiError> {
    check_destination(&cloud.store)?;
    if cloud.accept.len() > MAX_RULES {
        return Err(bad(format!("accept has more than {MAX_RULES} rules.")));
    }
    if cloud.accept.iter().any(|rule| rule.len() > MAX_RULE) {
        return Err(bad(format!("A rule in accept is longer than {MAX_RULE} bytes.")));
    }
    Ok(())
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

fn read<'a>(buckets: &'a Buckets, clouds: &'a BTreeMap<String, StoreCloud>) -> Result<Vec<Wish<'a>>, ApiError> {
    let wishes = clouds.iter().map(|(source, cloud)| {
        check_sizes(cloud)?;
        Accept::parse(&cloud.accept).map_err(|rule| bad(format!("`{rule}` in accept is no file type.")))?;
        let to = &cloud.store;
        let storage = buckets.named(to.location.as_deref()).ok_or_else(|| {
            bad(format!("There is no storage named `{}`.", to.location.as_deref().unwrap_or_default()))
        })?;
        let access = access(to.access.as_deref())?;
        let paths: BTreeSet<&str> = cloud.path.iter().chain(&cloud.paths).map(String::as_str).collect();
        if paths.is_empty() {
            return Err(bad(format!("No path is given for `{source}`.")));
        }
        Ok(Wish {
            source,
            paths,
            accept: serde_json::to_string(&cloud.accept).map_err(ApiError::internal)?,
            storage,
            access,
            container: to.container.as_deref(),
            destination: Destination::new(to.container.as_deref(), to.path.as_deref()),
            recipe: cloud.recipe.as_deref().map(conversion::read_recipe).transpose()?.flatten(),
            log_name: cloud.picker_session_id.as_deref().map(logged_name),
        })
    });
    let wishes: Vec<Wish<'_>> = wishes.collect::<Result<_, _>>()?;
    match wishes.iter().map(|wish| wish.paths.len()).sum() {
        0 => Err(bad("No source is given.")),
        1..=MAX_PHOTOS => Ok(wishes),
        _ => Err(bad(format!("At most {MAX_PHOTOS} photos in one request."))),
    }
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
        let begun = match (provider, &connection) {
            (None, _) => Err(ProblemCode::UnknownSource),
            (Some(provider), _) if !provider.is_photo(path) => Err(ProblemCode::BadPath),
            (_, None) => Err(ProblemCode::SignInAgain),
            (_, Some(connection)) => {
                let prefix = wish.destination.as_str();
                let key = serde_json::json!([
                    session.id,
                    source,
                    path,
                    wish.storage,
                    wish.access,
                    wish.container,
                    prefix,
                    wish.accept,
                    wish.recipe
                ])
                .to_string();
                let job = NewJob {
                    request_key: &digest(&key),
                    session: &session.id,
                    app_key: app.key(),
                    connection_id: Some(&connection.id),
                    source,
                    path,
                    accept: &wish.accept,
                    container: wish.container,
                    prefix,
                    handle: &secrets::handle(),
                    storage: wish.storage,
                    turn,
                    access: wish.access,
                    sizes,
                    trace: trace.as_str(),
                    recipe: wish.recipe.as_deref(),
                    ..NewJob::default()
                };
                // Asking again for the same photo is no further one.
                let most = i64::from(app.settings.max_stores);
                let known = companion.db.has_job(job.request_key).await?;
                if known || companion.db.count_store(&session.id, most).await? {
                    // The visitor may have signed out since the connection was read.
                    let begun = companion.db.begin_job(&secrets::id(), &job).await?.ok_or(ProblemCode::SignInAgain);
                    if begun.is_ok() && !known {
                        companion.metrics.job_begun(source);
                    }
                    begun
                } else {
                    Err(ProblemCode::StoreLimit)
                }
            }
        };
        let begun = match begun {
            Ok(id) => Begun::Job(id),
            Err(code) => {
                tracing::warn!(source, code = code.as_str(), "a photo is not stored");
                companion.metrics.job_refused(provider.map_or("unknown", |provider| provider.name()), code);
                Begun::Failed(Problem::new(code))
            }
        };
        watched.push(Watched { source: source.to_owned(), path: path.to_owned(), begun });
    }
    Ok(())
}
