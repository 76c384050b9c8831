//! What only one of the databases has: several processes on one SQLite file, a PostgreSQL server that dies.

use data_inspector_platform::store::{Clock, Store, StoreConfig};
use tokio::task::JoinSet;

use super::fixture::{Fixture, new_upload};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_migrate_and_write_one_sqlite_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("store.db").display());
    let mut running = JoinSet::new();
    for _ in 0..4 {
        let config = StoreConfig::new(url.clone());
        running.spawn(async move {
            let store = Store::connect(&config, Clock::Database).await.unwrap();
            store.migrate().await.unwrap();
            store
        });
    }
    let stores = running.join_all().await;
    let workspace = data_inspector_platform::store::NewWorkspace {
        name: "Acme".to_owned(),
        owner_name: "Ada".to_owned(),
    };
    let scope = stores[0].create_workspace(workspace).await.unwrap();
    let mut running = JoinSet::new();
    for store in stores.clone() {
        running.spawn(async move {
            for _ in 0..10 {
                store.create_upload(scope, new_upload("a.csv")).await.unwrap();
            }
        });
    }
    running.join_all().await;
    let all = data_inspector_platform::store::FileFilter::default();
    assert_eq!(stores[3].count_files(scope, &all, 100).await.unwrap(), 40);
}

#[tokio::test]
async fn a_store_that_is_closed_or_out_of_reach_says_so() {
    let fixture = Fixture::on_sqlite().await;
    let store = Store::connect(&fixture.config, fixture.clock()).await.unwrap();
    store.ping().await.unwrap();
    store.clone().close().await.unwrap();
    assert!(store.ping().await.is_err());
    assert!(store.create_upload(fixture.scope, new_upload("a")).await.unwrap_err().is_transient());
    let nowhere = StoreConfig::new("sqlite:///nowhere/at/all.db");
    assert!(Store::connect(&nowhere, Clock::Database).await.is_err());
    fixture.end().await;
}

#[cfg(feature = "services")]
mod on_postgres {
    use std::time::{Duration, Instant};

    use data_inspector_platform::store::{Clock, FileFilter, NewWorkspace, Store, StoreConfig};
    use sea_orm::{ConnectionTrait, Database, TransactionTrait};

    use super::super::fixture::{Fixture, new_upload};
    use crate::services::Service;

    #[tokio::test]
    async fn the_clock_is_that_of_the_database() {
        let fixture = Fixture::on_postgres().await;
        let store = Store::connect(&fixture.config, Clock::Database).await.unwrap();
        let first = store.create_upload(fixture.scope, new_upload("a")).await.unwrap().value.1;
        let second = store.create_upload(fixture.scope, new_upload("b")).await.unwrap().value.1;
        assert!(first.created_at < second.created_at);
        store.close().await.unwrap();
        fixture.end().await;
    }

    #[tokio::test]
    async fn connections_that_the_server_ends_are_replaced() {
        let fixture = Fixture::on_postgres().await;
        fixture.upload("a.csv").await;
        let admin = Database::connect(&fixture.config.url).await.unwrap();
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        admin.execute_unprepared(others).await.unwrap();
        admin.close().await.unwrap();
        fixture.upload("b.csv").await;
        assert_eq!(fixture.store.count_files(fixture.scope, &FileFilter::default(), 10).await.unwrap(), 2);
        fixture.end().await;
    }

    #[tokio::test]
    async fn a_server_that_was_killed_is_used_again() {
        let server = Service::start("postgres");
        let patience = Duration::from_secs(3);
        let config = StoreConfig { acquire_timeout: patience, ..StoreConfig::new(server.address()) };
        let store = Store::connect(&config, Clock::Database).await.unwrap();
        store.migrate().await.unwrap();
        let workspace = NewWorkspace { name: "Acme".to_owned(), owner_name: "Ada".to_owned() };
        let scope = store.create_workspace(workspace).await.unwrap();
        server.kill();
        for _ in 0..2 {
            let began = Instant::now();
            let error = store.create_upload(scope, new_upload("lost.csv")).await.unwrap_err();
            assert!(error.is_transient(), "{error:?}");
            assert!(began.elapsed() < 2 * patience, "{:?}", began.elapsed());
        }
        server.restart();
        store.create_upload(scope, new_upload("kept.csv")).await.unwrap();
        assert_eq!(store.count_files(scope, &FileFilter::default(), 10).await.unwrap(), 1);
        store.close().await.unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_for_a_lock() {
        let fixture = Fixture::on_postgres().await;
        let id = fixture.queued().await.id;
        let impatient =
            StoreConfig { statement_timeout: Duration::from_millis(200), ..fixture.config.clone() };
        let store = Store::connect(&impatient, fixture.clock()).await.unwrap();
        let holder = Database::connect(&fixture.config.url).await.unwrap();
        let held = holder.begin().await.unwrap();
        held.execute_unprepared("SELECT * FROM inspections FOR UPDATE").await.unwrap();
        let change = super::super::fixture::change();
        let error = store.cancel_inspection(fixture.scope, id, change.clone()).await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        held.rollback().await.unwrap();
        store.cancel_inspection(fixture.scope, id, change).await.unwrap();
        store.close().await.unwrap();
        holder.close().await.unwrap();
        fixture.end().await;
    }
}
