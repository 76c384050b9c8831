//! When what somebody authenticated with stops to work: a moment that can be put off while it is waited for, as a socket
//! lasts longer than a token.

use std::future::pending;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::auth::Viewer;

/// So much later than everybody else no token expires: timers count less far.
const FAR_AWAY: Duration = Duration::from_secs(30 * 24 * 3600);

/// A moment that is waited for; `None`: it never comes. Clones wait for the same.
#[derive(Clone, Debug)]
pub struct Expiry(watch::Receiver<Option<Instant>>);

/// What puts the moment off.
#[derive(Debug)]
pub struct Renewal(watch::Sender<Option<Instant>>);

impl Expiry {
    /// A moment that nobody puts off.
    pub fn at(moment: Option<Instant>) -> Self {
        Self(watch::channel(moment).1)
    }

    /// When the viewer's token expires, by the clock of timers.
    pub fn of(viewer: Option<&Viewer>) -> Self {
        Self::at(viewer.and_then(moment))
    }

    /// The moment as it is now.
    pub fn moment(&self) -> Option<Instant> {
        *self.0.borrow()
    }

    /// Whether it has passed.
    pub fn has_passed(&self) -> bool {
        self.moment().is_some_and(|moment| moment <= Instant::now())
    }

    /// Waits until it has passed.
    pub async fn passed(&mut self) {
        let mut may_be_put_off = true;
        loop {
            let moment = *self.0.borrow_and_update();
            tokio::select! {
                () = until(moment) => return,
                changed = self.0.changed(), if may_be_put_off => may_be_put_off = changed.is_ok(),
            }
        }
    }

    /// Waits until it is another moment.
    pub async fn put_off(&mut self) {
        if self.0.changed().await.is_err() {
            pending::<()>().await;
        }
    }
}

impl Renewal {
    /// A moment that can be put off, and what waits for it. Until it is said when, it never comes.
    pub fn new() -> (Self, Expiry) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Expiry(receiver))
    }

    /// It comes when the viewer's token expires.
    pub fn put_off(&self, viewer: Option<&Viewer>) {
        self.0.send_replace(viewer.and_then(moment));
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

fn moment(viewer: &Viewer) -> Option<Instant> {
    let micros = u64::try_from(viewer.expires_at?.as_micros()).unwrap_or(0);
    let at = UNIX_EPOCH + Duration::from_micros(micros);
    let left = at.duration_since(SystemTime::now()).unwrap_or_default();
    Some(Instant::now() + left.min(FAR_AWAY))
}
