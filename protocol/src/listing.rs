//! Albums and pages of photos: `POST /folder/list`.

use crate::Reply;
use crate::problem::Problem;
use crate::session::AuthNeeded;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /folder/list`. The root of a source is `/`; a folder's path ends with `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequest {
    /// The site's API key.
    pub apikey: String,
    /// Source name to what is asked of it.
    pub clouds: BTreeMap<String, ListCloud>,
    /// Filestack's constant `"web"`; not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The session, absent at the first call of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What the site's server lets the page do, in base64; needed where the key requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The policy's signature, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// What the page takes, as in the picker's option; files that match nothing may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Vec<String>>,
    /// Filestack's name for the page's own address, to which a sign-in may come back. It counts when the key lists it,
    /// character for character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appurl: Option<String>,
    /// Whether the client completes sign-ins with [`CompleteRequest`](crate::session::CompleteRequest). One that does not is
    /// served only where the key allows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completes: bool,
    /// Whether the site asked for `sessionCache`: the session outlives the page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remember: bool,
}

/// What is asked of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCloud {
    /// A path that an earlier listing gave, or `/`.
    pub path: String,
    /// [`Contents::next`] of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether a sign-in that is offered asks for another account than the one the provider remembers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub switch_account: bool,
}

/// The answer: one member a source, beside the token. HTTP 200 even when a source fails.
pub type ListReply = Reply<Listing>;

/// One source's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, from = "Answer")]
pub enum Listing {
    /// The visitor has to sign in first.
    Auth {
        /// Where and how.
        auth: AuthNeeded,
    },
    /// The source answered with trouble.
    Failed {
        /// Which.
        error: Problem,
    },
    /// A page of the folder.
    Contents(Contents),
}

/// The members of all three answers, read in one pass: trying one variant after the other would double the widget's code
/// for reading them.
#[derive(Deserialize)]
struct Answer {
    auth: Option<AuthNeeded>,
    error: Option<Problem>,
    #[serde(default)]
    contents: Vec<Item>,
    #[serde(default)]
    next: String,
    #[serde(default)]
    client: String,
    #[serde(default)]
    filename: String,
    account: Option<String>,
}

impl From<Answer> for Listing {
    fn from(answer: Answer) -> Self {
        let Answer { auth, error, contents, next, client, filename, account } = answer;
        match (auth, error) {
            (Some(auth), _) => Self::Auth { auth },
            (None, Some(error)) => Self::Failed { error },
            (None, None) => Self::Contents(Contents { contents, next, client, filename, account }),
        }
    }
}

/// A page of a folder. It may be empty and still have a `next`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// In the provider's order.
    pub contents: Vec<Item>,
    /// Opaque; empty at the end. Sent back with the same path.
    #[serde(default)]
    pub next: String,
    /// The source's name.
    #[serde(default)]
    pub client: String,
    /// The folder's name; empty for the root.
    #[serde(default)]
    pub filename: String,
    /// Who is signed in, as the provider calls them. Only with the first page of the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A folder (album, carousel) or a file (photo, video).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Folder or file name for people; a file's has an extension.
    pub name: String,
    /// The key for listing and storing. A folder's ends with `/`.
    pub path: String,
    /// Whether it can be listed rather than stored.
    pub folder: bool,
    /// The type that the provider promises; the true one is known once the bytes are read. Empty for folders.
    #[serde(default)]
    pub mimetype: String,
    /// An absolute URL of a small picture, served by the companion to this session only, for some hours.
    /// Empty where there is none. Takes `&w=<pixels>` for a width other than 320 (160, 320, 640 and 1280 are kept).
    #[serde(default)]
    pub thumbnail: String,
    /// Pixels as `"1200x800"`, Filestack's form; empty where unknown.
    #[serde(default)]
    pub size: String,
    /// Bytes; 0 where unknown, which is always the case for Facebook and Instagram.
    #[serde(default)]
    pub bytes: u64,
    /// Pixels of the largest rendition, upright.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// See `width`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The words that the visitor gave the photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// When it was taken or, where the provider tells only that, published; a folder's: when it last changed. RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// How many items a folder holds; approximate, and videos count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Which of the provider's own collections a folder is, whose `name` is then plain English for clients that know no better:
    /// [`TAGGED`] or [`UPLOADS`]. They stand before the visitor's own folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special: Option<String>,
    /// Of a destination (see [`publish`](crate::publish)): `facebook` for a Page, `instagram` for an account there.
    /// Written and not read: the widget tells by the path, and reads every item of every page before its first sight.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// [`Item::special`] of the photos in which somebody tagged the visitor.
pub const TAGGED: &str = "tagged";
/// [`Item::special`] of all that the visitor uploaded, whatever its album.
pub const UPLOADS: &str = "uploads";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_answers_are_told_apart() {
        let reply: ListReply = serde_json::from_str(
            r#"{"token":"t","facebook":{"auth":{"redirect_url":"https://h/x"}},"instagram":{"error":{"text":"no","code":"rate_limited"}},
               "other":{"contents":[{"name":"A","path":"/1/","folder":true,"mimetype":"","thumbnail":"","size":"","bytes":0}],"next":""}}"#,
        )
        .unwrap();
        assert!(matches!(&reply.clouds["facebook"], Listing::Auth { auth } if auth.redirect_url == "https://h/x"));
        assert!(
            matches!(&reply.clouds["instagram"], Listing::Failed { error } if error.code.as_str() == "rate_limited")
        );
        assert!(
            matches!(&reply.clouds["other"], Listing::Contents(page) if page.contents[0].folder && page.next.is_empty())
        );
    }
}
