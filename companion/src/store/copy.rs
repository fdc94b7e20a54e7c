//! The main path: resolve, fetch, check, keep, record. It ends with the whole file recorded, or with nothing of it left; also when
//! the wish is taken back in between, which is noticed wherever it waits for the provider.

use super::cancel::unwanted;
use crate::Shared;
use crate::bucket::{Destination, Writing};
use crate::db::{ConnectionRow, FileRow, JobRow, Unwanted};
use crate::fetch::{Download, FetchError};
use crate::jobs::End;
use crate::providers::{Failure, RemoteFile, hint};
use bowerbird_protocol::accept::{Accept, extension_of};
use bowerbird_protocol::problem::ProblemCode;
use reqwest::StatusCode;
use sha2::{Digest as _, Sha256};
use std::fmt::Display;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// How often a transfer is tried where the source makes trouble, and where our own storage or database does: a source that is down
/// for long is told to the visitor, who waits.
const TRIES_OF_SOURCE: i64 = 6;
const TRIES_OF_OURS: i64 = 20;
/// How long storing waits where the provider has had nearly too many calls, so that visitors who look at photos go first.
const LET_OTHERS_GO: Duration = Duration::from_secs(2);
/// Progress is written to the row at most this often.
const REPORT_EVERY: Duration = Duration::from_millis(200);
/// Bytes from which the type is judged and the pixels are counted; a JPEG's size stands behind its metadata.
const HEAD: usize = 256 * 1024;

/// What went wrong, and how often the same is worth trying.
#[derive(Debug)]
struct Trouble {
    code: ProblemCode,
    cause: String,
    tries: i64,
}

impl Trouble {
    fn lasting(code: ProblemCode, cause: impl Display) -> Self {
        Self { code, cause: cause.to_string(), tries: 1 }
    }

    fn storage(error: object_store::Error) -> Self {
        Self { code: ProblemCode::StorageFailed, cause: error.to_string(), tries: TRIES_OF_OURS }
    }
}

/// Why a transfer did not come to its end.
enum Stopped {
    Trouble(Trouble),
    Unwanted(Unwanted),
}

