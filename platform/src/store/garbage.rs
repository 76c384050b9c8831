//! Blobs that nothing refers to any more, until they are removed.

use std::time::Duration;

use data_inspector_domain::id::InspectionId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::codec::ROWS_PER_STATEMENT;
use super::connect::{Store, Writing};
use super::entity::{garbage, partials};
use super::error::StoreError;

impl Store {
    /// Keys of blobs that nothing refers to since at least so long, oldest first, at most `limit`. They are to be
    /// removed, then to be [forgotten](Store::forget_garbage); to remove one twice is no error.
    pub async fn garbage(&self, unused_for: Duration, limit: u32) -> Result<Vec<String>, StoreError> {
        let unused_micros = i64::try_from(unused_for.as_micros()).unwrap_or(i64::MAX);
        let before = self.now().await?.as_micros().saturating_sub(unused_micros);
        let keys = garbage::Entity::find()
            .select_only()
            .column(garbage::Column::BlobKey)
            .filter(garbage::Column::CreatedAt.lte(before))
            .order_by_asc(garbage::Column::CreatedAt)
            .limit(u64::from(limit))
            .into_tuple::<String>();
        Ok(keys.all(&self.reader).await?)
    }

    /// These blobs have been removed.
    pub async fn forget_garbage(&self, keys: &[String]) -> Result<(), StoreError> {
        let writing = self.begin_hasty().await?;
        for batch in keys.chunks(ROWS_PER_STATEMENT) {
            let gone = garbage::Column::BlobKey.is_in(batch.iter().map(String::as_str));
            garbage::Entity::delete_many().filter(gone).exec(&writing.tx).await?;
        }
        writing.commit().await
    }
}

impl Writing {
    /// Nothing refers to these blobs any more once this transaction is committed.
    pub(super) async fn throw_away(&self, keys: Vec<String>) -> Result<(), StoreError> {
        let row = |key: &String| garbage::ActiveModel {
            blob_key: Set(key.clone()),
            created_at: Set(self.now.as_micros()),
        };
        for batch in keys.chunks(ROWS_PER_STATEMENT) {
            garbage::Entity::insert_many(batch.iter().map(row))
                .on_conflict(OnConflict::column(garbage::Column::BlobKey).do_nothing().to_owned())
                .exec_without_returning(&self.tx)
                .await?;
        }
        Ok(())
    }

    /// The blobs of all partials of an inspection.
    pub(super) async fn partial_blobs(&self, id: InspectionId) -> Result<Vec<String>, StoreError> {
        let keys = partials::Entity::find()
            .select_only()
            .column(partials::Column::BlobKey)
            .filter(partials::Column::InspectionId.eq(id.to_string()))
            .into_tuple::<String>();
        Ok(keys.all(&self.tx).await?)
    }
}
