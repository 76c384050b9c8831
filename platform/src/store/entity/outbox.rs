//! What is to be published.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) topic: String,
    pub(crate) message_key: Option<String>,
    pub(crate) partition_hint: Option<i64>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) created_at: i64,
    pub(crate) claimed_until: i64,
    pub(crate) published: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
