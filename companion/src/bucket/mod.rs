//! Where bytes rest. It owns the keys: what a client asks for is made into a key that cannot leave its place.
//!
//! Each storage is a [`Bucket`]: a folder of this machine's disk, or S3, Google Cloud Storage or Azure. [`Buckets`] has them by name.

mod destination;
mod disk;
mod writing;

pub use destination::{Destination, part_key, result_key, split_name, upload_of};
pub use writing::Writing;

use crate::config::Config;
use crate::secrets::Secret;
use anyhow::{Context as _, anyhow, ensure};
use axum::body::Bytes;
use axum::http::Method;
use disk::{on_disk, remove_file, remove_from, staged, staging_files};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::signer::Signer;
use object_store::{
    BackoffConfig, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, ObjectStoreScheme, PutPayload, RetryConfig,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

/// Parts of this size go to a storage behind the network; S3 and its kin take none smaller but the last, and at most ten thousand.
const PART: usize = 5 * 1024 * 1024;
/// The disk takes any; small ones keep little in memory.
const PART_ON_DISK: usize = 256 * 1024;
/// What a chunk of a transfer may add to a part before it is sent.
const SLACK: usize = 512 * 1024;
/// How long a request to a storage is tried again before the job that made it waits in the queue for better times.
const RETRY_FOR: Duration = Duration::from_secs(10);
/// The storages of a companion, by name; the first has none.
#[derive(Debug, Clone)]
pub struct Buckets(BTreeMap<String, Bucket>, MemoryLimit);

/// KiB that all transfers may hold.
type MemoryLimit = usize;

impl Buckets {
    /// Those of the settings: `storage_url`, and the further ones of `storages`.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let memory =
            config.transfer_memory_bytes.div_ceil(KIB).clamp(u64::from(Bucket::ROOM), Semaphore::MAX_PERMITS as u64);
        let limit = memory as usize;
        let memory = Arc::new(Semaphore::new(limit));
        let first = match config.storage_url.as_str() {
            "" => Bucket::on_disk(&config.data_dir.join("files")),
            url => Bucket::at(url, &config.storage_options, &config.storage_environment),
        };
        let mut buckets = BTreeMap::from([(String::new(), first.context("storage_url")?)]);
        for storage in &config.storages {
            let bucket = Bucket::at(&storage.url, &storage.options, &config.storage_environment);
            let bucket = bucket.with_context(|| format!("storages, `{}`", storage.name))?;
            buckets.insert(storage.name.to_ascii_lowercase(), bucket);
        }
        let share = |(name, bucket)| (name, Bucket { memory: memory.clone(), ..bucket });
        Ok(Self(buckets.into_iter().map(share).collect(), limit))
    }

    /// The storage of a row.
    pub fn get(&self, name: &str) -> object_store::Result<&Bucket> {
        self.0.get(name).ok_or_else(|| object_store::Error::Generic {
            store: "storages",
            source: format!("no storage is set up under the name `{name}`").into(),
        })
    }

    /// What a client calls a storage: nothing or Filestack's `S3` is the first, whatever that is; another must be set up.
    pub fn named(&self, location: Option<&str>) -> Option<&str> {
        let name = location.unwrap_or_default().to_ascii_lowercase();
        match self.0.get_key_value(&name) {
            Some((name, _)) => Some(name),
            None if name == "s3" => Some(""),
            None => None,
        }
    }

    /// Bytes of memory that transfers hold, and that they may.
    pub fn memory(&self) -> (u64, u64) {
        let free = self.0.values().next().map_or(self.1, |bucket| bucket.memory.available_permits());
        (self.1.saturating_sub(free) as u64 * KIB, self.1 as u64 * KIB)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bucket)> {
        self.0.iter().map(|(name, bucket)| (name.as_str(), bucket))
    }
}

const KIB: u64 = 1024;

/// A storage.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    /// Of one behind the network, what signs its addresses, and the prefix that it does not know of.
    signer: Option<(Arc<dyn Signer>, Key)>,
    /// The folder, of one on this machine's disk.
    folder: Option<PathBuf>,
    /// Whose it is.
    provider: &'static str,
    /// Bytes, in KiB, that all transfers together may hold.
    memory: Arc<Semaphore>,
}

