//! Equal subscriptions over sockets and server-sent events: executed once, for those who may see the same.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_inspector_api::auth::{Anonymous, ApiToken};
use data_inspector_api::server::{self, ApiConfig, Deps};
use data_inspector_domain::access::TokenScope;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{Change, NewToken};
use data_inspector_platform::telemetry::Metrics;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use super::bench::Bench;
use crate::transport::{PATIENCE, client};

const READ: &[TokenScope] = &[TokenScope::Read];
const READ_AND_SEE: &[TokenScope] = &[TokenScope::Read, TokenScope::SeeValues];

const EVENTS: &str = "subscription S($id: ID!, $after: Cursor, $short: Boolean = false) {
    inspectionEvents(id: $id, after: $after) { __typename
      ... on InspectionEvent { cursor seq @skip(if: $short) } ... on Snapshot { cursor } } }";

/// The API on a port, and how it is driven.
struct Api {
    bench: Bench,
    url: String,
    inspection: String,
    shutdown: CancellationToken,
}

impl Api {
    async fn start() -> Self {
        let bench = Bench::new().await;
        let inspection = bench.inspection("a").await;
        bench.publish().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let deps = Deps {
            store: bench.store.clone(),
            bus: Arc::new(bench.bus.clone()),
            blobs: bench.blobs.clone(),
            metrics: Metrics::new("test"),
            anonymous: Anonymous::Nobody,
        };
        let shutdown = CancellationToken::new();
        tokio::spawn(server::run(deps, ApiConfig::default(), listener, shutdown.clone(), || ()));
        Self { bench, url, inspection, shutdown }
    }

    async fn token(&self, scopes: &[TokenScope]) -> String {
        let token = ApiToken::generate().unwrap();
        let expires_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(600);
        let expires_at = Timestamp::from_micros(i64::try_from(expires_at.as_micros()).unwrap());
        let new = NewToken { name: "test".into(), hash: token.hash(), scopes: scopes.to_vec(), expires_at };
        self.bench.store.create_token(self.bench.owner.scope, new).await.unwrap();
        token.reveal().to_owned()
    }

    fn variables(&self, more: Value) -> Value {
        let mut variables = json!({ "id": self.inspection });
        variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        variables
    }

    /// Follows over a WebSocket, and has seen where things stand or the first event.
    async fn socket(&self, token: &str, id: &str, variables: Value) -> Socket {
        let url = format!("ws{}/graphql/ws", self.url.trim_start_matches("http"));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let mut socket = Socket(connect_async(request).await.unwrap().0);
        socket.say(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await, r#"{"type":"connection_ack"}"#);
        let payload = json!({ "query": EVENTS, "variables": self.variables(variables) });
        socket.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
        socket.hear().await;
        socket
    }

    /// Makes two events, and publishes them.
    async fn two_events(&self) {
        let change = || Change { expected_version: None, reason: "a test".into() };
        let (store, scope) = (&self.bench.store, self.bench.owner.scope);
        let id = self.inspection.parse().unwrap();
        store.pause_inspection(scope, id, change()).await.unwrap();
        store.resume_inspection(scope, id, change()).await.unwrap();
        self.bench.publish().await;
    }

    async fn executions(&self) -> u64 {
        let text = client().get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap();
        let found = text.lines().find_map(|line| line.strip_prefix("data_inspector_frames_executed_total "));
        found.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
    }

    /// How often something was executed while everybody is sent two events.
    async fn executions_of_two_events(&self, sockets: &mut [Socket]) -> u64 {
        let before = self.executions().await;
        self.two_events().await;
        for socket in sockets {
            socket.hear().await;
            socket.hear().await;
        }
        self.executions().await - before
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> String {
        match timeout(PATIENCE, self.0.next()).await.expect("something comes").unwrap().unwrap() {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn equal_subscribers_cost_one_execution_and_get_equal_bytes() {
    let api = Api::start().await;
    let token = api.token(READ).await;
    let ids: Vec<String> = (0..20).map(|number| format!("operation \"{number}\"")).collect();
    let mut sockets = Vec::new();
    for id in &ids {
        sockets.push(api.socket(&token, id, json!({})).await);
    }
    let body = json!({ "query": EVENTS, "variables": api.variables(json!({})) });
    let request = client().post(format!("{}/graphql/stream", api.url)).json(&body).bearer_auth(&token);
    let mut events = request.send().await.unwrap();
    events.chunk().await.unwrap().expect("where things stand");

    let before = api.executions().await;
    api.two_events().await;
    for _ in 0..2 {
        let chunk = timeout(PATIENCE, events.chunk()).await.expect("an event comes").unwrap().unwrap();
        let chunk = String::from_utf8(chunk.to_vec()).unwrap();
        let (_, payload) = chunk.split_once("event: next\ndata: ").expect("one event a chunk");
        for (id, socket) in ids.iter().zip(&mut sockets) {
            let expected =
                format!(r#"{{"id":{},"type":"next","payload":{}}}"#, json!(id), payload.trim_end());
            assert_eq!(socket.hear().await, expected);
        }
    }
    assert_eq!(api.executions().await - before, 2);
}

#[tokio::test]
async fn who_joins_elsewhere_shares_what_comes_for_all() {
    let api = Api::start().await;
    let token = api.token(READ).await;
    api.two_events().await;
    let mut sockets = vec![api.socket(&token, "1", json!({})).await];
    let first = api.socket(&token, "2", json!({ "after": "0" })).await;
    let mut replaying = vec![first, api.socket(&token, "3", json!({ "after": null })).await];
    // The first event was heard; the two after it are old, too.
    replaying[0].hear().await;
    replaying[0].hear().await;
    sockets.append(&mut replaying);
    assert_eq!(api.executions_of_two_events(&mut sockets).await, 2);
}

#[tokio::test]
async fn who_is_shown_something_else_shares_nothing() {
    let api = Api::start().await;
    let (reads, also_reads, sees) =
        (api.token(READ).await, api.token(READ).await, api.token(READ_AND_SEE).await);
    let short = json!({ "short": true });
    let mut sockets = Vec::new();
    for (token, variables) in [
        (&reads, json!({})),
        (&also_reads, json!({})),
        (&sees, json!({})),
        (&sees, json!({})),
        (&sees, short),
    ] {
        sockets.push(api.socket(token, "1", variables).await);
    }
    // Those who read, those who also see values, and the one who wants less.
    assert_eq!(api.executions_of_two_events(&mut sockets).await, 2 * 3);
    // A group that has lost all but one goes on, and so does what was left when another came back.
    sockets.truncate(1);
    sockets.push(api.socket(&sees, "1", json!({})).await);
    assert_eq!(api.executions_of_two_events(&mut sockets).await, 2 * 2);
}
