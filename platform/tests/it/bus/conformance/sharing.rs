//! How the members of a group share what there is to do.

use super::*;

pub(in crate::bus) async fn members_share_the_partitions(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut members = [join(&bus, "workers", 100).await, join(&bus, "workers", 100).await];
    let (a, b) = (assigned(&*members[0], 2).await, assigned(&*members[1], 2).await);
    let all: BTreeSet<u32> = a.iter().chain(&b).copied().collect();
    assert_eq!(all, BTreeSet::from([0, 1, 2, 3]));
    publish_everywhere(&bus, Topic::Tasks).await;
    for (member, partitions) in members.iter_mut().zip([a, b]) {
        for _ in 0..2 {
            let delivery = delivery(member).await;
            assert!(partitions.contains(&delivery.record().position.partition));
            delivery.ack();
        }
        assert_quiet(factory, member).await;
    }
}

pub(in crate::bus) async fn a_lost_member_is_replaced(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut stays = join(&bus, "workers", 100).await;
    let mut lost = join(&bus, "workers", 100).await;
    assigned(&*stays, 2).await;
    let his = assigned(&*lost, 2).await;
    for partition in &his {
        within(bus.publish(message(Topic::Tasks, partition).to_partition(*partition))).await.unwrap();
    }
    let held = delivery(&mut lost).await;
    drop(lost);
    assigned(&*stays, 4).await;
    let his: Vec<String> = his.iter().map(u32::to_string).collect();
    consume_all(&mut stays, &his.iter().map(|text| &**text).collect::<Vec<_>>()).await;
    drop(held);
}

pub(in crate::bus) async fn a_late_acknowledgement_does_no_harm(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut first = join(&bus, "workers", 100).await;
    for number in 0..2 {
        within(bus.publish(message(Topic::Tasks, number).to_partition(0))).await.unwrap();
    }
    let late = delivery(&mut first).await;
    drop(first);
    let mut second = join(&bus, "workers", 100).await;
    let again = delivery(&mut second).await;
    assert_eq!(again.record().position, late.record().position);
    late.ack();
    // Had it counted, nobody would get the first message again.
    drop(again);
    drop(second);
    let mut third = join(&bus, "workers", 100).await;
    consume_all(&mut third, &["0", "1"]).await;
}

pub(in crate::bus) async fn groups_do_not_share(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut members = [join(&bus, "one", 100).await, join(&bus, "two", 100).await];
    publish_everywhere(&bus, Topic::Tasks).await;
    for member in &mut members {
        consume_all(member, &["0", "1", "2", "3"]).await;
    }
}

pub(in crate::bus) async fn a_busy_consumer_does_not_hold_up_others(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut busy = join(&bus, "workers", 1).await;
    let mut idle = join(&bus, "workers", 1).await;
    let busy_partition = assigned(&*busy, 2).await[0];
    let idle_partition = assigned(&*idle, 2).await[0];
    within(bus.publish(message(Topic::Tasks, "long").to_partition(busy_partition))).await.unwrap();
    let long = delivery(&mut busy).await;
    for number in 0..20 {
        within(bus.publish(message(Topic::Tasks, number).to_partition(idle_partition))).await.unwrap();
        let delivery = delivery(&mut idle).await;
        assert_eq!(text(delivery.record()), number.to_string());
        delivery.ack();
    }
    long.ack();
}

pub(in crate::bus) async fn a_member_holds_no_more_than_it_said(factory: &impl BusFactory) {
    let bus = factory.bus(SETUP).await;
    let mut member = join(&bus, "workers", 3).await;
    for number in 0..8 {
        within(bus.publish(message(Topic::Tasks, number).to_partition(number % 4))).await.unwrap();
    }
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(delivery(&mut member).await);
    }
    for _ in 3..8 {
        assert_quiet(factory, &mut member).await;
        held.pop().unwrap().ack();
        held.push(delivery(&mut member).await);
    }
}
