//! The next step of an inspection, as the coordinator has decided it: more tasks, a newer profile, the end.

use std::ops::Range;

use data_inspector_domain::control::Order;
use data_inspector_domain::event::{
    Alert, AlertRaised, Checkpoint, CheckpointSaved, EventBody, Phase, ProfileRevised,
};
use data_inspector_domain::failure::Failure;
use data_inspector_domain::id::{InspectionId, TaskId};
use data_inspector_domain::inspection::{Command, Coverage, InspectionState, Verdict};
use data_inspector_domain::task::fence::Epoch;
use data_inspector_domain::task::{TaskKind, TaskState};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::codec::{ROWS_PER_STATEMENT, bigint, name, new_uuid, unsigned};
use super::connect::Store;
use super::entity::{partials, tasks};
use super::error::{StoreError, StoreErrorKind};
use super::locked::{LockedInspection, Reason};
use super::rows::{BlobRef, Task};

/// Everything that one step changes; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What the work is at now.
    pub phase: Option<Phase>,
    /// What was decided before the first byte is counted.
    pub resolved_spec: Option<BlobRef>,
    /// More work. Tasks whose name is there already are left as they are.
    pub tasks: Vec<NewTask>,
    /// What is durable now.
    pub checkpoint: Option<Checkpoint>,
    /// What deserves attention.
    pub alerts: Vec<Alert>,
    /// A newer profile.
    pub profile: Option<ProfileRevision>,
    /// How far it is now, as in [`Store::save_progress`]: with an ending, what stays.
    pub progress: Option<String>,
    /// The end.
    pub ending: Option<Ending>,
}

/// Work for a worker.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// What it is within its inspection, such as `split/12`: the same plan made twice makes one task.
    pub name: String,
    /// What the worker is to do.
    pub kind: TaskKind,
    /// Lower goes first within the inspection.
    pub rank: u64,
    /// The leaves it is about.
    pub leaves: Option<Range<u64>>,
    /// Byte of the file it begins at, if it reads a range.
    pub from_byte: Option<u64>,
    /// Bytes it has to read.
    pub size_bytes: u64,
    /// What else the worker needs.
    pub payload: Vec<u8>,
}

/// A mergeable state that a task left in the blob store. It replaces one of the same level and first leaf.
#[derive(Clone, Debug)]
pub struct NewPartial {
    /// 0 for what was inspected, rising with each merge.
    pub level: u64,
    /// The leaves it covers.
    pub leaves: Range<u64>,
    /// Where it is; no two partials share a blob.
    pub blob: BlobRef,
    /// Its size.
    pub size_bytes: u64,
    /// What the coordinator has to know of it without reading it.
    pub summary: Vec<u8>,
}

/// A newer profile. It gets the next number.
#[derive(Clone, Debug)]
pub struct ProfileRevision {
    /// Where it is.
    pub blob: BlobRef,
    /// Names of the columns that changed; if there is none, any may have.
    pub changed_columns: Vec<String>,
    /// How much of the file it is based on.
    pub coverage: Coverage,
}

/// The end of an inspection.
#[derive(Clone, Debug)]
pub enum Ending {
    /// The result is complete and durable.
    Succeeded {
        /// The result.
        profile: ProfileRevision,
        /// What the checks say.
        verdict: Verdict,
    },
    /// It cannot go on.
    Failed(Failure),
}

/// Whether a profile is the result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finality {
    Provisional,
    Final,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// It was taken.
    Taken,
    /// The inspection had been called off or had ended, or is held and would end: nothing changed.
    NotWanted,
}

impl Store {
    /// Takes a step that follows from what is stored, not from a message: planning splits and merges again
    /// after a restart, a failure that the coordinator found out itself.
    pub async fn advance(&self, id: InspectionId, step: Step) -> Result<Advanced, StoreError> {
        let writing = self.begin().await?;
        let mut inspection = LockedInspection::by_id(&writing, id).await?;
        let advanced = inspection.take_step(step).await?;
        inspection.settle().await?;
        inspection.save().await?;
        writing.commit().await?;
        Ok(advanced)
    }

