//! Inspections.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inspections")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: String,
    pub(crate) workspace_id: String,
    pub(crate) file_id: String,
    pub(crate) created_by: String,
    pub(crate) rerun_of: Option<String>,
    pub(crate) state: String,
    pub(crate) version: i64,
    pub(crate) phase: String,
    pub(crate) verdict: String,
    pub(crate) coverage: String,
    pub(crate) priority: i32,
    pub(crate) spec: String,
    pub(crate) resolved_spec_key: Option<String>,
    pub(crate) resolved_spec_hash: Option<Vec<u8>>,
    pub(crate) profile_key: Option<String>,
    pub(crate) profile_hash: Option<Vec<u8>>,
    pub(crate) profile_revision: i64,
    pub(crate) progress: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) last_seq: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
