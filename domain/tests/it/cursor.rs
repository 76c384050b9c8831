use data_inspector_domain::event::cursor::{Cursor, CursorError};
use data_inspector_domain::id::{InspectionId, Sequence};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::inspection_id;

const AFTER_1000: &str = "01K742SG00FAY8VVR14D2PF2DB00000000000Z8";

fn parse(text: &str) -> Result<Cursor, CursorError> {
    Cursor::parse_for(inspection_id(), text)
}

#[test]
fn a_cursor_is_opaque_text_that_comes_back() {
    let cursor = Cursor::after(inspection_id(), Sequence::try_from(1000).unwrap());
    assert_eq!(cursor.to_string(), AFTER_1000);
    assert_eq!(parse(AFTER_1000), Ok(cursor));
    assert_eq!(cursor.next().get(), 1001);
}

#[test]
fn the_first_event_has_a_cursor_before_it() {
    let start = Cursor::start(inspection_id());
    assert_eq!(parse("0"), Ok(start));
    assert_eq!(parse(&start.to_string()), Ok(start));
    assert_eq!(start.next(), Sequence::FIRST);
}

#[test]
fn a_cursor_of_another_inspection_is_told_apart_from_nonsense() {
    let other = InspectionId::from_uuid(Uuid::from_u128(1));
    assert_eq!(Cursor::parse_for(other, AFTER_1000), Err(CursorError::OtherInspection));
    let number_beyond_bigint = "01K742SG00FAY8VVR14D2PF2DB8000000000000";
    let lower_case = AFTER_1000.to_lowercase();
    let cut_inside_a_character = format!("{}é{}", &AFTER_1000[..25], &AFTER_1000[27..]);
    for text in [
        "",
        "1",
        "insp_01K742SG00FAY8VVR14D2PF2DB",
        number_beyond_bigint,
        &lower_case,
        &cut_inside_a_character,
    ] {
        assert_eq!(parse(text), Err(CursorError::Malformed), "{text}");
    }
}

#[test]
fn errors_tell_the_client_what_to_do() {
    assert_eq!(
        CursorError::Malformed.to_string(),
        "the cursor is malformed: send back one that came with an event, unchanged"
    );
    assert_eq!(CursorError::OtherInspection.to_string(), "the cursor belongs to another inspection");
}

proptest! {
    #[test]
    fn every_cursor_comes_back(bits: u128, number in 1..=i64::MAX as u64) {
        let inspection = InspectionId::from_uuid(Uuid::from_u128(bits));
        let cursor = Cursor::after(inspection, Sequence::try_from(number).expect("in range"));
        prop_assert_eq!(Cursor::parse_for(inspection, &cursor.to_string()), Ok(cursor));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{39}|[0-9A-Z]{39}|.{0,60}") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
        }
    }
}
