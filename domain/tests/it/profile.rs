use data_inspector_domain::finding::{Finding, FindingCode, FindingExample, FindingHistogram};
use data_inspector_domain::profile::{
    Alert, AlertCode, ByteRange, CoNullPair, ColumnProfile, CorrelatedPair, Correlations, DataType,
    DateFacts, DayMonthOrder, DominantType, Estimate, Format, Histogram, HistogramKind, LineEndings, Meaning,
    MissingnessPattern, NullSpelling, NumberFacts, Outliers, PROFILE_VERSION, Pattern, Profile, Quantile,
    RepeatedRow, RowAlert, RowAlertCode, RowCompleteness, RowFacts, RowPlace, RowSampleSize, SampleRow,
    SampleRows, SemanticType, SortOrder, TextFacts, TopValue, TypeShare, ValuePlace,
};
use data_inspector_domain::spec::Confidence;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::support::{check_golden, crate_file};

const SCHEMA: &str = "schema/profile.schema.json";

/// The schema of what we write: every field is there, those without a value as `null`.
fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Profile>().to_value()
}

fn column() -> ColumnProfile {
    let estimate = Estimate {
        value: 2.5,
        exact: false,
        lower: 2.0,
        upper: 3.25,
        method: Some("hyperloglog".to_owned()),
    };
    ColumnProfile {
        name: "amount".to_owned(),
        index: 0,
        data_type: DataType::Integer,
        type_mix: vec![TypeShare { data_type: DataType::Integer, count: 3, share: 1.0 }],
        count: 4,
        nulls: 1,
        null_spellings: vec![NullSpelling { spelling: "NA".to_owned(), count: 1 }],
        empties: 0,
        missing: 0,
        distinct: Estimate::exact(3.0),
        distinct_share: Some(Estimate::exact(1.0)),
        entropy: Some(estimate.clone()),
        min: Some("1".to_owned()),
        max: Some("4".to_owned()),
        mean: Some(estimate.clone()),
        stddev: Some(Estimate::exact(1.5)),
        sum: Some("7".to_owned()),
        min_length: Some(1),
        max_length: Some(1),
        mean_length: Some(1.0),
        min_bytes: Some(1),
        max_bytes: Some(1),
        mean_bytes: Some(1.0),
        leading_zeros: 0,
        numbers: Some(numbers()),
        median: Some(median()),
        quantiles: vec![median()],
        histogram: Some(Histogram {
            kind: HistogramKind::Numeric,
            edges: vec!["1".to_owned(), "4".to_owned()],
            counts: vec![3],
            exact: true,
        }),
        mode: None,
        dominant_type: Some(DominantType {
            data_type: DataType::Integer,
            share: 0.95,
            exceptions: 1,
            examples: vec![ValuePlace { byte_offset: 17, row: 2, value: "x".to_owned() }],
        }),
        semantic_type: Some(SemanticType { name: Meaning::CountryAlpha2, count: 3, share: 1.0 }),
        dates: Some(dates()),
        text: Some(TextFacts { count: 1, upper_case: 1, ..TextFacts::default() }),
        patterns: vec![Pattern { pattern: "AA-9{4}".to_owned(), count: estimate.clone(), share: 0.5 }],
        sort_order: Some(SortOrder::StrictlyIncreasing),
        top_values: vec![TopValue { value: "1".to_owned(), count: estimate, share: 0.5 }],
    }
}

