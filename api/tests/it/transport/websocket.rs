//! `graphql-transport-ws`, sentence by sentence.

use std::sync::atomic::Ordering;
use std::time::Duration;

use data_inspector_api::transport::{StreamConfig, TransportConfig};
use data_inspector_domain::access::TokenScope;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{PATIENCE, Server};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

#[derive(Debug, PartialEq)]
enum Heard {
    Message(Value),
    Closed(u16, String),
    Gone,
}

async fn try_connect(server: &Server, headers: &[(&'static str, &str)]) -> Result<Client, Error> {
    let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    tokio_tungstenite::connect_async(request).await.map(|(socket, _)| Client(socket))
}

impl Client {
    async fn connect(server: &Server) -> Self {
        try_connect(server, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// A socket that has been introduced.
    async fn introduced(server: &Server) -> Self {
        let mut client = Self::connect(server).await;
        client.say(json!({ "type": "connection_init" })).await;
        assert_eq!(client.hear().await, message(json!({ "type": "connection_ack" })));
        client
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    async fn hear(&mut self) -> Heard {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something comes");
            return match heard {
                Some(Ok(Message::Text(text))) => Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    Heard::Closed(frame.code.into(), frame.reason.to_string())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                _ => Heard::Gone,
            };
        }
    }
}

fn message(message: Value) -> Heard {
    Heard::Message(message)
}

fn closed(code: u16, reason: &str) -> Heard {
    Heard::Closed(code, reason.into())
}

fn next(id: &str, data: Value) -> Heard {
    message(json!({ "id": id, "type": "next", "payload": { "data": data } }))
}

fn complete(id: &str) -> Heard {
    message(json!({ "id": id, "type": "complete" }))
}

fn quick(streams: StreamConfig) -> TransportConfig {
    TransportConfig { streams, ..Default::default() }
}

#[tokio::test]
async fn operations_of_every_kind() {
    let server = Server::start().await;
    let mut client = Client::introduced(&server).await;
    client.subscribe("q", "{ hello }").await;
    assert_eq!(client.hear().await, next("q", json!({ "hello": "Hello world" })));
    assert_eq!(client.hear().await, complete("q"));
    client.subscribe("s", "subscription { ticks(to: 2) { cursor } }").await;
    for cursor in ["1", "2"] {
        let payload =
            json!({ "data": { "ticks": { "cursor": cursor } }, "extensions": { "cursor": cursor } });
        assert_eq!(client.hear().await, message(json!({ "id": "s", "type": "next", "payload": payload })));
    }
    assert_eq!(client.hear().await, complete("s"));
    // An id that is free is free.
    client.subscribe("s", "{ hello }").await;
    assert_eq!(client.hear().await, next("s", json!({ "hello": "Hello world" })));
}

#[tokio::test]
async fn a_document_that_is_wrong_ends_in_error_and_nothing_after() {
    let server = Server::start().await;
    let mut client = Client::introduced(&server).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ unknown }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A($n: String!) { hello(name: $n) }", "BAD_USER_INPUT"),
    ] {
        client.subscribe("1", query).await;
        let Heard::Message(error) = client.hear().await else { panic!("an error") };
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")));
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{error}");
    }
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.hear().await, message(json!({ "type": "pong" })));
}

#[tokio::test]
async fn pings_are_answered_before_and_after_the_introduction() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(client.hear().await, message(json!({ "type": "pong", "payload": { "a": 1 } })));
    client.say(json!({ "type": "pong" })).await;
    client.say(json!({ "type": "connection_init", "payload": null })).await;
    assert_eq!(client.hear().await, message(json!({ "type": "connection_ack" })));
}

/// Says something on a socket that has been introduced, and is shown the door.
async fn check_closed(what: Value, expected: Heard) {
    let server = Server::start().await;
    let mut client = Client::introduced(&server).await;
    client.say(what).await;
    assert_eq!(client.hear().await, expected);
}

#[tokio::test]
async fn what_is_no_message_closes_the_socket() {
    let invalid = || closed(4400, "Invalid message");
    check_closed(json!("text"), invalid()).await;
    check_closed(json!({}), invalid()).await;
    check_closed(json!({ "type": "start" }), invalid()).await;
    check_closed(json!({ "type": "subscribe" }), invalid()).await;
    check_closed(json!({ "type": "subscribe", "id": "1" }), invalid()).await;
    check_closed(json!({ "type": "subscribe", "id": "1", "payload": {} }), invalid()).await;
    check_closed(json!({ "type": "subscribe", "id": "1", "payload": { "query": 1 } }), invalid()).await;
    check_closed(json!({ "type": "subscribe", "id": "", "payload": { "query": "{ hello }" } }), invalid())
        .await;
    check_closed(json!({ "type": "complete" }), invalid()).await;
    check_closed(json!({ "type": "connection_init" }), closed(4429, "Too many initialisation requests"))
        .await;
}

