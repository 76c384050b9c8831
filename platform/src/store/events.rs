//! Committed events, as the bytes they were published as.

use std::collections::BTreeMap;

use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::event::{EventBody, EventType, InspectionEvent};
use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::id::{InspectionId, Sequence, WorkspaceId};
use data_inspector_domain::inspection::InspectionState;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::access::Scope;
use super::codec::{name, parsed, sequence, sequence_optional, unsigned, variant};
use super::connect::Store;
use super::entity::{events, inspections};
use super::error::StoreError;

/// What an event is known by.
const KEY: [events::Column; 2] = [events::Column::InspectionId, events::Column::Seq];

/// An event, as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The inspection it is about.
    pub inspection_id: InspectionId,
    /// Its number within the inspection.
    pub seq: Sequence,
    /// JSON of an `InspectionEvent`.
    pub bytes: Vec<u8>,
}

/// How far the events of an inspection go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventsHead {
    /// The inspection.
    pub inspection_id: InspectionId,
    /// Its state, as its newest event left it.
    pub state: InspectionState,
    /// Number of its newest event.
    pub last_seq: Option<Sequence>,
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
        self.events(of_inspection(scope, cursor.inspection_id).add(follows(cursor)), Order::Asc, limit).await
    }

    /// The events after a position up to a number, that one included, in order, at most `limit`.
    pub async fn events_between(
        &self,
        scope: Scope,
        cursor: Cursor,
        up_to: Sequence,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let not_after = events::Column::Seq.lte(seq_column(up_to));
        let range = of_inspection(scope, cursor.inspection_id).add(follows(cursor)).add(not_after);
        self.events(range, Order::Asc, limit).await
    }

    /// The same as [`Store::events_after`] for several positions at once, at most `limit_each` after each, and
    /// only those of some types; of all if there is none. At most 500 positions: SQLite's limit of parts of a statement.
    pub async fn events_after_each(
        &self,
        scope: Scope,
        cursors: &[Cursor],
        types: &[EventType],
        limit_each: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let Some((first, others)) = cursors.split_first() else { return Ok(Vec::new()) };
        let wanted = match types {
            [] => within_ranges(scope, cursors, limit_each),
            _ => {
                let part = |cursor: &Cursor| first_of_types(scope, *cursor, types, limit_each);
                let mut wanted = part(first);
                wanted.unions(others.iter().map(|cursor| (UnionType::All, part(cursor))));
                let key = KEY.map(Expr::col);
                Condition::all().add(Expr::tuple(key).in_subquery(wanted))
            }
        };
        let rows = events::Entity::find()
            .filter(wanted)
            .order_by_asc(events::Column::InspectionId)
            .order_by_asc(events::Column::Seq)
            .all(&self.reader)
            .await?;
        rows.into_iter().map(StoredEvent::try_from).collect()
    }

    /// The newest events of an inspection of some types (of all if there is none) before a number, newest
    /// first, at most `limit`.
    pub async fn newest_events(
        &self,
        scope: Scope,
        inspection_id: InspectionId,
        types: &[EventType],
        before: Option<Sequence>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let before = before.map(|seq| events::Column::Seq.lt(seq_column(seq)));
        let range = of_inspection(scope, inspection_id).add_option(before).add(of_types(types));
        self.events(range, Order::Desc, limit).await
    }

    /// The kinds of defects an inspection has raised an alert for, for the coordinator.
    pub async fn alerts_raised(&self, id: InspectionId) -> Result<Vec<FindingCode>, StoreError> {
        let range = Condition::all()
            .add(events::Column::InspectionId.eq(id.to_string()))
            .add(of_types(&[EventType::Alert]));
        let mut codes = Vec::new();
        for event in self.events(range, Order::Asc, u32::MAX).await? {
            // What a newer release wrote and nobody here can read may be raised once more.
            let Ok(read) = InspectionEvent::from_json(&event.bytes) else { continue };
            if let EventBody::AlertRaised(raised) = read.event {
                codes.push(raised.alert.code);
            }
        }
        Ok(codes)
    }

    /// How far the events of these inspections go, for those that the workspace has, in any order.
    pub async fn events_heads(
        &self,
        scope: Scope,
        ids: &[InspectionId],
    ) -> Result<Vec<EventsHead>, StoreError> {
        let rows = inspections::Entity::find()
            .select_only()
            .columns([inspections::Column::Id, inspections::Column::State, inspections::Column::LastSeq])
            .filter(inspections::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
            .filter(inspections::Column::Id.is_in(ids.iter().map(InspectionId::to_string)))
            .into_tuple::<(String, String, i64)>()
            .all(&self.reader)
            .await?;
        let head = |(id, state, last_seq): (String, String, i64)| {
            Ok(EventsHead {
                inspection_id: parsed("inspections.id", &id)?,
                state: variant("inspections.state", &state)?,
                last_seq: sequence_optional("inspections.last_seq", last_seq)?,
            })
        };
        rows.into_iter().map(head).collect()
    }

    /// The workspaces these inspections belong to, for whoever hands out published events: an event names its
    /// inspection only. It never changes.
    pub async fn workspaces_of(
        &self,
        ids: &[InspectionId],
    ) -> Result<Vec<(InspectionId, WorkspaceId)>, StoreError> {
        let rows = inspections::Entity::find()
            .select_only()
            .columns([inspections::Column::Id, inspections::Column::WorkspaceId])
            .filter(inspections::Column::Id.is_in(ids.iter().map(InspectionId::to_string)))
            .into_tuple::<(String, String)>()
            .all(&self.reader)
            .await?;
        let owner = |(id, workspace_id): (String, String)| {
            Ok((parsed("inspections.id", &id)?, parsed("inspections.workspace_id", &workspace_id)?))
        };
        rows.into_iter().map(owner).collect()
    }

    async fn events(
        &self,
        range: Condition,
        order: Order,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let query = events::Entity::find().filter(range).order_by(events::Column::Seq, order);
        let rows = query.limit(u64::from(limit)).all(&self.reader).await?;
        rows.into_iter().map(StoredEvent::try_from).collect()
    }
}

