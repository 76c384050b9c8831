//! How far inspections are: put together from what passes by, saved and published at a bounded rate. It is state,
//! not history: what is forgotten is read from the store again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use data_inspector_domain::event::{EVENT_SCHEMA_VERSION, Phase};
use data_inspector_domain::id::{InspectionId, TaskId};
use data_inspector_domain::message::{CountedFrom, Outcome, Report, SplitSummary, TaskReport};
use data_inspector_domain::progress::{
    InspectionProgress, Progress, UPDATE_KIND_HEADER, UPDATE_KIND_PROGRESS,
};
use data_inspector_domain::task::{TaskKind, TaskState};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::bus::{EventBus, Message, Topic};
use data_inspector_platform::store::{Store, Task};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::error::CoordinatorError;
use crate::frontier::SPLITS;
use crate::plan::Payload;

/// An inspection that was silent for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);

/// The progress of all inspections this coordinator hears of.
#[derive(Clone, Default)]
pub(crate) struct SharedProgress(Arc<Mutex<HashMap<InspectionId, Tracked>>>);

#[derive(Default)]
struct Tracked {
    phase: Phase,
    bytes_total: u64,
    splits_total: u32,
    inspected_again: u32,
    /// What is counted, by split.
    splits: HashMap<u64, Counts>,
    /// Bytes that live attempts have read.
    running: HashMap<TaskId, u64>,
    at: Timestamp,
    is_dirty: bool,
    touched_at: Option<Instant>,
    rate: Rate,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    bytes: u64,
    rows: u64,
    findings: u64,
}

/// Bytes per second, smoothed.
#[derive(Default)]
struct Rate {
    last: Option<(Instant, u64)>,
    bytes_per_second: f64,
}

impl SharedProgress {
    /// Forgets everything: another coordinator may have heard what this one has not.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    /// Takes what a run said that counts.
    pub(crate) async fn observe(
        &self,
        store: &Store,
        task: &Task,
        report: &TaskReport,
        at: Timestamp,
    ) -> Result<(), CoordinatorError> {
        let id = task.inspection_id;
        self.load(store, id).await?;
        if matches!(&report.report, Report::Done { outcome: Outcome::Survey { .. }, .. }) {
            // Now there are splits.
            self.lock().remove(&id);
            self.load(store, id).await?;
        }
        let mut all = self.lock();
        let Some(tracked) = all.get_mut(&id) else { return Ok(()) };
        tracked.take(task, report);
        tracked.at = tracked.at.max(at);
        tracked.is_dirty = true;
        tracked.touched_at = Some(Instant::now());
        Ok(())
    }

    /// Bytes that live attempts have read and of which nothing is durable yet.
    pub(crate) async fn bytes_at_risk(
        &self,
        store: &Store,
        id: InspectionId,
    ) -> Result<u64, CoordinatorError> {
        self.load(store, id).await?;
        Ok(self.lock().get(&id).map_or(0, |tracked| tracked.running.values().sum()))
    }

    /// That everything is counted, to be saved with the end of the inspection.
    pub(crate) async fn complete(
        &self,
        store: &Store,
        task: &Task,
        at: Timestamp,
    ) -> Result<Option<String>, CoordinatorError> {
        self.load(store, task.inspection_id).await?;
        let mut all = self.lock();
        let Some(tracked) = all.get_mut(&task.inspection_id) else { return Ok(None) };
        tracked.running.clear();
        (tracked.phase, tracked.at) = (Phase::Done, tracked.at.max(at));
        let progress =
            Progress { bytes_done: tracked.bytes_total, bytes_per_second: 0, ..tracked.progress() };
        Ok(Some(json(&progress)))
    }

