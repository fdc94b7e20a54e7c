//! What is written of a job, and what is read.

use crate::db::Millis;
use sqlx::FromRow;

/// What begins a job.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewJob<'a> {
    /// The same for the same wish of the same session.
    pub request_key: &'a str,
    /// The session, by the id of its row; empty where there is none.
    pub session: &'a str,
    /// The site.
    pub app_key: &'a str,
    /// With whose token, where a provider is asked.
    pub connection_id: Option<&'a str>,
    /// From where: a provider's name, [`FROM_ADDRESS`], [`FROM_DEVICE`] or [`FROM_FILE`].
    pub source: &'a str,
    /// Which photo, address, upload or file.
    pub path: &'a str,
    /// Which types the page takes, as JSON; empty for any file.
    pub accept: &'a str,
    /// The container asked for, to be told again.
    pub container: Option<&'a str>,
    /// The prefix of the key.
    pub prefix: &'a str,
    /// The handle, if the job is new.
    pub handle: &'a str,
    /// Which of the storages.
    pub storage: &'a str,
    /// Its place in the queue, see [`crate::db::Db::next_turn`].
    pub turn: Millis,
    /// Who may read the file: `public` or `private`.
    pub access: &'a str,
    /// What the client calls the file.
    pub filename: Option<&'a str>,
    /// What the client says that it is, for bytes that do not show it.
    pub mimetype: Option<&'a str>,
    /// The client's own JSON.
    pub tags: Option<&'a str>,
    /// Bytes that it must have at least, and may have at most.
    pub sizes: (Option<u64>, Option<u64>),
    /// The name of the request that asks for it.
    pub trace: &'a str,
    /// What is done to the image before it is kept: the JSON of its tasks.
    pub recipe: Option<&'a str>,
    /// Which sizes in pixels the page takes, as JSON.
    pub image: Option<&'a str>,
    /// Whether the file's key is prefix and name alone.
    pub plain_key: bool,
}

/// Wishes that are taken back.
#[derive(Debug, Clone, Copy)]
pub struct Unwished<'a> {
    /// The site; empty where the session tells.
    pub app_key: &'a str,
    /// The session, by the id of its row; empty where there is none.
    pub session: &'a str,
    /// From where, as in [`NewJob`].
    pub source: &'a str,
    /// Which photos, addresses or uploads.
    pub paths: &'a [String],
    /// The beginning of their request keys.
    pub keys: &'a str,
}

/// How the request keys begin of what is stored as a draft of this name.
pub fn draft_keys(draft: &str) -> String {
    format!("draft:{draft}:")
}

/// The source of what is fetched from an address that a client named.
pub const FROM_ADDRESS: &str = "url";
/// The source of what was uploaded from the device.
pub const FROM_DEVICE: &str = "local_file_system";

/// The source of what is made of a file that is stored already, by its handle.
pub const FROM_FILE: &str = "file";

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
    /// Which of the storages.
    pub storage: String,
    /// Where an earlier transfer of it was writing.
    pub object_key: Option<String>,
    /// The session whose wish it is.
    pub session_id: String,
    /// Who may read the file.
    pub access: String,
    /// What the client calls the file.
    pub filename: Option<String>,
    /// What the client says that it is.
    pub mimetype: Option<String>,
    /// The client's own JSON.
    pub tags: Option<String>,
    /// Bytes that it must have at least.
    pub least_bytes: Option<i64>,
    /// Bytes that it may have at most.
    pub most_bytes: Option<i64>,
    /// The name of the request that asked for it last; empty for one from before there were names.
    pub trace: String,
    /// What is done to the image before it is kept: the JSON of its tasks.
    pub recipe: Option<String>,
    /// Which sizes in pixels the page takes, as JSON.
    pub image: Option<String>,
    /// 1 where the file's key is prefix and name alone.
    pub plain_key: i64,
    /// How many transfers failed for reasons that may pass.
    pub tries: i64,
    /// How often it was taken: what its worker can do only while this is so.
    pub claims: i64,
}

impl JobRow {
    /// Whether a visitor picked it: `POST /store/` is what has sessions.
    pub fn is_picked(&self) -> bool {
        !self.session_id.is_empty()
    }
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

/// Whose jobs go back into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Of workers that were not heard of in time.
    Silent,
    /// Of this one, which gives them up.
    Worker(&'a str),
    /// All, of a database that one process works on and that has just begun.
    Everybody,
}

/// Why a worker is to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwanted {
    /// The wish was taken back; the code of the problem says by what.
    Problem(String),
    /// The worker was not heard of for so long that another has the job.
    TakenOver,
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
