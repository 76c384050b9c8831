//! Blobs in Azure Blob Storage: what `object_store` lacks for blocks, by the service's REST interface.
//!
//! Requests are authorised by a URL signed for one blob, a moment before; `object_store` signs, with the account key
//! or a delegation key of the workload's identity. A signed URL is a secret: it is in no error and in no log.

mod busy;
mod config;
mod rest;

pub use config::{AzureConfig, AzureConfigError, AzureCredential};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use object_store::ObjectStore;
use object_store::azure::MicrosoftAzure;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::signer::Signer;
use reqwest::{Method, StatusCode, Url};

use super::block::{CommitPlan, plan_commit};
use super::retry::retrying;
use super::{
    Backend, BlobError, BlobErrorKind, BlobKey, BlobStore, BlockIndex, Committed, OpenError, ReadConfig,
    ReadCounters, SignedUrl,
};
use busy::Busy;
use rest::{BlockList, Rest, Verb};

/// How long a URL is valid that this process uses itself, at once.
const OWN_URL: Duration = Duration::from_secs(15 * 60);

pub(super) struct Azure {
    signer: MicrosoftAzure,
    prefix: Path,
    rest: Rest,
    config: ReadConfig,
    azure: AzureConfig,
    place: String,
}

impl BlobStore {
    /// A container of Azure Blob Storage. It has to exist. Asks nothing yet.
    pub fn azure(azure: AzureConfig, config: ReadConfig) -> Result<Self, OpenError> {
        let place = azure.place();
        let open = || -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            let busy = Busy::new(config.timeout / 2);
            let signer = azure.builder(config.timeout).with_http_connector(busy.clone()).build()?;
            let rest = Rest::new(config.timeout, busy)?;
            let prefix = Path::from(azure.prefix.as_ref().map_or("", BlobKey::as_str));
            let objects: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(signer.clone(), prefix.clone()));
            let (config, place) = (config.clone(), place.clone());
            Ok((objects, Azure { signer, prefix, rest, config, azure, place }))
        };
        let (objects, azure) = open().map_err(|source| OpenError { place: place.clone(), source })?;
        Ok(Self::new(objects, Backend::Azure(Box::new(azure)), config))
    }
}

/// One operation on the blocks of one blob.
#[derive(Clone, Copy)]
pub(super) struct On<'a> {
    pub(super) doing: &'static str,
    pub(super) key: &'a BlobKey,
    pub(super) counters: &'a ReadCounters,
}

impl Azure {
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// A URL by which its holder may write this blob and its blocks, and nothing else.
    pub(super) async fn upload_grant(
        &self,
        key: &BlobKey,
        valid_for: Duration,
    ) -> Result<SignedUrl, BlobError> {
        let not_after = SystemTime::now() + valid_for;
        let url = self.sign(Method::PUT, valid_for, "sign an upload of", key).await?;
        Ok(SignedUrl { url: self.azure.public_url(&url), not_after })
    }

    pub(super) async fn put_block(
        &self,
        on: On<'_>,
        index: BlockIndex,
        bytes: Bytes,
        limit: Duration,
    ) -> Result<(), BlobError> {
        let verb = Verb::PutBlock(index, bytes);
        self.request(on, limit, &verb).await.map(|_| ())
    }

    pub(super) async fn uncommitted(&self, on: On<'_>) -> Result<Vec<(BlockIndex, u64)>, BlobError> {
        Ok(self.block_list(on).await?.uncommitted)
    }

    pub(super) async fn commit(&self, on: On<'_>, listed: &[BlockIndex]) -> Result<Committed, BlobError> {
        const TRIES: u32 = 3;
        let mut tries = 0;
        loop {
            let list = self.block_list(on).await?;
            let is_staged = |block| list.size_of(block).is_some();
            let committed = list.committed.as_ref().map(|(blocks, _)| blocks.as_slice());
            let plan = plan_commit(listed, is_staged, committed).map_err(|kind| kind.on(on.doing, on.key))?;
            if let (CommitPlan::AlreadyDone, Some((_, committed))) = (plan, &list.committed) {
                return Ok(committed.clone());
            }
            let verb = Verb::PutBlockList { blocks: listed.to_vec(), if_absent: false };
            tries += 1;
            match self.request(on, self.config.timeout * 2, &verb).await {
                Ok(answer) => {
                    let size_bytes = listed.iter().filter_map(|block| list.size_of(*block)).sum();
                    return Ok(Committed { etag: answer.etag(on)?, size_bytes, content_hash: None });
                }
                // The blocks are not what they were: another commit came first, or this one did, unheard.
                Err(error) if rest::is_invalid_list(&error) && tries < TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Azure discards blocks only by making or deleting a blob. Those put over a blob that is there are left to
    /// lapse: the blob must not change.
    pub(super) async fn discard(&self, on: On<'_>) -> Result<(), BlobError> {
        let list = self.block_list(on).await?;
        if list.uncommitted.is_empty() || list.exists {
            return Ok(());
        }
        let empty = Verb::PutBlockList { blocks: Vec::new(), if_absent: true };
        match self.request(on, self.config.timeout, &empty).await {
            Err(error) if error.kind == BlobErrorKind::AlreadyExists => return Ok(()),
            made => drop(made?),
        }
        match self.request(on, self.config.timeout, &Verb::Delete).await {
            Err(error) if error.kind == BlobErrorKind::NotFound => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    async fn block_list(&self, on: On<'_>) -> Result<BlockList, BlobError> {
        match self.request(on, self.config.timeout, &Verb::GetBlockList).await {
            Ok(answer) => {
                let list = answer.block_list(on)?;
                // Azurite gives an etag also to what is no blob yet.
                let doubtful = list.may_be_no_blob() && !self.is_there(on).await?;
                Ok(if doubtful { list.of_no_blob() } else { list })
            }
            Err(error) if error.kind == BlobErrorKind::NotFound => Ok(BlockList::default()),
            Err(error) => Err(error),
        }
    }

    async fn is_there(&self, on: On<'_>) -> Result<bool, BlobError> {
        match self.request(on, self.config.timeout, &Verb::Head).await {
            Err(error) if error.kind == BlobErrorKind::NotFound => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    async fn request(&self, on: On<'_>, limit: Duration, verb: &Verb) -> Result<rest::Answer, BlobError> {
        let request = || async {
            let url = self.sign(verb.signed_for(), OWN_URL, on.doing, on.key).await?;
            self.rest.send(on, url, verb).await
        };
        retrying(self.config.retry, limit, on.counters, (on.doing, on.key), request).await
    }

    async fn sign(
        &self,
        method: Method,
        valid_for: Duration,
        doing: &'static str,
        key: &BlobKey,
    ) -> Result<Url, BlobError> {
        let path: Path = self.prefix.parts().chain(key.to_path().parts()).collect();
        let signed = self.signer.signed_url(method, &path, valid_for).await;
        signed.map_err(|error| BlobError::of_store(error, doing, key))
    }
}

/// What a status says about the blob.
fn kind_of_status(status: StatusCode) -> BlobErrorKind {
    match status {
        StatusCode::NOT_FOUND => BlobErrorKind::NotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => BlobErrorKind::PermissionDenied,
        StatusCode::PRECONDITION_FAILED => BlobErrorKind::Changed,
        StatusCode::CONFLICT => BlobErrorKind::AlreadyExists,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => BlobErrorKind::Unavailable,
        other if other.is_client_error() => BlobErrorKind::Unsupported,
        _ => BlobErrorKind::Unavailable,
    }
}
