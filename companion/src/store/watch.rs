//! Watching jobs: rows in, events out. Who watches has no part in the copying; a watcher that goes away stops nothing.

use crate::Shared;
use crate::db::{FileRow, JobState, Standing};
use crate::limits::Place;
use crate::secrets::hmac_hex;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::{StoreEvent, StoredFile};
use futures_util::Stream;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// How often the rows are read: all of a request in one query.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// How long the rows are left alone for each photo that is open, when one of them has ended here: who watches a thousand is not to read
/// a thousand rows for each.
const REST: Duration = Duration::from_millis(1);
/// Events that a slow reader may leave waiting.
const WAITING_EVENTS: usize = 64;

/// A photo that is asked for.
#[derive(Debug)]
pub struct Watched {
    /// Source name.
    pub source: String,
    /// The photo's path.
    pub path: String,
    /// What became of the wish so far.
    pub begun: Begun,
}

/// What became of a wish.
#[derive(Debug)]
pub enum Begun {
    /// It has a job.
    Job(String),
    /// It cannot have one.
    Failed(Problem),
}

/// The events of these photos until all have ended, with the place that they take up. Without a final [`StoreEvent::Done`] the
/// server stopped in between.
pub fn events(companion: Shared, watched: Vec<Watched>, place: Option<Place>) -> impl Stream<Item = StoreEvent> {
    let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
    tokio::spawn(async move {
        if let Err(NobodyListens) = watch(companion, watched, sender).await {
            tracing::debug!("a store stream was closed by its reader");
        }
    });
    futures_util::stream::unfold((receiver, place), |(mut receiver, place)| async move {
        Some((receiver.recv().await?, (receiver, place)))
    })
}

/// Who waits for the end of which job. Only those that end in this process ring; what others do is seen at the next look.
#[derive(Debug, Default)]
pub struct Bells(Mutex<HashMap<String, Vec<Arc<Notify>>>>);

impl Bells {
    /// A job has ended.
    pub fn ring(&self, job: &str) {
        for bell in self.lock().get(job).into_iter().flatten() {
            bell.notify_one();
        }
    }

    fn hang<'a>(&'a self, jobs: Vec<String>) -> Hung<'a> {
        let bell = Arc::new(Notify::new());
        let mut bells = self.lock();
        for job in &jobs {
            bells.entry(job.clone()).or_default().push(Arc::clone(&bell));
        }
        drop(bells);
        Hung { bells: self, jobs, bell }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Notify>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bell that hangs at jobs until this is dropped.
struct Hung<'a> {
    bells: &'a Bells,
    jobs: Vec<String>,
    bell: Arc<Notify>,
}

impl Drop for Hung<'_> {
    fn drop(&mut self) {
        let mut bells = self.bells.lock();
        for job in &self.jobs {
            let Some(hung) = bells.get_mut(job) else { continue };
            hung.retain(|bell| !Arc::ptr_eq(bell, &self.bell));
            if hung.is_empty() {
                bells.remove(job);
            }
        }
    }
}

struct NobodyListens;

