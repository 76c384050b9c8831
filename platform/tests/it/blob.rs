//! The blob stores: one suite for all, and what only the one in a folder can show.

mod conformance;
mod folder;
mod memory;
mod source;