impl<T: Into<Trouble>> From<T> for Stopped {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

impl From<Unwanted> for Stopped {
    fn from(why: Unwanted) -> Self {
        Self::Unwanted(why)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        // The provider has tried again itself what may pass.
        Self::lasting(failure.code(), failure.cause())
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        let (code, may_pass) = match &error {
            FetchError::NotListed(_) => (ProblemCode::SourceUnavailable, false),
            FetchError::NoAnswer(_) => (ProblemCode::SourceUnavailable, true),
            FetchError::Cut { .. } => (ProblemCode::PhotoIncomplete, true),
            FetchError::TooLarge(_) => (ProblemCode::TooLarge, false),
            FetchError::Status(status) => match *status {
                // Signed addresses of images end after some hours or days; the next attempt asks for a new one.
                StatusCode::FORBIDDEN => (ProblemCode::SourceUnavailable, true),
                StatusCode::NOT_FOUND | StatusCode::GONE => (ProblemCode::PhotoGone, false),
                StatusCode::TOO_MANY_REQUESTS => (ProblemCode::RateLimited, false),
                status => (ProblemCode::SourceUnavailable, status.is_server_error()),
            },
        };
        Self { code, cause: error.to_string(), tries: if may_pass { TRIES_OF_SOURCE } else { 1 } }
    }
}

/// Copies the photo of a job into the storage and ends the job if that goes well.
pub async fn copy(companion: Shared, job: JobRow) -> End {
    let begun = Instant::now();
    let attempt = job.tries + 1;
    match once(&companion, &job).await {
        Ok(file) => {
            let milliseconds = begun.elapsed().as_millis() as u64;
            tracing::info!(
                source = job.source,
                handle = file.handle,
                bytes = file.size,
                milliseconds,
                attempt,
                "a photo is stored"
            );
            End::Over
        }
        Err(Stopped::Unwanted(Unwanted::TakenOver)) => {
            tracing::warn!(
                job = job.id,
                source = job.source,
                "a photo is stored by another process, this one was too slow"
            );
            End::Over
        }
        Err(Stopped::Unwanted(Unwanted::Problem(problem))) => {
            tracing::info!(
                job = job.id,
                source = job.source,
                attempt,
                problem,
                "a photo was cancelled while it was being stored"
            );
            End::Failed(ProblemCode::from_name(&problem))
        }
        Err(Stopped::Trouble(trouble)) if attempt < trouble.tries => {
            tracing::info!(
                job = job.id,
                source = job.source,
                attempt,
                code = trouble.code.as_str(),
                cause = trouble.cause,
                "storing a photo is tried again"
            );
            End::Again
        }
        Err(Stopped::Trouble(trouble)) => {
            tracing::warn!(
                job = job.id,
                source = job.source,
                path = job.path,
                attempt,
                code = trouble.code.as_str(),
                cause = trouble.cause,
                hint = hint(trouble.code),
                "a photo could not be stored"
            );
            End::Failed(trouble.code)
        }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self { code: ProblemCode::Internal, cause: format!("database: {error}"), tries: TRIES_OF_OURS }
    }
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Self {
        Self::storage(error)
    }
}

async fn once(companion: &Shared, job: &JobRow) -> Result<FileRow, Stopped> {
    let bucket = companion.buckets.get(&job.storage)?;
    if let Some(key) = &job.object_key {
        bucket.forget(key).await?;
    }
    let stop = unwanted(companion, job);
    tokio::pin!(stop);
    let mut progress = Progress { companion, job, last: None };
    let arriving = async {
        // Room first: a source that has begun to send does not like to wait.
        let room = bucket.room().await;
        Ok::<_, Stopped>((room, arrive(companion, job, &mut progress).await?))
    };
    let (room, Arrived { connection, remote, mut download, head }) = tokio::select! {
        arrived = arriving => arrived?,
        why = &mut stop => return Err(why.into()),
    };
    let mimetype = judge(&head, &job.accept)?;
    let mut file = describe(job, &connection, remote, &head, mimetype);
    check_pixels(&file, companion.config.max_pixels)?;
    if !companion.db.note_object(job, &file.object_key).await? {
        return Err(why_unwanted(companion, job).await);
    }
    let mut writing = bucket.write(&file.object_key, mimetype, room)?;
    let poured = pour(&mut download, &head, &mut writing, &mut progress, stop).await;
    match poured {
        Ok(sha256) => file.sha256 = sha256,
        Err(stopped) => {
            writing.abort().await;
            return Err(stopped);
        }
    }
    file.size = download.received() as i64;
    // From here on it comes to an end: whether it is still wanted is decided where the end is written down.
    writing.finish().await?;
    let stopped = match companion.db.finish_job(job, &file).await {
        Ok(true) => return Ok(file),
        Ok(false) => why_unwanted(companion, job).await,
        // Whether it was written is not known, so the bytes stay until that is.
        Err(error) => return Err(error.into()),
    };
    if let Err(error) = bucket.remove(&file.object_key).await {
        tracing::error!(cause = %error, key = file.object_key, "a file without a record could not be removed");
    }
    Err(stopped)
}

/// A photo whose first bytes are there, and of which nothing is written yet.
struct Arrived {
    connection: ConnectionRow,
    remote: RemoteFile,
    download: Download,
    head: Vec<u8>,
}

async fn arrive(companion: &Shared, job: &JobRow, progress: &mut Progress<'_>) -> Result<Arrived, Stopped> {
    let app = companion.apps.get(&job.app_key);
    let provider = app.as_ref().and_then(|app| app.provider(&job.source));
    let provider =
        provider.ok_or_else(|| Trouble::lasting(ProblemCode::UnknownSource, "the source is no longer offered"))?;
    let connection = connection(companion, job).await?;
    let connection = connection.filter(|connection| connection.client_id == provider.client_id());
    let connection = connection.ok_or_else(|| Trouble::lasting(ProblemCode::SignInAgain, "the connection is gone"))?;
    if companion.fetcher.pace().is_busy(provider.client_id(), Instant::now()) {
        tokio::time::sleep(LET_OTHERS_GO).await;
    }
    let remote = match provider.resolve(&connection.access_token, &job.path).await {
        Ok(remote) => remote,
        Err(failure) => {
            if matches!(failure, Failure::SignInAgain { .. }) {
                companion.db.delete_connection(&connection.id).await?;
            }
            return Err(failure.into());
        }
    };
    let mut download = companion.fetcher.open(&remote.url, companion.config.max_file_bytes).await?;
    if !progress.report(&download).await? {
        return Err(why_unwanted(companion, job).await);
    }
    let head = head(&mut download).await?;
    Ok(Arrived { connection, remote, download, head })
}

async fn why_unwanted(companion: &Shared, job: &JobRow) -> Stopped {
    match companion.db.why_unwanted(job).await {
        Ok(why) => Stopped::Unwanted(why.unwrap_or(Unwanted::TakenOver)),
        Err(error) => error.into(),
    }
}

async fn connection(companion: &Shared, job: &JobRow) -> sqlx::Result<Option<ConnectionRow>> {
    match &job.connection_id {
        Some(connection) => companion.db.connection_by_id(connection).await,
        None => Ok(None),
    }
}

/// The first bytes, as many as judging needs; fewer where there are no more.
async fn head(download: &mut Download) -> Result<Vec<u8>, FetchError> {
    let mut head = Vec::new();
    while head.len() < HEAD
        && let Some(bytes) = download.chunk().await?
    {
        head.extend_from_slice(&bytes);
    }
    Ok(head)
}

/// The true type. What the host calls it does not count: an error page is text whatever its header says.
fn judge(head: &[u8], accept: &str) -> Result<&'static str, Trouble> {
    let kind = infer::get(head).map(|kind| kind.mime_type());
    let not_an_image = || {
        Trouble::lasting(ProblemCode::NotAnImage, format_args!("the bytes are {}", kind.unwrap_or("of no known type")))
    };
    let mimetype = kind.filter(|mimetype| extension_of(mimetype).is_some()).ok_or_else(not_an_image)?;
    let rules: Vec<String> = serde_json::from_str(accept).unwrap_or_default();
    let takes = Accept::parse(&rules).unwrap_or_default().takes(mimetype, "");
    if takes {
        Ok(mimetype)
    } else {
        Err(Trouble::lasting(ProblemCode::NotAccepted, format_args!("the bytes are {mimetype}")))
    }
}

