//! Positions in the events of an inspection. A cursor is opaque text outside and means the same on every
//! replica: an inspection, and the number of the last event seen.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::base32;
use crate::id::{InspectionId, Sequence};

/// What a client may send instead of a cursor it was given, to get every event.
const FROM_THE_FIRST: &str = "0";

/// Characters of the inspection: 26 of five bits hold 128.
const INSPECTION_WIDTH: usize = 26;

/// Characters of the number: 13 of five bits hold 64.
const SEQUENCE_WIDTH: usize = 13;

/// A position in the events of an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The inspection.
    pub inspection_id: InspectionId,
    /// The last event before the position; `None` before the first.
    pub after: Option<Sequence>,
}

/// Why a text is no cursor for the events asked for. It does not repeat the text, which may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was never given out.
    #[error("the cursor is malformed: send back one that came with an event, unchanged")]
    Malformed,
    /// It was given out with the events of another inspection.
    #[error("the cursor belongs to another inspection")]
    OtherInspection,
}

impl Cursor {
    /// The position right after an event.
    pub fn after(inspection_id: InspectionId, last_seen: Sequence) -> Self {
        Self { inspection_id, after: Some(last_seen) }
    }

    /// The position before the first event.
    pub fn start(inspection_id: InspectionId) -> Self {
        Self { inspection_id, after: None }
    }

    /// Reads the cursor a client sent for this inspection; `0` is the position before the first event.
    pub fn parse_for(inspection_id: InspectionId, text: &str) -> Result<Self, CursorError> {
        if text == FROM_THE_FIRST {
            return Ok(Self::start(inspection_id));
        }
        let cursor: Self = text.parse()?;
        if cursor.inspection_id == inspection_id { Ok(cursor) } else { Err(CursorError::OtherInspection) }
    }

    /// Number of the event that comes next.
    pub fn next(self) -> Sequence {
        self.after.map_or(Sequence::FIRST, Sequence::next)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inspection = base32::encode(self.inspection_id.as_uuid().as_u128(), INSPECTION_WIDTH);
        let sequence = base32::encode(self.after.map_or(0, Sequence::get).into(), SEQUENCE_WIDTH);
        write!(f, "{inspection}{sequence}")
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        parse(text).ok_or(CursorError::Malformed)
    }
}

fn parse(text: &str) -> Option<Cursor> {
    if text.len() != INSPECTION_WIDTH + SEQUENCE_WIDTH {
        return None;
    }
    let (inspection, number) = text.split_at_checked(INSPECTION_WIDTH)?;
    let inspection_id = InspectionId::from_uuid(Uuid::from_u128(base32::decode(inspection).ok()?));
    let number = u64::try_from(base32::decode(number).ok()?).ok()?;
    match number {
        0 => Some(Cursor::start(inspection_id)),
        _ => Some(Cursor::after(inspection_id, Sequence::try_from(number).ok()?)),
    }
}
