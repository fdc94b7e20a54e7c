//! The resumable upload of an app, whose handle a video can be made of.
//! <https://developers.facebook.com/docs/graph-api/guides/upload>

use axum::http::Method;
use serde_json::{Value, json};

use super::Caller;
use super::store::{Incoming, Item, ItemKind, Stored};
use crate::graph::GraphError;

impl Caller<'_> {
    /// `POST /{app}/uploads`.
    pub(super) fn start_session(&self) -> Result<Value, GraphError> {
        if self.request.method != Method::POST {
            return Err(self.wrong_method());
        }
        if self.request.path.first() != Some(&self.app.id) {
            return Err(self.nothing());
        }
        let length = self.param("file_length").and_then(|length| length.parse::<u64>().ok());
        let length = length.filter(|length| *length > 0 && self.param("file_type").is_some());
        let missing = || GraphError::parameter("(#100) The parameters file_length and file_type are required");
        let length = length.ok_or_else(missing)?;
        let id = self.platform.store().add(ItemKind::Upload, self.token.user, &self.app.id, self.now(), |session| {
            session.incoming = Some(Incoming::of_size(length));
        });
        Ok(json!({ "id": id }))
    }

    /// `POST /upload:{id}` with the bytes from `file_offset` on, and `GET` for how many are there.
    pub(super) fn session(&self, session: &Item) -> Result<Value, GraphError> {
        if session.account != self.token.user || session.app != self.app.id {
            return Err(self.nothing());
        }
        let mut store = self.platform.store();
        let incoming = store.get_mut(&session.id).and_then(|session| session.incoming.as_mut());
        let incoming = incoming.ok_or_else(|| self.nothing())?;
        if self.request.method == Method::GET {
            return Ok(json!({ "id": session.id, "file_offset": incoming.received }));
        }
        let part = self.part.ok_or_else(GraphError::upload_file_required)?;
        let offset = self.param("file_offset").and_then(|offset| offset.parse::<u64>().ok());
        let fits = incoming.received + part.bytes.len() as u64 <= incoming.size;
        if offset != Some(incoming.received) || !fits {
            return Err(GraphError::offset_wrong(incoming.received, incoming.size));
        }
        incoming.take(&part.bytes);
        if !incoming.is_whole() {
            return Err(GraphError::upload_incomplete());
        }
        Ok(json!({ "h": format!("2:{}", session.id.trim_start_matches("upload:")) }))
    }

    /// The file of a handle.
    pub(super) fn session_file(&self, handle: &str) -> Result<Stored, GraphError> {
        let store = self.platform.store();
        let id = format!("upload:{}", handle.trim_start_matches("2:"));
        let session = store.get(&id).filter(|session| session.app == self.app.id);
        let incoming = session.and_then(|session| session.incoming.as_ref()).filter(|incoming| incoming.is_whole());
        let wrong = || GraphError::parameter("(#100) Param fbuploader_video_file_chunk must be a valid upload handle");
        incoming.map(Incoming::stored).ok_or_else(wrong)
    }
}
