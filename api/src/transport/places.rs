//! Sockets and streams that are open: so many all together, and so many of one caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fault::{Fault, FaultKind};
use super::rate::CallerKey;
use crate::graphql::ErrorCode;

/// All places.
pub(super) struct Places {
    all: Arc<Semaphore>,
    per_caller: usize,
    taken: Mutex<HashMap<CallerKey, usize>>,
}

/// One that is taken. It is free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    caller: Option<CallerKey>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: usize, per_caller: usize) -> Arc<Self> {
        let all = Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { all, per_caller, taken: Mutex::default() })
    }

    /// A place of nobody yet: who somebody is may be told later.
    pub(super) fn take(self: &Arc<Self>) -> Result<Place, Fault> {
        let permit = Arc::clone(&self.all).try_acquire_owned();
        let permit = permit.map_err(|_| full("there are too many connections; try again later"))?;
        Ok(Place { places: Arc::clone(self), caller: None, _permit: permit })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<CallerKey, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says whose it is, once, if they may have another.
    pub(super) fn give_to(&mut self, caller: CallerKey) -> Result<(), Fault> {
        let mut taken = self.places.taken();
        let count = taken.entry(caller).or_default();
        if *count >= self.places.per_caller {
            return Err(full("you have too many connections; close one of them"));
        }
        *count += 1;
        self.caller = Some(caller);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(caller) = self.caller else { return };
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&caller) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&caller);
            }
        }
    }
}

fn full(message: &str) -> Fault {
    Fault::one(FaultKind::Unavailable, ErrorCode::Unavailable, message)
}
