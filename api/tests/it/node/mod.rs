//! What other people's programs say about the service: audits, clients and a browser. Needs Node.js 20, `npm ci` in
//! `api/tests/node`, and Chromium (`CHROMIUM`, usually `/usr/bin/chromium`); `make test` sees to all of them.

use std::path::Path;
use std::process::Command;

use data_inspector_api::report::render_html;

use crate::profiles::customers;
use crate::service::Server as Program;
use crate::transport::Server as SmallServer;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");

/// Runs a script of `api/tests/node` to its end; it fails unless the script succeeds.
async fn run(script: &str, arguments: &[&str]) {
    run_in("tests/node", script, arguments).await;
}

async fn run_in(folder: &str, script: &str, arguments: &[&str]) {
    let mut node = Command::new("node");
    node.arg(script).args(arguments);
    node.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let output =
        tokio::task::spawn_blocking(move || node.output()).await.unwrap().expect("node is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    assert!(output.status.success(), "{script}: {text}{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a script against the real program, which has inspected its sample.
async fn run_against_the_program(script: &str, arguments: &[&str]) {
    run_against_the_program_with(&[], script, arguments).await;
}

async fn run_against_the_program_with(settings: &[&str], script: &str, arguments: &[&str]) {
    let data_dir = tempfile::tempdir().unwrap();
    let program = Program::start(data_dir.path(), settings);
    run(script, &[&[program.url.as_str()], arguments].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_61_audits_pass() {
    run_against_the_program("audits.mjs", &[]).await;
}

/// The edges of the protocols: streams that are left, and operations that are wrong.
#[tokio::test(flavor = "multi_thread")]
async fn clients_of_both_streaming_protocols_understand_us() {
    let server = SmallServer::start().await;
    run("clients.mjs", &[&server.url("/graphql")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_both_streaming_protocols_follow_an_inspection() {
    run_against_the_program("follow.mjs", &[]).await;
}

/// `PLAYGROUND_SCREENSHOT` names a file to draw it into.
#[tokio::test(flavor = "multi_thread")]
async fn the_playground_works_in_a_browser() {
    let screenshot = std::env::var("PLAYGROUND_SCREENSHOT").unwrap_or_default();
    run_against_the_program("browser.mjs", &[&screenshot]).await;
}

/// `REPORT_SCREENSHOTS` names files to draw it into, without their ends.
#[tokio::test(flavor = "multi_thread")]
async fn the_html_report_works_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    std::fs::write(&file, render_html(&customers(), "customers.csv")).unwrap();
    let screenshots = std::env::var("REPORT_SCREENSHOTS").unwrap_or_default();
    run("report.mjs", &[file.to_str().unwrap(), &screenshots]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_verdict_on_documents_is_that_of_graphql_js() {
    run_against_the_program("validate.mjs", &[SCHEMA]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_introspection_no_suggestion_tells_a_name() {
    let settings = ["--set", "api.transport.introspection=false"];
    run_against_the_program_with(&settings, "suggestions.mjs", &[SCHEMA]).await;
}

/// What each costs in a release build is in `docs/hostile-requests.md`.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_are_refused_and_the_program_lives() {
    run_against_the_program("hostile.mjs", &[]).await;
}

/// The client that people copy: over lines that break, in Node.js and in Chromium; the examples of its README with
/// urql and Apollo Client; its types, made by graphql-codegen from what the program says of its schema.
#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_client_and_its_examples_work() {
    let data_dir = tempfile::tempdir().unwrap();
    let program = Program::start(data_dir.path(), &[]);
    let folder = "../clients/typescript";
    run_in(folder, "node_modules/typescript/bin/tsc", &[]).await;
    for test in ["follow", "examples", "codegen", "browser"] {
        run_in(folder, &format!("test/{test}.mjs"), &[&program.url]).await;
    }
}
