//! The whole system from outside.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

mod architecture;
#[cfg(feature = "services")]
mod cluster;
#[cfg(feature = "services")]
mod containers;
mod documentation;
#[cfg(feature = "oracle")]
mod duckdb_oracle;
mod fuzz_replay;
mod hostile_files;
mod memory;
mod support;
