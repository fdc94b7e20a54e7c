//! The queue of photos to be stored.

use super::{Db, FileRow, Millis, now, placeholders};
use bowerbird_protocol::problem::ProblemCode;
use sqlx::{AssertSqlSafe, FromRow};

/// What begins a job.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// The same for the same wish of the same session.
    pub request_key: &'a str,
    /// The session, by the id of its row.
    pub session: &'a str,
    /// The site.
    pub app_key: &'a str,
    /// With whose token.
    pub connection_id: &'a str,
    /// From where.
    pub source: &'a str,
    /// Which photo.
    pub path: &'a str,
    /// Which types the page takes, as JSON.
    pub accept: &'a str,
    /// The container asked for, to be told again.
    pub container: Option<&'a str>,
    /// The prefix of the key.
    pub prefix: &'a str,
    /// The handle, if the job is new.
    pub handle: &'a str,
}

/// A job that a worker has taken.
#[derive(Debug, Clone, FromRow)]
pub struct JobRow {
    /// Its id.
    pub id: String,
    /// The site.
    pub app_key: String,
    /// With whose token; none when the provider no longer takes it.
    pub connection_id: Option<String>,
    /// From where.
    pub source: String,
    /// Which photo.
    pub path: String,
    /// Which types the page takes, as JSON.
    pub accept: String,
    /// The container asked for.
    pub container: Option<String>,
    /// The prefix of the key.
    pub prefix: String,
    /// The handle that the file will have.
    pub handle: String,
}

/// Where a job is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// Is being copied.
    Running,
    /// Ended well.
    Stored,
    /// Ended badly.
    Failed,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The job.
    pub id: String,
    /// Where it is.
    pub state: JobState,
    /// Bytes so far.
    pub received: u64,
    /// Bytes in all.
    pub total: Option<u64>,
    /// The code of the problem that it failed with.
    pub problem: Option<String>,
    /// The handle of the file, which is there once it is stored.
    pub handle: String,
}

type StandingColumns = (String, String, i64, Option<i64>, Option<String>, String);

impl Db {
    /// Begins a job, or begins a failed one again, or finds the one that is under way or done. Answers its id; `None` when the
    /// connection is gone.
    pub async fn begin_job(&self, id: &str, job: &NewJob<'_>) -> sqlx::Result<Option<String>> {
        let begun = sqlx::query(
            "INSERT INTO jobs (id, request_key, app_key, connection_id, source, path, accept, container, prefix, handle, \
                               state, received, created_ms, updated_ms, session_id, client_id, account_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', 0, $11, $11, $12, \
                     COALESCE((SELECT client_id FROM connections WHERE id = $4), ''), \
                     COALESCE((SELECT account_id FROM connections WHERE id = $4), '')) \
             ON CONFLICT (request_key) DO UPDATE SET state = 'queued', received = 0, total = NULL, problem = NULL, \
                 connection_id = excluded.connection_id, client_id = excluded.client_id, \
                 account_id = excluded.account_id, created_ms = excluded.created_ms, updated_ms = excluded.updated_ms \
             WHERE jobs.state = 'failed'",
        )
        .bind(id)
        .bind(job.request_key)
        .bind(job.app_key)
        .bind(job.connection_id)
        .bind(job.source)
        .bind(job.path)
        .bind(job.accept)
        .bind(job.container)
        .bind(job.prefix)
        .bind(job.handle)
        .bind(now())
        .bind(job.session)
        .execute(&self.pool)
        .await;
        if let Err(error) = begun {
            let is_gone = error.as_database_error().is_some_and(|error| error.is_foreign_key_violation());
            return if is_gone { Ok(None) } else { Err(error) };
        }
        sqlx::query_scalar("SELECT id FROM jobs WHERE request_key = $1")
            .bind(job.request_key)
            .fetch_one(&self.pool)
            .await
            .map(Some)
    }

