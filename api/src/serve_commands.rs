//! The commands that have a configuration: how they begin, and how their outcome reaches whoever started them.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use data_inspector_api::roles::configuration::{Configuration, DEFAULTS, Purpose};
use data_inspector_api::roles::data_dir::DataDir;
use data_inspector_api::roles::{self, NewTokenRequest, standalone};
use data_inspector_platform::config::{ConfigError, Loaded};
use data_inspector_platform::shutdown::on_signals;
use tokio_util::sync::CancellationToken;

use crate::command_line::{Cli, Command, ConfigArguments, TokenArguments};
use crate::inspect_command::{fail, print};

/// Exit code of wrong usage; a wrong configuration is one.
const WRONG_USAGE: u8 = 2;

/// The configuration of this process, or the exit code after everything that is wrong with it was said.
pub(crate) fn configuration(cli: &Cli) -> Result<Loaded<Configuration>, ExitCode> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let purpose = match &cli.command {
        Some(Command::Api(_)) => Purpose::Api,
        Some(Command::Coordinator(_)) => Purpose::Coordinator,
        Some(Command::Worker(_)) => Purpose::Worker,
        _ => Purpose::OneProcess,
    };
    Configuration::load(purpose, cli.config_file(), environment, cli.flags()).map_err(|error: ConfigError| {
        fail(&error.to_string());
        ExitCode::from(WRONG_USAGE)
    })
}

/// `data-inspector config`.
pub(crate) fn show_configuration(loaded: &Loaded<Configuration>, arguments: &ConfigArguments) -> ExitCode {
    if arguments.defaults {
        return print(DEFAULTS);
    }
    let how = "# The configuration that is in force. Later ones win: a file (--config FILE or DATA_INSPECTOR_CONFIG),\n\
               # the environment (DATA_INSPECTOR__SECTION__KEY), flags (--set section.key=value).\n\
               # What each key means: data-inspector config --defaults\n";
    print(&format!("{how}{}", loaded.to_toml()))
}

/// `data-inspector` without a command.
pub(crate) async fn serve(configuration: Configuration) -> anyhow::Result<()> {
    let stop = begin(&configuration)?;
    let data_dir = DataDir::take(&configuration.standalone.data_dir)?;
    let place = data_dir.path().display().to_string();
    standalone::run(configuration, data_dir, stop, |url| {
        print(&format!(
            "Data Inspector is ready: {url}\n  playground  {url}/playground\n  data        {place}\n  \
             try         data-inspector upload FILE --inspect --server {url}\n"
        ));
    })
    .await
}

/// `data-inspector api`.
pub(crate) async fn serve_api(configuration: Configuration) -> anyhow::Result<()> {
    let stop = begin(&configuration)?;
    roles::api::run(configuration, stop, |url| print_ready("The API", Some(url.to_owned()))).await
}

/// `data-inspector coordinator`.
pub(crate) async fn coordinate(configuration: Configuration) -> anyhow::Result<()> {
    let stop = begin(&configuration)?;
    roles::coordinator::run(configuration, stop, |health| print_ready("A coordinator", health.map(url_of)))
        .await
}

/// `data-inspector worker`.
pub(crate) async fn work(configuration: Configuration) -> anyhow::Result<()> {
    let stop = begin(&configuration)?;
    roles::worker::run(configuration, stop, |health| print_ready("A worker", health.map(url_of))).await
}

/// Logging, and the token that is cancelled when the process is asked to end.
fn begin(configuration: &Configuration) -> anyhow::Result<CancellationToken> {
    configuration.telemetry.begin_logging().context("cannot begin to log")?;
    let stop = CancellationToken::new();
    on_signals(stop.clone()).context("cannot listen for signals")?;
    Ok(stop)
}

fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn print_ready(who: &str, at: Option<String>) {
    match at {
        Some(url) => print(&format!("{who} is ready: {url}\n")),
        None => print(&format!("{who} is ready\n")),
    };
}

/// `data-inspector migrate`.
pub(crate) async fn migrate(configuration: Configuration) -> anyhow::Result<()> {
    roles::migrate(&configuration).await
}

/// `data-inspector token create`.
pub(crate) async fn create_token(
    configuration: Configuration,
    arguments: &TokenArguments,
) -> anyhow::Result<()> {
    let request = NewTokenRequest {
        workspace: arguments.workspace.clone(),
        name: arguments.name.clone(),
        scopes: arguments.scopes(),
        lifetime: arguments.expires,
    };
    let token = roles::create_token(&configuration, request).await?;
    print(&format!("{}\n", token.reveal()));
    Ok(())
}

/// Exit code and words of an outcome.
pub(crate) fn finish(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}
