//! A GraphQL request as it comes, over whatever it comes: GraphQL over HTTP, section 5 "Request".

use serde_json::{Map, Value};

use super::fault::{Fault, FaultKind};
use super::gate::{DocumentHash, too_much};
use super::json::has_more_values;
use crate::graphql::ErrorCode;
use crate::hex;

/// What a client asks for. Members that are not known are ignored.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Params {
    pub(super) document: Option<String>,
    /// Of a document that is known by its hash.
    pub(super) document_hash: Option<DocumentHash>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Map<String, Value>,
}

impl Params {
    /// The request in a JSON body of at most so many values.
    pub(super) fn from_json(body: &[u8], most_values: usize) -> Result<Self, Fault> {
        check_values("the body", body, most_values)?;
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Fault::malformed(format!("the body is no JSON: {place}"))
        })?;
        Self::from_value(value)
    }

    /// The request in the payload of a message.
    pub(super) fn from_value(value: Value) -> Result<Self, Fault> {
        let Value::Object(mut members) = value else {
            return Err(Fault::malformed(
                "the request must be a JSON object; lists of requests are not taken",
            ));
        };
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        Self::of(take("query"), take("operationName"), take("variables"), take("extensions"))
    }

    /// The request in the query of a URL.
    pub(super) fn from_query(query: &[(String, String)], most_values: usize) -> Result<Self, Fault> {
        let text = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let json = |name: &'static str| -> Result<Value, Fault> {
            let Some(text) = text(name).filter(|text| !text.is_empty()) else { return Ok(Value::Null) };
            check_values(name, text.as_bytes(), most_values)?;
            serde_json::from_str(text).map_err(|_| Fault::malformed(format!("`{name}` is no JSON")))
        };
        let operation_name = text("operationName").filter(|name| !name.is_empty());
        Self::of(text("query").into(), operation_name.into(), json("variables")?, json("extensions")?)
    }

    fn of(query: Value, operation_name: Value, variables: Value, extensions: Value) -> Result<Self, Fault> {
        let document = match query {
            Value::String(text) => Some(text),
            Value::Null => None,
            _ => return Err(Fault::malformed("`query` must be a string")),
        };
        let operation_name = match operation_name {
            Value::String(name) => Some(name),
            Value::Null => None,
            _ => return Err(Fault::malformed("`operationName` must be a string")),
        };
        let variables = object("variables", variables)?;
        let document_hash = persisted(&object("extensions", extensions)?)?;
        if document.is_none() && document_hash.is_none() {
            return Err(Fault::malformed("`query` is missing"));
        }
        Ok(Self { document, document_hash, operation_name, variables })
    }
}

fn check_values(what: &str, text: &[u8], most: usize) -> Result<(), Fault> {
    if has_more_values(text, most) { Err(too_much(what, most, "values")) } else { Ok(()) }
}

fn object(name: &str, value: Value) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(members) => Ok(members),
        Value::Null => Ok(Map::new()),
        _ => Err(Fault::malformed(format!("`{name}` must be an object"))),
    }
}

/// Automatic persisted queries: `{ persistedQuery: { version: 1, sha256Hash } }`.
fn persisted(extensions: &Map<String, Value>) -> Result<Option<DocumentHash>, Fault> {
    let Some(Value::Object(persisted)) = extensions.get("persistedQuery") else { return Ok(None) };
    if persisted.get("version") != Some(&Value::from(1)) {
        return Err(Fault::malformed("only version 1 of `persistedQuery` is known"));
    }
    let hash = persisted.get("sha256Hash").and_then(Value::as_str).and_then(hex::decode_32);
    let refused = || Fault::malformed("`persistedQuery` needs `sha256Hash`: 64 hexadecimal digits");
    hash.map(Some).ok_or_else(refused)
}

/// The document is known by a hash, and nobody has sent it lately.
pub(super) fn unknown_document() -> Fault {
    Fault::one(FaultKind::Invalid, ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")
}
