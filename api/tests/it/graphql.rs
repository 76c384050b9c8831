//! The schema on a real SQLite store, blobs in memory, and a hub over the in-process bus.

mod bench;
mod inspections;
mod operations;
mod profiles;
mod refusals;
mod schema;
mod statements;
mod streams;
mod uploads;
