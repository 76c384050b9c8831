//! The crate as its users see it: the command line and the report. Inspections of real files are in `e2e`.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

mod command_line;
mod documents;
mod graphql;
mod hub;
#[cfg(feature = "node")]
mod node;
mod profiles;
mod report;
mod service;
mod transport;
