//! The whole system from outside.

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
