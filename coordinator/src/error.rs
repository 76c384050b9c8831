//! What can stop a coordinator from doing something.

use data_inspector_domain::message::MessageError;
use data_inspector_platform::blob::{BlobError, OpenError};
use data_inspector_platform::bus::BusError;
use data_inspector_platform::store::StoreError;

/// Why the coordinator did not do something.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorError {
    /// The store did not do its part.
    #[error("the coordinator cannot use the store")]
    Store(#[from] StoreError),
    /// The bus did not do its part.
    #[error("the coordinator cannot use the bus")]
    Bus(#[from] BusError),
    /// The blob store did not do its part.
    #[error("the coordinator cannot use the blob store")]
    Blob(#[from] BlobError),
    /// What was left behind in the blob store cannot be cleared away.
    #[error("the coordinator cannot clear away what was left behind")]
    Leftovers(#[from] OpenError),
    /// What is stored with a task or partial cannot be read.
    #[error("the coordinator cannot read what it stored")]
    Stored(#[from] serde_json::Error),
    /// A summary or message cannot be read.
    #[error("the coordinator cannot read a message")]
    Message(#[from] MessageError),
    /// What a worker says does not fit the task.
    #[error("a result does not fit its task: {0}")]
    Inconsistent(&'static str),
}

impl CoordinatorError {
    /// Whether the same may work when it is tried again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Bus(error) => error.kind.retryable(),
            Self::Blob(error) => error.kind.retryable(),
            Self::Leftovers(_) => true,
            Self::Stored(_) | Self::Message(_) | Self::Inconsistent(_) => false,
        }
    }
}
