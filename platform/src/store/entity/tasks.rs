//! The work of inspections.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: String,
    pub(crate) workspace_id: String,
    pub(crate) inspection_id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) rank: i64,
    pub(crate) first_leaf: Option<i64>,
    pub(crate) end_leaf: Option<i64>,
    pub(crate) from_byte: Option<i64>,
    pub(crate) size_bytes: i64,
    pub(crate) payload: Vec<u8>,
    pub(crate) state: String,
    pub(crate) epoch: i64,
    pub(crate) run: Option<String>,
    pub(crate) last_n: i64,
    pub(crate) worker_id: Option<String>,
    pub(crate) released_at: Option<i64>,
    pub(crate) lease_until: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) attempts: i64,
    pub(crate) attempts_without_progress: i64,
    pub(crate) bytes_done: i64,
    pub(crate) failure: Option<String>,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
