//! The coordinator and real workers, on SQLite, an in-process bus and blobs in memory: everything but the network.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

mod care;
mod fairness;
mod faults;
mod files;
mod system;
