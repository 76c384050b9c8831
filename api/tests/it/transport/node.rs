//! What other people's programs say: the audits of `graphql-http`, and the clients `graphql-ws` and `graphql-sse`.
//! Needs Node.js 20 and `npm ci` in `api/tests/node`.

use std::path::Path;

use super::Server;

async fn run(script: &str) {
    let server = Server::start().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let mut node = std::process::Command::new("node");
    node.arg(script).arg(server.url("/graphql")).current_dir(folder);
    let output =
        tokio::task::spawn_blocking(move || node.output()).await.unwrap().expect("node is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_61_audits_pass() {
    run("audits.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_both_streaming_protocols_understand_us() {
    run("clients.mjs").await;
}
