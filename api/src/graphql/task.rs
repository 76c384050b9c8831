//! Tasks: the messages of work an inspection is made of, and how often each was tried.

use async_graphql::{Enum, ID, Object};
use data_inspector_domain::task;
use data_inspector_platform::store;

use super::failure::Failure;
use super::scalar::{DateTime, Long};

/// What a worker is to do.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "task::TaskKind")]
pub(super) enum TaskKind {
    /// Look at head, middle and tail of a file and say how it is to be read.
    Survey,
    /// Inspect a part of a file.
    InspectSplit,
    /// Put partial results together.
    Merge,
    /// Copy a file from a source into the storage.
    Import,
    /// Write a result in another format.
    Export,
}

/// What is being done about a task. The last four are ends.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "task::TaskState")]
pub(super) enum TaskState {
    /// It waits for what it needs, or for its turn.
    Waiting,
    /// A worker was told, and has not taken it yet.
    Released,
    /// A worker is at it.
    Claimed,
    /// An attempt failed; it waits for the next one to be due.
    RetryWait,
    /// Its result is accepted.
    Done,
    /// It failed in a way that trying again cannot mend.
    Failed,
    /// It failed so often that it is not tried again.
    Quarantined,
    /// It is not wanted any more.
    Cancelled,
}

/// A message of work for a worker.
#[derive(Clone)]
pub(super) struct Task(pub(super) store::Task);

/// A message of work for a worker, as it stands: its current attempt, or its last.
#[Object]
impl Task {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is within its inspection.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the worker is to do.
    async fn kind(&self) -> TaskKind {
        self.0.kind.into()
    }

    /// What is being done about it.
    async fn state(&self) -> TaskState {
        self.0.state.into()
    }

    /// Number of its current or last attempt, from 1. Not every attempt failed: some were put back.
    async fn attempt(&self) -> Long {
        self.0.hold.epoch.number().into()
    }

    /// Attempts that failed.
    async fn failed_attempts(&self) -> Long {
        self.0.failures.total.into()
    }

    /// The worker that has it, or had it last; null before the first.
    async fn worker_id(&self) -> Option<ID> {
        self.0.worker_id.map(ID::from)
    }

    /// When its current or last attempt was released; null before the first.
    async fn released_at(&self) -> Option<DateTime> {
        self.0.released_at.map(DateTime)
    }

    /// When the next attempt is due; null if none is waited for.
    async fn retry_at(&self) -> Option<DateTime> {
        self.0.not_before.map(DateTime)
    }

    /// Byte of the file it begins at; null if it reads no part of the file.
    async fn from_byte(&self) -> Option<Long> {
        self.0.from_byte.map(Long)
    }

    /// Bytes it has to read.
    async fn size_bytes(&self) -> Long {
        self.0.size_bytes.into()
    }

    /// Bytes its current or last attempt has read.
    async fn bytes_done(&self) -> Long {
        self.0.bytes_done.into()
    }

    /// Why its last failed attempt failed; null if none did.
    async fn failure(&self) -> Option<Failure> {
        self.0.failure.clone().map(Failure)
    }
}