    /// Replaces how far an inspection is: state, not an event. Nothing happens once it has ended.
    pub async fn save_progress(&self, id: InspectionId, progress: &str) -> Result<(), StoreError> {
        use super::entity::inspections;
        use sea_orm::sea_query::Expr;
        use sea_orm::{ColumnTrait, QueryFilter};
        let ended = InspectionState::ALL.into_iter().filter(|state| state.is_terminal()).map(name);
        let writing = self.begin_hasty().await?;
        inspections::Entity::update_many()
            .col_expr(inspections::Column::Progress, Expr::value(progress))
            .filter(inspections::Column::Id.eq(id.to_string()))
            .filter(inspections::Column::State.is_not_in(ended))
            .exec(&writing.tx)
            .await?;
        writing.commit().await
    }
}

impl LockedInspection<'_> {
    /// The bytes are there: it is queued, and its survey waits for a worker. A retry may find the survey made.
    pub(super) async fn start_with_file(&mut self) -> Result<(), StoreError> {
        self.apply(Command::FileReady, Reason::of_itself("the file is ready"))?;
        let survey = NewTask {
            name: "survey".to_owned(),
            kind: TaskKind::Survey,
            rank: 0,
            leaves: None,
            from_byte: None,
            size_bytes: 0,
            payload: Vec::new(),
        };
        self.insert_tasks(vec![survey]).await
    }

    /// Takes a step, unless the inspection was called off or has ended.
    pub(super) async fn take_step(&mut self, step: Step) -> Result<Advanced, StoreError> {
        // On hold it does not end: the last step is taken again when it goes on.
        let waits =
            self.state == InspectionState::Paused && matches!(step.ending, Some(Ending::Succeeded { .. }));
        if waits || self.state.is_terminal() || self.state == InspectionState::Cancelling {
            return Ok(Advanced::NotWanted);
        }
        if let Some(blob) = step.resolved_spec {
            let replaced = self.row.resolved_spec_key.replace(blob.key);
            self.let_go(replaced, self.row.resolved_spec_key.clone());
            self.row.resolved_spec_hash = Some(blob.hash.to_vec());
        }
        if step.progress.is_some() {
            self.row.progress = step.progress;
        }
        self.insert_tasks(step.tasks).await?;
        if let Some(phase) = step.phase {
            self.enter_phase(phase)?;
        }
        for alert in step.alerts {
            self.record(EventBody::AlertRaised(AlertRaised { alert }))?;
        }
        if let Some(checkpoint) = step.checkpoint {
            self.record(EventBody::CheckpointSaved(CheckpointSaved { checkpoint }))?;
        }
        if let Some(profile) = step.profile {
            self.revise_profile(profile, Finality::Provisional)?;
        }
        match step.ending {
            Some(Ending::Succeeded { profile, verdict }) => self.succeed(profile, verdict).await?,
            Some(Ending::Failed(failure)) => self.fail(&failure).await?,
            None => {}
        }
        Ok(Advanced::Taken)
    }

    fn revise_profile(&mut self, profile: ProfileRevision, finality: Finality) -> Result<(), StoreError> {
        self.row.profile_revision += 1;
        let replaced = self.row.profile_key.replace(profile.blob.key);
        self.let_go(replaced, self.row.profile_key.clone());
        self.row.profile_hash = Some(profile.blob.hash.to_vec());
        self.row.coverage = name(profile.coverage);
        let revision = unsigned("profile_revision", self.row.profile_revision)?;
        let mut revised = ProfileRevised::new(revision, profile.changed_columns, finality == Finality::Final);
        revised.changed_columns = revised.changed_columns.filter(|names| !names.is_empty());
        self.record(EventBody::ProfileRevised(revised))
    }

    /// That it succeeded is its last event, as in [`Self::fail`].
    async fn succeed(&mut self, profile: ProfileRevision, verdict: Verdict) -> Result<(), StoreError> {
        self.stop_work(Order::Revoke).await?;
        self.revise_profile(profile, Finality::Final)?;
        self.row.verdict = name(verdict);
        self.enter_phase(Phase::Done)?;
        self.apply(Command::Succeed, Reason::of_itself("the result is complete"))?;
        // What the result was made from; an inspection that ends otherwise may be tried again, and needs it.
        self.garbage.extend(self.writing.partial_blobs(self.id).await?);
        Ok(())
    }

    /// A blob has been replaced by another.
    fn let_go(&mut self, replaced: Option<String>, by: Option<String>) {
        self.garbage.extend(replaced.filter(|replaced| Some(replaced) != by.as_ref()));
    }

    pub(super) async fn insert_tasks(&self, tasks: Vec<NewTask>) -> Result<(), StoreError> {
        let rows: Vec<_> = tasks.into_iter().map(|task| self.task_row(task)).collect::<Result<_, _>>()?;
        let by_name = [tasks::Column::InspectionId, tasks::Column::Name];
        for batch in rows.chunks(ROWS_PER_STATEMENT) {
            let batch = batch.iter().cloned().map(IntoActiveModel::into_active_model);
            tasks::Entity::insert_many(batch)
                .on_conflict(OnConflict::columns(by_name).do_nothing().to_owned())
                .exec_without_returning(&self.writing.tx)
                .await?;
        }
        Ok(())
    }

    fn task_row(&self, task: NewTask) -> Result<tasks::Model, StoreError> {
        let leaves = task.leaves.unwrap_or_default();
        let has_leaves = !leaves.is_empty();
        Ok(tasks::Model {
            id: TaskId::from_uuid(new_uuid(self.writing.now)).to_string(),
            workspace_id: self.workspace_id.to_string(),
            inspection_id: self.id.to_string(),
            name: task.name,
            kind: name(task.kind),
            rank: bigint(task.rank)?,
            first_leaf: has_leaves.then_some(bigint(leaves.start)?),
            end_leaf: has_leaves.then_some(bigint(leaves.end)?),
            from_byte: task.from_byte.map(bigint).transpose()?,
            size_bytes: bigint(task.size_bytes)?,
            payload: task.payload,
            state: name(TaskState::Waiting),
            epoch: Epoch::FIRST.number().into(),
            run: None,
            last_n: 0,
            worker_id: None,
            released_at: None,
            lease_until: None,
            not_before: None,
            attempts: 0,
            attempts_without_progress: 0,
            bytes_done: 0,
            failure: None,
            created_at: self.writing.now.as_micros(),
        })
    }

    /// Keeps the references to what the run that holds a task has left.
    pub(super) async fn record_partials(
        &mut self,
        task: &Task,
        partials: Vec<NewPartial>,
    ) -> Result<(), StoreError> {
        use partials::Column;
        let run = task.hold.run.ok_or(StoreErrorKind::Internal)?;
        for partial in partials {
            let at = (self.id.to_string(), bigint(partial.level)?, bigint(partial.leaves.start)?);
            let replaced = partials::Entity::find_by_id(at).one(&self.writing.tx).await?;
            self.let_go(replaced.map(|row| row.blob_key), Some(partial.blob.key.clone()));
            let row = partials::Model {
                inspection_id: self.id.to_string(),
                level: bigint(partial.level)?,
                first_leaf: bigint(partial.leaves.start)?,
                end_leaf: bigint(partial.leaves.end)?,
                workspace_id: self.workspace_id.to_string(),
                task_id: task.id.to_string(),
                epoch: task.hold.epoch.number().into(),
                run: run.to_string(),
                blob_key: partial.blob.key,
                hash: partial.blob.hash.to_vec(),
                size_bytes: bigint(partial.size_bytes)?,
                summary: partial.summary,
                created_at: self.writing.now.as_micros(),
            };
            let place = OnConflict::columns([Column::InspectionId, Column::Level, Column::FirstLeaf])
                .update_columns([
                    Column::EndLeaf,
                    Column::TaskId,
                    Column::Epoch,
                    Column::Run,
                    Column::BlobKey,
                    Column::Hash,
                    Column::SizeBytes,
                    Column::Summary,
                    Column::CreatedAt,
                ])
                .to_owned();
            partials::Entity::insert(row.into_active_model())
                .on_conflict(place)
                .exec_without_returning(&self.writing.tx)
                .await?;
        }
        Ok(())
    }
}
