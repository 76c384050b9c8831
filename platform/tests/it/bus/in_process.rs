//! The suite on the bus inside the process, and its bounds.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use data_inspector_domain::time::Timestamp;
use data_inspector_platform::bus::in_process::{InProcessBus, InProcessConfig};
use data_inspector_platform::bus::{
    BusErrorKind, EventBus, GroupMember, JoinOptions, Message, Position, ReadFrom, Topic,
};

use super::conformance::{BusFactory, Setup, bus_conformance};

struct InProcess;

impl BusFactory for InProcess {
    async fn bus(&self, setup: Setup) -> Arc<dyn EventBus> {
        let Setup { partitions, max_message_bytes } = setup;
        Arc::new(bus(InProcessConfig { partitions, max_message_bytes, ..InProcessConfig::default() }))
    }

    fn settle_time(&self) -> Duration {
        Duration::from_millis(100)
    }
}

bus_conformance!(InProcess, start_paused = true);

/// A bus with a clock that goes back now and then.
fn bus(config: InProcessConfig) -> InProcessBus {
    let ticks = AtomicI64::new(0);
    let clock = move || {
        let tick = ticks.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_micros(if tick % 3 == 2 { tick - 2 } else { tick })
    };
    InProcessBus::new(config, Arc::new(clock))
}

fn small(max_messages: usize) -> InProcessConfig {
    InProcessConfig { partitions: 1, max_messages, ..InProcessConfig::default() }
}

async fn join(bus: &InProcessBus) -> Box<dyn GroupMember> {
    let max_unacked = NonZeroUsize::new(100).unwrap();
    bus.join(Topic::Tasks, JoinOptions { group: "workers".to_owned(), max_unacked }).await.unwrap()
}

