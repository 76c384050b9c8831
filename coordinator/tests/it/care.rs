//! What nobody needs any more is cleared away; what somebody may need is not.

use std::time::Duration;

use bytes::Bytes;
use data_inspector_coordinator::{CareConfig, take_care};
use data_inspector_domain::file::FileState;
use data_inspector_platform::blob::{BlobErrorKind, BlobKey, BlockIndex};
use data_inspector_platform::store::{IdempotentRequest, NewUpload, RequestHash};
use tokio_util::sync::CancellationToken;

use crate::files::rows;
use crate::system::{PATIENCE, SMALL, System, World, coordinator_config, spec};

/// Nothing is kept for longer than it is needed.
fn at_once() -> CareConfig {
    CareConfig {
        interval_ms: 5,
        garbage_kept_ms: 0,
        requests_kept_ms: 0,
        audit_kept_ms: 0,
        ..CareConfig::default()
    }
}

fn upload(name: &str, lifetime: Duration) -> NewUpload {
    NewUpload {
        file_name: name.to_owned(),
        size_bytes: 8,
        block_size_bytes: 4,
        lifetime,
        idempotency: Some(IdempotentRequest { key: name.to_owned(), hash: RequestHash([1; 32]) }),
    }
}

/// Takes care until something holds.
async fn until(world: &World, what: &str, holds: impl AsyncFn() -> bool) {
    let shutdown = CancellationToken::new();
    let caring = take_care(world.store.clone(), world.blobs.clone(), at_once(), shutdown);
    let waiting = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = caring => panic!("nobody asked it to end"),
        waited = tokio::time::timeout(PATIENCE, waiting) => waited.unwrap_or_else(|_| panic!("waited in vain until {what}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_that_lapsed_are_abandoned_with_their_blocks() {
    let world = World::new().await;
    let (store, scope) = (&world.store, world.scope);
    let block = BlockIndex::first(1).unwrap()[0];
    let mut files = Vec::new();
    for (name, lifetime) in [("lapsed", Duration::ZERO), ("open", Duration::from_secs(3600))] {
        let (_, file) = store.create_upload(scope, upload(name, lifetime)).await.unwrap().value;
        let key: BlobKey = file.blob_key.parse().unwrap();
        world.blobs.put_block(&key, block, Bytes::from_static(b"0123")).await.unwrap();
        files.push((file.id, key));
    }
    let [(lapsed, lapsed_key), (open, open_key)] = files.try_into().unwrap();
    until(&world, "it is abandoned", async || {
        let is_failed = store.file(scope, lapsed).await.unwrap().unwrap().state == FileState::Failed;
        is_failed && world.blobs.uncommitted_blocks(&lapsed_key).await.unwrap().is_empty()
    })
    .await;
    assert_eq!(store.file(scope, open).await.unwrap().unwrap().state, FileState::Transferring);
    assert_eq!(world.blobs.uncommitted_blocks(&open_key).await.unwrap().len(), 1);
    // The key is forgotten: the same request is a new one.
    until(&world, "the key is forgotten", async || {
        let again = store.create_upload(scope, upload("open", Duration::from_secs(3600))).await.unwrap();
        !again.deduplicated
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_what_is_forgotten_when_it_is_old_and_not_before() {
    let world = World::new().await;
    let (store, scope) = (&world.store, world.scope);
    for number in 0..150 {
        store.create_upload(scope, upload(&number.to_string(), Duration::from_secs(3600))).await.unwrap();
    }
    let log = store.audit_log(scope, None, 1_000).await.unwrap();
    assert!(log.len() >= 150);
    let middle = log[70].at;
    let younger = log.iter().filter(|entry| entry.at >= middle).count();
    while store.prune_audit(middle, 40).await.unwrap() > 0 {}
    assert_eq!(store.audit_log(scope, None, 1_000).await.unwrap(), log[..younger]);
    until(&world, "all is forgotten", async || store.audit_log(scope, None, 1).await.unwrap().is_empty())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partials_and_old_profiles_go_and_the_result_stays() {
    let world = World::new().await;
    let file = world.file(&rows(300)).await;
    let id = world.inspect(file, &spec(512)).await;
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    system.until_ended(&world, id).await;
    system.stop().await;
    let partials = world.store.partials_from(id, 0, 0, 1000).await.unwrap();
    assert!(partials.len() > 10);
    let garbage = world.store.garbage(Duration::ZERO, 1000).await.unwrap();
    assert!(garbage.len() > partials.len(), "replaced profiles and merged partials are garbage too");
    until(&world, "it is cleared away", async || {
        world.store.garbage(Duration::ZERO, 1).await.unwrap().is_empty()
    })
    .await;
    for key in garbage {
        let error = world.blobs.get(&key.parse().unwrap(), 1 << 20).await.unwrap_err();
        assert_eq!(error.kind, BlobErrorKind::NotFound, "{key}");
    }
    world.profile(id).await;
    let spec = world.inspection(id).await.resolved_spec.unwrap();
    world.blobs.get(&spec.key.parse().unwrap(), 1 << 20).await.unwrap();
}
