//! The tables of the first release.
//!
//! What all of them share:
//! * every row of a tenant has its workspace, and refers to others by (workspace, id), so that no reference
//!   leaves a workspace;
//! * times are BIGINT microseconds since 1970 in UTC, by the database's clock, but for leases, which run by
//!   the clock of the results stream;
//! * ids and names of states are text, as everybody outside sees them;
//! * documents (specs, failures, progress) are text in JSON that no query looks into.

use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

use crate::sql;

mod access;
mod files;
mod inspections;
mod streams;
mod tasks;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_foundation"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statements in [access::UP, files::UP, inspections::UP, tasks::UP, streams::UP] {
            sql::run(manager, statements).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statements in [streams::DOWN, tasks::DOWN, inspections::DOWN, files::DOWN, access::DOWN] {
            sql::run(manager, statements).await?;
        }
        Ok(())
    }
}
