//! Requests that cannot be answered. What the server refuses to do is data of a payload
//! ([`user_error`](super::user_error)); this is for requests that are wrong, callers that are unknown, and defects.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use data_inspector_domain::event::cursor::CursorError;
use data_inspector_platform::store::{StoreError, StoreErrorKind};

use super::context::RequestId;

type Source = Arc<dyn Error + Send + Sync>;
type Cause = Box<dyn Error + Send + Sync>;

/// Why a request, or a part of it, is not answered. Displayed, it says nothing that the client must not know.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RequestError {
    /// Nobody is calling, and this is not for nobody.
    #[error("this needs a token: send `Authorization: Bearer di_…`")]
    Unauthenticated,
    /// Somebody is calling who may not do this.
    #[error("the token, or the role of its owner, does not allow this")]
    Forbidden,
    /// An argument is wrong.
    #[error("{0}")]
    BadUserInput(String),
    /// There is no such thing in the workspace, and the answer has no place to say so.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A cursor is none of this list.
    #[error("{0}")]
    InvalidCursor(String),
    /// Something is away that will be back.
    #[error("the service cannot answer now; try again")]
    Unavailable(#[source] Source),
    /// A defect.
    #[error("something went wrong on our side; the request id finds it in the log")]
    Internal(#[source] Source),
}

/// What kind of error it is, for programs: `extensions.code`. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The hash of a document is not known; send the document.
    PersistedQueryNotFound,
    /// The server executes only documents that it knows, and this is none of them.
    DocumentNotTrusted,
    /// An argument or variable is wrong.
    BadUserInput,
    /// A cursor is malformed, or of another list.
    InvalidCursor,
    /// No token, or none that works.
    Unauthenticated,
    /// The token, or the role of its owner, does not allow it.
    Forbidden,
    /// There is no such thing in this workspace.
    NotFound,
    /// The request is larger, deeper or more expensive than what is allowed.
    LimitExceeded,
    /// Too many requests; try again later.
    RateLimited,
    /// It took too long.
    Timeout,
    /// The service cannot answer now; try again.
    Unavailable,
    /// A defect of the service.
    Internal,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 14] = [
        Self::GraphqlParseFailed,
        Self::GraphqlValidationFailed,
        Self::PersistedQueryNotFound,
        Self::DocumentNotTrusted,
        Self::BadUserInput,
        Self::InvalidCursor,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::LimitExceeded,
        Self::RateLimited,
        Self::Timeout,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::InvalidCursor => "INVALID_CURSOR",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

impl RequestError {
    /// The code it is answered with.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::Forbidden => ErrorCode::Forbidden,
            Self::BadUserInput(_) => ErrorCode::BadUserInput,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::InvalidCursor(_) => ErrorCode::InvalidCursor,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    pub(super) fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into().into())
    }

    pub(super) fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into().into())
    }

    /// What the store says to several who asked at once.
    pub(super) fn of_shared(error: Arc<StoreError>) -> Self {
        if error.is_transient() { Self::Unavailable(error) } else { Self::Internal(error) }
    }

    /// Something is missing that the server puts into every request.
    pub(super) fn unprepared(what: &str) -> Self {
        Self::internal(format!("the request was executed without its {what}"))
    }
}

impl From<StoreError> for RequestError {
    fn from(error: StoreError) -> Self {
        match error.kind {
            StoreErrorKind::Unavailable => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

impl From<CursorError> for RequestError {
    fn from(error: CursorError) -> Self {
        Self::InvalidCursor(error.to_string())
    }
}

/// Gives every error of an answer its code and the request's id, hides what clients must not see, and logs what
/// somebody has to look at.
pub fn finish(mut response: Response, request_id: &RequestId) -> Response {
    for error in &mut response.errors {
        let code = code_of(error, request_id);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code.as_str());
        extensions.set("requestId", request_id.as_str());
    }
    response
}

/// Errors of ours have their cause; others come from the library: of a document or variable if they have no path,
/// of an argument if they have one.
fn code_of(error: &mut ServerError, request_id: &RequestId) -> ErrorCode {
    if let Some(ours) = error.source::<RequestError>() {
        log(ours, request_id);
        return ours.code();
    }
    if let Some(known) = code_set_before(error.extensions.as_ref()) {
        return known;
    }
    if error.source.is_some() {
        tracing::error!(request_id = %request_id, error = %error.message, "a field failed in a way that is not known");
        error.message = RequestError::internal("unknown").to_string();
        return ErrorCode::Internal;
    }
    if error.path.is_empty() { ErrorCode::GraphqlValidationFailed } else { ErrorCode::BadUserInput }
}

fn code_set_before(extensions: Option<&ErrorExtensionValues>) -> Option<ErrorCode> {
    let code = extensions?.get("code")?;
    ErrorCode::ALL.into_iter().find(|known| *code == async_graphql::Value::from(known.as_str()))
}

fn log(error: &RequestError, request_id: &RequestId) {
    match error {
        RequestError::Internal(source) => {
            tracing::error!(request_id = %request_id, error = %chain(&**source), "cannot answer a request");
        }
        RequestError::Unavailable(source) => {
            tracing::warn!(request_id = %request_id, error = %chain(&**source), "cannot answer a request now");
        }
        _ => {}
    }
}

/// An error and what it came from, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        write!(text, ": {source}").expect("a text takes every text");
        next = source.source();
    }
    text
}
