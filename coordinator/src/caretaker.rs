//! Clears away what nobody needs any more: uploads that were never completed, blobs that nothing refers to, requests
//! that nobody repeats, old entries of the audit log. All of it can be done twice, and by several at once; nothing
//! waits for it.

use std::time::Duration;

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::blob::{BlobKey, BlobStore};
use data_inspector_platform::store::{Store, StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::error::CoordinatorError;

/// Rows taken at once.
const BATCH: u32 = 100;

/// How long things are kept that may still be asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CareConfig {
    /// Time between two rounds.
    pub interval_ms: u64,
    /// A blob that nothing refers to is kept for so long: whoever read the reference may still be reading it.
    pub garbage_kept_ms: u64,
    /// Blocks of an upload to which none was added for so long are discarded. Longer than an upload may take.
    pub blocks_kept_ms: u64,
    /// A request with an idempotency key may be repeated for so long. Longer than an upload may take.
    pub requests_kept_ms: u64,
    /// Who did what is known for so long.
    pub audit_kept_ms: u64,
}

impl Default for CareConfig {
    fn default() -> Self {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        Self {
            interval_ms: 60_000,
            garbage_kept_ms: 600_000,
            blocks_kept_ms: 14 * DAY_MS,
            requests_kept_ms: 14 * DAY_MS,
            audit_kept_ms: 400 * DAY_MS,
        }
    }
}

/// Clears away regularly, until it is asked to end.
pub async fn take_care(store: Store, blobs: BlobStore, config: CareConfig, shutdown: CancellationToken) {
    let mut regularly = tokio::time::interval(Duration::from_millis(config.interval_ms.max(1)));
    regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let caretaker = Caretaker { store, blobs, config };
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = regularly.tick() => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = caretaker.round() => {}
        }
    }
}

struct Caretaker {
    store: Store,
    blobs: BlobStore,
    config: CareConfig,
}

impl Caretaker {
    /// What one of them cannot do does not keep the others from theirs.
    async fn round(&self) {
        let done = [
            ("uploads that lapsed", self.abandon_lapsed_uploads().await),
            ("blobs that nothing refers to", self.remove_garbage().await),
            ("blocks that were left behind", self.discard_blocks().await),
            ("requests that nobody repeats", self.forget_requests().await),
            ("old entries of the audit log", self.forget_audit().await),
        ];
        for (what, result) in done {
            if let Err(error) = result {
                tracing::warn!(
                    what,
                    error = &error as &dyn std::error::Error,
                    "something is not cleared away"
                );
            }
        }
    }

    async fn abandon_lapsed_uploads(&self) -> Result<(), CoordinatorError> {
        for (scope, id) in self.store.lapsed_uploads(BATCH).await? {
            let failure = Failure::new(FailureCode::Cancelled, "the upload was not completed in time");
            let file = match self.store.abandon_upload(scope, id, failure).await {
                Ok(file) => file,
                // It was completed, or given up, in this moment.
                Err(StoreError { kind: StoreErrorKind::FileRefused(_), .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            tracing::info!(upload_id = %id, file_id = %file.id, "an upload has lapsed");
            self.blobs.discard_blocks(&key(&file.blob_key)?).await?;
        }
        Ok(())
    }

    async fn remove_garbage(&self) -> Result<(), CoordinatorError> {
        let unused_for = Duration::from_millis(self.config.garbage_kept_ms);
        loop {
            let keys = self.store.garbage(unused_for, BATCH).await?;
            for garbage in &keys {
                self.blobs.delete(&key(garbage)?).await?;
            }
            self.store.forget_garbage(&keys).await?;
            if keys.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn discard_blocks(&self) -> Result<(), CoordinatorError> {
        let unchanged_for = Duration::from_millis(self.config.blocks_kept_ms);
        Ok(self.blobs.discard_lapsed_blocks(unchanged_for).await?)
    }

    async fn forget_requests(&self) -> Result<(), CoordinatorError> {
        let before = self.moment(self.config.requests_kept_ms).await?;
        while self.store.prune_idempotency_keys(before, BATCH).await? == u64::from(BATCH) {}
        Ok(())
    }

    async fn forget_audit(&self) -> Result<(), CoordinatorError> {
        let before = self.moment(self.config.audit_kept_ms).await?;
        while self.store.prune_audit(before, BATCH).await? == u64::from(BATCH) {}
        Ok(())
    }

    /// So long ago.
    async fn moment(&self, ago_ms: u64) -> Result<Timestamp, CoordinatorError> {
        let ago_micros = i64::try_from(ago_ms.saturating_mul(1000)).unwrap_or(i64::MAX);
        let now = self.store.time().await?;
        Ok(Timestamp::from_micros(now.as_micros().saturating_sub(ago_micros)))
    }
}

fn key(text: &str) -> Result<BlobKey, CoordinatorError> {
    text.parse().map_err(|_| CoordinatorError::Inconsistent("a blob with a key that is none"))
}
