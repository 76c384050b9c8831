//! The route for blocks, and what it refuses.

use data_inspector_api::client::Client;
use serde_json::{Value, json};

use super::Server;

const BLOCK: usize = 65_536;
const CREATE: &str = "mutation Upload($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id grant { url } } userErrors { code message retryable } }
}";

async fn grant(client: &Client, key: &str) -> String {
    let input = json!({ "name": "a.csv", "sizeBytes": BLOCK + 10, "idempotencyKey": key });
    let payload: Value = client.mutate(CREATE, "createUpload", input).await.unwrap();
    payload.pointer("/upload/grant/url").and_then(Value::as_str).unwrap().to_owned()
}

/// Status and code of the answer.
async fn put(url: &str, body: Vec<u8>) -> (u16, String) {
    let response = reqwest::Client::new().put(url).body(body).send().await.unwrap();
    let origin = response.headers().get("access-control-allow-origin").cloned();
    assert_eq!(origin.unwrap(), "*", "pages of any origin may upload");
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn only_blocks_of_the_upload_are_taken() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &["--no-sample", "--set", "api.smallest_block_bytes=65536"]);
    let client = server.client();
    let url = grant(&client, "one").await;
    let block = |index: &str| format!("{url}&comp=block&blockid={index}");
    let (first, last, beyond) = ("MDAwMDAwMDA%3D", "MDAwMDAwMDE%3D", "MDAwMDAwMDI%3D");
    let other = grant(&client, "two").await;
    let (_, parameters) = url.split_once('?').unwrap();
    let (other_path, _) = other.split_once('?').unwrap();

    let check = async |url: String, size: usize, status: u16, code: &str| {
        assert_eq!(put(&url, vec![b'x'; size]).await, (status, code.to_owned()), "{url} {size}");
    };
    check(block(first), BLOCK, 201, "").await;
    check(block(first), BLOCK, 201, "").await;
    check(block(last), 10, 201, "").await;
    check(block(first), BLOCK - 1, 400, "WRONG_SIZE").await;
    check(block(last), 11, 400, "WRONG_SIZE").await;
    check(block(beyond), 10, 400, "UNKNOWN_BLOCK").await;
    check(block("AAAA"), 10, 400, "UNKNOWN_BLOCK").await;
    check(url.clone(), 10, 400, "UNKNOWN_OPERATION").await;
    check(format!("{other_path}?{parameters}&comp=block&blockid={first}"), BLOCK, 403, "GRANT_INVALID").await;
    check(format!("{other_path}?comp=block&blockid={first}"), BLOCK, 403, "GRANT_INVALID").await;
    check(block(first).replace("up_", "xx_"), BLOCK, 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_grant_that_has_expired_says_so() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &["--no-sample", "--set", "api.grant_lifetime_ms=0"]);
    let url = grant(&server.client(), "one").await;
    let answer = put(&format!("{url}&comp=block&blockid=MDAwMDAwMDA%3D"), vec![0; 10]).await;
    assert_eq!(answer, (403, "GRANT_EXPIRED".to_owned()));
}
