//! Services of one test's own, which it may kill, by `scripts/services.sh`.

use std::path::Path;
use std::process::{Command, Stdio};

/// The variables by which the tests are told of services that run for all of them.
const VARIABLES: [&str; 3] =
    ["DATA_INSPECTOR_TEST_POSTGRES", "DATA_INSPECTOR_TEST_KAFKA", "DATA_INSPECTOR_TEST_AZURE"];

/// A service that ends with this.
pub(crate) struct Service {
    name: &'static str,
    folder: tempfile::TempDir,
    address: String,
}

impl Service {
    /// `postgres`, `kafka` or `azurite`.
    pub(crate) fn start(name: &'static str) -> Self {
        Self::start_with(name, &[])
    }

    /// With variables that the script knows.
    pub(crate) fn start_with(name: &'static str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let printed = script_with(&["start", &folder.path().to_string_lossy(), name], variables);
        let address = printed.trim().split_once('=').unwrap().1.trim_matches('\'').to_owned();
        Self { name, folder, address }
    }

    /// As the environment would have it.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Where it has its files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        script(&["kill", self.name, &self.folder.path().to_string_lossy()]);
    }

    /// Returns when it answers again.
    pub(crate) fn restart(&self) {
        script(&["restart", self.name, &self.folder.path().to_string_lossy()]);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // What is in its folder goes anyway.
        self.kill();
    }
}

fn script(arguments: &[&str]) -> String {
    script_with(arguments, &[])
}

fn script_with(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/services.sh");
    let mut command = Command::new("bash");
    command.arg(script).args(arguments).envs(variables.iter().copied());
    for name in VARIABLES {
        command.env_remove(name);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "services.sh {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
