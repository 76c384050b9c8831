//! The roles a process can have. Each file puts together what its role consists of and runs it; together with
//! `main.rs` the only places that know the coordinator and the worker. No logic: parts lists.

pub mod api;
pub mod configuration;
pub mod coordinator;
pub mod data_dir;
mod maintenance;
mod sample;
pub mod settings;
pub mod standalone;
pub mod worker;

pub use self::maintenance::{NewTokenRequest, create_token, migrate};
