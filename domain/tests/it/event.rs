use std::collections::BTreeSet;

use data_inspector_domain::event::{
    Alert, AlertRaised, Attempt, AttemptChanged, Checkpoint, CheckpointSaved, EventBody, EventError,
    EventType, InspectionEvent, MAX_CHANGED_COLUMNS, Phase, PhaseChanged, ProfileRevised, StateChanged,
    StateReason,
};
use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::finding::{FindingCode, Severity};
use data_inspector_domain::id::{PrincipalId, Sequence, TaskId, WorkerId};
use data_inspector_domain::inspection::{Command, InspectionState};
use data_inspector_domain::task::fence::Epoch;
use data_inspector_domain::task::{TaskKind, TaskState};
use data_inspector_domain::time::Timestamp;
use uuid::Uuid;

use crate::support::{check_golden, crate_file, inspection_id, name, variants};

/// 2025-10-09T09:00:00Z.
const MICROS: i64 = 1_760_000_400_000_000;

fn event(seq: u64, body: EventBody) -> InspectionEvent {
    let number = Sequence::try_from(seq).expect("numbers of the test are in range");
    let at = Timestamp::from_micros(MICROS + seq as i64 * 250_000);
    InspectionEvent::new(inspection_id(), number, at, body)
}

fn state_created() -> InspectionEvent {
    let to = InspectionState::WaitingForFile;
    event(1, EventBody::StateChanged(StateChanged { from: None, to, version: 1, reason: None }))
}

fn state() -> InspectionEvent {
    let reason = StateReason {
        command: Command::Pause,
        message: "wait for the corrected file \u{2014} \"v2\"".to_owned(),
        actor: Some(PrincipalId::from_uuid(Uuid::from_u128(0x0199_c82c_0000_7000_8000_0000_0000_0001))),
        failure: None,
    };
    let (from, to) = (Some(InspectionState::Running), InspectionState::Pausing);
    event(2, EventBody::StateChanged(StateChanged { from, to, version: 4, reason: Some(reason) }))
}

fn state_failed() -> InspectionEvent {
    let message = "the file changed while it was read".to_owned();
    let failure = Failure::new(FailureCode::SourceChanged, &message).at_byte(16_777_216);
    let reason = StateReason { command: Command::Fail, message, actor: None, failure: Some(failure) };
    let (from, to) = (Some(InspectionState::Running), InspectionState::Failed);
    event(3, EventBody::StateChanged(StateChanged { from, to, version: 5, reason: Some(reason) }))
}

fn phase() -> InspectionEvent {
    event(4, EventBody::PhaseChanged(PhaseChanged { phase: Phase::Scanning }))
}

fn attempt() -> InspectionEvent {
    let attempt = Attempt {
        task_id: TaskId::from_uuid(Uuid::from_u128(0x0199_c82c_0000_7000_8000_0000_0000_0002)),
        kind: TaskKind::InspectSplit,
        number: Epoch::FIRST.next(),
        state: TaskState::RetryWait,
        worker_id: Some(WorkerId::from_uuid(Uuid::from_u128(0x0199_c82c_0000_7000_8000_0000_0000_0003))),
        started_at: Timestamp::from_micros(MICROS),
        ended_at: Some(Timestamp::from_micros(MICROS + 30_000_000)),
        from_byte: Some(268_435_456),
        bytes_done: 100_000_000,
        made_progress: false,
        failure: Some(Failure::new(FailureCode::HeartbeatLost, "a worker was lost; its part is done again")),
    };
    event(5, EventBody::AttemptChanged(AttemptChanged { attempt }))
}

fn attempt_released() -> InspectionEvent {
    let attempt = Attempt {
        task_id: TaskId::from_uuid(Uuid::from_u128(0x0199_c82c_0000_7000_8000_0000_0000_0002)),
        kind: TaskKind::Survey,
        number: Epoch::FIRST,
        state: TaskState::Released,
        worker_id: None,
        started_at: Timestamp::from_micros(MICROS),
        ended_at: None,
        from_byte: None,
        bytes_done: 0,
        made_progress: false,
        failure: None,
    };
    event(6, EventBody::AttemptChanged(AttemptChanged { attempt }))
}

fn checkpoint() -> InspectionEvent {
    let checkpoint = Checkpoint {
        bytes_durable: 2_000_000_000_000,
        splits_durable: 8192,
        loss_if_retried_now: 52_428_800,
    };
    event(7, EventBody::CheckpointSaved(CheckpointSaved { checkpoint }))
}

fn alert() -> InspectionEvent {
    let alert = Alert {
        severity: Severity::Error,
        code: FindingCode::MissingCell,
        column: Some("order_id".to_owned()),
        message: "rows have fewer cells than there are columns".to_owned(),
        expected: Some("20 cells".to_owned()),
        observed: Some("19 cells".to_owned()),
        rows_affected: Some(3),
        first_seen_at_byte: Some(4096),
        provisional: true,
    };
    event(8, EventBody::AlertRaised(AlertRaised { alert }))
}

fn profile() -> InspectionEvent {
    let changed = vec!["order_id".to_owned(), "größe".to_owned()];
    event(9, EventBody::ProfileRevised(ProfileRevised::new(3, changed, false)))
}

