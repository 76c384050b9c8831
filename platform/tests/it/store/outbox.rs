//! What is to be published.

use std::time::Duration;

use data_inspector_platform::store::Topic;

use super::fixture::Fixture;
use super::invariants::published_events;

const HOLD: Duration = Duration::from_secs(10);

pub(super) async fn what_is_claimed_is_not_claimed_again_in_time(fixture: &Fixture) {
    let store = &fixture.store;
    let (id, splits) = fixture.running(1).await;
    fixture.release(id, &[splits[0].id]).await;
    let backlog = usize::try_from(store.outbox_backlog().await.unwrap()).unwrap();
    let first = store.claim_outbox(3, HOLD).await.unwrap();
    let rest = store.claim_outbox(100, HOLD).await.unwrap();
    assert_eq!((first.len(), rest.len()), (3, backlog - 3));
    let numbers: Vec<_> = first.iter().chain(&rest).map(|message| message.id).collect();
    assert!(numbers.is_sorted(), "oldest first: {numbers:?}");
    let task = rest.iter().rfind(|message| message.topic == Topic::Tasks).unwrap();
    assert_eq!(task.bytes, format!("{}@1", splits[0].id).into_bytes());
    assert_eq!(task.partition, Some(3));
    assert_eq!(store.claim_outbox(100, HOLD).await.unwrap(), []);
    fixture.pass(HOLD);
    assert_eq!(store.claim_outbox(100, HOLD).await.unwrap().len(), backlog, "whoever had them has died");
    fixture.pass(HOLD);
}

pub(super) async fn what_is_published_is_pruned_and_no_more(fixture: &Fixture) {
    let store = &fixture.store;
    fixture.queued().await;
    let claimed = store.claim_outbox(100, HOLD).await.unwrap();
    let ids: Vec<_> = claimed.iter().map(|message| message.id).collect();
    fixture.pass(HOLD);
    assert_eq!(store.prune_outbox(fixture.now(), 100).await.unwrap(), 0, "nothing is published");
    store.mark_published(&ids).await.unwrap();
    store.mark_published(&ids).await.unwrap();
    assert_eq!(store.outbox_backlog().await.unwrap(), 0);
    let other = fixture.queued().await.id;
    assert_eq!(store.prune_outbox(fixture.now(), 1).await.unwrap(), 1);
    assert_eq!(store.prune_outbox(fixture.now(), 100).await.unwrap(), ids.len() as u64 - 1);
    assert_eq!(published_events(store).await.into_keys().collect::<Vec<_>>(), [other.to_string()]);
}

pub(super) async fn events_are_published_as_they_are_stored(fixture: &Fixture) {
    // What `Fixture::end` checks of every test, once with something of each kind.
    let (id, _) = fixture.running(2).await;
    fixture.claimed(id, "split/0").await;
    let published = published_events(&fixture.store).await;
    let last_seq = fixture.inspection(id).await.last_seq.unwrap().get();
    assert_eq!(published[&id.to_string()].len() as u64, last_seq);
}
