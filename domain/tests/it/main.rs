//! The domain as its users see it. One binary: tables as snapshots, wire forms as golden files, laws as
//! properties.

mod control;
mod cursor;
mod event;
mod failure;
mod fence;
mod file;
mod id;
mod inspection;
mod message;
mod profile;
mod retry;
mod support;
mod task;
