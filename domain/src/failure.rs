//! Why something did not work: whose failure it is, of what kind, whether trying again can help, and two
//! messages: one for the person who owns the data, one for the operator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A failure as it is stored, published and shown. Neither message holds a secret or content of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// What happened; decides origin, kind and whether a retry can help.
    pub code: FailureCode,
    /// For the person who owns the data: what, where, and what to do.
    pub user_message: String,
    /// For the operator: the chain of causes.
    pub operator_message: Option<String>,
    /// Where in the file.
    pub at_byte: Option<u64>,
}

/// What happened. A closed list: a new way to fail gets a code here first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureCode {
    /// There is no such file, or it is none (a directory, a device).
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
    /// The retry budget is used up.
    RetriesExhausted,
    /// The deadline of the inspection has passed.
    DeadlineExceeded,
    /// A person or the system cancelled it.
    Cancelled,
    /// A defect of Data Inspector itself.
    Internal,
}

/// Whose failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureOrigin {
    /// What the user asked for.
    User,
    /// The place the file comes from.
    Source,
    /// What is in the file.
    FileContent,
    /// The blob store.
    Storage,
    /// Data Inspector and what it runs on.
    Platform,
}

/// What kind of failure it is: what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureKind {
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

impl FailureCode {
    /// Whose failure it is.
    pub fn origin(self) -> FailureOrigin {
        match self {
            Self::InvalidSpec | Self::Cancelled | Self::DeadlineExceeded => FailureOrigin::User,
            Self::FileNotFound | Self::PermissionDenied | Self::SourceChanged => FailureOrigin::Source,
            Self::UnsupportedFormat | Self::TooManyColumns => FailureOrigin::FileContent,
            Self::StorageUnavailable => FailureOrigin::Storage,
            Self::HeartbeatLost | Self::RetriesExhausted | Self::Internal => FailureOrigin::Platform,
        }
    }

    /// What kind of failure it is.
    pub fn kind(self) -> FailureKind {
        match self {
            Self::InvalidSpec => FailureKind::Config,
            Self::StorageUnavailable => FailureKind::Transient,
            Self::FileNotFound
            | Self::PermissionDenied
            | Self::UnsupportedFormat
            | Self::SourceChanged
            | Self::RetriesExhausted
            | Self::Internal => FailureKind::Permanent,
            Self::TooManyColumns => FailureKind::Resource,
            Self::DeadlineExceeded => FailureKind::Timeout,
            Self::HeartbeatLost => FailureKind::HeartbeatLost,
            Self::Cancelled => FailureKind::Cancelled,
        }
    }

    /// Whether the same work may succeed when it is tried again unchanged.
    pub fn retryable(self) -> bool {
        matches!(self.kind(), FailureKind::Transient | FailureKind::HeartbeatLost)
    }
}

impl Failure {
    /// A failure with the message for the person who owns the data.
    pub fn new(code: FailureCode, user_message: impl Into<String>) -> Self {
        Self { code, user_message: user_message.into(), operator_message: None, at_byte: None }
    }

    /// The same failure with the chain of causes, for the operator.
    pub fn with_cause(mut self, cause: &dyn std::error::Error) -> Self {
        let mut message = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            message = format!("{message}: {source}");
            next = source.source();
        }
        self.operator_message = Some(message);
        self
    }

    /// The same failure with its place in the file.
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.at_byte = Some(byte);
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.user_message)
    }
}

impl std::error::Error for Failure {}
