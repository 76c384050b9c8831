//! What is durable of an inspection.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partials")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) inspection_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) level: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) first_leaf: i64,
    pub(crate) end_leaf: i64,
    pub(crate) workspace_id: String,
    pub(crate) task_id: String,
    pub(crate) epoch: i64,
    pub(crate) run: String,
    pub(crate) blob_key: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) size_bytes: i64,
    pub(crate) summary: Vec<u8>,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
