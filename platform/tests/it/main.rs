//! Tests of the crate from outside: its contracts, on every adapter.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

mod blob;
mod bus;
#[cfg(feature = "services")]
mod services;
#[cfg(feature = "store")]
mod store;
