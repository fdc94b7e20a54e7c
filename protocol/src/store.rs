//! Copying the chosen photos: `POST /store/`.
//!
//! With `Accept: application/json` it answers one source's one photo when it is stored, as Filestack does. With
//! `Accept: text/event-stream` it answers at once and sends a [`StoreEvent`] whenever a photo's state changes, until all
//! have ended; each event is `event: <name>` and `data: <JSON>`. The copying belongs to the companion and goes on when the
//! stream breaks: the same request again watches the same jobs, and answers the same handles. `POST /store/cancel` ends them.

use crate::Reply;
use crate::problem::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /store/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Filestack's constant `"web"`; not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// What the site's server lets the page do, in base64; needed where the key requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The policy's signature, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Source name to what is stored from it.
    pub clouds: BTreeMap<String, StoreCloud>,
}

/// What is stored from one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCloud {
    /// One photo's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Several photos' paths; Bowerbird's addition, so that one stream watches a whole pick.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What the page takes, as in the picker's option. The type is judged again from the bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// Names a choice that is not confirmed yet, by letters, digits and hyphens, at most 64: what is stored under this name is a copy of
    /// its own, which [`CancelCloud::draft`] takes back. Bowerbird's addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// Filestack's name for one opening of its picker; kept in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picker_session_id: Option<String>,
    /// What is done to each photo before it is kept, as conversion's addresses write it: `crop=dim:[0,0,400,400]/circle`. Bowerbird's
    /// addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// The same for single photos, by their paths; it is done before `recipe`. Bowerbird's addition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipes: BTreeMap<String, String>,
    /// What photos are called when they are stored, by their paths; the extension is still that of the true type. Bowerbird's addition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// The most bytes that a photo may have as it comes from the source; a larger one fails with
    /// [`TooLarge`](ProblemCode::TooLarge). Bowerbird's addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u64>,
    /// Which sizes in pixels the page takes. Bowerbird's addition.
    #[serde(default, skip_serializing_if = "ImageLimits::is_none")]
    pub image: ImageLimits,
    /// The client's own words for each file, as in an upload of Filestack's. Bowerbird's addition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub upload_tags: BTreeMap<String, String>,
    /// Where to.
    #[serde(default)]
    pub store: StoreTo,
}

/// Which sizes in pixels a page takes, width and height; the picker's `imageMin`, `imageMax`, `imageDim` and `imageMinMaxBlock`. An image
/// that does not fit is brought to a size that does, after its recipe, keeping its shape; where `block` is set it fails instead with
/// [`ImageTooSmall`](ProblemCode::ImageTooSmall) or [`ImageTooLarge`](ProblemCode::ImageTooLarge).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageLimits {
    /// It has at least so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<[u32; 2]>,
    /// It has at most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<[u32; 2]>,
    /// It is brought to this width, or to this height where there is no width, whatever it has; with both it is fitted into them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dim: Option<[Option<u32>; 2]>,
    /// Whether one beyond `min` or `max` is refused rather than resized.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub block: bool,
}

impl ImageLimits {
    /// Whether every size will do.
    pub fn is_none(&self) -> bool {
        self.min.is_none() && self.max.is_none() && self.dim.is_none()
    }

    /// Why an image of this size is refused, where it is.
    pub fn refusal(&self, [width, height]: [u32; 2]) -> Option<ProblemCode> {
        if !self.block {
            None
        } else if self.min.is_some_and(|[least_width, least_height]| width < least_width || height < least_height) {
            Some(ProblemCode::ImageTooSmall)
        } else if self.max.is_some_and(|[most_width, most_height]| width > most_width || height > most_height) {
            Some(ProblemCode::ImageTooLarge)
        } else {
            None
        }
    }

    /// The size that an image of this size is brought to; `None` where it has one that will do.
    pub fn target(&self, [width, height]: [u32; 2]) -> Option<[u32; 2]> {
        let (across, down) = (f64::from(width.max(1)), f64::from(height.max(1)));
        let ratios = |[to_width, to_height]: [u32; 2]| (f64::from(to_width) / across, f64::from(to_height) / down);
        let by = if let Some([to_width, to_height]) = self.dim {
            let ratios = [to_width.map(|to| f64::from(to) / across), to_height.map(|to| f64::from(to) / down)];
            ratios.into_iter().flatten().reduce(f64::min).unwrap_or(1.0)
        } else if self.block {
            1.0
        } else {
            let shrunk = self.max.map_or(1.0, |max| ratios(max).0.min(ratios(max).1).min(1.0));
            // Where an image cannot have both, it has no more than the most.
            let enlarged = self.min.map_or(1.0, |min| ratios(min).0.max(ratios(min).1).max(1.0));
            if shrunk < 1.0 {
                shrunk
            } else {
                self.max.map_or(enlarged, |max| enlarged.min(ratios(max).0.min(ratios(max).1)))
            }
        };
        let size = [across, down].map(|side| ((side * by).round() as u32).max(1));
        (size != [width, height]).then_some(size)
    }
}

