//! Which work waits, and letting workers have it. In what order is for the coordinator to say.

use std::time::Duration;

use data_inspector_domain::id::{InspectionId, TaskId, WorkspaceId};
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::{Command, TaskState};
use data_inspector_domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, WindowStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::codec::{later, name, parsed, unsigned, variant};
use super::connect::{Store, Writing};
use super::entity::{files, inspections, tasks};
use super::error::{StoreError, StoreErrorKind};
use super::listing::first_of_each;
use super::locked::LockedInspection;
use super::outbox::{Outgoing, Topic};
use super::rows::{File, Inspection, Task};
use super::tasks::LockedTask;

/// As in the indexes: SQLite uses a partial index only for the very words it was made with.
pub(super) const CAN_RUN: &str = "state IN ('QUEUED', 'RUNNING')";
pub(super) const HAS_LEASE: &str = "state IN ('RELEASED', 'CLAIMED')";

/// An inspection with work that could be released now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The workspace it is done for.
    pub workspace_id: WorkspaceId,
    /// The inspection.
    pub inspection_id: InspectionId,
    /// Its priority; higher goes first.
    pub priority: i32,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Tasks of an inspection that a worker was told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The workspace they are done for.
    pub workspace_id: WorkspaceId,
    /// The inspection they are part of.
    pub inspection_id: InspectionId,
    /// [`TaskState::Released`] or [`TaskState::Claimed`].
    pub state: TaskState,
    /// How many.
    pub tasks: u64,
}

/// A task to release.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// The task.
    pub task_id: TaskId,
    /// The partition of a worker with a free slot, if one was chosen.
    pub partition: Option<i32>,
}

/// What a message of work is made from.
#[derive(Clone, Copy, Debug)]
pub struct TaskContext<'a> {
    /// The inspection.
    pub inspection: &'a Inspection,
    /// Its file, which is ready.
    pub file: &'a File,
    /// The task, as it is once released.
    pub task: &'a Task,
}

impl Store {
    /// Inspections with work that could be released, at most so many of each workspace, by priority and age.
    /// Bounded for each, so that a workspace with many does not hide others.
    pub async fn waiting_inspections(&self, limit_each: u32) -> Result<Vec<Waiting>, StoreError> {
        use inspections::Column;
        let query = inspections::Entity::find()
            .select_only()
            .columns([Column::WorkspaceId, Column::Id, Column::Priority, Column::CreatedAt])
            .filter(Column::Id.in_subquery(most_urgent(limit_each)))
            .order_by_desc(Column::Priority)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id);
        let rows = query.into_tuple::<(String, String, i32, i64)>().all(&self.reader).await?;
        let waiting = |(workspace_id, id, priority, created_at): (String, String, i32, i64)| {
            Ok(Waiting {
                workspace_id: parsed("inspections.workspace_id", &workspace_id)?,
                inspection_id: parsed("inspections.id", &id)?,
                priority,
                created_at: Timestamp::from_micros(created_at),
            })
        };
        rows.into_iter().map(waiting).collect()
    }

    /// The tasks of an inspection to be released next, and the bytes each has to read, at most `limit`.
    pub async fn next_waiting_tasks(
        &self,
        id: InspectionId,
        limit: u32,
    ) -> Result<Vec<(TaskId, u64)>, StoreError> {
        let rows = tasks::Entity::find()
            .select_only()
            .columns([tasks::Column::Id, tasks::Column::SizeBytes])
            .filter(tasks::Column::InspectionId.eq(id.to_string()))
            .filter(tasks::Column::State.eq(name(TaskState::Waiting)))
            .order_by_asc(tasks::Column::Rank)
            .order_by_asc(tasks::Column::Id)
            .limit(u64::from(limit))
            .into_tuple::<(String, i64)>()
            .all(&self.reader)
            .await?;
        rows.iter().map(|(id, size)| Ok((parsed("tasks.id", id)?, unsigned("size_bytes", *size)?))).collect()
    }

    /// How many tasks are out, by inspection.
    pub async fn in_flight(&self) -> Result<Vec<InFlight>, StoreError> {
        let rows = tasks::Entity::find()
            .select_only()
            .column(tasks::Column::WorkspaceId)
            .column(tasks::Column::InspectionId)
            .column(tasks::Column::State)
            .column_as(tasks::Column::Id.count(), "count")
            .filter(Expr::cust(HAS_LEASE))
            .group_by(tasks::Column::WorkspaceId)
            .group_by(tasks::Column::InspectionId)
            .group_by(tasks::Column::State)
            .order_by_asc(tasks::Column::InspectionId)
            .order_by_asc(tasks::Column::State)
            .into_tuple::<(String, String, String, i64)>()
            .all(&self.reader)
            .await?;
        let in_flight = |(workspace_id, inspection_id, state, tasks): (String, String, String, i64)| {
            Ok(InFlight {
                workspace_id: parsed("tasks.workspace_id", &workspace_id)?,
                inspection_id: parsed("tasks.inspection_id", &inspection_id)?,
                state: variant("tasks.state", &state)?,
                tasks: unsigned("count", tasks)?,
            })
        };
        rows.into_iter().map(in_flight).collect()
    }

    /// Releases tasks of one inspection: their leases start, and their messages are to be published. Those
    /// that another has released, or that are not wanted any more, are left out. `encode` writes a message; if it
    /// cannot, none of them is released.
    pub async fn release_tasks<E: From<StoreError>>(
        &self,
        inspection_id: InspectionId,
        releases: &[Release],
        claim_deadline: Duration,
        encode: impl Fn(TaskContext<'_>) -> Result<Vec<u8>, E> + Send,
    ) -> Result<Vec<Task>, E> {
        let writing = self.begin().await?;
        let mut inspection = LockedInspection::by_id(&writing, inspection_id).await?;
        if !matches!(inspection.state, InspectionState::Queued | InspectionState::Running) {
            return Ok(Vec::new());
        }
        let file = writing.file_of(&inspection).await?;
        let context = Inspection::try_from(inspection.row.clone())?;
        let mut released = Vec::new();
        for release in releases {
            let Some(task) = writing.release(&mut inspection, release.task_id, claim_deadline).await? else {
                continue;
            };
            let bytes = encode(TaskContext { inspection: &context, file: &file, task: &task })?;
            let partition = release.partition;
            inspection.outgoing.push(Outgoing { topic: Topic::Tasks, key: None, partition, bytes });
            released.push(task);
        }
        inspection.save().await?;
        writing.commit().await?;
        Ok(released)
    }
}

