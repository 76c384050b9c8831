//! What goes wrong with consumers and brokers, one test for each.

use std::time::{Duration, Instant};

use data_inspector_platform::bus::kafka::{KafkaBus, KafkaConfig, KafkaConnectError};
use data_inspector_platform::bus::{BusErrorKind, EventBus, Message, ReadFrom, Topic};

use super::{
    assert_quiet, assigned, config, config_of, connect, delivery, join, message, publish, text, within,
};
use crate::services::Service;

#[tokio::test]
async fn a_consumer_busy_for_longer_than_the_poll_interval_keeps_its_partitions() {
    let config = KafkaConfig { max_poll_interval_ms: 6_000, ..config() };
    let bus = connect(config.clone()).await;
    let mut member = join(&bus, "workers", 1).await;
    assigned(&*member, 4).await;
    for number in 0..3 {
        publish(&bus, message(number).to_partition(0)).await;
    }
    let busy_with = delivery(&mut member).await;
    let mut partitions = member.assigned();
    partitions.mark_unchanged();
    let half_as_long_again = Duration::from_millis(config.max_poll_interval_ms * 3 / 2);
    let lost = tokio::time::timeout(half_as_long_again, partitions.changed()).await;
    assert!(lost.is_err(), "the partitions are now {:?}", member.assigned().borrow());
    busy_with.ack();
    for number in 1..3 {
        let next = delivery(&mut member).await;
        assert_eq!(text(&next), number.to_string(), "delivered again, or lost");
        next.ack();
    }
}

#[tokio::test]
async fn a_rebalance_while_working_moves_only_what_it_has_to() {
    let bus = connect(config()).await;
    let mut first = join(&bus, "workers", 100).await;
    assigned(&*first, 4).await;
    let mut held = Vec::new();
    for partition in 0..4 {
        publish(&bus, message(partition).to_partition(partition)).await;
        held.push(delivery(&mut first).await);
    }
    let mut second = join(&bus, "workers", 100).await;
    let kept = assigned(&*first, 2).await;
    let moved = assigned(&*second, 2).await;
    assert!(kept.iter().all(|partition| !moved.contains(partition)));
    let mut again = Vec::new();
    for _ in 0..2 {
        again.push(delivery(&mut second).await);
    }
    let mut redelivered: Vec<u32> = again.iter().map(|it| it.record().position.partition).collect();
    redelivered.sort_unstable();
    assert_eq!(redelivered, moved);
    // Those of the partitions that moved count for nothing, the others do.
    held.into_iter().for_each(data_inspector_platform::bus::Delivery::ack);
    within(first.leave()).await;
    assigned(&*second, 4).await;
    assert_quiet(&mut second).await;
    drop(again);
    drop(second);
    let mut third = join(&bus, "workers", 100).await;
    for _ in 0..2 {
        let unconsumed = delivery(&mut third).await;
        assert!(moved.contains(&unconsumed.record().position.partition), "{unconsumed:?}");
    }
    assert_quiet(&mut third).await;
}

#[tokio::test]
async fn a_killed_and_restarted_broker_loses_nothing() {
    let broker = Service::start("kafka");
    let bus = connect(config_of(broker.address())).await;
    let mut member = join(&bus, "workers", 100).await;
    let mut reader = within(bus.read(Topic::Tasks, ReadFrom::Beginning)).await.unwrap();
    for number in 0..20 {
        publish(&bus, message(number).with_key("k")).await;
    }
    let first = delivery(&mut member).await;
    assert_eq!(text(&first), "0");
    first.ack();
    broker.kill();
    // It is sent while there is no broker, and waits for it.
    let waiting = tokio::spawn({
        let bus = bus.clone();
        async move { bus.publish(message(20).with_key("k")).await }
    });
    broker.restart();
    within(waiting).await.unwrap().unwrap();
    let mut consumed = 0;
    while consumed < 20 {
        let next = delivery(&mut member).await;
        let number: u32 = text(&next).parse().unwrap();
        // At least once, and in order: what comes again comes before what is new.
        assert!(number <= consumed + 1, "{number} after {consumed}");
        consumed = consumed.max(number);
        next.ack();
    }
    for expected in 0..=20 {
        let read = within(reader.next()).await.unwrap().unwrap();
        assert_eq!(read.payload.as_deref(), Some(expected.to_string().as_bytes()));
    }
}

#[tokio::test]
async fn a_broker_that_is_away_is_unavailable_in_bounded_time_and_comes_back() {
    let broker = Service::start("kafka");
    let config = KafkaConfig { timeout_ms: 2_000, ..config_of(broker.address()) };
    let bus = connect(config.clone()).await;
    let mut member = join(&bus, "workers", 100).await;
    let mut reader = within(bus.read(Topic::Updates, ReadFrom::Now)).await.unwrap();
    assigned(&*member, 4).await;
    broker.kill();
    let began = Instant::now();
    let kinds = [
        bus.publish(message("lost?")).await.unwrap_err().kind,
        bus.partition_count(Topic::Results).await.unwrap_err().kind,
        bus.read(Topic::Control, ReadFrom::Beginning).await.err().unwrap().kind,
    ];
    assert_eq!(kinds, [BusErrorKind::Unavailable; 3]);
    let refused = KafkaBus::connect(config).await.err().unwrap();
    assert!(matches!(refused, KafkaConnectError::Unavailable(_)), "{refused:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // Those who wait go on waiting.
    assert_quiet(&mut member).await;
    broker.restart();
    publish_until_it_is_out(&bus, message("back")).await;
    publish_until_it_is_out(&bus, Message::new(Topic::Updates, 1, "news").with_key("k")).await;
    while text(&delivery(&mut member).await) != "back" {}
    let read = within(reader.next()).await.unwrap().unwrap();
    assert_eq!(read.payload.as_deref(), Some(&b"news"[..]));
}

/// As a relay does: what is unavailable is tried again.
async fn publish_until_it_is_out(bus: &KafkaBus, message: Message) {
    let publishing = async {
        while let Err(error) = bus.publish(message.clone()).await {
            assert!(error.kind.retryable(), "{error:?}");
        }
    };
    within(publishing).await;
}
