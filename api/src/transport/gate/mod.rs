//! What a document must be before it is executed: parsed within limits, valid, and not too expensive.
//!
//! It stands in front of the library that executes because that library, before its own limits apply, can be made
//! to overflow its stack by 4 KB and to compute for minutes by 1 KB (ADR 2). Nothing here recurses deeper than the
//! limit of nesting, and every pass visits a fragment once. Verdicts are kept by the hash of the document.
//!
//! The document goes on as text, and as what the library that executes reads in it: there is no conversion between two
//! syntax trees.

mod measure;
mod scan;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::executable::Operation;
use apollo_compiler::parser::Parser;
use apollo_compiler::response::{JsonMap, serde_json_bytes};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};
use async_graphql::parser::{parse_query, types::ExecutableDocument as Executed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::cache::Cache;
use super::fault::{Fault, FaultItem, FaultKind};
use crate::graphql::ErrorCode;

/// Errors of a document that are reported.
const MAX_ERRORS: usize = 10;
/// Bytes of an error's message that are reported.
const MAX_MESSAGE_BYTES: usize = 1_024;

/// What a document may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateLimits {
    /// Bytes of the document.
    pub document_bytes: usize,
    /// Tokens of the document.
    pub tokens: usize,
    /// Brackets of any kind inside each other.
    pub nesting: usize,
    /// Directives, all together.
    pub directives: usize,
    /// Fields inside each other, fragments written out.
    pub depth: usize,
    /// Fields of the root of an operation.
    pub root_fields: usize,
    /// Aliases of an operation, fragments written out.
    pub aliases: usize,
    /// Objects that an operation may ask for, pages counted in full, ten scalars as one.
    pub cost: usize,
    /// Fields and fragments of an operation, fragments written out.
    pub selections: usize,
    /// Verdicts that are kept.
    pub cached_documents: usize,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            document_bytes: 32 << 10,
            tokens: 4_000,
            nesting: 50,
            directives: 50,
            depth: 15,
            root_fields: 20,
            aliases: 30,
            cost: 5_000,
            selections: 20_000,
            cached_documents: 1_000,
        }
    }
}

/// SHA-256 of a document.
pub(super) type DocumentHash = [u8; 32];

/// The gate of one schema.
pub struct Gate {
    schema: Valid<Schema>,
    limits: GateLimits,
    introspection: bool,
    verdicts: Mutex<Cache<DocumentHash, Arc<Verdict>>>,
}

type Verdict = Result<Admitted, Fault>;

/// A document that may be executed.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) text: Arc<str>,
    /// What the library that executes reads in it; nothing if it says itself, when it executes, what it cannot read.
    pub(super) executed: Option<Executed>,
    document: ExecutableDocument,
    costs: Costs,
}

/// Objects that each operation may ask for, at least one.
type Costs = HashMap<Option<Name>, u32>;

/// What an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

/// The schema is not one.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the schema: {0}")]
pub struct SchemaError(String);

impl Gate {
    /// A gate for a schema in GraphQL's schema definition language.
    pub fn try_new(sdl: &str, limits: GateLimits, introspection: bool) -> Result<Self, SchemaError> {
        let schema = Schema::parse_and_validate(sdl, "schema.graphql");
        let schema = schema.map_err(|invalid| SchemaError(invalid.errors.to_string()))?;
        let verdicts = Mutex::new(Cache::new(limits.cached_documents));
        Ok(Self { schema, limits, introspection, verdicts })
    }

    /// Whether a document may be executed.
    pub(super) fn admit(&self, text: &str) -> Result<Arc<Verdict>, Fault> {
        if text.len() > self.limits.document_bytes {
            return Err(too_much("the document", self.limits.document_bytes, "bytes"));
        }
        let hash: DocumentHash = Sha256::digest(text.as_bytes()).into();
        if let Some(known) = self.known(&hash) {
            return Ok(known);
        }
        let verdict = Arc::new(self.judge(text));
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.put(hash, Arc::clone(&verdict));
        Ok(verdict)
    }

