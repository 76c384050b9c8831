//! The `data-inspector` command. This file alone connects the command line with the driver.

mod cli;
mod inspect_command;
mod progress;

use std::process::ExitCode;

use data_inspector_domain::failure::Failure;
use data_inspector_domain::profile::Profile;
use data_inspector_platform::local::LocalFile;
use data_inspector_worker::InspectOptions;

use crate::cli::{Cli, Command, InspectArguments};
use crate::progress::ProgressBar;

fn main() -> ExitCode {
    match Cli::from_process().command {
        Command::Inspect(arguments) => inspect_command::answer(&arguments, inspect(&arguments)),
    }
}

/// Runs the inspection on this machine's threads, with a progress bar for whoever watches.
fn inspect(arguments: &InspectArguments) -> Result<Profile, Failure> {
    let file = LocalFile::open(&arguments.file)?;
    let options = InspectOptions { threads: arguments.threads(), chunk_size_bytes: arguments.chunk_size };
    let bar = ProgressBar::on_stderr();
    let inspected = data_inspector_worker::inspect(&file, &arguments.spec(), &options, &|progress| {
        bar.show(progress.bytes_done, progress.bytes_total, progress.rows_done);
    })?;
    Ok(inspected.profile)
}
