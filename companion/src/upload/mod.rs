//! Files that no provider gives: uploads from the device in parts ([`parts`]), what is at an address ([`address`]), and either as
//! Filestack stored it before ([`legacy`]), in the shapes of its upload and processing APIs. Both become jobs like any photo, so that they survive what photos survive.

pub mod address;
pub mod legacy;
pub mod parts;
pub mod prefetch;

use crate::Shared;
use crate::apps::App;
use crate::bucket::Destination;
use crate::db::{FROM_DEVICE, NewJob, UploadRow};
use crate::error::ApiError;
use crate::policy::{Call, Deed, Policy};
use crate::rights::Shown;
use crate::secrets;
use crate::store::{self, Begun, Watched};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::{StoreEvent, StoreTo};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use std::time::Duration;

/// Filestack's limit for tags.
const MAX_TAGS: usize = 10;
/// Characters of a tag's name and of its value.
const MAX_TAG: usize = 512;
/// Characters of a file's name.
const MAX_NAME: usize = 255;

pub(crate) fn bad(text: impl Into<String>) -> ApiError {
    ApiError::with_text(ProblemCode::BadRequest, text)
}

/// Where a new file goes and who may read it, judged.
pub(crate) struct Place {
    pub storage: String,
    pub container: Option<String>,
    pub prefix: String,
    pub access: &'static str,
    pub plain_key: bool,
    policy: Option<Policy>,
}

impl Place {
    pub fn judge(companion: &Shared, app: &App, to: &StoreTo, shown: &Shown, deed: Deed<'_>) -> Result<Self, ApiError> {
        let deed = Deed { path: to.path.as_deref(), container: to.container.as_deref(), ..deed };
        let policy = shown.allows(app, Call::Store, deed)?;
        let storage = companion.buckets.named(to.location.as_deref());
        let storage = storage.ok_or_else(|| {
            bad(format!("There is no storage named `{}`.", to.location.as_deref().unwrap_or_default()))
        })?;
        store::check_destination(to)?;
        Ok(Self {
            storage: storage.to_owned(),
            container: to.container.clone(),
            prefix: Destination::new(to.container.as_deref(), to.path.as_deref()).as_str().to_owned(),
            access: store::access(to.access.as_deref())?,
            plain_key: to.disable_storage_key,
            policy,
        })
    }

    /// Where a site's own server has files put, which needs no leave.
    pub fn of_site(companion: &Shared) -> Self {
        let storage = companion.buckets.named(None).unwrap_or_default().to_owned();
        let prefix = Destination::new(None, None).as_str().to_owned();
        Self { storage, container: None, prefix, access: "public", plain_key: false, policy: None }
    }

    /// The sizes between which the policy wants the file.
    pub fn sizes(&self) -> (Option<u64>, Option<u64>) {
        let policy = self.policy.as_ref();
        (policy.and_then(Policy::min_size), policy.and_then(Policy::max_size))
    }
}

/// A client's tags, as they are kept.
pub(crate) fn tags(tags: Option<&Map<String, Value>>) -> Result<Option<String>, ApiError> {
    let Some(tags) = tags.filter(|tags| !tags.is_empty()) else { return Ok(None) };
    let fits = |(name, value): (&String, &Value)| {
        name.len() <= MAX_TAG && value.as_str().is_some_and(|value| value.len() <= MAX_TAG)
    };
    if tags.len() > MAX_TAGS || !tags.iter().all(fits) {
        return Err(bad(format!("upload_tags: at most {MAX_TAGS}, each a text of at most {MAX_TAG} characters.")));
    }
    serde_json::to_string(tags).map(Some).map_err(ApiError::internal)
}

/// Refuses what is no name of a file. `field` is where it is said.
pub(crate) fn check_name(field: &str, filename: &str) -> Result<(), ApiError> {
    if filename.is_empty() || filename.chars().count() > MAX_NAME {
        return Err(bad(format!("{field}: between 1 and {MAX_NAME} characters.")));
    }
    Ok(())
}

/// Bytes as rows have them.
pub(crate) fn bytes_in_row(count: Option<u64>) -> Option<i64> {
    count.map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}

/// The job that makes a file of an upload whose parts are there.
pub(crate) fn job_of<'a>(upload: &'a UploadRow, request_key: &'a str, handle: &'a str) -> NewJob<'a> {
    NewJob {
        request_key,
        app_key: &upload.app_key,
        source: FROM_DEVICE,
        path: &upload.id,
        container: upload.container.as_deref(),
        prefix: &upload.prefix,
        handle,
        storage: &upload.storage,
        access: &upload.access,
        plain_key: upload.plain_key != 0,
        sizes: (upload.least_bytes.map(i64::unsigned_abs), upload.most_bytes.map(i64::unsigned_abs)),
        ..NewJob::default()
    }
}

/// Begins a job, and waits for its end for at most so long. `None` when it takes longer.
pub(crate) async fn run(companion: &Shared, job: NewJob<'_>, patience: Duration) -> Result<Option<Value>, ApiError> {
    let turn = crate::db::now();
    let id = companion.db.begin_job(&secrets::id(), &NewJob { turn, ..job }).await?;
    let id = id.ok_or_else(|| ApiError::internal("a job without a connection was refused"))?;
    companion.new_job.notify_one();
    let watched = Watched { source: job.source.to_owned(), path: job.path.to_owned(), begun: Begun::Job(id) };
    let mut events = std::pin::pin!(store::events(companion.clone(), vec![watched], None));
    let end = async {
        while let Some(event) = events.next().await {
            match event {
                StoreEvent::Stored { file, .. } => return Some(Ok(file)),
                StoreEvent::Failed { error, .. } => return Some(Err(error)),
                StoreEvent::Progress { .. } | StoreEvent::Done => {}
            }
        }
        None
    };
    match tokio::time::timeout(patience, end).await.ok().flatten() {
        Some(Ok(file)) => {
            let row = companion.db.file(&file.handle).await?.ok_or_else(ApiError::not_found)?;
            Ok(Some(crate::files::described(companion, &row)))
        }
        Some(Err(problem)) => Err(ApiError::with_text(problem.code, problem.text)),
        None => Ok(None),
    }
}