/// Where a file is stored; the picker's `storeTo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreTo {
    /// An alias for one of the key's storages, whatever its make; `s3` (in any case) and absent are the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Filestack's bucket name: a prefix within the storage, never an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// A prefix within the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Not used; the storage's region is the operator's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `public`, which is also the default: whoever has the URL reads it. `private`: only the session that stored it, and whoever
    /// has a policy of the site's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// What files are called when they are stored, in place of their own names; the extension is still that of the true type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Whether the file's key is path and name alone, without the handle before the name. Where that key is taken, a number goes behind
    /// the name. Filestack's client says the same as `disableStorageKey`.
    #[serde(default, alias = "disableStorageKey", skip_serializing_if = "std::ops::Not::not")]
    pub disable_storage_key: bool,
}

/// A file in the storage; Filestack's answer to `/store/`, with what Bowerbird knows besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Where everyone reads it.
    pub url: String,
    /// Twenty letters and digits.
    pub handle: String,
    /// A name for people, with the extension of its true type.
    pub filename: String,
    /// As judged from the bytes.
    pub mimetype: String,
    /// Bytes.
    pub size: u64,
    /// The source.
    pub client: String,
    /// Where in the storage.
    #[serde(default)]
    pub key: String,
    /// The prefix asked for in [`StoreTo::container`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// `"Stored"`.
    #[serde(default)]
    pub status: String,
    /// SHA-256 of the bytes, hex.
    #[serde(default)]
    pub sha256: String,
    /// By which the site's server knows that all this is the companion's word, where the key has a secret: hex HMAC-SHA256 of
    /// `<handle>.<sha256>.<size>.<client>` under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The words that the visitor gave the photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// See [`crate::listing::Item::date`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// The JSON answer for a single photo of each source.
pub type StoreReply = Reply<StoreOutcome>;

/// What became of a photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoreOutcome {
    /// It is stored.
    Stored(Box<StoredFile>),
    /// It is not, and nothing of it is left behind.
    Failed {
        /// Why.
        error: Problem,
    },
}

/// `POST /store/cancel`: of these photos, those that this session is having stored and that have not ended are cancelled. Nothing
/// of them is left behind, and the stream tells [`StoreEvent::Failed`] with [`ProblemCode::Cancelled`]. One that is stored stays
/// stored, and one that was never asked for is no error. The answer is a [`CancelReply`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// The site's API key.
    pub apikey: String,
    /// The session that had them stored.
    pub token: String,
    /// Source name to what is cancelled of it.
    pub clouds: BTreeMap<String, CancelCloud>,
}

/// What is cancelled of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCloud {
    /// The photos' paths, however they were stored: all copies of them that are under way.
    pub paths: Vec<String>,
    /// Takes back what this session asked for with this [`StoreCloud::draft`], and nothing else: what is stored of it already is
    /// removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
}

/// The answer to [`CancelRequest`]: an empty object for each source, beside the token.
pub type CancelReply = Reply<Cancelled>;

/// What became of a wish to cancel: no more than that it was heard. The store stream tells the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {}

/// One event of the stream. On the wire `event:` carries the tag and `data:` the whole object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", try_from = "EventMembers")]
pub enum StoreEvent {
    /// Bytes have arrived. Sent at the start of a transfer too, and again when a transfer starts over.
    Progress {
        /// Source name.
        source: String,
        /// The photo's path.
        path: String,
        /// Bytes so far.
        received: u64,
        /// Bytes in all, once the provider has told.
        total: Option<u64>,
    },
    /// The photo is stored.
    Stored {
        /// Source name.
        source: String,
        /// The photo's path.
        path: String,
        /// The file.
        file: Box<StoredFile>,
    },
    /// The photo could not be stored.
    Failed {
        /// Source name.
        source: String,
        /// The photo's path.
        path: String,
        /// Why.
        error: Problem,
    },
    /// All have ended; the stream closes.
    Done,
}

