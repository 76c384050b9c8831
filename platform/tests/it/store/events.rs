//! Reading what is committed.

use data_inspector_domain::event::EventType;
use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::id::Sequence;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_platform::store::StoredEvent;

use super::fixture::Fixture;

fn numbers(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq.get()).collect()
}

fn seq(number: u64) -> Sequence {
    Sequence::try_from(number).unwrap()
}

pub(super) async fn events_are_read_from_any_position(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let (id, _) = fixture.running(1).await;
    let last = fixture.inspection(id).await.last_seq.unwrap();
    let start = Cursor::start(id);
    let all = store.events_after(scope, start, 100).await.unwrap();
    assert_eq!(numbers(&all), (1..=last.get()).collect::<Vec<_>>());
    let third = Cursor::after(id, seq(3));
    assert_eq!(store.events_after(scope, third, 2).await.unwrap(), all[3..5]);
    assert_eq!(store.events_between(scope, third, seq(5), 100).await.unwrap(), all[3..5]);
    assert_eq!(store.events_between(scope, third, seq(3), 100).await.unwrap(), []);
    assert_eq!(store.events_after(scope, Cursor::after(id, last), 100).await.unwrap(), []);
    let newest = store.newest_events(scope, id, &[], Some(last), 2).await.unwrap();
    assert_eq!(numbers(&newest), [last.get() - 1, last.get() - 2]);
    let attempts = store.newest_events(scope, id, &[EventType::Attempt], None, 100).await.unwrap();
    assert_eq!(attempts.len(), 3, "the survey was released, claimed and done");
}

pub(super) async fn events_of_another_workspace_are_none(fixture: &Fixture) {
    let (store, other) = (&fixture.store, fixture.other_workspace().await);
    let id = fixture.queued().await.id;
    let start = Cursor::start(id);
    assert_eq!(store.events_after(other, start, 100).await.unwrap(), []);
    assert_eq!(store.events_between(other, start, seq(9), 100).await.unwrap(), []);
    assert_eq!(store.events_after_each(other, &[start], &[], 100).await.unwrap(), []);
    assert_eq!(store.newest_events(other, id, &[], None, 100).await.unwrap(), []);
    let owners = store.workspaces_of(&[id]).await.unwrap();
    assert_eq!(owners, [(id, fixture.scope.workspace_id)]);
}

pub(super) async fn events_of_several_inspections_come_at_once(fixture: &Fixture) {
    let (store, scope) = (&fixture.store, fixture.scope);
    let (first, _) = fixture.running(1).await;
    let second = fixture.queued().await.id;
    let cursors = [Cursor::after(first, seq(2)), Cursor::start(second)];
    let found = store.events_after_each(scope, &cursors, &[], 2).await.unwrap();
    let mut expected = store.events_after(scope, cursors[0], 2).await.unwrap();
    expected.extend(store.events_after(scope, cursors[1], 2).await.unwrap());
    expected.sort_by_key(|event| (event.inspection_id, event.seq));
    assert_eq!(found, expected);
    assert_eq!(found.len(), 4);
    let twice = [Cursor::start(first), Cursor::after(first, seq(3))];
    assert_eq!(numbers(&store.events_after_each(scope, &twice, &[], 2).await.unwrap()), [1, 2, 4, 5]);
    let states = store.events_after_each(scope, &cursors, &[EventType::State], 100).await.unwrap();
    assert_eq!(states.len(), 3, "RUNNING of the first; WAITING_FOR_FILE and QUEUED of the second");
    assert_eq!(store.events_after_each(scope, &[], &[], 2).await.unwrap(), []);
}

pub(super) async fn heads_say_how_far_events_go(fixture: &Fixture) {
    let inspection = fixture.queued().await;
    let heads = fixture.store.events_heads(fixture.scope, &[inspection.id]).await.unwrap();
    assert_eq!(heads.len(), 1);
    assert_eq!((heads[0].state, heads[0].last_seq), (InspectionState::Queued, inspection.last_seq));
}
