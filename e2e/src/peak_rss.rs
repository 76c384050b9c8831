//! `peak-rss REPORT PROGRAM ARGUMENT…`: runs a program, writes the most memory it ever held, in bytes, to the
//! file REPORT, and ends with its exit code.
//!
//! A process of its own because the peak of a child, as the kernel keeps it, is at least that of whoever started
//! it: the tests would measure themselves.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use nix::sys::resource::{UsageWho, getrusage};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let report = PathBuf::from(arguments.next().expect("the first argument is the report"));
    let program = arguments.next().expect("the second argument is the program");
    let status = Command::new(program).args(arguments).status().expect("the program can be started");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("this process may ask about its children");
    // Linux counts in KiB.
    std::fs::write(report, (usage.max_rss() * 1024).to_string()).expect("the report can be written");
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or_else(|| panic!("the program was ended by a signal: {status}"), ExitCode::from)
}