fn profile_wide() -> InspectionEvent {
    let changed = (0..=MAX_CHANGED_COLUMNS).map(|index| format!("column_{index}")).collect();
    event(10, EventBody::ProfileRevised(ProfileRevised::new(4, changed, true)))
}

/// The golden files of version 1, and what they hold.
fn golden() -> [(&'static str, InspectionEvent); 10] {
    [
        ("state", state()),
        ("state-created", state_created()),
        ("state-failed", state_failed()),
        ("phase", phase()),
        ("attempt", attempt()),
        ("attempt-released", attempt_released()),
        ("checkpoint", checkpoint()),
        ("alert", alert()),
        ("profile", profile()),
        ("profile-wide", profile_wide()),
    ]
}

fn read(json: &str) -> Result<InspectionEvent, EventError> {
    InspectionEvent::from_json(json.as_bytes())
}

#[test]
fn golden_events_are_what_is_written_and_read_today() {
    for (file, event) in golden() {
        let path = format!("tests/golden/events/{file}.json");
        check_golden(&path, &format!("{}\n", event.to_json()));
        let committed = std::fs::read(crate_file(&path)).unwrap();
        assert_eq!(InspectionEvent::from_json(&committed).unwrap(), event, "{file}");
    }
    let directory = std::fs::read_dir(crate_file("tests/golden/events")).unwrap();
    let files = directory.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(BTreeSet::from_iter(files), golden().map(|(file, _)| format!("{file}.json")).into());
}

#[test]
fn every_type_has_a_golden_event() {
    let types = BTreeSet::from(golden().map(|(_, event)| event.event.event_type()));
    assert_eq!(types, variants::<EventType>().into_iter().collect());
}

#[test]
fn the_type_in_the_json_is_the_events_type() {
    for (file, event) in golden() {
        let json: serde_json::Value = serde_json::from_str(&event.to_json()).unwrap();
        assert_eq!(json["event"]["type"], name(event.event.event_type()), "{file}");
    }
}

#[test]
fn a_field_of_a_newer_release_is_ignored() {
    let json = phase().to_json();
    let with_more = json
        .replace(r#""seq":"#, r#""traceId":"t1","seq":"#)
        .replace(r#""phase":"#, r#""detail":{"step":[1]},"phase":"#);
    assert_ne!(with_more, json);
    assert_eq!(read(&with_more).unwrap(), phase());
}

#[test]
fn a_field_of_a_newer_release_inside_a_failure_is_refused() {
    let json = state_failed().to_json().replace(r#""atByte":"#, r#""atRow":1,"atByte":"#);
    assert!(matches!(read(&json), Err(EventError::Malformed(_))));
}

#[test]
fn another_version_is_an_error_of_its_own_whatever_else_it_holds() {
    for json in [
        phase().to_json().replace(r#""schemaVersion":1"#, r#""schemaVersion":2"#),
        r#"{"schemaVersion":2}"#.to_owned(),
        r#"{"schemaVersion":2,"event":{"type":"NEW"}}"#.to_owned(),
    ] {
        let error = read(&json).unwrap_err();
        assert!(matches!(error, EventError::UnknownVersion { found: 2 }));
        assert_eq!(error.to_string(), "cannot read an event of schema version 2, only of version 1");
    }
}

#[test]
fn another_type_is_an_error_of_its_own() {
    let error = read(&phase().to_json().replace("PHASE", "EXPORT")).unwrap_err();
    assert!(matches!(&error, EventError::UnknownType { found } if found == "EXPORT"));
    assert_eq!(error.to_string(), "cannot read an event of type `EXPORT`, which is not known here");
}

#[test]
fn whatever_is_cut_or_missing_is_malformed() {
    let json = attempt().to_json();
    for end in 0..json.len() {
        let cut = InspectionEvent::from_json(&json.as_bytes()[..end]);
        assert!(matches!(cut, Err(EventError::Malformed(_))), "cut at {end}");
    }
    for (part, replacement) in [
        (r#""schemaVersion":1,"#, ""),
        (r#""schemaVersion":1"#, r#""schemaVersion":"1""#),
        (r#""seq":5"#, r#""seq":0"#),
        ("insp_", "file_"),
        (r#""type":"ATTEMPT","#, ""),
        (r#""bytesDone":100000000"#, r#""bytesDone":-1"#),
        ("INSPECT_SPLIT", "INSPECT"),
    ] {
        assert!(json.contains(part), "{part}");
        assert!(matches!(read(&json.replace(part, replacement)), Err(EventError::Malformed(_))), "{part}");
    }
}

#[test]
fn serde_refuses_another_version_too() {
    let json = phase().to_json().replace(r#""schemaVersion":1"#, r#""schemaVersion":2"#);
    assert!(serde_json::from_str::<InspectionEvent>(&json).is_err());
}

#[test]
fn changed_columns_are_named_up_to_the_bound() {
    let named = |count| ProfileRevised::new(1, vec!["c".to_owned(); count], false).changed_columns;
    assert_eq!(named(MAX_CHANGED_COLUMNS).map(|names| names.len()), Some(MAX_CHANGED_COLUMNS));
    assert_eq!(named(MAX_CHANGED_COLUMNS + 1), None);
}
