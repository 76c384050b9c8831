//! Requests that are wrong, and tokens that are: every error has its code. Who may do what is in `tenancy`.

use data_inspector_api::auth::{Anonymous, ApiToken, AuthError, Authenticator};
use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{NewPrincipal, NewToken, Scope};
use serde_json::json;

use super::bench::{Bench, code_of};

#[tokio::test]
async fn cursors_of_something_else_are_refused() {
    let bench = Bench::new().await;
    let [id, other] = [bench.inspection("a").await, bench.inspection("b").await];
    let cursor =
        "query($id: ID!) { inspection(id: $id) { cursor } files(first: 1) { pageInfo { endCursor } } }";
    let data = bench.data(cursor, json!({ "id": other })).await;
    let (foreign, of_files) = (&data["inspection"]["cursor"], &data["files"]["pageInfo"]["endCursor"]);

    let events =
        "query($id: ID!, $after: Cursor) { inspection(id: $id) { events(after: $after) { nodes { seq } } } }";
    let follow =
        "subscription($id: ID!, $after: Cursor) { inspectionEvents(id: $id, after: $after) { __typename } }";
    for after in [foreign, of_files, &json!(""), &json!("nonsense"), &json!("é")] {
        let variables = json!({ "id": id, "after": after });
        assert_eq!(bench.error_code(events, variables.clone()).await, "INVALID_CURSOR", "{after}");
        let answer = bench.follow(follow, variables).next().await.unwrap();
        assert_eq!(code_of(&answer), "INVALID_CURSOR", "{after}");
    }
    let list = "query($after: Cursor) { inspections(after: $after) { nodes { id } } }";
    for after in [foreign, of_files, &json!("nonsense"), &json!("ff")] {
        assert_eq!(bench.error_code(list, json!({ "after": after })).await, "INVALID_CURSOR", "{after}");
    }
    let other_order =
        "query($after: Cursor) { files(after: $after, orderBy: { field: NAME }) { nodes { id } } }";
    assert_eq!(bench.error_code(other_order, json!({ "after": of_files })).await, "INVALID_CURSOR");
}

#[tokio::test]
async fn impossible_pages_are_refused() {
    let bench = Bench::new().await;
    for arguments in ["first: 0", "first: 101", "first: -1", "last: 101", "first: 1, last: 1"] {
        let document = format!("{{ inspections({arguments}) {{ nodes {{ id }} }} }}");
        assert_eq!(bench.error_code(&document, json!({})).await, "BAD_USER_INPUT", "{arguments}");
    }
    let document = "{ inspections(filter: { fileIds: [\"nonsense\"] }) { nodes { id } } }";
    assert_eq!(bench.error_code(document, json!({})).await, "BAD_USER_INPUT");
    assert_eq!(bench.error_code("{ nonsense }", json!({})).await, "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn a_token_stands_for_somebody_until_it_expires() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let editor = NewPrincipal { name: "Editor".into(), role: Role::Editor };
    let principal_id = store.create_principal(bench.owner.scope, editor).await.unwrap();
    let scope = Scope { principal_id, ..bench.owner.scope };
    let [token, expired] = [ApiToken::generate().unwrap(), ApiToken::generate().unwrap()];
    for (token, expires_at) in [(&token, i64::MAX), (&expired, 1)] {
        let new = NewToken {
            name: "test".into(),
            hash: token.hash(),
            scopes: vec![TokenScope::Read],
            expires_at: Timestamp::from_micros(expires_at),
        };
        store.create_token(scope, new).await.unwrap();
    }
    let authenticator = Authenticator::new(store.clone(), Anonymous::Nobody);
    let header = format!("Bearer {}", token.reveal());
    let viewer = authenticator.authenticate(Some(&header)).await.unwrap().unwrap();
    let document = "{ viewer { user { name } workspace { name } role canWrite canSeeValues } }";
    let answer = bench.answer_to(Some(&viewer), document, json!({})).await;
    let expected = json!({ "user": { "name": "Editor" }, "workspace": { "name": "Test" }, "role": "EDITOR",
        "canWrite": false, "canSeeValues": false });
    assert_eq!(answer["data"]["viewer"], expected);

    assert_eq!(authenticator.authenticate(None).await.unwrap(), None);
    let unknown = ApiToken::generate().unwrap();
    for header in [expired.reveal(), unknown.reveal()].map(|token| format!("bearer {token}")) {
        let refused = authenticator.authenticate(Some(&header)).await;
        assert!(matches!(refused, Err(AuthError::Invalid)), "{refused:?}");
    }
    for header in ["", "Bearer", "Bearer x", "Basic eDp5", token.reveal()] {
        let refused = authenticator.authenticate(Some(header)).await;
        assert!(matches!(refused, Err(AuthError::Malformed)), "{refused:?}");
    }
    let at_the_machine = Authenticator::new(store.clone(), Anonymous::FirstOwner);
    assert_eq!(at_the_machine.authenticate(None).await.unwrap(), Some(bench.owner.clone()));
}