fn describe(job: &JobRow, connection: &ConnectionRow, remote: RemoteFile, head: &[u8], mimetype: &str) -> FileRow {
    let filename = format!("{}.{}", remote.stem, extension_of(mimetype).unwrap_or("bin"));
    let counted = imagesize::blob_size(head).ok();
    let pixels =
        |counted: Option<usize>, told: Option<u32>| counted.and_then(|n| i64::try_from(n).ok()).or(told.map(i64::from));
    FileRow {
        handle: job.handle.clone(),
        app_key: job.app_key.clone(),
        source: job.source.clone(),
        client_id: connection.client_id.clone(),
        account_id: connection.account_id.clone(),
        source_path: job.path.clone(),
        storage: job.storage.clone(),
        object_key: Destination::from_row(job.prefix.clone()).key(&job.handle, job.claims, &filename),
        container: job.container.clone(),
        filename,
        mimetype: mimetype.to_owned(),
        size: 0,
        sha256: String::new(),
        width: pixels(counted.as_ref().map(|size| size.width), remote.width),
        height: pixels(counted.as_ref().map(|size| size.height), remote.height),
        caption: remote.caption,
        taken: remote.date,
    }
}

/// Refuses what no program could open later without a great deal of memory.
fn check_pixels(file: &FileRow, most: u64) -> Result<(), Trouble> {
    let pixels = file.width.unwrap_or(0).saturating_mul(file.height.unwrap_or(0)).unsigned_abs();
    if pixels <= most {
        return Ok(());
    }
    Err(Trouble::lasting(ProblemCode::TooLarge, format_args!("{pixels} pixels are more than max_pixels")))
}

