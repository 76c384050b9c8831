//! The engine from outside: whatever way the work is cut, the profile is the same bytes.
#![expect(clippy::unwrap_used, reason = "a test fails where something is not as it must be")]

mod cells;
mod defects;
mod estimates;
mod golden;
mod law;
mod meaning;
mod random;
mod reading;
mod row_estimates;
mod rows;
mod survey;
mod utf16;
