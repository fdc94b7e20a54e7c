//! The main path: resolve, fetch, check, keep, record. It ends with the whole file recorded, or with nothing of it left; also when
//! the wish is taken back in between, which is noticed wherever it waits for the provider.

use super::arrival::{Arrived, Body, Known, arrive};
use super::cancel::unwanted;
use super::trouble::{Stopped, Trouble};
use crate::Shared;
use crate::bucket::{Bucket, Destination, Writing, split_name};
use crate::conversion;
use crate::db::{FROM_ADDRESS, FROM_DEVICE, FROM_FILE, FileRow, JobRow, NewNotice, Unwanted};
use crate::jobs::End;
use crate::notices::{self, Event};
use crate::providers::hint;
use bowerbird_protocol::accept::{Accept, extension_of};
use bowerbird_protocol::problem::ProblemCode;
use sha2::{Digest as _, Sha256};
use std::pin::Pin;
use std::time::{Duration, Instant};
use url::Url;

/// Progress is written to the row at most this often.
const REPORT_EVERY: Duration = Duration::from_millis(200);
/// Extensions of images that are shown as such.
const OF_IMAGES: [&str; 11] = ["jpg", "jpeg", "png", "gif", "webp", "avif", "heic", "heif", "bmp", "tif", "tiff"];
/// Numbers behind a name that are tried in their order, and others that are tried then.
const IN_ORDER: u32 = 20;
const MOST_NUMBERS: u32 = 20;

