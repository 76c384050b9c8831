//! A client of the API, for the command line and for tests: GraphQL over HTTP, uploads in blocks, following an
//! inspection over a WebSocket.

mod follow;
mod http;
mod socket;
mod upload;

pub use self::follow::{Followed, Follower, Outcome, OutcomeFailure, OutcomeFile, OutcomeProfile};
pub use self::http::Client;
pub use self::upload::{UploadOptions, Uploaded, create_inspection, upload};

use std::time::Duration;

/// Pauses between attempts: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What went wrong between us and the server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address makes no sense.
    #[error("not the address of a server: expected something like https://inspector.example.com")]
    Address,
    /// The server cannot be reached, or broke off. Trying again may help.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The server answered with something else than GraphQL.
    #[error("the server does not answer as expected: {0}")]
    Unexpected(String),
    /// The server does not do it.
    #[error("{message} ({code})")]
    Refused {
        /// Why, for programs.
        code: String,
        /// Why, for people.
        message: String,
        /// The same request may succeed later.
        retryable: bool,
    },
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    File(#[source] std::io::Error),
    /// The file is not what it was when the upload began.
    #[error("the file has changed while it was uploaded")]
    FileChanged,
}

impl ClientError {
    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { retryable, .. } => *retryable,
            Self::Address | Self::Unexpected(_) | Self::File(_) | Self::FileChanged => false,
        }
    }
}
