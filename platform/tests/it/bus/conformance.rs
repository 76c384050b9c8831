//! What every bus must do, by its contract alone. Kafka runs the same functions: nothing here knows the adapter,
//! and nothing asserts more than at-least-once delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_inspector_platform::bus::{
    BusErrorKind, Delivery, EventBus, GroupMember, JoinOptions, Message, Position, ReadFrom, Record, Topic,
    TopicReader,
};

mod sharing;

/// Makes empty buses, one for each test.
pub(super) trait BusFactory {
    fn bus(&self, setup: Setup) -> impl Future<Output = Arc<dyn EventBus>>;

    /// After this time without a message there is none.
    fn settle_time(&self) -> Duration;
}

/// What a test asks of its bus.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) partitions: u32,
    pub(super) max_message_bytes: usize,
}

const SETUP: Setup = Setup { partitions: 4, max_message_bytes: 64 << 10 };
const PATIENCE: Duration = Duration::from_secs(30);

/// Defines a test for each function of the suite: `bus_conformance!(factory, attributes of #[tokio::test])`.
macro_rules! bus_conformance {
    ($factory:expr $(, $attribute:meta)*) => {
        $crate::bus::conformance::bus_conformance!(@each $factory, [$($attribute),*],
            a_record_is_what_was_published
            messages_of_a_key_come_in_order
            a_chosen_partition_is_used_and_a_wrong_one_refused
            a_group_that_joins_late_gets_what_is_there
            what_is_not_acknowledged_comes_again
            what_was_acknowledged_does_not_come_again_after_leaving
            members_share_the_partitions
            a_lost_member_is_replaced
            a_late_acknowledgement_does_no_harm
            groups_do_not_share
            every_reader_sees_everything
            a_reader_starts_where_it_is_told
            a_busy_consumer_does_not_hold_up_others
            a_member_holds_no_more_than_it_said
            a_compacted_topic_keeps_the_newest_of_each_key
            a_message_that_does_not_suit_is_refused
            close_ends_everything
        );
    };
    (@each $factory:expr, $attributes:tt, $($name:ident)*) => {
        $($crate::bus::conformance::bus_conformance!(@one $factory, $attributes, $name);)*
    };
    (@one $factory:expr, [$($attribute:meta),*], $name:ident) => {
        #[tokio::test($($attribute),*)]
        async fn $name() {
            $crate::bus::conformance::$name(&$factory).await;
        }
    };
}
pub(super) use bus_conformance;
pub(super) use sharing::*;

fn message(topic: Topic, text: impl ToString) -> Message {
    Message::new(topic, 1, text.to_string())
}

fn text(record: &Record) -> String {
    String::from_utf8(record.payload.as_ref().unwrap().to_vec()).unwrap()
}

