//! Why something did not work.

use async_graphql::{Context, Enum, Object};
use data_inspector_domain::failure;

use super::context::Caller;
use super::error::RequestError;
use super::scalar::Long;
use crate::auth::Right;

/// What happened. More codes may come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "failure::FailureCode")]
enum FailureCode {
    /// There is no such file, or it is none.
    FileNotFound,
    /// The file may not be read.
    PermissionDenied,
    /// The bytes are of a format that cannot be inspected.
    UnsupportedFormat,
    /// The file has more columns than the limit.
    TooManyColumns,
    /// The file changed while it was read.
    SourceChanged,
    /// The storage did not answer, or broke off.
    StorageUnavailable,
    /// The specification asks for something impossible.
    InvalidSpec,
    /// A worker stopped giving signs of life.
    HeartbeatLost,
    /// It was tried so often that it is not tried again.
    RetriesExhausted,
    /// The deadline of the inspection has passed.
    DeadlineExceeded,
    /// A person or the system called it off.
    Cancelled,
    /// A defect of Data Inspector itself.
    Internal,
}

/// Whose failure it is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "failure::FailureOrigin")]
enum FailureOrigin {
    /// What the user asked for.
    User,
    /// The place the file comes from.
    Source,
    /// What is in the file.
    FileContent,
    /// The storage.
    Storage,
    /// Data Inspector and what it runs on.
    Platform,
}

/// What kind of failure it is: what to do about it.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "failure::FailureKind")]
enum FailureKind {
    /// Change what was asked for.
    Config,
    /// Passes by itself.
    Transient,
    /// Stays until somebody changes the file or the system.
    Permanent,
    /// A limit was reached.
    Resource,
    /// It took too long.
    Timeout,
    /// A worker was lost.
    HeartbeatLost,
    /// It was called off.
    Cancelled,
}

/// Why something did not work, in two messages: one for the person who owns the data, one for the operator.
#[derive(Clone)]
pub(super) struct Failure(pub(super) failure::Failure);

/// Why something did not work, in two messages: one for the person who owns the data, one for the operator.
#[Object]
impl Failure {
    /// What happened.
    async fn code(&self) -> FailureCode {
        self.0.code.into()
    }

    /// Whose failure it is.
    async fn origin(&self) -> FailureOrigin {
        self.0.code.origin().into()
    }

    /// What kind of failure it is.
    async fn kind(&self) -> FailureKind {
        self.0.code.kind().into()
    }

    /// For the person who owns the data: what, where, and what to do.
    async fn user_message(&self) -> &str {
        &self.0.user_message
    }

    /// For the operator: the chain of causes. Null for whoever may not manage the workspace.
    async fn operator_message(&self, ctx: &Context<'_>) -> Result<Option<&str>, RequestError> {
        let may_know = Caller::reading(ctx)?.viewer.may(Right::Manage);
        Ok(self.0.operator_message.as_deref().filter(|_| may_know))
    }

    /// The same work may succeed when it is tried again unchanged.
    async fn retryable(&self) -> bool {
        self.0.code.retryable()
    }

    /// Byte of the file at which it happened; null if it has no place.
    async fn at_byte(&self) -> Option<Long> {
        self.0.at_byte.map(Long)
    }
}
