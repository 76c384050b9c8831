//! What follows from what a worker reports: the report and the next step, as the store takes them.

use data_inspector_domain::event::{Checkpoint, Phase};
use data_inspector_domain::id::InspectionId;
use data_inspector_domain::inspection::{Coverage, Verdict};
use data_inspector_domain::message::{FileLayout, MergeDone, Outcome, SplitDone, StoredBlob};
use data_inspector_domain::task::TaskKind;
use data_inspector_domain::task::retry::AttemptProgress;
use data_inspector_domain::{message, task};
use data_inspector_platform::store::{
    BlobRef, Ending, NewPartial, ProfileRevision, Report, Step, Store, Task,
};

use crate::error::CoordinatorError;
use crate::frontier::{MERGED, MergedSummary, SPLITS, look};
use crate::plan::{MergePayload, Payload, Plan, SplitPayload};

/// Reports as the store takes them, with the steps that follow.
pub(crate) struct Steps<'a> {
    pub(crate) store: &'a Store,
    pub(crate) leaves_per_split: Option<u64>,
}

impl Steps<'_> {
    /// What a report about a task amounts to.
    pub(crate) async fn report(
        &self,
        task: &Task,
        report: &message::TaskReport,
    ) -> Result<Report, CoordinatorError> {
        Ok(match &report.report {
            message::Report::Claimed => Report::Claimed { worker_id: report.worker_id },
            message::Report::Alive { bytes_done } => Report::Alive { bytes_done: *bytes_done },
            message::Report::Done { bytes_done, outcome } => {
                let (partials, step) = self.done(task, outcome).await?;
                Report::Done { bytes_done: *bytes_done, partials, step: Box::new(step) }
            }
            message::Report::Failed { bytes_done, failure } => Report::Failed {
                bytes_done: *bytes_done,
                // An attempt leaves its result or nothing.
                progress: AttemptProgress::None,
                failure: failure.clone(),
            },
            message::Report::Stopped { bytes_done } => Report::Stopped { bytes_done: *bytes_done },
        })
    }

    async fn done(
        &self,
        task: &Task,
        outcome: &Outcome,
    ) -> Result<(Vec<NewPartial>, Step), CoordinatorError> {
        match (task.kind, outcome) {
            (task::TaskKind::Survey, Outcome::Survey { resolved_spec, layout }) => {
                Ok((Vec::new(), self.surveyed(resolved_spec, *layout)))
            }
            (TaskKind::InspectSplit, Outcome::Split(done)) => match Payload::from_bytes(&task.payload)? {
                Payload::Split(payload) => self.split_done(task.inspection_id, payload, done).await,
                Payload::Merge(_) => {
                    Err(CoordinatorError::Inconsistent("a split with the payload of a merge"))
                }
            },
            (TaskKind::Merge, Outcome::Merge(done)) => match Payload::from_bytes(&task.payload)? {
                Payload::Merge(payload) => self.merge_done(task.inspection_id, payload, done).await,
                Payload::Split(_) => {
                    Err(CoordinatorError::Inconsistent("a merge with the payload of a split"))
                }
            },
            _ => Err(CoordinatorError::Inconsistent("the outcome is of another kind")),
        }
    }

    fn surveyed(&self, resolved_spec: &StoredBlob, layout: FileLayout) -> Step {
        let plan = Plan::new(resolved_spec.clone(), layout, self.leaves_per_split);
        Step {
            phase: Some(Phase::Scanning),
            resolved_spec: Some(blob_ref(resolved_spec)),
            tasks: plan.first_tasks(),
            ..Step::default()
        }
    }

    async fn split_done(
        &self,
        id: InspectionId,
        payload: SplitPayload,
        done: &SplitDone,
    ) -> Result<(Vec<NewPartial>, Step), CoordinatorError> {
        let SplitPayload { plan, index, vector, .. } = payload;
        let mut summary = done.summary.clone();
        if let Some(known) = vector {
            summary.vector = known;
        }
        let partial = NewPartial {
            level: SPLITS,
            leaves: plan.leaves(index),
            blob: blob_ref(&done.partial),
            size_bytes: done.partial.size_bytes,
            summary: summary.to_json().into_bytes(),
        };
        let step = self.next_step(id, &plan, Some(&partial)).await?;
        Ok((vec![partial], step))
    }

    async fn merge_done(
        &self,
        id: InspectionId,
        payload: MergePayload,
        done: &MergeDone,
    ) -> Result<(Vec<NewPartial>, Step), CoordinatorError> {
        let leaves = payload.plan.leaves_before(payload.end_split);
        let summary = MergedSummary { end_split: payload.end_split, exit: payload.exit };
        let partial = (!leaves.is_empty()).then_some(NewPartial {
            level: MERGED,
            leaves,
            blob: blob_ref(&done.partial),
            size_bytes: done.partial.size_bytes,
            summary: serde_json::to_vec(&summary)?,
        });
        let mut step = Step::default();
        if payload.is_last() {
            let profile = revision(&done.profile, Coverage::Complete);
            step.ending = Some(Ending::Succeeded { profile, verdict: Verdict::NotEvaluated });
        } else {
            step = self.next_step(id, &payload.plan, partial.as_ref()).await?;
            step.profile = Some(revision(&done.profile, Coverage::Partial));
            step.checkpoint = Some(Checkpoint {
                bytes_durable: payload.plan.bytes(payload.end_split.saturating_sub(1)).end,
                splits_durable: u32::try_from(payload.end_split).unwrap_or(u32::MAX),
                loss_if_retried_now: 0,
            });
        }
        let raised = self.store.alerts_raised(id).await?;
        step.alerts = done.alerts.iter().filter(|alert| !raised.contains(&alert.code)).cloned().collect();
        Ok((partial.into_iter().collect(), step))
    }

    async fn next_step(
        &self,
        id: InspectionId,
        plan: &Plan,
        added: Option<&NewPartial>,
    ) -> Result<Step, CoordinatorError> {
        let frontier = look(self.store, id, plan, added).await?;
        let tasks = plan.next_tasks(&frontier);
        let is_last = |merge: &MergePayload| merge.is_last();
        let payloads = tasks.iter().filter_map(|task| Payload::from_bytes(&task.payload).ok());
        let finishes =
            payloads.into_iter().any(|each| matches!(&each, Payload::Merge(merge) if is_last(merge)));
        Ok(Step { phase: finishes.then_some(Phase::Merging), tasks, ..Step::default() })
    }

    /// Decides the next step of an inspection from what is stored, for one that nobody is at.
    pub(crate) async fn stored(&self, id: InspectionId) -> Result<Option<Step>, CoordinatorError> {
        for task in self.store.tasks_of(id).await? {
            if matches!(task.kind, TaskKind::InspectSplit | TaskKind::Merge) {
                let payload = Payload::from_bytes(&task.payload)?;
                return Ok(Some(self.next_step(id, payload.plan(), None).await?));
            }
        }
        Ok(None)
    }
}

fn revision(profile: &StoredBlob, coverage: Coverage) -> ProfileRevision {
    ProfileRevision { blob: blob_ref(profile), changed_columns: Vec::new(), coverage }
}

pub(crate) fn blob_ref(blob: &StoredBlob) -> BlobRef {
    BlobRef { key: blob.key.clone(), hash: blob.hash.0 }
}