async fn join(bus: &Arc<dyn EventBus>, group: &str, max_unacked: usize) -> Box<dyn GroupMember> {
    let options =
        JoinOptions { group: group.to_owned(), max_unacked: NonZeroUsize::new(max_unacked).unwrap() };
    within(bus.join(Topic::Tasks, options)).await.unwrap()
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

async fn delivery(member: &mut Box<dyn GroupMember>) -> Delivery {
    within(member.next()).await.unwrap().expect("the bus is open")
}

async fn record(reader: &mut Box<dyn TopicReader>) -> Arc<Record> {
    within(reader.next()).await.unwrap().expect("the bus is open")
}

async fn assert_quiet(factory: &impl BusFactory, member: &mut Box<dyn GroupMember>) {
    let next = tokio::time::timeout(factory.settle_time(), member.next()).await;
    assert!(next.is_err(), "unexpected {next:?}");
}

/// Waits until the member has so many partitions, and says which.
async fn assigned(member: &dyn GroupMember, count: usize) -> Vec<u32> {
    let mut assigned = member.assigned();
    within(assigned.wait_for(|partitions| partitions.len() == count)).await.unwrap().clone()
}

/// Publishes one message into every partition, with the number of the partition as text.
async fn publish_everywhere(bus: &Arc<dyn EventBus>, topic: Topic) {
    for partition in 0..within(bus.partition_count(topic)).await.unwrap() {
        within(bus.publish(message(topic, partition).to_partition(partition))).await.unwrap();
    }
}

/// Takes and acknowledges deliveries until all these texts have come.
async fn consume_all(member: &mut Box<dyn GroupMember>, expected: &[&str]) {
    let mut missing: BTreeSet<&str> = expected.iter().copied().collect();
    while !missing.is_empty() {
        let delivery = delivery(member).await;
        missing.remove(&*text(delivery.record()));
        delivery.ack();
    }
}

pub(super) async fn a_record_is_what_was_published(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut member = join(&bus, "workers", 10).await;
    let sent = Message::new(Topic::Tasks, 7, "body").with_key("key").with_header("origin", "here");
    let position = within(bus.publish(sent.clone())).await.unwrap();
    let received = delivery(&mut member).await;
    let record = received.record();
    assert_eq!((record.topic, record.position), (Topic::Tasks, position));
    assert_eq!((&record.key, &record.payload), (&sent.key, &sent.payload));
    assert_eq!((record.schema_version, &record.headers), (Some(7), &sent.headers));
    received.ack();
}

pub(super) async fn messages_of_a_key_come_in_order(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut member = join(&bus, "workers", 100).await;
    for number in 0..15 {
        for key in ["a", "b", "c"] {
            within(bus.publish(message(Topic::Tasks, number).with_key(key))).await.unwrap();
        }
    }
    let mut seen: BTreeMap<Bytes, Vec<String>> = BTreeMap::new();
    let mut times: BTreeMap<u32, i64> = BTreeMap::new();
    for _ in 0..45 {
        let delivery = delivery(&mut member).await;
        let record = delivery.record();
        let time = record.published_at.as_micros();
        let before = times.insert(record.position.partition, time).unwrap_or(time);
        assert!(before <= time, "the clock of the bus fell");
        seen.entry(record.key.clone().unwrap()).or_default().push(text(record));
        delivery.ack();
    }
    let numbers: Vec<String> = (0..15).map(|number| number.to_string()).collect();
    assert!(seen.len() == 3 && seen.values().all(|texts| *texts == numbers), "{seen:?}");
}

pub(super) async fn a_chosen_partition_is_used_and_a_wrong_one_refused(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    assert_eq!(within(bus.partition_count(Topic::Tasks)).await.unwrap(), 4);
    let mut member = join(&bus, "workers", 100).await;
    for _ in 0..3 {
        let position =
            within(bus.publish(message(Topic::Tasks, "x").with_key("k").to_partition(2))).await.unwrap();
        assert_eq!(position.partition, 2);
        let delivery = delivery(&mut member).await;
        assert_eq!(delivery.record().position, position);
        delivery.ack();
    }
    let error = within(bus.publish(message(Topic::Tasks, "x").to_partition(4))).await.unwrap_err();
    assert_eq!(error.kind, BusErrorKind::UnknownPartition { partition: 4 });
}

pub(super) async fn a_group_that_joins_late_gets_what_is_there(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    publish_everywhere(&bus, Topic::Tasks).await;
    let mut member = join(&bus, "workers", 100).await;
    consume_all(&mut member, &["0", "1", "2", "3"]).await;
}

pub(super) async fn what_is_not_acknowledged_comes_again(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut first = join(&bus, "workers", 100).await;
    for number in 0..4 {
        within(bus.publish(message(Topic::Tasks, number).to_partition(1))).await.unwrap();
    }
    let mut held = Vec::new();
    for number in 0..4 {
        let delivery = delivery(&mut first).await;
        assert_eq!(text(delivery.record()), number.to_string());
        held.push(delivery);
    }
    held.remove(0).ack();
    drop(first);
    drop(held);
    let mut second = join(&bus, "workers", 100).await;
    consume_all(&mut second, &["1", "2", "3"]).await;
    assert_quiet(factory, &mut second).await;
}

pub(super) async fn what_was_acknowledged_does_not_come_again_after_leaving(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut first = join(&bus, "workers", 100).await;
    publish_everywhere(&bus, Topic::Tasks).await;
    consume_all(&mut first, &["0", "1", "2", "3"]).await;
    within(first.leave()).await;
    let mut second = join(&bus, "workers", 100).await;
    assigned(&*second, 4).await;
    within(bus.publish(message(Topic::Tasks, "new").to_partition(0))).await.unwrap();
    let delivery = delivery(&mut second).await;
    assert_eq!(text(delivery.record()), "new");
    delivery.ack();
    assert_quiet(factory, &mut second).await;
}

pub(super) async fn every_reader_sees_everything(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(within(bus.read(Topic::Updates, ReadFrom::Now)).await.unwrap());
    }
    let sent: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    for text in &sent {
        within(bus.publish(message(Topic::Updates, text).with_key("inspection"))).await.unwrap();
    }
    for reader in &mut readers {
        for text_sent in &sent {
            assert_eq!(text(&*record(reader).await), *text_sent);
        }
    }
}

