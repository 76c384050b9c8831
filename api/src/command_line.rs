//! The command line: what may be asked for, and what it means. Wrong usage ends the process with exit code 2
//! before anything is done. Not here: doing it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use data_inspector_domain::access::TokenScope;
use data_inspector_domain::id::InspectionId;
use data_inspector_platform::config::Flag;

use crate::inspect_arguments::InspectArguments;

const CONFIG_VARIABLE: &str = "DATA_INSPECTOR_CONFIG";
const SERVER_VARIABLE: &str = "DATA_INSPECTOR_SERVER";
const TOKEN_VARIABLE: &str = "DATA_INSPECTOR_TOKEN";
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Tells what is in data files: how they are built, what is in each column, where they are broken
///
/// Without a command it serves: API, coordinator and worker in one process, with everything it keeps in one folder.
#[derive(Debug, Parser)]
#[command(name = "data-inspector", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    standalone: StandaloneArguments,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where the configuration comes from, for every command that has one.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// Configuration file (TOML); see `data-inspector config`
    #[arg(long, value_name = "FILE", env = CONFIG_VARIABLE, hide_env_values = true)]
    config: Option<PathBuf>,

    /// Set one key of the configuration, e.g. `telemetry.log_format=json`; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_assignment)]
    assignments: Vec<(String, String)>,
}

/// How to serve in one process.
#[derive(Args, Debug)]
pub(crate) struct StandaloneArguments {
    /// Address to serve on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Folder for everything that is kept, made if it is not there [default: data-inspector-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Start without the sample file
    #[arg(long)]
    no_sample: bool,
}

/// What the program can do besides serving in one process.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Inspect a local file and print what is in it
    ///
    /// Reads the whole file once. Exit code 0: inspected, whatever was found; 1: the inspection failed;
    /// 2: wrong usage. The answer goes to stdout, messages and the progress bar to stderr.
    Inspect(Box<InspectArguments>),

    /// Upload a file to a server, and inspect it there if asked to
    ///
    /// The file is sent in blocks, several at a time. Interrupted, the same command sends what is missing.
    Upload(UploadArguments),

    /// Follow an inspection on a server until it ends, then print what was found
    Follow(FollowArguments),

    /// Serve the API alone
    Api(Settings),

    /// Run a coordinator alone
    Coordinator(Settings),

    /// Run a worker alone
    Worker(Settings),

    /// Bring the tables of the database to this release
    Migrate(Settings),

    /// Manage API tokens
    #[command(subcommand)]
    Token(TokenCommand),

    /// Print the GraphQL schema
    Schema,

    /// Print the configuration that is in force, and where each value comes from
    Config(ConfigArguments),
}

/// What `data-inspector config` is asked to do.
#[derive(Args, Debug)]
pub(crate) struct ConfigArguments {
    /// Print the commented defaults instead: a file to begin with
    #[arg(long)]
    pub(crate) defaults: bool,

    #[command(flatten)]
    settings: Settings,
}

/// Which server, and who asks.
#[derive(Args, Debug)]
pub(crate) struct ServerArguments {
    /// Address of the server
    #[arg(long, value_name = "URL", env = SERVER_VARIABLE, default_value = "http://127.0.0.1:8080")]
    pub(crate) server: String,

    /// API token; a server on this machine may not need one
    #[arg(long, value_name = "TOKEN", env = TOKEN_VARIABLE, hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// What `data-inspector upload` is asked to do.
#[derive(Args, Debug)]
pub(crate) struct UploadArguments {
    /// The file to upload
    pub(crate) file: PathBuf,

    /// Inspect it, and follow the inspection
    #[arg(long)]
    pub(crate) inspect: bool,

    /// Upload it even if it was uploaded before and has not changed since
    #[arg(long)]
    pub(crate) again: bool,

    /// Blocks that are sent at a time, 1 to 32
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) parallel: u8,

    /// With --inspect, print the profile as JSON instead of a report
    #[arg(long, requires = "inspect")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// What `data-inspector follow` is asked to do.
#[derive(Args, Debug)]
pub(crate) struct FollowArguments {
    /// Id of the inspection: insp_…
    pub(crate) id: InspectionId,

    /// Print the profile as one JSON document instead of a report
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it: this once, as only its hash is kept
    ///
    /// Needs the database, not the API. A workspace that does not exist yet is created.
    Create(TokenArguments),
}

/// The token to make.
#[derive(Args, Debug)]
pub(crate) struct TokenArguments {
    /// Name of the workspace it is for
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: String,

    /// What it is for, to tell it from others
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,

    /// What it may be used for; may be given more than once [default: read and write]
    #[arg(long = "scope", value_enum, value_name = "SCOPE")]
    scopes: Vec<Scope>,

    /// How long it is valid, in days: 30d
    #[arg(long, value_name = "DAYS", default_value = "90d", value_parser = parse_days)]
    pub(crate) expires: Duration,

    /// Folder of a standalone server whose database is meant
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scope {
    /// Look
    Read,
    /// Upload and inspect
    Write,
    /// See values of files unmasked
    SeeValues,
    /// Manage people, tokens and settings
    Manage,
}

impl Cli {
    /// The arguments of this process. Ends it with exit code 2 if they make no sense.
    pub(crate) fn from_process() -> Self {
        Self::from_arguments(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let cli = Self::try_parse_from(arguments)?;
        let contradiction = match &cli.command {
            Some(Command::Inspect(inspect)) => inspect.contradiction(),
            _ => None,
        };
        let contradiction = contradiction.or_else(|| cli.flag_of_another_command());
        contradiction
            .map_or(Ok(()), |message| Err(Self::command().error(ErrorKind::ArgumentConflict, message)))?;
        Ok(cli)
    }

    fn flag_of_another_command(&self) -> Option<String> {
        self.command.as_ref()?;
        let flag = self.standalone.flags().into_iter().chain(self.settings.flags()).next()?;
        Some(format!("{} before a command is about serving in one process", flag.spelling))
    }

    /// The configuration file that is named.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let of_command = self.command.as_ref().and_then(Command::settings);
        of_command.and_then(|settings| settings.config.clone()).or_else(|| self.settings.config.clone())
    }

