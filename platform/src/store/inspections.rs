//! Creating inspections and looking at them. What is done with one later is in `commands`.

use data_inspector_domain::event::Phase;
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::{FileId, InspectionId};
use data_inspector_domain::inspection::{Command, Coverage, InspectionState, Verdict};
use data_inspector_domain::spec::InspectionSpec;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::access::Scope;
use super::audit::Action;
use super::codec::{document_optional, json, name, new_uuid, variant};
use super::connect::{Store, Writing};
use super::entity::{files, inspections};
use super::error::{Noun, StoreError, StoreErrorKind};
use super::idempotency::{Created, IdempotentRequest, Operation};
use super::locked::{LockedInspection, Reason};
use super::rows::{File, Inspection};

/// An inspection that somebody asks for.
#[derive(Clone, Debug)]
pub struct NewInspection {
    /// The file to inspect; it need not be there yet.
    pub file_id: FileId,
    /// What to do.
    pub spec: InspectionSpec,
    /// Higher goes first.
    pub priority: i32,
    /// The request, if it may be made again.
    pub idempotency: Option<IdempotentRequest>,
}

/// What an inspection is made from.
struct Wanted {
    file_id: FileId,
    spec: InspectionSpec,
    priority: i32,
    rerun_of: Option<InspectionId>,
}

impl Store {
    /// Creates an inspection. If its file is ready it is queued, otherwise it starts when the file is.
    pub async fn create_inspection(
        &self,
        scope: Scope,
        inspection: NewInspection,
    ) -> Result<Created<Inspection>, StoreError> {
        let NewInspection { file_id, spec, priority, idempotency } = inspection;
        let writing = self.begin().await?;
        let id = InspectionId::from_uuid(new_uuid(writing.now));
        if let Some(earlier) = writing.inspection_created_before(scope, id, idempotency.as_ref()).await? {
            return Ok(Created { value: earlier, deduplicated: true });
        }
        let wanted = Wanted { file_id, spec, priority, rerun_of: None };
        let value = writing.insert_inspection(scope, id, wanted).await?;
        writing.audit(scope, Action::CreateInspection, id).await?;
        writing.commit().await?;
        Ok(Created { value, deduplicated: false })
    }

    /// Creates an inspection that does again what another one did, from the start.
    pub async fn rerun_inspection(
        &self,
        scope: Scope,
        rerun_of: InspectionId,
        idempotency: Option<IdempotentRequest>,
    ) -> Result<Created<Inspection>, StoreError> {
        let writing = self.begin().await?;
        let id = InspectionId::from_uuid(new_uuid(writing.now));
        if let Some(earlier) = writing.inspection_created_before(scope, id, idempotency.as_ref()).await? {
            return Ok(Created { value: earlier, deduplicated: true });
        }
        let original = writing.find_inspection(scope, &rerun_of.to_string()).await?;
        let wanted = Wanted {
            file_id: original.file_id,
            spec: original.spec,
            priority: original.priority,
            rerun_of: Some(rerun_of),
        };
        let value = writing.insert_inspection(scope, id, wanted).await?;
        writing.audit(scope, Action::RerunInspection, id).await?;
        writing.commit().await?;
        Ok(Created { value, deduplicated: false })
    }

    /// The inspection, if the workspace has it.
    pub async fn inspection(&self, scope: Scope, id: InspectionId) -> Result<Option<Inspection>, StoreError> {
        Ok(self.inspections_by_id(scope, &[id]).await?.pop())
    }

    /// Those of these inspections that the workspace has, in any order.
    pub async fn inspections_by_id(
        &self,
        scope: Scope,
        ids: &[InspectionId],
    ) -> Result<Vec<Inspection>, StoreError> {
        let rows = in_workspace(scope)
            .filter(inspections::Column::Id.is_in(ids.iter().map(InspectionId::to_string)))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Inspection::try_from).collect()
    }

    /// An inspection and its file, for the coordinator.
    pub async fn inspection_and_file(
        &self,
        id: InspectionId,
    ) -> Result<Option<(Inspection, File)>, StoreError> {
        let row = inspections::Entity::find_by_id(id.to_string()).one(&self.reader).await?;
        let Some(row) = row else { return Ok(None) };
        let file = files::Entity::find_by_id(row.file_id.clone()).one(&self.reader).await?;
        let file = file.ok_or(StoreErrorKind::Corrupt("inspections.file_id"))?;
        Ok(Some((row.try_into()?, file.try_into()?)))
    }
}

