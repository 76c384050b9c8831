//! The only crate that knows the outside: files of this machine ([`local`]) and blobs ([`blob`]), behind the trait by
//! which the worker reads any file ([`source`]); where state is kept ([`store`]); how processes talk ([`bus`]).

pub mod blob;
pub mod bus;
pub mod config;
pub mod local;
pub mod source;
pub mod store;
pub mod telemetry;
