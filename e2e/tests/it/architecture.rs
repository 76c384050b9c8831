//! Who may know whom, and other rules of the tree. A rule that stands in the way is discussed, not bent: the
//! tables here are the decision.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

mod rust_source;

use rust_source::Names;

/// Which of our crates a crate may import, by folder. Crates that do not exist yet are in their place already.
const IMPORTS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("migration", &[]),
    ("engine", &["domain"]),
    ("platform", &["domain", "migration"]),
    ("worker", &["domain", "engine", "platform"]),
    // The engine only to read a profile document.
    ("coordinator", &["domain", "engine", "platform"]),
    ("api", &["coordinator", "domain", "platform", "worker"]),
    ("bench", &[]),
    ("bench/fanout", &["domain", "platform"]),
    ("e2e", &["api", "bench", "coordinator", "domain", "engine", "platform", "worker"]),
];

/// Where a crate of ours may be named, if not in its whole importer.
const COMPOSED_IN: [(&str, &str, &[&str]); 2] = [
    ("api", "data_inspector_coordinator", &["api/src/main.rs", "api/src/roles"]),
    ("api", "data_inspector_worker", &["api/src/main.rs", "api/src/roles"]),
];

/// Where each third-party crate belongs: the only paths that may name it. Whoever adds a crate says here whose it
/// is. Crates that everybody may use have the owner "".
const OWNERS: &[(&str, &[&str])] = &[
    (
        "anyhow",
        &[
            "api/src/main.rs",
            "api/src/roles",
            "api/src/serve_commands.rs",
            "bench/fanout/src",
            "bench/src/main.rs",
            "coordinator/src/main.rs",
            "worker/src/main.rs",
        ],
    ),
    ("apollo_compiler", &["api/src"]),
    ("askama", &["api/src/report"]),
    ("async_graphql", &["api/src"]),
    ("async_graphql_axum", &["api/src"]),
    ("async_trait", &[""]),
    ("axum", &["api/src", "platform/src/health.rs"]),
    ("base64", &["api/src/report"]),
    ("blake3", &["platform/src"]),
    ("bytes", &[""]),
    ("cargo_metadata", &["e2e/src/programs.rs"]),
    ("chardetng", &["engine/src"]),
    ("clap", &["api/src", "bench/fanout/src", "bench/src", "worker/src/main.rs"]),
    ("console", &["api/src"]),
    ("dataloader", &["api/src"]),
    ("encoding_rs", &["engine/src"]),
    ("fastrand", &["platform/src"]),
    ("figment", &["api/src", "platform/src"]),
    ("futures_util", &[""]),
    ("getrandom", &["api/src"]),
    ("hmac", &["api/src"]),
    ("hyper", &["platform/src/health.rs"]),
    ("hyper_util", &["platform/src/health.rs"]),
    ("indicatif", &["api/src"]),
    ("jsonwebtoken", &["api/src"]),
    ("lettre", &["platform/src"]),
    ("memchr", &["bench/fanout/src", "engine/src"]),
    ("mimalloc", &["api/src/main.rs"]),
    ("nix", &["e2e/src"]),
    ("num_bigint", &["engine/src"]),
    ("object_store", &["platform/src/blob.rs", "platform/src/blob", "platform/src/sources"]),
    ("parquet", &["engine/src"]),
    ("postcard", &["engine/src"]),
    (
        "prometheus_client",
        &["api/src", "coordinator/src", "platform/src/telemetry.rs", "platform/src/telemetry", "worker/src"],
    ),
    ("quick_xml", &["platform/src/blob"]),
    ("rdkafka", &["platform/src/bus/kafka.rs", "platform/src/bus/kafka"]),
    ("reqwest", &["api/src/client", "platform/src"]),
    ("russh", &["platform/src/sources"]),
    ("russh_sftp", &["platform/src/sources"]),
    ("rustls", &["api/src/client"]),
    ("schemars", &["domain/src"]),
    ("sea_orm", &["platform/src/store.rs", "platform/src/store", "migration/src"]),
    ("sea_orm_migration", &["migration/src", "platform/src/store.rs", "platform/src/store"]),
    ("serde", &[""]),
    ("serde_json", &[""]),
    ("sha2", &["api/src"]),
    ("simdutf8", &["engine/src"]),
    // What tokio sets the options of its sockets with; it does not pass all of them on.
    ("socket2", &["api/src/transport/listener.rs"]),
    ("suppaftp", &["platform/src/sources"]),
    ("tempfile", &[""]),
    ("thiserror", &[""]),
    (
        "tokio",
        &[
            "api/src",
            "bench/fanout/src",
            "coordinator/src",
            "e2e/benches",
            "e2e/src",
            "platform/src",
            "worker/src",
        ],
    ),
    ("tokio_io_timeout", &["api/src/transport/listener.rs"]),
    ("tokio_tungstenite", &["api/src/client"]),
    ("tokio_util", &[""]),
    ("toml", &["platform/src/config.rs", "platform/src/config"]),
    ("tower_http", &["api/src"]),
    ("tracing", &["api/src", "coordinator/src", "platform/src", "worker/src"]),
    ("tracing_subscriber", &["platform/src/telemetry.rs"]),
    ("unicode_segmentation", &["api/src/report"]),
    ("uuid", &["domain/src", "platform/src/store", "worker/src/service.rs"]),
    ("xxhash_rust", &["engine/src"]),
];

