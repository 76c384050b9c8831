//! The only crate that knows the outside. Today: files of this machine ([`local`]), behind the trait by which
//! the worker reads any file ([`source`]).

pub mod bus;
pub mod local;
pub mod source;
pub mod store;
