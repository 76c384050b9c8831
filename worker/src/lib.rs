//! Drives the engine over a file. [`survey`](survey::survey) decides how it is read;
//! [`inspect`](inspect::inspect) counts its leaves on threads.

pub mod inspect;
mod leaf;
mod plan;
pub mod survey;

pub use inspect::{InspectOptions, Inspected, Progress, ReadStats, inspect};
