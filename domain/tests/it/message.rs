//! Messages between coordinator and workers: their JSON.

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::id::{Run, TaskId, WorkerId, WorkspaceId};
use data_inspector_domain::message::{
    BlobHash, CountedFrom, EntryState, FileLayout, LeafRange, MergeDone, MergeWork, MessageError, Outcome,
    Report, ResultMessage, SplitDone, SplitEntry, SplitSummary, SplitVector, SplitWork, StoredBlob,
    StoredFile, TaskMessage, TaskReport, Transition, Work, WorkerHeartbeat,
};
use data_inspector_domain::spec::{Delimiter, FormatOverrides, InspectionSpec};
use data_inspector_domain::task::fence::{Epoch, Stamp};
use uuid::Uuid;

use crate::support::{check_golden, crate_file, inspection_id};

fn uuid() -> Uuid {
    inspection_id().as_uuid()
}

fn blob(name: &str) -> StoredBlob {
    StoredBlob { key: format!("ws/inspections/insp/{name}"), hash: BlobHash([0xa5; 32]), size_bytes: 1234 }
}

fn task(work: Work) -> TaskMessage {
    TaskMessage {
        task_id: TaskId::from_uuid(uuid()),
        epoch: Epoch::from_number(2),
        workspace_id: WorkspaceId::from_uuid(uuid()),
        inspection_id: inspection_id(),
        file: StoredFile { key: "ws/files/file".to_owned(), etag: "\"0x8\"".to_owned(), size_bytes: 1 << 41 },
        work,
    }
}

fn split(entry: SplitEntry) -> Work {
    let leaves = LeafRange { first: 64, end: 128 };
    Work::InspectSplit(SplitWork { resolved_spec: blob("spec"), leaves, entry })
}

fn tasks() -> Vec<(&'static str, TaskMessage)> {
    let merge = MergeWork {
        resolved_spec: blob("spec"),
        parts: vec![blob("first"), blob("second")],
        leaves: LeafRange { first: 0, end: 128 },
        is_last: true,
    };
    vec![
        ("survey", task(Work::Survey { spec: Box::new(InspectionSpec::default()) })),
        ("split-guess", task(split(SplitEntry::Guess))),
        ("split-known", task(split(SplitEntry::Known { state: EntryState(3) }))),
        ("split-no-record", task(split(SplitEntry::NoRecord))),
        ("merge", task(Work::Merge(merge))),
    ]
}

fn summary(counted_from: CountedFrom) -> SplitSummary {
    let transition = |exit| Transition { first_start: Some(4_300_000_000), exit: EntryState(exit) };
    let none = Transition { first_start: None, exit: EntryState(3) };
    let vector = SplitVector(vec![transition(0), transition(2), none]);
    SplitSummary { vector, counted_from, rows: 5_000_000_000, findings: 7 }
}

fn report(report: Report) -> ResultMessage {
    ResultMessage::Report(TaskReport {
        task_id: TaskId::from_uuid(uuid()),
        inspection_id: inspection_id(),
        worker_id: WorkerId::from_uuid(uuid()),
        stamp: Stamp { epoch: Epoch::from_number(2), run: Run::from_uuid(uuid()), n: 3 },
        report,
    })
}

fn done(outcome: Outcome) -> ResultMessage {
    report(Report::Done { bytes_done: 1 << 30, outcome })
}

fn split_done(counted_from: CountedFrom) -> ResultMessage {
    done(Outcome::Split(SplitDone { partial: blob("partial"), summary: summary(counted_from) }))
}

fn results() -> Vec<(&'static str, ResultMessage)> {
    let layout = FileLayout {
        size_bytes: 1 << 41,
        leaf_size_bytes: 16 << 20,
        data_offset: 99,
        first_leaf: 0,
        end_leaf: 131_072,
    };
    let (partial, profile) = (blob("partial"), blob("profile"));
    let merged = MergeDone { partial, profile, rows: 12, findings: 0, alerts: Vec::new() };
    let heartbeat = WorkerHeartbeat {
        worker_id: WorkerId::from_uuid(uuid()),
        version: "0.1.0".to_owned(),
        slots: 2,
        free: 1,
        running: vec![TaskId::from_uuid(uuid())],
        partitions: vec![0, 5],
        draining: false,
    };
    let failure = Failure::new(FailureCode::StorageUnavailable, "the storage did not answer");
    vec![
        ("claimed", report(Report::Claimed)),
        ("alive", report(Report::Alive { bytes_done: 1 << 20 })),
        ("done-survey", done(Outcome::Survey { resolved_spec: blob("spec"), layout })),
        ("done-split", split_done(CountedFrom::Record { at: 4_300_000_000 })),
        ("done-split-no-record", split_done(CountedFrom::NoRecord)),
        ("done-split-gave-up", split_done(CountedFrom::GaveUp)),
        ("done-merge", done(Outcome::Merge(merged))),
        ("failed", report(Report::Failed { bytes_done: 17, failure })),
        ("stopped", report(Report::Stopped { bytes_done: 17 })),
        ("heartbeat", ResultMessage::Heartbeat(heartbeat)),
        ("tick", ResultMessage::Tick),
    ]
}

