//! What people and programs see of Data Inspector. So far: the report of an inspection in a terminal.
//!
//! Not here: how a number is computed (`engine`), how a file is read (`worker`), what is true (`domain`).

pub mod report;
