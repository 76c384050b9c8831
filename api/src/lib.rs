//! What people and programs see of Data Inspector: the GraphQL API, and the report of an inspection in a terminal.
//!
//! Not here: how a number is computed (`engine`), how a file is read (`worker`), what is true (`domain`).

pub mod auth;
pub mod blocks;
pub mod client;
pub mod expiry;
pub mod grant;
pub mod graphql;
pub mod hub;
pub mod report;
pub mod roles;
pub mod server;
pub mod transport;

mod hex;
mod metrics;