/// Room in memory for the bytes of one transfer.
#[derive(Debug)]
pub struct Room(#[expect(dead_code, reason = "it counts by being there")] OwnedSemaphorePermit);

/// Something in a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// When it was written.
    pub modified: SystemTime,
    /// Bytes.
    pub size: u64,
}

/// What an S3, Google or Azure builder has in common.
macro_rules! build {
    ($builder:ident, $key:ident, $url:expr, $options:expr, $environment:expr) => {{
        let mut builder = $builder::new().with_url($url.as_str()).with_retry(retry());
        for (name, value) in $environment {
            if let Ok(key) = name.to_ascii_lowercase().parse::<$key>() {
                builder = builder.with_config(key, value.expose());
            }
        }
        for (name, value) in $options {
            let key = name.to_ascii_lowercase().parse::<$key>();
            let key = key.map_err(|_| anyhow!("options: `{name}` is none that {} takes", $url.scheme()))?;
            builder = builder.with_config(key, value.expose());
        }
        builder
    }};
}

fn remote<S: ObjectStore + Signer>(store: S) -> (Arc<dyn ObjectStore>, Arc<dyn Signer>) {
    let store = Arc::new(store);
    (store.clone(), store)
}

/// Short, because the queue has a longer breath and other photos go on meanwhile.
fn retry() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: RETRY_FOR }
}

impl Bucket {
    /// KiB that one transfer may hold: a part that is being filled or sent, and what came while it was.
    const ROOM: u32 = ((PART + 2 * SLACK) / 1024) as u32;

