//! The real program, serving on a free port.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use data_inspector_api::client::Client;
use serde_json::{Value, json};

/// A server of our own. Killed when it is dropped.
pub(crate) struct Server {
    process: Child,
    /// Open as long as it runs: a program that cannot print fails.
    _stdout: BufReader<ChildStdout>,
    pub(crate) url: String,
}

pub(super) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_data-inspector"));
    program.env_remove("COLUMNS");
    program
}

/// The answer of the program to these arguments.
pub(super) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).stdin(Stdio::null()).output().unwrap()
}

impl Server {
    /// Starts on a data folder, and waits until it says that it is ready.
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir).args(arguments);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("Data Inspector is ready: ");
        let url = url.unwrap_or_else(|| panic!("it did not become ready: {line:?}")).to_owned();
        Self { process, _stdout: stdout, url }
    }

    pub(super) fn client(&self) -> Client {
        Client::try_new(&self.url, None).unwrap()
    }

    /// The data of a query.
    pub(super) async fn query(&self, document: &str) -> Value {
        self.client().query(document, json!({})).await.unwrap()
    }

    /// Asks it to end, and returns its exit code.
    pub(super) fn terminate(mut self) -> Option<i32> {
        let told = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status().unwrap();
        assert!(told.success());
        self.process.wait().unwrap().code()
    }

    /// Kills it, as a power cut would.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
