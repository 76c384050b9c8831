//! PostgreSQL, Kafka and Azurite of one test's own, by `scripts/services.sh`: it may kill them.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variables by which a test is told of services that run already: these are not taken.
const VARIABLES: [&str; 3] =
    ["DATA_INSPECTOR_TEST_POSTGRES", "DATA_INSPECTOR_TEST_KAFKA", "DATA_INSPECTOR_TEST_AZURE"];

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// PostgreSQL.
    Postgres,
    /// One Kafka broker.
    Kafka,
    /// Azurite, the emulator of Azure Blob Storage.
    Azurite,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
            Self::Azurite => "azurite",
        }
    }
}

/// Services that run. They end when this is dropped.
pub struct Services {
    folder: PathBuf,
    exported: HashMap<String, String>,
}

impl Services {
    /// Starts these services with their data in this folder. Kafka's clients are told to reach it at `advertised`.
    pub fn start(folder: &Path, services: &[Service], advertised: Option<SocketAddr>) -> io::Result<Self> {
        let mut arguments = vec!["start", path(folder)?];
        arguments.extend(services.iter().map(|service| service.name()));
        let advertised = advertised.map(|address| address.to_string()).unwrap_or_default();
        let printed = script(&arguments, &advertised)?;
        let exported = printed.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let exported =
            exported.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect();
        Ok(Self { folder: folder.to_owned(), exported })
    }

    /// `postgres://…` of the server's own database.
    pub fn postgres(&self) -> &str {
        self.exported("DATA_INSPECTOR_TEST_POSTGRES")
    }

    /// The address of PostgreSQL.
    pub fn postgres_address(&self) -> SocketAddr {
        let at = self.postgres().rsplit('@').next().and_then(|rest| rest.split('/').next());
        at.and_then(|at| at.parse().ok()).expect("services.sh prints postgres://user@address/database")
    }

    /// `host:port` of the broker.
    pub fn kafka(&self) -> &str {
        self.exported("DATA_INSPECTOR_TEST_KAFKA")
    }

    /// The address of the broker itself, whatever it tells its clients.
    pub fn kafka_address(&self) -> SocketAddr {
        self.kafka().parse().expect("services.sh prints host:port")
    }

    /// The connection string of the account; there is a container `inspector`.
    pub fn azure(&self) -> &str {
        self.exported("DATA_INSPECTOR_TEST_AZURE")
    }

    /// The address of Azurite.
    pub fn azure_address(&self) -> SocketAddr {
        let at = self.azure().rsplit("http://").next().and_then(|rest| rest.split('/').next());
        at.and_then(|at| at.parse().ok()).expect("services.sh prints BlobEndpoint=http://address/account")
    }

    /// Ends a service without a word.
    pub fn kill(&self, service: Service) -> io::Result<()> {
        script(&["kill", service.name(), path(&self.folder)?], "").map(drop)
    }

    /// Starts a service again on its old port and data, and waits until it answers.
    pub fn restart(&self, service: Service) -> io::Result<()> {
        script(&["restart", service.name(), path(&self.folder)?], "").map(drop)
    }

    /// All rows of a database as SQL.
    pub fn dump(&self, database: &str) -> io::Result<String> {
        script(&["dump", database, path(&self.folder)?], "")
    }

    fn exported(&self, name: &str) -> &str {
        self.exported.get(name).map_or("", String::as_str)
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        let stopped = path(&self.folder).and_then(|folder| script(&["stop", folder], ""));
        if let Err(error) = stopped {
            eprintln!("services in {} may still run: {error}", self.folder.display());
        }
    }
}

fn path(folder: &Path) -> io::Result<&str> {
    folder.to_str().ok_or_else(|| io::Error::other("the folder's name is no text"))
}

fn script(arguments: &[&str], advertised: &str) -> io::Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/services.sh");
    let mut command = Command::new("bash");
    command.arg(script).args(arguments).env("DATA_INSPECTOR_KAFKA_ADVERTISED", advertised);
    for name in VARIABLES {
        command.env_remove(name);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("services.sh {arguments:?}: {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}
