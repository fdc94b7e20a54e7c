//! Where the bytes of a job come from: a provider, an address that a client named, the parts that a device uploaded, or a file that is
//! stored already; and what the job's recipe makes of them.

use super::edit::edited;
use super::trouble::{Stopped, Trouble};
use crate::Shared;
use crate::bucket::{Bucket, part_key, split_name};
use crate::db::{ConnectionRow, FROM_ADDRESS, FROM_DEVICE, FROM_FILE, JobRow};
use crate::fetch::Download;
use crate::providers::Failure;
use axum::body::Bytes;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use url::Url;

/// How long storing waits where the provider has had nearly too many calls, so that visitors who look at photos go first.
const LET_OTHERS_GO: Duration = Duration::from_secs(2);
/// Bytes from which the type is judged and the pixels are counted; a JPEG's size stands behind its metadata.
pub const HEAD: usize = 256 * 1024;

/// A file that begins to arrive, and of which nothing is written yet.
pub struct Arrived {
    pub known: Known,
    pub body: Body,
}

/// What is known of a file besides its bytes.
#[derive(Default)]
pub struct Known {
    /// The provider's app, and its id of the account.
    pub account: (String, String),
    /// Of what is made of another file, where that came from: source and path.
    pub origin: Option<(String, String)>,
    /// A name without extension, which its type gives it.
    pub stem: Option<String>,
    /// A name that it keeps.
    pub filename: Option<String>,
    /// What the other side says that it is, for bytes that do not show it.
    pub mimetype: Option<String>,
    pub caption: Option<String>,
    pub taken: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// Begins to fetch what a job stores.
pub async fn arrive(companion: &Shared, job: &JobRow) -> Result<Arrived, Stopped> {
    let arrived = match job.source.as_str() {
        FROM_ADDRESS => at_address(companion, job).await,
        FROM_DEVICE => in_parts(companion, job).await,
        FROM_FILE => stored(companion, job).await,
        _ => at_provider(companion, job).await,
    }?;
    edited(companion, job, arrived).await
}

/// The most bytes that a job may store.
fn most(companion: &Shared, job: &JobRow) -> u64 {
    let policy = job.most_bytes.map_or(u64::MAX, i64::unsigned_abs);
    let most = match job.source.as_str() {
        FROM_ADDRESS | FROM_DEVICE | FROM_FILE => companion.config.max_upload_bytes,
        _ => companion.config.max_file_bytes,
    };
    most.min(policy)
}

async fn at_provider(companion: &Shared, job: &JobRow) -> Result<Arrived, Stopped> {
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
    let download = companion.fetcher.open(&remote.url, most(companion, job)).await?;
    let known = Known {
        account: (connection.client_id, connection.account_id),
        stem: Some(job.filename.as_deref().map_or(remote.stem, |name| split_name(name).0.to_owned())),
        caption: remote.caption,
        taken: remote.date,
        width: remote.width,
        height: remote.height,
        ..Known::default()
    };
    Ok(Arrived { known, body: Body::Download(download) })
}

async fn connection(companion: &Shared, job: &JobRow) -> sqlx::Result<Option<ConnectionRow>> {
    match &job.connection_id {
        Some(connection) => companion.db.connection_by_id(connection).await,
        None => Ok(None),
    }
}

async fn at_address(companion: &Shared, job: &JobRow) -> Result<Arrived, Stopped> {
    let url = Url::parse(&job.path).map_err(|error| Trouble::lasting(ProblemCode::BadPath, error))?;
    let (download, at) = companion.fetcher.open_address(&url, most(companion, job)).await?;
    let last = at.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let name = percent_decoded(last);
    let known = Known {
        filename: job.filename.clone().or_else(|| (!name.is_empty()).then_some(name)),
        mimetype: job.mimetype.clone().or_else(|| download.mimetype()),
        ..Known::default()
    };
    Ok(Arrived { known, body: Body::Download(download) })
}

/// A name as people read it.
fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

/// A file that is stored already, or linked. The new one is of the same account, so that it goes with the others when that person asks
/// for it.
async fn stored(companion: &Shared, job: &JobRow) -> Result<Arrived, Stopped> {
    let gone = || Trouble::lasting(ProblemCode::PhotoGone, "the file is gone");
    let file = companion.db.file(&job.path).await?.ok_or_else(gone)?;
    let known = Known {
        account: (file.client_id.clone(), file.account_id.clone()),
        filename: job.filename.clone().or_else(|| Some(file.filename.clone())),
        mimetype: Some(file.mimetype.clone()),
        caption: file.caption.clone(),
        taken: file.taken.clone(),
        origin: Some((file.source.clone(), file.source_path.clone())),
        ..Known::default()
    };
    let body = match &file.link_connection {
        Some(connection) => {
            let download = super::follow(companion, &file, connection).await;
            Body::Download(download.map_err(|error| Trouble::lasting(error.problem().code, &error.problem().text))?)
        }
        None => {
            let bucket = companion.buckets.get(&file.storage)?.clone();
            let (keys, total) = (VecDeque::from([file.object_key]), file.size.unsigned_abs());
            Body::Parts(Box::new(Parts { bucket, keys, open: None, received: 0, total }))
        }
    };
    Ok(Arrived { known, body })
}

async fn in_parts(companion: &Shared, job: &JobRow) -> Result<Arrived, Stopped> {
    let gone = || Trouble::lasting(ProblemCode::PhotoGone, "the upload is no longer there");
    let row = companion.db.upload(&job.path, &job.app_key).await?.ok_or_else(gone)?;
    let parts = companion.db.parts(&row.id).await?;
    let total = parts.iter().map(|part| part.size.unsigned_abs()).sum();
    if total > most(companion, job) {
        return Err(Trouble::lasting(ProblemCode::TooLarge, format_args!("{total} bytes")).into());
    }
    let bucket = companion.buckets.get(&row.storage)?.clone();
    let keys = parts.iter().map(|part| part_key(&row.id, part.part)).collect();
    // Who sends the bytes of a file may have no name for it.
    let filename = Some(row.filename.clone()).filter(|name| !name.is_empty());
    let known = Known { filename, mimetype: Some(row.mimetype.clone()), ..Known::default() };
    Ok(Arrived { known, body: Body::Parts(Box::new(Parts { bucket, keys, open: None, received: 0, total })) })
}

/// Bytes that arrive.
pub enum Body {
    /// From another host.
    Download(Download),
    /// From our own storage.
    Parts(Box<Parts>),
    /// Of which the first bytes were read, and are to be read again.
    Begun {
        /// Those.
        head: Option<Bytes>,
        /// What follows them.
        rest: Box<Self>,
    },
    /// Made here, and whole.
    Made {
        /// Until they are taken.
        bytes: Option<Bytes>,
        /// How many there are.
        total: u64,
    },
}

/// The parts of an upload, one after the other.
pub struct Parts {
    bucket: Bucket,
    keys: VecDeque<String>,
    open: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    received: u64,
    total: u64,
}

impl Body {
    /// Of bytes that are all there.
    pub fn made(bytes: Bytes) -> Self {
        Self::Made { total: bytes.len() as u64, bytes: Some(bytes) }
    }

