//! Where bytes rest. It owns the keys: what a client asks for is made into a key that cannot leave its place.

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Parts of this size go to the storage; S3 and its kin take none smaller but the last.
const PART: usize = 5 * 1024 * 1024;
/// Folders of a key beyond this many are dropped, characters of a segment too.
const MAX_FOLDERS: usize = 8;
const MAX_SEGMENT: usize = 80;

/// The storage.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

/// Where one file goes: the prefix, settled when the job begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// From what the client asked for. Segments that climb or hide are dropped, odd characters become `-`.
    pub fn new(container: Option<&str>, path: Option<&str>) -> Self {
        let segments = container.into_iter().chain(path).flat_map(|part| part.split(['/', '\\'])).map(clean);
        let segments = segments.filter(|segment| !segment.is_empty()).take(MAX_FOLDERS);
        Self(segments.map(|segment| segment + "/").collect())
    }

    /// As it was read from a job's row.
    pub fn from_row(prefix: String) -> Self {
        Self(prefix)
    }

    /// For a job's row: empty, or segments that each end with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of a file.
    pub fn key(&self, handle: &str, filename: &str) -> String {
        format!("{}{handle}_{}", self.0, clean(filename))
    }
}

fn clean(segment: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "._-() ".contains(c) { c } else { '-' };
    // Bytes are counted, because file systems do: 255 of them, handle included.
    let mut room = MAX_SEGMENT * 2;
    let cleaned: String = segment.trim().chars().take(MAX_SEGMENT).map(kept).collect();
    let cut = cleaned.chars().take_while(|c| {
        room = room.saturating_sub(c.len_utf8());
        room > 0
    });
    cut.collect::<String>().trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
}

impl Bucket {
    /// A folder of this machine's disk, made if it is not there.
    pub fn on_disk(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: folder.to_owned() })
    }

    /// Begins to write. Nothing is seen under the key until [`Writing::finish`].
    pub async fn write(&self, key: &str) -> object_store::Result<Writing> {
        let upload = self.store.put_multipart(&Key::parse(key)?).await?;
        Ok(Writing { upload, waiting: Vec::new() })
    }

    /// Reads a file, or a range of it.
    pub async fn read(
        &self,
        key: &str,
        range: Option<Range<u64>>,
    ) -> object_store::Result<BoxStream<'static, object_store::Result<Bytes>>> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        Ok(self.store.get_opts(&Key::parse(key)?, options).await?.into_stream())
    }

    /// Removes a file. It is no error when there is none.
    pub async fn remove(&self, key: &str) -> object_store::Result<()> {
        match self.store.delete(&Key::parse(key)?).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            result => result,
        }
    }

    /// Removes what a killed process left of a transfer: the staging file beside the target, `<key>#<number>`, and the target
    /// itself, should it have been written without having been recorded. Remote storages expire unfinished uploads by a rule of the bucket.
    pub async fn forget_unfinished(&self, destination: &Destination, handle: &str) -> std::io::Result<()> {
        let mut entries = match tokio::fs::read_dir(self.folder.join(destination.as_str())).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(handle) {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        Ok(())
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Writing {
    upload: Box<dyn MultipartUpload>,
    waiting: Vec<u8>,
}

impl Writing {
    /// Takes the next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> object_store::Result<()> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PART { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> object_store::Result<()> {
        let part = std::mem::take(&mut self.waiting);
        self.upload.put_part(PutPayload::from(part)).await
    }

    /// Makes the file seen, whole.
    pub async fn finish(mut self) -> object_store::Result<()> {
        if !self.waiting.is_empty()
            && let Err(error) = self.flush().await
        {
            self.abort().await;
            return Err(error);
        }
        self.upload.complete().await.map(drop)
    }

    /// Leaves nothing behind.
    pub async fn abort(mut self) {
        if let Err(error) = self.upload.abort().await {
            tracing::error!(cause = %error, "an unfinished file could not be removed from the storage");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leaves_its_place() {
        let key = |container: Option<&str>, path: Option<&str>| Destination::new(container, path).key("H", "1.jpg");
        assert_eq!(key(None, None), "H_1.jpg");
        assert_eq!(key(Some("box"), Some("/a/b/")), "box/a/b/H_1.jpg");
        assert_eq!(key(None, Some("../../etc")), "etc/H_1.jpg");
        assert_eq!(key(Some(".."), Some("./..\\.hidden/%2e%2e/a\0b")), "hidden/-2e-2e/a-b/H_1.jpg");
        assert_eq!(key(None, Some("写真/été")), "写真/été/H_1.jpg");
        assert!(Key::parse(key(None, Some(&"x/".repeat(1000)))).is_ok());
        assert!(Destination::new(None, Some(&"字".repeat(500))).as_str().len() < 200);
        assert_eq!(Destination::new(None, None).key("H", "../x#1.jpg"), "H_-x-1.jpg");
    }

    #[tokio::test]
    async fn nothing_is_seen_before_the_end_and_nothing_stays_after_an_abort() {
        let dir = tempfile::tempdir().unwrap();
        let bucket = Bucket::on_disk(dir.path()).unwrap();
        let mut writing = bucket.write("a/kept.jpg").await.unwrap();
        writing.push(&vec![7; PART + 1]).await.unwrap();
        assert!(bucket.read("a/kept.jpg", None).await.is_err());
        writing.push(&[8]).await.unwrap();
        writing.finish().await.unwrap();
        let size = std::fs::metadata(dir.path().join("a/kept.jpg")).unwrap().len();
        assert_eq!(size, PART as u64 + 2);

        let mut writing = bucket.write("a/dropped.jpg").await.unwrap();
        writing.push(&vec![7; PART + 1]).await.unwrap();
        writing.abort().await;
        assert_eq!(std::fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_killed_transfers_staging_file_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let bucket = Bucket::on_disk(dir.path()).unwrap();
        let destination = Destination::new(None, Some("p"));
        let mut writing = bucket.write(&destination.key("HANDLE", "1.jpg")).await.unwrap();
        writing.push(&vec![7; PART]).await.unwrap();
        // As a killed process does, it neither finishes nor cleans up.
        std::mem::forget(writing);
        assert_eq!(std::fs::read_dir(dir.path().join("p")).unwrap().count(), 1);
        bucket.forget_unfinished(&destination, "OTHER").await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path().join("p")).unwrap().count(), 1);
        bucket.forget_unfinished(&destination, "HANDLE").await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path().join("p")).unwrap().count(), 0);
        bucket.forget_unfinished(&Destination::new(None, Some("never")), "HANDLE").await.unwrap();
    }
}