    /// Saves and publishes what has changed, regularly, until it is asked to end.
    pub(crate) async fn run(
        self,
        store: Store,
        bus: Arc<dyn EventBus>,
        interval: Duration,
        shutdown: CancellationToken,
    ) {
        let mut regularly = tokio::time::interval(interval);
        regularly.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = regularly.tick() => {}
            }
            for (inspection_id, progress) in self.take_changed() {
                if let Err(error) = publish(&store, &bus, inspection_id, progress).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, %inspection_id, "progress is not saved");
                }
            }
        }
    }

    fn take_changed(&self) -> Vec<(InspectionId, Progress)> {
        let now = Instant::now();
        let mut all = self.lock();
        all.retain(|_, each| each.touched_at.is_none_or(|at| now.duration_since(at) < FORGOTTEN_AFTER));
        let changed = all.iter_mut().filter(|(_, each)| each.is_dirty);
        changed.map(|(id, each)| (*id, each.measured(now))).collect()
    }

    async fn load(&self, store: &Store, id: InspectionId) -> Result<(), CoordinatorError> {
        if self.lock().contains_key(&id) {
            return Ok(());
        }
        let Some((inspection, file)) = store.inspection_and_file(id).await? else { return Ok(()) };
        let mut tracked =
            Tracked { phase: inspection.phase, bytes_total: file.size_bytes, ..Tracked::default() };
        let mut split_at = HashMap::new();
        for task in store.tasks_of(id).await? {
            let Ok(Payload::Split(split)) = Payload::from_bytes(&task.payload) else { continue };
            if split.vector.is_some() {
                tracked.inspected_again += u32::from(task.state == TaskState::Done);
            } else {
                tracked.splits_total += 1;
            }
            split_at
                .insert(split.plan.leaves(split.index).start, (split.index, split.plan.bytes(split.index)));
        }
        for partial in store.partials_from(id, SPLITS, 0, i32::MAX as u32).await? {
            let summary = SplitSummary::from_json(&partial.summary)?;
            if let Some((split, bytes)) = split_at.get(&partial.leaves.start) {
                tracked.count(*split, bytes, &summary);
            }
        }
        self.lock().entry(id).or_insert(tracked);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InspectionId, Tracked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracked {
    fn take(&mut self, task: &Task, report: &TaskReport) {
        match &report.report {
            Report::Claimed => {
                self.running.insert(task.id, 0);
                self.phase = self.phase.max(phase_of(task));
            }
            Report::Alive { bytes_done } => {
                self.running.insert(task.id, *bytes_done);
            }
            Report::Done { outcome, .. } => {
                self.running.remove(&task.id);
                if let (Outcome::Split(done), Ok(Payload::Split(split))) =
                    (outcome, Payload::from_bytes(&task.payload))
                {
                    self.count(split.index, &split.plan.bytes(split.index), &done.summary);
                    self.inspected_again += u32::from(split.vector.is_some());
                }
            }
            Report::Failed { .. } | Report::Stopped { .. } => {
                self.running.remove(&task.id);
            }
        }
    }

    fn count(&mut self, split: u64, bytes: &std::ops::Range<u64>, summary: &SplitSummary) {
        if summary.counted_from == CountedFrom::GaveUp {
            self.splits.remove(&split);
            return;
        }
        let bytes = bytes.end - bytes.start;
        self.splits.insert(split, Counts { bytes, rows: summary.rows, findings: summary.findings });
    }

    fn progress(&self) -> Progress {
        let sum = |what: fn(&Counts) -> u64| self.splits.values().map(what).sum::<u64>();
        let running: u64 = self.running.values().sum();
        Progress {
            phase: self.phase,
            bytes_done: (sum(|each| each.bytes) + running).min(self.bytes_total),
            bytes_total: self.bytes_total,
            rows_done: sum(|each| each.rows),
            findings: sum(|each| each.findings),
            splits_done: u32::try_from(self.splits.len()).unwrap_or(u32::MAX),
            splits_total: self.splits_total,
            splits_inspected_again: self.inspected_again,
            running_attempts: u32::try_from(self.running.len()).unwrap_or(u32::MAX),
            bytes_per_second: self.rate.bytes_per_second as u64,
            at: self.at,
        }
    }

    fn measured(&mut self, now: Instant) -> Progress {
        self.is_dirty = false;
        let progress = self.progress();
        self.rate.add(now, progress.bytes_done);
        Progress { bytes_per_second: self.rate.bytes_per_second as u64, ..progress }
    }
}

impl Rate {
    fn add(&mut self, now: Instant, bytes: u64) {
        if let Some((at, before)) = self.last {
            let seconds = now.duration_since(at).as_secs_f64().max(0.001);
            let rate = bytes.saturating_sub(before) as f64 / seconds;
            self.bytes_per_second = 0.7 * self.bytes_per_second + 0.3 * rate;
        }
        self.last = Some((now, bytes));
    }
}

fn phase_of(task: &Task) -> Phase {
    match task.kind {
        TaskKind::Survey => Phase::Detecting,
        TaskKind::InspectSplit => Phase::Scanning,
        TaskKind::Merge => match Payload::from_bytes(&task.payload) {
            Ok(Payload::Merge(merge)) if merge.is_last() => Phase::Merging,
            _ => Phase::Scanning,
        },
        TaskKind::Import | TaskKind::Export => Phase::Waiting,
    }
}

fn json(progress: &Progress) -> String {
    serde_json::to_string(progress).expect("progress has string keys and integers only")
}

async fn publish(
    store: &Store,
    bus: &Arc<dyn EventBus>,
    inspection_id: InspectionId,
    progress: Progress,
) -> Result<(), CoordinatorError> {
    store.save_progress(inspection_id, &json(&progress)).await?;
    let payload = serde_json::to_vec(&InspectionProgress { inspection_id, progress })?;
    let message = Message::new(Topic::Updates, EVENT_SCHEMA_VERSION as u16, payload)
        .with_key(inspection_id.to_string())
        .with_header(UPDATE_KIND_HEADER, UPDATE_KIND_PROGRESS);
    bus.publish(message).await?;
    Ok(())
}