/// What the pure crates must not know: the outside, time, threads.
const PURE: [&str; 2] = ["domain/src", "engine/src"];
const IMPURE: [&str; 13] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::sync::Condvar",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::*",
    "tokio",
];

/// The file of the module and its folder.
const UNSAFE: [&str; 2] = ["engine/src/simd.rs", "engine/src/simd"];
const LONGEST_FILE: usize = 400;
const LONGEST_TEST: usize = 700;
const LONGEST_MAP: usize = 150;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

/// A file of ours.
struct Source {
    /// From the root of the workspace, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Written to test, not to be shipped.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.split('/').any(|part| part == "tests" || part == "fuzz")
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
    }

    fn is_in(&self, owner: &str) -> bool {
        owner.is_empty() || self.path == owner || self.path.starts_with(&format!("{owner}/"))
    }

    fn names(&self) -> Names {
        Names::of(&self.text).unwrap_or_else(|error| panic!("{} is no Rust: {error}", self.path))
    }
}

/// All text files but those that git ignores. `.gitignore` has names and paths only, no patterns.
fn sources() -> Vec<Source> {
    let ignored = std::fs::read_to_string(root().join(".gitignore")).unwrap();
    let ignored: Vec<&str> = ignored.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(
        !ignored.iter().any(|line| line.contains(['*', '!', '?'])),
        "patterns in .gitignore: teach this test"
    );
    let mut sources = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let from_root = path.to_str().unwrap().replace('\\', "/");
            let name = entry.file_name().into_string().unwrap();
            if name == ".git" || ignored.contains(&&*name) || ignored.contains(&&*format!("/{from_root}")) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                sources.push(Source { path: from_root, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn rust_code() -> impl Iterator<Item = Source> {
    sources().into_iter().filter(|source| source.is_rust() && !source.is_test())
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
}

/// The folder of a workspace member, from the root.
fn folder(package: &Package) -> String {
    let folder = package.manifest_path.parent().unwrap().as_std_path();
    folder.strip_prefix(root().canonicalize().unwrap()).unwrap().to_str().unwrap().to_owned()
}

fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}\n", broken.join("\n  "));
}

#[test]
fn crates_of_ours_import_only_what_they_may() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.into_iter().collect();
    let mut broken = Vec::new();
    for package in metadata().workspace_packages() {
        let importer = folder(package);
        let Some(may) = table.get(&*importer) else {
            broken.push(format!("{importer} is not in the table"));
            continue;
        };
        // Tests may start the real thing, whoever it is.
        let imports = package.dependencies.iter().filter(|each| each.kind != DependencyKind::Development);
        for dependency in imports {
            if let Some(imported) = dependency.name.strip_prefix("data-inspector-")
                && !may.contains(&imported)
            {
                broken.push(format!("{importer} imports {imported}"));
            }
        }
    }
    assert_none(&broken, "who may import whom (IMPORTS)");
}

#[test]
fn only_composition_roots_know_what_they_compose() {
    let mut broken = Vec::new();
    for source in rust_code() {
        for (importer, imported, places) in COMPOSED_IN {
            if source.is_in(importer)
                && !places.iter().any(|place| source.is_in(place))
                && source.names().use_path(imported)
            {
                broken.push(format!("{} names {imported}", source.path));
            }
        }
    }
    assert_none(&broken, "only main.rs and roles compose (COMPOSED_IN)");
}

