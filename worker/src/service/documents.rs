//! What a run reads from and leaves in the blob store besides the file: specs, partials, profiles.

use bytes::Bytes;
use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::id::{InspectionId, WorkspaceId};
use data_inspector_domain::message::{BlobHash, StoredBlob};
use data_inspector_domain::spec::ResolvedSpec;
use data_inspector_platform::blob::{BlobError, BlobKey, BlobStore, ContentHash};

use crate::count::internal;

/// The documents of one run. What it leaves has a name nobody else writes to, so that a run that lost its task
/// cannot spoil the result of the one that has it.
pub(super) struct Documents {
    pub(super) blobs: BlobStore,
    pub(super) workspace_id: WorkspaceId,
    pub(super) inspection_id: InspectionId,
    /// What all names begin with.
    pub(super) prefix: String,
    pub(super) limit_bytes: u64,
}

impl Documents {
    /// Leaves a document.
    pub(super) async fn put(&self, suffix: &str, bytes: Vec<u8>) -> Result<StoredBlob, Failure> {
        let name = format!("{}.{suffix}", self.prefix);
        let key = BlobKey::of_inspection(self.workspace_id, self.inspection_id, &name)
            .map_err(|error| internal().with_cause(&error))?;
        let (hash, size_bytes) = (ContentHash::of(&bytes), bytes.len() as u64);
        self.blobs.put(&key, Bytes::from(bytes)).await.map_err(of_store)?;
        Ok(StoredBlob { key: key.to_string(), hash: BlobHash(*hash.as_bytes()), size_bytes })
    }

    /// Reads a document that another run left.
    pub(super) async fn get(&self, blob: &StoredBlob) -> Result<Bytes, Failure> {
        let key: BlobKey = blob.key.parse().map_err(|error| internal().with_cause(&error))?;
        let hash = ContentHash::from_bytes(blob.hash.0);
        self.blobs.get_verified(&key, &hash, self.limit_bytes).await.map_err(of_store)
    }

    /// Reads a resolved spec.
    pub(super) async fn spec(&self, blob: &StoredBlob) -> Result<ResolvedSpec, Failure> {
        let json = self.get(blob).await?;
        serde_json::from_slice(&json).map_err(|error| internal().with_cause(&error))
    }
}

/// These documents are our own: whatever is wrong with them is not about the file.
fn of_store(error: BlobError) -> Failure {
    if error.kind.retryable() {
        Failure::new(FailureCode::StorageUnavailable, "the storage did not answer, or broke off")
            .with_cause(&error)
    } else {
        internal().with_cause(&error)
    }
}