/// Ids of inspections that can run and have waiting tasks: the most urgent of each workspace.
fn most_urgent(limit_each: u32) -> SelectStatement {
    let waiting = Query::select()
        .expr(Expr::value(1))
        .from(tasks::Entity)
        .and_where(
            Expr::col((tasks::Entity, tasks::Column::InspectionId))
                .equals((inspections::Entity, inspections::Column::Id)),
        )
        .and_where(Expr::col((tasks::Entity, tasks::Column::State)).eq(name(TaskState::Waiting)))
        .to_owned();
    let by_urgency = WindowStatement::partition_by(inspections::Column::WorkspaceId)
        .order_by(inspections::Column::Priority, Order::Desc)
        .order_by(inspections::Column::CreatedAt, Order::Asc)
        .order_by(inspections::Column::Id, Order::Asc)
        .to_owned();
    let can_run = Condition::all().add(Expr::cust(CAN_RUN)).add(Expr::exists(waiting));
    first_of_each(by_urgency, can_run, limit_each)
}

impl Writing {
    async fn release(
        &self,
        inspection: &mut LockedInspection<'_>,
        id: TaskId,
        claim_deadline: Duration,
    ) -> Result<Option<Task>, StoreError> {
        let Some(mut task) = LockedTask::by_id(self, id).await? else { return Ok(None) };
        if task.task.inspection_id != inspection.id || task.apply(Command::Release).is_err() {
            return Ok(None);
        }
        task.task.released_at = Some(inspection.now);
        task.task.lease_until = Some(Timestamp::from_micros(later(inspection.now, claim_deadline)));
        task.task.not_before = None;
        task.task.worker_id = None;
        task.task.bytes_done = 0;
        task.record_attempt(inspection)?;
        task.save().await?;
        Ok(Some(task.task))
    }

    async fn file_of(&self, inspection: &LockedInspection<'_>) -> Result<File, StoreError> {
        let row = files::Entity::find_by_id(inspection.row.file_id.clone()).one(&self.tx).await?;
        row.ok_or(StoreErrorKind::Corrupt("inspections.file_id"))?.try_into()
    }
}
