//! Who may not, and what is not there: unknown and forbidden look alike, and every error has its code.

use data_inspector_api::auth::{Anonymous, ApiToken, AuthError, Authenticator, Viewer};
use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{NewPrincipal, NewToken, Scope};
use serde_json::{Value, json};

use super::bench::{Bench, code_of, text};

const UNKNOWN: [&str; 4] =
    ["", "nonsense", "insp_01KAYEQQ3VFN7B0VH5JYX0JJ7Q", "file_01KAYEQQ3VFN7B0VH5JYX0JJ7Q"];

/// Every root field that asks for something by id, and what it says when there is none.
async fn assert_nothing(bench: &Bench, viewer: &Viewer, id: &str) {
    let document = "query($id: ID!) { file(id: $id) { id } inspection(id: $id) { id } upload(id: $id) { id }
        node(id: $id) { id } nodes(ids: [$id]) { id } }";
    let answer = bench.answer_to(Some(viewer), document, json!({ "id": id })).await;
    let nothing = json!({ "file": null, "inspection": null, "upload": null, "node": null, "nodes": [null] });
    assert_eq!(answer, json!({ "data": nothing }), "{id}");

    for (mutation, input) in [
        ("createInspection", json!({ "fileId": id, "idempotencyKey": "k" })),
        ("rerunInspection", json!({ "id": id, "idempotencyKey": "r" })),
        ("cancelInspection", json!({ "id": id })),
        ("pauseInspection", json!({ "id": id })),
        ("resumeInspection", json!({ "id": id })),
        ("retryInspection", json!({ "id": id })),
        ("completeUpload", json!({ "uploadId": id })),
        ("abortUpload", json!({ "uploadId": id })),
    ] {
        let kind = match mutation {
            "cancelInspection" | "pauseInspection" | "resumeInspection" | "retryInspection" => {
                "ChangeInspectionInput".to_owned()
            }
            other => format!("{}{}Input", other[..1].to_uppercase(), &other[1..]),
        };
        let document = format!(
            "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code path }} }} }}"
        );
        let answer = bench.answer_to(Some(viewer), &document, json!({ "input": input })).await;
        assert_eq!(
            answer["data"][mutation]["userErrors"][0]["code"], "NOT_FOUND",
            "{mutation} {id} {answer}"
        );
    }
}

#[tokio::test]
async fn what_is_unknown_and_what_belongs_to_another_workspace_look_alike() {
    let bench = Bench::new().await;
    let stranger = bench.stranger().await;
    for id in UNKNOWN {
        assert_nothing(&bench, &bench.owner, id).await;
    }
    let (file_id, upload_id) = bench.announce("a", 1).await;
    let inspection_id = text(&bench.create(&file_id, "k").await["inspection"]["id"]);
    for id in [&file_id, &upload_id, &inspection_id] {
        assert_nothing(&bench, &stranger, id).await;
    }
    let lists = "{ files { nodes { id } totalCount } inspections { nodes { id } totalCount } }";
    let empty = json!({ "nodes": [], "totalCount": 0 });
    let answer = bench.answer_to(Some(&stranger), lists, json!({})).await;
    assert_eq!(answer, json!({ "data": { "files": empty, "inspections": empty } }));
    for field in ["inspectionEvents(id: $id)", "inspectionProfile(id: $id)", "transferProgress(fileId: $id)"]
    {
        let document = format!("subscription($id: ID!) {{ {field} {{ __typename }} }}");
        let answer = bench.follow(&document, json!({ "id": UNKNOWN[2] })).next().await.unwrap();
        assert_eq!(code_of(&answer), "NOT_FOUND", "{field}");
    }
}

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

fn root_fields(answer: &Value, root: &str) -> Vec<String> {
    let fields = answer["data"]["__schema"][root]["fields"].as_array().unwrap();
    fields.iter().map(|field| text(&field["name"])).collect()
}

/// A document with nothing but this root field.
fn document_for(operation: &str, field: &str) -> String {
    let with = match field {
        "file" | "inspection" | "upload" | "node" => "(id: \"x\") { id }",
        "nodes" => "(ids: [\"x\"]) { id }",
        "files" | "inspections" => " { nodes { id } }",
        "inspectionFacets" => " { byState { count } }",
        "viewer" => " { role }",
        "createUpload" => "(input: { name: \"a\", sizeBytes: 1, idempotencyKey: \"k\" }) { deduplicated }",
        "completeUpload" | "abortUpload" => "(input: { uploadId: \"x\" }) { deduplicated }",
        "createInspection" => "(input: { fileId: \"x\", idempotencyKey: \"k\" }) { deduplicated }",
        "rerunInspection" => "(input: { id: \"x\", idempotencyKey: \"k\" }) { deduplicated }",
        "cancelInspection" | "pauseInspection" | "resumeInspection" | "retryInspection" => {
            "(input: { id: \"x\" }) { deduplicated }"
        }
        "inspectionEvents" | "inspectionProfile" => "(id: \"x\") { __typename }",
        "transferProgress" => "(fileId: \"x\") { __typename }",
        "workspaceActivity" => " { __typename }",
        other => panic!("{other} is new: say here how it is asked for"),
    };
    format!("{operation} {{ {field}{with} }}")
}

#[tokio::test]
async fn every_root_field_asks_who_is_calling() {
    let bench = Bench::new().await;
    let introspection = "{ __schema { queryType { fields { name } } mutationType { fields { name } }
        subscriptionType { fields { name } } } }";
    let schema = bench.answer_to(None, introspection, json!({})).await;
    let looker = Viewer { role: Role::Viewer, ..bench.owner.clone() };
    let powerless = Viewer { scopes: Vec::new(), ..bench.owner.clone() };
    for (root, operation) in
        [("queryType", "query"), ("mutationType", "mutation"), ("subscriptionType", "subscription")]
    {
        for field in root_fields(&schema, root).iter().filter(|field| *field != "serverInfo") {
            let document = document_for(operation, field);
            let ask = async |viewer| match operation {
                "subscription" => bench.follow_as(viewer, &document).next().await.unwrap(),
                _ => bench.answer_to(viewer, &document, json!({})).await,
            };
            assert_eq!(code_of(&ask(None).await), "UNAUTHENTICATED", "{field}");
            assert_eq!(code_of(&ask(Some(&powerless)).await), "FORBIDDEN", "{field}");
            if operation == "mutation" {
                assert_eq!(code_of(&ask(Some(&looker)).await), "FORBIDDEN", "{field}");
            }
        }
    }
    let info = bench.answer_to(None, "{ serverInfo { version maxPageSize } }", json!({})).await;
    assert_eq!(info["data"]["serverInfo"]["maxPageSize"], 100);
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
