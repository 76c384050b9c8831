//! Migrations are SQL text that both databases understand, except for a few words that stand in braces and
//! are put in here. A reader sees the tables as they are.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::{DbErr, SchemaManager};

/// What the words in braces mean on a database.
const POSTGRES: [(&str, &str); 3] = [
    // Ids are compared byte by byte, as SQLite does, whatever the locale of the database.
    ("{id}", "TEXT COLLATE \"C\""),
    ("{bytes}", "BYTEA"),
    ("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
];
const SQLITE: [(&str, &str); 3] = [
    ("{id}", "TEXT"),
    ("{bytes}", "BLOB"),
    // AUTOINCREMENT: the number of a deleted row is not given out again.
    ("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
];

/// Runs the statements one after the other.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let words = match manager.get_database_backend() {
        DbBackend::Postgres => POSTGRES,
        DbBackend::Sqlite => SQLITE,
        other => return Err(DbErr::Custom(format!("there are no tables for {other:?}"))),
    };
    for statement in statements {
        let statement =
            words.iter().fold((*statement).to_owned(), |text, (word, sql)| text.replace(word, sql));
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}
