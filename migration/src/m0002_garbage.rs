//! Blobs that nothing refers to any more. Noted in the transaction that lets go of them, removed some time after it:
//! whoever read the reference before may still be reading the blob.

use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

use crate::sql;

const UP: &[&str] = &[
    "CREATE TABLE garbage (
        blob_key {id} PRIMARY KEY,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX garbage_by_age ON garbage (created_at)",
];

const DOWN: &[&str] = &["DROP TABLE garbage"];

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_garbage"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, DOWN).await
    }
}
