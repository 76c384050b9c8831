//! Uploads: sessions by which the bytes of a file come, in blocks, straight to the storage.

use async_graphql::{Context, ID, Object, SimpleObject};
use data_inspector_domain::file::FileState;
use data_inspector_platform::blob::{BlobError, BlobErrorKind, BlobKey, BlobStore, BlockIndex};
use data_inspector_platform::store;
use tokio::sync::OnceCell;

use super::context::Caller;
use super::error::RequestError;
use super::file::File;
use super::page::{Connection, PageArguments};
use super::scalar::{Cursor, DateTime, Long, Url};
use crate::auth::Right;
use crate::grant::Grant;

/// An upload session, with its file.
pub(super) struct Upload {
    upload: store::Upload,
    file: store::File,
    /// Blocks that are there and not put together yet, read once.
    received: OnceCell<Vec<(BlockIndex, u64)>>,
}

/// Leave to put blocks.
#[derive(SimpleObject)]
struct UploadGrant {
    /// Where to: `PUT` block i to this URL followed by `&comp=block&blockid=` and the percent-encoded block id.
    url: Url,
    /// Headers each request must have.
    headers: Vec<Header>,
    /// Until when; read the upload again to get a new one.
    not_after: DateTime,
}

/// A header of HTTP.
#[derive(SimpleObject)]
struct Header {
    /// Its name.
    name: &'static str,
    /// Its value.
    value: &'static str,
}

/// A run of blocks.
#[derive(Clone, SimpleObject)]
pub(super) struct BlockRange {
    /// The first block of it, from 0.
    from_index: u32,
    /// The last block of it.
    to_index: u32,
}

impl Upload {
    pub(super) fn new(upload: store::Upload, file: store::File) -> Self {
        Self { upload, file, received: OnceCell::new() }
    }

    fn count(&self) -> u64 {
        self.file.size_bytes.div_ceil(self.upload.block_size_bytes)
    }

    fn is_over(&self) -> bool {
        self.file.state != FileState::Transferring
    }

    async fn received(&self, caller: Caller<'_>) -> Result<&[(BlockIndex, u64)], RequestError> {
        let list = || received_blocks(&caller.deps.blobs, &self.file);
        Ok(Box::pin(self.received.get_or_try_init(list)).await?)
    }
}

/// Blocks of a file that are there and not put together yet. Of a file that is complete there are none.
pub(super) async fn received_blocks(
    blobs: &BlobStore,
    file: &store::File,
) -> Result<Vec<(BlockIndex, u64)>, RequestError> {
    if file.state != FileState::Transferring {
        return Ok(Vec::new());
    }
    Ok(blobs.uncommitted_blocks(&blob_key(file)?).await?)
}

pub(super) fn blob_key(file: &store::File) -> Result<BlobKey, RequestError> {
    file.blob_key.parse().map_err(RequestError::internal)
}