fn of_inspection(scope: Scope, id: InspectionId) -> Condition {
    Condition::all()
        .add(events::Column::InspectionId.eq(id.to_string()))
        .add(events::Column::WorkspaceId.eq(scope.workspace_id.to_string()))
}

/// Events of all types: their numbers have no gaps, so that the next few are a range.
fn within_ranges(scope: Scope, cursors: &[Cursor], limit_each: u32) -> Condition {
    let mut by_start: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for cursor in cursors {
        by_start
            .entry(cursor.after.map_or(0, seq_column))
            .or_default()
            .push(cursor.inspection_id.to_string());
    }
    let ranges = by_start.into_iter().fold(Condition::any(), |ranges, (start, ids)| {
        let range = Condition::all()
            .add(events::Column::InspectionId.is_in(ids))
            .add(events::Column::Seq.gt(start))
            .add(events::Column::Seq.lte(start.saturating_add(limit_each.into())));
        ranges.add(range)
    });
    Condition::all().add(events::Column::WorkspaceId.eq(scope.workspace_id.to_string())).add(ranges)
}

/// The keys of those after one position, to its limit: numbering the rows would read all events there are.
fn first_of_types(scope: Scope, cursor: Cursor, types: &[EventType], limit: u32) -> SelectStatement {
    let range = of_inspection(scope, cursor.inspection_id).add(follows(cursor)).add(of_types(types));
    let first = Query::select()
        .columns(KEY)
        .from(events::Entity)
        .cond_where(range)
        .order_by(events::Column::Seq, Order::Asc)
        .limit(u64::from(limit))
        .to_owned();
    Query::select().columns(KEY).from_subquery(first, events::Entity).to_owned()
}

fn follows(cursor: Cursor) -> Expr {
    events::Column::Seq.gt(cursor.after.map_or(0, seq_column))
}

fn of_types(types: &[EventType]) -> Condition {
    let wanted = Condition::all();
    if types.is_empty() {
        wanted
    } else {
        wanted.add(events::Column::EventType.is_in(types.iter().map(name)))
    }
}

/// A sequence fits a BIGINT.
fn seq_column(seq: Sequence) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

impl TryFrom<events::Model> for StoredEvent {
    type Error = StoreError;

    fn try_from(row: events::Model) -> Result<Self, StoreError> {
        let seq = sequence("events.seq", unsigned("events.seq", row.seq)?)?;
        Ok(Self { inspection_id: parsed("events.inspection_id", &row.inspection_id)?, seq, bytes: row.bytes })
    }
}
