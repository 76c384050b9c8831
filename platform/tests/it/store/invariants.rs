//! What must hold after every call, whatever it was: read back through the store alone.

use std::collections::BTreeMap;
use std::time::Duration;

use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::event::{Attempt, EventBody, InspectionEvent};
use data_inspector_domain::id::{InspectionId, PrincipalId, TaskId, WorkerId};
use data_inspector_domain::inspection::{self, InspectionState};
use data_inspector_domain::task::TaskState;
use data_inspector_domain::task::fence::Epoch;
use data_inspector_platform::store::{Inspection, Scope, Store, Topic};

const ALL: u32 = 1_000_000;

/// Checks every inspection of every workspace. Nothing may have been published yet.
pub(super) async fn check_all(store: &Store) {
    let published = published_events(store).await;
    let ids: Vec<InspectionId> = published.keys().map(|id| id.parse().unwrap()).collect();
    for (id, workspace_id) in store.workspaces_of(&ids).await.unwrap() {
        // Reads are for the workspace, whoever in it asks.
        let principal_id = PrincipalId::from_uuid(uuid::Uuid::nil());
        let scope = Scope { workspace_id, principal_id };
        let stored = check(store, scope, id).await;
        assert_eq!(published.get(&id.to_string()), Some(&stored), "what is published is what is stored");
    }
}

/// The events in the outbox, in the order they were written, by inspection.
pub(super) async fn published_events(store: &Store) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut published: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for message in store.claim_outbox(ALL, Duration::ZERO).await.unwrap() {
        if message.topic == Topic::Updates {
            published.entry(message.key.unwrap()).or_default().push(message.bytes);
        }
    }
    published
}

/// Checks one inspection, and gives its events as they are stored.
pub(super) async fn check(store: &Store, scope: Scope, id: InspectionId) -> Vec<Vec<u8>> {
    let inspection = store.inspection(scope, id).await.unwrap().unwrap();
    let stored = store.events_after(scope, Cursor::start(id), ALL).await.unwrap();
    let numbers: Vec<u64> = stored.iter().map(|event| event.seq.get()).collect();
    let gapless: Vec<u64> = (1..=inspection.last_seq.unwrap().get()).collect();
    assert_eq!(numbers, gapless, "numbers of the events");
    let events: Vec<_> =
        stored.iter().map(|event| InspectionEvent::from_json(&event.bytes).unwrap()).collect();
    check_moments(&inspection, &events);
    check_states(&inspection, &events);
    check_attempts(&events);
    check_tasks(store, &inspection).await;
    stored.into_iter().map(|event| event.bytes).collect()
}

fn check_moments(inspection: &Inspection, events: &[InspectionEvent]) {
    assert!(events.is_sorted_by_key(|event| event.at), "no event is dated before the one before it");
    assert_eq!(events.last().map(|event| event.at), Some(inspection.updated_at));
    assert!(inspection.started_at <= inspection.ended_at || inspection.ended_at.is_none());
    assert_eq!(inspection.ended_at.is_some(), inspection.state.is_terminal());
    // Whoever follows it ends there.
    let ends = matches!(events.last().map(|event| &event.event), Some(EventBody::StateChanged(_)));
    assert!(ends || !inspection.state.is_terminal(), "something comes after the end");
}

/// Every change of state is one that the machine allows, from the state before.
fn check_states(inspection: &Inspection, events: &[InspectionEvent]) {
    let mut state = None;
    let mut version = 0;
    for event in events {
        let EventBody::StateChanged(changed) = &event.event else { continue };
        version += 1;
        assert_eq!((changed.from, changed.version), (state, version));
        match (changed.from, &changed.reason) {
            (None, None) => assert_eq!(changed.to, InspectionState::WaitingForFile),
            (Some(from), Some(reason)) => assert_eq!(inspection::apply(from, reason.command), Ok(changed.to)),
            other => panic!("a change without a state before or a reason: {other:?}"),
        }
        state = Some(changed.to);
    }
    assert_eq!((state, version), (Some(inspection.state), inspection.version));
}

/// Each attempt is released, perhaps claimed by one worker, and ended at most once; epochs only rise.
fn check_attempts(events: &[InspectionEvent]) {
    let mut open: BTreeMap<TaskId, Attempt> = BTreeMap::new();
    let mut ended: BTreeMap<TaskId, Epoch> = BTreeMap::new();
    let mut holders: BTreeMap<(TaskId, Epoch), WorkerId> = BTreeMap::new();
    for event in events {
        let EventBody::AttemptChanged(changed) = &event.event else { continue };
        let attempt = &changed.attempt;
        assert!(ended.get(&attempt.task_id) < Some(&attempt.number), "an attempt after its end: {attempt:?}");
        let before = open.get(&attempt.task_id);
        match attempt.state {
            TaskState::Released => assert!(before.is_none(), "released twice: {attempt:?}"),
            TaskState::Claimed => {
                assert_eq!(before.map(|before| before.state), Some(TaskState::Released));
                let holder = holders.insert((attempt.task_id, attempt.number), attempt.worker_id.unwrap());
                assert_eq!(holder, None, "two holders of one epoch");
            }
            _ => assert!(before.is_some_and(|before| before.number == attempt.number), "{attempt:?}"),
        }
        if attempt.ended_at.is_some() {
            assert!(attempt.ended_at >= Some(attempt.started_at));
            open.remove(&attempt.task_id);
            ended.insert(attempt.task_id, attempt.number);
        } else {
            open.insert(attempt.task_id, attempt.clone());
        }
    }
}

/// Tasks and their inspection agree.
async fn check_tasks(store: &Store, inspection: &Inspection) {
    let tasks = store.tasks_of(inspection.id).await.unwrap();
    let any = |states: &[TaskState]| tasks.iter().any(|task| states.contains(&task.state));
    let state = inspection.state;
    if state.is_terminal() {
        assert!(tasks.iter().all(|task| task.state.is_terminal()), "{state:?} with open tasks");
    }
    match state {
        InspectionState::WaitingForFile => assert!(!any(&[TaskState::Released, TaskState::Claimed])),
        InspectionState::Paused => assert!(!any(&[TaskState::Released, TaskState::Claimed])),
        InspectionState::Queued => assert!(!any(&[TaskState::Claimed]), "QUEUED, and a run holds a task"),
        InspectionState::RetryWait => {
            assert!(any(&[TaskState::RetryWait]), "RETRY_WAIT without a task to try again");
            assert!(
                !any(&[TaskState::Waiting, TaskState::Released, TaskState::Claimed]),
                "something can run"
            );
        }
        InspectionState::Pausing | InspectionState::Cancelling => {
            assert!(any(&[TaskState::Claimed]), "{state:?} with nothing running");
        }
        _ => {}
    }
    for task in &tasks {
        assert_eq!(task.hold.run.is_none(), task.hold.last_n == 0, "{task:?}");
        if task.state == TaskState::Claimed {
            assert!(task.hold.run.is_some() && task.worker_id.is_some() && task.lease_until.is_some());
        }
    }
}
