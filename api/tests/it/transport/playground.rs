//! The playground as it is served, and whether it was built from what is committed.

use std::path::{Path, PathBuf};

use data_inspector_api::transport::TransportConfig;
use sha2::{Digest, Sha256};

use super::{Server, client};

const PATHS: [&str; 6] = [
    "/playground",
    "/playground/playground.js",
    "/playground/playground.css",
    "/playground/editor.worker.js",
    "/playground/json.worker.js",
    "/playground/graphql.worker.js",
];

#[tokio::test]
async fn it_is_served_with_a_strict_policy_or_not_at_all() {
    let server = Server::start().await;
    for path in PATHS {
        let response = client().get(server.url(path)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    }
    let server = Server::with(TransportConfig { playground: false, ..Default::default() }).await;
    assert_eq!(client().get(server.url("/playground")).send().await.unwrap().status(), 404);
}

/// `npm run build` in `web/playground` writes the hash of its sources; this is the same one.
#[test]
fn it_is_built_from_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/playground");
    let mut names: Vec<String> =
        ["build.mjs", "package.json", "package-lock.json", "index.html"].map(str::to_owned).into();
    for folder in ["src", "operations"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_file() {
                names.push(format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()));
            }
        }
    }
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(format!("{name}\n"));
        hash.update(std::fs::read(root.join(name)).unwrap());
        hash.update("\n");
    }
    let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let built = std::fs::read_to_string(root.join("dist/SOURCES")).unwrap();
    assert_eq!(built.trim(), found, "run `npm ci && npm run build` in web/playground");
}
