//! The file that a new data folder begins with, so that there is something to look at. It goes the way of any file:
//! an upload in blocks, an inspection that a worker does.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::{FileId, InspectionId};
use data_inspector_domain::spec::InspectionSpec;
use data_inspector_platform::blob::{BlobKey, BlobStore, BlockIndex, ContentHash, MIN_BLOCK_BYTES};
use data_inspector_platform::store::{
    CompletedUpload, IdempotentRequest, NewInspection, NewUpload, RequestHash, Scope, Store,
};
use tokio::time::{sleep, timeout};

const NAME: &str = "customers.csv";
const BYTES: &[u8] = include_bytes!("../../../samples/customers.csv");

/// How long the inspection is waited for. It takes a fraction of a second; but this one may be behind others that
/// were at work when the process ended.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Makes sure that the workspace has the sample and an inspection of it, and waits until that has ended. Again it
/// finds what is there, as the idempotency keys say.
pub(super) async fn provide(store: &Store, blobs: &BlobStore, scope: Scope) -> anyhow::Result<()> {
    let file = upload(store, blobs, scope).await.context("cannot upload the sample")?;
    let inspection = NewInspection {
        file_id: file,
        spec: InspectionSpec::default(),
        priority: 0,
        idempotency: Some(request("sample-inspection")),
    };
    let created = store.create_inspection(scope, inspection).await.context("cannot inspect the sample")?;
    let ended = timeout(PATIENCE, ends(store, scope, created.value.id)).await;
    match ended {
        Ok(ended) => ended.context("cannot look at the inspection of the sample"),
        Err(_) => {
            tracing::warn!(inspection_id = %created.value.id, "the sample is not inspected yet");
            Ok(())
        }
    }
}

async fn upload(store: &Store, blobs: &BlobStore, scope: Scope) -> anyhow::Result<FileId> {
    let upload = NewUpload {
        file_name: NAME.to_owned(),
        size_bytes: BYTES.len() as u64,
        block_size_bytes: MIN_BLOCK_BYTES,
        lifetime: Duration::from_secs(24 * 60 * 60),
        idempotency: Some(request("sample-upload")),
    };
    let (upload, file) = store.create_upload(scope, upload).await?.value;
    if file.state != FileState::Transferring {
        return Ok(file.id);
    }
    let key: BlobKey = file.blob_key.parse()?;
    let block = BlockIndex::first(1)?;
    ensure!(BYTES.len() as u64 <= upload.block_size_bytes, "the sample is more than one block");
    blobs.put_block(&key, block[0], Bytes::from_static(BYTES)).await?;
    let committed = blobs.commit_blocks(&key, &block).await?;
    let completed = CompletedUpload {
        size_bytes: committed.size_bytes,
        etag: committed.etag.as_str().to_owned(),
        content_id: committed.content_hash.map(|hash| hash.to_string()),
    };
    Ok(store.complete_upload(scope, upload.id, completed).await?.id)
}

async fn ends(store: &Store, scope: Scope, id: InspectionId) -> anyhow::Result<()> {
    loop {
        match store.inspection(scope, id).await? {
            Some(inspection) if !inspection.state.is_terminal() => sleep(LOOK_EVERY).await,
            _ => return Ok(()),
        }
    }
}

/// Another sample in a later release is another request: its key has the hash of the bytes.
fn request(what: &str) -> IdempotentRequest {
    let hash = ContentHash::of(BYTES);
    IdempotentRequest { key: format!("{what}-{hash}"), hash: RequestHash(*hash.as_bytes()) }
}