impl From<BlobError> for RequestError {
    fn from(error: BlobError) -> Self {
        match error.kind {
            BlobErrorKind::Unavailable => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

/// An upload session. The file is sent in blocks, in any order and in parallel, straight to the storage; what has
/// arrived survives the client, and any device can go on.
#[Object]
impl Upload {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        self.upload.id.into()
    }

    /// The file it brings.
    async fn file(&self) -> File {
        File(self.file.clone())
    }

    /// Size of every block but the last, in bytes.
    async fn block_size_bytes(&self) -> Long {
        self.upload.block_size_bytes.into()
    }

    /// Number of blocks.
    async fn block_count(&self) -> Long {
        self.count().into()
    }

    /// How the id of block i is made: base64 of its number in this printf pattern.
    async fn block_id_pattern(&self) -> &'static str {
        "%08d"
    }

    /// Leave to put blocks from now on, a new one each time. Null when the upload is over, and for whoever may not
    /// write.
    async fn grant(&self, ctx: &Context<'_>) -> Result<Option<UploadGrant>, RequestError> {
        let caller = Caller::reading(ctx)?;
        if self.is_over() || !caller.viewer.may(Right::Write) {
            return Ok(None);
        }
        let (grants, key) = (&caller.deps.grants, blob_key(&self.file)?);
        // Where the storage can tell who may write, blocks do not come through here.
        let signed = Box::pin(caller.deps.blobs.upload_grant(&key, grants.lifetime())).await?;
        let grant = signed.map_or_else(|| grants.grant(self.upload.id), Grant::from);
        Ok(Some(UploadGrant { url: Url(grant.url), headers: Vec::new(), not_after: grant.not_after.into() }))
    }

    /// Number of blocks that have arrived; all of them when it is complete.
    async fn received_blocks(&self, ctx: &Context<'_>) -> Result<Long, RequestError> {
        if self.file.state == FileState::Ready {
            return Ok(self.count().into());
        }
        Ok((self.received(Caller::reading(ctx)?).await?.len() as u64).into())
    }

    /// Number of bytes that have arrived; all of them when it is complete.
    async fn received_bytes(&self, ctx: &Context<'_>) -> Result<Long, RequestError> {
        if self.file.state == FileState::Ready {
            return Ok(self.file.size_bytes.into());
        }
        let received = self.received(Caller::reading(ctx)?).await?;
        Ok(received.iter().map(|(_, bytes)| bytes).sum::<u64>().into())
    }

    /// Runs of blocks that have not arrived, to go on with; none when it is over.
    async fn missing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Runs at most: 1 to 100, usually 20.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this run.")] after: Option<Cursor>,
    ) -> Result<Connection<BlockRange>, RequestError> {
        let arguments = PageArguments::forward(first, after);
        if self.is_over() {
            return Connection::of_slice(&[], &arguments, "missing blocks", BlockRange::clone);
        }
        let received = self.received(Caller::reading(ctx)?).await?;
        let count = u32::try_from(self.count()).map_err(RequestError::internal)?;
        let missing = missing(received.iter().map(|(index, _)| index.get()), count);
        Connection::of_slice(&missing, &arguments, "missing blocks", BlockRange::clone)
    }

    /// When it lapses if it is not complete.
    async fn expires_at(&self) -> DateTime {
        self.upload.expires_at.into()
    }
}

/// Runs of numbers below `count` that do not occur; the numbers ascend.
fn missing(received: impl Iterator<Item = u32>, count: u32) -> Vec<BlockRange> {
    let mut runs = Vec::new();
    let mut next = 0;
    for index in received.take_while(|index| *index < count).chain([count]) {
        if index > next {
            runs.push(BlockRange { from_index: next, to_index: index - 1 });
        }
        next = index.saturating_add(1);
    }
    runs
}

#[derive(Default)]
pub(super) struct UploadQuery;

#[Object]
impl UploadQuery {
    /// The upload; null if the workspace has none with this id.
    async fn upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Upload>, RequestError> {
        let caller = Caller::reading(ctx)?;
        let Ok(id) = id.parse() else { return Ok(None) };
        let found = caller.store().upload(caller.scope(), id).await?;
        Ok(found.map(|(upload, file)| Upload::new(upload, file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_missing_blocks() {
        for (received, count, expected) in [
            (&[][..], 0, &[][..]),
            (&[], 3, &[(0, 2)]),
            (&[0, 1, 2], 3, &[]),
            (&[1], 3, &[(0, 0), (2, 2)]),
            (&[0, 3, 4], 8, &[(1, 2), (5, 7)]),
            (&[0, 7], 2, &[(1, 1)]),
        ] {
            let runs = missing(received.iter().copied(), count);
            let found: Vec<_> = runs.iter().map(|run| (run.from_index, run.to_index)).collect();
            assert_eq!(found, expected, "{received:?} of {count}");
        }
    }
}
