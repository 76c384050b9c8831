//! The schema on a real SQLite store, blobs in memory, and a hub over the in-process bus.

mod bench;
mod compatibility;
mod inspections;
mod lint;
mod operations;
mod profiles;
mod readiness;
mod refusals;
mod schema;
mod sharing;
mod statements;
mod streams;
mod tenancy;
mod uploads;
