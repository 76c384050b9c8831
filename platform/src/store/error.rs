//! Why the store did not do something: a kind to decide by, and the cause to report. What the databases say
//! is sorted into kinds here and nowhere else.

use std::error::Error;
use std::fmt;

use data_inspector_domain::{file, inspection};
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// Why the store did not do something.
#[derive(Debug)]
pub struct StoreError {
    /// To decide by.
    pub kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of error it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// There is none, or it belongs to another workspace, which looks the same.
    NotFound(Noun),
    /// It has changed since the caller looked.
    StaleVersion {
        /// The version the caller had seen.
        expected: u32,
        /// The version it has.
        found: u32,
    },
    /// The state of the inspection does not allow it.
    Refused(inspection::Refusal),
    /// The state of the file does not allow it.
    FileRefused(file::Refusal),
    /// Other bytes came than were declared.
    SizeMismatch {
        /// Size that was declared, in bytes.
        declared_bytes: u64,
        /// Size that came, in bytes.
        found_bytes: u64,
    },
    /// The key was used before, for something else.
    IdempotencyMismatch,
    /// Something with this identity is there already.
    AlreadyExists,
    /// A number or text cannot be stored.
    InvalidInput(&'static str),
    /// The database is out of reach, overloaded, or two transactions stood in each other's way. The same call
    /// may succeed later.
    Unavailable,
    /// A row says what no release writes.
    Corrupt(&'static str),
    /// A defect of the store.
    Internal,
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A workspace.
    Workspace,
    /// A file.
    File,
    /// An upload.
    Upload,
    /// An inspection.
    Inspection,
    /// A token.
    Token,
}

impl StoreError {
    /// The same call may succeed later.
    pub fn is_transient(&self) -> bool {
        self.kind == StoreErrorKind::Unavailable
    }

    pub(super) fn corrupt(column: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Corrupt(column), source: Some(source.into()) }
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<inspection::Refusal> for StoreError {
    fn from(refusal: inspection::Refusal) -> Self {
        StoreErrorKind::Refused(refusal).into()
    }
}

impl From<file::Refusal> for StoreError {
    fn from(refusal: file::Refusal) -> Self {
        StoreErrorKind::FileRefused(refusal).into()
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self { kind: kind_of(&error), source: Some(Box::new(error)) }
    }
}

fn kind_of(error: &DbErr) -> StoreErrorKind {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => return StoreErrorKind::AlreadyExists,
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
            return StoreErrorKind::InvalidInput("it refers to something that is not there");
        }
        _ => {}
    }
    match error {
        DbErr::ConnectionAcquire(_) => StoreErrorKind::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => kind_of_driver_error(cause),
        _ => StoreErrorKind::Internal,
    }
}

fn kind_of_driver_error(error: &SqlxError) -> StoreErrorKind {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => StoreErrorKind::Unavailable,
        SqlxError::Database(cause) if cause.code().is_some_and(|code| passes_by_itself(&code)) => {
            StoreErrorKind::Unavailable
        }
        _ => StoreErrorKind::Internal,
    }
}

/// Codes of states that pass. PostgreSQL (appendix A of its manual): connection exceptions but for a violation
/// of the protocol, serialization
/// failure and deadlock, insufficient resources, operator intervention, a transaction that did nothing for too
/// long, a lock that was not had in time. SQLite: BUSY, LOCKED, FULL and their kin, by the last byte.
fn passes_by_itself(code: &str) -> bool {
    if code.len() == 5 {
        if code == "08P01" {
            return false;
        }
        let waited_in_vain = ["25P03", "55P03"].contains(&code);
        return waited_in_vain || ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|number| matches!(number & 0xFF, 5 | 6 | 13))
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            StoreErrorKind::NotFound(noun) => write!(f, "no such {noun}"),
            StoreErrorKind::StaleVersion { expected, found } => {
                write!(f, "it has changed: version {expected} was expected, {found} is there")
            }
            StoreErrorKind::Refused(refusal) => refusal.fmt(f),
            StoreErrorKind::FileRefused(refusal) => refusal.fmt(f),
            StoreErrorKind::SizeMismatch { declared_bytes, found_bytes } => {
                write!(f, "{declared_bytes} bytes were declared and {found_bytes} came")
            }
            StoreErrorKind::IdempotencyMismatch => {
                f.write_str("the idempotency key was used before with another request")
            }
            StoreErrorKind::AlreadyExists => f.write_str("it exists already"),
            StoreErrorKind::InvalidInput(problem) => f.write_str(problem),
            StoreErrorKind::Unavailable => f.write_str("the database cannot answer now"),
            StoreErrorKind::Corrupt(column) => write!(f, "cannot read what is stored as {column}"),
            StoreErrorKind::Internal => f.write_str("the database refused a statement"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workspace => "workspace",
            Self::File => "file",
            Self::Upload => "upload",
            Self::Inspection => "inspection",
            Self::Token => "token",
        })
    }
}
