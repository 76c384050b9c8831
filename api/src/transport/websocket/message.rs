//! The messages of the protocol, and the codes a socket is closed with.

use axum::extract::ws::Utf8Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Code and reason of a close frame; the reasons are those of the protocol.
pub(super) type CloseCode = (u16, &'static str);

pub(super) mod close {
    use super::CloseCode;

    pub(in super::super) const GOING_AWAY: CloseCode = (1001, "Going away");
    pub(in super::super) const TOO_BIG: CloseCode = (1009, "Message too big");
    pub(in super::super) const TRY_AGAIN: CloseCode = (1013, "Try again later");
    pub(in super::super) const BAD_REQUEST: CloseCode = (4400, "Invalid message");
    pub(in super::super) const UNAUTHORIZED: CloseCode = (4401, "Unauthorized");
    pub(in super::super) const FORBIDDEN: CloseCode = (4403, "Forbidden");
    pub(in super::super) const SUBPROTOCOL_NOT_ACCEPTABLE: CloseCode = (4406, "Subprotocol not acceptable");
    pub(in super::super) const INIT_TIMEOUT: CloseCode = (4408, "Connection initialisation timeout");
    pub(in super::super) const TOO_MANY_INIT: CloseCode = (4429, "Too many initialisation requests");
}

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit {
        #[serde(default, deserialize_with = "object_or_null")]
        payload: Map<String, Value>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Value>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Map<String, Value>,
    },
    Complete {
        id: String,
    },
}

/// Whether a message could not be read because it is larger than the library was told to read. That says so in words
/// only: its types are not ours to name.
pub(super) fn is_too_big(error: &axum::Error) -> bool {
    error.to_string().contains("Message too long")
}

/// `payload: null` is no payload.
fn object_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl ClientMessage {
    /// Reads a message; `None` if it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let message: Self = serde_json::from_str(text).ok()?;
        match &message {
            Self::Subscribe { id, .. } | Self::Complete { id } if id.is_empty() => None,
            _ => Some(message),
        }
    }
}

pub(super) fn connection_ack() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#)
}

pub(super) fn pong(payload: Option<Value>) -> Utf8Bytes {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string().into(),
        None => Utf8Bytes::from_static(r#"{"type":"pong"}"#),
    }
}

/// An answer, which is JSON already, to an operation whose id is.
pub(super) fn next(quoted_id: &str, payload: &str) -> Utf8Bytes {
    ["{\"id\":", quoted_id, ",\"type\":\"next\",\"payload\":", payload, "}"].concat().into()
}

pub(super) fn error(id: &str, errors: &Value) -> Utf8Bytes {
    json!({ "id": id, "type": "error", "payload": errors }).to_string().into()
}

pub(super) fn complete(id: &str) -> Utf8Bytes {
    format!(r#"{{"id":{},"type":"complete"}}"#, quoted(id)).into()
}

/// An id as JSON.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
