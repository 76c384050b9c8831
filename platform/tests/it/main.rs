//! Tests of the crate from outside: its contracts, on every adapter.

mod blob;
mod bus;
#[cfg(feature = "services")]
mod services;
#[cfg(feature = "store")]
mod store;
