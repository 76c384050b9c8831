use data_inspector_domain::id::{
    FileId, IdError, InspectionId, PrincipalId, Run, Sequence, TaskId, TokenId, UploadId, WorkerId,
    WorkspaceId,
};
use proptest::prelude::*;
use schemars::schema_for;
use uuid::Uuid;

use crate::support::inspection_id;

const TEXT: &str = "insp_01K742SG00FAY8VVR14D2PF2DB";

fn error(text: &str) -> String {
    text.parse::<InspectionId>().expect_err("no id").to_string()
}

#[test]
fn an_id_is_a_prefix_and_26_characters() {
    assert_eq!(inspection_id().to_string(), TEXT);
    assert_eq!(TEXT.parse(), Ok(inspection_id()));
    assert_eq!(format!("{:?}", inspection_id()), TEXT);
}

#[test]
fn an_id_is_a_string_in_json() {
    assert_eq!(serde_json::to_string(&inspection_id()).unwrap(), format!("\"{TEXT}\""));
    assert_eq!(serde_json::from_str::<InspectionId>(&format!("\"{TEXT}\"")).unwrap(), inspection_id());
    let error = serde_json::from_str::<InspectionId>("\"file_01K742SG00FAY8VVR14D2PF2DB\"").unwrap_err();
    assert!(error.to_string().starts_with("not the id of an inspection: it does not start with `insp_`"));
}

#[test]
fn the_json_schema_of_an_id_accepts_ids_only() {
    let schema = schema_for!(InspectionId).to_value();
    assert!(jsonschema::is_valid(&schema, &TEXT.into()));
    assert!(!jsonschema::is_valid(&schema, &TEXT.to_lowercase().into()));
    assert!(!jsonschema::is_valid(&schema, &"insp_81K742SG00FAY8VVR14D2PF2DB".into()));
    assert!(!jsonschema::is_valid(&schema, &1.into()));
}

#[test]
fn kinds_are_told_apart() {
    let uuid = inspection_id().as_uuid();
    let texts = [
        WorkspaceId::from_uuid(uuid).to_string(),
        PrincipalId::from_uuid(uuid).to_string(),
        TokenId::from_uuid(uuid).to_string(),
        FileId::from_uuid(uuid).to_string(),
        UploadId::from_uuid(uuid).to_string(),
        InspectionId::from_uuid(uuid).to_string(),
        TaskId::from_uuid(uuid).to_string(),
        WorkerId::from_uuid(uuid).to_string(),
        Run::from_uuid(uuid).to_string(),
    ];
    let prefixes = texts.map(|text| text.split_inclusive('_').next().unwrap().to_owned());
    assert_eq!(
        prefixes,
        ["ws_", "user_", "tok_", "file_", "up_", "insp_", "task_", "work_", "run_"].map(String::from)
    );
}

#[test]
fn an_error_names_the_kind_and_what_is_wrong() {
    assert_eq!(error(""), "not the id of an inspection: it does not start with `insp_`");
    assert_eq!(
        error("task_01K742SG00FAY8VVR14D2PF2DB"),
        "not the id of an inspection: it does not start with `insp_`"
    );
    assert_eq!(
        error(&TEXT[..30]),
        "not the id of an inspection: 26 characters must follow the prefix, and 25 do"
    );
    assert_eq!(
        error("insp_01K742SG00FAY8VVR14D2PF2DU"),
        "not the id of an inspection: character 26 after the prefix is none of 0-9 and A-Z without I, L, O, U"
    );
    assert_eq!(
        error("insp_01k742SG00FAY8VVR14D2PF2DB"),
        "not the id of an inspection: character 3 after the prefix is none of 0-9 and A-Z without I, L, O, U"
    );
    assert_eq!(
        error("insp_81K742SG00FAY8VVR14D2PF2DB"),
        "not the id of an inspection: the first character after the prefix is none of 0-7"
    );
    let user_error: IdError = "bob".parse::<PrincipalId>().unwrap_err();
    assert_eq!(user_error.to_string(), "not the id of a user: it does not start with `user_`");
}

#[test]
fn the_ends_of_the_range_are_ids() {
    for (uuid, text) in
        [(Uuid::nil(), "ws_00000000000000000000000000"), (Uuid::max(), "ws_7ZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    {
        assert_eq!(WorkspaceId::from_uuid(uuid).to_string(), text);
        assert_eq!(text.parse(), Ok(WorkspaceId::from_uuid(uuid)));
    }
}

#[test]
fn events_are_numbered_from_one_and_fit_a_bigint() {
    assert_eq!(Sequence::try_from(1), Ok(Sequence::FIRST));
    assert_eq!(Sequence::FIRST.next().get(), 2);
    assert_eq!(Sequence::try_from(i64::MAX as u64).map(Sequence::get), Ok(i64::MAX as u64));
    for none in [0, i64::MAX as u64 + 1, u64::MAX] {
        let error = Sequence::try_from(none).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no number of an event: {none} is not in 1..=9223372036854775807")
        );
    }
    assert!(serde_json::from_str::<Sequence>("0").is_err());
    assert_eq!(serde_json::to_string(&Sequence::FIRST).unwrap(), "1");
}

proptest! {
    #[test]
    fn every_id_comes_back(bits: u128) {
        let id = FileId::from_uuid(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn texts_sort_as_ids_do(a: u128, b: u128) {
        let [a, b] = [a, b].map(|bits| FileId::from_uuid(Uuid::from_u128(bits)));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn one_id_has_one_text(text in "file_[0-9A-Za-z]{26}") {
        if let Ok(id) = text.parse::<FileId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        prop_assert!(text.parse::<FileId>().is_err());
        let prefixed = format!("file_{text}").parse::<FileId>();
        prop_assert!(prefixed.is_err());
    }
}
