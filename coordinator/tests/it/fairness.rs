//! Who waits for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use data_inspector_domain::message::{Report, ResultMessage};
use data_inspector_platform::blob::ReadConfig;
use data_inspector_platform::bus::{
    BusError, EventBus, GroupMember, JoinOptions, Message, Position, ReadFrom, Topic, TopicReader,
};

use crate::files::rows;
use crate::system::{SMALL, Size, System, World, bus, coordinator_config, spec};

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

/// A bus that counts the tasks that are out: from before their message is published until the message is that says
/// how the attempt has ended.
struct Counting {
    bus: Arc<dyn EventBus>,
    out: AtomicUsize,
    most: AtomicUsize,
}

fn is_end(message: &Message) -> bool {
    let message = ResultMessage::from_json(message.payload.as_deref().unwrap()).unwrap();
    let ResultMessage::Report(report) = message else { return false };
    matches!(report.report, Report::Done { .. } | Report::Failed { .. } | Report::Stopped { .. })
}

#[async_trait]
impl EventBus for Counting {
    async fn publish(&self, message: Message) -> Result<Position, BusError> {
        if message.topic == Topic::Tasks {
            let out = self.out.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(out, Ordering::SeqCst);
        }
        // Counted before it is published: whoever hears of it may give the slot away at once.
        if message.topic == Topic::Results && is_end(&message) {
            self.out.fetch_sub(1, Ordering::SeqCst);
        }
        self.bus.publish(message).await
    }

    async fn join(&self, topic: Topic, options: JoinOptions) -> Result<Box<dyn GroupMember>, BusError> {
        self.bus.join(topic, options).await
    }

    async fn read(&self, topic: Topic, from: ReadFrom) -> Result<Box<dyn TopicReader>, BusError> {
        self.bus.read(topic, from).await
    }

    async fn partition_count(&self, topic: Topic) -> Result<u32, BusError> {
        self.bus.partition_count(topic).await
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_is_out_than_there_are_slots() {
    // Slow enough for all slots to be taken.
    let slow =
        ReadConfig { max_stream_bytes_per_second: Some(4_000), chunk_bytes: 512, ..ReadConfig::default() };
    let world = World::with_blobs(slow).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        let file = world.file(&rows(200)).await;
        ids.push(world.inspect(file, &spec(512)).await);
    }
    let size = Size { coordinators: 1, workers: 2, slots: 3 };
    let counting = Arc::new(Counting { bus: bus(), out: AtomicUsize::new(0), most: AtomicUsize::new(0) });
    let bus = Arc::clone(&counting) as Arc<dyn EventBus>;
    let mut system = System::start_on(bus, &world, size, &coordinator_config(1)).await;
    for id in ids {
        system.until_ended(&world, id).await;
    }
    system.stop().await;
    assert_eq!(counting.out.load(Ordering::SeqCst), 0, "everything that was released has ended");
    let most = counting.most.load(Ordering::SeqCst);
    assert_eq!(most, size.workers * size.slots, "the window is used, and never exceeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_file_does_not_wait_behind_more_large_ones_than_there_are_turns() {
    let throttled =
        ReadConfig { max_bytes_per_second: Some(4_000_000), chunk_bytes: 4096, ..ReadConfig::default() };
    let world = World::with_blobs(throttled).await;
    let bytes = rows(3_000);
    let mut large = Vec::new();
    for _ in 0..100 {
        let file = world.file(&bytes).await;
        large.push(world.inspect(file, &spec(2 << 10)).await);
    }
    let mut system = System::start(&world, SMALL, &coordinator_config(1)).await;
    let last = large[large.len() - 1];
    system.until("they are all under way", async || world.done(last, "survey").await == 1).await;
    let file = world.file(&rows(20)).await;
    let small = world.inspect(file, &spec(2 << 10)).await;
    system.until_ended(&world, small).await;
    let mut ended = 0;
    for id in large {
        ended += usize::from(world.inspection(id).await.state.is_terminal());
    }
    assert!(ended < 20, "{ended} large ones ended first");
    drop(system);
}
