//! Topics: made here or by an ops team, with limits of their own, growing, and filled by strangers.

use data_inspector_platform::bus::kafka::{
    KafkaBus, KafkaConfig, KafkaConnectError, KafkaSecurity, SecurityProtocol,
};
use data_inspector_platform::bus::{BusErrorKind, EventBus, Message, Position, ReadFrom, Topic, TopicPrefix};
use data_inspector_platform::config::Secret;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};

use super::broker::{create_topics, delete_before, grow};
use super::{assert_quiet, assigned, config, connect, delivery, join, message, publish, text, within};

#[tokio::test]
async fn topics_that_are_missing_are_named_where_they_are_not_to_be_created() {
    let config = KafkaConfig { create_topics: false, ..config() };
    let Err(KafkaConnectError::TopicsMissing { names }) = within(KafkaBus::connect(config.clone())).await
    else {
        panic!("it connected");
    };
    for topic in Topic::ALL {
        assert!(names.contains(&topic.name(&config.topic_prefix)), "{names}");
    }
    let again = within(KafkaBus::connect(config)).await;
    assert!(matches!(again, Err(KafkaConnectError::TopicsMissing { .. })), "asking created them");
}

#[tokio::test]
async fn topics_that_exist_are_used_as_they_are() {
    let config = KafkaConfig { create_topics: false, ..config() };
    create_topics(&config, 3, &[]).await;
    let bus = connect(config).await;
    assert_eq!(within(bus.partition_count(Topic::Tasks)).await.unwrap(), 3);
    let mut member = join(&bus, "workers", 10).await;
    publish(&bus, message("x").to_partition(2)).await;
    delivery(&mut member).await.ack();
}

#[tokio::test]
async fn two_may_connect_for_the_first_time_at_once() {
    let config = config();
    let connecting = || KafkaBus::connect(config.clone());
    let (one, two) = within(async { tokio::join!(connecting(), connecting()) }).await;
    publish(&one.unwrap(), message("x")).await;
    delivery(&mut join(&two.unwrap(), "workers", 1).await).await.ack();
}

#[tokio::test]
async fn systems_with_different_prefixes_share_nothing() {
    let (one, two) = (connect(config()).await, connect(config()).await);
    let mut members = [join(&one, "workers", 10).await, join(&two, "workers", 10).await];
    assigned(&*members[0], 4).await;
    assigned(&*members[1], 4).await;
    publish(&one, message("of one")).await;
    let received = delivery(&mut members[0]).await;
    assert_eq!(text(&received), "of one");
    received.ack();
    assert_quiet(&mut members[1]).await;
}

#[tokio::test]
async fn a_message_larger_than_the_topic_takes_is_refused() {
    let config = KafkaConfig { create_topics: false, ..config() };
    create_topics(&config, 1, &[("max.message.bytes", "2000")]).await;
    let bus = connect(config).await;
    // Numbers of a generator, which do not compress.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u8
    })
    .take(4000)
    .collect();
    let error = within(bus.publish(Message::new(Topic::Tasks, 1, noise))).await.unwrap_err();
    assert!(matches!(error.kind, BusErrorKind::TooLarge { size_bytes: 4000, .. }), "{error:?}");
    publish(&bus, message("small")).await;
}

#[tokio::test]
async fn partitions_that_are_added_are_consumed_and_read() {
    let config = KafkaConfig { partitions: 1, metadata_refresh_ms: 300, ..config() };
    let bus = connect(config.clone()).await;
    let mut member = join(&bus, "workers", 10).await;
    let mut reader = within(bus.read(Topic::Tasks, ReadFrom::Now)).await.unwrap();
    assigned(&*member, 1).await;
    grow(&config, Topic::Tasks, 3).await;
    assigned(&*member, 3).await;
    let producer = connect(config).await;
    publish(&producer, message("new").to_partition(2)).await;
    delivery(&mut member).await.ack();
    let read = within(reader.next()).await.unwrap().unwrap();
    assert_eq!(read.position, Position { partition: 2, offset: 0 });
    assert!(reader.caught_up());
}

#[tokio::test]
async fn a_reader_is_told_what_was_dropped_before_it_came() {
    let config = config();
    let bus = connect(config.clone()).await;
    for number in 0..5 {
        let message = Message::new(Topic::Updates, 1, number.to_string()).to_partition(1);
        within(bus.publish(message)).await.unwrap();
    }
    delete_before(&config, Topic::Updates, 1, 3).await;
    let after = |offset| ReadFrom::After(vec![Position { partition: 1, offset }]);
    let mut reader = within(bus.read(Topic::Updates, after(0))).await.unwrap();
    let gap = BusErrorKind::Gap { partition: 1, first: 1, last: 2 };
    assert_eq!(within(reader.next()).await.unwrap_err().kind, gap);
    // A position of another life of the bus is no reason to wait, and nothing was missed.
    let mut stranger = within(bus.read(Topic::Updates, after(1000))).await.unwrap();
    for reader in [&mut reader, &mut stranger] {
        for offset in 3..5 {
            assert!(!reader.caught_up());
            let read = within(reader.next()).await.unwrap().unwrap();
            assert_eq!(read.position, Position { partition: 1, offset });
        }
        assert!(reader.caught_up());
    }
    let missing = ReadFrom::After(vec![Position { partition: 4, offset: 0 }]);
    let error = within(bus.read(Topic::Updates, missing)).await.err().unwrap();
    assert_eq!(error.kind, BusErrorKind::UnknownPartition { partition: 4 });
}

#[tokio::test]
async fn what_a_stranger_sends_is_delivered_without_a_version() {
    let config = config();
    let bus = connect(config.clone()).await;
    let stranger: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", &config.brokers).create().unwrap();
    let name = Topic::Tasks.name(&config.topic_prefix);
    let record = FutureRecord::<[u8], [u8]>::to(&name).payload(b"\xff?");
    within(stranger.send(record, super::PATIENCE)).await.unwrap();
    let received = delivery(&mut join(&bus, "workers", 1).await).await;
    assert_eq!((received.record().schema_version, &received.record().key), (None, &None));
    assert!(received.record().published_at.as_micros() > 0);
    received.ack();
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_without_showing_them() {
    let mut wrong = config();
    wrong.properties.insert("sasl.pasword".to_owned(), Secret::new("hunter2"));
    let error = within(KafkaBus::connect(wrong)).await.err().unwrap();
    assert!(matches!(&error, KafkaConnectError::Setting { name } if name == "sasl.pasword"), "{error:?}");
    let security = KafkaSecurity {
        protocol: SecurityProtocol::Ssl,
        ca_file: "/does/not/exist.pem".into(),
        ..KafkaSecurity::default()
    };
    let error = within(KafkaBus::connect(KafkaConfig { security, ..config() })).await.err().unwrap();
    assert!(matches!(error, KafkaConnectError::Client(_)), "{error:?}");
    assert!(TopicPrefix::try_from("a b").is_err());
}
