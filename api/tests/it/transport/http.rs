//! GraphQL over HTTP, where the audits of `graphql-http` do not look.

use std::sync::atomic::Ordering;
use std::time::Duration;

use data_inspector_api::transport::{Profile, RateConfig, TransportConfig};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Server, client};

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

fn post(server: &Server, body: &Value) -> RequestBuilder {
    client()
        .post(server.url("/graphql"))
        .header("content-type", "application/json")
        .header("accept", GRAPHQL_RESPONSE)
        .body(body.to_string())
}

async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn check(request: RequestBuilder, status: u16, code: &str) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body = json_of(response).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
    assert_eq!(body["errors"][0]["extensions"]["requestId"], id.as_str());
    assert!(body.get("data").is_none(), "{body}");
    body
}

#[tokio::test]
async fn an_answer_and_a_named_request() {
    let server = Server::start().await;
    let request =
        post(&server, &json!({ "query": "{ hello }", "unknown": 1 })).header("x-request-id", "mine-1");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    assert_eq!(response.headers()["content-type"], "application/graphql-response+json; charset=utf-8");
    let limit = r#""points";q=100000"#;
    assert_eq!(response.headers()["ratelimit-policy"], limit);
    assert_eq!(response.headers()["ratelimit"], r#""points";r=99999;t=1"#);
    let rate_limit = json!({ "cost": 1, "remaining": 99_999, "limit": 100_000, "fullAfterSeconds": 1 });
    let expected = json!({ "data": { "hello": "Hello world" }, "extensions": { "rateLimit": rate_limit } });
    assert_eq!(json_of(response).await, expected);
}

#[tokio::test]
async fn who_asks_for_too_much_waits() {
    let rate = RateConfig { burst: 100, points_per_second: 1 };
    let server = Server::with(TransportConfig { rate, ..Default::default() }).await;
    let list = json!({ "query": "{ items(first: 50) { name } }" });
    let answer = json_of(post(&server, &list).send().await.unwrap()).await;
    let cost = answer["extensions"]["rateLimit"]["cost"].as_u64().unwrap();
    assert!((50..=60).contains(&cost), "{cost}");
    let refused = post(&server, &list).send().await.unwrap();
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(refused.status(), 429);
    // Time has passed; not much of it.
    assert!((1..=cost - (100 - cost)).contains(&wait), "{wait}");
    assert_eq!(json_of(refused).await["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    // What is refused costs nothing, and others are not concerned.
    assert_eq!(post(&server, &json!({ "query": "{ hello }" })).send().await.unwrap().status(), 200);
    let follow = json!({ "query": "subscription { ticks(to: 1) { number } }" });
    let stream = client().post(server.url("/graphql/stream")).header("content-type", "application/json");
    assert!(stream.body(follow.to_string()).send().await.unwrap().text().await.unwrap().contains("ticks"));
}

#[tokio::test]
async fn what_is_wrong_has_a_code_and_no_data() {
    let server = Server::start().await;
    let query = |text: &str| post(&server, &json!({ "query": text }));
    check(query("{"), 400, "GRAPHQL_PARSE_FAILED").await;
    check(query("{ unknown }"), 400, "GRAPHQL_VALIDATION_FAILED").await;
    check(query("{ hello } { hello }"), 400, "GRAPHQL_VALIDATION_FAILED").await;
    check(query("query A { hello } query B { hello }"), 400, "GRAPHQL_VALIDATION_FAILED").await;
    check(query("subscription { quiet }"), 400, "BAD_USER_INPUT").await;
    check(query("subscription { quiet a: quiet }"), 400, "GRAPHQL_VALIDATION_FAILED").await;
    check(post(&server, &json!([])), 400, "BAD_USER_INPUT").await;
    let variables = json!({ "query": "query A($n: String) { hello(name: $n) }", "variables": { "n": 1 } });
    check(post(&server, &variables), 400, "BAD_USER_INPUT").await;
}

#[tokio::test]
async fn the_draft_of_2026_tells_more() {
    let server = Server::with(TransportConfig { profile: Profile::Draft2026, ..Default::default() }).await;
    let query = |text: &str| post(&server, &json!({ "query": text }));
    check(query("{"), 400, "GRAPHQL_PARSE_FAILED").await;
    check(query("{ unknown }"), 422, "GRAPHQL_VALIDATION_FAILED").await;
    let legacy = client()
        .post(server.url("/graphql"))
        .header("content-type", "application/json")
        .body(json!({ "query": "{ unknown }" }).to_string());
    check(legacy, 422, "GRAPHQL_VALIDATION_FAILED").await;
    let partly = query("{ maybe { bad } hello }").send().await.unwrap();
    assert_eq!(partly.status(), 294);
}

#[tokio::test]
async fn what_a_resolver_says_is_not_repeated() {
    let server = Server::start().await;
    let response = post(&server, &json!({ "query": "{ maybe { bad } hello }" })).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let body = json_of(response).await;
    assert_eq!(body["data"], json!({ "maybe": null, "hello": "Hello world" }));
    assert_eq!(body["errors"][0]["path"], json!(["maybe", "bad"]));
}

#[tokio::test]
async fn a_mutation_over_get_is_refused_by_name() {
    let server = Server::start().await;
    let get = |query: &[(&str, &str)]| {
        client().get(server.url_with("/graphql", query)).header("accept", GRAPHQL_RESPONSE)
    };
    let refused = get(&[("query", "mutation { slow }")]).send().await.unwrap();
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.headers()["allow"], "POST");
    let both = "query A { hello } mutation B { slow }";
    let answered = get(&[("query", both), ("operationName", "A")]).send().await.unwrap();
    assert_eq!(json_of(answered).await["data"]["hello"], "Hello world");
    let other = client().request(Method::PUT, server.url("/graphql")).send().await.unwrap();
    assert_eq!(other.status(), 405);
    assert!(other.headers()["allow"].to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn pages_of_strangers_and_their_forms_are_refused() {
    let allowed_origins = vec!["https://app.example.com".to_owned()];
    let server =
        Server::with(TransportConfig { allowed_origins, loopback_only: true, ..Default::default() }).await;
    let query = || post(&server, &json!({ "query": "{ hello }" }));
    for site in ["cross-site", "same-site"] {
        check(query().header("sec-fetch-site", site), 403, "FORBIDDEN").await;
        let friend = query().header("sec-fetch-site", site).header("origin", "https://app.example.com");
        assert_eq!(friend.send().await.unwrap().status(), 200);
    }
    assert_eq!(query().header("sec-fetch-site", "same-origin").send().await.unwrap().status(), 200);
    check(query().header("host", "rebound.example.com"), 403, "FORBIDDEN").await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
    {
        let form = client().post(server.url("/graphql")).header("content-type", content_type);
        check(form.body("{}"), 415, "BAD_USER_INPUT").await;
    }
}

#[tokio::test]
async fn bounds_are_reached() {
    let config = TransportConfig { body_bytes: 1_000, timeout_ms: 50, ..Default::default() };
    let server = Server::with(config).await;
    let long = json!({ "query": "{ hello }", "variables": { "x": "y".repeat(1_000) } });
    check(post(&server, &long), 413, "LIMIT_EXCEEDED").await;
    check(post(&server, &json!({ "query": "{ never }" })), 504, "TIMEOUT").await;
    let server = Server::with(TransportConfig { body_values: 5, ..Default::default() }).await;
    let with = |values: &[i32]| json!({ "query": "{ hello }", "variables": { "x": values } });
    assert_eq!(post(&server, &with(&[1])).send().await.unwrap().status(), 200);
    check(post(&server, &with(&[1, 2])), 400, "LIMIT_EXCEEDED").await;
    let variables = [("query", "{ hello }"), ("variables", "[1,2,3,4,5]")];
    let get = client().get(server.url_with("/graphql", &variables)).header("accept", GRAPHQL_RESPONSE);
    check(get, 400, "LIMIT_EXCEEDED").await;
}

#[tokio::test]
async fn a_mutation_goes_on_when_its_client_hangs_up() {
    let server = Server::start().await;
    let request = tokio::spawn(post(&server, &json!({ "query": "mutation { slow }" })).send());
    server.witness.begun.notified().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    // Requests that come later are served: the connection is known to be gone.
    post(&server, &json!({ "query": "{ hello }" })).send().await.unwrap();
    server.witness.go_on.notify_one();
    server.until(|witness| witness.ended.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_token_that_does_not_work_is_not_nobody() {
    let server = Server::start().await;
    let query = |token: &str| {
        post(&server, &json!({ "query": "{ hello }" })).header("authorization", token.to_owned())
    };
    check(query("Bearer di_0"), 401, "UNAUTHENTICATED").await;
    check(query("Basic x"), 401, "UNAUTHENTICATED").await;
    let token = server.token(Duration::from_secs(60)).await;
    assert_eq!(query(&format!("Bearer {token}")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn documents_are_known_by_their_hash_once_they_were_sent() {
    let server = Server::start().await;
    let document = "{ hello(name: \"hash\") }";
    let hash: String = Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
    let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let by_hash = json!({ "extensions": persisted });
    let body = check(post(&server, &by_hash), 400, "PERSISTED_QUERY_NOT_FOUND").await;
    assert_eq!(body["errors"][0]["message"], "PersistedQueryNotFound");
    let sent = post(&server, &json!({ "query": document, "extensions": persisted })).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let known = post(&server, &by_hash).send().await.unwrap();
    assert_eq!(json_of(known).await["data"]["hello"], "Hello hash");
    let other = json!({ "query": "{ hello }", "extensions": persisted });
    check(post(&server, &other), 400, "BAD_USER_INPUT").await;
}

#[tokio::test]
async fn without_introspection_the_schema_is_not_told() {
    let server = Server::with(TransportConfig { introspection: false, ..Default::default() }).await;
    for query in ["{ __schema { types { name } } }", "{ __type(name: \"Query\") { name } }"] {
        check(post(&server, &json!({ "query": query })), 400, "GRAPHQL_VALIDATION_FAILED").await;
    }
    let body = check(post(&server, &json!({ "query": "{ hell }" })), 400, "GRAPHQL_VALIDATION_FAILED").await;
    assert!(!body.to_string().contains("hello"), "{body}");
    let typename = post(&server, &json!({ "query": "{ __typename }" })).send().await.unwrap();
    assert_eq!(json_of(typename).await["data"]["__typename"], "Query");
}

#[tokio::test]
async fn where_documents_are_trusted_no_others_are_executed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("documents.json");
    let hash = |document: &str| -> String {
        Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let by_hash = |document: &str| {
        let persisted = json!({ "version": 1, "sha256Hash": hash(document) });
        json!({ "extensions": { "persistedQuery": persisted } })
    };
    let (known, unknown) = ("{ hello }", "{ __typename }");
    std::fs::write(&path, json!({ hash(known): known }).to_string()).unwrap();
    let server = Server::with(TransportConfig { trusted_documents: path, ..Default::default() }).await;
    // By its hash, without that anybody has sent it; and as a whole.
    for body in [by_hash(known), json!({ "query": known })] {
        let answer = json_of(post(&server, &body).send().await.unwrap()).await;
        assert_eq!(answer["data"]["hello"], "Hello world");
    }
    check(post(&server, &json!({ "query": unknown })), 400, "DOCUMENT_NOT_TRUSTED").await;
    // That somebody has sent it makes it none.
    check(post(&server, &by_hash(unknown)), 400, "PERSISTED_QUERY_NOT_FOUND").await;
}
