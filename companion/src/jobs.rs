//! The queue: photos that are being stored, as rows, so that they survive a closed page and a killed process.

use crate::Shared;
use crate::bucket::Destination;
use crate::db::JobRow;
use anyhow::Context as _;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::task::JoinSet;

/// Jobs that another process put into the queue are found after this long at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long transfers may go on when the server stops.
const LAST_TRANSFERS: Duration = Duration::from_secs(10);

/// The tasks that work on the queue.
#[derive(Debug)]
pub struct Workers(JoinSet<()>);

/// Puts what a killed process left back into the queue and starts `store_concurrency` workers, each of which does one job at a time
/// with `run`. `run` ends a job that goes well; one that does not is ended here with the code it returns.
pub async fn start<F, R>(companion: Shared, run: F) -> anyhow::Result<Workers>
where
    F: Fn(Shared, JobRow) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(), ProblemCode>> + Send + 'static,
{
    for job in companion.db.requeue_jobs().await.context("cannot read the queue")? {
        tracing::info!(job = job.id, source = job.source, "what an interrupted transfer left is removed");
        companion.bucket.forget_unfinished(&Destination::from_row(job.prefix), &job.handle).await?;
    }
    let mut tasks = JoinSet::new();
    for _ in 0..companion.config.store_concurrency {
        tasks.spawn(work(companion.clone(), run.clone()));
    }
    Ok(Workers(tasks))
}

impl Workers {
    /// Lets the running jobs end, for some seconds; what is cut off leaves nothing behind and begins again at the next start.
    pub async fn finish(mut self) {
        let all = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_TRANSFERS, all).await.is_err() {
            self.0.shutdown().await;
        }
    }
}

async fn work<F, R>(companion: Shared, run: F)
where
    F: Fn(Shared, JobRow) -> R,
    R: Future<Output = Result<(), ProblemCode>>,
{
    while !companion.is_stopping() {
        // Listening begins before looking, so that a job which begins in between is not slept through.
        let begun = companion.new_job.notified();
        tokio::pin!(begun);
        begun.as_mut().enable();
        match companion.db.claim_job().await {
            Ok(Some(job)) => {
                let id = job.id.clone();
                let result = AssertUnwindSafe(run(companion.clone(), job)).catch_unwind().await.unwrap_or_else(|_| {
                    tracing::error!(job = id, "storing a photo panicked");
                    Err(ProblemCode::Internal)
                });
                if let Err(code) = result
                    && let Err(error) = companion.db.fail_job(&id, code.as_str()).await
                {
                    tracing::error!(job = id, cause = %error, "the end of a job could not be written");
                }
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
