//! Server-sent events, one operation a connection.

use std::sync::atomic::Ordering;

use data_inspector_api::transport::{StreamConfig, TransportConfig};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{PATIENCE, Server, client};

fn post(server: &Server, body: &Value) -> RequestBuilder {
    client()
        .post(server.url("/graphql/stream"))
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .body(body.to_string())
}

async fn check(request: RequestBuilder, expected: &str) {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(response.text().await.unwrap(), expected);
}

fn tick(number: i32) -> String {
    let data = json!({ "data": { "ticks": { "cursor": number.to_string() } }, "extensions": { "cursor": number.to_string() } });
    format!("id: {number}\nevent: next\ndata: {data}\n\n")
}

const COMPLETE: &str = "event: complete\ndata:\n\n";
const TICKS: &str = "subscription S($after: String) { ticks(to: 3, after: $after) { cursor } }";

#[tokio::test]
async fn events_have_their_cursor_as_id_and_resume_by_it() {
    let server = Server::start().await;
    let all = format!("{}{}{}{COMPLETE}", tick(1), tick(2), tick(3));
    check(post(&server, &json!({ "query": TICKS })), &all).await;
    let rest = format!("{}{COMPLETE}", tick(3));
    check(post(&server, &json!({ "query": TICKS })).header("last-event-id", "2"), &rest).await;
    let get = client().get(server.url_with("/graphql/stream", &[("query", TICKS)]));
    check(get.header("last-event-id", "2"), &rest).await;
}

#[tokio::test]
async fn queries_are_streams_of_one() {
    let server = Server::start().await;
    let expected = format!("event: next\ndata: {{\"data\":{{\"hello\":\"Hello world\"}}}}\n\n{COMPLETE}");
    check(post(&server, &json!({ "query": "{ hello }" })), &expected).await;
}

#[tokio::test]
async fn what_a_browser_could_not_show_is_said_in_events() {
    let server = Server::start().await;
    for query in ["{", "{ unknown }", "subscription { ticks }"] {
        let response = post(&server, &json!({ "query": query })).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let text = response.text().await.unwrap();
        assert!(text.starts_with("event: next\ndata: {\"errors\":") && text.ends_with(COMPLETE), "{text}");
    }
    let mutation = client().get(server.url_with("/graphql/stream", &[("query", "mutation { slow }")]));
    assert!(mutation.send().await.unwrap().text().await.unwrap().contains("BAD_USER_INPUT"));
}

#[tokio::test]
async fn what_is_no_request_has_a_status() {
    let server = Server::start().await;
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    let query = json!({ "query": "{ hello }" });
    assert_eq!(status(post(&server, &json!({}))).await, 400);
    let form = client().post(server.url("/graphql/stream")).header("content-type", "text/plain");
    assert_eq!(status(form.body(query.to_string())).await, 415);
    assert_eq!(status(post(&server, &query).header("sec-fetch-site", "cross-site")).await, 403);
    assert_eq!(status(post(&server, &query).header("authorization", "Bearer di_0")).await, 401);
}

#[tokio::test]
async fn who_leaves_leaves_nothing_and_a_server_that_stops_ends() {
    let streams = StreamConfig { farewell_ms: 50, ..Default::default() };
    let server = Server::with(TransportConfig { streams, ..Default::default() }).await;
    let quiet = || post(&server, &json!({ "query": "subscription { quiet }" })).send();
    let mut left = quiet().await.unwrap();
    assert!(left.chunk().await.unwrap().is_some());
    drop(left);
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
    let stays = quiet().await.unwrap();
    server.shutdown.cancel();
    let text = stays.text().await.unwrap();
    assert!(!text.contains("complete"), "the client has to come back: {text}");
}

#[tokio::test]
async fn who_does_not_read_is_given_up_at_the_write_deadline() {
    let streams = StreamConfig { write_timeout_ms: 100, ..Default::default() };
    let server = Server::with(TransportConfig { streams, ..Default::default() }).await;
    // Its first chunk has come, and nobody asks for the next.
    let mut stuck = post(&server, &json!({ "query": "subscription { flood }" })).send().await.unwrap();
    assert!(stuck.chunk().await.unwrap().is_some());
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
    let other = post(&server, &json!({ "query": TICKS })).send().await.unwrap();
    assert!(other.text().await.unwrap().ends_with(COMPLETE));
    // What was on its way is there, and then the connection is gone: not a stream that ends, but one that was cut.
    let rest = async {
        while stuck.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(timeout(PATIENCE, rest).await.expect("the connection is closed").is_err());
}

#[tokio::test]
async fn streams_of_one_caller_are_bounded() {
    let streams = StreamConfig { connections_per_caller: 1, ..Default::default() };
    let server = Server::with(TransportConfig { streams, ..Default::default() }).await;
    let quiet = || post(&server, &json!({ "query": "subscription { quiet }" })).send();
    let mut first = quiet().await.unwrap();
    assert!(first.chunk().await.unwrap().is_some());
    assert_eq!(quiet().await.unwrap().status(), 503);
    drop(first);
    server.until(|witness| witness.open_streams.load(Ordering::SeqCst) == 0).await;
}
