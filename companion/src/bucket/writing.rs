//! A file on its way into a storage.

use super::{Bucket, PART_ON_DISK, Room};
use object_store::path::Path as Key;
use object_store::{Attribute, Attributes, MultipartUpload, PutMultipartOptions, PutOptions, PutPayload};

/// A file that is being written.
#[derive(Debug)]
pub struct Writing {
    bucket: Bucket,
    key: Key,
    attributes: Attributes,
    /// Begun with the first full part: what is smaller takes one request instead of three.
    upload: Option<Box<dyn MultipartUpload>>,
    waiting: Vec<u8>,
    _room: Room,
}

impl Writing {
    pub(super) fn begin(bucket: &Bucket, key: &str, mimetype: &str, room: Room) -> object_store::Result<Self> {
        // The disk has no place for a type, and says so by refusing.
        let attributes = match bucket.folder {
            Some(_) => Attributes::new(),
            None => Attributes::from_iter([(Attribute::ContentType, mimetype.to_owned())]),
        };
        let waiting = Vec::new();
        Ok(Self { bucket: bucket.clone(), key: Key::parse(key)?, attributes, upload: None, waiting, _room: room })
    }

    /// So many bytes are to come. Known before, a part is not copied from a smaller place to a larger one while it grows.
    pub fn expect(&mut self, total: Option<u64>) {
        let part = self.bucket.part();
        let total = total.map_or(0, |total| usize::try_from(total).unwrap_or(part).min(part));
        self.waiting.reserve_exact(total.saturating_sub(self.waiting.len()));
    }

    /// Takes the next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> object_store::Result<()> {
        let part = self.bucket.part();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (fits, later) = rest.split_at(rest.len().min(part - self.waiting.len()));
            self.waiting.extend_from_slice(fits);
            rest = later;
            if self.waiting.len() == part {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    async fn send_part(&mut self) -> object_store::Result<()> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => {
                let options = PutMultipartOptions { attributes: self.attributes.clone(), ..Default::default() };
                none.insert(self.bucket.store.put_multipart_opts(&self.key, options).await?)
            }
        };
        let next = if self.bucket.folder.is_some() { PART_ON_DISK } else { 0 };
        let part = std::mem::replace(&mut self.waiting, Vec::with_capacity(next));
        upload.put_part(PutPayload::from(part)).await
    }

    /// Makes the file seen, whole.
    pub async fn finish(mut self) -> object_store::Result<()> {
        if self.upload.is_none() {
            let options = PutOptions { attributes: self.attributes.clone(), ..Default::default() };
            let bytes = PutPayload::from(std::mem::take(&mut self.waiting));
            return self.bucket.store.put_opts(&self.key, bytes, options).await.map(drop);
        }
        let sent = if self.waiting.is_empty() { Ok(()) } else { self.send_part().await };
        let done = match (&mut self.upload, sent) {
            (Some(upload), Ok(())) => upload.complete().await.map(drop),
            (_, sent) => sent,
        };
        if done.is_err() {
            self.abort().await;
        }
        done
    }

    /// Leaves nothing behind.
    pub async fn abort(mut self) {
        if let Some(upload) = &mut self.upload
            && let Err(error) = upload.abort().await
        {
            tracing::error!(cause = %error, "an unfinished file could not be removed from the storage");
        }
    }
}
