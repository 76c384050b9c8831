//! What a subscriber of events is handed.

use bytes::Bytes;
use data_inspector_domain::event::EventType;
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::Sequence;
use data_inspector_platform::store::Inspection;

/// One message of a stream of events. Every one has the cursor to go on from.
#[derive(Clone, Debug)]
pub enum EventFrame {
    /// Where things stand; the first frame of a stream without a cursor.
    Snapshot {
        /// After the newest event the snapshot knows of.
        cursor: Cursor,
        /// The inspection as it is.
        inspection: Box<Inspection>,
    },
    /// A committed event. They come in order, each once.
    Event {
        /// After this event.
        cursor: Cursor,
        /// What kind of event; `None` if a newer release made it up.
        event_type: Option<EventType>,
        /// JSON of an `InspectionEvent`, as it is stored.
        bytes: Bytes,
    },
    /// How far it is. Only the newest comes.
    Progress {
        /// After the last event that was sent.
        cursor: Cursor,
        /// JSON of an `InspectionProgress`.
        bytes: Bytes,
    },
    /// Nothing else has come for a while.
    KeepAlive {
        /// After the last event that was sent.
        cursor: Cursor,
    },
    /// Events that are gone for good.
    Gap {
        /// Number of the first of them.
        from: Sequence,
        /// Number of the last of them.
        to: Sequence,
        /// Why.
        reason: GapReason,
        /// After the last of them: the stream goes on here.
        cursor: Cursor,
    },
    /// The server ends the stream; the last frame. The client goes on elsewhere from the cursor.
    GoAway {
        /// After the last event that was sent.
        cursor: Cursor,
        /// Why.
        reason: GoAwayReason,
    },
}

/// Why events are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// They were older than what is kept.
    Retention,
}

/// Why the server ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoAwayReason {
    /// This replica stops.
    Shutdown,
    /// What the client authenticated with has expired.
    Expired,
    /// The store does not answer.
    Unavailable,
}

impl EventFrame {
    /// Where a client goes on that has seen this frame.
    pub fn cursor(&self) -> Cursor {
        match self {
            Self::Snapshot { cursor, .. }
            | Self::Event { cursor, .. }
            | Self::Progress { cursor, .. }
            | Self::KeepAlive { cursor }
            | Self::Gap { cursor, .. }
            | Self::GoAway { cursor, .. } => *cursor,
        }
    }
}
