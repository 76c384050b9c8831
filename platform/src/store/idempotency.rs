//! Requests that are made twice and done once.

use data_inspector_domain::id::WorkspaceId;
use data_inspector_domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;

use super::codec::{hash, name};
use super::connect::{Store, Writing};
use super::entity::idempotency_keys;
use super::error::{StoreError, StoreErrorKind};

/// Hash of everything a request asks for, by which a repeated request is told from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHash(pub [u8; 32]);

/// A request that may be made again.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    /// What the client calls the request; one name space per workspace.
    pub key: String,
    /// What it asks for.
    pub hash: RequestHash,
}

/// What a request created, now or when it was made before.
#[derive(Clone, Debug, PartialEq)]
pub struct Created<T> {
    /// What was created, as it is now.
    pub value: T,
    /// It was created by an earlier request with the same key.
    pub deduplicated: bool,
}

/// What a key may be used for.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Operation {
    CreateUpload,
    CreateInspection,
}

impl Store {
    /// Forgets at most `limit` requests that were made before a moment; says how many. Made again, they are
    /// new.
    pub async fn prune_idempotency_keys(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        use idempotency_keys::Column;
        let writing = self.begin_hasty().await?;
        let old = Query::select()
            .columns([Column::WorkspaceId, Column::IdempotencyKey])
            .from(idempotency_keys::Entity)
            .and_where(Column::CreatedAt.lt(before.as_micros()))
            .limit(u64::from(limit))
            .to_owned();
        let key = Expr::tuple([Expr::col(Column::WorkspaceId), Expr::col(Column::IdempotencyKey)]);
        let deleted =
            idempotency_keys::Entity::delete_many().filter(key.in_subquery(old)).exec(&writing.tx).await?;
        writing.commit().await?;
        Ok(deleted.rows_affected)
    }
}

impl Writing {
    /// Takes a key for what is about to be created. `Some`: it was taken before, for that subject. A request
    /// that took it and has not committed yet is waited for.
    pub(super) async fn take_key(
        &self,
        workspace_id: WorkspaceId,
        operation: Operation,
        request: &IdempotentRequest,
        subject: String,
    ) -> Result<Option<String>, StoreError> {
        let row = idempotency_keys::ActiveModel {
            workspace_id: Set(workspace_id.to_string()),
            idempotency_key: Set(request.key.clone()),
            operation: Set(name(operation)),
            request_hash: Set(request.hash.0.to_vec()),
            subject_id: Set(subject),
            created_at: Set(self.now.as_micros()),
        };
        let nothing = OnConflict::new().do_nothing().to_owned();
        let insert = idempotency_keys::Entity::insert(row).on_conflict(nothing);
        if insert.exec_without_returning(&self.tx).await? == 1 {
            return Ok(None);
        }
        let key = (workspace_id.to_string(), request.key.clone());
        let taken = idempotency_keys::Entity::find_by_id(key).one(&self.tx).await?;
        let taken = taken.ok_or(StoreErrorKind::Unavailable)?;
        let same_request = hash("idempotency_keys.request_hash", &taken.request_hash)? == request.hash.0;
        if !same_request || taken.operation != name(operation) {
            return Err(StoreErrorKind::IdempotencyMismatch.into());
        }
        Ok(Some(taken.subject_id))
    }
}
