//! The queue: photos that are being stored, as rows, so that they survive a closed page and a killed process.
//!
//! A process takes a job for some seconds ([`crate::config::Config::lease_seconds`]) and says while it lives that it needs
//! longer. Of one that is silent, another takes the jobs over; the number of times that a job was taken is in its row, and a
//! worker whose number is no longer that one can end nothing. So a photo is recorded once, whoever was only slow or stopped.

use crate::Shared;
use crate::db::{JobRow, Kind, Millis, Whose, now};
use anyhow::Context as _;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Jobs that another process put into the queue, or gave up, are found after this long at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long transfers may go on when the server stops.
const LAST_TRANSFERS: Duration = Duration::from_secs(10);
/// The longest pause before a job is tried again.
const LONGEST_PAUSE: Millis = 30_000;

/// What came of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The job has its end, or is another's.
    Over,
    /// It ends with this.
    Failed(ProblemCode),
    /// It may go well later.
    Again,
}

/// The tasks that work on the queue.
#[derive(Debug)]
pub struct Workers {
    workers: JoinSet<()>,
    /// The ones that look after all jobs, until the last worker has ended.
    caretakers: JoinSet<()>,
}

/// Puts what a killed process left back into the queue and starts `store_concurrency` workers, each of which does one job at a time
/// with `run`, and those that look after all jobs.
pub async fn start<F, R>(companion: Shared, run: F) -> anyhow::Result<Workers>
where
    F: Fn(Shared, JobRow) -> R + Clone + Send + 'static,
    R: Future<Output = End> + Send + 'static,
{
    if companion.db.kind() == Kind::Sqlite {
        let left = companion.db.requeue_jobs(Whose::Everybody).await.context("cannot read the queue")?;
        if left > 0 {
            tracing::info!(jobs = left, "transfers that were interrupted begin again");
        }
    }
    let mut workers = JoinSet::new();
    for _ in 0..companion.config.store_concurrency {
        workers.spawn(work(companion.clone(), run.clone()));
    }
    let mut caretakers = JoinSet::new();
    caretakers.spawn(look_after(companion.clone()));
    caretakers.spawn(clean_up(companion));
    Ok(Workers { workers, caretakers })
}

impl Workers {
    /// Lets the running jobs end, for some seconds; what is cut off leaves nothing behind, and another process, or this one when it
    /// starts again, begins it anew.
    pub async fn finish(mut self, companion: &Shared) {
        let all = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_TRANSFERS, all).await.is_err() {
            self.workers.shutdown().await;
        }
        self.caretakers.shutdown().await;
        match companion.db.requeue_jobs(Whose::Worker(&companion.name)).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "transfers that had not ended are handed back"),
            Err(error) => tracing::error!(cause = %error, "transfers that had not ended could not be handed back"),
        }
    }
}

/// How long a process may be silent, in the clock of the rows.
pub fn lease(companion: &Shared) -> Millis {
    Millis::try_from(companion.config.lease_seconds.saturating_mul(1000)).unwrap_or(Millis::MAX / 2)
}

/// Says that the process lives and takes over what others have left. It waits for nothing but the database: a storage that is slow
/// is no sign that the process is dead.
async fn look_after(companion: Shared) {
    let mut said = now();
    loop {
        let time = now();
        if time - said >= lease(&companion) / 4 {
            match companion.db.extend_leases(&companion.name, lease(&companion)).await {
                Ok(()) => said = time,
                Err(error) => tracing::error!(cause = %error, "the leases of running jobs could not be extended"),
            }
        }
        match companion.db.requeue_jobs(Whose::Silent).await {
            Ok(0) => {}
            Ok(jobs) => {
                tracing::warn!(jobs, "transfers of a process that is silent begin again");
                companion.new_job.notify_waiters();
            }
            Err(error) => tracing::error!(cause = %error, "the queue could not be read"),
        }
        tokio::time::sleep(LOOK_EVERY.min(Duration::from_millis(lease(&companion).unsigned_abs() / 4))).await;
    }
}

