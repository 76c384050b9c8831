//! Tests of the crate from outside: its contracts, on every adapter.

mod blob;
mod bus;
mod store;
