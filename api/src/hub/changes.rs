//! Following an inspection without its history.

use bytes::Bytes;
use data_inspector_domain::event::EventType;
use data_inspector_domain::event::cursor::Cursor;
use futures_util::{FutureExt, Stream};

use super::events::EventStream;
use super::frame::{EventFrame, GoAwayReason};
use crate::expiry::Expiry;

/// That an inspection has changed; what it is now is read elsewhere.
#[derive(Clone, Debug)]
pub enum InspectionChange {
    /// It is no longer as it was.
    Changed {
        /// After its newest event.
        cursor: Cursor,
        /// There may be a newer profile.
        profile: bool,
        /// JSON of its newest `InspectionProgress`, if that has changed.
        progress: Option<Bytes>,
    },
    /// Nothing else has come for a while.
    KeepAlive {
        /// After its newest event.
        cursor: Cursor,
    },
    /// The server ends the stream; the last one.
    GoAway {
        /// After its newest event.
        cursor: Cursor,
        /// Why.
        reason: GoAwayReason,
    },
}

/// The changes of one inspection. Those that come while nobody looks become one.
pub struct InspectionChanges {
    events: EventStream,
    /// Came while changes were put together and has to come after them.
    go_away: Option<InspectionChange>,
}

impl InspectionChanges {
    pub(super) fn new(events: EventStream) -> Self {
        Self { events, go_away: None }
    }

    /// The same, sent away when what the client authenticated with expires.
    pub fn expiring(mut self, expiry: Expiry) -> Self {
        self.events = self.events.expiring(expiry);
        self
    }

    /// The same as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = InspectionChange> + Send {
        futures_util::stream::unfold(self, async |mut changes| {
            let change = changes.next().await?;
            Some((change, changes))
        })
    }

    /// The next change, or `None` after the last. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<InspectionChange> {
        if let Some(last) = self.go_away.take() {
            return Some(last);
        }
        let mut change = of_frame(self.events.next().await?);
        while let InspectionChange::Changed { .. } = change {
            let Some(Some(frame)) = self.events.next().now_or_never() else { break };
            self.add(&mut change, of_frame(frame));
        }
        Some(change)
    }

    fn add(&mut self, sum: &mut InspectionChange, later: InspectionChange) {
        let InspectionChange::Changed { cursor, profile, progress } = sum else { return };
        match later {
            InspectionChange::Changed { cursor: newer, profile: revised, progress: newest } => {
                *cursor = newer;
                *profile |= revised;
                *progress = newest.or(progress.take());
            }
            InspectionChange::KeepAlive { .. } => {}
            InspectionChange::GoAway { .. } => self.go_away = Some(later),
        }
    }
}

fn of_frame(frame: EventFrame) -> InspectionChange {
    let cursor = frame.cursor();
    match frame {
        EventFrame::Snapshot { .. } | EventFrame::Gap { .. } => {
            InspectionChange::Changed { cursor, profile: true, progress: None }
        }
        EventFrame::Event { event_type, .. } => {
            let profile = event_type.is_none_or(|event_type| event_type == EventType::Profile);
            InspectionChange::Changed { cursor, profile, progress: None }
        }
        EventFrame::Progress { bytes, .. } => {
            InspectionChange::Changed { cursor, profile: false, progress: Some(bytes) }
        }
        EventFrame::KeepAlive { .. } => InspectionChange::KeepAlive { cursor },
        EventFrame::GoAway { reason, .. } => InspectionChange::GoAway { cursor, reason },
    }
}
