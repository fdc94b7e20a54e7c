//! The queue of photos to be stored.

mod rows;

pub use rows::{
    FROM_ADDRESS, FROM_DEVICE, FROM_FILE, JobRow, JobState, NewJob, Standing, Unwanted, Unwished, Whose, draft_keys,
};

use super::{Db, FileRow, Kind, Millis, NewNotice, now, placeholders};
use bowerbird_protocol::problem::ProblemCode;
use sqlx::AssertSqlSafe;

const JOB: &str = "id, app_key, connection_id, source, path, accept, container, prefix, handle, storage, object_key, \
     session_id, access, filename, mimetype, tags, least_bytes, most_bytes, trace, recipe, image, plain_key, \
     tries, claims";

type StandingColumns = (String, String, i64, Option<i64>, Option<String>, String);

impl Db {
    /// Begins a job, or begins a failed one again, or finds the one that is under way or done. Answers its id; `None` when the
    /// connection is gone.
    pub async fn begin_job(&self, id: &str, job: &NewJob<'_>) -> sqlx::Result<Option<String>> {
        let begun = sqlx::query_scalar(
            "INSERT INTO jobs (id, request_key, app_key, connection_id, source, path, accept, container, prefix, handle, \
                               state, received, created_ms, updated_ms, session_id, storage, turn_ms, access, \
                               filename, mimetype, tags, least_bytes, most_bytes, trace, recipe, image, plain_key, client_id, account_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', 0, $11, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, \
                     COALESCE((SELECT client_id FROM connections WHERE id = $4), ''), \
                     COALESCE((SELECT account_id FROM connections WHERE id = $4), '')) \
             ON CONFLICT (request_key) DO UPDATE SET state = 'queued', received = 0, total = NULL, problem = NULL, \
                 tries = 0, due_ms = 0, turn_ms = excluded.turn_ms, trace = excluded.trace, \
                 least_bytes = excluded.least_bytes, most_bytes = excluded.most_bytes, \
                 connection_id = excluded.connection_id, client_id = excluded.client_id, \
                 account_id = excluded.account_id, created_ms = excluded.created_ms, updated_ms = excluded.updated_ms \
             WHERE jobs.state = 'failed' RETURNING id",
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
        .bind(job.storage)
        .bind(job.turn)
        .bind(if job.access.is_empty() { "public" } else { job.access })
        .bind(job.filename)
        .bind(job.mimetype)
        .bind(job.tags)
        .bind(job.sizes.0.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)))
        .bind(job.sizes.1.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)))
        .bind(job.trace)
        .bind(job.recipe)
        .bind(job.image)
        .bind(i64::from(job.plain_key))
        .fetch_all(&self.pool)
        .await;
        match begun.map(|mut ids: Vec<String>| ids.pop()) {
            Ok(Some(id)) => return Ok(Some(id)),
            // It is under way or done.
            Ok(None) => {}
            Err(error) => {
                let is_gone = error.as_database_error().is_some_and(|error| error.is_foreign_key_violation());
                return if is_gone { Ok(None) } else { Err(error) };
            }
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

    /// The place in the queue of a session's next photo: now, or behind those of the session that wait already, with `apart`
    /// between two. So a visitor who asks for a thousand photos does not hold up one who then asks for three.
    pub async fn next_turn(&self, session: &str, apart: Millis) -> sqlx::Result<Millis> {
        let last: Option<Millis> =
            sqlx::query_scalar("SELECT MAX(turn_ms) FROM jobs WHERE session_id = $1 AND state = 'queued'")
                .bind(session)
                .fetch_one(&self.pool)
                .await?;
        Ok(last.map_or(0, |last| last + apart).max(now()))
    }

    /// Takes the waiting job whose turn it is, for `worker`, which may run it for `lease` and longer if it says so in time.
    pub async fn claim_job(&self, worker: &str, lease: Millis) -> sqlx::Result<Option<JobRow>> {
        // Without this, PostgreSQL would let all that ask at once wait for the same row.
        let skip = match self.kind {
            Kind::Sqlite => "",
            Kind::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let claim = format!(
            "UPDATE jobs SET state = 'running', received = 0, total = NULL, updated_ms = $1, claims = claims + 1, \
             worker = $2, lease_ms = $3 WHERE state = 'queued' AND id = (SELECT id FROM jobs WHERE state = 'queued' AND due_ms <= $1 \
             ORDER BY turn_ms, id LIMIT 1 {skip}) RETURNING {JOB}"
        );
        let time = now();
        let claim = sqlx::query_as(AssertSqlSafe(claim)).bind(time).bind(worker).bind(time + lease);
        // To its end: a row comes before what is changed is kept, and where that fails, as on a full disk, the job is nobody's.
        Ok(claim.fetch_all(&self.pool).await?.pop())
    }

    /// The worker lives, so that nobody takes over what it runs.
    pub async fn extend_leases(&self, worker: &str, lease: Millis) -> sqlx::Result<()> {
        sqlx::query("UPDATE jobs SET lease_ms = $1 WHERE worker = $2 AND state = 'running'")
            .bind(now() + lease)
            .bind(worker)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Puts jobs back into the queue that nobody runs any more; one that is no longer wanted has failed. Answers how many.
    pub async fn requeue_jobs(&self, whose: Whose<'_>) -> sqlx::Result<u64> {
        let (which, worker) = match whose {
            Whose::Silent => ("lease_ms < $1", None),
            Whose::Worker(worker) => ("worker = $2", Some(worker)),
            Whose::Everybody => ("1 = 1", None),
        };
        if whose != Whose::Silent {
            // Only of these it is known that they have stopped writing.
            let free = format!(
                "UPDATE plain_keys SET claim = 0, taken_ms = $1 WHERE (handle, claim) IN (\
                     SELECT handle, claims FROM jobs WHERE state = 'running' AND problem IS NULL AND {which})"
            );
            let query = sqlx::query(AssertSqlSafe(free)).bind(now());
            worker.into_iter().fold(query, |query, worker| query.bind(worker)).execute(&self.pool).await?;
        }
        let requeue = format!(
            "UPDATE jobs SET state = CASE WHEN problem IS NULL THEN 'queued' ELSE 'failed' END, received = 0, total = NULL, \
             worker = NULL, updated_ms = $1 WHERE state = 'running' AND {which}"
        );
        let query = sqlx::query(AssertSqlSafe(requeue)).bind(now());
        let query = worker.into_iter().fold(query, |query, worker| query.bind(worker));
        Ok(query.execute(&self.pool).await?.rows_affected())
    }

    /// A running job goes back into the queue after a transfer that failed; it is taken again at `due` at the earliest. It keeps its
    /// place, and ends where it is no longer wanted.
    pub async fn retry_job(&self, job: &JobRow, due: Millis) -> sqlx::Result<()> {
        if job.plain_key != 0 {
            self.leave_key(job).await?;
        }
        sqlx::query(
            "UPDATE jobs SET state = CASE WHEN problem IS NULL THEN 'queued' ELSE 'failed' END, tries = tries + 1, \
             due_ms = $1, worker = NULL, updated_ms = $2 WHERE id = $3 AND state = 'running' AND claims = $4",
        )
        .bind(due)
        .bind(now())
        .bind(&job.id)
        .bind(job.claims)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Writes down where the bytes are about to be written, and how many have arrived by then. `false` when the job is no longer
    /// wanted, or no longer the worker's.
    pub async fn note_object(&self, job: &JobRow, key: &str, received: u64, total: Option<u64>) -> sqlx::Result<bool> {
        let noted = sqlx::query(
            "UPDATE jobs SET object_key = $1, received = $2, total = $3, updated_ms = $4 \
             WHERE id = $5 AND claims = $6 AND state = 'running' AND problem IS NULL",
        )
        .bind(key)
        .bind(received as i64)
        .bind(total.map(|total| total as i64))
        .bind(now())
        .bind(&job.id)
        .bind(job.claims)
        .execute(&self.pool)
        .await?;
        Ok(noted.rows_affected() > 0)
    }

    /// Where transfers of jobs that have failed were writing: id, storage and key.
    pub async fn unfinished_objects(&self) -> sqlx::Result<Vec<(String, String, String)>> {
        sqlx::query_as(
            "SELECT id, storage, object_key FROM jobs WHERE object_key IS NOT NULL AND state = 'failed' LIMIT 100",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Nothing is left of such a transfer. A job that was begun again meanwhile has a key of its own.
    pub async fn forget_object(&self, id: &str, key: &str) -> sqlx::Result<()> {
        sqlx::query("UPDATE jobs SET object_key = NULL WHERE id = $1 AND object_key = $2 AND state = 'failed'")
            .bind(id)
            .bind(key)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Takes back those of a session's wishes that have not ended: a job that waits fails at once, one that runs as soon as it
    /// notices. Photos that are wanted again later are other wishes. The places that they had among the session's `most`
    /// photos are free again, at most as many times in all, so that nobody fills the table by asking and cancelling. Answers
    /// how many jobs it was about.
    pub async fn cancel_jobs(&self, session: &str, source: &str, paths: &[String], most: i64) -> sqlx::Result<u64> {
        let wishes = Unwished { app_key: "", session, source, paths, keys: "" };
        Ok(self.take_back(wishes, false, most).await?.0)
    }

    /// The same, and of those that are stored already the jobs are forgotten: answers the handles of their files, which are to be removed.
    pub async fn discard_jobs(&self, wishes: Unwished<'_>, most: i64) -> sqlx::Result<Vec<String>> {
        Ok(self.take_back(wishes, true, most).await?.1)
    }

    async fn take_back(&self, wishes: Unwished<'_>, stored: bool, most: i64) -> sqlx::Result<(u64, Vec<String>)> {
        let Unwished { app_key, session, source, paths, keys } = wishes;
        if paths.is_empty() {
            return Ok((0, Vec::new()));
        }
        let mut work = self.pool.begin().await?;
        let which = format!(
            "session_id = $3 AND source = $4 AND ($5 = '' OR app_key = $5) AND request_key LIKE $6 AND path IN ({})",
            placeholders(6, paths.len())
        );
        let open = format!(
            "UPDATE jobs SET state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END, \
             request_key = 'cancelled:' || id, problem = $1, updated_ms = $2 \
             WHERE state IN ('queued', 'running') AND problem IS NULL AND {which} RETURNING handle"
        );
        let done = format!(
            "UPDATE jobs SET state = 'failed', request_key = 'cancelled:' || id, problem = $1, updated_ms = $2 \
             WHERE state = 'stored' AND {which} RETURNING handle"
        );
        let keys = format!("{keys}%");
        let mut handles = [Vec::new(), Vec::new()];
        for (update, handles) in [open, done].into_iter().zip(&mut handles).take(1 + usize::from(stored)) {
            let query = sqlx::query_scalar(AssertSqlSafe(update)).bind(ProblemCode::Cancelled.as_str()).bind(now());
            let query = query.bind(session).bind(source).bind(app_key).bind(&keys);
            *handles = paths.iter().fold(query, |query, path| query.bind(path)).fetch_all(&mut *work).await?;
        }
        let [open, done] = handles;
        let jobs = (open.len() + done.len()) as u64;
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
        self.drop_unneeded_connections().await;
        Ok((jobs, done))
    }

    /// Why a job is no longer its worker's: the problem that it has meanwhile, or that another has taken it over. None while it is.
    pub async fn why_unwanted(&self, job: &JobRow) -> sqlx::Result<Option<Unwanted>> {
        let found: Option<(Option<String>, String, i64)> =
            sqlx::query_as("SELECT problem, state, claims FROM jobs WHERE id = $1")
                .bind(&job.id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(match found {
            Some((Some(problem), _, claims)) if claims == job.claims => Some(Unwanted::Problem(problem)),
            Some((None, state, claims)) if claims == job.claims && state == "running" => None,
            _ => Some(Unwanted::TakenOver),
        })
    }

    /// Notes how far a transfer is. `false` when it is no longer wanted.
    pub async fn job_progress(&self, job: &JobRow, received: u64, total: Option<u64>) -> sqlx::Result<bool> {
        let wanted = sqlx::query(
            "UPDATE jobs SET received = $1, total = $2, updated_ms = $3 \
             WHERE id = $4 AND claims = $5 AND state = 'running' AND problem IS NULL",
        )
        .bind(received as i64)
        .bind(total.map(|total| total as i64))
        .bind(now())
        .bind(&job.id)
        .bind(job.claims)
        .execute(&self.pool)
        .await?;
        Ok(wanted.rows_affected() > 0)
    }

    /// Ends a job badly, unless another has taken it over. A problem that it already has is the reason for the later one.
    pub async fn fail_job(&self, job: &JobRow, problem: &str) -> sqlx::Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = 'failed', problem = COALESCE(problem, $1), worker = NULL, updated_ms = $2 \
             WHERE id = $3 AND claims = $4 AND state = 'running'",
        )
        .bind(problem)
        .bind(now())
        .bind(&job.id)
        .bind(job.claims)
        .execute(&self.pool)
        .await?;
        self.drop_connection_of(job).await;
        Ok(())
    }

    /// Ends a job well: the file, the job's end and what the site is to hear of it become true together. `false`, and neither is, when it is no longer wanted or
    /// another has taken it over. This decides whether a photo that is cancelled at its very end is stored or cancelled.
    pub async fn finish_job(&self, job: &JobRow, file: &FileRow, notices: &[NewNotice]) -> sqlx::Result<bool> {
        let time: Millis = now();
        let mut work = self.pool.begin().await?;
        let wanted = sqlx::query(
            "UPDATE jobs SET state = 'stored', received = $1, total = $1, worker = NULL, object_key = NULL, updated_ms = $2 \
             WHERE id = $3 AND claims = $4 AND state = 'running' AND problem IS NULL",
        )
        .bind(file.size)
        .bind(time)
        .bind(&job.id)
        .bind(job.claims)
        .execute(&mut *work)
        .await?;
        if wanted.rows_affected() == 0 {
            return Ok(false);
        }
        super::files::insert(file, time).execute(&mut *work).await?;
        super::notices::insert_all(&mut work, notices).await?;
        work.commit().await?;
        self.drop_connection_of(job).await;
        Ok(true)
    }

    async fn drop_connection_of(&self, job: &JobRow) {
        if let Some(connection) = &job.connection_id {
            self.drop_unneeded_connection(connection).await;
        }
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
