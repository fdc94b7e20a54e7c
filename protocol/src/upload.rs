//! Files of the visitor's device, sent in parts: `POST /multipart/start`, for each part `POST /multipart/upload` and a `PUT` to the address
//! that it answers, and `POST /multipart/complete`; `POST /multipart/abort` takes it back. The shapes are those of Filestack's upload API.

use crate::store::StoreTo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of every part but the last.
pub const PART: u64 = 6 * 1024 * 1024;

/// `POST /multipart/start`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRequest {
    /// The site's API key.
    pub apikey: String,
    /// What the file is called.
    pub filename: String,
    /// What the browser takes it for; empty where it does not know.
    pub mimetype: String,
    /// Bytes, at least one.
    pub size: u64,
    /// Where to.
    pub store: StoreTo,
    /// The client's own words for the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub upload_tags: BTreeMap<String, String>,
    /// What the site's server lets the page do, in base64; needed where the key requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The policy's signature, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The answer to [`StartRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Names the upload in all further requests.
    pub upload_id: String,
}

/// `POST /multipart/upload`: where is this part to be put?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRequest {
    /// The site's API key.
    pub apikey: String,
    /// [`Started::upload_id`].
    pub upload_id: String,
    /// Which part, from 1.
    pub part: u32,
    /// Its bytes.
    pub size: u64,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The answer to [`PartRequest`]. The answer to the `PUT` has the header `ETag`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartPlace {
    /// An absolute URL that takes these bytes by `PUT`.
    pub url: String,
    /// Headers that the `PUT` has to have.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// `POST /multipart/complete`. The answer is a [`StoredFile`](crate::store::StoredFile), or HTTP 202 while it is being made of the parts:
/// then the request is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteRequest {
    /// The site's API key.
    pub apikey: String,
    /// [`Started::upload_id`].
    pub upload_id: String,
    /// What the file is called.
    pub filename: String,
    /// As in [`StartRequest`].
    pub mimetype: String,
    /// As in [`StartRequest`].
    pub size: u64,
    /// All parts, in order.
    pub parts: Vec<PartDone>,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// `POST /multipart/abort`: takes an upload back, whether it has ended or not. Whoever has its name is whoever began it. Nothing of it is
/// left, nor of the file that was made of it; one that is not there is no error. The answer is an empty object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbortRequest {
    /// The site's API key.
    pub apikey: String,
    /// [`Started::upload_id`].
    pub upload_id: String,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// A part that was put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDone {
    /// Which, from 1.
    pub part_number: u32,
    /// The `ETag` that the `PUT` answered.
    pub etag: String,
}

/// `POST /metadata`: what is at an address?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRequest {
    /// The site's API key.
    pub apikey: String,
    /// The address, `http` or `https`.
    pub url: String,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// As in [`StartRequest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The answer to [`AddressRequest`], in the words of the address's host: nothing of it is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtAddress {
    /// The address.
    pub link_path: String,
    /// A name for people.
    pub display_name: String,
    /// The type; empty where the host tells none.
    #[serde(rename = "type", default)]
    pub mimetype: Option<String>,
    /// Bytes, where the host tells.
    pub size: Option<u64>,
}
