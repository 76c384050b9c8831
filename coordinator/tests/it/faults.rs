//! What dies, is called off, or breaks.

use bytes::Bytes;
use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::inspection::InspectionState;
use data_inspector_domain::task::TaskState;
use data_inspector_platform::blob::{BlobKey, ReadConfig};
use data_inspector_platform::bus::{Message, ReadFrom, Topic};
use data_inspector_platform::store::Change;

use crate::files::{misleading, rows};
use crate::system::{SMALL, Size, System, World, coordinator_config, spec};

fn slow() -> ReadConfig {
    ReadConfig { max_bytes_per_second: Some(400_000), chunk_bytes: 4096, ..ReadConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_three_times_it_ends_with_the_same_profile() {
    let world = World::with_blobs(slow()).await;
    let bytes = [rows(3000), misleading()].concat();
    let spec = spec(2048);
    let file = world.file(&bytes).await;
    let id = world.inspect(file, &spec).await;
    for kill in 1..=3 {
        let before = world.done(id, "split/").await;
        let mut system = System::start(&world, SMALL, &coordinator_config(2)).await;
        let is_further = async || world.done(id, "split/").await > before + 2;
        system.until("some more splits are done", is_further).await;
        let inspection = world.inspection(id).await;
        assert_eq!(inspection.state, InspectionState::Running, "kill {kill} comes too late");
        drop(system);
    }
    let mut system = System::start(&world, SMALL, &coordinator_config(2)).await;
    system.until_ended(&world, id).await;
    system.stop().await;
    assert_eq!(world.profile(id).await, world.expected(&bytes, &spec));
    world.check_events(id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_goes_hands_its_tasks_back() {
    let world = World::with_blobs(slow()).await;
    let bytes = rows(2000);
    let spec = spec(8192);
    let file = world.file(&bytes).await;
    let id = world.inspect(file, &spec).await;
    let size = Size { workers: 0, ..SMALL };
    let mut system = System::start(&world, size, &coordinator_config(1)).await;
    let first = system.add_worker(&world, 2);
    system.until("it is at it", async || world.done(id, "split/").await > 0).await;
    first.cancel();
    system.add_worker(&world, 2);
    system.until_ended(&world, id).await;
    system.stop().await;
    assert_eq!(world.profile(id).await, world.expected(&bytes, &spec));
    let failed: u32 = world.tasks(id).await.iter().map(|task| task.failures.total).sum();
    assert_eq!(failed, 0, "handing back is no failure");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_it_stops() {
    let world = World::with_blobs(slow()).await;
    let file = world.file(&rows(9000)).await;
    let id = world.inspect(file, &spec(65536)).await;
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    let claimed = async || {
        world
            .tasks(id)
            .await
            .iter()
            .any(|task| task.state == TaskState::Claimed && task.name.starts_with("split/"))
    };
    system.until("a split is claimed", claimed).await;
    let change = Change { expected_version: None, reason: "not needed".to_owned() };
    world.store.cancel_inspection(world.scope, id, change).await.unwrap();
    system.until_ended(&world, id).await;
    assert_eq!(world.inspection(id).await.state, InspectionState::Cancelled);
    assert!(world.tasks(id).await.iter().all(|task| task.state.is_terminal()));
    // The worker is free for others.
    let other = world.file(&rows(10)).await;
    let other = world.inspect(other, &spec(65536)).await;
    system.until_ended(&world, other).await;
    world.profile(other).await;
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changed_is_never_read_mixed() {
    let world = World::new().await;
    let file = world.file(&rows(100)).await;
    let id = world.inspect(file, &spec(512)).await;
    let key = BlobKey::of_file(world.scope.workspace_id, file);
    world.blobs.put(&key, Bytes::from(rows(100))).await.unwrap();
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    system.until_ended(&world, id).await;
    system.stop().await;
    let inspection = world.inspection(id).await;
    assert_eq!(inspection.state, InspectionState::Failed);
    assert_eq!(inspection.failure.unwrap().code, FailureCode::SourceChanged);
    assert!(world.tasks(id).await.iter().all(|task| task.failures.total <= 1), "never retried");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_put_aside_and_stops_nobody() {
    let world = World::new().await;
    let file = world.file(&rows(100)).await;
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    let mut aside = Vec::new();
    for topic in [Topic::Tasks, Topic::Results] {
        aside.push(system.bus.read(topic.dead_letters(), ReadFrom::Beginning).await.unwrap());
        system.bus.publish(Message::new(topic, 1, "not JSON")).await.unwrap();
        system.bus.publish(Message::new(topic, 9, "{\"schemaVersion\":9}")).await.unwrap();
    }
    for mut reader in aside {
        for _ in 0..2 {
            let letter = reader.next().await.unwrap().unwrap();
            assert!(letter.headers.iter().any(|(name, _)| name == "origin-offset"), "{letter:?}");
        }
    }
    let id = world.inspect(file, &spec(512)).await;
    system.until_ended(&world, id).await;
    world.profile(id).await;
    system.stop().await;
}