pub(super) async fn a_reader_starts_where_it_is_told(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut positions: Vec<Position> = Vec::new();
    for number in 0..4 {
        let sent = message(Topic::Updates, number).to_partition(3);
        positions.push(within(bus.publish(sent)).await.unwrap());
    }
    let check = async |from: ReadFrom, first: &str, caught_up: bool| {
        let mut reader = within(bus.read(Topic::Updates, from.clone())).await.unwrap();
        assert_eq!(reader.caught_up(), caught_up, "{from:?}");
        within(bus.publish(message(Topic::Updates, "live").to_partition(3))).await.unwrap();
        assert_eq!(text(&*record(&mut reader).await), first, "{from:?}");
        reader
    };
    check(ReadFrom::Now, "live", true).await;
    check(ReadFrom::After(vec![positions[1]]), "2", false).await;
    check(ReadFrom::After(Vec::new()), "0", false).await;
    let mut reader = check(ReadFrom::Beginning, "0", false).await;
    for expected in ["1", "2", "3", "live", "live", "live"] {
        assert!(!reader.caught_up(), "{expected}");
        assert_eq!(text(&*record(&mut reader).await), expected);
    }
    // The last one was published after the reader was made, and does not matter.
    assert!(reader.caught_up());
    assert_eq!(text(&*record(&mut reader).await), "live");
}

pub(super) async fn a_compacted_topic_keeps_the_newest_of_each_key(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut live = within(bus.read(Topic::Control, ReadFrom::Now)).await.unwrap();
    for number in 0..6 {
        let key = if number % 2 == 0 { "even" } else { "odd" };
        within(bus.publish(message(Topic::Control, number).with_key(key))).await.unwrap();
    }
    within(bus.publish(message(Topic::Control, "gone").with_key("deleted"))).await.unwrap();
    within(bus.publish(Message::deletion(Topic::Control, 1, "deleted"))).await.unwrap();
    let mut late = within(bus.read(Topic::Control, ReadFrom::Beginning)).await.unwrap();
    let expected = BTreeMap::from([("even".into(), "4".to_owned()), ("odd".into(), "5".to_owned())]);
    assert_eq!(newest_of_each_key(&mut late).await, expected);
    // One that reads along sees the newest, whatever it sees before.
    let mut seen: BTreeMap<Bytes, String> = BTreeMap::new();
    while seen != expected {
        apply(&mut seen, &*record(&mut live).await);
    }
}

/// Reads to the end and folds what was read, as a consumer of a compacted topic does.
async fn newest_of_each_key(reader: &mut Box<dyn TopicReader>) -> BTreeMap<Bytes, String> {
    let mut newest = BTreeMap::new();
    while !reader.caught_up() {
        apply(&mut newest, &*record(reader).await);
    }
    newest
}

fn apply(newest: &mut BTreeMap<Bytes, String>, record: &Record) {
    let key = record.key.clone().unwrap();
    match record.payload {
        Some(_) => newest.insert(key, text(record)),
        None => newest.remove(&key),
    };
}

pub(super) async fn a_message_that_does_not_suit_is_refused(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let limit_bytes = SETUP.max_message_bytes;
    let large = Message::new(Topic::Tasks, 1, vec![0; limit_bytes]).with_key("k");
    let error = within(bus.publish(large)).await.unwrap_err();
    assert_eq!(error.kind, BusErrorKind::TooLarge { size_bytes: limit_bytes + 1, limit_bytes });
    assert!(!error.kind.retryable());
    within(bus.publish(Message::new(Topic::Tasks, 1, vec![0; limit_bytes - 1]).with_key("k"))).await.unwrap();
    for unsuitable in [message(Topic::Control, "without key"), Message::deletion(Topic::Tasks, 1, "k")] {
        assert_eq!(within(bus.publish(unsuitable)).await.unwrap_err().kind, BusErrorKind::Unsuitable);
    }
}

pub(super) async fn close_ends_everything(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut member = join(&bus, "workers", 1).await;
    let mut reader = within(bus.read(Topic::Updates, ReadFrom::Now)).await.unwrap();
    let waiting = tokio::spawn(async move { (member.next().await, reader.next().await) });
    // Lets it wait before the bus is closed; it must hold the other way round too.
    tokio::task::yield_now().await;
    within(bus.close()).await;
    let (from_group, from_topic) = within(waiting).await.unwrap();
    assert!(from_group.unwrap().is_none() && from_topic.unwrap().is_none());
    let error = within(bus.publish(message(Topic::Tasks, "x"))).await.unwrap_err();
    assert_eq!(error.kind, BusErrorKind::Closed);
    let error = within(bus.read(Topic::Updates, ReadFrom::Now)).await.err().unwrap();
    assert_eq!(error.kind, BusErrorKind::Closed);
    within(bus.close()).await;
}
