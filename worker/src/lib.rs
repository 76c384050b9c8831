//! Drives the engine over a file. [`survey`](survey::survey) decides how it is read; [`inspect`](inspect::inspect)
//! counts its leaves on threads; [`service`] does the same split by split, for tasks that come over the bus;
//! [`process`] is that in a process of its own.

mod count;
mod head;
#[cfg(test)]
mod in_memory;
pub mod inspect;
mod leaf;
mod plan;
pub mod process;
pub mod service;
mod split;
pub mod survey;

pub use count::{InspectOptions, Progress};
pub use inspect::{Inspected, ReadStats, inspect};
