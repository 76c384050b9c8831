//! `data-inspector-worker`: a worker, and nothing else. It needs Kafka and the blobs, and has no code for a database.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use data_inspector_platform::config::Flag;
use data_inspector_platform::shutdown::on_signals;
use data_inspector_worker::process::{self, DEFAULTS, ProcessConfiguration};
use tokio_util::sync::CancellationToken;

/// Exit code of wrong usage; a wrong configuration is one.
const WRONG_USAGE: u8 = 2;

/// Inspects files: takes tasks from Kafka, reads the blobs, reports.
///
/// Every setting can come from a file, from the environment (DATA_INSPECTOR__SECTION__KEY) or from --set; later ones
/// win.
#[derive(Parser, Debug)]
#[command(version, name = "data-inspector-worker")]
struct Arguments {
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE", env = "DATA_INSPECTOR_CONFIG")]
    config: Option<PathBuf>,

    /// Set one value: bus.kafka.brokers=kafka:9092
    #[arg(long = "set", value_name = "KEY=VALUE")]
    assignments: Vec<String>,

    /// Print the commented defaults and end: a file to begin with
    #[arg(long)]
    defaults: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.defaults {
        print!("{DEFAULTS}");
        return ExitCode::SUCCESS;
    }
    match load(arguments) {
        Ok(configuration) => finish(work(configuration)),
        Err(error) => {
            eprintln!("data-inspector-worker: {error:#}");
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn load(arguments: Arguments) -> anyhow::Result<ProcessConfiguration> {
    let mut flags = Vec::new();
    for assignment in &arguments.assignments {
        let (key, value) = assignment.split_once('=').context("--set: expected KEY=VALUE")?;
        let (spelling, key, value) = ("--set".to_owned(), key.trim().to_owned(), value.to_owned());
        flags.push(Flag { spelling, key, value });
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Ok(ProcessConfiguration::load(arguments.config, environment, flags)?.value)
}

fn work(configuration: ProcessConfiguration) -> anyhow::Result<()> {
    configuration.telemetry.begin_logging().context("cannot begin to log")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let worked = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        on_signals(shutdown.clone()).context("cannot listen for signals")?;
        process::run(configuration, shutdown, |health| match health {
            Some(address) => println!("A worker is ready: http://{address}"),
            None => println!("A worker is ready"),
        })
        .await
        .context("the worker failed")
    });
    // Threads that still wait for the store are not waited for.
    runtime.shutdown_background();
    worked
}

fn finish(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("data-inspector-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}
