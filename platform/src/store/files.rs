//! Files and the uploads that bring them. When a file is ready, the inspections that wait for it start in the
//! same transaction.

use std::time::Duration;

use data_inspector_domain::failure::Failure;
use data_inspector_domain::file::{self, FileState};
use data_inspector_domain::id::{FileId, UploadId};
use data_inspector_domain::inspection;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::access::Scope;
use super::audit::Action;
use super::codec::{bigint, json, later, name, new_uuid, variant};
use super::connect::{Store, Writing};
use super::entity::{files, uploads};
use super::error::{Noun, StoreError, StoreErrorKind};
use super::idempotency::{Created, IdempotentRequest, Operation};
use super::locked::{Reason, lock_waiting_inspections};
use super::rows::{File, Upload};
use crate::blob::BlobKey;

/// A file that somebody is about to upload.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// Name of the file.
    pub file_name: String,
    /// Size of the file, in bytes.
    pub size_bytes: u64,
    /// Size of every block but the last, in bytes.
    pub block_size_bytes: u64,
    /// How long the upload may take.
    pub lifetime: Duration,
    /// The request, if it may be made again.
    pub idempotency: Option<IdempotentRequest>,
}

/// What the blob store says about an upload whose blocks it has put together.
#[derive(Clone, Debug)]
pub struct CompletedUpload {
    /// Size of the blob, in bytes.
    pub size_bytes: u64,
    /// Version of the blob; every inspection reads this one.
    pub etag: String,
    /// BLAKE3 of the bytes, if it is known.
    pub content_id: Option<String>,
}

impl Store {
    /// Announces a file and opens the upload for it. The blob's key holds ids only.
    pub async fn create_upload(
        &self,
        scope: Scope,
        upload: NewUpload,
    ) -> Result<Created<(Upload, File)>, StoreError> {
        let writing = self.begin().await?;
        let id = UploadId::from_uuid(new_uuid(writing.now));
        if let Some(request) = &upload.idempotency {
            let operation = Operation::CreateUpload;
            let taken = writing.take_key(scope.workspace_id, operation, request, id.to_string()).await?;
            if let Some(earlier) = taken {
                let value = writing.find_upload(scope, &earlier).await?;
                return Ok(Created { value, deduplicated: true });
            }
        }
        let value = writing.insert_upload(scope, id, upload).await?;
        writing.audit(scope, Action::CreateUpload, id).await?;
        writing.commit().await?;
        Ok(Created { value, deduplicated: false })
    }

    /// The upload and its file, for whoever comes with leave to put its blocks: the leave is the authority.
    pub async fn upload_by_grant(&self, id: UploadId) -> Result<Option<(Upload, File)>, StoreError> {
        let upload = uploads::Entity::find_by_id(id.to_string()).one(&self.reader).await?;
        let Some(upload) = upload else { return Ok(None) };
        let file = files::Entity::find_by_id(upload.file_id.clone()).one(&self.reader).await?;
        let file = file.ok_or(StoreErrorKind::Corrupt("uploads.file_id"))?;
        Ok(Some((upload.try_into()?, file.try_into()?)))
    }

    /// The file is there: pins it, and starts the inspections that wait for it. Again with the same etag is no
    /// error.
    pub async fn complete_upload(
        &self,
        scope: Scope,
        id: UploadId,
        completed: CompletedUpload,
    ) -> Result<File, StoreError> {
        let writing = self.begin().await?;
        let (mut row, _) = writing.lock_file_of_upload(scope, id).await?;
        let declared_bytes = u64::try_from(row.size_bytes).unwrap_or(0);
        if completed.size_bytes != declared_bytes {
            let found_bytes = completed.size_bytes;
            return Err(StoreErrorKind::SizeMismatch { declared_bytes, found_bytes }.into());
        }
        let state: FileState = variant("files.state", &row.state)?;
        if state == FileState::Ready && row.etag.as_deref() == Some(&completed.etag) {
            return row.try_into();
        }
        row.state = name(file::apply(state, file::Command::Complete)?);
        row.etag = Some(completed.etag);
        row.content_id = completed.content_id;
        let row = writing.end_transfer(row).await?;
        for mut inspection in lock_waiting_inspections(&writing, scope, &row.id).await? {
            inspection.start_with_file().await?;
            inspection.save().await?;
        }
        writing.audit(scope, Action::CompleteUpload, id).await?;
        writing.commit().await?;
        row.try_into()
    }