/// Copies the photo of a job into the storage and ends the job if that goes well.
pub async fn copy(companion: Shared, job: JobRow) -> End {
    let begun = Instant::now();
    let attempt = job.tries + 1;
    match once(&companion, &job).await {
        Ok(file) => {
            companion.metrics.job_stored(&job.source, file.size.unsigned_abs());
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
                path = logged(&job),
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

/// What the log may say of where a file comes from. The query of an address may be a signature, and whoever knows the name of an
/// upload can add to it.
fn logged(job: &JobRow) -> String {
    match job.source.as_str() {
        FROM_ADDRESS => {
            Url::parse(&job.path).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
        }
        FROM_DEVICE => String::new(),
        _ => job.path.clone(),
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
        let Arrived { known, mut body } = arrive(companion, job).await?;
        let (received, total) = (body.received(), body.total());
        let head = {
            let head = body.head();
            tokio::pin!(head);
            tokio::select! {
                head = &mut head => head?,
                // Of most the first bytes are there before anybody has looked. Of others it is told that they have begun.
                () = tokio::time::sleep(REPORT_EVERY) => {
                    if !progress.report(received, total).await? {
                        return Err(why_unwanted(companion, job).await);
                    }
                    head.await?
                }
            }
        };
        Ok((room, known, body, head))
    };
    let (room, known, mut body, head) = tokio::select! {
        arrived = arriving => arrived?,
        why = &mut stop => return Err(why.into()),
    };
    let told = known.mimetype.as_deref();
    let seen = match job.source.as_str() {
        FROM_ADDRESS => judge_any_for(&head, &job.accept, told, known.filename.as_deref().unwrap_or_default())?,
        _ => judge(&head, &job.accept, told)?,
    };
    let mut file = describe(job, known, seen);
    check_pixels(&file, companion.config.max_pixels)?;
    if job.plain_key != 0 {
        file.object_key = plain_key(companion, bucket, job, &file.filename).await?;
    }
    if !companion.db.note_object(job, &file.object_key, body.received(), body.total()).await? {
        return Err(why_unwanted(companion, job).await);
    }
    progress.last = Some(Instant::now());
    let mut writing = bucket.write(&file.object_key, &file.mimetype, room)?;
    writing.expect(body.total());
    let poured = pour(&mut body, &head, &mut writing, &mut progress, stop).await;
    match poured {
        Ok(sha256) => file.sha256 = sha256,
        Err(stopped) => {
            writing.abort().await;
            return Err(stopped);
        }
    }
    file.size = body.received() as i64;
    if job.least_bytes.is_some_and(|least| file.size < least) {
        writing.abort().await;
        return Err(Trouble::lasting(ProblemCode::NotAccepted, "it is smaller than the policy allows").into());
    }
    // From here on it comes to an end: whether it is still wanted is decided where the end is written down.
    writing.finish().await?;
    let notices = notices(companion, job, &file).await?;
    let stopped = match companion.db.finish_job(job, &file, &notices).await {
        Ok(true) => {
            notices::told(companion, &notices);
            return Ok(file);
        }
        Ok(false) => why_unwanted(companion, job).await,
        // Whether it was written is not known, so the bytes stay until that is.
        Err(error) => return Err(error.into()),
    };
    if let Err(error) = bucket.remove(&file.object_key).await {
        tracing::error!(cause = %error, key = file.object_key, "a file without a record could not be removed");
    }
    Err(stopped)
}

/// What the site is told: of a new file, or of one that was made of another.
async fn notices(companion: &Shared, job: &JobRow, file: &FileRow) -> sqlx::Result<Vec<NewNotice>> {
    let is_converted = job.source == FROM_ADDRESS && job.recipe.is_some() && !job.is_picked();
    if job.source != FROM_FILE && !is_converted {
        return Ok(notices::about(companion, &file.app_key, Event::Stored(file)));
    }
    let (made_by, provider) = conversion::told_of(companion, job, file).await?;
    let event = Event::Converted { file, made_by: &made_by, provider: &provider };
    Ok(notices::about(companion, &file.app_key, event))
}

/// The first key of path and name that is free: no process, however late, writes or removes anything there but this job's.
async fn plain_key(companion: &Shared, bucket: &Bucket, job: &JobRow, filename: &str) -> Result<String, Trouble> {
    let destination = Destination::from_row(job.prefix.clone());
    for number in (1..=IN_ORDER).chain((0..MOST_NUMBERS).map(|_| rand::random_range(IN_ORDER..u32::MAX))) {
        let key = destination.plain_key(filename, number);
        if companion.db.take_key(job, &key).await? && !bucket.has(&key).await? {
            return Ok(key);
        }
    }
    Err(Trouble::lasting(ProblemCode::StorageFailed, "no number behind the name is free"))
}

async fn why_unwanted(companion: &Shared, job: &JobRow) -> Stopped {
    match companion.db.why_unwanted(job).await {
        Ok(why) => Stopped::Unwanted(why.unwrap_or(Unwanted::TakenOver)),
        Err(error) => error.into(),
    }
}

/// The true type, from the bytes. What the host calls a provider's photo does not count: an error page is text whatever its header
/// says. With an empty `accept` any file is taken; of one whose bytes do not show what it is, `told` is believed.
pub fn judge(head: &[u8], accept: &str, told: Option<&str>) -> Result<Any, Trouble> {
    let seen = judge_any(head, told);
    if accept.is_empty() {
        return Ok(seen);
    }
    let kind = infer::get(head).map(|kind| kind.mime_type());
    let not_an_image = || {
        Trouble::lasting(ProblemCode::NotAnImage, format_args!("the bytes are {}", kind.unwrap_or("of no known type")))
    };
    let mimetype = kind.filter(|mimetype| extension_of(mimetype).is_some()).ok_or_else(not_an_image)?;
    let rules: Vec<String> = serde_json::from_str(accept).unwrap_or_default();
    let takes = Accept::parse(&rules).unwrap_or_default().takes(mimetype, "");
    if takes {
        Ok(seen)
    } else {
        Err(Trouble::lasting(ProblemCode::NotAccepted, format_args!("the bytes are {mimetype}")))
    }
}

/// The same of what is at an address, which may be any file that the page takes: by its type, or by its name where that is of no image,
/// which the bytes would show.
fn judge_any_for(head: &[u8], accept: &str, told: Option<&str>, filename: &str) -> Result<Any, Trouble> {
    let seen = judge_any(head, told);
    let rules: Vec<String> = serde_json::from_str(accept).unwrap_or_default();
    let accept = Accept::parse(&rules).unwrap_or_default();
    let (_, extension) = split_name(filename);
    let by_name = extension.filter(|extension| !OF_IMAGES.contains(&extension.to_ascii_lowercase().as_str()));
    if accept.takes(&seen.mimetype, by_name.map_or("", |_| filename)) {
        Ok(seen)
    } else {
        Err(Trouble::lasting(ProblemCode::NotAccepted, format_args!("the bytes are {}", seen.mimetype)))
    }
}

/// What the first bytes of any file show.
pub struct Any {
    /// Its type.
    pub mimetype: String,
    /// Pixels, of an image.
    pub width: Option<i64>,
    /// Pixels, of an image.
    pub height: Option<i64>,
}

/// Looks at a file's first bytes. Of one that they do not show, `told` is believed.
pub fn judge_any(head: &[u8], told: Option<&str>) -> Any {
    let kind = infer::get(head).map(|kind| kind.mime_type().to_owned());
    let told = told.filter(|told| is_mimetype(told)).map(str::to_ascii_lowercase);
    // An image of the kinds that are shown as such is one only if its bytes say so.
    let told = told.filter(|told| extension_of(told).is_none());
    let size = imagesize::blob_size(head).ok();
    let pixels = |count: usize| i64::try_from(count).ok();
    Any {
        mimetype: kind.or(told).unwrap_or_else(|| "application/octet-stream".to_owned()),
        width: size.as_ref().and_then(|size| pixels(size.width)),
        height: size.as_ref().and_then(|size| pixels(size.height)),
    }
}

/// Whether it can be said in a header: `type/subtype`, without parameters.
fn is_mimetype(text: &str) -> bool {
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&c));
    text.len() < 128 && text.split_once('/').is_some_and(|(family, kind)| word(family) && word(kind))
}

fn describe(job: &JobRow, known: Known, seen: Any) -> FileRow {
    let mimetype = seen.mimetype;
    let named = |stem: String| format!("{stem}.{}", extension_of(&mimetype).unwrap_or("bin"));
    let filename = known.stem.map(named).or(known.filename);
    let filename = filename.unwrap_or_else(|| named("file".to_owned()));
    // What a visitor picked has the extension of its true type, where that is one that has a usual one.
    let filename = match extension_of(&mimetype).filter(|_| job.is_picked()) {
        Some(extension) => format!("{}.{extension}", split_name(&filename).0),
        None => filename,
    };
    let (client_id, account_id) = known.account;
    let (source, source_path) = known.origin.unwrap_or_else(|| (job.source.clone(), job.path.clone()));
    FileRow {
        handle: job.handle.clone(),
        app_key: job.app_key.clone(),
        source,
        client_id,
        account_id,
        source_path,
        storage: job.storage.clone(),
        object_key: Destination::from_row(job.prefix.clone()).key(&job.handle, job.claims, &filename),
        container: job.container.clone(),
        filename,
        mimetype,
        width: seen.width.or(known.width.map(i64::from)),
        height: seen.height.or(known.height.map(i64::from)),
        caption: known.caption,
        taken: known.taken,
        access: job.access.clone(),
        session_id: job.session_id.clone(),
        tags: job.tags.clone(),
        ..FileRow::default()
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
    body: &mut Body,
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
            chunk = body.chunk() => chunk?,
            why = &mut stop => return Err(why.into()),
        };
        let Some(bytes) = chunk else { return Ok(hex::encode(hash.finalize())) };
        hash.update(&bytes);
        writing.push(&bytes).await?;
        // A row that cannot be written now is no reason to lose the photo.
        match progress.report(body.received(), body.total()).await {
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
    async fn report(&mut self, received: u64, total: Option<u64>) -> sqlx::Result<bool> {
        if self.last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return Ok(true);
        }
        self.last = Some(Instant::now());
        self.companion.db.job_progress(self.job, received, total).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0];
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn judged(head: &[u8], accept: &str) -> Result<String, ProblemCode> {
        judge(head, accept, None).map(|seen| seen.mimetype).map_err(|trouble| trouble.code)
    }

    #[test]
    fn the_type_is_judged_from_the_bytes() {
        assert_eq!(judged(JPEG, "[]"), Ok("image/jpeg".to_owned()));
        assert_eq!(judged(PNG, "[]"), Ok("image/png".to_owned()));
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
        assert_eq!(judged(PNG, r#"["image/*"]"#), Ok("image/png".to_owned()));
        assert_eq!(judged(PNG, r#"[".jpg"]"#), Err(ProblemCode::NotAccepted));
        assert_eq!(judged(PNG, r#"["image/jpeg","video/*"]"#), Err(ProblemCode::NotAccepted));
    }

    #[test]
    fn of_any_file_the_bytes_are_believed_first() {
        let judged = |head: &[u8], told: &str| judge(head, "", Some(told)).unwrap().mimetype;
        assert_eq!(judged(PNG, "text/plain"), "image/png");
        assert_eq!(judged(b"plain words", "Text/Plain"), "text/plain");
        assert_eq!(judged(b"words", "image/png"), "application/octet-stream");
        assert_eq!(judged(b"words", "text/plain\r\nSet-Cookie: a"), "application/octet-stream");
        assert_eq!(judged(b"words", "text"), "application/octet-stream");
    }
}
