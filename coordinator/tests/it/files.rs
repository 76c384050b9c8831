//! Whatever a file is like and however it is cut, the service gives the bytes that `inspect` gives.

use data_inspector_domain::event::cursor::Cursor;
use data_inspector_domain::event::{Alert, EventBody, InspectionEvent};
use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::inspection::{Coverage, InspectionState};
use data_inspector_domain::progress::Progress;

use crate::system::{SMALL, Size, System, World, coordinator_config, spec};

/// Rows with quoted newlines, ragged rows and invalid bytes.
pub(crate) fn rows(count: usize) -> Vec<u8> {
    let mut bytes = b"id,name,note,amount\n".to_vec();
    for row in 0..count {
        let text = match row % 7 {
            0 => format!("{row},\"line one\nline two, with comma\n\",\"x \"\"quoted\"\"\",{}.5\n", row % 13),
            3 => format!("{row},short\n"),
            5 => format!("{row},long,\"a\nb\nc\nd\",{},extra\n", row * 3),
            _ => format!("{row},name {},plain,{}\n", row % 11, row % 101),
        };
        bytes.extend_from_slice(text.as_bytes());
        if row % 29 == 0 {
            // Beside UTF-8, so that it is damage and not another encoding.
            bytes.extend_from_slice(b"9,\xc3\xa9\xff\xfe,x,1\n");
        }
    }
    bytes
}

/// Quoted text that looks like rows from inside, so that guesses go wrong.
pub(crate) fn misleading() -> Vec<u8> {
    let mut bytes = b"id,text\n".to_vec();
    for row in 0..40 {
        let text = format!("{row},{row}\n").repeat(60);
        bytes.extend_from_slice(format!("{row},\"{text}\"\n").as_bytes());
    }
    bytes
}

async fn check(bytes: &[u8], leaf_size_bytes: u64, leaves_per_split: u64, size: Size) -> (World, usize) {
    let world = World::new().await;
    let spec = spec(leaf_size_bytes);
    let file = world.file(bytes).await;
    let id = world.inspect(file, &spec).await;
    let mut system = System::start(&world, size, &coordinator_config(leaves_per_split)).await;
    system.until_ended(&world, id).await;
    system.stop().await;
    assert_eq!(world.profile(id).await, world.expected(bytes, &spec));
    world.check_events(id).await;
    let inspection = world.inspection(id).await;
    assert_eq!(inspection.coverage, Coverage::Complete);
    let progress: Progress = serde_json_from(&inspection.progress.unwrap());
    assert_eq!((progress.bytes_done, progress.splits_done), (bytes.len() as u64, progress.splits_total));
    let again = world.done(id, "again/").await;
    (world, again)
}

fn serde_json_from(text: &str) -> Progress {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_a_header_and_one_row_are_fine() {
    for bytes in [&b""[..], b"a,b\n", b"a,b", b"1,2\n", b"a,b\n1,2"] {
        check(bytes, 16, 1, SMALL).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_splits_give_the_profile_of_one_pass() {
    let bytes = rows(900);
    check(&bytes, 512, 1, SMALL).await;
    check(&bytes, 256, 8, SMALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_guesses_are_inspected_again() {
    let (_, again) = check(&misleading(), 256, 2, Size { slots: 4, ..SMALL }).await;
    assert!(again > 0, "no guess went wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_may_span_many_splits() {
    let mut bytes = rows(50);
    bytes.extend_from_slice(b"1,\"");
    bytes.extend_from_slice(&b"long text, \n".repeat(90_000));
    bytes.extend_from_slice(b"\",x,2\n");
    bytes.extend_from_slice(&rows(50));
    check(&bytes, 32 << 10, 1, SMALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_coordinators_and_three_workers_share_the_work() {
    let bytes = rows(900);
    check(&bytes, 512, 1, Size { coordinators: 2, workers: 3, slots: 2 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_defect_raises_one_alert() {
    let world = World::new().await;
    let file = world.file(&rows(900)).await;
    let id = world.inspect(file, &spec(512)).await;
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    system.until_ended(&world, id).await;
    system.stop().await;
    let events = world.store.events_after(world.scope, Cursor::start(id), 10_000).await.unwrap();
    let mut alerts: Vec<Alert> = Vec::new();
    for event in events {
        if let EventBody::AlertRaised(raised) = InspectionEvent::from_json(&event.bytes).unwrap().event {
            alerts.push(raised.alert);
        }
    }
    alerts.sort_by_key(|alert| alert.code);
    let codes: Vec<FindingCode> = alerts.iter().map(|alert| alert.code).collect();
    assert_eq!(codes, [FindingCode::MissingCell, FindingCode::ExtraCell, FindingCode::InvalidUtf8]);
    let (expected, observed) = (alerts[0].expected.as_deref(), alerts[0].observed.as_deref());
    assert_eq!((expected, observed), (Some("4 cells"), Some("2 cells")), "{alerts:?}");
    assert_eq!((&alerts[2].observed, alerts[2].rows_affected), (&None, None), "it may be text of a cell");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_something_to_see_before_the_end() {
    let world = World::new().await;
    let file = world.file(&rows(900)).await;
    let id = world.inspect(file, &spec(512)).await;
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    system.until("there is a profile", async || world.inspection(id).await.profile_revision > 0).await;
    let early = world.inspection(id).await;
    assert!(early.state == InspectionState::Running && early.coverage == Coverage::Partial, "{early:?}");
    system.until_ended(&world, id).await;
    assert!(world.inspection(id).await.profile_revision > 3);
    system.stop().await;
}
