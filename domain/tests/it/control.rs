//! Orders to workers: their JSON.

use data_inspector_domain::control::{ControlError, ControlMessage, Order};
use data_inspector_domain::id::TaskId;
use data_inspector_domain::task::fence::Epoch;
use uuid::Uuid;

use crate::support::{check_golden, variants};

fn order(order: Order) -> ControlMessage {
    let task_id = TaskId::from_uuid(Uuid::from_u128(0x0199_c82c_c000_7abc_8def_0123_4567_89ab));
    ControlMessage::new(task_id, Epoch::from_number(3), order)
}

#[test]
fn the_json_is_golden() {
    check_golden("tests/golden/control.json", &format!("{}\n", order(Order::Pause).to_json()));
}

#[test]
fn every_order_comes_back() {
    for each in variants::<Order>() {
        let message = order(each);
        assert_eq!(ControlMessage::from_json(message.to_json().as_bytes()).unwrap(), message);
    }
}

#[test]
fn another_version_and_garbage_are_refused() {
    let newer = order(Order::Cancel).to_json().replace("\"schemaVersion\":1", "\"schemaVersion\":2");
    let refused = ControlMessage::from_json(newer.as_bytes()).unwrap_err();
    assert!(matches!(refused, ControlError::UnknownVersion { found: 2 }), "{refused}");
    let refused = ControlMessage::from_json(b"{}").unwrap_err();
    assert!(matches!(refused, ControlError::Malformed(_)), "{refused}");
}
