//! Lets workers have tasks: never more than live workers can start soon, so that whoever comes next does not queue
//! behind what is already out, and each addressed to a partition of a worker with a free slot.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use data_inspector_domain::event::Phase;
use data_inspector_domain::id::{InspectionId, TaskId};
use data_inspector_domain::message::{
    EntryState, LeafRange, MergeWork, SplitEntry, SplitWork, StoredFile, TaskMessage, Work,
};
use data_inspector_domain::task::TaskKind;
use data_inspector_platform::store::{Release, Step, Store, TaskContext};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::error::CoordinatorError;
use crate::frontier::look;
use crate::plan::Payload;
use crate::shares::Shares;
use crate::workers::Workers;

/// Inspections of a workspace among which turns are shared; more wait until some of these have ended.
const INSPECTIONS: u32 = 1000;

/// Releases tasks.
pub(crate) struct Dispatcher {
    pub(crate) store: Store,
    pub(crate) workers: SharedWorkers,
    pub(crate) shares: Shares,
    /// A slot or a task may have become free.
    pub(crate) wanted: Arc<Notify>,
    /// Something was committed that the relay should publish.
    pub(crate) committed: Arc<Notify>,
    /// How long what became free elsewhere may wait.
    pub(crate) poll: Duration,
    pub(crate) claim_deadline: Duration,
}

/// The workers, as projector and dispatcher see them.
#[derive(Clone)]
pub(crate) struct SharedWorkers(Arc<Mutex<Workers>>);

impl SharedWorkers {
    pub(crate) fn new(workers: Workers) -> Self {
        Self(Arc::new(Mutex::new(workers)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Workers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dispatcher {
    /// Runs until it is asked to end.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.dispatch().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "no tasks are released");
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.wanted.notified() => {}
                () = tokio::time::sleep(self.poll) => {}
            }
        }
    }

    async fn dispatch(&mut self) -> Result<(), CoordinatorError> {
        let free = {
            let mut workers = self.workers.lock();
            workers.expire(Instant::now());
            workers.free()
        };
        if free == 0 {
            return Ok(());
        }
        let chosen = self.choose(free).await?;
        let mut by_inspection: Vec<(InspectionId, Vec<Release>)> = Vec::new();
        for (inspection_id, task_id) in chosen {
            let Some(partition) = self.workers.lock().address(task_id, Instant::now()) else { break };
            let release = Release { task_id, partition: i32::try_from(partition).ok() };
            match by_inspection.iter_mut().find(|(id, _)| *id == inspection_id) {
                Some((_, releases)) => releases.push(release),
                None => by_inspection.push((inspection_id, vec![release])),
            }
        }
        for (inspection_id, releases) in by_inspection {
            let span = tracing::info_span!("release", %inspection_id);
            // What is wrong with one keeps no slot, and nobody else from theirs.
            if let Err(error) = self.release(inspection_id, &releases).instrument(span).await {
                releases.iter().for_each(|each| self.workers.lock().not_released(each.task_id));
                let error = &error as &dyn std::error::Error;
                tracing::warn!(%inspection_id, error, "its tasks are not released");
            }
        }
        Ok(())
    }

    /// The tasks to release next, at most so many, in the order of their turns.
    async fn choose(&mut self, most: usize) -> Result<Vec<(InspectionId, TaskId)>, CoordinatorError> {
        let mut open = self.store.waiting_inspections(INSPECTIONS).await?;
        let mut next: HashMap<InspectionId, VecDeque<(TaskId, u64)>> = HashMap::new();
        let mut chosen = Vec::new();
        while chosen.len() < most {
            let Some(place) = self.shares.turn(&open) else { break };
            let id = open[place].inspection_id;
            if let Entry::Vacant(unknown) = next.entry(id) {
                unknown.insert(self.store.next_waiting_tasks(id, most as u32).await?.into());
            }
            let Some((task_id, size_bytes)) = next.get_mut(&id).and_then(VecDeque::pop_front) else {
                open.remove(place);
                continue;
            };
            self.shares.charge(&open[place], size_bytes);
            chosen.push((id, task_id));
        }
        Ok(chosen)
    }

    async fn release(&self, id: InspectionId, releases: &[Release]) -> Result<(), CoordinatorError> {
        let entries = self.known_entries(id, releases).await?;
        let encode = |context: TaskContext<'_>| {
            let entry = entries.get(&context.task.id).copied();
            Ok::<_, CoordinatorError>(message(&context, entry)?.to_json().into_bytes())
        };
        let released = self.store.release_tasks(id, releases, self.claim_deadline, encode).await?;
        self.committed.notify_one();
        for release in releases {
            if !released.iter().any(|task| task.id == release.task_id) {
                self.workers.lock().not_released(release.task_id);
            }
        }
        if released.iter().any(|task| task.kind == TaskKind::Survey) {
            self.store.advance(id, Step { phase: Some(Phase::Detecting), ..Step::default() }).await?;
        }
        Ok(())
    }

    /// The states in which splits are entered, as far as they are known by now: nothing has to be guessed there.
    async fn known_entries(
        &self,
        id: InspectionId,
        releases: &[Release],
    ) -> Result<HashMap<TaskId, EntryState>, CoordinatorError> {
        let mut known = HashMap::new();
        let mut frontier = None;
        for release in releases {
            let Some(task) = self.store.task(release.task_id).await? else { continue };
            if task.kind != TaskKind::InspectSplit {
                continue;
            }
            let Payload::Split(split) = Payload::from_bytes(&task.payload)? else { continue };
            if split.entry != SplitEntry::Guess {
                continue;
            }
            if frontier.is_none() {
                frontier = Some(look(&self.store, id, &split.plan, None).await?);
            }
            let state = frontier.as_ref().and_then(|frontier| frontier.entry_of(split.index));
            known.extend(state.map(|state| (task.id, state)));
        }
        Ok(known)
    }
}

/// The message of a task that is being released.
fn message(context: &TaskContext<'_>, entry: Option<EntryState>) -> Result<TaskMessage, CoordinatorError> {
    let TaskContext { inspection, file, task } = *context;
    let work = match task.kind {
        TaskKind::Survey => Work::Survey { spec: Box::new(inspection.spec.clone()) },
        TaskKind::InspectSplit | TaskKind::Merge | TaskKind::Import | TaskKind::Export => {
            work(Payload::from_bytes(&task.payload)?, entry)
        }
    };
    Ok(TaskMessage {
        task_id: task.id,
        epoch: task.hold.epoch,
        workspace_id: task.workspace_id,
        inspection_id: task.inspection_id,
        file: StoredFile {
            key: file.blob_key.clone(),
            etag: file.etag.clone().unwrap_or_default(),
            size_bytes: file.size_bytes,
        },
        work,
    })
}

fn work(payload: Payload, entry: Option<EntryState>) -> Work {
    match payload {
        Payload::Split(split) => {
            let leaves = split.plan.leaves(split.index);
            Work::InspectSplit(SplitWork {
                resolved_spec: split.plan.resolved_spec,
                leaves: LeafRange { first: leaves.start, end: leaves.end },
                entry: entry.map_or(split.entry, |state| SplitEntry::Known { state }),
            })
        }
        Payload::Merge(merge) => {
            let leaves = merge.plan.leaves_before(merge.end_split);
            Work::Merge(MergeWork {
                is_last: merge.is_last(),
                resolved_spec: merge.plan.resolved_spec,
                parts: merge.parts,
                leaves: LeafRange { first: leaves.start, end: leaves.end },
            })
        }
    }
}
