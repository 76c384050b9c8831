//! Where bytes are kept: whole blobs, read in ranges of a pinned version and written whole or by blocks.
//!
//! [`BlobStore`] is one concrete type over `object_store` (ADR 0001) whatever is behind it; the suite in
//! `tests/it/blob/conformance.rs` holds all of them to the same behaviour. Blocks have the semantics of Azure's block
//! blobs: they are put in any order, again and again, survive the death of the process, and become a blob in one
//! step. Nothing here knows what a blob means.

#[cfg(feature = "azure")]
pub mod azure;
mod block;
mod body;
mod error;
#[cfg(test)]
mod fault_tests;
mod fetch;
mod folder;
mod key;
mod memory;
mod reader;
mod retry;
pub mod settings;
mod source;
mod throttle;

pub use block::{
    BlockIndex, BlockIndexError, Committed, MAX_BLOCK_BYTES, MAX_BLOCKS, MIN_BLOCK_BYTES, block_size_bytes,
};
pub use error::{BlobError, BlobErrorKind};
pub use fetch::ReadCounters;
pub use key::{BlobKey, BlobKeyError, ContentHash, ContentHashError, Etag};
pub use reader::{BlobReader, BlobStream, ReadConfig};
pub use retry::RetryPolicy;
pub use source::{BlobSource, SourceOptions};

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use fetch::Pinned;
use folder::Folder;
use memory::MemoryBlocks;
use retry::retrying;
use throttle::Throttle;

/// A store of blobs. Clones are cheap and share counters and throttle.
#[derive(Clone)]
pub struct BlobStore {
    inner: Arc<Inner>,
}

struct Inner {
    objects: Arc<dyn ObjectStore>,
    backend: Backend,
    config: ReadConfig,
    counters: Arc<ReadCounters>,
    /// Of blobs that are read as a whole.
    document_counters: Arc<ReadCounters>,
    throttle: Arc<Throttle>,
}

/// Who keeps the blocks until they are committed.
enum Backend {
    Folder(Arc<Folder>),
    Memory(MemoryBlocks),
    #[cfg(feature = "azure")]
    Azure(Box<azure::Azure>),
}

