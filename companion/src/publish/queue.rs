//! The queue of publications, as that of jobs: rows that processes take for some seconds at a time.

use super::run::{self, Made, Outcome, tidy};
use super::standing;
use crate::Shared;
use crate::db::{Kind, Millis, PostRow, PublicationEnd, PublicationRow, Whose, now};
use crate::jobs::{lease, pause};
use crate::notices::{self, Event};
use anyhow::Context as _;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// What others put into the queue, or what has become due, is found after this long at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long publications may go on when the server stops; each goes on where it was.
const LAST: Duration = Duration::from_secs(10);

/// The tasks that publish.
#[derive(Debug)]
pub struct Publishers(JoinSet<()>, JoinSet<()>);

/// Puts what a killed process left back and starts `publish_concurrency` workers.
pub async fn start(companion: Shared) -> anyhow::Result<Publishers> {
    if companion.db.kind() == Kind::Sqlite {
        let left = companion.db.requeue_publications(Whose::Everybody).await.context("cannot read the publications")?;
        if left > 0 {
            tracing::info!(publications = left, "publications that were interrupted go on");
        }
    }
    let (mut workers, mut caretakers) = (JoinSet::new(), JoinSet::new());
    for _ in 0..companion.config.publish_concurrency {
        workers.spawn(work(companion.clone()));
    }
    caretakers.spawn(look_after(companion.clone()));
    caretakers.spawn(clean_up(companion));
    Ok(Publishers(workers, caretakers))
}

impl Publishers {
    /// Lets the running ones come to a step's end, for some seconds.
    pub async fn finish(mut self, companion: &Shared) {
        let all = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST, all).await.is_err() {
            self.0.shutdown().await;
        }
        self.1.shutdown().await;
        if let Err(error) = companion.db.requeue_publications(Whose::Worker(&companion.name)).await {
            tracing::error!(cause = %error, "publications that had not ended could not be handed back");
        }
    }
}

/// Says that the process lives and takes over what others have left.
async fn look_after(companion: Shared) {
    let mut said = now();
    loop {
        if now() - said >= lease(&companion) / 4 {
            match companion.db.extend_publications(&companion.name, lease(&companion)).await {
                Ok(()) => said = now(),
                Err(error) => tracing::error!(cause = %error, "the leases of publications could not be extended"),
            }
        }
        match companion.db.requeue_publications(Whose::Silent).await {
            Ok(0) => {}
            Ok(publications) => {
                tracing::warn!(publications, "publications of a process that is silent go on");
                companion.new_publication.notify_waiters();
            }
            Err(error) => tracing::error!(cause = %error, "the publications could not be read"),
        }
        tokio::time::sleep(LOOK_EVERY.min(Duration::from_millis(lease(&companion).unsigned_abs() / 4))).await;
    }
}

async fn clean_up(companion: Shared) {
    loop {
        if let Err(error) = tidy::all(&companion).await {
            tracing::error!(cause = %error, "the publications could not be read");
        }
        tokio::time::sleep(tidy::LOOK_EVERY).await;
    }
}

async fn work(companion: Shared) {
    while !companion.is_stopping() {
        let begun = companion.new_publication.notified();
        tokio::pin!(begun);
        begun.as_mut().enable();
        match companion.db.claim_publication(&companion.name, lease(&companion)).await {
            Ok(Some(row)) => {
                let span =
                    tracing::error_span!("publication", trace = row.trace, publication = row.id, kind = row.kind);
                let run = AssertUnwindSafe(run::run(&companion, &row)).catch_unwind().instrument(span).await;
                let outcome = run.unwrap_or_else(|_| {
                    tracing::error!(publication = row.id, "publishing panicked");
                    Outcome::Wait { pause: None, tried: true }
                });
                write_end(&companion, &row, outcome).await;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(cause = %error, "the publications could not be read"),
        }
        tokio::select! {
            () = begun => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => {}
        }
    }
}

/// Writes down what became of a run, however long the database takes.
async fn write_end(companion: &Shared, row: &PublicationRow, outcome: Outcome) {
    loop {
        let written = match &outcome {
            Outcome::TakenOver => Ok(()),
            Outcome::Wait { pause: wait, tried } => {
                let wait = wait.and_then(|wait| Millis::try_from(wait.as_millis()).ok());
                let wait = wait.unwrap_or_else(|| pause(companion.config.retry_pause, row.tries));
                companion.db.retry_publication(row, now() + wait, *tried).await
            }
            Outcome::End(end, made) => ended(companion, row, end, made).await,
        };
        match written {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(publication = row.id, cause = %error, "the end of a publication could not be written")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = companion.stopped() => return,
        }
    }
}

async fn ended(companion: &Shared, row: &PublicationRow, end: &PublicationEnd, made: &Made) -> sqlx::Result<()> {
    let account = companion.db.account(&row.app_key, &row.account_id).await?;
    let notices = match account {
        Some(account) if *end != PublicationEnd::Cancelled => {
            notices::about(companion, &row.app_key, Event::Exported { row, account: &account, end })
        }
        _ => Vec::new(),
    };
    let all = companion.db.publications(&row.post_id).await?;
    let accounts = standing::accounts_of(companion, &all).await?;
    let of_post = |post: &PostRow, all: &[PublicationRow]| {
        let told = standing::of_accounts(all, &accounts);
        let is_over = told.iter().any(|account| account["status"] != "cancelled");
        let about = || notices::about(companion, &post.app_key, Event::PostEnded { post, accounts: &told });
        if is_over { about() } else { Vec::new() }
    };
    if let Some(notices) = companion.db.end_publication(row, end, &made.written(), notices, of_post).await? {
        notices::told(companion, &notices);
        if let PublicationEnd::Published { id, .. } = end {
            tracing::info!(publication = row.id, kind = row.kind, id, "published");
        }
    }
    Ok(())
}
