//! Uncommitted blocks in memory, for tests.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::block::{CommitPlan, plan_commit};
use super::{BlobError, BlobErrorKind, BlobKey, BlobStore, BlockIndex, Committed, ContentHash, Etag};

const DOING: &str = "commit the blocks of";

#[derive(Default)]
pub(super) struct MemoryBlocks {
    blobs: Mutex<HashMap<BlobKey, Blocks>>,
}

#[derive(Default)]
struct Blocks {
    staged: BTreeMap<BlockIndex, Bytes>,
    last_put: Option<Instant>,
    committed: Option<(Vec<BlockIndex>, Committed)>,
}

impl MemoryBlocks {
    pub(super) async fn put(&self, key: &BlobKey, index: BlockIndex, bytes: Bytes) {
        let mut blobs = self.blobs.lock().await;
        let blocks = blobs.entry(key.clone()).or_default();
        blocks.staged.insert(index, bytes);
        blocks.last_put = Some(Instant::now());
    }

    pub(super) async fn uncommitted(&self, key: &BlobKey) -> Vec<(BlockIndex, u64)> {
        let blobs = self.blobs.lock().await;
        let blocks = blobs.get(key).into_iter().flat_map(|blocks| &blocks.staged);
        blocks.map(|(index, bytes)| (*index, bytes.len() as u64)).collect()
    }

    pub(super) async fn discard(&self, key: &BlobKey) {
        if let Some(blocks) = self.blobs.lock().await.get_mut(key) {
            blocks.staged.clear();
        }
    }

    pub(super) async fn lapse(&self, unchanged_for: Duration) {
        for blocks in self.blobs.lock().await.values_mut() {
            if blocks.last_put.is_some_and(|last_put| last_put.elapsed() >= unchanged_for) {
                blocks.staged.clear();
            }
        }
    }

    pub(super) async fn commit(
        &self,
        store: &BlobStore,
        key: &BlobKey,
        listed: &[BlockIndex],
    ) -> Result<Committed, BlobError> {
        let mut blobs = self.blobs.lock().await;
        let blocks = blobs.entry(key.clone()).or_default();
        let path = key.to_path();
        let current = store.inner.objects.head(&path).await.ok().and_then(|meta| meta.e_tag).map(Etag::new);
        let committed = blocks.committed.as_ref().filter(|(_, made)| current.as_ref() == Some(&made.etag));
        let list = committed.map(|(list, _)| list.as_slice());
        let plan = plan_commit(listed, |block| blocks.staged.contains_key(&block), list);
        if let (CommitPlan::AlreadyDone, Some((_, made))) =
            (plan.map_err(|kind| kind.on(DOING, key))?, committed)
        {
            return Ok(made.clone());
        }
        let payload: PutPayload = listed.iter().map(|block| blocks.staged[block].clone()).collect();
        let mut hasher = blake3::Hasher::new();
        payload.iter().for_each(|bytes| _ = hasher.update(bytes));
        let size_bytes = payload.content_length() as u64;
        let put = store.inner.objects.put(&path, payload).await;
        let etag = put.map_err(|error| BlobError::of_store(error, DOING, key))?.e_tag;
        let etag = Etag::new(etag.ok_or_else(|| BlobErrorKind::Unavailable.on(DOING, key))?);
        let content_hash = Some(ContentHash::from_bytes(hasher.finalize().into()));
        let made = Committed { etag, size_bytes, content_hash };
        *blocks = Blocks { committed: Some((listed.to_vec(), made.clone())), ..Blocks::default() };
        Ok(made)
    }
}