async fn watch(
    companion: Shared,
    watched: Vec<Watched>,
    sender: mpsc::Sender<StoreEvent>,
) -> Result<(), NobodyListens> {
    let tell = async |event| sender.send(event).await.map_err(|_| NobodyListens);
    let mut open = Vec::new();
    for Watched { source, path, begun } in watched {
        match begun {
            Begun::Job(id) => open.push(Open { id, source, path, seen: None }),
            Begun::Failed(error) => tell(StoreEvent::Failed { source, path, error }).await?,
        }
    }
    // It hangs before the first look, so that no end is missed.
    let hung = companion.bells.hang(open.iter().map(|open| open.id.clone()).collect());
    while !open.is_empty() {
        let ids: Vec<&str> = open.iter().map(|open| open.id.as_str()).collect();
        // What cannot be read for a while goes on all the same, so nothing is told of it.
        let standings = companion.db.standings(&ids).await.inspect_err(|error| {
            tracing::error!(cause = %error, "jobs that are watched could not be read");
        });
        let mut still_open = Vec::with_capacity(open.len());
        for mut photo in open {
            let found = match &standings {
                Ok(standings) => standings.iter().find(|standing| standing.id == photo.id),
                Err(_) => {
                    still_open.push(photo);
                    continue;
                }
            };
            let (event, ended) = match found {
                Some(standing) => photo.changed(&companion, standing).await,
                // It has had its time.
                None => (Some(photo.failed(ProblemCode::Internal)), true),
            };
            if let Some(event) = event {
                tell(event).await?;
            }
            if !ended {
                still_open.push(photo);
            }
        }
        open = still_open;
        if sender.is_closed() {
            return Err(NobodyListens);
        }
        if !open.is_empty() {
            if companion.is_stopping() {
                return Ok(());
            }
            let rung = async {
                hung.bell.notified().await;
                tokio::time::sleep(REST * u32::try_from(open.len()).unwrap_or(u32::MAX)).await;
            };
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
    tell(StoreEvent::Done).await
}

struct Open {
    id: String,
    source: String,
    path: String,
    seen: Option<(u64, Option<u64>)>,
}

impl Open {
    fn failed(&self, code: ProblemCode) -> StoreEvent {
        StoreEvent::Failed { source: self.source.clone(), path: self.path.clone(), error: Problem::new(code) }
    }

    /// The event of what has changed, and whether the photo has ended.
    async fn changed(&mut self, companion: &Shared, standing: &Standing) -> (Option<StoreEvent>, bool) {
        let now = (standing.received, standing.total);
        match standing.state {
            JobState::Queued => (None, false),
            JobState::Running if self.seen == Some(now) => (None, false),
            JobState::Running => {
                self.seen = Some(now);
                (
                    Some(StoreEvent::Progress {
                        source: self.source.clone(),
                        path: self.path.clone(),
                        received: now.0,
                        total: now.1,
                    }),
                    false,
                )
            }
            JobState::Failed => {
                let code = ProblemCode::from_name(standing.problem.as_deref().unwrap_or_default());
                (Some(self.failed(code)), true)
            }
            JobState::Stored => match companion.db.file(&standing.handle).await {
                Ok(Some(file)) => {
                    let file = Box::new(stored(companion, file));
                    (Some(StoreEvent::Stored { source: self.source.clone(), path: self.path.clone(), file }), true)
                }
                Ok(None) => (Some(self.failed(ProblemCode::PhotoGone)), true),
                Err(error) => {
                    tracing::error!(cause = %error, "a stored file could not be read from the database");
                    (None, false)
                }
            },
        }
    }
}

/// A file as the page is told of it.
pub fn stored(companion: &Shared, file: FileRow) -> StoredFile {
    let pixels = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    let app = companion.apps.get(&file.app_key);
    let secret = app.as_ref().and_then(|app| app.settings.secret.as_ref());
    let signed = format!("{}.{}.{}.{}", file.handle, file.sha256, file.size, file.source);
    StoredFile {
        signature: secret.map(|secret| hmac_hex(secret, &signed)),
        url: companion.config.file_url(&file.handle),
        handle: file.handle,
        filename: file.filename,
        mimetype: file.mimetype,
        size: file.size.unsigned_abs(),
        client: file.source,
        key: file.object_key,
        container: file.container,
        // Filestack leaves it out where nothing was stored.
        status: if file.link_connection.is_none() { "Stored".to_owned() } else { String::new() },
        sha256: file.sha256,
        width: pixels(file.width),
        height: pixels(file.height),
        caption: file.caption,
        date: file.taken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_bell_rings_for_its_own_jobs_and_is_taken_down() {
        let bells = Bells::default();
        let (one, two) = (bells.hang(vec!["a".to_owned()]), bells.hang(vec!["a".to_owned(), "b".to_owned()]));
        bells.ring("b");
        bells.ring("nobody's");
        assert!(two.bell.notified().now_or_never().is_some());
        assert!(one.bell.notified().now_or_never().is_none());
        drop(two);
        bells.ring("a");
        assert!(one.bell.notified().now_or_never().is_some());
        drop(one);
        assert!(bells.lock().is_empty());
    }
}