    /// The verdict on a document that was seen before.
    pub(super) fn known(&self, hash: &DocumentHash) -> Option<Arc<Verdict>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).get(hash)
    }

    /// Whether the variables fit the operation.
    pub(super) fn check_variables(
        &self,
        operation: &Operation,
        variables: &Map<String, Value>,
    ) -> Result<(), Fault> {
        if operation.variables.is_empty() {
            return Ok(());
        }
        let values: JsonMap =
            variables.iter().map(|(name, value)| (name.as_str().into(), json(value))).collect();
        let coerced = apollo_compiler::request::coerce_variable_values(&self.schema, operation, &values);
        let refused =
            |message: String| Fault::one(FaultKind::Invalid, ErrorCode::BadUserInput, shortened(message));
        coerced.map(drop).map_err(|error| refused(error.message().to_string()))
    }

    fn judge(&self, text: &str) -> Verdict {
        scan::check(text, &self.limits)?;
        let mut parser =
            Parser::new().recursion_limit(self.limits.nesting * 2).token_limit(self.limits.tokens * 3);
        let ast = parser.parse_ast(text, "document");
        let ast =
            ast.map_err(|invalid| wrong(&invalid.errors, FaultKind::Syntax, ErrorCode::GraphqlParseFailed))?;
        let document = ast.to_executable_validate(&self.schema).map_err(|invalid| {
            wrong(&invalid.errors, FaultKind::Invalid, ErrorCode::GraphqlValidationFailed)
        })?;
        let costs = measure::check(&document, &self.schema, &self.limits, self.introspection)?;
        let executed = parse_query(text).ok();
        Ok(Admitted { text: text.into(), executed, document: document.into_inner(), costs })
    }
}

impl Admitted {
    /// The operation a request is about.
    pub(super) fn operation(&self, name: Option<&str>) -> Result<&Node<Operation>, Fault> {
        self.document.operations.get(name).map_err(|error| {
            let message = shortened(error.message().to_string());
            Fault::one(FaultKind::Invalid, ErrorCode::GraphqlValidationFailed, message)
        })
    }

    /// What an operation of the document costs, in points.
    pub(super) fn cost(&self, operation: &Operation) -> u32 {
        self.costs.get(&operation.name).copied().unwrap_or(1)
    }

    /// The variable that a root field of the operation takes its position in a stream from.
    pub(super) fn position_variable(&self, operation: &Operation) -> Option<String> {
        let mut fields = operation.root_fields(&self.document);
        let value =
            fields.find_map(|field| field.arguments.iter().find(|argument| argument.name == "after"))?;
        value.value.as_variable().map(ToString::to_string)
    }

    /// The same, if the variable is good for nothing else: then it says where in a stream somebody is, and not what
    /// they are told.
    pub(super) fn mere_position(&self, operation_name: Option<&str>) -> Option<String> {
        let position = self.position_variable(self.operation(operation_name).ok()?)?;
        // Printed, a document has no comments. A text that mentions the variable counts as well: no harm is done.
        let printed = self.document.to_string();
        let named = format!("${position}");
        let is_whole =
            |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
        let uses = printed.match_indices(&named).filter(|(at, _)| is_whole(&printed[at + named.len()..]));
        // Where it is declared, and where it is used.
        (uses.count() == 2).then_some(position)
    }
}

impl From<&Operation> for OperationKind {
    fn from(operation: &Operation) -> Self {
        if operation.is_mutation() {
            Self::Mutation
        } else if operation.is_subscription() {
            Self::Subscription
        } else {
            Self::Query
        }
    }
}

fn json(value: &Value) -> serde_json_bytes::Value {
    value.clone().into()
}

fn wrong(errors: &DiagnosticList, kind: FaultKind, code: ErrorCode) -> Fault {
    let items = errors.iter().take(MAX_ERRORS).map(|diagnostic| {
        let error = diagnostic.to_json();
        let locations = error.locations.iter().map(|place| (place.line, place.column)).collect();
        FaultItem { message: shortened(error.message), locations }
    });
    Fault::new(kind, code, items.collect())
}

fn shortened(mut message: String) -> String {
    if message.len() > MAX_MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        message.push('…');
    }
    message
}

pub(super) fn too_much(what: &str, limit: usize, unit: &str) -> Fault {
    let message = format!("{what} has more than {limit} {unit}");
    Fault::one(FaultKind::Limit, ErrorCode::LimitExceeded, message)
}

#[cfg(test)]
mod tests;
