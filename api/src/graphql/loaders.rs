//! What a request reads by id, put together into one statement per kind of thing. Loaders belong to one request and
//! carry its scope: nothing is shared between callers, and nothing is kept, as a subscription is one long request.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use data_inspector_domain::event::EventType;
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::{FileId, InspectionId, PrincipalId, UploadId};
use data_inspector_platform::store::{
    File, Inspection, Principal, Scope, Store, StoreError, StoredEvent, Upload,
};
use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use tokio::task::yield_now;

use super::error::RequestError;

/// What is found by a key, or why it is not known.
type Found<V> = Result<Option<V>, Arc<StoreError>>;

type ById<K, V> = Loader<K, Found<V>, Batch>;

/// Reads for one scope.
#[derive(Clone)]
pub(super) struct Batch {
    store: Store,
    scope: Scope,
}

/// A page of the events of an inspection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct EventsKey {
    pub(super) after: Cursor,
    pub(super) types: Vec<EventType>,
    pub(super) limit: u32,
}

/// The newest inspections of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NewestKey {
    pub(super) file_id: FileId,
    pub(super) limit: u32,
}

/// The values in the file of an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ValuesOf(InspectionId);

/// The loaders of a request.
pub(super) struct Loaders {
    files: ById<FileId, File>,
    inspections: ById<InspectionId, Inspection>,
    people: ById<PrincipalId, Principal>,
    uploads: ById<UploadId, Arc<(Upload, File)>>,
    uploads_of_files: ById<FileId, Arc<(Upload, File)>>,
    events: ById<EventsKey, Vec<StoredEvent>>,
    newest: ById<NewestKey, Vec<Inspection>>,
    values_seen: ById<ValuesOf, ()>,
    /// How often a field has asked for something or got it.
    moves: AtomicUsize,
}

/// A key is asked for when for so many turns no field of the request has asked for anything or got it. What a batch
/// brought is handed on a few rows at a time: whoever asks sooner reads the next level in parts, and each further turn
/// polls every field that waits.
const QUIET_TURNS: usize = 2;

/// Turns a loader lets pass before it reads: fields do not all find that it is quiet in the same turn.
const PATIENCE: usize = 2;

fn loader<K, V>(batch: Batch) -> ById<K, V>
where
    K: Eq + Hash + Clone + std::fmt::Debug,
    V: Clone,
    Batch: BatchFn<K, Found<V>>,
{
    Loader::new(batch).with_yield_count(PATIENCE)
}

impl Loaders {
    pub(super) fn new(store: Store, scope: Scope) -> Self {
        let batch = Batch { store, scope };
        Self {
            files: loader(batch.clone()),
            inspections: loader(batch.clone()),
            people: loader(batch.clone()),
            uploads: loader(batch.clone()),
            uploads_of_files: loader(batch.clone()),
            events: loader(batch.clone()),
            newest: loader(batch.clone()),
            values_seen: loader(batch),
            moves: AtomicUsize::new(0),
        }
    }

    pub(super) async fn file(&self, id: FileId) -> Result<Option<File>, RequestError> {
        self.load(&self.files, id).await
    }

    pub(super) async fn inspection(&self, id: InspectionId) -> Result<Option<Inspection>, RequestError> {
        self.load(&self.inspections, id).await
    }

    pub(super) async fn person(&self, id: PrincipalId) -> Result<Option<Principal>, RequestError> {
        self.load(&self.people, id).await
    }

    pub(super) async fn upload(&self, id: UploadId) -> Result<Option<Arc<(Upload, File)>>, RequestError> {
        self.load(&self.uploads, id).await
    }

    pub(super) async fn upload_of(&self, id: FileId) -> Result<Option<Arc<(Upload, File)>>, RequestError> {
        self.load(&self.uploads_of_files, id).await
    }

    pub(super) async fn events(&self, key: EventsKey) -> Result<Vec<StoredEvent>, RequestError> {
        Ok(self.load(&self.events, key).await?.unwrap_or_default())
    }

    pub(super) async fn newest_inspections(&self, key: NewestKey) -> Result<Vec<Inspection>, RequestError> {
        Ok(self.load(&self.newest, key).await?.unwrap_or_default())
    }

    /// Notes that the caller sees values of the file of an inspection; they are shown after that.
    pub(super) async fn note_values_seen(&self, id: InspectionId) -> Result<(), RequestError> {
        self.load(&self.values_seen, ValuesOf(id)).await.map(drop)
    }

    /// Boxed, as what a statement needs is large: the future of each field has room for the largest of its type.
    async fn load<K, V>(&self, loader: &ById<K, V>, key: K) -> Result<Option<V>, RequestError>
    where
        K: Eq + Hash + Clone + std::fmt::Debug,
        V: Clone,
        Batch: BatchFn<K, Found<V>>,
    {
        self.moves.fetch_add(1, Ordering::Relaxed);
        self.quiet().await;
        let answer = Box::pin(loader.try_load(key)).await;
        self.moves.fetch_add(1, Ordering::Relaxed);
        answer.map_err(RequestError::internal)?.map_err(RequestError::of_shared)
    }

    /// Waits until nothing moves.
    async fn quiet(&self) {
        let (mut moves, mut turns) = (self.moves.load(Ordering::Relaxed), 0);
        while turns < QUIET_TURNS {
            yield_now().await;
            let now = self.moves.load(Ordering::Relaxed);
            turns = if now == moves { turns + 1 } else { 0 };
            moves = now;
        }
    }
}