    /// A folder of this machine's disk, made if it is not there.
    pub fn on_disk(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { folder: Some(folder.to_owned()), ..Self::of(store) })
    }

    /// In this process's memory, for tests.
    pub fn in_memory() -> Self {
        Self::of(InMemory::new())
    }

    fn of(store: impl ObjectStore) -> Self {
        let memory = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self { store: Arc::new(store), signer: None, folder: None, provider: "internal", memory }
    }

    /// At an address: `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`. Of the environment it
    /// takes what it understands; an option that it does not understand is an error.
    pub fn at(
        url: &str,
        options: &BTreeMap<String, Secret>,
        environment: &BTreeMap<String, Secret>,
    ) -> anyhow::Result<Self> {
        let url = Url::parse(url).with_context(|| format!("`{url}` is no address; write s3://bucket/prefix"))?;
        ensure!(url.username().is_empty() && url.password().is_none(), "no secret belongs into the address");
        let (scheme, prefix) = ObjectStoreScheme::parse(&url)?;
        crate::fetch::prepare_tls();
        let (store, signer) = match scheme {
            ObjectStoreScheme::Local => {
                let folder = url.to_file_path().map_err(|()| anyhow!("`{url}` is no folder"))?;
                return Self::on_disk(&folder);
            }
            ObjectStoreScheme::Memory => return Ok(Self::in_memory()),
            ObjectStoreScheme::AmazonS3 => {
                let builder = build!(AmazonS3Builder, AmazonS3ConfigKey, url, options, environment);
                // Whoever writes http:// means it.
                let plain = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
                let plain = plain.is_some_and(|endpoint| endpoint.starts_with("http://"));
                remote(if plain { builder.with_allow_http(true) } else { builder }.build()?)
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                remote(build!(GoogleCloudStorageBuilder, GoogleConfigKey, url, options, environment).build()?)
            }
            ObjectStoreScheme::MicrosoftAzure => {
                remote(build!(MicrosoftAzureBuilder, AzureConfigKey, url, options, environment).build()?)
            }
            _ => return Err(anyhow!("`{}` is no storage; write file, s3, gs or az", url.scheme())),
        };
        let signer = Some((signer, prefix.clone()));
        let provider = match url.scheme() {
            "gs" => "google",
            "az" | "adl" | "azure" | "abfs" | "abfss" => "azure",
            _ => "amazon",
        };
        let bucket =
            if prefix.as_ref().is_empty() { Self::of(store) } else { Self::of(PrefixStore::new(store, prefix)) };
        Ok(Self { signer, provider, ..bucket })
    }

    /// Whose it is: `internal` (this machine's), `amazon` (whatever speaks S3's protocol), `google` or `azure`.
    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// All bytes of a file, of which there may be so many.
    pub async fn read_all(&self, key: &str, most: u64) -> object_store::Result<Bytes> {
        let file = self.store.get(&Key::parse(key)?).await?;
        if file.meta.size > most {
            return Err(object_store::Error::Generic { store: "storage", source: "the file is too large".into() });
        }
        file.bytes().await
    }

    /// Waits until there is room in memory for a transfer.
    pub async fn room(&self) -> Room {
        let permit = self.memory.clone().acquire_many_owned(Self::ROOM).await;
        Room(permit.expect("the semaphore is never closed"))
    }

    fn part(&self) -> usize {
        if self.folder.is_some() { PART_ON_DISK } else { PART }
    }

    /// Begins to write. Nothing is seen under the key until [`Writing::finish`].
    pub fn write(&self, key: &str, mimetype: &str, room: Room) -> object_store::Result<Writing> {
        Writing::begin(self, key, mimetype, room)
    }

    /// Reads a file, or a range of it.
    pub async fn read(
        &self,
        key: &str,
        range: Option<Range<u64>>,
    ) -> object_store::Result<BoxStream<'static, object_store::Result<Bytes>>> {
        let key = Key::parse(key)?;
        let Some(range) = range else { return Ok(self.store.get(&key).await?.into_stream()) };
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        match self.store.get_opts(&key, options).await {
            Ok(part) => Ok(part.into_stream()),
            Err(error @ object_store::Error::NotFound { .. }) => Err(error),
            // Some servers that speak S3's protocol answer a range with status 200, which is then no part.
            Err(error) => {
                tracing::debug!(cause = %error, "the storage gives no part of a file, so it is cut out of the whole");
                Ok(cut(self.store.get(&key).await?.into_stream(), range))
            }
        }
    }

    /// Whether something lies there; on disk a folder is something too.
    pub async fn has(&self, key: &str) -> object_store::Result<bool> {
        if let Some(folder) = &self.folder {
            return tokio::fs::try_exists(folder.join(key)).await.map_err(on_disk);
        }
        match self.store.head(&Key::parse(key)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// An address at which the storage itself hands out a file for so long; none of one that cannot.
    pub async fn signed_url(&self, key: &str, lives: Duration) -> object_store::Result<Option<Url>> {
        let Some((signer, prefix)) = &self.signer else { return Ok(None) };
        let key: Key = prefix.parts().chain(Key::parse(key)?.parts()).collect();
        signer.signed_url(Method::GET, &key, lives).await.map(Some)
    }

    /// Removes a file. It is no error when there is none.
    pub async fn remove(&self, key: &str) -> object_store::Result<()> {
        if key.is_empty() {
            // Nothing lies there of a file that is only linked.
            return Ok(());
        }
        match self.store.delete(&Key::parse(key)?).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            result => result,
        }
    }

    /// Removes a file and what a killed process left of writing it. On disk that is a staging file beside it, `<key>#<number>`; a
    /// remote storage keeps the parts of an unfinished upload where nobody sees them, until a rule of the bucket ends it.
    pub async fn forget(&self, key: &str) -> object_store::Result<()> {
        self.remove(key).await?;
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(key);
        let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else { return Ok(()) };
        let staging = format!("{}#", name.to_string_lossy());
        remove_from(parent, |name| name.starts_with(&staging)).await.map_err(on_disk)
    }

    /// Everything that is there, in no order. Staging files are told too, under their own names.
    pub fn objects(&self) -> BoxStream<'static, object_store::Result<Object>> {
        let found = self.store.list(None).map_ok(|meta| Object {
            key: meta.location.to_string(),
            modified: meta.last_modified.into(),
            size: meta.size,
        });
        let staging = self.folder.clone().map(staging_files).unwrap_or_default();
        found.chain(futures_util::stream::iter(staging.into_iter().map(Ok))).boxed()
    }

    /// The key of the file that an object is, or is to become.
    pub fn file_of<'a>(&self, key: &'a str) -> &'a str {
        staged(key).filter(|_| self.folder.is_some()).unwrap_or(key)
    }

    /// Removes what [`Bucket::objects`] told, which may be a staging file. It is no error when it is not there any more.
    pub async fn remove_object(&self, object: &Object) -> object_store::Result<()> {
        match &self.folder {
            Some(folder) if staged(&object.key).is_some() => {
                remove_file(&folder.join(&object.key)).await.map_err(on_disk)
            }
            _ => self.remove(&object.key).await,
        }
    }

    /// Whether it answers and takes what is written: the way of a file in small. `who` asks again only once this has ended: what it
    /// writes has one name, so that there is at most one left of it.
    pub async fn probe(&self, who: &str) -> object_store::Result<()> {
        let key = Key::from(format!(".probe/{who}"));
        self.store.put(&key, PutPayload::from_static(b"probe")).await?;
        let read = self.store.get(&key).await?.bytes().await;
        self.store.delete(&key).await?;
        read.map(drop)
    }
}

