//! An inspection whose row is locked. Its state changes here and nowhere else, and each change is an event:
//! numbered here, under the lock, stored and put into the outbox by [`LockedInspection::save`].

use data_inspector_domain::event::{
    EventBody, InspectionEvent, Phase, PhaseChanged, StateChanged, StateReason,
};
use data_inspector_domain::failure::Failure;
use data_inspector_domain::id::{InspectionId, PrincipalId, TaskId, WorkspaceId};
use data_inspector_domain::inspection::{self, Command, InspectionState};
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::access::Scope;
use super::codec::{ROWS_PER_STATEMENT, json, name, parsed, sequence, unsigned, variant};
use super::connect::Writing;
use super::counters::Fact;
use super::entity::{events, inspections, tasks};
use super::error::{Noun, StoreError, StoreErrorKind};
use super::outbox::{Outgoing, Topic};

/// An inspection that nobody else changes until the transaction ends. What is not saved did not happen.
#[must_use]
pub(super) struct LockedInspection<'w> {
    pub(super) writing: &'w Writing,
    pub(super) id: InspectionId,
    pub(super) workspace_id: WorkspaceId,
    pub(super) state: InspectionState,
    /// What time it is, but never before its newest event: whoever waited for the lock may have looked at the
    /// clock before whoever held it.
    pub(super) now: Timestamp,
    pub(super) row: inspections::Model,
    pub(super) outgoing: Vec<Outgoing>,
    recorded: Vec<events::ActiveModel>,
    facts: Vec<Fact>,
    /// Blobs that nothing refers to any more once it is saved.
    pub(super) garbage: Vec<String>,
}

/// Why a state changes.
pub(super) struct Reason {
    message: String,
    actor: Option<PrincipalId>,
    failure: Option<Failure>,
}

impl Reason {
    /// It came about by itself.
    pub(super) fn of_itself(message: &str) -> Self {
        Self { message: message.to_owned(), actor: None, failure: None }
    }

    /// Somebody wanted it.
    pub(super) fn of_actor(actor: PrincipalId, message: String) -> Self {
        Self { message, actor: Some(actor), failure: None }
    }

    /// Something failed.
    pub(super) fn failure(failure: &Failure) -> Self {
        Self { message: failure.user_message.clone(), actor: None, failure: Some(failure.clone()) }
    }
}

impl<'w> LockedInspection<'w> {
    /// Locks an inspection of the workspace.
    pub(super) async fn in_scope(
        writing: &'w Writing,
        scope: Scope,
        id: InspectionId,
    ) -> Result<Self, StoreError> {
        let query = inspections::Entity::find_by_id(id.to_string())
            .filter(inspections::Column::WorkspaceId.eq(scope.workspace_id.to_string()));
        let row = query.lock_exclusive().one(&writing.tx).await?;
        Self::of(writing, row.ok_or(StoreErrorKind::NotFound(Noun::Inspection))?)
    }

    /// Locks an inspection, for the coordinator.
    pub(super) async fn by_id(writing: &'w Writing, id: InspectionId) -> Result<Self, StoreError> {
        let query = inspections::Entity::find_by_id(id.to_string());
        let row = query.lock_exclusive().one(&writing.tx).await?;
        Self::of(writing, row.ok_or(StoreErrorKind::NotFound(Noun::Inspection))?)
    }

    /// Locks the inspection that a task is part of; `None` if there is no such task.
    pub(super) async fn of_task(writing: &'w Writing, id: TaskId) -> Result<Option<Self>, StoreError> {
        let owner = Query::select()
            .column(tasks::Column::InspectionId)
            .from(tasks::Entity)
            .and_where(tasks::Column::Id.eq(id.to_string()))
            .to_owned();
        let query = inspections::Entity::find().filter(inspections::Column::Id.in_subquery(owner));
        let row = query.lock_exclusive().one(&writing.tx).await?;
        row.map(|row| Self::of(writing, row)).transpose()
    }

    /// A row that is locked, or that this transaction inserts.
    pub(super) fn of(writing: &'w Writing, row: inspections::Model) -> Result<Self, StoreError> {
        Ok(Self {
            writing,
            id: parsed("inspections.id", &row.id)?,
            workspace_id: parsed("inspections.workspace_id", &row.workspace_id)?,
            state: variant("inspections.state", &row.state)?,
            now: writing.now.max(Timestamp::from_micros(row.updated_at)),
            row,
            outgoing: Vec::new(),
            recorded: Vec::new(),
            facts: Vec::new(),
            garbage: Vec::new(),
        })
    }

