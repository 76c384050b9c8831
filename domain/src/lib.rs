//! What is true in Data Inspector, whoever runs it: ids, states, events, specifications, failures and the
//! profile document. Pure: no I/O, no clock, no async. Everything here is tested in milliseconds.
//!
//! Not here: how a number is computed (`engine`), where a row is stored (`platform`), how an answer is
//! shown (`api`).

pub mod access;
pub mod control;
pub mod event;
pub mod failure;
pub mod file;
pub mod finding;
pub mod id;
pub mod inspection;
pub mod message;
pub mod profile;
pub mod progress;
pub mod spec;
pub mod task;
pub mod time;

mod base32;