async fn publish(bus: &InProcessBus, topic: Topic, text: &str) -> Result<Position, BusErrorKind> {
    bus.publish(Message::new(topic, 1, text.to_owned()).with_key(text.to_owned()))
        .await
        .map_err(|error| error.kind)
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_makes_publishers_wait_until_something_is_consumed() {
    let bus = bus(small(2));
    let mut member = join(&bus).await;
    for text in ["a", "b"] {
        publish(&bus, Topic::Tasks, text).await.unwrap();
    }
    let waiting = tokio::spawn({
        let bus = bus.clone();
        async move { publish(&bus, Topic::Tasks, "c").await }
    });
    let held = [member.next().await.unwrap().unwrap(), member.next().await.unwrap().unwrap()];
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "handed out is not consumed");
    for delivery in held {
        delivery.ack();
    }
    assert_eq!(waiting.await.unwrap(), Ok(Position { partition: 0, offset: 2 }));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stays_full_is_unavailable() {
    let bus = bus(small(1));
    publish(&bus, Topic::Tasks, "a").await.unwrap();
    assert_eq!(publish(&bus, Topic::Tasks, "b").await, Err(BusErrorKind::Unavailable));
    assert!(BusErrorKind::Unavailable.retryable());
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_bounded_in_bytes_too() {
    let bus = bus(InProcessConfig { max_partition_bytes: 3000, ..small(100) });
    for _ in 0..2 {
        publish(&bus, Topic::Tasks, &"x".repeat(500)).await.unwrap();
    }
    assert_eq!(publish(&bus, Topic::Tasks, &"x".repeat(500)).await, Err(BusErrorKind::Unavailable));
    publish(&bus, Topic::Tasks, "x").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_told_what_it_missed_and_holds_up_nobody() {
    let bus = bus(small(3));
    let mut reader = bus.read(Topic::Updates, ReadFrom::Now).await.unwrap();
    for text in ["a", "b", "c", "d", "e"] {
        publish(&bus, Topic::Updates, text).await.unwrap();
    }
    let gap = BusErrorKind::Gap { partition: 0, first: 0, last: 1 };
    assert_eq!(reader.next().await.unwrap_err().kind, gap);
    for text in ["c", "d", "e"] {
        assert_eq!(reader.next().await.unwrap().unwrap().payload.as_deref(), Some(text.as_bytes()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_compacted_topic_is_bounded_in_keys() {
    let bus = bus(small(2));
    for text in ["a", "b", "b", "b", "c"] {
        publish(&bus, Topic::Control, text).await.unwrap();
    }
    let mut reader = bus.read(Topic::Control, ReadFrom::Beginning).await.unwrap();
    let mut keys = Vec::new();
    while !reader.caught_up() {
        keys.push(reader.next().await.unwrap().unwrap().key.clone().unwrap());
    }
    assert_eq!(keys, ["b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_member_keeps_its_partitions_when_others_come_and_go() {
    let bus = bus(InProcessConfig { partitions: 6, ..InProcessConfig::default() });
    let first = join(&bus).await;
    let second = join(&bus).await;
    let (of_first, of_second) = (first.assigned().borrow().clone(), second.assigned().borrow().clone());
    assert_eq!((of_first.len(), of_second.len()), (3, 3));
    let third = join(&bus).await;
    assert!(first.assigned().borrow().iter().all(|partition| of_first.contains(partition)));
    assert!(second.assigned().borrow().iter().all(|partition| of_second.contains(partition)));
    third.leave().await;
    drop(second);
    assert_eq!(*first.assigned().borrow(), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_position_of_another_life_of_the_bus_is_no_reason_to_wait() {
    let bus = bus(small(10));
    publish(&bus, Topic::Updates, "a").await.unwrap();
    let from = ReadFrom::After(vec![Position { partition: 0, offset: 1000 }]);
    let mut reader = bus.read(Topic::Updates, from).await.unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap().payload.as_deref(), Some(&b"a"[..]));
    let from = ReadFrom::After(vec![Position { partition: 1, offset: 0 }]);
    let error = bus.read(Topic::Updates, from).await.err().unwrap();
    assert_eq!(error.kind, BusErrorKind::UnknownPartition { partition: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_by_many_at_once() {
    let bus = bus(InProcessConfig { partitions: 8, max_messages: 16, ..InProcessConfig::default() });
    let publishers: Vec<_> = (0..8)
        .map(|key: u32| {
            let bus = bus.clone();
            tokio::spawn(async move {
                for number in 0..500_u32 {
                    let payload = [key.to_le_bytes(), number.to_le_bytes()].concat();
                    bus.publish(Message::new(Topic::Tasks, 1, payload).to_partition(key)).await.unwrap();
                }
            })
        })
        .collect();
    let consumers: Vec<_> = (0..4).map(|_| tokio::spawn(consume_until_closed(bus.clone()))).collect();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    // A queue holds what is not consumed: when a reader finds nothing, everything was.
    let until_drained = async {
        while !bus.read(Topic::Tasks, ReadFrom::Beginning).await.unwrap().caught_up() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until_drained).await.unwrap();
    bus.close().await;
    let mut seen: Vec<Vec<u32>> = vec![Vec::new(); 8];
    for consumer in consumers {
        for (key, number) in consumer.await.unwrap() {
            seen[key as usize].push(number);
        }
    }
    for (key, mut numbers) in seen.into_iter().enumerate() {
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, (0..500).collect::<Vec<_>>(), "partition {key}");
    }
}

/// What one member saw, in its order: (partition, number).
async fn consume_until_closed(bus: InProcessBus) -> Vec<(u32, u32)> {
    let mut member = join(&bus).await;
    let mut seen = Vec::new();
    while let Some(delivery) = member.next().await.unwrap() {
        let payload = delivery.record().payload.clone().unwrap();
        let number = u32::from_le_bytes(payload[4..8].try_into().unwrap());
        seen.push((delivery.record().position.partition, number));
        delivery.ack();
    }
    seen
}
