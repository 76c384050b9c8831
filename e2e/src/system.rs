//! A system of a test's own: services, lines to them, processes.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test, at once and where it failed")]

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::history::{EVENTS, History};
use crate::line::Line;
use crate::process::Process;
use crate::programs::programs;
use crate::services::{Service, Services};
use data_inspector_api::client::{Client, UploadOptions, create_inspection, upload};
use data_inspector_domain::id::InspectionId;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What must not be seen anywhere: the password of the database. (PostgreSQL asks the loopback for none.)
pub const PASSWORD: &str = "correct-horse-battery";
/// In every tenth cell of a file.
pub const CELL: &str = "Zwetschgenknoedel";

/// How the inspection of a file is cut and paced.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Bytes of a leaf.
    pub leaf_bytes: u64,
    /// Slots of a worker.
    pub slots: u32,
    /// Most bytes of a request to the blob store, and read ahead of the engine.
    pub request_bytes: u64,
}

/// Services, lines and processes. All end when this is dropped.
pub struct System {
    /// PostgreSQL, Kafka and Azurite.
    pub services: Services,
    /// Between the API, and whoever it gives leave to, and Azurite.
    pub front_blobs: Line,
    /// Between the workers and Azurite.
    pub worker_blobs: Line,
    /// Before PostgreSQL.
    pub database: Line,
    /// Before Kafka.
    pub bus: Line,
    /// Our processes by name.
    pub processes: BTreeMap<String, Process>,
    token: String,
    pace: Pace,
    folder: tempfile::TempDir,
}

impl System {
    /// All services, and a migrated database with a token; no process of ours yet.
    pub async fn start(pace: Pace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let all = [Service::Postgres, Service::Kafka, Service::Azurite];
        // Kafka tells its clients where to come to: to the line.
        let to_bus = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let advertised = to_bus.local_addr().unwrap();
        let services = Services::start(&folder.path().join("services"), &all, Some(advertised)).unwrap();
        let bus = Line::on(to_bus, services.kafka_address());
        let front_blobs = Line::to(services.azure_address()).await.unwrap();
        let worker_blobs = Line::to(services.azure_address()).await.unwrap();
        let database = Line::to(services.postgres_address()).await.unwrap();
        std::fs::create_dir(folder.path().join("logs")).unwrap();
        let mut system = Self {
            services,
            front_blobs,
            worker_blobs,
            database,
            bus,
            processes: BTreeMap::new(),
            token: String::new(),
            pace,
            folder,
        };
        system.run(&["migrate"]);
        system.token = system
            .run(&[
                "token",
                "create",
                "--workspace=team",
                "--name=e2e",
                "--scope=read",
                "--scope=write",
                "--scope=see-values",
            ])
            .trim()
            .to_owned();
        system
    }

    /// Starts processes by name: `api-a`, `coordinator-1`, `worker-3`.
    pub fn launch(&mut self, names: &[&str]) {
        for name in names {
            let role = name.split('-').next().unwrap();
            let mut command = match role {
                "worker" => Command::new(&programs().worker),
                _ => Command::new(&programs().inspector),
            };
            if role != "worker" {
                command.arg(role);
            }
            for (key, value) in self.settings(role) {
                command.args(["--set", &format!("{key}={value}")]);
            }
            let process = Process::start(name, command, &self.logs()).unwrap();
            self.processes.insert((*name).to_owned(), process);
        }
    }

    /// Kills a process with SIGKILL.
    pub fn kill(&mut self, name: &str) {
        self.processes.remove(name).expect("it runs").kill().unwrap();
    }

    /// A client of a replica, with the token.
    pub fn client(&self, api: &str) -> Client {
        assert_eq!(self.processes[api].epitaph().unwrap(), None);
        Client::try_new(self.processes[api].url(), Some(self.token.clone())).unwrap()
    }

    /// The id under which a worker is known to the coordinators.
    pub fn worker_id(&self, name: &str) -> String {
        let log = self.processes[name].log().unwrap();
        let said = log.split("worker_id=").nth(1).expect("a worker says who it is");
        said.split_whitespace().next().unwrap().to_owned()
    }

    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where the processes log to.
    pub fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// Where files of the test may be.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Uploads a file; its id.
    pub async fn upload(&self, api: &str, path: &Path) -> String {
        let options = UploadOptions { parallel: 4, again: true };
        upload(&self.client(api), path, options, &|_, _| {}).await.unwrap().file_id
    }

    /// Uploads a file and has it inspected.
    pub async fn inspect(&self, api: &str, path: &Path) -> InspectionId {
        let file_id = self.upload(api, path).await;
        create_inspection(&self.client(api), &file_id, &file_id).await.unwrap()
    }

