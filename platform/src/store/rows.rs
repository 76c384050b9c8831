//! What the store gives out: rows read into the words of the domain.

use std::ops::Range;

use data_inspector_domain::event::Phase;
use data_inspector_domain::failure::Failure;
use data_inspector_domain::file::FileState;
use data_inspector_domain::id::{
    FileId, InspectionId, PrincipalId, Run, Sequence, TaskId, UploadId, WorkerId, WorkspaceId,
};
use data_inspector_domain::inspection::{Coverage, InspectionAction, InspectionState, Verdict, actions};
use data_inspector_domain::spec::InspectionSpec;
use data_inspector_domain::task::fence::{Epoch, Hold};
use data_inspector_domain::task::retry::FailureCount;
use data_inspector_domain::task::{TaskKind, TaskState};
use data_inspector_domain::time::Timestamp;

use super::codec::{
    document, document_optional, hash, moment, parsed, parsed_optional, sequence_optional, unsigned,
    unsigned_optional, variant,
};
use super::entity::{files, inspections, partials, tasks, uploads};
use super::error::StoreError;

/// A stored file, or one on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Who brought it.
    pub created_by: PrincipalId,
    /// The name it was given; data, never a path.
    pub name: String,
    /// Where its bytes are.
    pub state: FileState,
    /// Key of its blob.
    pub blob_key: String,
    /// Its size as declared, which is its size once it is ready.
    pub size_bytes: u64,
    /// The version of the blob that is inspected; known once it is ready.
    pub etag: Option<String>,
    /// BLAKE3 of its bytes, if known.
    pub content_id: Option<String>,
    /// Why it will not come.
    pub failure: Option<Failure>,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When its transfer ended.
    pub ended_at: Option<Timestamp>,
}

/// An upload session of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The file it brings.
    pub file_id: FileId,
    /// Size of every block but the last, in bytes.
    pub block_size_bytes: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When what was not committed lapses.
    pub expires_at: Timestamp,
}

/// A document in the blob store, and what its bytes hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRef {
    /// Key of the blob.
    pub key: String,
    /// BLAKE3 of its bytes.
    pub hash: [u8; 32],
}

/// An inspection.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Its id.
    pub id: InspectionId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The file it inspects.
    pub file_id: FileId,
    /// Who asked for it.
    pub created_by: PrincipalId,
    /// The inspection it repeats.
    pub rerun_of: Option<InspectionId>,
    /// What is being done about it.
    pub state: InspectionState,
    /// Rises by one with each change of state.
    pub version: u32,
    /// What the work is at.
    pub phase: Phase,
    /// What the checks say.
    pub verdict: Verdict,
    /// How much of the file the result is based on.
    pub coverage: Coverage,
    /// Higher goes first.
    pub priority: i32,
    /// What was asked for.
    pub spec: InspectionSpec,
    /// What was decided before the first byte was counted, once the survey is over.
    pub resolved_spec: Option<BlobRef>,
    /// The newest profile.
    pub profile: Option<BlobRef>,
    /// Number of the newest profile; 0 before the first.
    pub profile_revision: u32,
    /// How far it is: JSON of the coordinator's, replaced as it goes.
    pub progress: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Number of its newest event.
    pub last_seq: Option<Sequence>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its newest event was: never before the one before it.
    pub updated_at: Timestamp,
    /// When a worker first took some of it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A message of work for a worker, as planned and as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The workspace it is done for.
    pub workspace_id: WorkspaceId,
    /// The inspection it is part of.
    pub inspection_id: InspectionId,
    /// What it is within its inspection; planning it again changes nothing.
    pub name: String,
    /// What the worker is to do.
    pub kind: TaskKind,
    /// Lower goes first within its inspection.
    pub rank: u64,
    /// The leaves it is about.
    pub leaves: Option<Range<u64>>,
    /// Byte of the file it begins at, if it reads a range.
    pub from_byte: Option<u64>,
    /// Bytes it has to read; what fairness counts.
    pub size_bytes: u64,
    /// What else the worker needs; bytes of the coordinator's.
    pub payload: Vec<u8>,
    /// What is being done about it.
    pub state: TaskState,
    /// Who holds it.
    pub hold: Hold,
    /// The worker of the run that holds it, or held it last.
    pub worker_id: Option<WorkerId>,
    /// When its current or last attempt was released.
    pub released_at: Option<Timestamp>,
    /// By when it has to be claimed or heard of, by the clock of the results stream.
    pub lease_until: Option<Timestamp>,
    /// When the next attempt is due.
    pub not_before: Option<Timestamp>,
    /// Its failed attempts.
    pub failures: FailureCount,
    /// Bytes its current or last attempt has read.
    pub bytes_done: u64,
    /// Why its last failed attempt failed.
    pub failure: Option<Failure>,
}

/// A mergeable state in the blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// 0 for what was inspected, rising with each merge.
    pub level: u64,
    /// The leaves it covers.
    pub leaves: Range<u64>,
    /// The task that left it.
    pub task_id: TaskId,
    /// The attempt that left it.
    pub epoch: Epoch,
    /// The run that left it.
    pub run: Run,
    /// Where it is.
    pub blob: BlobRef,
    /// Its size.
    pub size_bytes: u64,
    /// What the coordinator has to know of it without reading it, such as transition vectors.
    pub summary: Vec<u8>,
}

impl Inspection {
    /// What may be done with it now, and why not.
    pub fn actions(&self) -> [InspectionAction; 5] {
        actions(self.state)
    }
}

