//! A server without sockets: what a client sends as a document, and what it gets as JSON.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response, Variables};
use data_inspector_api::auth::Viewer;
use data_inspector_api::grant::{GrantSecret, GrantSigner};
use data_inspector_api::graphql::{self, Deps, Limits, RequestContext, RequestId, Schema};
use data_inspector_api::hub::{Hub, HubConfig};
use data_inspector_domain::inspection::Coverage;
use data_inspector_domain::profile::Profile;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::blob::{BlobKey, BlobStore, BlockIndex, ContentHash, ReadConfig};
use data_inspector_platform::bus::in_process::{InProcessBus, InProcessConfig};
use data_inspector_platform::bus::{EventBus, Message, Topic};
use data_inspector_platform::store::{
    self, BlobRef, Clock, NewWorkspace, ProfileRevision, Step, Store, StoreConfig,
};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Long enough for anything that is going to happen; reached only by a failing test.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) blobs: BlobStore,
    pub(crate) schema: Schema,
    pub(crate) owner: Viewer,
    pub(crate) bus: InProcessBus,
    _dir: tempfile::TempDir,
}

/// Answers of a subscription, as JSON.
pub(crate) struct Answers(Pin<Box<dyn Stream<Item = Value> + Send>>);

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with_limits(Limits { smallest_block_bytes: 4, ..Limits::default() }).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("store.sqlite").display());
        let store = Store::connect(&StoreConfig::new(url), Clock::Database).await.unwrap();
        store.migrate().await.unwrap();
        let blobs = BlobStore::in_memory(ReadConfig::default());
        let bus = InProcessBus::new(InProcessConfig::default(), Arc::new(|| Timestamp::from_micros(0)));
        let shared: Arc<dyn EventBus> = Arc::new(bus.clone());
        let shutdown = CancellationToken::new();
        let (hub, pump) = Hub::open(store.clone(), shared, HubConfig::default(), shutdown).await.unwrap();
        tokio::spawn(pump.run());
        let grants = GrantSigner::new(GrantSecret::new([7; 32]), "http://localhost", Duration::from_secs(60));
        let mutations = TaskTracker::new();
        let deps = Deps { store: store.clone(), blobs: blobs.clone(), hub, grants, limits, mutations };
        let owner = new_owner(&store).await;
        Self { store, blobs, schema: graphql::schema(deps), owner, bus, _dir: dir }
    }

    /// The owner of another workspace.
    pub(crate) async fn stranger(&self) -> Viewer {
        new_owner(&self.store).await
    }

    /// The whole answer to a request of the owner.
    pub(crate) async fn answer(&self, document: &str, variables: Value) -> Value {
        self.answer_to(Some(&self.owner), document, variables).await
    }

    pub(crate) async fn answer_to(&self, viewer: Option<&Viewer>, document: &str, variables: Value) -> Value {
        let context = RequestContext::new(RequestId::new("request-1"), viewer.cloned());
        let request = Request::new(document).variables(Variables::from_json(variables));
        as_json(graphql::execute(&self.schema, request, context).await)
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.answer(document, variables).await;
        assert_eq!(answer.get("errors"), None, "{document}");
        answer["data"].take()
    }

    /// The code of the only error of an answer.
    pub(crate) async fn error_code(&self, document: &str, variables: Value) -> String {
        code_of(&self.answer(document, variables).await)
    }

    pub(crate) fn follow(&self, document: &str, variables: Value) -> Answers {
        self.follow_to(Some(&self.owner), document, variables)
    }

    pub(crate) fn follow_to(&self, viewer: Option<&Viewer>, document: &str, variables: Value) -> Answers {
        let context = RequestContext::new(RequestId::new("request-1"), viewer.cloned());
        let request = Request::new(document).variables(Variables::from_json(variables));
        Answers(Box::pin(graphql::execute_stream(&self.schema, request, context).map(as_json)))
    }

    /// Announces a file of these bytes; its id and that of the upload.
    pub(crate) async fn announce(&self, name: &str, size_bytes: usize) -> (String, String) {
        let document = "mutation($input: CreateUploadInput!) { createUpload(input: $input) {
            file { id } upload { id } userErrors { code message path } } }";
        let input = json!({ "name": name, "sizeBytes": size_bytes, "idempotencyKey": name });
        let data = self.data(document, json!({ "input": input })).await;
        let payload = &data["createUpload"];
        assert_eq!(payload["userErrors"], json!([]));
        (text(&payload["file"]["id"]), text(&payload["upload"]["id"]))
    }

    /// Puts a block as a client would, past the signed URL.
    pub(crate) async fn put_block(&self, upload_id: &str, index: u32, bytes: &[u8]) {
        let found = self.store.upload(self.owner.scope, upload_id.parse().unwrap()).await.unwrap();
        let key: BlobKey = found.unwrap().1.blob_key.parse().unwrap();
        let index = BlockIndex::try_new(index).unwrap();
        self.blobs.put_block(&key, index, bytes.to_vec().into()).await.unwrap();
    }

    pub(crate) async fn complete(&self, upload_id: &str) -> Value {
        let document = "mutation($id: ID!) { completeUpload(input: { uploadId: $id }) {
            file { id state contentId } deduplicated userErrors { code message path retryable } } }";
        self.data(document, json!({ "id": upload_id })).await["completeUpload"].take()
    }

    /// A file that is ready; its id.
    pub(crate) async fn ready_file(&self, name: &str) -> String {
        let (file_id, upload_id) = self.announce(name, 3).await;
        self.put_block(&upload_id, 0, b"a\n1").await;
        assert_eq!(self.complete(&upload_id).await["userErrors"], json!([]));
        file_id
    }

    pub(crate) async fn create(&self, file_id: &str, key: &str) -> Value {
        let document = "mutation($input: CreateInspectionInput!) { createInspection(input: $input) {
            inspection { id state version } deduplicated userErrors { code message path } } }";
        let input = json!({ "fileId": file_id, "idempotencyKey": key });
        self.data(document, json!({ "input": input })).await["createInspection"].take()
    }

    /// A queued inspection of a file that is ready; its id.
    pub(crate) async fn inspection(&self, name: &str) -> String {
        let file_id = self.ready_file(name).await;
        text(&self.create(&file_id, &format!("inspect {name}")).await["inspection"]["id"])
    }

    /// What the coordinator does when there is a newer profile.
    pub(crate) async fn revise(&self, inspection_id: &str, profile: &Profile) {
        let json = profile.to_json();
        let hash = ContentHash::of(json.as_bytes());
        let key: BlobKey = format!("profiles/{hash}").parse().unwrap();
        self.blobs.put(&key, json.into()).await.unwrap();
        let blob = BlobRef { key: key.as_str().to_owned(), hash: *hash.as_bytes() };
        let revision = ProfileRevision { blob, changed_columns: Vec::new(), coverage: Coverage::Partial };
        let step = Step { profile: Some(revision), ..Step::default() };
        self.store.advance(inspection_id.parse().unwrap(), step).await.unwrap();
    }

    /// What the relay does.
    pub(crate) async fn publish(&self) {
        loop {
            let claimed = self.store.claim_outbox(100, Duration::from_secs(60)).await.unwrap();
            if claimed.is_empty() {
                return;
            }
            self.store.mark_published(&claimed.iter().map(|row| row.id).collect::<Vec<_>>()).await.unwrap();
            for row in claimed.into_iter().filter(|row| row.topic == store::Topic::Updates) {
                let message = Message::new(Topic::Updates, 1, row.bytes).with_header("kind", "event");
                self.bus.publish(message.with_key(row.key.unwrap())).await.unwrap();
            }
        }
    }
}

impl Answers {
    /// The next answer; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing comes")
    }

    /// The value of the only field of the next answer.
    pub(crate) async fn item(&mut self) -> Value {
        let mut answer = self.next().await.expect("the stream has ended");
        assert_eq!(answer.get("errors"), None);
        let (_, item) = answer["data"].as_object_mut().unwrap().iter_mut().next().unwrap();
        item.take()
    }
}

async fn new_owner(store: &Store) -> Viewer {
    let workspace = NewWorkspace { name: "Test".into(), owner_name: "Owner".into() };
    Viewer::at_the_machine(store.create_workspace(workspace).await.unwrap())
}

fn as_json(response: Response) -> Value {
    serde_json::to_value(response).unwrap()
}

pub(crate) fn code_of(answer: &Value) -> String {
    let errors = answer["errors"].as_array().expect("an error");
    assert_eq!(errors.len(), 1, "{answer}");
    assert_eq!(errors[0]["extensions"]["requestId"], "request-1");
    text(&errors[0]["extensions"]["code"])
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}
