//! Scalars beyond those of the specification.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use data_inspector_domain::time::Timestamp;

use super::moment;

/// 2^53 − 1: every whole number up to here is exact in JSON, whatever reads it.
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// A whole number from 0 to 2^53 − 1, as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Long(pub(super) u64);

/// A whole number from 0 to 2^53 − 1, sent as a JSON number: what sizes and counts need, and `Int` does not hold.
#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        let exact = number.filter(|number| *number <= LARGEST_EXACT);
        exact
            .map(Self)
            .ok_or_else(|| InputValueError::custom("a whole number from 0 to 2^53 - 1 is expected"))
    }

    fn to_value(&self) -> Value {
        self.0.into()
    }
}

impl From<u64> for Long {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<u32> for Long {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateTime(pub(super) Timestamp);

/// A moment as RFC 3339 writes it, always in UTC when it is sent: `2026-11-25T18:54:32.000001Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let moment = text_of(&value).and_then(moment::parse);
        moment.map(Self).ok_or_else(|| InputValueError::custom("a moment as RFC 3339 writes it is expected"))
    }

    fn to_value(&self) -> Value {
        moment::format(self.0).into()
    }
}

impl From<Timestamp> for DateTime {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

/// Scalars that are some text, which nobody reads here.
macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident, $spelt:literal $(, $url:literal)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(super) struct $name(pub(super) String);

        $(#[$doc])*
        #[Scalar(name = $spelt $(, specified_by_url = $url)?)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

text_scalar! {
    /// A position in a list or in the events of an inspection. Opaque: send back what you were given.
    Cursor, "Cursor"
}
text_scalar! {
    /// An exact decimal number as text, such as a sum of more digits than a JSON number keeps.
    Decimal, "Decimal"
}
text_scalar! {
    /// BLAKE3 of some bytes as 64 hexadecimal digits; `b3sum FILE` prints the same.
    ContentId, "ContentId"
}
text_scalar! {
    /// An address on the web.
    Url, "URL", "https://url.spec.whatwg.org/"
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