/// The part of a stream.
fn cut(
    whole: BoxStream<'static, object_store::Result<Bytes>>,
    range: Range<u64>,
) -> BoxStream<'static, object_store::Result<Bytes>> {
    let parts = whole.scan(0, move |at: &mut u64, chunk| {
        let chunk = chunk.map(|bytes| {
            let within = |position: u64| position.saturating_sub(*at).min(bytes.len() as u64) as usize;
            let part = bytes.slice(within(range.start)..within(range.end));
            *at += bytes.len() as u64;
            part
        });
        let ended = *at >= range.end;
        std::future::ready(Some((chunk, ended)))
    });
    let mut over = false;
    let until_end = parts.take_while(move |(_, ended)| std::future::ready(!std::mem::replace(&mut over, *ended)));
    until_end.map(|(chunk, _)| chunk).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_one_is_refused_by_name() {
        let options = |name: &str| BTreeMap::from([(name.to_owned(), Secret::new("x"))]);
        let refused = |url: &str, options: &BTreeMap<String, Secret>| {
            format!("{:#}", Bucket::at(url, options, &BTreeMap::new()).unwrap_err())
        };
        assert!(refused("my-bucket", &BTreeMap::new()).contains("s3://bucket/prefix"));
        assert!(refused("ftp://host/x", &BTreeMap::new()).contains("ftp"));
        assert!(refused("s3://key:secret@bucket", &BTreeMap::new()).contains("no secret"));
        assert!(refused("s3://bucket", &options("azure_storage_account_name")).contains("azure_storage_account_name"));
        // Of the environment, what another program's storage needs is no mistake.
        let known = options("aws_region");
        assert!(Bucket::at("s3://bucket/prefix", &known, &options("azure_storage_account_name")).is_ok());
    }

    async fn writes(bucket: &Bucket, key: &str, bytes: &[u8]) -> Writing {
        let mut writing = bucket.write(key, "image/jpeg", bucket.room().await).unwrap();
        for chunk in bytes.chunks(100_000) {
            writing.push(chunk).await.unwrap();
        }
        writing
    }

    async fn reads(bucket: &Bucket, key: &str, range: Option<Range<u64>>) -> object_store::Result<Vec<u8>> {
        let chunks: Vec<Bytes> = bucket.read(key, range).await?.try_collect().await?;
        Ok(chunks.concat())
    }

    async fn keys(bucket: &Bucket) -> Vec<String> {
        let objects: Vec<Object> = bucket.objects().try_collect().await.unwrap();
        let mut keys: Vec<String> = objects.into_iter().map(|object| object.key).collect();
        keys.sort();
        keys
    }

    /// What every storage does alike.
    async fn keeps_its_promises(bucket: &Bucket) {
        let large: Vec<u8> = (0..2 * PART + 7).map(|n| (n % 251) as u8).collect();
        let small = b"small".as_slice();
        for (key, bytes) in [("a/large.jpg", large.as_slice()), ("a/small #1.jpg", small), ("写真/empty", b"")] {
            let writing = writes(bucket, key, bytes).await;
            assert!(bucket.read(key, None).await.is_err(), "{key} is seen before it is whole");
            assert!(!bucket.has(key).await.unwrap());
            writing.finish().await.unwrap();
            assert!(bucket.has(key).await.unwrap());
            assert_eq!(reads(bucket, key, None).await.unwrap(), bytes, "{key}");
        }
        let part = reads(bucket, "a/large.jpg", Some(PART as u64 - 1..PART as u64 + 1)).await.unwrap();
        assert_eq!(part, large[PART - 1..=PART]);
        for bytes in [large.as_slice(), small] {
            writes(bucket, "a/dropped.jpg", bytes).await.abort().await;
        }
        assert_eq!(keys(bucket).await, ["a/large.jpg", "a/small #1.jpg", "写真/empty"]);
        bucket.probe("me").await.unwrap();
        for object in bucket.objects().try_collect::<Vec<_>>().await.unwrap() {
            bucket.remove_object(&object).await.unwrap();
        }
        bucket.forget("a/large.jpg").await.unwrap();
        bucket.remove("never/was").await.unwrap();
        assert!(keys(bucket).await.is_empty());
    }

    #[tokio::test]
    async fn the_disk_keeps_its_promises() {
        let dir = tempfile::tempdir().unwrap();
        keeps_its_promises(&Bucket::on_disk(dir.path()).unwrap()).await;
    }

    #[tokio::test]
    async fn memory_keeps_its_promises() {
        keeps_its_promises(&Bucket::in_memory()).await;
    }

    #[tokio::test]
    async fn s3_keeps_its_promises() {
        let Some(s3) = bowerbird_services::S3::shared() else { return };
        let options = s3.options().map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
        for prefix in ["", "/shop/photos"] {
            let url = format!("s3://{}{prefix}", s3.new_bucket());
            keeps_its_promises(&Bucket::at(&url, &options, &BTreeMap::new()).unwrap()).await;
        }
    }

    #[tokio::test]
    async fn a_part_is_cut_out_of_the_whole_where_it_must_be() {
        let chunks = || futures_util::stream::iter(["abc", "def", "", "ghi"].map(|text| Ok(Bytes::from(text)))).boxed();
        for (range, part) in
            [(0..9, "abcdefghi"), (1..2, "b"), (2..7, "cdefg"), (3..6, "def"), (8..9, "i"), (6..60, "ghi")]
        {
            let cut: Vec<Bytes> = cut(chunks(), range.clone()).try_collect().await.unwrap();
            assert_eq!(cut.concat(), part.as_bytes(), "{range:?}");
        }
    }

    #[tokio::test]
    async fn transfers_wait_for_room() {
        let config = Config { transfer_memory_bytes: 13 * 1024 * 1024, ..Config::default() };
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..config };
        let buckets = Buckets::open(&config).unwrap();
        let bucket = buckets.get("").unwrap();
        let two = [bucket.room().await, bucket.room().await];
        let third = bucket.room();
        tokio::pin!(third);
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(two);
        third.await;
    }

    #[tokio::test]
    async fn a_killed_transfers_staging_file_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let bucket = Bucket::on_disk(dir.path()).unwrap();
        // As a killed process does, it neither finishes nor cleans up.
        std::mem::forget(writes(&bucket, "p/HANDLE_1.jpg", &vec![7; PART]).await);
        let [staging] = &bucket.objects().try_collect::<Vec<_>>().await.unwrap()[..] else {
            panic!("one staging file")
        };
        assert!(staging.key.starts_with("p/HANDLE_1.jpg#"), "{staging:?}");
        bucket.forget("p/OTHER_1.jpg").await.unwrap();
        assert_eq!(keys(&bucket).await.len(), 1);
        bucket.forget("p/HANDLE_1.jpg").await.unwrap();
        assert!(keys(&bucket).await.is_empty());
        bucket.remove_object(staging).await.unwrap();
        bucket.forget("never/HANDLE_1.jpg").await.unwrap();
    }
}
