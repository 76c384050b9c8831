//! What is committed and still has to be published. Rows are drained by flag: their numbers are given out
//! before they are committed, so whoever remembered the last number would miss some.

use std::time::Duration;

use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::codec::{ROWS_PER_STATEMENT, later, name, variant};
use super::connect::{Store, Writing};
use super::entity::outbox;
use super::error::StoreError;

/// As in the index: SQLite uses a partial index only for the very words it was made with.
const UNPUBLISHED: &str = "NOT published";

/// Where a message goes. The relay knows the names of the topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Topic {
    /// Work, for one worker.
    Tasks,
    /// Orders, for every worker.
    Control,
    /// Events, for every api replica.
    Updates,
}

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Its number, by which it is marked as published.
    pub id: i64,
    /// Where it goes.
    pub topic: Topic,
    /// Messages of one key keep their order.
    pub key: Option<String>,
    /// The partition it is for, if that is decided.
    pub partition: Option<i32>,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// A message that is about to be written.
pub(super) struct Outgoing {
    pub(super) topic: Topic,
    pub(super) key: Option<String>,
    pub(super) partition: Option<i32>,
    pub(super) bytes: Vec<u8>,
}

impl Writing {
    pub(super) async fn send(&self, messages: Vec<Outgoing>) -> Result<(), StoreError> {
        let row = |message: Outgoing| outbox::ActiveModel {
            id: NotSet,
            topic: Set(name(message.topic)),
            message_key: Set(message.key),
            partition_hint: Set(message.partition.map(i64::from)),
            bytes: Set(message.bytes),
            created_at: Set(self.now.as_micros()),
            claimed_until: Set(0),
            published: Set(false),
        };
        let mut rows = messages.into_iter().map(row).peekable();
        while rows.peek().is_some() {
            let batch = rows.by_ref().take(ROWS_PER_STATEMENT);
            outbox::Entity::insert_many(batch).exec_without_returning(&self.tx).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Takes messages that nobody has published and nobody else is publishing, oldest first. They are the
    /// caller's for some time; then another may take them, as if the caller had died.
    pub async fn claim_outbox(&self, limit: u32, hold: Duration) -> Result<Vec<OutboxMessage>, StoreError> {
        let writing = self.begin_hasty().await?;
        // SQLite has no SKIP LOCKED, and needs none: its transactions that write come one after the other.
        let rows = outbox::Entity::find()
            .filter(Expr::cust(UNPUBLISHED))
            .filter(outbox::Column::ClaimedUntil.lte(writing.now.as_micros()))
            .order_by_asc(outbox::Column::Id)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .all(&writing.tx)
            .await?;
        // Two statements: with the query inside the update, PostgreSQL may run it, and its limit, twice.
        for batch in rows.chunks(ROWS_PER_STATEMENT) {
            outbox::Entity::update_many()
                .col_expr(outbox::Column::ClaimedUntil, Expr::value(later(writing.now, hold)))
                .filter(outbox::Column::Id.is_in(batch.iter().map(|row| row.id)))
                .exec(&writing.tx)
                .await?;
        }
        writing.commit().await?;
        rows.into_iter().map(OutboxMessage::try_from).collect()
    }

    /// Marks messages as published; again is no error. A message whose holder dies before is published twice.
    pub async fn mark_published(&self, ids: &[i64]) -> Result<(), StoreError> {
        let writing = self.begin_hasty().await?;
        for batch in ids.chunks(ROWS_PER_STATEMENT) {
            outbox::Entity::update_many()
                .col_expr(outbox::Column::Published, Expr::value(true))
                .filter(outbox::Column::Id.is_in(batch.iter().copied()))
                .exec(&writing.tx)
                .await?;
        }
        writing.commit().await
    }

    /// Number of messages that are not published yet.
    pub async fn outbox_backlog(&self) -> Result<u64, StoreError> {
        use sea_orm::PaginatorTrait;
        let unpublished = outbox::Entity::find().filter(Expr::cust(UNPUBLISHED));
        Ok(unpublished.count(&self.reader).await?)
    }

    /// Removes at most `limit` messages that were written before a moment and are published; says how many.
    pub async fn prune_outbox(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let writing = self.begin_hasty().await?;
        let old = Query::select()
            .column(outbox::Column::Id)
            .from(outbox::Entity)
            .and_where(Expr::cust("published"))
            .and_where(outbox::Column::CreatedAt.lt(before.as_micros()))
            .limit(u64::from(limit))
            .to_owned();
        let deleted = outbox::Entity::delete_many()
            .filter(outbox::Column::Id.in_subquery(old))
            .exec(&writing.tx)
            .await?;
        writing.commit().await?;
        Ok(deleted.rows_affected)
    }
}

impl TryFrom<outbox::Model> for OutboxMessage {
    type Error = StoreError;

    fn try_from(row: outbox::Model) -> Result<Self, StoreError> {
        let partition = row.partition_hint.map(i32::try_from).transpose();
        Ok(Self {
            id: row.id,
            topic: variant("outbox.topic", &row.topic)?,
            key: row.message_key,
            partition: partition.map_err(|error| StoreError::corrupt("outbox.partition_hint", error))?,
            bytes: row.bytes,
        })
    }
}
