//! Why a request is not executed, and how that is said. It never has `data`.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::auth::AuthError;
use crate::graphql::{ErrorCode, RequestId};

/// What is wrong, for the status of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The request is no GraphQL request.
    Malformed,
    /// The document is no GraphQL.
    Syntax,
    /// The document, its operation or its variables do not fit the schema.
    Invalid,
    /// The request is within the law and too large.
    Limit,
    /// The body is larger than anybody needs.
    BodyTooLarge,
    /// A token that does not work.
    Unauthenticated,
    /// Not from there.
    Forbidden,
    /// A mutation that came with GET.
    MethodNotAllowed,
    /// A body in another language.
    UnsupportedMediaType,
    /// An answer in another language.
    NotAcceptable,
    /// It took too long.
    Timeout,
    /// Too much of it, at this time.
    TooManyRequests,
    /// Not now.
    Unavailable,
    /// A defect.
    Internal,
}

/// Why a request is not executed.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    pub(super) code: ErrorCode,
    pub(super) items: Vec<FaultItem>,
    /// When it may be tried again.
    pub(super) retry_after: Option<Duration>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(super) struct FaultItem {
    pub(super) message: String,
    /// Line and column, from 1.
    pub(super) locations: Vec<(usize, usize)>,
}

#[derive(Serialize)]
struct Item<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
struct Location {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'static str,
    request_id: &'a str,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, code: ErrorCode, items: Vec<FaultItem>) -> Self {
        Self { kind, code, items, retry_after: None }
    }

    pub(super) fn one(kind: FaultKind, code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(kind, code, vec![FaultItem { message: message.into(), locations: Vec::new() }])
    }

    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::one(FaultKind::Malformed, ErrorCode::BadUserInput, message)
    }

    /// The list for `errors`, as JSON.
    pub(super) fn errors(&self, request_id: &RequestId) -> Value {
        let item = |item: &FaultItem| {
            let locations = item.locations.iter().map(|&(line, column)| Location { line, column }).collect();
            let extensions = Extensions { code: self.code.as_str(), request_id: request_id.as_str() };
            json!(Item { message: &item.message, locations, extensions })
        };
        self.items.iter().map(item).collect()
    }

    /// The whole answer, as JSON.
    pub(super) fn body(&self, request_id: &RequestId) -> String {
        json!({ "errors": self.errors(request_id) }).to_string()
    }
}

impl From<AuthError> for Fault {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Malformed | AuthError::Invalid => {
                Self::one(FaultKind::Unauthenticated, ErrorCode::Unauthenticated, error.to_string())
            }
            AuthError::Store(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot look up who is calling");
                let message = "the service cannot answer now; try again";
                Self::one(FaultKind::Unavailable, ErrorCode::Unavailable, message)
            }
        }
    }
}
