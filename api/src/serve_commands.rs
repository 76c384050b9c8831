//! The commands that have a configuration: how they begin, and how their outcome reaches whoever started them.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use data_inspector_api::roles::configuration::{Configuration, DEFAULTS};
use data_inspector_api::roles::data_dir::DataDir;
use data_inspector_api::roles::{self, NewTokenRequest, shutdown, standalone};
use data_inspector_platform::config::{ConfigError, Loaded};
use tokio_util::sync::CancellationToken;

use crate::command_line::{Cli, ConfigArguments, TokenArguments};
use crate::inspect_command::{fail, print};

/// Exit code of wrong usage; a wrong configuration is one.
const WRONG_USAGE: u8 = 2;

/// The configuration of this process, or the exit code after everything that is wrong with it was said.
pub(crate) fn configuration(cli: &Cli) -> Result<Loaded<Configuration>, ExitCode> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Configuration::load(cli.config_file(), environment, cli.flags()).map_err(|error: ConfigError| {
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
    configuration.telemetry.begin_logging().context("cannot begin to log")?;
    let stop = CancellationToken::new();
    shutdown::on_signals(stop.clone()).context("cannot listen for signals")?;
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

/// A role on its own.
pub(crate) fn alone(role: &str) -> anyhow::Result<()> {
    bail!(
        "{role} alone needs a bus that connects processes, and bus.kind = \"in-process\" does not: \
         run data-inspector without a command to have all roles in one process"
    )
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
