//! Loads one server with subscribers, or with requests, and prints what it measured as JSON. Client, publisher and clock
//! are in this one process: a delay is the time from handing an event to Kafka until its bytes have come out of a
//! subscriber's socket. Every message is compared with what is expected, byte for byte.
//!
//! Not here: which servers there are, and what is compared with what (`bench/fanout.py`).

mod follow;
mod publisher;
mod request;
mod socket;
mod tally;

use clap::Parser;

#[derive(Parser)]
enum Command {
    /// Subscribers who follow one inspection.
    Follow(follow::Arguments),
    /// Requests, again and again.
    Request(request::Arguments),
}

fn main() -> anyhow::Result<()> {
    // One thread: what is left of the machine is the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = match Command::parse() {
        Command::Follow(arguments) => runtime.block_on(follow::run(arguments))?,
        Command::Request(arguments) => runtime.block_on(request::run(arguments))?,
    };
    println!("{measured:#}");
    Ok(())
}
