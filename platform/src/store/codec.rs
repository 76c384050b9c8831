//! Between columns and domain types: ids and names of states as text, numbers as BIGINT, documents as JSON.

use std::str::FromStr;
use std::time::Duration;

use data_inspector_domain::id::Sequence;
use data_inspector_domain::time::Timestamp;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Uuid};

use super::error::{StoreError, StoreErrorKind};

/// Rows written by one statement: SQLite takes 32,766 parameters, and no table has more than 25 columns.
pub(super) const ROWS_PER_STATEMENT: usize = 1_000;

/// The name of a variant, as everybody outside sees it.
pub(super) fn name(variant: impl Serialize) -> String {
    let json = serde_json::to_value(variant).expect("a variant without fields has a name");
    json.as_str().expect("the name of a variant is a text").to_owned()
}

/// The variant of a name that [`name`] gave.
pub(super) fn variant<T: for<'de> Deserialize<'de>>(
    column: &'static str,
    name: &str,
) -> Result<T, StoreError> {
    let deserializer: StrDeserializer<'_, NameError> = name.into_deserializer();
    T::deserialize(deserializer).map_err(|error| StoreError::corrupt(column, error))
}

/// The id, run or other parsable thing in a text column.
pub(super) fn parsed<T>(column: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| StoreError::corrupt(column, error))
}

/// The same for a column that may be empty.
pub(super) fn parsed_optional<T>(column: &'static str, text: Option<&str>) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.map(|text| parsed(column, text)).transpose()
}

/// A document as stored.
pub(super) fn json(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("documents have string keys and finite numbers")
}

/// The document in a text column.
pub(super) fn document<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(column, error))
}

/// The same for a column that may be empty.
pub(super) fn document_optional<T: DeserializeOwned>(
    column: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| document(column, text)).transpose()
}

/// A number that is never negative, of whatever width, from its column.
pub(super) fn unsigned<T: TryFrom<i64>>(column: &'static str, number: i64) -> Result<T, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(number).map_err(|error| StoreError::corrupt(column, error))
}

/// The same for a column that may be empty.
pub(super) fn unsigned_optional(
    column: &'static str,
    number: Option<i64>,
) -> Result<Option<u64>, StoreError> {
    number.map(|number| unsigned(column, number)).transpose()
}

/// Number of an event.
pub(super) fn sequence(column: &'static str, number: u64) -> Result<Sequence, StoreError> {
    Sequence::try_from(number).map_err(|error| StoreError::corrupt(column, error))
}

/// The same for a column that is 0 before the first event.
pub(super) fn sequence_optional(column: &'static str, number: i64) -> Result<Option<Sequence>, StoreError> {
    match unsigned(column, number)? {
        0 => Ok(None),
        number => sequence(column, number).map(Some),
    }
}

/// A number as stored.
pub(super) fn bigint(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreErrorKind::InvalidInput("a number exceeds 2^63 - 1").into())
}

/// 32 bytes of a hash.
pub(super) fn hash(column: &'static str, bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    <[u8; 32]>::try_from(bytes).map_err(|error| StoreError::corrupt(column, error))
}

/// The moment in a column that may be empty.
pub(super) fn moment(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

/// The moment some time after another, as stored.
pub(super) fn later(moment: Timestamp, wait: Duration) -> i64 {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    moment.as_micros().saturating_add(micros)
}

/// 128 bits for a new id: a UUIDv7 of this moment.
pub(super) fn new_uuid(now: Timestamp) -> Uuid {
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    let (seconds, nanos) = (micros / 1_000_000, (micros % 1_000_000) as u32 * 1_000);
    Uuid::new_v7(uuid::Timestamp::from_unix(ContextV7::new(), seconds, nanos))
}