    /// Bytes in all, where that is known.
    pub fn total(&self) -> Option<u64> {
        match self {
            Self::Download(download) => download.total(),
            Self::Parts(parts) => Some(parts.total),
            Self::Begun { rest, .. } => rest.total(),
            Self::Made { total, .. } => Some(*total),
        }
    }

    /// Bytes so far.
    pub fn received(&self) -> u64 {
        match self {
            Self::Download(download) => download.received(),
            Self::Parts(parts) => parts.received,
            Self::Begun { head, rest } => rest.received() - head.as_ref().map_or(0, |head| head.len() as u64),
            Self::Made { bytes: Some(_), .. } => 0,
            Self::Made { bytes: None, total } => *total,
        }
    }

    /// The next bytes; `None` when all have arrived.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Trouble> {
        match self {
            Self::Download(download) => Ok(download.chunk().await?),
            Self::Parts(parts) => parts.chunk().await,
            Self::Begun { head, rest } => match head.take() {
                Some(head) => Ok(Some(head)),
                None => Box::pin(rest.chunk()).await,
            },
            Self::Made { bytes, .. } => Ok(bytes.take()),
        }
    }

    /// The first bytes, as many as judging needs; fewer where there are no more.
    pub async fn head(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut head = Vec::new();
        while head.len() < HEAD
            && let Some(bytes) = self.chunk().await?
        {
            head.extend_from_slice(&bytes);
        }
        Ok(head)
    }
}

impl Parts {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Trouble> {
        loop {
            if let Some(open) = &mut self.open
                && let Some(bytes) = open.next().await.transpose()?
            {
                self.received += bytes.len() as u64;
                return Ok(Some(bytes));
            }
            let Some(key) = self.keys.pop_front() else { return Ok(None) };
            self.open = Some(self.bucket.read(&key, None).await?);
        }
    }
}