#[test]
fn the_json_of_tasks_is_golden_and_comes_back() {
    for (name, message) in tasks() {
        let json = message.to_json();
        check_golden(&format!("tests/golden/messages/task-{name}.json"), &format!("{json}\n"));
        assert_eq!(TaskMessage::from_json(json.as_bytes()).unwrap(), message, "{name}");
    }
}

/// As the release wrote them in which a delimiter was one byte, and no encoding could be stated.
#[test]
fn older_forms_of_a_survey_are_read() {
    let check = |name: &str, delimiter: Option<Delimiter>| {
        let json = std::fs::read(crate_file(&format!("tests/golden/messages/{name}.json"))).unwrap();
        let format = FormatOverrides { delimiter, ..FormatOverrides::default() };
        let spec = Box::new(InspectionSpec { format, ..InspectionSpec::default() });
        assert_eq!(TaskMessage::from_json(&json).unwrap(), task(Work::Survey { spec }), "{name}");
    };
    check("task-survey-before-encodings", None);
    check("task-survey-with-byte", Some(Delimiter::byte(b';')));
}

#[test]
fn a_delimiter_is_read_as_list_and_as_byte() {
    let read = |json: &str| serde_json::from_str::<Delimiter>(json).ok();
    assert_eq!(read("59"), Some(Delimiter::byte(b';')));
    assert_eq!(read("[124,124]"), Delimiter::try_new(b"||"));
    for wrong in ["10", "[13]", "[]", "[1,2,3,4,5]", "256", "-1", "\";\"", "null"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[test]
fn the_json_of_results_is_golden_and_comes_back() {
    for (name, message) in results() {
        let json = message.to_json();
        check_golden(&format!("tests/golden/messages/result-{name}.json"), &format!("{json}\n"));
        assert_eq!(ResultMessage::from_json(json.as_bytes()).unwrap(), message, "{name}");
    }
}

#[test]
fn what_is_stored_of_a_split_is_golden_and_comes_back() {
    let summary = summary(CountedFrom::Record { at: 4_300_000_000 });
    let json = summary.to_json();
    check_golden("tests/golden/messages/split-summary.json", &format!("{json}\n"));
    assert_eq!(SplitSummary::from_json(json.as_bytes()).unwrap(), summary);
}

#[test]
fn another_version_is_told_from_garbage() {
    let newer = |json: String| json.replace("\"schemaVersion\":1", "\"schemaVersion\":2,\"more\":[]");
    for (name, message) in tasks() {
        let refused = TaskMessage::from_json(newer(message.to_json()).as_bytes()).unwrap_err();
        assert!(matches!(refused, MessageError::UnknownVersion { found: 2 }), "{name}: {refused}");
    }
    for json in ["", "{}", "[]", "{\"schemaVersion\":1}", "{\"schemaVersion\":1,\"type\":\"NEW\"}"] {
        let refused = ResultMessage::from_json(json.as_bytes()).unwrap_err();
        assert!(matches!(refused, MessageError::Malformed(_)), "{json}: {refused}");
    }
}

#[test]
fn fields_of_a_newer_release_are_ignored() {
    for (name, message) in results() {
        let json = message.to_json().replacen('{', "{\"addedLater\":{\"x\":1},", 1);
        assert_eq!(ResultMessage::from_json(json.as_bytes()).unwrap(), message, "{name}");
    }
}

#[test]
fn counts_are_proven_by_their_first_record() {
    let at = |at| CountedFrom::Record { at };
    assert!(at(7).is_proven_by(Some(7)) && CountedFrom::NoRecord.is_proven_by(None));
    assert!(!at(7).is_proven_by(Some(8)) && !at(7).is_proven_by(None));
    assert!(!CountedFrom::NoRecord.is_proven_by(Some(7)));
    assert!(!CountedFrom::GaveUp.is_proven_by(Some(7)) && !CountedFrom::GaveUp.is_proven_by(None));
}

#[test]
fn hashes_are_64_digits() {
    let hash = BlobHash([0x0f; 32]);
    assert_eq!(hash.to_string().parse(), Ok(hash));
    for wrong in ["", "0f", &"0F".repeat(32), &"0g".repeat(32), &"0f".repeat(33)] {
        assert!(wrong.parse::<BlobHash>().is_err(), "{wrong}");
    }
}
