//! Who waits for whom.

use data_inspector_domain::task::TaskState;
use data_inspector_platform::blob::ReadConfig;

use crate::files::rows;
use crate::system::{SMALL, System, World, coordinator_config, spec};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_files_do_not_wait_for_a_big_one_that_came_first() {
    let throttled =
        ReadConfig { max_bytes_per_second: Some(2_000_000), chunk_bytes: 4096, ..ReadConfig::default() };
    let world = World::with_blobs(throttled).await;
    let big = world.file(&rows(100_000)).await;
    let big = world.inspect(big, &spec(16 << 10)).await;
    let mut small = Vec::new();
    for _ in 0..30 {
        let file = world.file(&rows(20)).await;
        small.push(world.inspect(file, &spec(16 << 10)).await);
    }
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    for id in small {
        system.until_ended(&world, id).await;
        world.profile(id).await;
    }
    assert!(!world.inspection(big).await.state.is_terminal(), "the big one was first");
    assert!(world.done(big, "split/").await > 0, "the big one did not go on");
    drop(system);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_is_out_than_there_are_slots() {
    let throttled =
        ReadConfig { max_bytes_per_second: Some(500_000), chunk_bytes: 4096, ..ReadConfig::default() };
    let world = World::with_blobs(throttled).await;
    let file = world.file(&rows(5000)).await;
    let id = world.inspect(file, &spec(4096)).await;
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    let looked = async || {
        let tasks = world.tasks(id).await;
        let count = |state| tasks.iter().filter(|task| task.state == state).count();
        let (released, claimed) = (count(TaskState::Released), count(TaskState::Claimed));
        assert!(released <= SMALL.slots, "{released} tasks are released");
        // The end of a task that was claimed may be on its way when its slot is given to the next one.
        assert!(claimed <= 2 * SMALL.slots, "{claimed} tasks are claimed");
        world.inspection(id).await.state.is_terminal()
    };
    system.until("it has ended", looked).await;
    system.stop().await;
}
