//! Inspections: asked for, listed, changed, refused.

use serde_json::{Value, json};

use super::bench::{Bench, text};

async fn change(bench: &Bench, mutation: &str, input: Value) -> Value {
    let document = format!(
        "mutation($input: ChangeInspectionInput!) {{ {mutation}(input: $input) {{
            inspection {{ state version }} deduplicated userErrors {{ code message path retryable }} }} }}"
    );
    bench.data(&document, json!({ "input": input })).await[mutation].take()
}

#[tokio::test]
async fn an_inspection_may_come_before_its_file() {
    let bench = Bench::new().await;
    let (file_id, upload_id) = bench.announce("a.csv", 2).await;
    let created = bench.create(&file_id, "k").await;
    assert_eq!(created["inspection"]["state"], "WAITING_FOR_FILE");
    bench.put_block(&upload_id, 0, b"ab").await;
    bench.complete(&upload_id).await;
    let look = "query($id: ID!) { inspection(id: $id) { state hasEnded file { id } createdBy { name }
        actions { action allowed reason } } }";
    let seen = bench.data(look, json!({ "id": created["inspection"]["id"] })).await["inspection"].take();
    assert_eq!((&seen["state"], &seen["file"]["id"]), (&json!("QUEUED"), &json!(file_id)));
    assert_eq!(seen["createdBy"]["name"], "Owner");
    let allowed = |verb: &str| {
        let actions = seen["actions"].as_array().unwrap().iter();
        actions
            .filter(|action| action["action"] == verb)
            .map(|action| action["allowed"].clone())
            .next()
            .unwrap()
    };
    assert_eq!(
        ["PAUSE", "RESUME", "CANCEL", "RETRY", "RERUN"].map(allowed),
        [true, false, true, false, true]
    );
}

#[tokio::test]
async fn the_same_request_makes_one_inspection() {
    let bench = Bench::new().await;
    let [one, other] = [bench.ready_file("one").await, bench.ready_file("other").await];
    let first = bench.create(&one, "k").await;
    let again = bench.create(&one, "k").await;
    assert_eq!((&first["deduplicated"], &again["deduplicated"]), (&json!(false), &json!(true)));
    assert_eq!(first["inspection"]["id"], again["inspection"]["id"]);
    let mismatch = bench.create(&other, "k").await;
    assert_eq!(mismatch["userErrors"][0]["code"], "IDEMPOTENCY_MISMATCH");
    assert_eq!(mismatch["inspection"], json!(null));
}

#[tokio::test]
async fn an_impossible_specification_is_refused_where_it_is_impossible() {
    let bench = Bench::new().await;
    let file_id = bench.ready_file("a").await;
    let document = "mutation($input: CreateInspectionInput!) {
        createInspection(input: $input) { inspection { id } userErrors { code path } } }";
    for (spec, path) in [
        (json!({ "topValues": 1001 }), "topValues"),
        (json!({ "histogramBins": 0 }), "histogramBins"),
        (json!({ "quantiles": [0.5, 1.5] }), "quantiles"),
        (json!({ "nullValues": vec!["x"; 101] }), "nullValues"),
        (json!({ "format": { "delimiter": "" } }), "format.delimiter"),
        (json!({ "format": { "delimiter": ";;;;;" } }), "format.delimiter"),
        (json!({ "format": { "quote": "é" } }), "format.quote"),
    ] {
        let input = json!({ "fileId": file_id, "spec": spec, "idempotencyKey": path });
        let payload = bench.data(document, json!({ "input": input })).await["createInspection"].take();
        let error = &payload["userErrors"][0];
        assert_eq!(error["code"], "INVALID_ARGUMENT", "{spec}");
        let found: Vec<_> = error["path"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(found.join("."), format!("input.spec.{path}"));
    }
}

#[tokio::test]
async fn a_specification_is_kept() {
    let bench = Bench::new().await;
    let file_id = bench.ready_file("a").await;
    let document = "mutation($input: CreateInspectionInput!) { createInspection(input: $input) { inspection {
        priority spec { topValues histogramBins nullValues format { delimiter quote escape header skipLines } } } } }";
    let format = json!({ "delimiter": ";", "quote": "", "header": false, "skipLines": 2 });
    let spec = json!({ "topValues": 5, "nullValues": ["?"], "format": format });
    let input = json!({ "fileId": file_id, "spec": spec, "priority": 7, "idempotencyKey": "k" });
    let data = bench.data(document, json!({ "input": input })).await;
    let expected = json!({ "priority": 7, "spec": { "topValues": 5, "histogramBins": 64, "nullValues": ["?"],
        "format": { "delimiter": ";", "quote": "", "escape": null, "header": false, "skipLines": 2 } } });
    assert_eq!(data["createInspection"]["inspection"], expected);
}