/// Moves all bytes into the storage and answers their SHA-256, unless `stop` ends before, with the reason.
async fn pour(
    download: &mut Download,
    head: &[u8],
    writing: &mut Writing,
    progress: &mut Progress<'_>,
    mut stop: Pin<&mut impl Future<Output = Unwanted>>,
) -> Result<String, Stopped> {
    let mut hash = Sha256::new_with_prefix(head);
    writing.push(head).await?;
    loop {
        // Only waiting for bytes is cut short: a part that is on its way to the storage arrives there or fails.
        let chunk = tokio::select! {
            chunk = download.chunk() => chunk?,
            why = &mut stop => return Err(why.into()),
        };
        let Some(bytes) = chunk else { return Ok(hex::encode(hash.finalize())) };
        hash.update(&bytes);
        writing.push(&bytes).await?;
        // A row that cannot be written now is no reason to lose the photo.
        match progress.report(download).await {
            Ok(true) => {}
            Ok(false) => return Err(why_unwanted(progress.companion, progress.job).await),
            Err(error) => tracing::debug!(cause = %error, "progress was not written"),
        }
    }
}

struct Progress<'a> {
    companion: &'a Shared,
    job: &'a JobRow,
    last: Option<Instant>,
}

impl Progress<'_> {
    /// `false` when the photo is no longer wanted.
    async fn report(&mut self, download: &Download) -> sqlx::Result<bool> {
        if self.last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return Ok(true);
        }
        self.last = Some(Instant::now());
        self.companion.db.job_progress(self.job, download.received(), download.total()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0];
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn judged(head: &[u8], accept: &str) -> Result<&'static str, ProblemCode> {
        judge(head, accept).map_err(|trouble| trouble.code)
    }

    #[test]
    fn the_type_is_judged_from_the_bytes() {
        assert_eq!(judged(JPEG, "[]"), Ok("image/jpeg"));
        assert_eq!(judged(PNG, "[]"), Ok("image/png"));
        let not_images: [&[u8]; 5] = [
            b"<html><body>URL signature expired",
            b"",
            b"%PDF-1.7 ",
            b"<svg xmlns='http://www.w3.org/2000/svg'>",
            b"MZ\x90\0",
        ];
        for bytes in not_images {
            assert_eq!(judged(bytes, "[]"), Err(ProblemCode::NotAnImage), "{bytes:?}");
        }
    }

    #[test]
    fn the_page_is_asked_with_the_true_type() {
        assert_eq!(judged(PNG, r#"["image/*"]"#), Ok("image/png"));
        assert_eq!(judged(PNG, r#"[".jpg"]"#), Err(ProblemCode::NotAccepted));
        assert_eq!(judged(PNG, r#"["image/jpeg","video/*"]"#), Err(ProblemCode::NotAccepted));
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let trouble = |error: FetchError| {
            let trouble = Trouble::from(error);
            (trouble.code, trouble.tries > 1)
        };
        assert_eq!(trouble(FetchError::Status(StatusCode::FORBIDDEN)), (ProblemCode::SourceUnavailable, true));
        assert_eq!(trouble(FetchError::Status(StatusCode::NOT_FOUND)), (ProblemCode::PhotoGone, false));
        assert_eq!(trouble(FetchError::Status(StatusCode::FOUND)), (ProblemCode::SourceUnavailable, false));
        assert_eq!(trouble(FetchError::Status(StatusCode::BAD_GATEWAY)), (ProblemCode::SourceUnavailable, true));
        assert_eq!(trouble(FetchError::TooLarge(1)), (ProblemCode::TooLarge, false));
        let cut = FetchError::Cut { received: 1, cause: String::new() };
        assert_eq!(trouble(cut), (ProblemCode::PhotoIncomplete, true));
    }
}
