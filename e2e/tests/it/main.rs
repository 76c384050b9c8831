//! The whole system from outside.

mod architecture;
#[cfg(feature = "oracle")]
mod duckdb_oracle;
mod fuzz_replay;
mod hostile_files;
mod memory;
mod support;