    /// Whether there is a job for this wish.
    pub async fn has_job(&self, request_key: &str) -> sqlx::Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM jobs WHERE request_key = $1")
            .bind(request_key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// Takes the oldest waiting job.
    pub async fn claim_job(&self) -> sqlx::Result<Option<JobRow>> {
        sqlx::query_as(
            "UPDATE jobs SET state = 'running', received = 0, total = NULL, updated_ms = $1 \
             WHERE state = 'queued' AND id = (SELECT id FROM jobs WHERE state = 'queued' ORDER BY created_ms, id LIMIT 1) \
             RETURNING id, app_key, connection_id, source, path, accept, container, prefix, handle",
        )
        .bind(now())
        .fetch_optional(&self.pool)
        .await
    }

    /// Puts jobs that a process left unfinished back into the queue. Only one process works on a database's queue, so at its
    /// start none can be running. One that is no longer wanted has failed.
    pub async fn requeue_jobs(&self) -> sqlx::Result<Vec<JobRow>> {
        sqlx::query_as(
            "UPDATE jobs SET state = CASE WHEN problem IS NULL THEN 'queued' ELSE 'failed' END, received = 0, \
             total = NULL, updated_ms = $1 WHERE state = 'running' \
             RETURNING id, app_key, connection_id, source, path, accept, container, prefix, handle",
        )
        .bind(now())
        .fetch_all(&self.pool)
        .await
    }

    /// Takes back those of a session's wishes that have not ended: a job that waits fails at once, one that runs as soon as it
    /// notices. Photos that are wanted again later are other wishes. The places that they had among the session's `most`
    /// photos are free again, at most as many times in all, so that nobody fills the table by asking and cancelling. Answers
    /// how many jobs it was about.
    pub async fn cancel_jobs(&self, session: &str, source: &str, paths: &[String], most: i64) -> sqlx::Result<u64> {
        if paths.is_empty() {
            return Ok(0);
        }
        let mut work = self.pool.begin().await?;
        let list = placeholders(4, paths.len());
        let cancel = format!(
            "UPDATE jobs SET state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END, \
             request_key = 'cancelled:' || id, problem = $1, updated_ms = $2 \
             WHERE state IN ('queued', 'running') AND problem IS NULL AND session_id = $3 AND source = $4 AND path IN ({list})"
        );
        let query = sqlx::query(AssertSqlSafe(cancel)).bind(ProblemCode::Cancelled.as_str());
        let query = query.bind(now()).bind(session).bind(source);
        let query = paths.iter().fold(query, |query, path| query.bind(path));
        let jobs = query.execute(&mut *work).await?.rows_affected();
        if jobs > 0 {
            let before: i64 = sqlx::query_scalar("SELECT cancelled FROM sessions WHERE id = $1")
                .bind(session)
                .fetch_optional(&mut *work)
                .await?
                .unwrap_or(most);
            sqlx::query("UPDATE sessions SET stores = stores - $1, cancelled = cancelled + $1 WHERE id = $2")
                .bind((most - before).clamp(0, jobs as i64))
                .bind(session)
                .execute(&mut *work)
                .await?;
        }
        work.commit().await?;
        self.drop_unneeded_connections().await?;
        Ok(jobs)
    }

    /// Why an unfinished job is no longer wanted; none while it is.
    pub async fn job_problem(&self, id: &str) -> sqlx::Result<Option<String>> {
        let problem: Option<Option<String>> =
            sqlx::query_scalar("SELECT problem FROM jobs WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        Ok(problem.flatten())
    }

    /// Notes how far a transfer is. `false` when it is no longer wanted.
    pub async fn job_progress(&self, id: &str, received: u64, total: Option<u64>) -> sqlx::Result<bool> {
        let wanted = sqlx::query(
            "UPDATE jobs SET received = $1, total = $2, updated_ms = $3 \
             WHERE id = $4 AND state = 'running' AND problem IS NULL",
        )
        .bind(received as i64)
        .bind(total.map(|total| total as i64))
        .bind(now())
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(wanted.rows_affected() > 0)
    }

    /// Ends a job badly. A problem that it already has is the reason for the later one.
    pub async fn fail_job(&self, id: &str, problem: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE jobs SET state = 'failed', problem = COALESCE(problem, $1), updated_ms = $2 WHERE id = $3")
            .bind(problem)
            .bind(now())
            .bind(id)
            .execute(&self.pool)
            .await?;
        self.drop_unneeded_connections().await
    }

    /// Ends a job well: the file and the job's end become true together. `false`, and neither is, when it is no longer wanted.
    /// This decides whether a photo that is cancelled at its very end is stored or cancelled.
    pub async fn finish_job(&self, id: &str, file: &FileRow) -> sqlx::Result<bool> {
        let time: Millis = now();
        let mut work = self.pool.begin().await?;
        let wanted = sqlx::query(
            "UPDATE jobs SET state = 'stored', received = $1, total = $1, updated_ms = $2 \
             WHERE id = $3 AND state = 'running' AND problem IS NULL",
        )
        .bind(file.size)
        .bind(time)
        .bind(id)
        .execute(&mut *work)
        .await?;
        if wanted.rows_affected() == 0 {
            return Ok(false);
        }
        super::files::insert(file, time).execute(&mut *work).await?;
        work.commit().await?;
        // The file is recorded whatever comes of this, which the sweeper does again.
        if let Err(error) = self.drop_unneeded_connections().await {
            tracing::error!(cause = %error, "connections that nothing needs could not be forgotten");
        }
        Ok(true)
    }

    /// How these jobs stand, in one query.
    pub async fn standings(&self, ids: &[&str]) -> sqlx::Result<Vec<Standing>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let list = placeholders(0, ids.len());
        let select = format!("SELECT id, state, received, total, problem, handle FROM jobs WHERE id IN ({list})");
        let query = ids.iter().fold(sqlx::query_as(AssertSqlSafe(select)), |query, id| query.bind(*id));
        let rows: Vec<StandingColumns> = query.fetch_all(&self.pool).await?;
        let standing = |(id, state, received, total, problem, handle): StandingColumns| Standing {
            id,
            state: match state.as_str() {
                "queued" => JobState::Queued,
                "running" => JobState::Running,
                "stored" => JobState::Stored,
                _ => JobState::Failed,
            },
            received: received.unsigned_abs(),
            total: total.map(i64::unsigned_abs),
            problem,
            handle,
        };
        Ok(rows.into_iter().map(standing).collect())
    }
}
