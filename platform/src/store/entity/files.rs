//! Stored files.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "files")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: String,
    pub(crate) workspace_id: String,
    pub(crate) created_by: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) blob_key: String,
    pub(crate) size_bytes: i64,
    pub(crate) etag: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
