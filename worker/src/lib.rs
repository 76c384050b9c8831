//! Drives the engine over a file. [`survey`](survey::survey) decides how it is read; [`inspect`](inspect::inspect)
//! counts its leaves on threads.

mod count;
mod head;
pub mod inspect;
mod leaf;
mod plan;
mod split;
pub mod survey;

pub use count::{InspectOptions, Progress};
pub use inspect::{Inspected, ReadStats, inspect};