/// The members of all events, read in one pass, as in a listing.
#[derive(Deserialize)]
struct EventMembers {
    event: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    received: u64,
    total: Option<u64>,
    file: Option<Box<StoredFile>>,
    error: Option<Problem>,
}

impl TryFrom<EventMembers> for StoreEvent {
    type Error = &'static str;

    fn try_from(members: EventMembers) -> Result<Self, Self::Error> {
        let EventMembers { event, source, path, received, total, file, error } = members;
        Ok(match (event.as_str(), file, error) {
            ("progress", ..) => Self::Progress { source, path, received, total },
            ("stored", Some(file), _) => Self::Stored { source, path, file },
            ("failed", _, Some(error)) => Self::Failed { source, path, error },
            ("done", ..) => Self::Done,
            _ => return Err("not an event of the store stream"),
        })
    }
}

impl StoreEvent {
    /// The value of the `event:` line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Progress { .. } => "progress",
            Self::Stored { .. } => "stored",
            Self::Failed { .. } => "failed",
            Self::Done => "done",
        }
    }
}

/// Whether asking again may end better without the visitor doing anything else first.
pub fn worth_retrying(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::RateLimited
            | ProblemCode::TooManyRequests
            | ProblemCode::SourceUnavailable
            | ProblemCode::PhotoIncomplete
            | ProblemCode::StorageFailed
            | ProblemCode::Internal
            | ProblemCode::Other
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filestacks_request_is_read() {
        let request: StoreRequest = serde_json::from_str(
            r#"{"apikey":"K","token":"t","flow":"web","clouds":{"facebook":{"path":"/1/2.jpg","picker_session_id":"p","store":{"location":"s3"}}}}"#,
        )
        .unwrap();
        assert_eq!(request.clouds["facebook"].path.as_deref(), Some("/1/2.jpg"));
    }

    #[test]
    fn images_are_brought_to_a_size_that_will_do() {
        let max = ImageLimits { max: Some([100, 100]), ..ImageLimits::default() };
        assert_eq!(max.target([400, 200]), Some([100, 50]));
        assert_eq!(max.target([100, 50]), None);
        let min = ImageLimits { min: Some([100, 100]), ..ImageLimits::default() };
        assert_eq!(min.target([50, 20]), Some([250, 100]));
        assert_eq!(min.target([100, 100]), None);
        let both = ImageLimits { max: Some([200, 200]), ..min };
        assert_eq!(both.target([50, 20]), Some([200, 80]), "no more than the most");
        let dim = |dim| ImageLimits { dim: Some(dim), ..ImageLimits::default() };
        assert_eq!(dim([Some(800), None]).target([400, 200]), Some([800, 400]));
        assert_eq!(dim([None, Some(100)]).target([400, 200]), Some([200, 100]));
        assert_eq!(dim([Some(100), Some(100)]).target([400, 200]), Some([100, 50]));
        assert_eq!(dim([Some(1), None]).target([10_000, 1]), Some([1, 1]));
    }

    #[test]
    fn images_are_refused_where_the_page_wants_that() {
        let limits =
            ImageLimits { min: Some([100, 100]), max: Some([200, 200]), block: true, ..ImageLimits::default() };
        assert_eq!(limits.refusal([99, 150]), Some(ProblemCode::ImageTooSmall));
        assert_eq!(limits.refusal([150, 201]), Some(ProblemCode::ImageTooLarge));
        assert_eq!(limits.refusal([100, 200]), None);
        assert_eq!(ImageLimits { block: false, ..limits }.refusal([1, 1]), None);
    }

    #[test]
    fn events_survive_the_wire_and_carry_their_name_twice() {
        let (source, path) = ("facebook".to_owned(), "/1/2.jpg".to_owned());
        for event in [
            StoreEvent::Progress { source: source.clone(), path: path.clone(), received: 3, total: Some(9) },
            StoreEvent::Stored { source: source.clone(), path: path.clone(), file: Box::default() },
            StoreEvent::Failed { source, path, error: Problem::new(ProblemCode::PhotoGone) },
            StoreEvent::Done,
        ] {
            let json = serde_json::to_value(&event).unwrap();
            assert_eq!(json["event"], event.name());
            assert_eq!(serde_json::from_value::<StoreEvent>(json).unwrap(), event);
        }
        assert!(serde_json::from_str::<StoreEvent>(r#"{"event":"stored"}"#).is_err());
    }
}