impl TryFrom<files::Model> for File {
    type Error = StoreError;

    fn try_from(row: files::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("files.id", &row.id)?,
            workspace_id: parsed("files.workspace_id", &row.workspace_id)?,
            created_by: parsed("files.created_by", &row.created_by)?,
            state: variant("files.state", &row.state)?,
            size_bytes: unsigned("files.size_bytes", row.size_bytes)?,
            failure: document_optional("files.failure", row.failure.as_deref())?,
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: moment(row.ended_at),
            name: row.name,
            blob_key: row.blob_key,
            etag: row.etag,
            content_id: row.content_id,
        })
    }
}

impl TryFrom<uploads::Model> for Upload {
    type Error = StoreError;

    fn try_from(row: uploads::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("uploads.id", &row.id)?,
            file_id: parsed("uploads.file_id", &row.file_id)?,
            block_size_bytes: unsigned("uploads.block_size_bytes", row.block_size_bytes)?,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
        })
    }
}

impl TryFrom<inspections::Model> for Inspection {
    type Error = StoreError;

    fn try_from(row: inspections::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("inspections.id", &row.id)?,
            workspace_id: parsed("inspections.workspace_id", &row.workspace_id)?,
            file_id: parsed("inspections.file_id", &row.file_id)?,
            created_by: parsed("inspections.created_by", &row.created_by)?,
            rerun_of: parsed_optional("inspections.rerun_of", row.rerun_of.as_deref())?,
            state: variant("inspections.state", &row.state)?,
            version: unsigned("inspections.version", row.version)?,
            phase: variant("inspections.phase", &row.phase)?,
            verdict: variant("inspections.verdict", &row.verdict)?,
            coverage: variant("inspections.coverage", &row.coverage)?,
            priority: row.priority,
            spec: document("inspections.spec", &row.spec)?,
            resolved_spec: blob_ref("resolved_spec", row.resolved_spec_key, row.resolved_spec_hash)?,
            profile: blob_ref("profile", row.profile_key, row.profile_hash)?,
            profile_revision: unsigned("inspections.profile_revision", row.profile_revision)?,
            progress: row.progress,
            failure: document_optional("inspections.failure", row.failure.as_deref())?,
            last_seq: sequence_optional("inspections.last_seq", row.last_seq)?,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
            started_at: moment(row.started_at),
            ended_at: moment(row.ended_at),
        })
    }
}

impl TryFrom<tasks::Model> for Task {
    type Error = StoreError;

    fn try_from(row: tasks::Model) -> Result<Self, StoreError> {
        let leaves = match (row.first_leaf, row.end_leaf) {
            (Some(first), Some(end)) => Some(leaves(first, end)?),
            _ => None,
        };
        Ok(Self {
            id: parsed("tasks.id", &row.id)?,
            workspace_id: parsed("tasks.workspace_id", &row.workspace_id)?,
            inspection_id: parsed("tasks.inspection_id", &row.inspection_id)?,
            kind: variant("tasks.kind", &row.kind)?,
            rank: unsigned("tasks.rank", row.rank)?,
            leaves,
            from_byte: unsigned_optional("tasks.from_byte", row.from_byte)?,
            size_bytes: unsigned("tasks.size_bytes", row.size_bytes)?,
            state: variant("tasks.state", &row.state)?,
            hold: Hold {
                epoch: epoch(row.epoch)?,
                run: parsed_optional("tasks.run", row.run.as_deref())?,
                last_n: unsigned("tasks.last_n", row.last_n)?,
            },
            worker_id: parsed_optional("tasks.worker_id", row.worker_id.as_deref())?,
            released_at: moment(row.released_at),
            lease_until: moment(row.lease_until),
            not_before: moment(row.not_before),
            failures: FailureCount {
                without_progress: unsigned("tasks.attempts_without_progress", row.attempts_without_progress)?,
                total: unsigned("tasks.attempts", row.attempts)?,
            },
            bytes_done: unsigned("tasks.bytes_done", row.bytes_done)?,
            failure: document_optional("tasks.failure", row.failure.as_deref())?,
            name: row.name,
            payload: row.payload,
        })
    }
}

impl TryFrom<partials::Model> for Partial {
    type Error = StoreError;

    fn try_from(row: partials::Model) -> Result<Self, StoreError> {
        Ok(Self {
            level: unsigned("partials.level", row.level)?,
            leaves: leaves(row.first_leaf, row.end_leaf)?,
            task_id: parsed("partials.task_id", &row.task_id)?,
            epoch: epoch(row.epoch)?,
            run: parsed("partials.run", &row.run)?,
            blob: BlobRef { key: row.blob_key, hash: hash("partials.hash", &row.hash)? },
            size_bytes: unsigned("partials.size_bytes", row.size_bytes)?,
            summary: row.summary,
        })
    }
}

fn leaves(first: i64, end: i64) -> Result<Range<u64>, StoreError> {
    Ok(unsigned("first_leaf", first)?..unsigned("end_leaf", end)?)
}

fn epoch(number: i64) -> Result<Epoch, StoreError> {
    Ok(Epoch::from_number(unsigned("epoch", number)?))
}

fn blob_ref(
    column: &'static str,
    key: Option<String>,
    bytes: Option<Vec<u8>>,
) -> Result<Option<BlobRef>, StoreError> {
    match (key, bytes) {
        (Some(key), Some(bytes)) => Ok(Some(BlobRef { key, hash: hash(column, &bytes)? })),
        _ => Ok(None),
    }
}
