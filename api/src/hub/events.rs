//! One subscriber's way through the events of an inspection.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::Sequence;
use data_inspector_platform::store::{Inspection, Scope, StoreError, StoredEvent};
use futures_util::Stream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::counters::Subscriber;
use super::feed::{FeedEvent, FeedState, Membership, Next};
use super::frame::{EventFrame, GapReason, GoAwayReason};
use crate::expiry::Expiry;

/// Times a read of the database is tried before the subscriber is sent elsewhere.
const ATTEMPTS: u32 = 5;
const FIRST_BACK_OFF: Duration = Duration::from_millis(50);

/// Events of one inspection, one after the other.
pub struct EventStream {
    member: Membership,
    state: watch::Receiver<FeedState>,
    scope: Scope,
    /// After the last event that was handed out.
    cursor: Cursor,
    /// Read from the database and not handed out yet.
    backlog: VecDeque<FeedEvent>,
    /// The first frame, if it is a snapshot.
    snapshot: Option<Box<Inspection>>,
    seen_progress: u64,
    /// The inspection has ended with the event at the cursor.
    at_end: bool,
    over: bool,
    /// Since the last frame.
    idle_since: Instant,
    expiry: Expiry,
    /// Comes when a sign of life is due, or the expiry. It is not set for each frame, but put off when it comes too
    /// early: what waits for the next event is set up once, not for each event of each subscriber.
    timer: Pin<Box<Sleep>>,
    shutdown: Pin<Box<WaitForCancellationFutureOwned>>,
    subscriber: Subscriber,
}

impl EventStream {
    pub(super) fn new(
        member: Membership,
        scope: Scope,
        inspection: Inspection,
        after: Option<Cursor>,
    ) -> Self {
        member.feed.know_head(inspection.last_seq);
        let newest = Cursor { inspection_id: inspection.id, after: inspection.last_seq };
        let cursor = after.unwrap_or(newest);
        let state = member.feed.state.subscribe();
        let seen_progress = if after.is_some() { 0 } else { state.borrow().progress_number() };
        let idle_since = Instant::now();
        let timer = Box::pin(sleep_until(idle_since + member.shared.config.keep_alive()));
        let shutdown = Box::pin(member.shared.shutdown.clone().cancelled_owned());
        let subscriber = Subscriber::new(&member.shared.counters);
        Self {
            subscriber,
            member,
            state,
            scope,
            cursor,
            backlog: VecDeque::new(),
            at_end: inspection.state.is_terminal() && cursor.after == inspection.last_seq,
            snapshot: after.is_none().then(|| Box::new(inspection)),
            seen_progress,
            over: false,
            idle_since,
            expiry: Expiry::at(None),
            timer,
            shutdown,
        }
    }

    /// The same stream, sent away when what the client authenticated with expires.
    pub fn expiring(mut self, expiry: Expiry) -> Self {
        self.expiry = expiry;
        self.set_timer();
        self
    }