impl BlobStore {
    /// A folder of this machine, made if it is not there. What is written is on the disk before the call returns.
    /// Several processes may use the same folder. As files are kept under their keys, no key may go on where
    /// another one ends.
    pub fn local(dir: &Path, config: ReadConfig) -> Result<Self, OpenError> {
        let opened = || -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            let folder = Folder::open(dir)?;
            let objects = LocalFileSystem::new_with_prefix(folder.blobs())?;
            Ok((folder, objects))
        };
        let (folder, objects) =
            opened().map_err(|source| OpenError { place: dir.display().to_string(), source })?;
        Ok(Self::new(Arc::new(objects), Backend::Folder(Arc::new(folder)), config))
    }

    /// The memory of this process, for tests.
    pub fn in_memory(config: ReadConfig) -> Self {
        Self::new(Arc::new(InMemory::new()), Backend::Memory(MemoryBlocks::default()), config)
    }

    fn new(objects: Arc<dyn ObjectStore>, backend: Backend, config: ReadConfig) -> Self {
        let throttle = Arc::new(Throttle::new(config.max_bytes_per_second));
        let (counters, document_counters) = (Arc::default(), Arc::default());
        Self { inner: Arc::new(Inner { objects, backend, config, counters, document_counters, throttle }) }
    }

    /// Looks which version of a blob there is, and pins it.
    pub async fn open(&self, key: &BlobKey) -> Result<BlobReader, BlobError> {
        let path = key.to_path();
        let meta = self.ask("open", key, || self.inner.objects.head(&path)).await?;
        let without = || BlobErrorKind::Unavailable.on("open", key).with_source("the store gave no etag");
        let etag = Etag::new(meta.e_tag.ok_or_else(without)?);
        Ok(self.pinned(key, etag, meta.size))
    }

    /// A version that was pinned earlier. Asks nothing: if it is not there any more, reading says so.
    pub fn pinned(&self, key: &BlobKey, etag: Etag, size_bytes: u64) -> BlobReader {
        self.reader(key, etag, size_bytes, (self.inner.config.clone(), &self.inner.counters))
    }

    /// Writes a blob in one step, over whatever is there. Its uncommitted blocks are discarded.
    pub async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<Etag, BlobError> {
        const DOING: &str = "write";
        match &self.inner.backend {
            Backend::Folder(folder) => {
                return on_disk(folder, DOING, key, move |folder, key| folder.put(key, &bytes)).await;
            }
            Backend::Memory(blocks) => blocks.discard(key).await,
            #[cfg(feature = "azure")]
            Backend::Azure(_) => {}
        }
        let path = key.to_path();
        let put = || self.inner.objects.put(&path, PutPayload::from_bytes(bytes.clone()));
        let put = self.ask_within(self.time_to_send(&bytes), DOING, key, put).await?;
        let without = || BlobErrorKind::Unavailable.on(DOING, key).with_source("the store gave no etag");
        put.e_tag.map(Etag::new).ok_or_else(without)
    }

    /// All bytes of a blob, if they are not more than the limit. Of one version: a blob that is replaced meanwhile
    /// is read again.
    pub async fn get(&self, key: &BlobKey, limit_bytes: u64) -> Result<Bytes, BlobError> {
        let mut replaced = 0;
        loop {
            match self.get_once(key, limit_bytes).await {
                Err(error) if error.kind == BlobErrorKind::Changed && replaced < 3 => replaced += 1,
                answer => return answer,
            }
        }
    }

    /// All bytes of a blob that has this hash: others are an error ([`BlobErrorKind::OtherBytes`]).
    pub async fn get_verified(
        &self,
        key: &BlobKey,
        hash: &ContentHash,
        limit_bytes: u64,
    ) -> Result<Bytes, BlobError> {
        let bytes = self.get(key, limit_bytes).await?;
        if ContentHash::of(&bytes) == *hash {
            Ok(bytes)
        } else {
            Err(BlobErrorKind::OtherBytes.on("read", key))
        }
    }

    /// Removes a blob and its uncommitted blocks. That there is none is no error.
    pub async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let path = key.to_path();
        match self.ask("delete", key, || self.inner.objects.delete(&path)).await {
            Err(error) if error.kind == BlobErrorKind::NotFound => {}
            answer => answer?,
        }
        self.discard_blocks(key).await
    }

    /// Puts a block, over one that has the same index. It is not empty and not longer than [`MAX_BLOCK_BYTES`].
    pub async fn put_block(&self, key: &BlobKey, index: BlockIndex, bytes: Bytes) -> Result<(), BlobError> {
        const DOING: &str = "put a block of";
        block::check_size(bytes.len() as u64).map_err(|kind| kind.on(DOING, key))?;
        match &self.inner.backend {
            Backend::Folder(folder) => {
                on_disk(folder, DOING, key, move |folder, key| folder.put_block(key, index, &bytes)).await
            }
            Backend::Memory(blocks) => {
                blocks.put(key, index, bytes).await;
                Ok(())
            }
            #[cfg(feature = "azure")]
            Backend::Azure(azure) => {
                let limit = self.time_to_send(&bytes);
                azure.put_block(self.on(DOING, key), index, bytes, limit).await
            }
        }
    }

    /// The blocks that are there and not committed, ascending, with their sizes in bytes.
    pub async fn uncommitted_blocks(&self, key: &BlobKey) -> Result<Vec<(BlockIndex, u64)>, BlobError> {
        match &self.inner.backend {
            Backend::Folder(folder) => {
                on_disk(folder, "list the blocks of", key, |folder, key| folder.uncommitted(key)).await
            }
            Backend::Memory(blocks) => Ok(blocks.uncommitted(key).await),
            #[cfg(feature = "azure")]
            Backend::Azure(azure) => azure.uncommitted(self.on("list the blocks of", key)).await,
        }
    }

    /// Makes the listed blocks, in this order, the blob: in one step, over whatever is there, in bounded memory.
    /// Uncommitted blocks that are not listed are discarded. Again with the same list it answers as before. An
    /// empty list makes an empty blob.
    ///
    /// [`BlobErrorKind::MissingBlock`] names the first listed block that is not there.
    pub async fn commit_blocks(&self, key: &BlobKey, blocks: &[BlockIndex]) -> Result<Committed, BlobError> {
        block::check_list(blocks).map_err(|kind| kind.on("commit the blocks of", key))?;
        match &self.inner.backend {
            Backend::Folder(folder) => {
                let blocks = blocks.to_vec();
                on_disk(folder, "commit the blocks of", key, move |folder, key| folder.commit(key, &blocks))
                    .await
            }
            Backend::Memory(memory) => memory.commit(self, key, blocks).await,
            #[cfg(feature = "azure")]
            Backend::Azure(azure) => azure.commit(self.on("commit the blocks of", key), blocks).await,
        }
    }

    /// Discards the uncommitted blocks of a blob. That there are none is no error. Azure cannot, if the blob is there:
    /// then they lapse.
    pub async fn discard_blocks(&self, key: &BlobKey) -> Result<(), BlobError> {
        match &self.inner.backend {
            Backend::Folder(folder) => {
                on_disk(folder, "discard the blocks of", key, |folder, key| folder.discard(key)).await
            }
            Backend::Memory(blocks) => {
                blocks.discard(key).await;
                Ok(())
            }
            #[cfg(feature = "azure")]
            Backend::Azure(azure) => azure.discard(self.on("discard the blocks of", key)).await,
        }
    }

    /// Discards what was left behind: the uncommitted blocks of blobs to which none was added for so long. Azure
    /// does that itself, after seven days.
    pub async fn discard_lapsed_blocks(&self, unchanged_for: Duration) -> Result<(), OpenError> {
        match &self.inner.backend {
            Backend::Folder(folder) => {
                let folder = Arc::clone(folder);
                let place = folder.place();
                let lapse = tokio::task::spawn_blocking(move || folder.lapse(unchanged_for));
                let lapsed = lapse.await.map_err(std::io::Error::other).flatten();
                lapsed.map_err(|error| OpenError { place, source: error.into() })
            }
            Backend::Memory(blocks) => {
                blocks.lapse(unchanged_for).await;
                Ok(())
            }
            #[cfg(feature = "azure")]
            Backend::Azure(_) => Ok(()),
        }
    }

    /// A URL by which a sender puts the blocks of this blob himself, and can do nothing else; `None` if the service
    /// has to take them. To renew it, ask again.
    pub async fn upload_grant(
        &self,
        key: &BlobKey,
        valid_for: Duration,
    ) -> Result<Option<SignedUrl>, BlobError> {
        match &self.inner.backend {
            Backend::Folder(_) | Backend::Memory(_) => {
                let _ = (key, valid_for);
                Ok(None)
            }
            #[cfg(feature = "azure")]
            Backend::Azure(azure) => azure.upload_grant(key, valid_for).await.map(Some),
        }
    }

    #[cfg(feature = "azure")]
    fn on<'a>(&'a self, doing: &'static str, key: &'a BlobKey) -> azure::On<'a> {
        azure::On { doing, key, counters: &self.inner.counters }
    }

    async fn get_once(&self, key: &BlobKey, limit_bytes: u64) -> Result<Bytes, BlobError> {
        let reader = self.open(key).await?;
        let size_bytes = reader.size_bytes();
        if size_bytes > limit_bytes {
            return Err(BlobErrorKind::TooLarge { size_bytes, limit_bytes }.on("read", key));
        }
        let mut config = self.inner.config.clone();
        config.chunk_bytes = config.chunk_bytes.max(config.sub_range_bytes as usize);
        let reading = (config, &self.inner.document_counters);
        let mut stream =
            self.reader(key, reader.etag().clone(), size_bytes, reading).stream_of_all(0..size_bytes)?;
        let mut bytes = BytesMut::with_capacity(size_bytes as usize);
        while let Some(chunk) = stream.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    fn reader(
        &self,
        key: &BlobKey,
        etag: Etag,
        size_bytes: u64,
        (config, counters): (ReadConfig, &Arc<ReadCounters>),
    ) -> BlobReader {
        BlobReader::new(Pinned {
            objects: Arc::clone(&self.inner.objects),
            key: key.clone(),
            etag,
            size_bytes,
            config,
            counters: Arc::clone(counters),
            throttle: Arc::clone(&self.inner.throttle),
        })
    }

    async fn ask<T, F>(
        &self,
        doing: &'static str,
        key: &BlobKey,
        request: impl Fn() -> F,
    ) -> Result<T, BlobError>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        self.ask_within(self.inner.config.timeout, doing, key, request).await
    }

    /// Makes a request of `object_store`, again while that can help.
    async fn ask_within<T, F>(
        &self,
        limit: Duration,
        doing: &'static str,
        key: &BlobKey,
        request: impl Fn() -> F,
    ) -> Result<T, BlobError>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let request = || async { request().await.map_err(|error| BlobError::of_store(error, doing, key)) };
        retrying(self.inner.config.retry, limit, &self.inner.counters, (doing, key), request).await
    }

    /// How long a request with such a body may take: a slow line gets through, a stalled one does not.
    fn time_to_send(&self, bytes: &Bytes) -> Duration {
        const SLOWEST_BYTES_PER_SECOND: u64 = 64 << 10;
        self.inner.config.timeout + Duration::from_secs(bytes.len() as u64 / SLOWEST_BYTES_PER_SECOND)
    }
}

