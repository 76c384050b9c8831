//! Profiles: read, paged, masked.

use data_inspector_api::auth::Viewer;
use data_inspector_domain::access::TokenScope;
use serde_json::json;

use super::bench::{Bench, text};
use crate::profiles::{customers, many_columns};

const VALUES: &str =
    "query($id: ID!) { inspection(id: $id) { profile { document rows { samples { first { cells { value } } } }
    columns(first: 100) { nodes {
    valuesMasked min max topValues { value share count { value } } quantiles { q value lower upper }
    histogram { edges counts } numbers { outliers { lowerFence upperFence above { value } } } } } findings { count examples(first: 100) { line excerpt } } } } }";

#[tokio::test]
async fn a_profile_is_what_inspect_prints() {
    let bench = Bench::new().await;
    let id = bench.inspection("customers.csv").await;
    let nothing = bench.data(VALUES, json!({ "id": id })).await;
    assert_eq!(nothing["inspection"]["profile"], json!(null));
    bench.revise(&id, &customers()).await;
    let document =
        "query($id: ID!) { inspection(id: $id) { coverage profile { revision isFinal coverage rowCount
        columnCount document column(name: \"customer_id\") { name type distinct { value exact } min }
        nothing: column(name: \"nothing\") { name } findings { code severity count explanation } } } }";
    let profile = bench.data(document, json!({ "id": id })).await["inspection"]["profile"].take();
    assert_eq!(text(&profile["document"]), customers().to_json());
    assert_eq!(profile["revision"], 1);
    assert_eq!((&profile["isFinal"], &profile["coverage"]), (&json!(false), &json!("PARTIAL")));
    assert_eq!((&profile["rowCount"], &profile["columnCount"]), (&json!(300), &json!(13)));
    let column = json!({ "name": "customer_id", "type": "STRING", "min": "C-00001",
        "distinct": { "value": 300.0, "exact": true } });
    assert_eq!((&profile["column"], &profile["nothing"]), (&column, &json!(null)));
    assert_eq!(profile["findings"].as_array().unwrap().len(), customers().findings.len());
}

#[tokio::test]
async fn values_are_for_those_who_may_see_them() {
    let bench = Bench::new().await;
    let id = bench.inspection("customers.csv").await;
    bench.revise(&id, &customers()).await;
    let scopes = vec![TokenScope::Read, TokenScope::Write, TokenScope::Manage];
    let blind = Viewer { scopes, ..bench.owner.clone() };
    let seen = bench.data(VALUES, json!({ "id": id })).await["inspection"]["profile"].take();
    let answer = bench.answer_to(Some(&blind), VALUES, json!({ "id": id })).await;
    let masked = &answer["data"]["inspection"]["profile"];
    assert_eq!(masked["document"], json!(null));
    assert_eq!(masked["rows"]["samples"], json!(null));
    assert_ne!(seen["rows"]["samples"]["first"], json!([]));
    let columns = masked["columns"]["nodes"].as_array().unwrap();
    for (masked, seen) in columns.iter().zip(seen["columns"]["nodes"].as_array().unwrap()) {
        assert_eq!((&masked["valuesMasked"], &seen["valuesMasked"]), (&json!(true), &json!(false)));
        assert_eq!((&masked["min"], &masked["max"]), (&json!(null), &json!(null)));
        assert_eq!(masked["histogram"]["counts"], seen["histogram"]["counts"]);
        let [masked_outliers, seen_outliers] = [masked, seen].map(|column| &column["numbers"]["outliers"]);
        assert_eq!(masked_outliers["above"], seen_outliers["above"]);
        assert_eq!(masked_outliers["lowerFence"], json!(null), "a quartile follows from it");
        assert_eq!(masked_outliers["upperFence"], json!(null), "a quartile follows from it");
        assert_eq!(
            masked["topValues"].as_array().unwrap().len(),
            seen["topValues"].as_array().unwrap().len()
        );
    }
    // Whatever the owner is shown as a value is nowhere in the other answer.
    let text_of_masked = answer.to_string();
    for value in ["C-00001", "C-00300"] {
        assert!(seen.to_string().contains(value) && !text_of_masked.contains(value), "{value}");
    }
    for finding in masked["findings"].as_array().unwrap() {
        assert!(finding["examples"].as_array().unwrap().iter().all(|example| example["excerpt"].is_null()));
    }
}

/// Whose values were shown, newest first.
async fn values_shown(bench: &Bench) -> Vec<String> {
    let log = bench.store.audit_log(bench.owner.scope, None, 1_000).await.unwrap();
    log.into_iter().filter(|entry| entry.action == "SEE_VALUES").map(|entry| entry.subject_id).collect()
}

#[tokio::test]
async fn it_is_noted_who_is_shown_values() {
    let bench = Bench::new().await;
    let [a, b] = [bench.inspection("a").await, bench.inspection("b").await];
    let query = "{ inspections { nodes { profile { rowCount } again: profile { columnCount } } } }";
    bench.data(query, json!({})).await;
    assert_eq!(values_shown(&bench).await, Vec::<String>::new(), "there is nothing yet");
    bench.revise(&a, &customers()).await;
    bench.revise(&b, &customers()).await;
    let blind = Viewer { scopes: vec![TokenScope::Read], ..bench.owner.clone() };
    let follow = "subscription($id: ID!) { inspectionProfile(id: $id) { __typename } }";
    bench.answer_to(Some(&blind), query, json!({})).await;
    bench.follow_to(Some(&blind), follow, json!({ "id": a })).item().await;
    assert_eq!(values_shown(&bench).await, Vec::<String>::new(), "values are masked");

    // Once for each inspection of a request, in one statement.
    let before = bench.store.statements();
    bench.data(query, json!({})).await;
    let mut shown = values_shown(&bench).await;
    shown.sort();
    assert_eq!(shown, [a.clone(), b.clone()]);
    assert!(bench.store.statements() - before <= 6);
    bench.follow(follow, json!({ "id": a })).item().await;
    assert_eq!(values_shown(&bench).await[0], a);
}

#[tokio::test]
async fn columns_come_page_by_page() {
    let bench = Bench::new().await;
    let id = bench.inspection("wide.csv").await;
    bench.revise(&id, &many_columns(250)).await;
    let document = "query($id: ID!, $search: String, $after: Cursor) { inspection(id: $id) { profile {
        columns(search: $search, first: 100, after: $after) { totalCount nodes { index }
            pageInfo { hasNextPage endCursor } } } } }";
    let mut found = Vec::new();
    let mut after = json!(null);
    loop {
        let data = bench.data(document, json!({ "id": id, "after": after })).await;
        let page = &data["inspection"]["profile"]["columns"];
        assert_eq!(page["totalCount"], 250);
        found.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["index"].as_u64().unwrap()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(found, (0..250).collect::<Vec<_>>());
    let data = bench.data(document, json!({ "id": id, "search": "N_25" })).await;
    let columns = &data["inspection"]["profile"]["columns"];
    assert_eq!((&columns["totalCount"], &columns["nodes"][0]["index"]), (&json!(2), &json!(24)));
    let variables = json!({ "id": id, "search": "N_25", "after": after });
    assert_eq!(bench.error_code(document, variables).await, "INVALID_CURSOR");
}
