//! What the server refuses to do, as data of a payload: the client did nothing that GraphQL forbids.

use async_graphql::{Enum, SimpleObject};
use data_inspector_platform::store::{StoreError, StoreErrorKind};

use super::error::RequestError;

/// Why the server did not do what it was asked to. More codes may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum UserErrorCode {
    /// An argument is wrong; `path` says which.
    InvalidArgument,
    /// There is no such thing in this workspace.
    NotFound,
    /// It has changed since the version that was expected: look again, then decide.
    StaleVersion,
    /// The state it is in does not allow this.
    IllegalTransition,
    /// The idempotency key was used before, for another request.
    IdempotencyMismatch,
    /// Blocks of the upload are missing: put them, then complete it again.
    UploadIncomplete,
    /// Other bytes came than were declared: put the right blocks, then complete it again.
    SizeMismatch,
    /// The bytes do not have the content id that was declared.
    ChecksumMismatch,
    /// The upload took too long and has lapsed: create another.
    UploadExpired,
    /// Another request is at the same; try again in a moment.
    Busy,
}

/// Something the server refused to do.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct UserError {
    /// Why, for programs.
    pub(super) code: UserErrorCode,
    /// Why, as a sentence for the person who asked.
    pub(super) message: String,
    /// The place in the arguments it is about, such as `["input", "spec", "topValues"]`.
    pub(super) path: Vec<String>,
    /// The same request may succeed later.
    pub(super) retryable: bool,
}

/// What became of a request that was well formed.
pub(super) type Outcome<T> = Result<Result<T, UserError>, RequestError>;

impl UserError {
    pub(super) fn new(code: UserErrorCode, message: impl Into<String>, path: &[&str]) -> Self {
        let retryable = matches!(code, UserErrorCode::UploadIncomplete | UserErrorCode::Busy);
        let path = path.iter().map(ToString::to_string).collect();
        Self { code, message: message.into(), path, retryable }
    }

    pub(super) fn invalid(message: impl Into<String>, path: &[&str]) -> Self {
        Self::new(UserErrorCode::InvalidArgument, message, path)
    }

    /// There is no such thing, or it belongs to another workspace, which looks the same.
    pub(super) fn not_found(what: &str, path: &[&str]) -> Self {
        Self::new(UserErrorCode::NotFound, format!("no such {what}"), path)
    }

    /// What the store says, if it is about the request; `path` is the argument that names what it is about.
    pub(super) fn of_store(error: StoreError, path: &[&str]) -> Result<Self, RequestError> {
        use UserErrorCode::*;
        let (code, path) = match &error.kind {
            StoreErrorKind::NotFound(_) => (NotFound, path),
            StoreErrorKind::StaleVersion { .. } => (StaleVersion, &["input", "expectedVersion"][..]),
            StoreErrorKind::Refused(_) | StoreErrorKind::FileRefused(_) => (IllegalTransition, path),
            StoreErrorKind::SizeMismatch { .. } => (SizeMismatch, path),
            StoreErrorKind::IdempotencyMismatch => (IdempotencyMismatch, &["input", "idempotencyKey"][..]),
            StoreErrorKind::InvalidInput(_) => (InvalidArgument, &["input"][..]),
            _ => return Err(error.into()),
        };
        Ok(Self::new(code, error.to_string(), path))
    }
}

/// An answer of the store, with what it refused told from what went wrong.
pub(super) fn outcome<T>(answer: Result<T, StoreError>, path: &[&str]) -> Outcome<T> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(error) => UserError::of_store(error, path).map(Err),
    }
}
