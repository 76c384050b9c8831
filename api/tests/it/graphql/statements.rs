//! What a query costs the database: a number of statements that does not depend on the number of rows.

use serde_json::{Value, json};

use super::bench::Bench;
use super::operations::operation;
use crate::profiles::customers;

async fn cost(bench: &Bench, document: &str, variables: Value) -> u64 {
    let before = bench.store.statements();
    bench.data(document, variables).await;
    bench.store.statements() - before
}

#[tokio::test]
async fn statements_do_not_grow_with_the_rows() {
    let bench = Bench::new().await;
    let list = operation("list");
    let nested = "{ inspections(first: 100) { nodes { createdBy { name } rerunOf { id } file { name createdBy { name }
        upload { id } newestInspections(first: 3) { id file { name } } } events(first: 5) { nodes { seq } } } } }";
    let mut costs = Vec::new();
    for count in [1, 99] {
        for index in 0..count {
            bench.inspection(&format!("{count}-{index}")).await;
        }
        costs.push((cost(&bench, &list, json!({})).await, cost(&bench, nested, json!({})).await));
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], (6, 8), "statements of the list and of the nested query");
}

#[tokio::test]
async fn statements_do_not_grow_with_the_events_of_an_inspection() {
    let bench = Bench::new().await;
    let id = bench.inspection("a").await;
    let mut costs = Vec::new();
    for revisions in [1, 30] {
        for _ in 0..revisions {
            bench.revise(&id, &customers()).await;
        }
        let of = async |name| cost(&bench, &operation(name), json!({ "id": id })).await;
        costs.push((of("events").await, of("profile").await));
    }
    assert_eq!(costs[0], costs[1]);
}
