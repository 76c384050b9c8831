//! The buses: one suite for all, and what only the one inside the process can show.

mod conformance;
mod in_process;
#[cfg(all(feature = "kafka", feature = "services"))]
mod kafka;