impl BatchFn<FileId, Found<File>> for Batch {
    async fn load(&mut self, ids: &[FileId]) -> HashMap<FileId, Found<File>> {
        by_key(ids, self.store.files_by_id(self.scope, ids).await, |file| file.id)
    }
}

impl BatchFn<InspectionId, Found<Inspection>> for Batch {
    async fn load(&mut self, ids: &[InspectionId]) -> HashMap<InspectionId, Found<Inspection>> {
        by_key(ids, self.store.inspections_by_id(self.scope, ids).await, |inspection| inspection.id)
    }
}

impl BatchFn<PrincipalId, Found<Principal>> for Batch {
    async fn load(&mut self, ids: &[PrincipalId]) -> HashMap<PrincipalId, Found<Principal>> {
        by_key(ids, self.store.principals_by_id(self.scope, ids).await, |principal| principal.id)
    }
}

impl BatchFn<UploadId, Found<Arc<(Upload, File)>>> for Batch {
    async fn load(&mut self, ids: &[UploadId]) -> HashMap<UploadId, Found<Arc<(Upload, File)>>> {
        let found = self.store.uploads_by_id(self.scope, ids).await;
        by_key(ids, found.map(|found| found.into_iter().map(Arc::new).collect()), |found| found.0.id)
    }
}

impl BatchFn<FileId, Found<Arc<(Upload, File)>>> for Batch {
    async fn load(&mut self, ids: &[FileId]) -> HashMap<FileId, Found<Arc<(Upload, File)>>> {
        let found = self.store.uploads_of_files(self.scope, ids).await;
        by_key(ids, found.map(|found| found.into_iter().map(Arc::new).collect()), |found| found.0.file_id)
    }
}

impl BatchFn<EventsKey, Found<Vec<StoredEvent>>> for Batch {
    /// One statement for all inspections of which the same is asked for.
    async fn load(&mut self, keys: &[EventsKey]) -> HashMap<EventsKey, Found<Vec<StoredEvent>>> {
        let mut alike: HashMap<(&[EventType], u32), Vec<Cursor>> = HashMap::new();
        for key in keys {
            alike.entry((&key.types, key.limit)).or_default().push(key.after);
        }
        let mut answers = HashMap::new();
        for ((types, limit), cursors) in alike {
            let found = self.store.events_after_each(self.scope, &cursors, types, limit).await;
            let key = |after| EventsKey { after, types: types.to_vec(), limit };
            // The same inspection may be asked for from two positions: its events are sorted out here.
            share(&mut answers, cursors, found, limit, key, |cursor, event: &StoredEvent| {
                event.inspection_id == cursor.inspection_id && Some(event.seq) > cursor.after
            });
        }
        answers
    }
}

impl BatchFn<NewestKey, Found<Vec<Inspection>>> for Batch {
    async fn load(&mut self, keys: &[NewestKey]) -> HashMap<NewestKey, Found<Vec<Inspection>>> {
        let mut alike: HashMap<u32, Vec<FileId>> = HashMap::new();
        for key in keys {
            alike.entry(key.limit).or_default().push(key.file_id);
        }
        let mut answers = HashMap::new();
        for (limit, files) in alike {
            let found = self.store.newest_inspections_of_files(self.scope, &files, limit).await;
            let key = |file_id| NewestKey { file_id, limit };
            share(&mut answers, files, found, limit, key, |file_id, inspection: &Inspection| {
                inspection.file_id == *file_id
            });
        }
        answers
    }
}

impl BatchFn<ValuesOf, Found<()>> for Batch {
    /// One transaction for all inspections of which values are shown.
    async fn load(&mut self, keys: &[ValuesOf]) -> HashMap<ValuesOf, Found<()>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let noted = self.store.audit_values_seen(self.scope, &ids).await.map_err(Arc::new);
        keys.iter().map(|key| (*key, noted.clone().map(Some))).collect()
    }
}

fn by_key<K: Copy + Eq + Hash, V: Clone>(
    keys: &[K],
    answer: Result<Vec<V>, StoreError>,
    key_of: impl Fn(&V) -> K,
) -> HashMap<K, Found<V>> {
    match answer {
        Ok(values) => {
            let mut values: HashMap<K, V> = values.into_iter().map(|value| (key_of(&value), value)).collect();
            keys.iter().map(|key| (*key, Ok(values.remove(key)))).collect()
        }
        Err(error) => {
            let error = Arc::new(error);
            keys.iter().map(|key| (*key, Err(Arc::clone(&error)))).collect()
        }
    }
}

/// Gives everybody their part of what was found for all: the first of what belongs to them, so many.
fn share<P, K: Eq + Hash, V: Clone>(
    answers: &mut HashMap<K, Found<Vec<V>>>,
    parts: Vec<P>,
    found: Result<Vec<V>, StoreError>,
    limit: u32,
    key: impl Fn(P) -> K,
    belongs: impl Fn(&P, &V) -> bool,
) {
    let found = found.map_err(Arc::new);
    for part in parts {
        let answer = match &found {
            Ok(found) => {
                let own = found.iter().filter(|value| belongs(&part, value)).take(limit as usize);
                Ok(Some(own.cloned().collect()))
            }
            Err(error) => Err(Arc::clone(error)),
        };
        answers.insert(key(part), answer);
    }
}
