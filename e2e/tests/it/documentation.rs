//! What the documentation lists is what there is.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::profile::DataType;

fn page(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words in backticks that begin the rows of a page's tables.
fn listed(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

fn name_of(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn every_finding_with_its_severity() {
    let page = page("findings.md");
    let codes: Vec<String> = FindingCode::ALL.into_iter().map(name_of).collect();
    assert_eq!(listed(&page), codes);
    for code in FindingCode::ALL {
        let row = format!("| `{}` | {} |", name_of(code), name_of(code.severity()).to_lowercase());
        assert!(page.contains(&row), "no row begins with {row}");
    }
}

#[test]
fn every_type() {
    let types = [
        DataType::Boolean,
        DataType::Integer,
        DataType::Decimal,
        DataType::Float,
        DataType::Date,
        DataType::Timestamp,
        DataType::Time,
        DataType::Uuid,
        DataType::String,
        DataType::Empty,
    ];
    assert_eq!(listed(&page("types.md")), types.map(name_of));
}
