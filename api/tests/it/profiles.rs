//! Profiles to render: an ordinary one, and those a report must survive.

use data_inspector_domain::finding::{Finding, FindingCode, FindingExample, FindingHistogram};
use data_inspector_domain::profile::{
    ColumnProfile, DataType, Estimate, Format, Histogram, HistogramKind, LineEndings, NullSpelling, Profile,
    Quantile, RowFacts, TopValue, TypeShare,
};
use data_inspector_domain::spec::Confidence;

/// What a terminal must never receive as it is.
pub(crate) const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}a\r\nb\t\u{9b}31m\u{202e}\u{301}佐藤👩\u{200d}🚀e\u{301}\u{301}";

/// The profile of `samples/customers.csv`.
pub(crate) fn customers() -> Profile {
    serde_json::from_str(include_str!("customers.json")).expect("a profile of today's shape")
}

/// The sample without its defects.
pub(crate) fn clean() -> Profile {
    Profile { findings: Vec::new(), ..customers() }
}

/// A file of no bytes.
pub(crate) fn empty() -> Profile {
    profile(0, 0, Vec::new())
}

/// A header and no row.
pub(crate) fn header_only() -> Profile {
    profile(0, 2, vec![column(0, "id"), column(1, "")])
}

/// One column, of the kind with the largest and the least exact numbers.
pub(crate) fn one_large_column() -> Profile {
    let mut only = numbers(0, "reading");
    only.distinct = estimated(1_234_567_890_123.0);
    profile(98_765_432_109, 1, vec![only])
}

/// More columns than anyone looks at.
pub(crate) fn many_columns(number: u32) -> Profile {
    profile(
        1_000,
        number,
        (0..number).map(|index| numbers(index, &format!("column_{}", index + 1))).collect(),
    )
}

/// Every text of the document hostile, and every kind of defect.
pub(crate) fn hostile() -> Profile {
    let mut text = column(0, HOSTILE);
    text.data_type = DataType::String;
    text.count = 30;
    text.nulls = 13;
    text.missing = 1;
    text.null_spellings = vec![NullSpelling { spelling: HOSTILE.into(), count: 13 }];
    text.type_mix = [DataType::String, DataType::Uuid, DataType::Boolean]
        .map(|data_type| TypeShare { data_type, count: 4, share: 1.0 / 3.0 })
        .to_vec();
    text.min = Some(format!(" {HOSTILE}"));
    text.max = Some(HOSTILE.repeat(9) + "  ");
    (text.min_length, text.max_length) = (Some(0), Some(u64::MAX));
    text.top_values = vec![top(HOSTILE, 7.0, 17.0), top("   ", 6.0, 17.0), top(&"字".repeat(85), 4.0, 17.0)];
    let mut number = numbers(1, &"佐".repeat(99));
    number.quantiles[0].value = HOSTILE.into();
    let mut hostile = profile(30, 2, vec![text, number]);
    hostile.format.delimiter = "\u{1b}".into();
    hostile.format.quote = Some("\u{7}".into());
    hostile.format.escape = Some("\\".into());
    hostile.format.comment = Some("\r".into());
    hostile.format.byte_order_mark = true;
    hostile.findings = FindingCode::ALL.map(finding).to_vec();
    hostile
}

/// The first kind with places, so that a snapshot of all stays readable.
fn finding(code: FindingCode) -> Finding {
    let example = FindingExample {
        byte_offset: u64::MAX,
        row: Some(u64::MAX - 1),
        line: u64::MAX,
        column: Some(HOSTILE.into()),
        column_index: Some(u32::MAX),
        expected: Some(HOSTILE.into()),
        found: Some("19 cells".into()),
        excerpt: HOSTILE.repeat(20),
    };
    let nowhere =
        FindingExample { row: None, column: None, expected: None, excerpt: String::new(), ..example.clone() };
    let examples = if code == FindingCode::ALL[0] { vec![example, nowhere] } else { Vec::new() };
    Finding {
        code,
        severity: code.severity(),
        count: u64::MAX,
        examples,
        last_examples: Vec::new(),
        sample_examples: Vec::new(),
        histogram: FindingHistogram::default(),
    }
}

fn profile(row_count: u64, column_count: u32, columns: Vec<ColumnProfile>) -> Profile {
    Profile {
        profile_version: 1,
        engine_version: 1,
        bytes: 1_234_567,
        row_count,
        column_count,
        format: Format {
            name: "csv".into(),
            encoding: "utf-8".into(),
            byte_order_mark: false,
            delimiter: "\t".into(),
            quote: None,
            escape: None,
            comment: None,
            header: false,
            confidence: Confidence { encoding: 0.5, delimiter: 0.5, quote: 1.0, header: 1.0 },
            line_endings: LineEndings::default(),
            data_offset: 0,
        },
        seen_ranges: Vec::new(),
        rows: RowFacts::default(),
        columns,
        alerts: Vec::new(),
        findings: Vec::new(),
    }
}

/// A column without values.
fn column(index: u32, name: &str) -> ColumnProfile {
    ColumnProfile { name: name.into(), index, ..ColumnProfile::default() }
}

fn numbers(index: u32, name: &str) -> ColumnProfile {
    let half =
        Quantile { q: 0.5, value: "0.5".into(), lower: "0.25".into(), upper: "0.75".into(), exact: false };
    let mut column = column(index, name);
    column.data_type = DataType::Float;
    column.type_mix = vec![TypeShare { data_type: DataType::Float, count: 999, share: 1.0 }];
    (column.count, column.nulls, column.empties) = (1_000, 1, 1);
    column.null_spellings = vec![NullSpelling { spelling: String::new(), count: 1 }];
    column.distinct = estimated(998.0);
    column.min = Some("-1234567890123456789012345678901234567890.5".into());
    column.max = Some("3.000000000000000000000000000000000000000001e300".into());
    column.mean = Some(estimated(1.5e299));
    column.stddev = Some(Estimate::exact(0.001_234_567));
    column.median = Some(half.clone());
    column.quantiles = vec![half];
    let edges = (0..=64).map(|edge| edge.to_string()).collect();
    let counts = (0..64_u64).map(|bar| bar * (63 - bar)).collect();
    column.histogram = Some(Histogram { kind: HistogramKind::Numeric, edges, counts, exact: true });
    column.top_values = vec![top("0.12345678901234567890123456789", 2.0, 999.0)];
    column
}

fn top(value: &str, count: f64, of: f64) -> TopValue {
    TopValue { value: value.into(), count: estimated(count), share: count / of }
}

fn estimated(value: f64) -> Estimate {
    Estimate {
        value,
        exact: false,
        lower: value * 0.9,
        upper: value * 1.1,
        method: Some("hyperloglog".into()),
    }
}