    /// The event that an inspection begins with.
    pub(super) fn record_creation(&mut self) -> Result<(), StoreError> {
        self.enter(None, self.state, None)
    }

    /// Moves it, if its state allows the command.
    pub(super) fn apply(&mut self, command: Command, reason: Reason) -> Result<(), StoreError> {
        let from = self.state;
        let to = inspection::apply(from, command)?;
        if let Some(failure) = &reason.failure {
            self.row.failure = Some(json(failure));
        }
        let Reason { message, actor, failure } = reason;
        self.enter(Some(from), to, Some(StateReason { command, message, actor, failure }))
    }

    fn enter(
        &mut self,
        from: Option<InspectionState>,
        to: InspectionState,
        reason: Option<StateReason>,
    ) -> Result<(), StoreError> {
        self.state = to;
        self.row.state = name(to);
        self.row.version += 1;
        self.row.ended_at = to.is_terminal().then_some(self.now.as_micros());
        if to == InspectionState::Running {
            self.row.started_at.get_or_insert(self.now.as_micros());
        }
        let version = unsigned("inspections.version", self.row.version)?;
        self.record(EventBody::StateChanged(StateChanged { from, to, version, reason }))
    }

    /// Says what the work is at; nothing if that is known.
    pub(super) fn enter_phase(&mut self, phase: Phase) -> Result<(), StoreError> {
        if self.row.phase == name(phase) {
            return Ok(());
        }
        self.row.phase = name(phase);
        self.record(EventBody::PhaseChanged(PhaseChanged { phase }))
    }

    /// Gives a fact the next number.
    pub(super) fn record(&mut self, body: EventBody) -> Result<(), StoreError> {
        self.row.last_seq += 1;
        self.row.updated_at = self.now.as_micros();
        let seq = sequence("inspections.last_seq", unsigned("inspections.last_seq", self.row.last_seq)?)?;
        let event_type = name(body.event_type());
        self.facts.push(Fact::of(&body));
        let bytes = InspectionEvent::new(self.id, seq, self.now, body).to_json().into_bytes();
        self.outgoing.push(Outgoing {
            topic: Topic::Updates,
            key: Some(self.row.id.clone()),
            partition: None,
            bytes: bytes.clone(),
        });
        self.recorded.push(events::ActiveModel {
            inspection_id: Set(self.row.id.clone()),
            seq: Set(self.row.last_seq),
            workspace_id: Set(self.row.workspace_id.clone()),
            at: Set(self.now.as_micros()),
            event_type: Set(event_type),
            bytes: Set(bytes),
        });
        Ok(())
    }

    /// Writes the row, its new events, and what is to be published about them.
    pub(super) async fn save(self) -> Result<inspections::Model, StoreError> {
        let changed = self.row.clone().into_active_model().reset_all();
        inspections::Entity::update(changed).exec_without_returning(&self.writing.tx).await?;
        self.save_events().await
    }

    /// The same for a row that is not in the table yet.
    pub(super) async fn insert(self) -> Result<inspections::Model, StoreError> {
        let row = self.row.clone().into_active_model();
        inspections::Entity::insert(row).exec_without_returning(&self.writing.tx).await?;
        self.save_events().await
    }

    async fn save_events(self) -> Result<inspections::Model, StoreError> {
        let mut rows = self.recorded.into_iter().peekable();
        while rows.peek().is_some() {
            let batch = rows.by_ref().take(ROWS_PER_STATEMENT);
            events::Entity::insert_many(batch).exec_without_returning(&self.writing.tx).await?;
        }
        self.writing.send(self.outgoing).await?;
        self.writing.throw_away(self.garbage).await?;
        self.writing.tally.add(self.facts);
        Ok(self.row)
    }
}

/// Locks the inspections that wait for a file, whose row is locked, in the order of their ids.
pub(super) async fn lock_waiting_inspections<'w>(
    writing: &'w Writing,
    scope: Scope,
    file_id: &str,
) -> Result<Vec<LockedInspection<'w>>, StoreError> {
    let rows = inspections::Entity::find()
        .filter(inspections::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
        .filter(inspections::Column::FileId.eq(file_id))
        .filter(inspections::Column::State.eq(name(InspectionState::WaitingForFile)))
        .order_by_asc(inspections::Column::Id)
        .lock_exclusive()
        .all(&writing.tx)
        .await?;
    rows.into_iter().map(|row| LockedInspection::of(writing, row)).collect()
}
