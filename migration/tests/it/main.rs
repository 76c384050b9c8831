//! Up, down and up again gives the same tables, on both databases.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

use data_inspector_migration::{Migrator, MigratorTrait};
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// One line for everything a migration makes, sorted.
const SQLITE_SCHEMA: &str = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master
    WHERE name NOT LIKE 'seaql_%' AND tbl_name NOT LIKE 'seaql_%' AND name <> 'sqlite_sequence' ORDER BY line";
const POSTGRES_SCHEMA: &str = "SELECT line FROM (
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
        || coalesce(column_default, '') || ' ' || coalesce(collation_name, '') || ordinal_position AS line, table_name
        FROM information_schema.columns WHERE table_schema = current_schema()
    UNION ALL SELECT indexdef, tablename FROM pg_indexes WHERE schemaname = current_schema()
    UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid), conrelid::regclass::text FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace
    ) AS everything WHERE table_name NOT LIKE 'seaql_%' ORDER BY line";

async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Sqlite { SQLITE_SCHEMA } else { POSTGRES_SCHEMA };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "line").unwrap()).collect()
}

async fn check_up_down_up(db: &DatabaseConnection) {
    assert_eq!(schema(db).await, Vec::<String>::new(), "before");
    Migrator::up(db, None).await.unwrap();
    let first = schema(db).await;
    assert!(first.iter().any(|line| line.contains("outbox_to_publish")), "{first:#?}");
    Migrator::down(db, None).await.unwrap();
    assert_eq!(schema(db).await, Vec::<String>::new(), "after down");
    Migrator::up(db, None).await.unwrap();
    assert_eq!(schema(db).await, first, "after the second up");
}

#[tokio::test]
async fn up_down_up_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("store.db").display());
    check_up_down_up(&Database::connect(url).await.unwrap()).await;
}

#[cfg(feature = "services")]
#[tokio::test]
async fn up_down_up_on_postgres() {
    let url = std::env::var("DATA_INSPECTOR_TEST_POSTGRES")
        .expect("DATA_INSPECTOR_TEST_POSTGRES must name a PostgreSQL; scripts/services.sh starts one");
    let admin = Database::connect(&url).await.unwrap();
    let name = format!("migration_{}", std::process::id());
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = url.rsplit_once('/').expect("the address ends in the name of a database");
    let db = Database::connect(format!("{server}/{name}")).await.unwrap();
    check_up_down_up(&db).await;
    db.close().await.unwrap();
    admin.execute_unprepared(&format!("DROP DATABASE {name}")).await.unwrap();
}