/// Does work with a folder on a thread that may wait.
async fn on_disk<T: Send + 'static>(
    folder: &Arc<Folder>,
    doing: &'static str,
    key: &BlobKey,
    work: impl FnOnce(&Folder, &BlobKey) -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    let (folder, owned_key) = (Arc::clone(folder), key.clone());
    let done = tokio::task::spawn_blocking(move || work(&folder, &owned_key)).await;
    done.unwrap_or_else(|error| Err(BlobErrorKind::Unavailable.on(doing, key).with_source(error)))
}

impl fmt::Debug for BlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backend = match &self.inner.backend {
            Backend::Folder(folder) => folder.place(),
            Backend::Memory(_) => "memory".to_owned(),
            #[cfg(feature = "azure")]
            Backend::Azure(azure) => azure.place().to_owned(),
        };
        f.debug_struct("BlobStore").field("backend", &backend).finish_non_exhaustive()
    }
}

/// A URL that gives whoever has it a right, for a while. It is a secret: shown, it has no URL.
#[derive(Clone)]
pub struct SignedUrl {
    /// The URL, with a query.
    pub url: String,
    /// Until when it is valid.
    pub not_after: SystemTime,
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUrl").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

/// The store as a whole cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the blob store {place}")]
pub struct OpenError {
    /// Where it is; no secret.
    pub place: String,
    /// Why.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
