//! Subscriptions: the same as queries, sooner.

use serde_json::{Value, json};

use super::bench::{Answers, Bench, text};
use crate::profiles::customers;

const EVENT: &str = "__typename ... on InspectionEvent { cursor seq inspectionId at }
    ... on StateChanged { from to version } ... on PhaseChanged { phase } ... on ProfileRevised { revision isFinal }";

async fn cancel(bench: &Bench, id: &str) {
    let document = "mutation($id: ID!) { cancelInspection(input: { id: $id }) { userErrors { code } } }";
    let data = bench.data(document, json!({ "id": id })).await;
    assert_eq!(data["cancelInspection"]["userErrors"], json!([]));
}

async fn rest(mut answers: Answers) -> Vec<Value> {
    let mut items = Vec::new();
    while let Some(answer) = answers.next().await {
        let (_, item) = answer["data"].as_object().unwrap().iter().next().unwrap();
        items.push(item.clone());
    }
    items
}

#[tokio::test]
async fn events_followed_are_events_read() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    bench.revise(&id, &customers()).await;
    let follow =
        format!("subscription($id: ID!) {{ inspectionEvents(id: $id, after: \"0\") {{ {EVENT} }} }}");
    let followed = bench.follow(&follow, json!({ "id": id }));
    cancel(&bench, &id).await;
    bench.publish().await;
    let followed = rest(followed).await;

    let read = format!(
        "query($id: ID!) {{ inspection(id: $id) {{ events(first: 100) {{ nodes {{ {EVENT} }} }} }} }}"
    );
    let data = bench.data(&read, json!({ "id": id })).await;
    assert_eq!(&json!(followed), &data["inspection"]["events"]["nodes"]);
    let numbers: Vec<_> = followed.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(followed.last().unwrap()["to"], "CANCELLED");

    // From any event on, the rest.
    let page = format!("query($id: ID!, $after: Cursor) {{ inspection(id: $id) {{
        events(first: 2, after: $after) {{ nodes {{ {EVENT} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }}");
    let variables = json!({ "id": id, "after": followed[0]["cursor"] });
    let data = bench.data(&page, variables).await;
    assert_eq!(data["inspection"]["events"]["nodes"], json!(followed[1..3]));
    assert_eq!(
        data["inspection"]["events"]["pageInfo"],
        json!({ "hasNextPage": true, "hasPreviousPage": true })
    );
}

#[tokio::test]
async fn a_stream_without_a_cursor_begins_with_where_things_stand() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    bench.publish().await;
    let document = "subscription($id: ID!) { inspectionEvents(id: $id) { __typename
        ... on Snapshot { cursor inspection { state cursor } } ... on StateChanged { to } } }";
    let mut answers = bench.follow(document, json!({ "id": id }));
    let snapshot = answers.item().await;
    assert_eq!(
        (&snapshot["__typename"], &snapshot["inspection"]["state"]),
        (&json!("Snapshot"), &json!("QUEUED"))
    );
    assert_eq!(snapshot["cursor"], snapshot["inspection"]["cursor"]);
    cancel(&bench, &id).await;
    bench.publish().await;
    assert_eq!(rest(answers).await, [json!({ "__typename": "StateChanged", "to": "CANCELLED" })]);
}

#[tokio::test]
async fn of_a_newer_profile_the_columns_come_that_changed() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    bench.revise(&id, &customers()).await;
    let document =
        "subscription($id: ID!, $columns: [String!]) { inspectionProfile(id: $id, columns: $columns) {
        ... on ProfilePatch { revision isFinal rowCount columns { name nulls } } } }";
    let all: Vec<_> = customers().columns.iter().map(|column| column.name.clone()).collect();
    let variables = json!({ "id": id, "columns": [all[1], all[0], "nothing"] });
    let mut answers = bench.follow(document, variables);
    let first = answers.item().await;
    assert_eq!((&first["revision"], &first["isFinal"]), (&json!(1), &json!(false)));
    let names: Vec<_> =
        first["columns"].as_array().unwrap().iter().map(|column| text(&column["name"])).collect();
    assert_eq!(names, [all[1].clone(), all[0].clone()]);

    let mut newer = customers();
    newer.columns[0].nulls += 1;
    newer.columns[2].nulls += 1;
    bench.revise(&id, &newer).await;
    bench.publish().await;
    let second = answers.item().await;
    let changed = json!([{ "name": all[0], "nulls": newer.columns[0].nulls }]);
    assert_eq!((&second["revision"], &second["columns"]), (&json!(2), &changed));
}

#[tokio::test]
async fn a_workspace_is_followed_as_a_whole() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    bench.publish().await;
    let document =
        "subscription { workspaceActivity { ... on WorkspaceTick { readAgain inspections { id state } } } }";
    let mut answers = bench.follow(document, json!({}));
    assert_eq!(answers.item().await, json!({ "readAgain": true, "inspections": [] }));
    cancel(&bench, &id).await;
    bench.publish().await;
    loop {
        let tick = answers.item().await;
        assert_eq!(tick["readAgain"], false);
        // What was published before may come first.
        if tick["inspections"] == json!([{ "id": id, "state": "CANCELLED" }]) {
            return;
        }
    }
}

#[tokio::test]
async fn a_transfer_is_followed_to_its_end() {
    let bench = Bench::new().await;
    let (file_id, upload_id) = bench.announce("a", 6).await;
    bench.put_block(&upload_id, 0, b"0123").await;
    let document = "subscription($id: ID!) { transferProgress(fileId: $id) {
        ... on TransferTick { bytesDone bytesTotal file { state } } } }";
    let mut answers = bench.follow(document, json!({ "id": file_id }));
    let tick =
        |done: u64, state: &str| json!({ "bytesDone": done, "bytesTotal": 6, "file": { "state": state } });
    assert_eq!(answers.item().await, tick(4, "TRANSFERRING"));
    bench.put_block(&upload_id, 1, b"45").await;
    bench.complete(&upload_id).await;
    // All bytes may be seen before they are put together.
    assert_eq!(rest(answers).await.last(), Some(&tick(6, "READY")));
}