    /// The same as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = EventFrame> + Send {
        futures_util::stream::unfold(self, async |mut events| {
            let frame = events.next().await?;
            Some((frame, events))
        })
    }

    /// The next frame, or `None` after the last. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<EventFrame> {
        let frame = self.find_next().await;
        if frame.is_some() {
            self.subscriber.is_handed_a_frame();
            self.idle_since = Instant::now();
        }
        frame
    }

    async fn find_next(&mut self) -> Option<EventFrame> {
        if let Some(inspection) = self.snapshot.take() {
            return Some(EventFrame::Snapshot { cursor: self.cursor, inspection });
        }
        while !self.over {
            if self.member.shared.shutdown.is_cancelled() {
                return Some(self.go_away(GoAwayReason::Shutdown));
            }
            // Here too: whoever has much to be read again waits for nothing for long.
            if self.expiry.has_passed() {
                return Some(self.go_away(GoAwayReason::Expired));
            }
            if let Some(event) = self.backlog.pop_front() {
                return Some(self.hand_out_read(event));
            }
            let next = self.state.borrow_and_update().next(self.cursor, self.seen_progress);
            match next {
                Next::Send(event) => return Some(self.hand_out(event)),
                Next::Missing { overtaken } => {
                    if let Some(frame) = self.read_missing(overtaken).await {
                        return Some(frame);
                    }
                }
                Next::Progress { number, bytes } if !self.at_end => {
                    return Some(self.hand_out_progress(number, bytes));
                }
                _ if self.at_end => self.over = true,
                Next::Doubt => {
                    if let Some(frame) = self.compare().await {
                        return Some(frame);
                    }
                }
                Next::Progress { .. } | Next::Wait => {
                    if let Some(frame) = self.wait().await {
                        return Some(frame);
                    }
                }
            }
        }
        None
    }

    fn hand_out(&mut self, event: FeedEvent) -> EventFrame {
        self.cursor = Cursor::after(self.cursor.inspection_id, event.seq);
        self.at_end = event.ends;
        EventFrame::Event { cursor: self.cursor, event_type: event.event_type, bytes: event.bytes }
    }

    /// The database has every event from some number on; those before are gone.
    fn hand_out_read(&mut self, event: FeedEvent) -> EventFrame {
        let from = self.cursor.next();
        match Sequence::try_from(event.seq.get() - 1) {
            Ok(to) if from <= to => {
                self.backlog.push_front(event);
                self.skip(from, to)
            }
            _ => self.hand_out(event),
        }
    }

    fn skip(&mut self, from: Sequence, to: Sequence) -> EventFrame {
        self.cursor = Cursor::after(self.cursor.inspection_id, to);
        EventFrame::Gap { from, to, reason: GapReason::Retention, cursor: self.cursor }
    }

    fn hand_out_progress(&mut self, number: u64, bytes: Bytes) -> EventFrame {
        self.seen_progress = number;
        EventFrame::Progress { cursor: self.cursor, bytes }
    }

    fn go_away(&mut self, reason: GoAwayReason) -> EventFrame {
        self.over = true;
        EventFrame::GoAway { cursor: self.cursor, reason }
    }

    /// The next event is committed and not in memory.
    async fn read_missing(&mut self, overtaken: bool) -> Option<EventFrame> {
        if overtaken && self.comes_late().await {
            return None;
        }
        let known_head = self.state.borrow().head();
        let read = if overtaken { self.repair().await } else { Box::pin(self.read()).await.map(Some) };
        match read {
            Ok(Some(events)) if events.is_empty() => {
                known_head.map(|head| self.skip(self.cursor.next(), head))
            }
            Ok(events) => self.keep(events.unwrap_or_default()),
            Err(error) => Some(self.give_up(error)),
        }
    }

    /// Nobody knows whether there is a next event.
    async fn compare(&mut self) -> Option<EventFrame> {
        match self.repair().await {
            Ok(events) => self.keep(events.unwrap_or_default()),
            Err(error) => Some(self.give_up(error)),
        }
    }

    fn keep(&mut self, events: Vec<FeedEvent>) -> Option<EventFrame> {
        self.backlog = events.into();
        None
    }

    /// Gives an event that was overtaken the time to arrive.
    async fn comes_late(&mut self) -> bool {
        let (cursor, grace) = (self.cursor, self.member.shared.config.reorder_grace());
        let arrived = |state: &FeedState| matches!(state.next(cursor, u64::MAX), Next::Send(_));
        matches!(timeout(grace, self.state.wait_for(|state| arrived(state))).await, Ok(Ok(_)))
    }

    /// Reads what all who follow the inspection miss or doubt, for all of them; nothing if somebody else has just
    /// done it.
    async fn repair(&self) -> Result<Option<Vec<FeedEvent>>, StoreError> {
        let feed = &self.member.feed;
        let _turn = feed.repair.lock().await;
        let (next, doubts) = {
            let state = feed.state.borrow();
            (state.next(self.cursor, u64::MAX), state.doubts())
        };
        if !matches!(next, Next::Missing { .. } | Next::Doubt) {
            return Ok(None);
        }
        let events = Box::pin(self.read()).await?;
        let is_all = events.len() < self.batch() as usize;
        feed.learn(&events, if is_all { doubts } else { 0 });
        Ok(Some(events))
    }

    fn batch(&self) -> u32 {
        self.member.shared.config.replay_batch.max(1)
    }

    /// The next batch from the database. Rare, and large while it lasts: callers keep it apart from what they are.
    async fn read(&self) -> Result<Vec<FeedEvent>, StoreError> {
        let (store, limit) = (&self.member.shared.store, self.batch());
        let mut back_off = FIRST_BACK_OFF;
        for _ in 1..ATTEMPTS {
            match store.events_after(self.scope, self.cursor, limit).await {
                Err(error) if error.is_transient() => sleep(back_off).await,
                read => return Ok(feed_events(read?)),
            }
            back_off *= 4;
        }
        Ok(feed_events(store.events_after(self.scope, self.cursor, limit).await?))
    }

    fn give_up(&mut self, error: StoreError) -> EventFrame {
        let inspection_id = tracing::field::display(self.cursor.inspection_id);
        tracing::error!(inspection_id, error = &error as &dyn std::error::Error, "cannot read events");
        self.go_away(GoAwayReason::Unavailable)
    }

    /// Waits for something to happen; a frame if that is all there is to say.
    async fn wait(&mut self) -> Option<EventFrame> {
        tokio::select! {
            biased;
            // The sender lives as long as the membership.
            _ = self.state.changed() => None,
            () = self.expiry.put_off() => {
                self.set_timer();
                None
            }
            () = &mut self.shutdown => Some(self.go_away(GoAwayReason::Shutdown)),
            () = &mut self.timer => self.tick(),
        }
    }

    fn tick(&mut self) -> Option<EventFrame> {
        let config = &self.member.shared.config;
        self.member.feed.doubt_if_not_compared(config);
        let is_due = self.idle_since + config.keep_alive() <= Instant::now();
        if is_due {
            self.idle_since = Instant::now();
        }
        self.set_timer();
        is_due.then_some(EventFrame::KeepAlive { cursor: self.cursor })
    }

    fn set_timer(&mut self) {
        let keep_alive_at = self.idle_since + self.member.shared.config.keep_alive();
        let at = self.expiry.moment().map_or(keep_alive_at, |moment| moment.min(keep_alive_at));
        self.timer.as_mut().reset(at);
    }
}

/// Rows that no release writes are left out; the subscriber sees a gap, not a wrong event.
fn feed_events(stored: Vec<StoredEvent>) -> Vec<FeedEvent> {
    let read = |event: StoredEvent| FeedEvent::read(event.bytes.into());
    stored.into_iter().filter_map(|event| read(event).ok()).collect()
}
