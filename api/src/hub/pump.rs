//! Reads the topic and hands each message to the feed of its inspection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_inspector_domain::id::InspectionId;
use data_inspector_domain::progress::{UPDATE_KIND_EVENT, UPDATE_KIND_HEADER, UPDATE_KIND_PROGRESS};
use data_inspector_platform::bus::{BusError, BusErrorKind, EventBus, ReadFrom, Record, Topic, TopicReader};
use tokio::time::sleep;

use super::Shared;
use super::feed::{Feed, FeedEvent};

const FIRST_BACK_OFF: Duration = Duration::from_millis(100);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);

/// The task behind a hub.
#[must_use = "a hub hears nothing until its pump runs"]
pub struct Pump {
    shared: Arc<Shared>,
    bus: Arc<dyn EventBus>,
    reader: Box<dyn TopicReader>,
}

impl Pump {
    pub(super) fn new(shared: Arc<Shared>, bus: Arc<dyn EventBus>, reader: Box<dyn TopicReader>) -> Self {
        Self { shared, bus, reader }
    }

    /// Runs until the hub is shut down or the bus is closed.
    pub async fn run(self) {
        let shared = Arc::clone(&self.shared);
        let shutdown = shared.shutdown.clone();
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sort_changes(&shared) => {}
            () = self.read() => {}
        }
    }

    async fn read(mut self) {
        let mut back_off = FIRST_BACK_OFF;
        loop {
            match self.reader.next().await {
                Ok(Some(record)) => {
                    back_off = FIRST_BACK_OFF;
                    deliver(&self.shared, &record);
                }
                Ok(None) => return,
                Err(error) => {
                    self.recover(error, back_off).await;
                    back_off = (back_off * 2).min(LONGEST_BACK_OFF);
                }
            }
        }
    }

    /// Whatever was lost is in the database: everybody who follows something is made to look there.
    async fn recover(&mut self, error: BusError, back_off: Duration) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the hub missed messages and reads them again"
        );
        if !matches!(error.kind, BusErrorKind::Gap { .. }) {
            sleep(back_off).await;
            if let Ok(reader) = self.bus.read(Topic::Updates, ReadFrom::Now).await {
                self.reader = reader;
            }
        }
        for feed in self.shared.lock_feeds().values() {
            feed.doubt();
        }
        self.shared.workspaces.anything_changed();
    }
}

/// Finds out whose the inspections are that changed, for those who follow workspaces.
async fn sort_changes(shared: &Shared) {
    loop {
        shared.workspaces.unsorted.notified().await;
        for id in shared.workspaces.take_unsorted() {
            match shared.store.inspection_and_file(id).await {
                Ok(Some((inspection, _))) => shared.workspaces.sort(id, inspection.workspace_id),
                Ok(None) => {}
                Err(error) => {
                    let inspection_id = tracing::field::display(id);
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(inspection_id, error, "cannot tell whose an inspection is");
                    shared.workspaces.anything_changed();
                }
            }
        }
    }
}

fn deliver(shared: &Shared, record: &Record) {
    let Some((id, payload)) = addressed(record) else {
        let (partition, offset) = (record.position.partition, record.position.offset);
        tracing::warn!(partition, offset, "an update names no inspection and is left out");
        return;
    };
    shared.workspaces.changed(id);
    let Some(feed) = shared.lock_feeds().get(&id).cloned() else { return };
    hand_over(&feed, kind(record), payload);
}

fn addressed(record: &Record) -> Option<(InspectionId, Bytes)> {
    let key = std::str::from_utf8(record.key.as_ref()?).ok()?;
    Some((key.parse().ok()?, record.payload.clone()?))
}

fn kind(record: &Record) -> &[u8] {
    let header = record.headers.iter().find(|(name, _)| name == UPDATE_KIND_HEADER);
    header.map_or(&[], |(_, value)| value)
}

fn hand_over(feed: &Feed, kind: &[u8], payload: Bytes) {
    if kind == UPDATE_KIND_PROGRESS.as_bytes() {
        feed.push_progress(payload);
    } else if kind == UPDATE_KIND_EVENT.as_bytes() {
        match FeedEvent::read(payload) {
            Ok(event) => feed.push(event),
            // It is in the database, where it will be found missing.
            Err(error) => {
                let inspection_id = tracing::field::display(feed.inspection_id);
                tracing::warn!(
                    inspection_id,
                    error = &error as &dyn std::error::Error,
                    "cannot read an event"
                );
                feed.doubt();
            }
        }
    }
}
