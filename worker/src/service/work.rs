//! What a task asks for, done: survey, split, merge. What computes runs on threads of its own; what waits for the
//! blob store does not.

use std::sync::Arc;

use data_inspector_domain::failure::Failure;
use data_inspector_domain::message::{
    FileLayout, MergeDone, MergeWork, Outcome, SplitDone, SplitWork, StoredBlob, StoredFile, TaskMessage,
    Work,
};
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::finish::finish;
use data_inspector_engine::limits::SURVEY_BYTES;
use data_inspector_engine::partial::Partial;
use data_inspector_engine::scan::LeafContext;
use data_inspector_platform::blob::{BlobKey, BlobReader, BlobSource, Etag, SourceOptions};
use tokio::runtime::Handle;

use super::WorkerConfig;
use super::alerts::alerts;
use super::documents::Documents;
use super::watch::{Watch, Watched};
use crate::count::{InspectOptions, internal};
use crate::split::{Split, inspect_split};
use crate::survey::survey;

/// Where a run works.
pub(super) struct Workplace {
    pub(super) documents: Documents,
    pub(super) config: WorkerConfig,
    pub(super) watch: Arc<Watch>,
}

/// Does what the task asks for.
pub(super) async fn execute(place: &Workplace, message: &TaskMessage) -> Result<Outcome, Failure> {
    let file = place.open(&message.file)?;
    match &message.work {
        Work::Survey { spec } => place.survey(file, spec).await,
        Work::InspectSplit(split) => place.inspect_split(file, split).await,
        Work::Merge(merge) => place.merge(file, merge).await,
    }
}

impl Workplace {
    /// The pinned version of the file.
    fn open(&self, file: &StoredFile) -> Result<BlobReader, Failure> {
        let key: BlobKey = file.key.parse().map_err(|error| internal().with_cause(&error))?;
        Ok(self.documents.blobs.pinned(&key, Etag::new(&file.etag), file.size_bytes))
    }

    async fn survey(&self, file: BlobReader, spec: &InspectionSpec) -> Result<Outcome, Failure> {
        let (mut spec, watch) = (spec.clone(), Arc::clone(&self.watch));
        spec.leaf_size_bytes = spec.leaf_size_bytes.or(match self.config.leaf_size_bytes {
            0 => None,
            configured => Some(configured),
        });
        let chunk_size_bytes = self.config.chunk_size_bytes.max(1);
        let window_bytes = SURVEY_BYTES as u64;
        let (resolved, _) = on_thread(move |runtime| {
            let source = BlobSource::new(file, runtime, SourceOptions { max_streams: 1, window_bytes });
            survey(&Watched { source, watch: &watch }, &spec, chunk_size_bytes)
        })
        .await?;
        let layout = layout(&resolved);
        let json = serde_json::to_vec(&resolved).map_err(|error| internal().with_cause(&error))?;
        let resolved_spec = self.documents.put("spec.json", json).await?;
        Ok(Outcome::Survey { resolved_spec, layout })
    }

    async fn inspect_split(&self, file: BlobReader, split: &SplitWork) -> Result<Outcome, Failure> {
        let spec = self.documents.spec(&split.resolved_spec).await?;
        let (watch, threads) = (Arc::clone(&self.watch), self.config.threads_per_task);
        let options = InspectOptions { threads, chunk_size_bytes: self.config.chunk_size_bytes };
        let (leaves, entry) = (split.leaves.first..split.leaves.end, split.entry);
        let (bytes, summary) = on_thread(move |runtime| {
            let streams = SourceOptions { max_streams: threads.get(), window_bytes: spec.leaf_size_bytes };
            let source = Watched { source: BlobSource::new(file, runtime, streams), watch: &watch };
            let split = Split { source: &source, spec: &spec, leaves, entry };
            let inspected = inspect_split(&split, &options, &|_| {})?;
            Ok((inspected.partial.to_bytes(), inspected.summary))
        })
        .await?;
        let partial = self.documents.put("partial", bytes).await?;
        Ok(Outcome::Split(SplitDone { partial, summary }))
    }

    /// Holds two partials at a time: the one that grows, and the one that is added.
    async fn merge(&self, file: BlobReader, merge: &MergeWork) -> Result<Outcome, Failure> {
        let spec = Arc::new(self.documents.spec(&merge.resolved_spec).await?);
        let mut merged = Partial::new(&spec);
        for part in &merge.parts {
            self.watch.check()?;
            merged = self.add(merged, part, &spec).await?;
        }
        if merged.leaf_count() as u64 != merge.leaves.count() {
            return Err(internal());
        }
        let (rows, findings) = (merged.rows(), merged.defects());
        let (partial, profile, alerts) = on_thread(move |_| {
            let profile = finish(&spec, &merged);
            Ok((merged.to_bytes(), profile.to_json().into_bytes(), alerts(&profile)))
        })
        .await?;
        let partial = self.documents.put("partial", partial).await?;
        let profile = self.documents.put("profile.json", profile).await?;
        if merge.is_last {
            file.check_unchanged().await?;
        }
        Ok(Outcome::Merge(MergeDone { partial, profile, rows, findings, alerts }))
    }

    async fn add(
        &self,
        mut merged: Partial,
        part: &StoredBlob,
        spec: &Arc<ResolvedSpec>,
    ) -> Result<Partial, Failure> {
        let bytes = self.documents.get(part).await?;
        let spec = Arc::clone(spec);
        on_thread(move |_| {
            let part = Partial::from_bytes(&spec, &bytes).map_err(|error| internal().with_cause(&error))?;
            merged.merge(part).map_err(|error| internal().with_cause(&error))?;
            Ok(merged)
        })
        .await
    }
}

fn layout(spec: &ResolvedSpec) -> FileLayout {
    let context = LeafContext::new(spec);
    FileLayout {
        size_bytes: spec.file_size_bytes,
        leaf_size_bytes: spec.leaf_size_bytes,
        data_offset: spec.head.data_offset,
        first_leaf: context.first_leaf(),
        end_leaf: context.end_leaf(),
    }
}

/// Computes where nobody waits for the thread.
async fn on_thread<T: Send + 'static>(
    compute: impl FnOnce(Handle) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (runtime, span) = (Handle::current(), tracing::Span::current());
    match tokio::task::spawn_blocking(move || span.in_scope(|| compute(runtime))).await {
        Ok(computed) => computed,
        Err(error) => Err(internal().with_cause(&error)),
    }
}
