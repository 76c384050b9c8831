//! What a process of its own promises: it says how it is, ends when asked, and the worker knows no database.

use std::process::Command;

use super::alone;
use data_inspector_e2e::system::{Pace, System, get, until, write_file};

const PACE: Pace = Pace { leaf_bytes: 1 << 20, slots: 2, request_bytes: 1 << 20 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_say_how_they_are_and_end_when_they_are_asked() {
    let _turn = alone().await;
    let mut system = System::start(PACE).await;
    system.launch(&["api-a", "coordinator-1", "worker-1"]);
    let path = system.folder().join("small.csv");
    write_file(&path, 3_000_000);
    let id = system.inspect("api-a", &path).await;
    until("the inspection ends", async || {
        system.history("api-a", id).await.violations().is_empty()
            && system.history("api-a", id).await.splits_by_worker().values().sum::<usize>() == 3
    })
    .await;
    for name in ["api-a", "coordinator-1", "worker-1"] {
        let url = system.processes[name].url().to_owned();
        assert_eq!(get(&format!("{url}/healthz")).await, Some((200, "alive\n".to_owned())), "{name}");
        until(name, async || matches!(get(&format!("{url}/readyz")).await, Some((200, _)))).await;
        assert!(get(&format!("{url}/metrics")).await.unwrap().1.contains("data_inspector_build"), "{name}");
    }
    system.database.set(data_inspector_e2e::line::Weather::cut());
    for name in ["api-a", "coordinator-1"] {
        let url = system.processes[name].url().to_owned();
        until(name, async || matches!(get(&format!("{url}/readyz")).await, Some((503, _)))).await;
    }
    system.database.set(data_inspector_e2e::line::Weather::default());
    for (name, process) in std::mem::take(&mut system.processes) {
        assert_eq!(process.terminate().unwrap(), Some(0), "{name}");
    }
}

/// What cargo would build into the small program.
#[test]
fn the_worker_has_no_code_for_a_database() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--package=data-inspector-worker", "--features=cluster", "--edges=normal,build"]);
    cargo
        .args(["--prefix=none", "--format={p}", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let has = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    assert!(has("rdkafka") && has("object_store"), "{tree}");
    for name in
        ["sea-orm", "sea-orm-migration", "sqlx", "sqlx-core", "libsqlite3-sys", "data-inspector-migration"]
    {
        assert!(!has(name), "{name}");
    }
}
