//! The schema as a document: committed, and described everywhere.

use std::path::Path;

use data_inspector_api::graphql;
use serde_json::{Value, json};

use super::bench::Bench;

#[test]
fn the_committed_schema_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let sdl = graphql::sdl();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &sdl).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == sdl,
        "schema.graphql is stale: run the tests with UPDATE_GOLDEN=1, and look at the change"
    );
}

#[tokio::test]
async fn everything_is_described() {
    let bench = Bench::new().await;
    let described = "name description";
    let document = format!(
        "{{ __schema {{ types {{ {described} kind fields {{ {described} args {{ {described} }} }}
            inputFields {{ {described} }} enumValues {{ {described} }} }} }} }}"
    );
    let data = bench.data(&document, json!({})).await;
    let mut silent = Vec::new();
    let types = data["__schema"]["types"].as_array().unwrap().iter();
    // What the specification itself defines is described there.
    let is_ours = |name: &str| !name.starts_with("__") && name != "ID";
    for kind in types.filter(|kind| is_ours(kind["name"].as_str().unwrap())) {
        note(&mut silent, "", kind);
        let name = kind["name"].as_str().unwrap();
        for part in ["fields", "inputFields", "enumValues"] {
            for member in kind[part].as_array().into_iter().flatten() {
                note(&mut silent, name, member);
                let place = format!("{name}.{}", member["name"].as_str().unwrap());
                for argument in member["args"].as_array().into_iter().flatten() {
                    note(&mut silent, &place, argument);
                }
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

fn note(silent: &mut Vec<String>, place: &str, described: &Value) {
    if described["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
        silent.push(format!("{place}.{}", described["name"].as_str().unwrap()));
    }
}
