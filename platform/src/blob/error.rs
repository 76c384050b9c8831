//! What can go wrong with blobs.

use std::error::Error;
use std::io;

use data_inspector_domain::failure::{Failure, FailureCode};

use super::BlobKey;

type Source = Box<dyn Error + Send + Sync>;

/// What went wrong: the kind to decide by, the source to report.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} blob {key}: {kind}")]
pub struct BlobError {
    /// What happened.
    pub kind: BlobErrorKind,
    /// What was attempted.
    pub doing: &'static str,
    /// On which blob.
    pub key: BlobKey,
    /// The error below it, if there was one.
    pub source: Option<Source>,
}

/// What happened to a blob. Lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobErrorKind {
    /// There is no such blob.
    #[error("there is none")]
    NotFound,
    /// The blob is not the pinned version any more. Never retried.
    #[error("it has changed")]
    Changed,
    /// There is another blob with this key.
    #[error("there is another one already")]
    AlreadyExists,
    /// The store refuses the access.
    #[error("the store refuses the access")]
    PermissionDenied,
    /// The store did not answer, or not rightly, until the retries were used up.
    #[error("the store does not answer as it should")]
    Unavailable,
    /// The blob is larger than the caller takes, or a block than the store does.
    #[error("{size_bytes} bytes are too many, {limit_bytes} are the limit")]
    TooLarge {
        /// Size of the blob, or of the block.
        size_bytes: u64,
        /// What is taken.
        limit_bytes: u64,
    },
    /// The range is not in the blob.
    #[error("the range is not within its {size_bytes} bytes")]
    OutOfRange {
        /// Size of the blob.
        size_bytes: u64,
    },
    /// The bytes are not those the hash is of.
    #[error("its bytes do not have the declared hash")]
    OtherBytes,
    /// A block that is listed has not been put.
    #[error("block {index} is missing")]
    MissingBlock {
        /// Which one.
        index: u32,
    },
    /// A block is listed twice.
    #[error("block {index} is listed twice")]
    RepeatedBlock {
        /// Which one.
        index: u32,
    },
    /// A block has no bytes.
    #[error("a block has to have bytes")]
    EmptyBlock,
    /// This kind of store cannot do that.
    #[error("this store cannot do that")]
    Unsupported,
}

impl BlobErrorKind {
    /// Whether the store may answer otherwise when it is asked again.
    pub fn retryable(self) -> bool {
        self == Self::Unavailable
    }

    pub(super) fn on(self, doing: &'static str, key: &BlobKey) -> BlobError {
        BlobError { kind: self, doing, key: key.clone(), source: None }
    }
}

impl BlobError {
    pub(super) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn of_store(error: object_store::Error, doing: &'static str, key: &BlobKey) -> Self {
        kind_of_store(&error).on(doing, key).with_source(error)
    }

    pub(super) fn of_io(error: io::Error, doing: &'static str, key: &BlobKey) -> Self {
        kind_of_io(&error).on(doing, key).with_source(error)
    }
}

fn kind_of_store(error: &object_store::Error) -> BlobErrorKind {
    use object_store::Error::*;
    match error {
        NotFound { .. } => BlobErrorKind::NotFound,
        Precondition { .. } => BlobErrorKind::Changed,
        AlreadyExists { .. } => BlobErrorKind::AlreadyExists,
        PermissionDenied { .. } | Unauthenticated { .. } => BlobErrorKind::PermissionDenied,
        NotSupported { .. } | NotImplemented { .. } => BlobErrorKind::Unsupported,
        // A local folder tells what is wrong only deep down.
        other => io_below(other).map_or(BlobErrorKind::Unavailable, kind_of_io),
    }
}

fn kind_of_io(error: &io::Error) -> BlobErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => BlobErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => BlobErrorKind::PermissionDenied,
        _ => BlobErrorKind::Unavailable,
    }
}

fn io_below<'a>(mut error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    loop {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error);
        }
        error = error.source()?;
    }
}

impl From<BlobError> for Failure {
    fn from(error: BlobError) -> Self {
        use BlobErrorKind::*;
        let (code, message) = match error.kind {
            NotFound => (FailureCode::FileNotFound, "the stored file is gone"),
            Changed => (
                FailureCode::SourceChanged,
                "the stored file changed while it was read; inspect it again when its writer has finished",
            ),
            PermissionDenied => (FailureCode::PermissionDenied, "the storage refuses access to the file"),
            Unavailable => (FailureCode::StorageUnavailable, "the storage did not answer, or broke off"),
            AlreadyExists
            | TooLarge { .. }
            | OutOfRange { .. }
            | OtherBytes
            | MissingBlock { .. }
            | RepeatedBlock { .. }
            | EmptyBlock
            | Unsupported => (FailureCode::Internal, "what is stored is not what it should be"),
        };
        Failure::new(code, message).with_cause(&error)
    }
}
