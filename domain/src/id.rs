//! Ids as everybody outside sees them: a prefix that names the kind, then 26 characters for the 128 bits of
//! a UUIDv7, as a ULID writes them. Opaque, but they sort by time of creation, as text and as bytes.
//!
//! Nothing here makes an id: that takes a clock and randomness, which the caller has.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base32::{self, Base32Error};

/// Characters after the prefix: 26 of five bits hold 128.
const WIDTH: usize = 26;

/// Why a text is not the id it should be. It does not repeat the text, which may be anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of {kind}: {problem}")]
pub struct IdError {
    /// What the id should have been of, with its article: `an inspection`.
    pub kind: &'static str,
    /// What is wrong with it.
    pub problem: IdProblem,
}

/// What is wrong with the text of an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdProblem {
    /// It is the id of something else, or none.
    #[error("it does not start with `{expected}`")]
    Prefix {
        /// What it should start with.
        expected: &'static str,
    },
    /// Something was cut off or added.
    #[error("26 characters must follow the prefix, and {found} do")]
    Length {
        /// Number of characters after the prefix.
        found: usize,
    },
    /// A character that never occurs in an id.
    #[error("character {position} after the prefix is none of 0-9 and A-Z without I, L, O, U")]
    Character {
        /// Position after the prefix, from 1.
        position: usize,
    },
    /// Right characters, but no 128-bit number: it was made up.
    #[error("the first character after the prefix is none of 0-7")]
    TooLarge,
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, IdProblem> {
    let digits = text.strip_prefix(prefix).ok_or(IdProblem::Prefix { expected: prefix })?;
    let found = digits.chars().count();
    if found != WIDTH {
        return Err(IdProblem::Length { found });
    }
    match base32::decode(digits) {
        Ok(number) => Ok(Uuid::from_u128(number)),
        Err(Base32Error::Character(position)) => Err(IdProblem::Character { position: position + 1 }),
        Err(Base32Error::TooLarge) => Err(IdProblem::TooLarge),
    }
}

/// An id: a UUID in memory and in the database, a text everywhere else.
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// What the text starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The id with these 128 bits; a new one is made from a UUIDv7.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The 128 bits, as the database stores them.
            pub fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, base32::encode(self.0.as_u128(), WIDTH))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text, $prefix).map(Self).map_err(|problem| IdError { kind: $kind, problem })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let pattern = concat!("^", $prefix, "[0-7][0-9A-HJKMNP-TV-Z]{25}$");
                json_schema!({ "type": "string", "pattern": pattern })
            }
        }
    };
}

typed_id! {
    /// A tenant.
    WorkspaceId, "ws_", "a workspace"
}
typed_id! {
    /// Somebody who may act: a user.
    PrincipalId, "user_", "a user"
}
typed_id! {
    /// An API token.
    TokenId, "tok_", "a token"
}
typed_id! {
    /// A stored file.
    FileId, "file_", "a file"
}
typed_id! {
    /// An upload session.
    UploadId, "up_", "an upload"
}
typed_id! {
    /// An inspection.
    InspectionId, "insp_", "an inspection"
}
typed_id! {
    /// A message of work for a worker.
    TaskId, "task_", "a task"
}
typed_id! {
    /// A worker process.
    WorkerId, "work_", "a worker"
}
typed_id! {
    /// One execution of one attempt of a task; the worker that takes the message makes it up.
    Run, "run_", "a run"
}

/// Number of an event within its inspection: 1, 2, 3, … without a hole. Fits a BIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Sequence(u64);

/// The number is 0 or does not fit a BIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no number of an event: {0} is not in 1..=9223372036854775807")]
pub struct SequenceError(u64);

impl Sequence {
    /// The number of the first event.
    pub const FIRST: Self = Self(1);

    /// The number as such.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The number of the next event.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl TryFrom<u64> for Sequence {
    type Error = SequenceError;

    fn try_from(number: u64) -> Result<Self, SequenceError> {
        let fits = number > 0 && i64::try_from(number).is_ok();
        if fits { Ok(Self(number)) } else { Err(SequenceError(number)) }
    }
}

impl From<Sequence> for u64 {
    fn from(sequence: Sequence) -> Self {
        sequence.0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
