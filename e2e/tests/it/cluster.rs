//! The whole system as it is deployed: processes of their own on PostgreSQL, Kafka and Azurite, which anyone may kill.

mod roles;
mod scenario;
mod secrets;
mod system;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One system at a time: a machine with two cores has no room for more.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
