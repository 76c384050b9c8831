//! The programs under test, built of these sources.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cargo_metadata::Message;

/// Where the programs are.
pub struct Programs {
    /// `data-inspector`.
    pub inspector: PathBuf,
    /// `data-inspector-worker`.
    #[cfg(feature = "services")]
    pub worker: PathBuf,
}

/// Names a folder with programs that are taken as they are: for measurements of a release.
const FOLDER: &str = "DATA_INSPECTOR_PROGRAMS";

/// The programs, built once per process: cargo knows whether they are the ones of these sources.
///
/// # Panics
/// If they do not build.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let built = match std::env::var_os(FOLDER) {
            Some(_) => HashMap::new(),
            None => build(),
        };
        let path = |name: &str| match std::env::var_os(FOLDER) {
            Some(folder) => PathBuf::from(folder).join(name),
            None => built.get(name).expect("cargo says where it is").clone(),
        };
        Programs {
            inspector: path("data-inspector"),
            #[cfg(feature = "services")]
            worker: path("data-inspector-worker"),
        }
    })
}

/// Programs by name.
fn build() -> HashMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    // As the tests themselves are built, with the same features, so that nothing is compiled twice: with the tests of a
    // crate come its programs.
    cargo.args(["test", "--workspace", "--test=it", "--no-run"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    for (is_on, feature) in [
        (cfg!(feature = "node"), "node"),
        (cfg!(feature = "oracle"), "oracle"),
        (cfg!(feature = "services"), "services"),
    ] {
        if is_on {
            cargo.arg(format!("--features=data-inspector-e2e/{feature}"));
        }
    }
    cargo
        .args(["--message-format=json-render-diagnostics", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    // What cargo tells this process of its crate would make build scripts run again that ask for the same of theirs,
    // and with them half of the dependencies.
    let of_crate = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| of_crate(name)) {
        cargo.env_remove(name);
    }
    let output = cargo.stderr(Stdio::inherit()).output().expect("cargo can be started");
    assert!(output.status.success(), "the programs do not build");
    let messages = Message::parse_stream(&*output.stdout);
    let program = |message| match message {
        Ok(Message::CompilerArtifact(artifact)) if artifact.target.is_bin() => {
            Some((artifact.target.name, artifact.executable?.into_std_path_buf()))
        }
        _ => None,
    };
    messages.filter_map(program).collect()
}
