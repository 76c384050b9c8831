//! The thread behind a consumer: it asks librdkafka for messages all the time, so that the group does not give up
//! a member whose consumer is busy, and so that no call that blocks is made on the threads of the runtime.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use tokio::sync::{Notify, watch};

/// How long one call into librdkafka takes when nothing happens; the end of a subscription is noticed after it.
const POLL: Duration = Duration::from_millis(100);
/// How long a full consumer may keep the thread from asking before its partitions are paused. Pausing throws away
/// what was fetched ahead, which a consumer that is soon free again should not have to wait for.
const GRACE: Duration = Duration::from_millis(50);
/// How long to wait before a consumer that failed for good is replaced.
const REPLACE_AFTER: Duration = Duration::from_secs(1);

/// What the threads and the tasks of one subscription share.
pub(super) struct Shared<S> {
    state: Mutex<S>,
    /// Something has arrived, or it is over.
    pub(super) arrived: Notify,
    /// Something was taken or acknowledged, or it is over.
    room: Condvar,
    over: AtomicBool,
    closed: watch::Receiver<bool>,
}

impl<S> Shared<S> {
    pub(super) fn new(state: S, closed: watch::Receiver<bool>) -> Self {
        let (arrived, room) = (Notify::new(), Condvar::new());
        Self { state: Mutex::new(state), arrived, room, over: AtomicBool::new(false), closed }
    }

    /// Nothing that can panic runs under the lock, so a poisoned one is as good as another.
    pub(super) fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the bus is closed.
    pub(super) fn closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Whether the thread shall end.
    pub(super) fn over(&self) -> bool {
        self.over.load(Ordering::Acquire) || self.closed()
    }

    /// Lets the thread end.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.room.notify_all();
        self.arrived.notify_one();
    }

    /// Tells the thread that there may be room.
    pub(super) fn made_room(&self) {
        self.room.notify_all();
    }

    /// Waits until there is room or it is over, at most so long; says which.
    fn await_room(&self, at_most: Duration, has_room: impl Fn(&S) -> bool) -> bool {
        let full = |state: &mut S| !self.over() && !has_room(state);
        let waited = self.room.wait_timeout_while(self.lock(), at_most, full);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        has_room(&state)
    }
}

/// What a subscription does with what comes. The context of its consumer.
pub(super) trait Intake: ConsumerContext {
    type State: Send + 'static;

    fn shared(&self) -> &Arc<Shared<Self::State>>;

    /// Whether it can take another message.
    fn has_room(state: &Self::State) -> bool;

    /// Takes a message, also when there is no room.
    fn accept(&self, message: &BorrowedMessage<'_>);

    /// All messages of this partition have come, for now.
    fn at_end(&self, _partition: i32) {}

    /// Something that waiting may not mend.
    fn trouble(&self, error: KafkaError);

    /// Called between messages.
    fn serve(&self, consumer: &BaseConsumer<Self>);

    /// Whether partitions that come have to be paused.
    fn paused(&self) -> &AtomicBool;
}

/// Runs sessions until the subscription is over; replaces a consumer that failed for good.
pub(super) fn run<I: Intake>(
    shared: &Shared<I::State>,
    mut open: impl FnMut() -> KafkaResult<BaseConsumer<I>>,
    failed: impl Fn(KafkaError),
) {
    while !shared.over() {
        let session = open().and_then(|consumer| pump(&consumer));
        if let Err(error) = session {
            failed(error);
            shared.await_room(REPLACE_AFTER, |_| false);
        }
    }
    shared.arrived.notify_one();
}

/// Takes messages until the subscription is over. The consumer leaves its group when it is dropped.
fn pump<I: Intake>(consumer: &BaseConsumer<I>) -> KafkaResult<()> {
    let intake = Arc::clone(consumer.context());
    let shared = intake.shared();
    while !shared.over() {
        intake.serve(consumer);
        let patience = make_room(consumer, &*intake)?;
        match consumer.poll(patience) {
            Some(Ok(message)) => intake.accept(&message),
            Some(Err(KafkaError::PartitionEOF(partition))) => intake.at_end(partition),
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(error),
            Some(Err(error)) => intake.trouble(error),
            None => {}
        }
    }
    intake.serve(consumer);
    Ok(())
}

/// Waits for room for a while; without, pauses the partitions, and resumes them when there is some. Returns how
/// long to wait for a message.
fn make_room<I: Intake>(consumer: &BaseConsumer<I>, intake: &I) -> KafkaResult<Duration> {
    let was_paused = intake.paused().load(Ordering::Relaxed);
    let patience = if was_paused { POLL } else { GRACE };
    let has_room = intake.shared().await_room(patience, I::has_room);
    if has_room == was_paused {
        let assignment = consumer.assignment()?;
        if has_room {
            consumer.resume(&assignment)?
        } else {
            consumer.pause(&assignment)?
        }
        intake.paused().store(!has_room, Ordering::Relaxed);
    }
    Ok(if has_room { POLL } else { Duration::ZERO })
}

/// When to do something again that is not worth doing all the time.
pub(super) struct Every {
    interval: Duration,
    next: Instant,
}

impl Every {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, next: Instant::now() + interval }
    }

    pub(super) fn due(&mut self) -> bool {
        let due = Instant::now() >= self.next;
        if due {
            self.next = Instant::now() + self.interval;
        }
        due
    }
}