#[test]
fn every_third_party_crate_has_an_owner() {
    let owners: BTreeMap<&str, &[&str]> = OWNERS.iter().copied().collect();
    let mut broken = Vec::new();
    for package in metadata().workspace_packages() {
        let importer = folder(package);
        let shipped = |kind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
        for dependency in package.dependencies.iter().filter(|d| d.path.is_none() && shipped(d.kind)) {
            let name = dependency.name.replace('-', "_");
            match owners.get(&*name) {
                None => broken.push(format!("{importer} depends on {name}, which has no owner")),
                Some(places)
                    if !places
                        .iter()
                        .any(|place| place.is_empty() || place.starts_with(&format!("{importer}/"))) =>
                {
                    broken.push(format!("{importer} depends on {name}, which belongs to {places:?}"));
                }
                Some(_) => {}
            }
        }
    }
    assert_none(&broken, "one owner for each third-party crate (OWNERS)");
}

#[test]
fn third_party_crates_are_named_by_their_owners_only() {
    let mut broken = Vec::new();
    for source in rust_code() {
        let names = source.names();
        for (name, places) in OWNERS {
            if names.use_path(name) && !places.iter().any(|place| source.is_in(place)) {
                broken.push(format!("{} names {name}, which belongs to {places:?}", source.path));
            }
        }
    }
    assert_none(&broken, "one owner for each third-party crate (OWNERS)");
}

#[test]
fn domain_and_engine_are_pure() {
    let mut broken = Vec::new();
    for source in rust_code().filter(|source| PURE.iter().any(|folder| source.is_in(folder))) {
        let names = source.names();
        broken.extend(
            IMPURE
                .iter()
                .filter(|path| names.use_path(path))
                .map(|path| format!("{} names {path}", source.path)),
        );
        if names.words.contains("async") {
            broken.push(format!("{} is asynchronous", source.path));
        }
    }
    assert_none(&broken, "no outside, time, threads or locks in the pure crates (IMPURE)");
}

#[test]
fn unsafe_code_is_in_one_module() {
    let is_allowed = |source: &Source| UNSAFE.iter().any(|module| source.is_in(module));
    let broken: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.is_rust() && !is_allowed(source) && source.names().words.contains("unsafe"))
        .map(|source| source.path)
        .collect();
    assert_none(&broken, &format!("unsafe outside of {}", UNSAFE[1]));
}

#[test]
fn files_are_short_enough_to_read() {
    let mut broken = Vec::new();
    for source in sources() {
        let most = match &source {
            source if source.path == "ARCHITECTURE.md" => LONGEST_MAP,
            source if source.is_rust() && source.is_test() => LONGEST_TEST,
            source if source.is_rust() => LONGEST_FILE,
            _ => continue,
        };
        let lines = source.text.lines().count();
        if lines > most {
            broken.push(format!("{} has {lines} lines, at most {most}", source.path));
        }
    }
    assert_none(&broken, "long files: split by meaning");
}

#[test]
fn tests_wait_for_nothing_and_leave_nothing_out() {
    let mut broken = Vec::new();
    for source in sources().into_iter().filter(Source::is_rust) {
        let names = source.names();
        // A server that stalls in virtual time keeps nobody waiting.
        let real_time = !source.text.contains("start_paused = true");
        if names.use_path("std::thread::sleep")
            || names.use_path("thread::sleep")
            || names.use_path("tokio::time::sleep") && source.is_test() && real_time
        {
            broken.push(format!("{} sleeps", source.path));
        }
        if source.text.contains("#[ignore") && !source.is_in("e2e/tests/it/architecture.rs") {
            broken.push(format!("{} ignores a test", source.path));
        }
    }
    assert_none(&broken, "wait for a condition, and run every test");
}

#[test]
fn nothing_points_outside_of_the_repository() {
    // Put together here so that this file does not contain them.
    let outside =
        [["/wo", "rk/"], ["../sha", "red"], ["/ro", "ot/"], ["/ho", "me/"]].map(|parts| parts.concat());
    let mut broken = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            for word in outside.iter().filter(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    assert_none(&broken, "paths of one machine");
}
