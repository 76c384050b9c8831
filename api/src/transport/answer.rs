//! One answer of a stream: serialised once, whoever gets it over whatever.

use std::sync::{Arc, OnceLock};

use async_graphql::Response;
use axum::body::Bytes;
use serde_json::Value;

use super::engine::{answer, cursor, is_request_error};

/// An answer of a stream, as JSON. What it belongs to is put around it for each who gets it.
pub(super) struct Answer {
    /// `data`, `errors` and `extensions`.
    pub(super) payload: String,
    /// Its `errors`, if the request was not executed.
    pub(super) refusal: Option<Value>,
    cursor: Option<String>,
    event: OnceLock<Bytes>,
}

impl Answer {
    /// Serialises a response, with its position in `extensions.cursor`.
    pub(super) fn new(mut response: Response) -> Arc<Self> {
        let cursor = cursor(&response);
        if let Some(cursor) = &cursor {
            response.extensions.insert("cursor".to_owned(), cursor.as_str().into());
        }
        let refusal = is_request_error(&response).then(|| serde_json::to_value(&response.errors));
        let refusal = refusal.map(Result::unwrap_or_default);
        Arc::new(Self { payload: answer(&response), refusal, cursor, event: OnceLock::new() })
    }

    /// An answer that is JSON already, without a position.
    pub(super) fn of_json(payload: String) -> Arc<Self> {
        Arc::new(Self { payload, refusal: None, cursor: None, event: OnceLock::new() })
    }

    /// It as a server-sent event, whose id is its position.
    pub(super) fn event(&self) -> Bytes {
        self.event.get_or_init(|| event(self.cursor.as_deref(), &self.payload)).clone()
    }
}

/// A line break would end the field; JSON has none, and a cursor that had one would be none.
fn event(id: Option<&str>, payload: &str) -> Bytes {
    match id.filter(|id| !id.contains(['\n', '\r', '\0'])) {
        Some(id) => format!("id: {id}\nevent: next\ndata: {payload}\n\n").into(),
        None => format!("event: next\ndata: {payload}\n\n").into(),
    }
}