/// Removes what failed transfers left in the storage.
async fn clean_up(companion: Shared) {
    loop {
        match companion.db.unfinished_objects().await {
            Ok(objects) => {
                for (id, storage, key) in objects {
                    if let Err(error) = forget(&companion, &id, &storage, &key).await {
                        let cause = format!("{error:#}");
                        tracing::error!(storage, key, cause, "what a failed transfer left could not be removed");
                    }
                }
            }
            Err(error) => tracing::error!(cause = %error, "the queue could not be read"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn forget(companion: &Shared, id: &str, storage: &str, key: &str) -> anyhow::Result<()> {
    companion.buckets.get(storage)?.forget(key).await?;
    companion.db.forget_object(id, key).await?;
    Ok(())
}

async fn work<F, R>(companion: Shared, run: F)
where
    F: Fn(Shared, JobRow) -> R,
    R: Future<Output = End>,
{
    while !companion.is_stopping() {
        // Listening begins before looking, so that a job which begins in between is not slept through.
        let begun = companion.new_job.notified();
        tokio::pin!(begun);
        begun.as_mut().enable();
        match companion.db.claim_job(&companion.name, lease(&companion)).await {
            Ok(Some(job)) => {
                let running = companion.metrics.running();
                // Named as the request that asked for it, which may be long over.
                let span = tracing::error_span!("job", trace = job.trace, job = job.id, source = job.source);
                let end = AssertUnwindSafe(run(companion.clone(), job.clone())).catch_unwind().instrument(span).await;
                drop(running);
                let end = end.unwrap_or_else(|_| {
                    tracing::error!(job = job.id, "storing a photo panicked");
                    End::Failed(ProblemCode::Internal)
                });
                write_end(&companion, &job, end).await;
                companion.bells.ring(&job.id);
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(cause = %error, "the queue could not be read"),
        }
        tokio::select! {
            () = begun => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => {}
        }
    }
}

/// Writes the end of a transfer down, however long the database takes: while the process lives nobody else does it.
async fn write_end(companion: &Shared, job: &JobRow, end: End) {
    loop {
        let written = match end {
            End::Over => Ok(()),
            End::Failed(code) => companion.db.fail_job(job, code.as_str()).await,
            End::Again => {
                let pause = pause(companion.config.retry_pause, job.tries);
                let written = companion.db.retry_job(job, now() + pause).await;
                if written.is_ok() {
                    wake_after(companion.clone(), pause);
                }
                written
            }
        };
        match written {
            Ok(()) => return count(companion, job, end),
            Err(error) => tracing::error!(job = job.id, cause = %error, "the end of a job could not be written"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => return,
        }
    }
}

fn count(companion: &Shared, job: &JobRow, end: End) {
    match end {
        // A photo that is stored is counted where its size is known.
        End::Over => {}
        End::Failed(code) => companion.metrics.job_failed(&job.source, code),
        End::Again => companion.metrics.job_retried(&job.source),
    }
}

/// The pause before the next try: doubled each time, and never quite the same for jobs that failed together.
pub fn pause(first: u64, tries: i64) -> Millis {
    let doubled = Millis::try_from(first).unwrap_or(LONGEST_PAUSE).saturating_mul(1 << tries.clamp(0, 16));
    let longest = doubled.clamp(1, LONGEST_PAUSE);
    longest - rand::random_range(0..=longest / 4)
}

/// Workers look once a second; a job that is due sooner need not wait for that.
fn wake_after(companion: Shared, pause: Millis) {
    if pause < LOOK_EVERY.as_millis() as Millis {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(pause.unsigned_abs() + 1)).await;
            companion.new_job.notify_one();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        for (tries, longest) in [(0, 500), (1, 1000), (4, 8000), (9, LONGEST_PAUSE), (i64::MAX, LONGEST_PAUSE)] {
            for _ in 0..50 {
                let pause = pause(500, tries);
                assert!((longest * 3 / 4..=longest).contains(&pause), "{tries}: {pause}");
            }
        }
        assert!(pause(0, 3) > 0);
    }
}