fn in_workspace(scope: Scope) -> sea_orm::Select<inspections::Entity> {
    let workspace_id = scope.workspace_id.to_string();
    inspections::Entity::find().filter(inspections::Column::WorkspaceId.eq(workspace_id))
}

impl Writing {
    async fn inspection_created_before(
        &self,
        scope: Scope,
        id: InspectionId,
        request: Option<&IdempotentRequest>,
    ) -> Result<Option<Inspection>, StoreError> {
        let Some(request) = request else { return Ok(None) };
        let operation = Operation::CreateInspection;
        let taken = self.take_key(scope.workspace_id, operation, request, id.to_string()).await?;
        let Some(earlier) = taken else { return Ok(None) };
        Ok(Some(self.find_inspection(scope, &earlier).await?))
    }

    async fn find_inspection(&self, scope: Scope, id: &str) -> Result<Inspection, StoreError> {
        let found = in_workspace(scope).filter(inspections::Column::Id.eq(id)).one(&self.tx).await?;
        found.ok_or(StoreErrorKind::NotFound(Noun::Inspection))?.try_into()
    }

    /// Every inspection starts by waiting for its file, if only for the length of this transaction.
    async fn insert_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
        wanted: Wanted,
    ) -> Result<Inspection, StoreError> {
        // Nobody completes the file between this look at it and the commit.
        let file = self.lock_file(scope, &wanted.file_id.to_string()).await?;
        let row = self.inspection_row(scope, id, wanted);
        let mut inspection = LockedInspection::of(self, row)?;
        inspection.record_creation()?;
        let row = inspection.insert().await?;
        // It waits, as it was written.
        if file.state == name(FileState::Transferring) {
            return row.try_into();
        }
        let mut inspection = LockedInspection::of(self, row)?;
        inspection.go_with(&file).await?;
        inspection.save().await?.try_into()
    }

    fn inspection_row(&self, scope: Scope, id: InspectionId, wanted: Wanted) -> inspections::Model {
        inspections::Model {
            id: id.to_string(),
            workspace_id: scope.workspace_id.to_string(),
            file_id: wanted.file_id.to_string(),
            created_by: scope.principal_id.to_string(),
            rerun_of: wanted.rerun_of.map(|id| id.to_string()),
            state: name(InspectionState::WaitingForFile),
            version: 0,
            phase: name(Phase::Waiting),
            verdict: name(Verdict::NotEvaluated),
            coverage: name(Coverage::None),
            priority: wanted.priority,
            spec: json(&wanted.spec),
            resolved_spec_key: None,
            resolved_spec_hash: None,
            profile_key: None,
            profile_hash: None,
            profile_revision: 0,
            progress: None,
            failure: None,
            last_seq: 0,
            created_at: self.now.as_micros(),
            updated_at: self.now.as_micros(),
            started_at: None,
            ended_at: None,
        }
    }
}

impl LockedInspection<'_> {
    /// What follows from the state of its file, whose row is locked, while it waits for it.
    pub(super) async fn go_with(&mut self, file: &files::Model) -> Result<(), StoreError> {
        match variant("files.state", &file.state)? {
            FileState::Transferring => Ok(()),
            FileState::Ready => self.start_with_file().await,
            FileState::Failed => {
                let failure = document_optional("files.failure", file.failure.as_deref())?;
                let failure = failure.ok_or(StoreErrorKind::Corrupt("files.failure"))?;
                self.apply(Command::FileFailed, Reason::failure(&failure))
            }
        }
    }
}
