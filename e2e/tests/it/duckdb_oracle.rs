//! DuckDB as oracle: on clean files it must say of every column what we say. Needs Python with DuckDB (`make test`).

use std::path::Path;
use std::process::Command;

use data_inspector_bench::{Kind, generate};
use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::profile::{ColumnProfile, DataType, Estimate, Profile};
use data_inspector_domain::spec::InspectionSpec;
use serde::Deserialize;
use serde_json::json;

use crate::support::{MIB, file, file_of, inspect_file};

mod tables;

/// Small, so that a file has many leaves and all of them are merged.
const LEAF: u64 = 64 << 10;
/// Up to so many different values in a column, counts of the most frequent ones are exact.
const EXACT_TOP_VALUES: f64 = 1024.0;

#[derive(Deserialize)]
struct Answer {
    rows: u64,
    columns: Vec<Column>,
    sniffed: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Column {
    values: u64,
    readable: u64,
    distinct: u64,
    min_length: Option<u64>,
    max_length: Option<u64>,
    mean_length: Option<f64>,
    min: Option<String>,
    max: Option<String>,
    sum: Option<String>,
    mean: Option<f64>,
    stddev: Option<f64>,
    variance: Option<f64>,
    skewness: Option<f64>,
    kurtosis: Option<f64>,
    zeros: Option<u64>,
    negatives: Option<u64>,
    max_bytes: Option<u64>,
    mean_bytes: Option<f64>,
    entropy: f64,
    #[serde(default)]
    quantiles: Option<Vec<String>>,
    top: Vec<(String, u64)>,
}

/// What DuckDB says about a file that it reads in this way, given the types we found.
fn ask(path: &Path, profile: &Profile) -> Answer {
    let python =
        std::env::var_os("DATA_INSPECTOR_TEST_PYTHON").expect("`make test` sets DATA_INSPECTOR_TEST_PYTHON");
    let spec = InspectionSpec::default();
    let question = json!({
        "nulls": spec.null_values,
        "quantiles": spec.quantiles,
        "dialect": { "delim": profile.format.delimiter, "quote": "\"", "escape": "\"" },
        "types": profile.columns.iter().map(|column| sql_type(column.data_type)).collect::<Vec<_>>(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/values.py");
    let output = Command::new(python).arg(script).arg(path).arg(question.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The SQL type whose values ours are.
fn sql_type(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Integer => "BIGINT",
        DataType::Decimal => "DECIMAL(38, 10)",
        DataType::Float => "DOUBLE",
        DataType::Date => "DATE",
        DataType::Timestamp => "TIMESTAMP",
        DataType::Time => "TIME",
        DataType::Uuid => "UUID",
        DataType::Empty | DataType::String => "VARCHAR",
    }
}

/// The types DuckDB detects for values of ours.
fn detected(data_type: DataType) -> &'static [&'static str] {
    match data_type {
        DataType::Boolean => &["BOOLEAN"],
        DataType::Integer => &["BIGINT"],
        DataType::Decimal | DataType::Float => &["DOUBLE"],
        DataType::Date => &["DATE"],
        DataType::Timestamp => &["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"],
        DataType::Time => &["TIME"],
        DataType::Empty | DataType::Uuid | DataType::String => &["VARCHAR"],
    }
}

/// Compares everything both say about a file.
fn check(path: &Path) -> Profile {
    let profile = inspect_file(path, LEAF).profile;
    let answer = ask(path, &profile);
    assert_eq!(profile.row_count, answer.rows);
    assert_eq!(profile.columns.len(), answer.columns.len());
    let codes: Vec<_> = profile.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.iter().all(|&code| code == FindingCode::QuotedLineEnding), "{codes:?}");
    for (column, truth) in profile.columns.iter().zip(&answer.columns) {
        check_column(column, truth, profile.row_count);
    }
    profile
}

fn check_column(column: &ColumnProfile, truth: &Column, rows: u64) {
    let name = &column.name;
    assert_eq!((column.count, column.count - column.nulls), (rows, truth.values), "{name}: values");
    assert_eq!(truth.readable, truth.values, "{name}: values that are no {:?}", column.data_type);
    check_estimate(&format!("{name}: distinct"), &column.distinct, truth.distinct as f64);
    let lengths = (column.min_length, column.max_length);
    assert_eq!(lengths, (truth.min_length, truth.max_length), "{name}: lengths");
    check_near(&format!("{name}: mean length"), column.mean_length, truth.mean_length);
    let ends = [(&column.min, &truth.min), (&column.max, &truth.max)];
    for (found, truth) in ends {
        assert_eq!(found.as_deref().map(comparable), truth.as_deref().map(comparable), "{name}: range");
    }
    if column.data_type != DataType::Float {
        assert_eq!(
            column.sum.as_deref().map(comparable),
            truth.sum.as_deref().map(comparable),
            "{name}: sum"
        );
    }
    check_near(&format!("{name}: mean"), column.mean.as_ref().map(|mean| mean.value), truth.mean);
    check_near(&format!("{name}: stddev"), column.stddev.as_ref().map(|stddev| stddev.value), truth.stddev);
    assert_eq!(column.max_bytes, truth.max_bytes, "{name}: bytes");
    check_near(&format!("{name}: mean bytes"), column.mean_bytes, truth.mean_bytes);
    assert_eq!(column.entropy.is_some(), truth.values > 0, "{name}: entropy");
    if let Some(entropy) = &column.entropy {
        let in_bounds = entropy.lower - 1e-9 <= truth.entropy && truth.entropy <= entropy.upper + 1e-9;
        assert!(in_bounds, "{name}: entropy {} is not in {entropy:?}", truth.entropy);
    }
    check_numbers(column, truth);
    check_quantiles(column, truth.quantiles.as_deref().unwrap_or_default());
    check_top_values(column, truth);
}

fn check_numbers(column: &ColumnProfile, truth: &Column) {
    let (name, facts) = (&column.name, column.numbers.clone().unwrap_or_default());
    let counts = (truth.zeros.unwrap_or(0), truth.negatives.unwrap_or(0));
    assert_eq!((facts.zeros, facts.negatives), counts, "{name}: zeros and negatives");
    let moments = [
        ("variance", &facts.variance, truth.variance, 1e-9),
        // DuckDB subtracts large sums of powers from each other.
        ("skewness", &facts.skewness, truth.skewness, 1e-4),
        ("kurtosis", &facts.kurtosis, truth.kurtosis, 1e-4),
    ];
    for (what, found, truth, tolerance) in moments {
        let found = found.as_ref().map(|found| found.value);
        assert_eq!(found.is_some(), truth.is_some(), "{name}: {what}: {found:?}, not {truth:?}");
        if let (Some(found), Some(truth)) = (found, truth) {
            let near = (found - truth).abs() <= tolerance * truth.abs().max(1.0);
            assert!(near, "{name}: {what} {found}, not {truth}");
        }
    }
}

#[track_caller]
fn check_estimate(what: &str, found: &Estimate, truth: f64) {
    assert!(found.lower <= truth && truth <= found.upper, "{what}: {truth} is not in {found:?}");
    assert!(!found.exact || found.value == truth, "{what}: {found:?}, not {truth}");
}

/// Ours is rounded once, DuckDB's after each addition.
#[track_caller]
fn check_near(what: &str, found: Option<f64>, truth: Option<f64>) {
    let near = match (found, truth) {
        (Some(found), Some(truth)) => (found - truth).abs() <= 1e-9 * truth.abs().max(1.0),
        (found, truth) => found == truth,
    };
    assert!(near, "{what}: {found:?}, not {truth:?}");
}

fn check_quantiles(column: &ColumnProfile, truths: &[String]) {
    let name = &column.name;
    assert_eq!(column.quantiles.len(), truths.len(), "{name}: quantiles");
    for (found, truth) in column.quantiles.iter().zip(truths) {
        let [lower, value, upper, truth] =
            [&found.lower, &found.value, &found.upper, truth].map(|text| rank(text));
        assert!(lower <= truth && truth <= upper, "{name}: {truth:?} is not in {found:?}");
        assert!(!found.exact || value == truth, "{name}: {found:?}, not {truth:?}");
    }
}

fn check_top_values(column: &ColumnProfile, truth: &Column) {
    let name = &column.name;
    if column.distinct.exact && column.distinct.value <= EXACT_TOP_VALUES {
        let found: Vec<_> =
            column.top_values.iter().map(|top| (top.value.clone(), top.count.value as u64)).collect();
        assert_eq!(found, truth.top, "{name}: top values");
    }
    // A value that is not listed is no more frequent than the bounds allow.
    for (value, count) in &truth.top {
        if let Some(top) = column.top_values.iter().find(|top| top.value == *value) {
            check_estimate(&format!("{name}: {value:?}"), &top.count, *count as f64);
        }
    }
}

/// Numbers without trailing zeros, times in one notation, other text as it is.
fn comparable(text: &str) -> String {
    let is_decimal =
        text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    if is_decimal {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text.replacen('T', " ", 1).trim_end_matches('Z').to_owned()
}

/// A number, or a time in one notation, in an order that both have.
fn rank(text: &str) -> (f64, String) {
    match text.parse() {
        Ok(number) => (number, String::new()),
        Err(_) => (0.0, comparable(text)),
    }
}

#[test]
fn benchmark_files() {
    for (kind, size) in [(Kind::Numeric, 2 * MIB), (Kind::Mixed, 4 * MIB), (Kind::Wide, MIB)] {
        check(file(|out| generate(kind, size, 11, out).map(drop)).path());
    }
}

#[test]
fn generated_tables() {
    for seed in 0..24 {
        check(file_of(&tables::table(seed)).path());
    }
}

/// Where DuckDB looks at all values, it detects the types that we find.
#[test]
fn detected_types() {
    let file = file(|out| generate(Kind::Mixed, MIB, 3, out).map(drop));
    let profile = inspect_file(file.path(), LEAF).profile;
    let answer = ask(file.path(), &profile);
    for (column, sniffed) in profile.columns.iter().zip(&answer.sniffed) {
        // Digits with leading zeros are codes to us and numbers to DuckDB.
        let is_code = column.name == "postal_code";
        let agreed = detected(column.data_type).contains(&sniffed.as_str()) || is_code;
        assert!(agreed, "{}: {:?} and {sniffed}", column.name, column.data_type);
    }
}
