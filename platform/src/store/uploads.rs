//! Upload sessions: looking at them, and whose turn it is to put the blocks together.

use std::time::Duration;

use data_inspector_domain::file::FileState;
use data_inspector_domain::id::{FileId, UploadId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::access::Scope;
use super::codec::{later, parsed, variant};
use super::connect::Store;
use super::entity::{files, uploads};
use super::error::{Noun, StoreError, StoreErrorKind};
use super::rows::{File, Upload};

/// As wide as the column: PostgreSQL's driver keeps statements by their text, whatever the types were.
const NOT_HELD: i64 = 0;

/// Whose turn it is to put the blocks of an upload together. Were two to do it, the second would give the blob
/// another etag than the one that was pinned.
#[expect(clippy::large_enum_variant, reason = "one value per call, moved at once")]
#[derive(Clone, Debug, PartialEq)]
pub enum Completion {
    /// The caller's: commit the blocks, then call [`Store::complete_upload`].
    Yours,
    /// Somebody else is at it: ask again later.
    Busy,
    /// Nobody's: the file has its bytes, or will not get them.
    Over(File),
}

impl Store {
    /// The upload and its file.
    pub async fn upload(&self, scope: Scope, id: UploadId) -> Result<Option<(Upload, File)>, StoreError> {
        Ok(self.uploads_by_id(scope, &[id]).await?.pop())
    }

    /// Those of these uploads that the workspace has, with their files, in any order.
    pub async fn uploads_by_id(
        &self,
        scope: Scope,
        ids: &[UploadId],
    ) -> Result<Vec<(Upload, File)>, StoreError> {
        let wanted = uploads::Column::Id.is_in(ids.iter().map(UploadId::to_string));
        self.uploads_where(scope, wanted).await
    }

    /// The uploads that brought these files or are to bring them, with the files, in any order.
    pub async fn uploads_of_files(
        &self,
        scope: Scope,
        files: &[FileId],
    ) -> Result<Vec<(Upload, File)>, StoreError> {
        let wanted = uploads::Column::FileId.is_in(files.iter().map(FileId::to_string));
        self.uploads_where(scope, wanted).await
    }

    async fn uploads_where(&self, scope: Scope, wanted: Expr) -> Result<Vec<(Upload, File)>, StoreError> {
        let found = uploads::Entity::find()
            .find_also_related(files::Entity)
            .filter(uploads::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(wanted)
            .all(&self.reader)
            .await?;
        let pair = |(upload, file): (uploads::Model, Option<files::Model>)| {
            let file = file.ok_or(StoreErrorKind::Corrupt("uploads.file_id"))?;
            Ok((upload.try_into()?, file.try_into()?))
        };
        found.into_iter().map(pair).collect()
    }

    /// Asks for the turn to put the blocks together. It is the caller's for some time; then another may have
    /// it, as if the caller had died.
    pub async fn begin_completion(
        &self,
        scope: Scope,
        id: UploadId,
        hold: Duration,
    ) -> Result<Completion, StoreError> {
        let writing = self.begin().await?;
        let (file, upload) = writing.lock_file_of_upload(scope, id).await?;
        let state: FileState = variant("files.state", &file.state)?;
        if state != FileState::Transferring {
            return Ok(Completion::Over(file.try_into()?));
        }
        if upload.completing_until > writing.now.as_micros() {
            return Ok(Completion::Busy);
        }
        let until = later(writing.now, hold);
        writing.hold_completion(&upload.id, until).await?;
        writing.commit().await?;
        Ok(Completion::Yours)
    }

    /// Keeps the turn for longer; whoever has it says so again and again.
    pub async fn renew_completion(
        &self,
        scope: Scope,
        id: UploadId,
        hold: Duration,
    ) -> Result<(), StoreError> {
        let writing = self.begin().await?;
        let (_, upload) = writing.lock_file_of_upload(scope, id).await?;
        let until = later(writing.now, hold);
        writing.hold_completion(&upload.id, until).await?;
        writing.commit().await
    }

    /// Gives the turn back: the blocks could not be put together.
    pub async fn cancel_completion(&self, scope: Scope, id: UploadId) -> Result<(), StoreError> {
        let writing = self.begin().await?;
        let (_, upload) = writing.lock_file_of_upload(scope, id).await?;
        writing.hold_completion(&upload.id, NOT_HELD).await?;
        writing.commit().await
    }

    /// Uploads that have lapsed without being completed or abandoned, oldest first, at most `limit`, with whom
    /// they belong to; for the coordinator, which abandons them.
    pub async fn lapsed_uploads(&self, limit: u32) -> Result<Vec<(Scope, UploadId)>, StoreError> {
        let now = self.now().await?;
        let found = uploads::Entity::find()
            .find_also_related(files::Entity)
            .filter(uploads::Column::ExpiresAt.lte(now.as_micros()))
            .filter(files::Column::State.eq(super::codec::name(FileState::Transferring)))
            .order_by_asc(uploads::Column::ExpiresAt)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await?;
        let lapsed = |(upload, file): (uploads::Model, Option<files::Model>)| {
            let file = file.ok_or(StoreErrorKind::Corrupt("uploads.file_id"))?;
            let scope = Scope {
                workspace_id: parsed("files.workspace_id", &file.workspace_id)?,
                principal_id: parsed("files.created_by", &file.created_by)?,
            };
            Ok((scope, parsed("uploads.id", &upload.id)?))
        };
        found.into_iter().map(lapsed).collect()
    }
}

impl super::connect::Writing {
    pub(super) async fn find_upload(&self, scope: Scope, id: &str) -> Result<(Upload, File), StoreError> {
        let upload = self.upload_row(scope, id).await?;
        let file = files::Entity::find_by_id(upload.file_id.clone()).one(&self.tx).await?;
        let file = file.ok_or(StoreErrorKind::Corrupt("uploads.file_id"))?;
        Ok((upload.try_into()?, file.try_into()?))
    }

    /// The file is locked; with it, whatever of the upload may change.
    pub(super) async fn lock_file_of_upload(
        &self,
        scope: Scope,
        id: UploadId,
    ) -> Result<(files::Model, uploads::Model), StoreError> {
        let upload = self.upload_row(scope, &id.to_string()).await?;
        let file = self.lock_file(scope, &upload.file_id).await?;
        // Read again: it may have changed before the lock was had.
        let upload = self.upload_row(scope, &id.to_string()).await?;
        Ok((file, upload))
    }

    async fn hold_completion(&self, id: &str, until: i64) -> Result<(), StoreError> {
        uploads::Entity::update_many()
            .col_expr(uploads::Column::CompletingUntil, Expr::value(until))
            .filter(uploads::Column::Id.eq(id))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    async fn upload_row(&self, scope: Scope, id: &str) -> Result<uploads::Model, StoreError> {
        let query = uploads::Entity::find_by_id(id)
            .filter(uploads::Column::WorkspaceId.eq(scope.workspace_id.to_string()));
        query.one(&self.tx).await?.ok_or_else(|| StoreErrorKind::NotFound(Noun::Upload).into())
    }
}
