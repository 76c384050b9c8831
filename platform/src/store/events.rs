//! Committed events, as the bytes they were published as.

use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::Sequence;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::access::Scope;
use super::codec::unsigned;
use super::connect::Store;
use super::entity::events;
use super::error::StoreError;

/// An event, as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number within the inspection.
    pub seq: Sequence,
    /// JSON of an `InspectionEvent`.
    pub bytes: Vec<u8>,
}

impl Store {
    /// The events after a position, in order, at most `limit`. For an inspection of another workspace there
    /// are none.
    pub async fn events_after(
        &self,
        scope: Scope,
        cursor: Cursor,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let last_seen = cursor.after.map_or(0, Sequence::get);
        let rows = events::Entity::find()
            .filter(events::Column::InspectionId.eq(cursor.inspection_id.to_string()))
            .filter(events::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(events::Column::Seq.gt(i64::try_from(last_seen).unwrap_or(i64::MAX)))
            .order_by_asc(events::Column::Seq)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await?;
        rows.into_iter().map(StoredEvent::try_from).collect()
    }
}

impl TryFrom<events::Model> for StoredEvent {
    type Error = StoreError;

    fn try_from(row: events::Model) -> Result<Self, StoreError> {
        let number: u64 = unsigned("events.seq", row.seq)?;
        let seq = Sequence::try_from(number).map_err(|error| StoreError::corrupt("events.seq", error))?;
        Ok(Self { seq, bytes: row.bytes })
    }
}
