//! A task whose row is locked, after that of its inspection. Its state changes here and nowhere else, but for
//! those that change for many tasks at once (`settle`).

use data_inspector_domain::control::{ControlMessage, Order};
use data_inspector_domain::event::{Attempt, AttemptChanged, EventBody};
use data_inspector_domain::failure::Failure;
use data_inspector_domain::id::{InspectionId, TaskId};
use data_inspector_domain::task::fence::Epoch;
use data_inspector_domain::task::retry::AttemptProgress;
use data_inspector_domain::task::{self, Command, TaskState};
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::codec::{bigint, json, name};
use super::connect::Writing;
use super::entity::tasks;
use super::error::StoreError;
use super::locked::LockedInspection;
use super::outbox::{Outgoing, Topic};
use super::rows::Task;

/// A task that nobody else changes until the transaction ends. What is not saved did not happen.
#[must_use]
pub(super) struct LockedTask<'w> {
    writing: &'w Writing,
    pub(super) task: Task,
}

/// How an attempt of a task ended.
pub(super) struct AttemptEnd<'a> {
    pub(super) command: Command,
    pub(super) progress: AttemptProgress,
    pub(super) failure: Option<&'a Failure>,
}

impl<'w> LockedTask<'w> {
    pub(super) async fn by_id(writing: &'w Writing, id: TaskId) -> Result<Option<Self>, StoreError> {
        let query = tasks::Entity::find_by_id(id.to_string()).lock_exclusive();
        let row = query.one(&writing.tx).await?;
        row.map(|row| Ok(Self { writing, task: row.try_into()? })).transpose()
    }

    /// The tasks of an inspection that a worker was told about: never more than there are slots.
    pub(super) async fn open_attempts(
        writing: &'w Writing,
        inspection_id: InspectionId,
    ) -> Result<Vec<Self>, StoreError> {
        let open = [TaskState::Released, TaskState::Claimed].map(name);
        let rows = tasks::Entity::find()
            .filter(tasks::Column::InspectionId.eq(inspection_id.to_string()))
            .filter(tasks::Column::State.is_in(open))
            .order_by_asc(tasks::Column::Id)
            .lock_exclusive()
            .all(&writing.tx)
            .await?;
        rows.into_iter().map(|row| Ok(Self { writing, task: row.try_into()? })).collect()
    }

    /// Moves it, if its state allows the command.
    pub(super) fn apply(&mut self, command: Command) -> Result<(), task::Refusal> {
        self.task.state = task::apply(self.task.state, command)?;
        if command.starts_next_epoch() {
            self.task.hold = self.task.hold.next_epoch();
        }
        Ok(())
    }

    /// Says in the inspection's events that an attempt began or was claimed.
    pub(super) fn record_attempt(&self, inspection: &mut LockedInspection<'_>) -> Result<(), StoreError> {
        let attempt = self.attempt(self.task.hold.epoch, inspection.now);
        inspection.record(EventBody::AttemptChanged(AttemptChanged { attempt }))
    }

    /// Ends its attempt, and says so in the inspection's events.
    pub(super) fn end_attempt(
        &mut self,
        inspection: &mut LockedInspection<'_>,
        end: AttemptEnd<'_>,
    ) -> Result<Result<(), task::Refusal>, StoreError> {
        let epoch = self.task.hold.epoch;
        if let Err(refusal) = self.apply(end.command) {
            return Ok(Err(refusal));
        }
        if let Some(failure) = end.failure {
            self.task.failure = Some(failure.clone());
        }
        let attempt = Attempt {
            ended_at: Some(inspection.now),
            made_progress: end.progress == AttemptProgress::Made,
            failure: end.failure.cloned(),
            ..self.attempt(epoch, inspection.now)
        };
        inspection.record(EventBody::AttemptChanged(AttemptChanged { attempt }))?;
        Ok(Ok(()))
    }

    fn attempt(&self, epoch: Epoch, now: Timestamp) -> Attempt {
        Attempt {
            task_id: self.task.id,
            kind: self.task.kind,
            number: epoch,
            state: self.task.state,
            worker_id: self.task.worker_id,
            started_at: self.task.released_at.unwrap_or(now),
            ended_at: None,
            from_byte: self.task.from_byte,
            bytes_done: self.task.bytes_done,
            made_progress: false,
            failure: None,
        }
    }

    /// Writes what can change of it.
    pub(super) async fn save(&self) -> Result<(), StoreError> {
        let task = &self.task;
        let changed = tasks::ActiveModel {
            id: Unchanged(task.id.to_string()),
            state: Set(name(task.state)),
            epoch: Set(task.hold.epoch.number().into()),
            run: Set(task.hold.run.map(|run| run.to_string())),
            last_n: Set(bigint(task.hold.last_n)?),
            worker_id: Set(task.worker_id.map(|id| id.to_string())),
            released_at: Set(task.released_at.map(Timestamp::as_micros)),
            lease_until: Set(task.lease_until.map(Timestamp::as_micros)),
            not_before: Set(task.not_before.map(Timestamp::as_micros)),
            attempts: Set(task.failures.total.into()),
            attempts_without_progress: Set(task.failures.without_progress.into()),
            bytes_done: Set(bigint(task.bytes_done)?),
            failure: Set(task.failure.as_ref().map(json)),
            ..Default::default()
        };
        tasks::Entity::update(changed).exec_without_returning(&self.writing.tx).await?;
        Ok(())
    }
}

/// An order to whoever is at the current attempt of a task.
pub(super) fn order(task: &Task, order: Order) -> Outgoing {
    Outgoing {
        topic: Topic::Control,
        key: Some(task.id.to_string()),
        partition: None,
        bytes: ControlMessage::new(task.id, task.hold.epoch, order).to_json().into_bytes(),
    }
}
