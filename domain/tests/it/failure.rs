use data_inspector_domain::failure::{Failure, FailureCode};

use crate::support::{name, table, variants};

#[test]
fn what_every_code_means() {
    let mut lines = vec![["code", "origin", "kind", "retryable"].map(String::from).to_vec()];
    for code in variants::<FailureCode>() {
        let retryable = if code.retryable() { "yes" } else { "no" };
        lines.push(vec![name(code), name(code.origin()), name(code.kind()), retryable.to_owned()]);
    }
    let table = table(&lines);
    insta::assert_snapshot!(table);
}

#[test]
fn the_cause_is_for_the_operator_and_in_order() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot read block 7")]
    struct Outer(#[source] std::io::Error);

    let cause = Outer(std::io::Error::other("connection reset"));
    let failure =
        Failure::new(FailureCode::StorageUnavailable, "the storage broke off").with_cause(&cause).at_byte(12);
    assert_eq!(failure.to_string(), "the storage broke off");
    assert_eq!(
        serde_json::to_string(&failure).unwrap(),
        r#"{"code":"STORAGE_UNAVAILABLE","userMessage":"the storage broke off","operatorMessage":"cannot read block 7: connection reset","atByte":12}"#
    );
}
