//! Looking at tasks and partials. Their states change in `tasks`.

use data_inspector_domain::id::{InspectionId, TaskId};
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::TaskState;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::access::Scope;
use super::codec::{bigint, name, parsed, unsigned, variant};
use super::connect::Store;
use super::dispatch::CAN_RUN;
use super::entity::{inspections, partials, tasks};
use super::error::StoreError;
use super::page::{Direction, Page, PageKey, PageRequest, SortKey};
use super::rows::{Partial, Task};

/// How many tasks of an inspection are in a state, and what they are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskCount {
    /// The inspection.
    pub inspection_id: InspectionId,
    /// The state.
    pub state: TaskState,
    /// How many tasks.
    pub tasks: u64,
    /// Bytes they have to read, together.
    pub size_bytes: u64,
}

impl Task {
    /// Its place in a list of the tasks of its inspection.
    pub fn key(&self) -> PageKey {
        let rank = i64::try_from(self.rank).unwrap_or(i64::MAX);
        PageKey { sort: SortKey::Number(rank), id: self.id.to_string() }
    }
}

impl Store {
    /// A page of the tasks of an inspection in some states (in any if there is none), in the order of their
    /// ranks. For an inspection of another workspace there are none.
    pub async fn list_tasks(
        &self,
        scope: Scope,
        id: InspectionId,
        states: &[TaskState],
        page: &PageRequest,
    ) -> Result<Page<Task>, StoreError> {
        let mut query = tasks::Entity::find()
            .filter(tasks::Column::InspectionId.eq(id.to_string()))
            .filter(tasks::Column::WorkspaceId.eq(scope.workspace_id.to_string()));
        if !states.is_empty() {
            query = query.filter(tasks::Column::State.is_in(states.iter().map(name)));
        }
        let rank = Expr::col(tasks::Column::Rank);
        let query = page.select(query, rank, tasks::Column::Id, Direction::Ascending);
        let rows = query.all(&self.reader).await?;
        Ok(page.page(rows.into_iter().map(Task::try_from).collect::<Result<_, _>>()?))
    }

    /// Those of these tasks that the workspace has, in any order.
    pub async fn tasks_by_id(&self, scope: Scope, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
        let rows = tasks::Entity::find()
            .filter(tasks::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(tasks::Column::Id.is_in(ids.iter().map(TaskId::to_string)))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Task::try_from).collect()
    }

    /// How many tasks of each of these inspections are in which state, for those that the workspace has.
    pub async fn task_counts(
        &self,
        scope: Scope,
        ids: &[InspectionId],
    ) -> Result<Vec<TaskCount>, StoreError> {
        // A sum of BIGINTs is a NUMERIC in PostgreSQL.
        let sum = Expr::col(tasks::Column::SizeBytes).sum().cast_as("bigint");
        let rows = tasks::Entity::find()
            .select_only()
            .columns([tasks::Column::InspectionId, tasks::Column::State])
            .column_as(tasks::Column::Id.count(), "count")
            .column_as(sum, "sum")
            .filter(tasks::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(tasks::Column::InspectionId.is_in(ids.iter().map(InspectionId::to_string)))
            .group_by(tasks::Column::InspectionId)
            .group_by(tasks::Column::State)
            .into_tuple::<(String, String, i64, i64)>()
            .all(&self.reader)
            .await?;
        let count = |(id, state, tasks, size_bytes): (String, String, i64, i64)| {
            Ok(TaskCount {
                inspection_id: parsed("tasks.inspection_id", &id)?,
                state: variant("tasks.state", &state)?,
                tasks: unsigned("count", tasks)?,
                size_bytes: unsigned("sum", size_bytes)?,
            })
        };
        rows.into_iter().map(count).collect()
    }

    /// Inspections that can run and have nothing that waits, is out, or is to be tried again: whoever was to
    /// plan their next step died before it did, or a person has retried what failed between two tasks. Oldest
    /// first, at most `limit`; for the coordinator.
    pub async fn idle_inspections(&self, limit: u32) -> Result<Vec<InspectionId>, StoreError> {
        let open = TaskState::ALL.into_iter().filter(|state| !state.is_terminal()).map(name);
        let open_tasks = Query::select()
            .expr(Expr::value(1))
            .from(tasks::Entity)
            .and_where(
                Expr::col((tasks::Entity, tasks::Column::InspectionId))
                    .equals((inspections::Entity, inspections::Column::Id)),
            )
            .and_where(Expr::col((tasks::Entity, tasks::Column::State)).is_in(open))
            .to_owned();
        let rows = inspections::Entity::find()
            .select_only()
            .column(inspections::Column::Id)
            .filter(Expr::cust(CAN_RUN))
            .filter(Expr::exists(open_tasks).not())
            .order_by_asc(inspections::Column::CreatedAt)
            .order_by_asc(inspections::Column::Id)
            .limit(u64::from(limit))
            .into_tuple::<String>()
            .all(&self.reader)
            .await?;
        rows.iter().map(|id| parsed("inspections.id", id)).collect()
    }

    /// Inspections that have not ended, after one of them by id, at most `limit`; for a coordinator that
    /// starts.
    pub async fn unfinished_inspections(
        &self,
        after: Option<InspectionId>,
        limit: u32,
    ) -> Result<Vec<(InspectionId, InspectionState)>, StoreError> {
        let ended = InspectionState::ALL.into_iter().filter(|state| state.is_terminal()).map(name);
        let mut query = inspections::Entity::find()
            .select_only()
            .columns([inspections::Column::Id, inspections::Column::State])
            .filter(inspections::Column::State.is_not_in(ended))
            .order_by_asc(inspections::Column::Id)
            .limit(u64::from(limit));
        if let Some(after) = after {
            query = query.filter(inspections::Column::Id.gt(after.to_string()));
        }
        let rows = query.into_tuple::<(String, String)>().all(&self.reader).await?;
        let pair = |(id, state): (String, String)| {
            Ok((parsed("inspections.id", &id)?, variant("inspections.state", &state)?))
        };
        rows.into_iter().map(pair).collect()
    }
}

impl Store {
    /// The task, for the coordinator.
    pub async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        let row = tasks::Entity::find_by_id(id.to_string()).one(&self.reader).await?;
        row.map(Task::try_from).transpose()
    }

    /// All tasks of an inspection, in the order of their ranks, for the coordinator.
    pub async fn tasks_of(&self, id: InspectionId) -> Result<Vec<Task>, StoreError> {
        let rows = tasks::Entity::find()
            .filter(tasks::Column::InspectionId.eq(id.to_string()))
            .order_by_asc(tasks::Column::Rank)
            .order_by_asc(tasks::Column::Id)
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Task::try_from).collect()
    }

    /// The partials of one level of an inspection from a leaf on, in the order of their leaves, at most
    /// `limit`; for the coordinator.
    pub async fn partials_from(
        &self,
        id: InspectionId,
        level: u64,
        first_leaf: u64,
        limit: u32,
    ) -> Result<Vec<Partial>, StoreError> {
        let rows = partials::Entity::find()
            .filter(partials::Column::InspectionId.eq(id.to_string()))
            .filter(partials::Column::Level.eq(bigint(level)?))
            .filter(partials::Column::FirstLeaf.gte(bigint(first_leaf)?))
            .order_by_asc(partials::Column::FirstLeaf)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(Partial::try_from).collect()
    }
}