fn dates() -> DateFacts {
    DateFacts {
        day_month_order: Some(DayMonthOrder::ProvedDayFirst),
        day_first: 1,
        month_first: 0,
        ambiguous: 2,
        either_way: 0,
        two_digit_years: 0,
        months: vec![3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        weekdays: vec![0, 0, 0, 1, 1, 1, 0],
    }
}

fn median() -> Quantile {
    let value = "2".to_owned();
    Quantile { q: 0.5, lower: value.clone(), upper: value.clone(), value, exact: true }
}

fn numbers() -> NumberFacts {
    let none = Estimate::exact(0.0);
    let outliers = Outliers {
        lower_fence: -3.5,
        upper_fence: 8.5,
        below: none.clone(),
        above: none.clone(),
        extreme: none,
    };
    NumberFacts {
        count: 3,
        zeros: 1,
        max_whole_digits: 1,
        variance: Some(Estimate::exact(2.25)),
        interquartile_range: Some(Estimate::exact(3.0)),
        outliers: Some(outliers),
        ..NumberFacts::default()
    }
}

fn empty_column() -> ColumnProfile {
    ColumnProfile {
        name: "empty".to_owned(),
        index: 1,
        count: 4,
        nulls: 4,
        empties: 4,
        ..ColumnProfile::default()
    }
}

fn rows() -> RowFacts {
    let place = |row, byte_offset| RowPlace { row, byte_offset };
    let places = vec![place(Some(1), 7), place(None, 1_000_000_000_000)];
    RowFacts {
        completeness: RowCompleteness {
            complete: 0,
            all_null: 1,
            by_nulls: vec![0, 3, 1],
            last_is_open: false,
        },
        distinct: Estimate::exact(3.0),
        repeated: Estimate::exact(1.0),
        surplus: Estimate::exact(1.0),
        repeated_examples: vec![RepeatedRow { count: 2, places: places.clone() }],
        sample: RowSampleSize { rows: 4, is_whole: true },
        correlations: Correlations {
            columns: 2,
            columns_left_out: 0,
            pairs: vec![CorrelatedPair {
                columns: [0, 1],
                rows: 3,
                pearson: Estimate::exact(1.0),
                spearman: Estimate::exact(0.5),
            }],
        },
        co_nulls: vec![CoNullPair { columns: [0, 1], both: 1, either: 2, jaccard: Estimate::exact(0.5) }],
        missingness: vec![MissingnessPattern {
            columns: vec![1],
            null_columns: 1,
            rows: 3,
            share: Estimate::exact(0.75),
        }],
        alerts: vec![RowAlert {
            code: RowAlertCode::DuplicateRows,
            value: 0.25,
            threshold: 0.0,
            certain: true,
            provisional: false,
            columns: Vec::new(),
            examples: places,
        }],
        samples: SampleRows {
            columns: 2,
            first: vec![SampleRow { row: Some(1), byte_offset: 7, cells: vec![Some("1".to_owned()), None] }],
            random: Vec::new(),
            last: Vec::new(),
        },
    }
}

fn profile() -> Profile {
    let example = FindingExample {
        byte_offset: 17,
        row: None,
        line: 2,
        column: None,
        column_index: None,
        expected: None,
        found: None,
        excerpt: String::new(),
    };
    let format = Format {
        name: "csv".to_owned(),
        encoding: "utf-8".to_owned(),
        byte_order_mark: false,
        delimiter: ",".to_owned(),
        quote: Some("\"".to_owned()),
        escape: None,
        comment: None,
        header: true,
        confidence: Confidence { encoding: 0.5, delimiter: 0.5, quote: 1.0, header: 1.0 },
        line_endings: LineEndings::default(),
        data_offset: 7,
    };
    Profile {
        profile_version: PROFILE_VERSION,
        engine_version: 2,
        bytes: 2_000_000_000_000,
        row_count: 4,
        column_count: 2,
        format,
        seen_ranges: vec![ByteRange { start: 7, end: 2_000_000_000_000 }],
        rows: rows(),
        columns: vec![column(), empty_column()],
        alerts: vec![Alert {
            code: AlertCode::Zeros,
            column: "amount".to_owned(),
            column_index: 0,
            value: 0.5,
            threshold: 0.1,
            certain: true,
            provisional: false,
        }],
        findings: vec![Finding {
            code: FindingCode::BlankRow,
            severity: FindingCode::BlankRow.severity(),
            count: 1,
            examples: vec![example],
            last_examples: Vec::new(),
            sample_examples: Vec::new(),
            histogram: FindingHistogram { range_bytes: 1, counts: vec![0, 1] },
        }],
    }
}

fn profile_json() -> Value {
    serde_json::from_str(&profile().to_json()).expect("a profile is written as JSON")
}

#[test]
fn the_committed_schema_is_up_to_date() {
    // As values: the order of keys in the text depends on features other crates ask of serde_json.
    let committed =
        std::fs::read(crate_file(SCHEMA)).ok().and_then(|json| serde_json::from_slice(&json).ok());
    if committed != Some(schema()) {
        check_golden(SCHEMA, &format!("{:#}\n", schema()));
    }
}

#[test]
fn the_schema_is_of_draft_2020_12_and_valid() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema()).expect("the schema obeys its meta-schema");
}

#[test]
fn what_we_write_obeys_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&profile_json())
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn what_we_would_never_write_does_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for (place, wrong) in [
        ("/rowCount", json!("4")),
        ("/rowCount", json!(-1)),
        ("/rowCount", Value::Null),
        ("/columns/0/typeMix/0/share", json!("1")),
        ("/columns/0/distinct/value", json!("3")),
        ("/columns/0/distinct/lower", Value::Null),
        ("/columns/0/quantiles/0/q", json!("0.5")),
        ("/columns/0/topValues/0/share", json!(null)),
        ("/columns/0/mean", json!(2.5)),
        ("/columns/0/meanLength", json!("1")),
        ("/columns/0/min", json!(1)),
        ("/columns/0/type", json!("integer")),
        ("/columns/0", json!({})),
        ("/findings/0/code", json!("BLANK_ROW")),
        ("/rows", Value::Null),
        ("/rows/completeness/byNulls/0", json!("0")),
        ("/rows/distinct/value", json!("3")),
        ("/rows/repeatedExamples/0/places/0/row", json!(0.5)),
        ("/rows/correlations/pairs/0/columns", json!([0])),
        ("/rows/alerts/0/code", json!("DUPLICATES")),
        ("/rows/samples/first/0/cells/0", json!(1)),
    ] {
        let mut json = profile_json();
        *json.pointer_mut(place).expect("the place exists") = wrong;
        assert!(!validator.is_valid(&json), "{place}");
    }
    let mut with_more = profile_json();
    with_more["duration"] = json!(1);
    assert!(!validator.is_valid(&with_more), "no field but those described");
}

#[test]
fn a_profile_comes_back() {
    assert_eq!(serde_json::from_str::<Profile>(&profile().to_json()).unwrap(), profile());
}