#[tokio::test]
async fn a_person_holds_lets_go_calls_off_and_tries_again() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    for (mutation, state) in [
        ("pauseInspection", "PAUSED"),
        ("resumeInspection", "QUEUED"),
        ("cancelInspection", "CANCELLED"),
        ("retryInspection", "QUEUED"),
    ] {
        let payload = change(&bench, mutation, json!({ "id": id, "reason": "because" })).await;
        assert_eq!((&payload["inspection"]["state"], &payload["userErrors"]), (&json!(state), &json!([])));
    }
    let why = "query($id: ID!) { inspection(id: $id) { events(types: [STATE]) { nodes {
        ... on StateChanged { to reason { message command } } } } } }";
    let data = bench.data(why, json!({ "id": id })).await;
    let paused = &data["inspection"]["events"]["nodes"][2];
    assert_eq!(paused, &json!({ "to": "PAUSED", "reason": { "message": "because", "command": "PAUSE" } }));
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_refused() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    let look = "query($id: ID!) { inspection(id: $id) { version } }";
    let version = bench.data(look, json!({ "id": id })).await["inspection"]["version"].as_u64().unwrap();
    for (mutation, input, code, path) in [
        ("resumeInspection", json!({ "id": id }), "ILLEGAL_TRANSITION", json!(["input", "id"])),
        ("retryInspection", json!({ "id": id }), "ILLEGAL_TRANSITION", json!(["input", "id"])),
        (
            "cancelInspection",
            json!({ "id": id, "expectedVersion": version + 1 }),
            "STALE_VERSION",
            json!(["input", "expectedVersion"]),
        ),
        (
            "cancelInspection",
            json!({ "id": id, "reason": "x".repeat(1001) }),
            "INVALID_ARGUMENT",
            json!(["input", "reason"]),
        ),
    ] {
        let payload = change(&bench, mutation, input).await;
        let error = &payload["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!(code), &path), "{mutation}");
        assert_eq!(payload["inspection"], json!(null));
    }
    let fits = change(&bench, "cancelInspection", json!({ "id": id, "expectedVersion": version })).await;
    assert_eq!(fits["inspection"]["version"], version + 1);
}

#[tokio::test]
async fn what_was_done_is_done_again() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    let document = "mutation($id: ID!) { rerunInspection(input: { id: $id, idempotencyKey: \"again\" }) {
        inspection { id state rerunOf { id } file { name } } deduplicated userErrors { code } } }";
    let first = bench.data(document, json!({ "id": id })).await["rerunInspection"].take();
    assert_eq!(first["inspection"]["rerunOf"]["id"], json!(id));
    assert_eq!(first["inspection"]["file"]["name"], "a");
    assert_ne!(first["inspection"]["id"], json!(id));
    let again = bench.data(document, json!({ "id": id })).await["rerunInspection"].take();
    assert_eq!(
        (&again["inspection"]["id"], &again["deduplicated"]),
        (&first["inspection"]["id"], &json!(true))
    );
}

#[tokio::test]
async fn lists_are_walked_both_ways_filtered_and_counted() {
    let bench = Bench::new().await;
    let mut newest_first = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        newest_first.insert(0, bench.inspection(name).await);
    }
    change(&bench, "cancelInspection", json!({ "id": newest_first[1] })).await;
    let document = "query($first: Int, $after: Cursor, $last: Int, $before: Cursor) {
        inspections(first: $first, after: $after, last: $last, before: $before) {
            nodes { id } edges { cursor node { id } } totalCount
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let mut forward = Vec::new();
    let mut after = json!(null);
    loop {
        let page = bench.data(document, json!({ "first": 2, "after": after })).await["inspections"].take();
        forward.extend(page["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])));
        assert_eq!(page["totalCount"], 5);
        assert_eq!(
            page["edges"].as_array().unwrap().last().unwrap()["cursor"],
            page["pageInfo"]["endCursor"]
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(forward, newest_first);
    let page = bench.data(document, json!({ "last": 2, "before": after })).await["inspections"].take();
    assert_eq!(page["nodes"], json!([{ "id": newest_first[2] }, { "id": newest_first[3] }]));
    assert_eq!(page["pageInfo"]["hasPreviousPage"], true);

    let filtered = "query($filter: InspectionFilter) {
        inspections(filter: $filter) { nodes { id } }
        inspectionFacets(filter: $filter) { byState { state count } byVerdict { verdict count } } }";
    let data = bench.data(filtered, json!({ "filter": { "states": ["CANCELLED"] } })).await;
    assert_eq!(data["inspections"]["nodes"], json!([{ "id": newest_first[1] }]));
    assert_eq!(data["inspectionFacets"]["byState"], json!([{ "state": "CANCELLED", "count": 1 }]));
    assert_eq!(data["inspectionFacets"]["byVerdict"], json!([{ "verdict": "NOT_EVALUATED", "count": 1 }]));

    let files =
        "{ files(orderBy: { field: NAME, direction: ASC }, first: 2, filter: { nameContains: \"\" }) {
        nodes { name newestInspections(first: 1) { id } upload { receivedBlocks } } totalCount } }";
    let data = bench.data(files, json!({})).await;
    let first = &data["files"]["nodes"][0];
    assert_eq!(
        (&first["name"], &first["newestInspections"][0]["id"]),
        (&json!("a"), &json!(newest_first[4]))
    );
    assert_eq!((&first["upload"]["receivedBlocks"], &data["files"]["totalCount"]), (&json!(1), &json!(5)));
}
