//! The `data-inspector` command. This file and `roles` alone connect what people type with the parts that do it.

mod command_line;
mod inspect_arguments;
mod inspect_command;
mod progress;
mod remote_commands;
mod serve_commands;

use std::future::Future;
use std::process::ExitCode;

use data_inspector_api::graphql;
use data_inspector_domain::failure::Failure;
use data_inspector_domain::profile::Profile;
use data_inspector_platform::local::LocalFile;
use data_inspector_worker::InspectOptions;

use crate::command_line::{Cli, Command, TokenCommand};
use crate::inspect_arguments::InspectArguments;
use crate::progress::ProgressBar;
use crate::serve_commands::{configuration, finish};

/// A quarter of the time of a query went into glibc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::from_process();
    match &cli.command {
        Some(Command::Inspect(arguments)) => return inspect_command::answer(arguments, inspect(arguments)),
        Some(Command::Upload(arguments)) => return wait_for(remote_commands::run_upload(arguments)),
        Some(Command::Follow(arguments)) => return wait_for(remote_commands::run_follow(arguments)),
        Some(Command::Schema) => return inspect_command::print(&graphql::sdl()),
        _ => {}
    }
    let loaded = match configuration(&cli) {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    match &cli.command {
        Some(Command::Config(arguments)) => serve_commands::show_configuration(&loaded, arguments),
        Some(Command::Migrate(_)) => finish(wait_for(serve_commands::migrate(loaded.value))),
        Some(Command::Token(TokenCommand::Create(arguments))) => {
            finish(wait_for(serve_commands::create_token(loaded.value, arguments)))
        }
        Some(Command::Api(_)) => finish(wait_for(serve_commands::serve_api(loaded.value))),
        Some(Command::Coordinator(_)) => finish(wait_for(serve_commands::coordinate(loaded.value))),
        Some(Command::Worker(_)) => finish(wait_for(serve_commands::work(loaded.value))),
        _ => finish(wait_for(serve_commands::serve(loaded.value))),
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

/// Runs what waits for others. When it is done, threads that still wait for a disk are not waited for.
fn wait_for<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("the system has threads to give");
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
