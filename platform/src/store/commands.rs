//! What a person does with an inspection.

use data_inspector_domain::control::Order;
use data_inspector_domain::event::Phase;
use data_inspector_domain::id::InspectionId;
use data_inspector_domain::inspection::Command;
use data_inspector_domain::task;
use data_inspector_domain::task::TaskState;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::access::Scope;
use super::audit::Action;
use super::codec::unsigned;
use super::connect::{Store, Writing};
use super::entity::{files, inspections};
use super::error::{Noun, StoreError, StoreErrorKind};
use super::locked::{LockedInspection, Reason};
use super::rows::Inspection;

/// A change to an inspection that a person has seen.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version they saw; any if `None`.
    pub expected_version: Option<u32>,
    /// Why they want it, in their words, or one sentence for them.
    pub reason: String,
}

impl Store {
    /// Calls an inspection off. Workers that are at it are told; it is `CANCELLED` when the last has stopped.
    pub async fn cancel_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
        change: Change,
    ) -> Result<Inspection, StoreError> {
        let writing = self.begin().await?;
        let mut inspection = writing.lock_for_change(scope, id, &change).await?;
        // In this order: the end, if it is one, is the last event.
        inspection.stop_work(Order::Cancel).await?;
        inspection.apply(Command::Cancel, Reason::of_actor(scope.principal_id, change.reason))?;
        inspection.settle().await?;
        let changed = inspection.save().await?;
        writing.audit(scope, Action::CancelInspection, id).await?;
        writing.commit().await?;
        changed.try_into()
    }

    /// Holds an inspection. Workers that are at it finish what they can keep.
    pub async fn pause_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
        change: Change,
    ) -> Result<Inspection, StoreError> {
        let writing = self.begin().await?;
        let mut inspection = writing.lock_for_change(scope, id, &change).await?;
        inspection.apply(Command::Pause, Reason::of_actor(scope.principal_id, change.reason))?;
        inspection.stop_work(Order::Pause).await?;
        inspection.settle().await?;
        let changed = inspection.save().await?;
        writing.audit(scope, Action::PauseInspection, id).await?;
        writing.commit().await?;
        changed.try_into()
    }

    /// Lets a held inspection go on.
    pub async fn resume_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
        change: Change,
    ) -> Result<Inspection, StoreError> {
        let writing = self.begin().await?;
        let mut inspection = writing.lock_for_change(scope, id, &change).await?;
        inspection.apply(Command::Resume, Reason::of_actor(scope.principal_id, change.reason))?;
        inspection.settle().await?;
        let changed = inspection.save().await?;
        writing.audit(scope, Action::ResumeInspection, id).await?;
        writing.commit().await?;
        changed.try_into()
    }

    /// Tries again what is left of an inspection that has ended without success. What is durable is kept, the
    /// retry budgets start anew.
    pub async fn retry_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
        change: Change,
    ) -> Result<Inspection, StoreError> {
        let writing = self.begin().await?;
        let file = writing.lock_file_of_inspection(scope, id).await?;
        let mut inspection = writing.lock_for_change(scope, id, &change).await?;
        inspection.apply(Command::Retry, Reason::of_actor(scope.principal_id, change.reason))?;
        inspection.row.failure = None;
        inspection.enter_phase(Phase::Waiting)?;
        let ended = [TaskState::Failed, TaskState::Quarantined, TaskState::Cancelled];
        inspection.move_tasks(task::Command::Retry, &ended).await?;
        inspection.go_with(&file).await?;
        let changed = inspection.save().await?;
        writing.audit(scope, Action::RetryInspection, id).await?;
        writing.commit().await?;
        changed.try_into()
    }
}

impl Writing {
    async fn lock_for_change(
        &self,
        scope: Scope,
        id: InspectionId,
        change: &Change,
    ) -> Result<LockedInspection<'_>, StoreError> {
        let inspection = LockedInspection::in_scope(self, scope, id).await?;
        let found = unsigned("inspections.version", inspection.row.version)?;
        match change.expected_version {
            Some(expected) if expected != found => {
                Err(StoreErrorKind::StaleVersion { expected, found }.into())
            }
            _ => Ok(inspection),
        }
    }

    /// The file is locked before the inspection, as everywhere.
    async fn lock_file_of_inspection(
        &self,
        scope: Scope,
        id: InspectionId,
    ) -> Result<files::Model, StoreError> {
        let query = inspections::Entity::find_by_id(id.to_string())
            .filter(inspections::Column::WorkspaceId.eq(scope.workspace_id.to_string()));
        let row = query.one(&self.tx).await?.ok_or(StoreErrorKind::NotFound(Noun::Inspection))?;
        self.lock_file(scope, &row.file_id).await
    }
}
