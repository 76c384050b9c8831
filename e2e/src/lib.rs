//! A kit to break the system with, from outside: [`services`] that are killed and restarted, [`process`]es of ours
//! that are killed, stopped and continued, [`mod@line`]s between them that are cut, stalled, delayed and throttled, and
//! [`history`], which knows nothing of the system but its API and says whether what happened may happen. The tests
//! are in `tests/it`.

pub mod history;
pub mod line;
pub mod process;
pub mod programs;
pub mod services;
#[cfg(feature = "services")]
pub mod system;
