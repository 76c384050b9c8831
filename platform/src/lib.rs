//! The only crate that knows the outside: files of this machine ([`local`]) and blobs ([`blob`]), behind the trait by
//! which the worker reads any file ([`source`]); where state is kept ([`store`], a feature: a worker has no database);
//! how processes talk ([`bus`]) and how they say that they are well ([`health`]).

pub mod blob;
pub mod bus;
pub mod config;
pub mod health;
pub mod local;
pub mod shutdown;
pub mod source;
#[cfg(feature = "store")]
pub mod store;
pub mod telemetry;
