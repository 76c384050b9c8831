//! The playground in Chromium, over the real schema: a query, and a subscription over the WebSocket. Needs Node.js
//! 20, `npm ci` in `api/tests/node`, and Chromium (`CHROMIUM`, usually `/usr/bin/chromium`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use data_inspector_api::auth::{Anonymous, Authenticator};
use data_inspector_api::grant::{GrantSecret, GrantSigner};
use data_inspector_api::graphql::{Deps, Limits, schema};
use data_inspector_api::hub::{Hub, HubConfig};
use data_inspector_api::transport::{Engine, TransportConfig, TransportState, router};
use data_inspector_domain::id::InspectionId;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::blob::{BlobStore, ReadConfig};
use data_inspector_platform::bus::in_process::{InProcessBus, InProcessConfig};
use data_inspector_platform::store::{
    Change, Clock, CompletedUpload, NewInspection, NewUpload, NewWorkspace, Scope, Store, StoreConfig,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[tokio::test(flavor = "multi_thread")]
async fn the_playground_works_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("store.sqlite").display());
    let store = Store::connect(&StoreConfig::new(url), Clock::Database).await.unwrap();
    store.migrate().await.unwrap();
    let owner = NewWorkspace { name: "Test".into(), owner_name: "Owner".into() };
    let scope = store.create_workspace(owner).await.unwrap();
    let inspection = ended_inspection(&store, scope).await;
    let address = serve(store).await;

    let screenshot = dir.path().join("playground.png");
    let screenshot = std::env::var_os("PLAYGROUND_SCREENSHOT").map_or(screenshot, Into::into);
    let mut node = std::process::Command::new("node");
    node.arg("browser.mjs").arg(format!("http://{address}")).arg(inspection.to_string()).arg(screenshot);
    node.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node"));
    let output =
        tokio::task::spawn_blocking(move || node.output()).await.unwrap().expect("node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn ended_inspection(store: &Store, scope: Scope) -> InspectionId {
    let upload = NewUpload {
        file_name: "customers.csv".into(),
        size_bytes: 1,
        block_size_bytes: 1,
        lifetime: Duration::from_secs(60),
        idempotency: None,
    };
    let (upload, file) = store.create_upload(scope, upload).await.unwrap().value;
    let completed = CompletedUpload { size_bytes: 1, etag: "1".into(), content_id: None };
    store.complete_upload(scope, upload.id, completed).await.unwrap();
    let wanted = NewInspection { file_id: file.id, spec: Default::default(), priority: 0, idempotency: None };
    let id = store.create_inspection(scope, wanted).await.unwrap().value.id;
    let change = Change { expected_version: None, reason: "a test".into() };
    store.cancel_inspection(scope, id, change).await.unwrap();
    id
}

async fn serve(store: Store) -> std::net::SocketAddr {
    let bus = InProcessBus::new(InProcessConfig::default(), Arc::new(|| Timestamp::from_micros(0)));
    let shutdown = CancellationToken::new();
    let (hub, pump) =
        Hub::open(store.clone(), Arc::new(bus), HubConfig::default(), shutdown.clone()).await.unwrap();
    tokio::spawn(pump.run());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let secret = GrantSecret::generate().unwrap();
    let deps = Deps {
        store: store.clone(),
        blobs: BlobStore::in_memory(ReadConfig::default()),
        hub,
        grants: GrantSigner::new(secret, &format!("http://{address}"), Duration::from_secs(3600)),
        limits: Limits::default(),
        mutations: TaskTracker::new(),
    };
    let state = TransportState {
        engine: Engine::new(schema(deps)),
        authenticator: Authenticator::new(store, Anonymous::FirstOwner),
        config: TransportConfig { loopback_only: true, ..Default::default() },
        shutdown,
    };
    let app = router(state).unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