    /// The file will not come: fails it, and the inspections that wait for it.
    pub async fn abandon_upload(
        &self,
        scope: Scope,
        id: UploadId,
        failure: Failure,
    ) -> Result<File, StoreError> {
        let writing = self.begin().await?;
        let (mut row, _) = writing.lock_file_of_upload(scope, id).await?;
        row.state = name(file::apply(variant("files.state", &row.state)?, file::Command::Fail)?);
        row.failure = Some(json(&failure));
        let row = writing.end_transfer(row).await?;
        for mut inspection in lock_waiting_inspections(&writing, scope, &row.id).await? {
            inspection.apply(inspection::Command::FileFailed, Reason::failure(&failure))?;
            inspection.save().await?;
        }
        writing.audit(scope, Action::AbandonUpload, id).await?;
        writing.commit().await?;
        row.try_into()
    }

    /// The file, if the workspace has it.
    pub async fn file(&self, scope: Scope, id: FileId) -> Result<Option<File>, StoreError> {
        Ok(self.files_by_id(scope, &[id]).await?.pop())
    }

    /// Those of these files that the workspace has, in any order.
    pub async fn files_by_id(&self, scope: Scope, ids: &[FileId]) -> Result<Vec<File>, StoreError> {
        let rows = files::Entity::find()
            .filter(files::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(files::Column::Id.is_in(ids.iter().map(FileId::to_string)))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(File::try_from).collect()
    }
}

impl Writing {
    async fn insert_upload(
        &self,
        scope: Scope,
        id: UploadId,
        upload: NewUpload,
    ) -> Result<(Upload, File), StoreError> {
        let file_id = FileId::from_uuid(new_uuid(self.now));
        let file = files::Model {
            id: file_id.to_string(),
            workspace_id: scope.workspace_id.to_string(),
            created_by: scope.principal_id.to_string(),
            name: upload.file_name,
            state: name(FileState::Transferring),
            blob_key: BlobKey::of_file(scope.workspace_id, file_id).to_string(),
            size_bytes: bigint(upload.size_bytes)?,
            etag: None,
            content_id: None,
            failure: None,
            created_at: self.now.as_micros(),
            ended_at: None,
        };
        let session = uploads::Model {
            id: id.to_string(),
            workspace_id: scope.workspace_id.to_string(),
            file_id: file_id.to_string(),
            block_size_bytes: bigint(upload.block_size_bytes)?,
            created_at: self.now.as_micros(),
            expires_at: later(self.now, upload.lifetime),
            completing_until: 0,
        };
        files::Entity::insert(file.clone().into_active_model()).exec_without_returning(&self.tx).await?;
        uploads::Entity::insert(session.clone().into_active_model()).exec_without_returning(&self.tx).await?;
        Ok((session.try_into()?, file.try_into()?))
    }

    /// Until the transaction ends nobody else changes the file, or adds an inspection of it.
    pub(super) async fn lock_file(&self, scope: Scope, id: &str) -> Result<files::Model, StoreError> {
        let query = files::Entity::find_by_id(id)
            .filter(files::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .lock_exclusive();
        let found = query.one(&self.tx).await?;
        found.ok_or_else(|| StoreErrorKind::NotFound(Noun::File).into())
    }

    async fn end_transfer(&self, mut row: files::Model) -> Result<files::Model, StoreError> {
        row.ended_at = Some(self.now.as_micros());
        let changed = files::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(row.id.clone()),
            state: Set(row.state.clone()),
            etag: Set(row.etag.clone()),
            content_id: Set(row.content_id.clone()),
            failure: Set(row.failure.clone()),
            ended_at: Set(row.ended_at),
            ..Default::default()
        };
        files::Entity::update(changed).exec_without_returning(&self.tx).await?;
        Ok(row)
    }
}
