//! The whole system as it is deployed: processes of their own on PostgreSQL, Kafka and Azurite, which anyone may kill.

mod faults;
mod roles;
mod scenario;
mod secrets;
mod soak;
mod sockets;

use tokio::sync::{Mutex, MutexGuard};

/// One system at a time: a machine with two cores has no room for more.
async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
