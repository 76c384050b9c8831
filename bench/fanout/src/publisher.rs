//! Commits events of an inspection in the database and publishes them, as the coordinator does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::event::{
    Checkpoint, CheckpointSaved, EVENT_SCHEMA_VERSION, EventBody, InspectionEvent,
};
use data_inspector_domain::id::InspectionId;
use data_inspector_domain::progress::{UPDATE_KIND_EVENT, UPDATE_KIND_HEADER};
use data_inspector_platform::bus::settings::{BusKind, BusSettings, Compression};
use data_inspector_platform::bus::{EventBus, Message, Topic};
use data_inspector_platform::store::{
    self, Clock, CompletedUpload, NewInspection, NewUpload, Scope, Step, Store, StoreConfig,
};
use futures_util::future::join_all;

use crate::tally::Expected;

/// Makes events.
pub(crate) struct Publisher {
    store: Store,
    bus: Arc<dyn EventBus>,
    /// The inspection whose events they are.
    pub(crate) inspection_id: InspectionId,
    made: u64,
}

/// An event that is committed and not published.
pub(crate) struct Committed {
    message: Message,
    pub(crate) cursor: String,
    text: Vec<u8>,
}

impl Publisher {
    /// A publisher of events of a new inspection.
    pub(crate) async fn open(database: &str, brokers: &str, workspace: &str) -> anyhow::Result<Self> {
        let store = Store::connect(&StoreConfig::new(database), Clock::Database).await?;
        let mut bus = BusSettings { kind: BusKind::Kafka, ..BusSettings::default() };
        bus.kafka.brokers = brokers.to_owned();
        // What the client of the peers can read.
        bus.kafka.compression = Compression::None;
        let bus = bus.open().await?;
        let scope = store.workspace_named(workspace).await?.context("there is no such workspace")?;
        let inspection_id = inspection(&store, scope).await?;
        let mut publisher = Self { store, bus, inspection_id, made: 0 };
        // Whatever made the inspection is nobody's business here.
        publisher.claim().await?;
        Ok(publisher)
    }

    /// Commits so many events.
    pub(crate) async fn commit(&mut self, count: u64) -> anyhow::Result<Vec<Committed>> {
        let mut committed = Vec::new();
        for _ in 0..count {
            self.made += 1;
            let checkpoint = Checkpoint {
                bytes_durable: 1_000_000 * self.made,
                splits_durable: u32::try_from(self.made)?,
                loss_if_retried_now: 12_345,
            };
            let step = Step { checkpoint: Some(checkpoint), ..Step::default() };
            self.store.advance(self.inspection_id, step).await?;
            committed.extend(self.claim().await?);
        }
        Ok(committed)
    }

    async fn claim(&mut self) -> anyhow::Result<Vec<Committed>> {
        let claimed = self.store.claim_outbox(200, Duration::from_secs(60)).await?;
        self.store.mark_published(&claimed.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
        let key = self.inspection_id.to_string();
        let of_it = claimed
            .into_iter()
            .filter(|row| row.topic == store::Topic::Updates && row.key.as_deref() == Some(key.as_str()));
        of_it.filter(|_| self.made > 0).map(|row| Committed::read(&key, row.bytes)).collect()
    }

    /// Publishes events at once; `expect` is told of each before it is on its way.
    pub(crate) async fn publish(
        &self,
        committed: Vec<Committed>,
        mut expect: impl FnMut(Expected),
    ) -> anyhow::Result<()> {
        let mut sending = Vec::new();
        for event in committed {
            expect(Expected { text: event.text, cursor: event.cursor, at: Instant::now() });
            sending.push(self.bus.publish(event.message));
        }
        join_all(sending).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(())
    }
}

impl Committed {
    fn read(key: &str, bytes: Vec<u8>) -> anyhow::Result<Self> {
        let event = InspectionEvent::from_json(&bytes)?;
        let EventBody::CheckpointSaved(CheckpointSaved { checkpoint }) = event.event else {
            bail!("an event that nobody asked for");
        };
        let cursor = Cursor::after(event.inspection_id, event.seq).to_string();
        let Checkpoint { bytes_durable, splits_durable, loss_if_retried_now } = checkpoint;
        let text = format!(
            r#""inspectionEvents":{{"__typename":"CheckpointSaved","cursor":"{cursor}","seq":{},"inspectionId":"{key}","bytesDurable":{bytes_durable},"splitsDurable":{splits_durable},"lossIfRetriedNow":{loss_if_retried_now}}}"#,
            event.seq.get(),
        );
        let message = Message::new(Topic::Updates, EVENT_SCHEMA_VERSION as u16, bytes)
            .with_key(key.to_owned())
            .with_header(UPDATE_KIND_HEADER, UPDATE_KIND_EVENT);
        Ok(Self { message, cursor, text: text.into_bytes() })
    }
}

async fn inspection(store: &Store, scope: Scope) -> anyhow::Result<InspectionId> {
    let upload = NewUpload {
        file_name: "a.csv".into(),
        size_bytes: 1,
        block_size_bytes: 1,
        lifetime: Duration::from_secs(3600),
        idempotency: None,
    };
    let (upload, file) = store.create_upload(scope, upload).await?.value;
    let completed = CompletedUpload { size_bytes: 1, etag: "1".into(), content_id: None };
    store.complete_upload(scope, upload.id, completed).await?;
    let wanted = NewInspection { file_id: file.id, spec: Default::default(), priority: 0, idempotency: None };
    Ok(store.create_inspection(scope, wanted).await?.value.id)
}