    /// What the flags say about the configuration.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let mut flags = self.standalone.flags();
        if let Some(Command::Token(TokenCommand::Create(arguments))) = &self.command {
            flags.extend(arguments.data_dir.as_deref().map(data_dir_flag));
        }
        let settings = self.command.as_ref().and_then(Command::settings).unwrap_or(&self.settings);
        flags.extend(settings.flags());
        flags
    }
}

impl Command {
    /// Of the commands that have a configuration.
    fn settings(&self) -> Option<&Settings> {
        match self {
            Self::Api(settings) | Self::Coordinator(settings) | Self::Worker(settings) => Some(settings),
            Self::Migrate(settings) => Some(settings),
            Self::Token(TokenCommand::Create(arguments)) => Some(&arguments.settings),
            Self::Config(arguments) => Some(&arguments.settings),
            Self::Inspect(_) | Self::Upload(_) | Self::Follow(_) | Self::Schema => None,
        }
    }
}

impl Settings {
    fn flags(&self) -> Vec<Flag> {
        let assigned = self.assignments.iter();
        assigned.map(|(key, value)| flag("--set", key, value.clone())).collect()
    }
}

impl StandaloneArguments {
    fn flags(&self) -> Vec<Flag> {
        let listen = self.listen.map(|address| flag("--listen", "api.listen", address.to_string()));
        let no_sample = self.no_sample.then(|| flag("--no-sample", "standalone.sample", "false".to_owned()));
        listen.into_iter().chain(self.data_dir.as_deref().map(data_dir_flag)).chain(no_sample).collect()
    }
}

fn data_dir_flag(path: &std::path::Path) -> Flag {
    flag("--data-dir", "standalone.data_dir", path.to_string_lossy().into_owned())
}

fn flag(spelling: &str, key: &str, value: String) -> Flag {
    Flag { spelling: spelling.to_owned(), key: key.to_owned(), value }
}

impl TokenArguments {
    /// What the token may be used for.
    pub(crate) fn scopes(&self) -> Vec<TokenScope> {
        if self.scopes.is_empty() {
            return vec![TokenScope::Read, TokenScope::Write];
        }
        let mut scopes: Vec<TokenScope> = self.scopes.iter().map(|scope| scope.to_domain()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

impl Scope {
    fn to_domain(self) -> TokenScope {
        match self {
            Self::Read => TokenScope::Read,
            Self::Write => TokenScope::Write,
            Self::SeeValues => TokenScope::SeeValues,
            Self::Manage => TokenScope::Manage,
        }
    }
}

fn parse_assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as api.listen=0.0.0.0:80")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

fn parse_days(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    let days = days.filter(|days| (1..=3650).contains(days)).ok_or("expected 1d to 3650d")?;
    Ok(Duration::from_secs(days * SECONDS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        let all = ["data-inspector"].iter().chain(arguments);
        Cli::from_arguments(all.map(OsString::from))
    }

    fn flags(arguments: &[&str]) -> Vec<(String, String)> {
        parsed(arguments).unwrap().flags().into_iter().map(|flag| (flag.key, flag.value)).collect()
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_settings() {
        let check = |arguments: &[&str], expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            assert_eq!(flags(arguments), expected, "{arguments:?}");
        };
        check(&[], &[]);
        check(&["--listen", "[::1]:0"], &[("api.listen", "[::1]:0")]);
        check(
            &["--no-sample", "--data-dir=x", "--set", "a.b=c=d"],
            &[("standalone.data_dir", "x"), ("standalone.sample", "false"), ("a.b", "c=d")],
        );
        check(&["worker", "--set", "worker.slots=2"], &[("worker.slots", "2")]);
    }

    #[test]
    fn serving_flags_go_without_a_command() {
        for (flag, arguments) in
            [("--no-sample", ["--no-sample", "worker"]), ("--set", ["--set=a.b=1", "schema"])]
        {
            let message = parsed(&arguments).unwrap_err().to_string();
            assert!(message.contains(&format!("{flag} before a command")), "{message}");
        }
    }

    #[test]
    fn a_token_reads_and_writes_unless_told_otherwise() {
        let check = |arguments: &[&str], expected: &[TokenScope]| {
            let all = ["token", "create", "--workspace=w", "--name=n"].iter().chain(arguments).copied();
            let cli = parsed(&all.collect::<Vec<_>>()).unwrap();
            let Some(Command::Token(TokenCommand::Create(token))) = cli.command else {
                panic!("{arguments:?}")
            };
            assert_eq!(token.scopes(), expected, "{arguments:?}");
        };
        check(&[], &[TokenScope::Read, TokenScope::Write]);
        check(&["--scope=see-values", "--scope=read"], &[TokenScope::Read, TokenScope::SeeValues]);
    }

    #[test]
    fn days_are_bounded() {
        assert_eq!(parse_days("30d"), Ok(Duration::from_secs(30 * 24 * 3600)));
        for wrong in ["", "d", "0d", "30", "-1d", "3651d", "1h"] {
            assert!(parse_days(wrong).is_err(), "{wrong}");
        }
    }
}
