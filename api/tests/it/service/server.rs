//! The real program, serving on a free port.

use std::fs::File;
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

/// A number of `/metrics`, by its name with labels but without the prefix of all.
pub(super) async fn metric(server: &Server, name: &str) -> u64 {
    let text = reqwest::get(format!("{}/metrics", server.url)).await.unwrap().text().await.unwrap();
    let wanted = format!("data_inspector_{name} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&wanted));
    found.unwrap_or_else(|| panic!("{name} is missing in:\n{text}")).parse().unwrap()
}

impl Server {
    /// Starts on a data folder, and waits until it says that it is ready.
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::start_as(program(), data_dir, arguments)
    }

    /// The same with the log, as JSON, in a file.
    pub(super) fn start_logging(data_dir: &Path, arguments: &[&str], log: File) -> Self {
        let mut command = program();
        let filter =
            "info,data_inspector_api=debug,data_inspector_coordinator=debug,data_inspector_worker=debug";
        command.env("DATA_INSPECTOR__TELEMETRY__LOG_FORMAT", "json");
        command.env("DATA_INSPECTOR__TELEMETRY__LOG_FILTER", filter);
        command.stderr(log);
        Self::start_as(command, data_dir, arguments)
    }

    fn start_as(mut command: Command, data_dir: &Path, arguments: &[&str]) -> Self {
        // For whoever asks it without our client. An error says that somebody has installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
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
        self.ask_to_end();
        self.process.wait().unwrap().code()
    }

    /// Asks it to end.
    pub(super) fn ask_to_end(&self) {
        let told = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status().unwrap();
        assert!(told.success());
    }

    /// Its exit code, once it has ended by itself.
    pub(super) fn exit_code(mut self) -> Option<i32> {
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