#[tokio::test]
async fn no_json_and_no_text_close_the_socket() {
    let server = Server::start().await;
    for message in [Message::text("{"), Message::binary(b"{}".to_vec())] {
        let mut client = Client::introduced(&server).await;
        client.0.send(message).await.unwrap();
        assert_eq!(client.hear().await, closed(4400, "Invalid message"));
    }
}

#[tokio::test]
async fn nothing_is_done_for_who_has_not_been_let_in() {
    let server = Server::start().await;
    let mut client = Client::connect(&server).await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.hear().await, closed(4401, "Unauthorized"));
    for authorization in [json!("Bearer di_0"), json!(1)] {
        let mut client = Client::connect(&server).await;
        client.say(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
        assert_eq!(client.hear().await, closed(4403, "Forbidden"));
    }
    let config = quick(StreamConfig { init_timeout_ms: 20, ..Default::default() });
    let server = Server::with(config).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.hear().await, closed(4408, "Connection initialisation timeout"));
}

#[tokio::test]
async fn an_id_is_taken_until_its_operation_is_over() {
    let server = Server::start().await;
    let mut client = Client::introduced(&server).await;
    client.subscribe("1", "subscription { quiet }").await;
    assert_eq!(client.hear().await, next("1", json!({ "quiet": 1 })));
    client.say(json!({ "id": "1", "type": "complete" })).await;
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
    // Not echoed: the next thing heard is of the new operation.
    client.subscribe("1", "subscription { quiet }").await;
    assert_eq!(client.hear().await, next("1", json!({ "quiet": 1 })));
    client.say(json!({ "id": "unknown", "type": "complete" })).await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.hear().await, closed(4409, "Subscriber for 1 already exists"));
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn operations_of_a_socket_are_bounded() {
    let server = Server::with(quick(StreamConfig { operations: 2, ..Default::default() })).await;
    let mut client = Client::introduced(&server).await;
    for id in ["1", "2"] {
        client.subscribe(id, "subscription { quiet }").await;
        assert_eq!(client.hear().await, next(id, json!({ "quiet": 1 })));
    }
    client.subscribe("3", "{ hello }").await;
    let Heard::Message(error) = client.hear().await else { panic!("an error") };
    assert_eq!(error["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn connections_and_messages_are_bounded() {
    let server =
        Server::with(quick(StreamConfig { connections: 1, message_bytes: 1_000, ..Default::default() }))
            .await;
    let mut client = Client::introduced(&server).await;
    let second = try_connect(&server, &[("sec-websocket-protocol", "graphql-transport-ws")]).await;
    assert!(matches!(second, Err(Error::Http(response)) if response.status() == 503));
    client.subscribe("1", &format!("{{ hello }} #{}", "x".repeat(1_200))).await;
    assert_eq!(client.hear().await, closed(1009, "Message too big"));
    let server = Server::with(quick(StreamConfig { connections_per_caller: 1, ..Default::default() })).await;
    let first = Client::introduced(&server).await;
    let mut second = Client::connect(&server).await;
    second.say(json!({ "type": "connection_init" })).await;
    assert_eq!(second.hear().await, closed(1013, "Try again later"));
    drop(first);
    let server = Server::with(TransportConfig { body_values: 6, ..Default::default() }).await;
    let mut client = Client::introduced(&server).await;
    client.say(json!({ "type": "ping", "payload": { "a": [1, 2, 3, 4] } })).await;
    assert_eq!(client.hear().await, closed(1009, "Message too big"));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_asked_and_given_up() {
    let server = Server::with(quick(StreamConfig { ping_ms: 50, ..Default::default() })).await;
    let mut client = Client::introduced(&server).await;
    client.subscribe("1", "subscription { quiet }").await;
    // Nobody reads, so nobody answers a ping; the operation ends with its socket.
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 1).await;
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_at_the_write_deadline() {
    let config = quick(StreamConfig { write_timeout_ms: 100, ping_ms: 600_000, ..Default::default() });
    let server = Server::with(config).await;
    let mut stuck = Client::introduced(&server).await;
    let mut other = Client::introduced(&server).await;
    stuck.subscribe("1", "subscription { flood }").await;
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 1).await;
    other.subscribe("1", "{ hello }").await;
    assert_eq!(other.hear().await, next("1", json!({ "hello": "Hello world" })));
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_is_completed_while_it_writes_leaves_whole_messages_and_nothing_after() {
    let server = Server::start().await;
    let mut client = Client::introduced(&server).await;
    for heard_before in 0..32 {
        let id = heard_before.to_string();
        let whole = next(&id, json!({ "flood": "x".repeat(10_000) }));
        client.subscribe(&id, "subscription { flood }").await;
        for _ in 0..heard_before {
            assert_eq!(client.hear().await, whole);
        }
        client.say(json!({ "id": id, "type": "complete" })).await;
        client.say(json!({ "type": "ping", "payload": { "after": id } })).await;
        let pong = message(json!({ "type": "pong", "payload": { "after": id } }));
        let mut heard = client.hear().await;
        while heard == whole {
            heard = client.hear().await;
        }
        assert_eq!(heard, pong);
    }
}

#[tokio::test]
async fn a_client_that_is_gone_leaves_nothing() {
    let server = Server::start().await;
    let mut client = Client::introduced(&server).await;
    client.subscribe("1", "subscription { quiet }").await;
    assert_eq!(client.hear().await, next("1", json!({ "quiet": 1 })));
    drop(client);
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn strangers_and_other_protocols_are_refused() {
    let server = Server::start().await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let stranger = try_connect(&server, &[protocol, ("origin", "https://evil.example.com")]).await;
    assert!(matches!(stranger, Err(Error::Http(response)) if response.status() == 403));
    let own = format!("http://{}", server.address);
    assert!(try_connect(&server, &[protocol, ("origin", &own)]).await.is_ok());
    let mut old = try_connect(&server, &[]).await.unwrap();
    assert_eq!(old.hear().await, closed(4406, "Subprotocol not acceptable"));
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let server = Server::with(quick(StreamConfig { farewell_ms: 50, ..Default::default() })).await;
    let mut idle = Client::introduced(&server).await;
    let mut busy = Client::introduced(&server).await;
    busy.subscribe("1", "subscription { quiet }").await;
    assert_eq!(busy.hear().await, next("1", json!({ "quiet": 1 })));
    server.shutdown.cancel();
    assert_eq!(idle.hear().await, closed(1001, "Going away"));
    assert_eq!(busy.hear().await, closed(1001, "Going away"));
}

#[tokio::test]
async fn a_token_that_expires_ends_the_socket() {
    let server = Server::with(quick(StreamConfig { farewell_ms: 10, ..Default::default() })).await;
    let token = server.token(Duration::from_millis(300)).await;
    let mut client = Client::connect(&server).await;
    client
        .say(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } }))
        .await;
    assert_eq!(client.hear().await, message(json!({ "type": "connection_ack" })));
    assert_eq!(client.hear().await, closed(4403, "Forbidden"));
}

async fn introduced_with(server: &Server, token: &str) -> Client {
    let mut client = Client::connect(server).await;
    let payload = json!({ "authorization": format!("Bearer {token}") });
    client.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(client.hear().await, message(json!({ "type": "connection_ack" })));
    client
}

fn renewal(token: &str) -> Value {
    json!({ "type": "ping", "payload": { "authorization": format!("Bearer {token}") } })
}

#[tokio::test]
async fn a_token_that_is_renewed_in_time_ends_nothing() {
    let server = Server::with(quick(StreamConfig { farewell_ms: 10, ..Default::default() })).await;
    let first = server.token(Duration::from_millis(1_500)).await;
    let mut client = introduced_with(&server, &first).await;
    client.subscribe("1", "subscription { quiet }").await;
    assert_eq!(client.hear().await, next("1", json!({ "quiet": 1 })));
    client.say(renewal(&server.token(Duration::from_secs(600)).await)).await;
    // The token is a secret: it is not said back.
    assert_eq!(client.hear().await, message(json!({ "type": "pong" })));
    // Another, of which nothing is renewed, is closed after the first would have been.
    let mut witness = introduced_with(&server, &server.token(Duration::from_millis(1_500)).await).await;
    assert_eq!(witness.hear().await, closed(4403, "Forbidden"));
    client.subscribe("2", "{ hello }").await;
    assert_eq!(client.hear().await, next("2", json!({ "hello": "Hello world" })));
    assert_eq!(server.witness.open_streams.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_is_renewed_by_one_for_the_same_rights_only() {
    let server = Server::start().await;
    let token = server.token(Duration::from_secs(600)).await;
    let others = [server.token_for(&[TokenScope::Read, TokenScope::Write]).await, "di_0".to_owned()];
    for other in others {
        let mut client = introduced_with(&server, &token).await;
        client.say(renewal(&other)).await;
        assert_eq!(client.hear().await, closed(4403, "Forbidden"));
    }
    let mut client = Client::connect(&server).await;
    client.say(renewal(&token)).await;
    assert_eq!(client.hear().await, closed(4401, "Unauthorized"));
}