    /// What `data-inspector inspect --json` says of a file.
    pub fn inspected_here(&self, path: &Path) -> String {
        let mut command = Command::new(&programs().inspector);
        command.args(["inspect", "--json", "--leaf-size", &self.pace.leaf_bytes.to_string()]).arg(path);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// All events of an inspection.
    pub async fn history(&self, api: &str, id: InspectionId) -> History {
        let (mut events, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "id": id, "after": after });
            let mut page: Value = self.client(api).query(EVENTS, variables).await.unwrap();
            let Value::Array(nodes) = page["inspection"]["events"]["nodes"].take() else { panic!("{page}") };
            let Some(last) = nodes.last() else { return History::new(events) };
            after = last["cursor"].clone();
            events.extend(nodes);
        }
    }

    /// Runs the program to its end; what it printed.
    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&programs().inspector);
        command.args(arguments);
        for (key, value) in self.store_settings() {
            command.args(["--set", &format!("{key}={value}")]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn store_settings(&self) -> Vec<(&'static str, String)> {
        let url = format!("postgres://postgres:{PASSWORD}@{}/postgres", self.database.address());
        vec![("store.url", url), ("store.acquire_timeout_ms", "5000".to_owned())]
    }

    fn settings(&self, role: &str) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("bus.kind", "kafka".to_owned()),
            ("bus.kafka.brokers", self.bus.address().to_string()),
            ("bus.kafka.session_timeout_ms", "3000".to_owned()),
            ("bus.kafka.heartbeat_ms", "300".to_owned()),
            ("bus.kafka.timeout_ms", "5000".to_owned()),
        ];
        if role != "worker" {
            settings.extend(self.store_settings());
        }
        if role != "coordinator" {
            let line = if role == "api" { &self.front_blobs } else { &self.worker_blobs };
            let direct = self.services.azure_address().to_string();
            let connection = self.services.azure().replace(&direct, &line.address().to_string());
            settings.extend([
                ("blobs.kind", "azure".to_owned()),
                ("blobs.azure.connection_string", connection),
                ("blobs.azure.container", "inspector".to_owned()),
                ("blobs.azure.prefix", "deployment".to_owned()),
                ("blobs.sub_range_bytes", self.pace.request_bytes.to_string()),
                ("blobs.read_ahead_bytes", self.pace.request_bytes.to_string()),
                ("blobs.timeout_ms", "5000".to_owned()),
            ]);
        }
        settings.extend(match role {
            "api" => vec![("api.listen", "127.0.0.1:0".to_owned())],
            "coordinator" => vec![
                ("health.listen", "127.0.0.1:0".to_owned()),
                ("coordinator.lease_ms", "4000".to_owned()),
                ("coordinator.claim_deadline_ms", "6000".to_owned()),
                ("coordinator.worker_silence_ms", "2000".to_owned()),
                ("coordinator.backoff_base_ms", "200".to_owned()),
            ],
            _ => vec![
                ("health.listen", "127.0.0.1:0".to_owned()),
                ("worker.heartbeat_ms", "500".to_owned()),
                ("worker.slots", self.pace.slots.to_string()),
                ("worker.leaf_size_bytes", self.pace.leaf_bytes.to_string()),
            ],
        });
        settings
    }
}

/// A file of about this size with ragged records, quoted line ends and bytes that are no text.
pub fn write_file(path: &Path, size_bytes: u64) {
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    let mut written = 0;
    let mut line = b"id,name,amount,note\n".to_vec();
    for row in 0_u64.. {
        file.write_all(&line).unwrap();
        written += line.len() as u64;
        if written >= size_bytes {
            break;
        }
        line.clear();
        match row % 1000 {
            17 => writeln!(line, "{row},short").unwrap(),
            400 => writeln!(line, "{row},wide,{}.75,x,one,two", row % 977).unwrap(),
            777 => line.extend_from_slice(b"9,\xff\xfe,1.0,bytes\n"),
            n if n % 10 == 3 => writeln!(line, "{row},\"two\nlines, {n}\",{}.5,{CELL}", row % 977).unwrap(),
            n => writeln!(line, "{row},customer {n},{}.25,plain note of some length", row % 977).unwrap(),
        }
    }
    file.flush().unwrap();
}

/// The answer to a GET, or nothing if there is none.
pub async fn get(url: &str) -> Option<(u16, String)> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (host, path) = url.strip_prefix("http://")?.split_once('/')?;
    let mut stream = tokio::net::TcpStream::connect(host).await.ok()?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// Asks until it is so.
pub async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    const PATIENCE: Duration = Duration::from_secs(90);
    let asking = async {
        let mut regularly = tokio::time::interval(Duration::from_millis(200));
        while !is_so().await {
            regularly.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asking).await.is_ok(), "it never came: {what}");
}
