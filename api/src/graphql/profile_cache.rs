//! Profiles in memory: read from the blob store once, however many ask, and kept up to a number of bytes. A profile
//! is named by the hash of its bytes, so what is kept is never stale.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use data_inspector_domain::profile::Profile;
use data_inspector_platform::blob::{BlobStore, ContentHash};
use data_inspector_platform::store::BlobRef;
use tokio::sync::OnceCell;

use super::error::RequestError;

/// The largest profile that is read, in bytes of its JSON.
const LARGEST_PROFILE_BYTES: u64 = 256 << 20;

/// A profile as it is stored, and as it is read.
pub(super) struct Document {
    pub(super) json: String,
    pub(super) profile: Profile,
}

type Cell = Arc<OnceCell<Arc<Document>>>;

struct Entry {
    hash: [u8; 32],
    cell: Cell,
}

/// Profiles that were asked for lately. Clones share them.
#[derive(Clone)]
pub(super) struct ProfileCache {
    capacity_bytes: u64,
    /// The one that was asked for last is at the back.
    entries: Arc<Mutex<VecDeque<Entry>>>,
}

impl ProfileCache {
    /// A cache for so many bytes of JSON; the profile that was asked for last is kept even if it is larger.
    pub(super) fn new(capacity_bytes: u64) -> Self {
        Self { capacity_bytes, entries: Arc::default() }
    }

    /// The profile, from memory or from the store.
    pub(super) async fn get(&self, blobs: &BlobStore, blob: &BlobRef) -> Result<Arc<Document>, RequestError> {
        let cell = self.cell(blob.hash);
        let document = cell.get_or_try_init(|| read(blobs, blob)).await?;
        self.evict();
        Ok(Arc::clone(document))
    }

    fn cell(&self, hash: [u8; 32]) -> Cell {
        let mut entries = self.lock();
        let known = entries.iter().position(|entry| entry.hash == hash);
        let entry = known.and_then(|index| entries.remove(index));
        let entry = entry.unwrap_or_else(|| Entry { hash, cell: Cell::default() });
        let cell = Arc::clone(&entry.cell);
        entries.push_back(entry);
        cell
    }

    fn evict(&self) {
        let mut entries = self.lock();
        let mut bytes: u64 = entries.iter().map(Entry::bytes).sum();
        while bytes > self.capacity_bytes && entries.len() > 1 {
            bytes -= entries.pop_front().map_or(0, |entry| entry.bytes());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// The JSON and what is made of it.
    fn bytes(&self) -> u64 {
        self.cell.get().map_or(0, |document| 2 * document.json.len() as u64)
    }
}

async fn read(blobs: &BlobStore, blob: &BlobRef) -> Result<Arc<Document>, RequestError> {
    let key = blob.key.parse().map_err(RequestError::internal)?;
    let hash = ContentHash::from_bytes(blob.hash);
    let bytes = blobs.get_verified(&key, &hash, LARGEST_PROFILE_BYTES).await?;
    // Tens of megabytes take a while: not on a thread that serves others.
    let parse = tokio::task::spawn_blocking(move || -> Result<Document, RequestError> {
        let json = String::from_utf8(bytes.to_vec()).map_err(RequestError::internal)?;
        let profile = serde_json::from_str(&json).map_err(RequestError::internal)?;
        Ok(Document { json, profile })
    });
    parse.await.map_err(RequestError::internal)?.map(Arc::new)
}

#[cfg(test)]
mod tests {
    use data_inspector_domain::profile::RowFacts;
    use data_inspector_platform::blob::{BlobKey, ReadConfig};
    use serde_json::json;

    use super::*;

    /// A profile of a file without columns.
    fn document(name: &str) -> String {
        json!({
            "profileVersion": 1, "engineVersion": 1, "bytes": 0, "rowCount": 0, "columnCount": 0,
            "format": {
                "name": name, "encoding": "utf-8", "byteOrderMark": false, "delimiter": ",", "quote": null,
                "escape": null, "comment": null, "header": true, "dataOffset": 0,
                "confidence": { "encoding": 1, "delimiter": 1, "quote": 1, "header": 1 },
                "lineEndings": { "lf": 0, "crlf": 0, "cr": 0 },
            },
            "seenRanges": [], "rows": RowFacts::default(), "columns": [], "alerts": [], "findings": [],
        })
        .to_string()
    }

    async fn stored(blobs: &BlobStore, name: &str) -> BlobRef {
        let json = document(name);
        let key: BlobKey = format!("profiles/{name}").parse().unwrap();
        let hash = *ContentHash::of(json.as_bytes()).as_bytes();
        blobs.put(&key, json.into()).await.unwrap();
        BlobRef { key: key.as_str().to_owned(), hash }
    }

    #[tokio::test]
    async fn what_was_asked_for_last_is_kept() {
        let blobs = BlobStore::in_memory(ReadConfig::default());
        let [a, b, c] = [stored(&blobs, "a").await, stored(&blobs, "b").await, stored(&blobs, "c").await];
        let one = cache_of(2);
        for blob in [&a, &b, &a, &c] {
            one.get(&blobs, blob).await.unwrap();
        }
        let kept: Vec<_> = one.lock().iter().map(|entry| entry.hash).collect();
        assert_eq!(kept, [a.hash, c.hash]);

        // What is kept is not read again.
        blobs.delete(&a.key.parse().unwrap()).await.unwrap();
        assert_eq!(one.get(&blobs, &a).await.unwrap().profile.format.name, "a");
        blobs.delete(&b.key.parse().unwrap()).await.unwrap();
        assert!(one.get(&blobs, &b).await.is_err());
    }

    /// A cache for so many of the profiles above.
    fn cache_of(profiles: u64) -> ProfileCache {
        ProfileCache::new(profiles * 2 * document("a").len() as u64)
    }
}
