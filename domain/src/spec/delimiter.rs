//! What separates fields and lines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One to four bytes between two fields, none of which ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Vec<u8>")]
#[schemars(with = "Vec<u8>")]
pub struct Delimiter {
    bytes: [u8; Self::MOST_BYTES],
    len: u8,
}

impl Delimiter {
    /// Bytes of the longest delimiter.
    pub const MOST_BYTES: usize = 4;

    /// A delimiter of one byte, which ends no line.
    pub const fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], len: 1 }
    }

    /// A delimiter of these bytes; `None` if they are none, too many, or have a line ending among them.
    pub fn try_new(bytes: &[u8]) -> Option<Self> {
        let possible = (1..=Self::MOST_BYTES).contains(&bytes.len())
            && !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        possible.then(|| {
            let mut padded = [0; Self::MOST_BYTES];
            padded[..bytes.len()].copy_from_slice(bytes);
            Self { bytes: padded, len: bytes.len() as u8 }
        })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len as usize]
    }

    /// The first byte.
    pub fn first(&self) -> u8 {
        self.bytes[0]
    }

    /// Number of bytes.
    #[expect(clippy::len_without_is_empty, reason = "a delimiter is never empty")]
    pub fn len(&self) -> usize {
        self.len as usize
    }
}

impl From<Delimiter> for Vec<u8> {
    fn from(delimiter: Delimiter) -> Self {
        delimiter.as_bytes().to_vec()
    }
}

/// What a delimiter is read from.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    /// What is written.
    Bytes(Vec<u8>),
    /// What was written while delimiters had one byte: it is stored, and may be under way.
    Byte(u8),
}

impl TryFrom<Written> for Delimiter {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let bytes = match written {
            Written::Bytes(bytes) => bytes,
            Written::Byte(byte) => vec![byte],
        };
        Self::try_new(&bytes).ok_or("a delimiter has one to four bytes and no line ending")
    }
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LineEnding {
    /// Line feed, as on Unix.
    Lf,
    /// Carriage return and line feed, as on Windows.
    Crlf,
    /// Carriage return, as on old Macs.
    Cr,
}

impl LineEnding {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Lf, Self::Crlf, Self::Cr];

    /// Its name in documents and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::Crlf => "CRLF",
            Self::Cr => "CR",
        }
    }
}
