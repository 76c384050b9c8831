//! The coordinator and real workers, on SQLite, an in-process bus and blobs in memory: everything but the network.

mod care;
mod fairness;
mod faults;
mod files;
mod system;
