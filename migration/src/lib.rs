//! The tables of the store: one set of migrations for PostgreSQL and SQLite, each of which can be undone.
//! Expand first, contract in a later release: two releases share the tables while one replaces the other.
//!
//! Not here: how a row is read or written (`platform/src/store`), what its values mean (`domain`).

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

mod m0001_foundation;
mod m0002_garbage;
mod sql;

/// All migrations, in the order they are applied.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_foundation::Migration), Box::new(m0002_garbage::Migration)]
    }
}
