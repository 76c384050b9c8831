//! Every number of a profile against a plain computation over the records of the `csv` crate.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::profile::{ColumnProfile, Estimate, Profile};
use data_inspector_domain::spec::{Delimiter, FormatOverrides, InspectionSpec};
use data_inspector_engine::finish::finish;
use proptest::prelude::*;
use std::collections::BTreeMap;

use crate::reading::Reading;

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,4}",
        "-?[0-9]{1,3}\\.[0-9]{1,3}",
        "[a-zé ]{0,6}",
        Just("NA".to_owned()),
        Just(String::new()),
        "[a,\"\n]{1,4}".prop_map(|text| format!("\"{}\"", text.replace('"', "\"\""))),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    proptest::collection::vec(proptest::collection::vec(field(), 1..5), 1..40)
}

fn profile_of(bytes: &[u8], leaf_size: u64) -> Profile {
    let format = FormatOverrides {
        header: Some(true),
        delimiter: Some(Delimiter::byte(b',')),
        ..FormatOverrides::default()
    };
    let spec = InspectionSpec { format, leaf_size_bytes: Some(leaf_size), ..InspectionSpec::default() };
    let reading = Reading::try_new(bytes, &spec, 5).unwrap();
    finish(&reading.spec, &reading.sequential())
}

/// The cells of a column that are not null.
fn values(records: &[csv::StringRecord], column: usize, nulls: &[String]) -> Vec<String> {
    let present = records.iter().filter_map(|record| record.get(column));
    present
        .filter(|cell| !cell.is_empty() && !nulls.iter().any(|null| null == cell))
        .map(String::from)
        .collect()
}

fn check_column(
    found: &ColumnProfile,
    records: &[csv::StringRecord],
    column: usize,
) -> Result<(), TestCaseError> {
    let nulls = InspectionSpec::default().null_values;
    let values = values(records, column, &nulls);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    values.iter().for_each(|value| *counts.entry(value).or_default() += 1);
    prop_assert_eq!(found.count, records.len() as u64);
    prop_assert_eq!(found.nulls, (records.len() - values.len()) as u64);
    prop_assert_eq!(found.missing, records.iter().filter(|record| record.len() <= column).count() as u64);
    prop_assert_eq!(found.distinct.value, counts.len() as f64);
    prop_assert_eq!(found.max_length, values.iter().map(|value| value.chars().count() as u64).max());
    prop_assert_eq!(found.min_length, values.iter().map(|value| value.chars().count() as u64).min());
    prop_assert_eq!(found.min_bytes, values.iter().map(|value| value.len() as u64).min());
    prop_assert_eq!(found.max_bytes, values.iter().map(|value| value.len() as u64).max());
    check_frequencies(found, &counts)?;
    for top in &found.top_values {
        prop_assert_eq!(top.count.value, counts[top.value.as_str()] as f64);
    }
    prop_assert_eq!(found.top_values.len(), counts.len().min(20));
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    let digits_only =
        values.iter().all(|value| value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.')));
    let codes = values.iter().any(|value| {
        let digits = value.trim_start_matches('-');
        digits.len() > 1 && digits.starts_with('0') && !digits.contains('.')
    });
    if let Some(mut numbers) = numbers.filter(|numbers| !numbers.is_empty() && digits_only && !codes) {
        numbers.sort_by(f64::total_cmp);
        check_numbers(found, &numbers)?;
    }
    Ok(())
}

fn check_numbers(found: &ColumnProfile, sorted: &[f64]) -> Result<(), TestCaseError> {
    let number = |text: &Option<String>| text.as_ref().unwrap().parse::<f64>().unwrap();
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    prop_assert!((found.mean.as_ref().unwrap().value - mean).abs() < 1e-6);
    prop_assert_eq!(number(&found.min) + 0.0, sorted[0] + 0.0);
    prop_assert_eq!(number(&found.max) + 0.0, sorted[sorted.len() - 1] + 0.0);
    prop_assert!((number(&found.sum) - sorted.iter().sum::<f64>()).abs() < 1e-6);
    if sorted.len() > 1 {
        let squares: f64 = sorted.iter().map(|value| (value - mean) * (value - mean)).sum();
        let stddev = (squares / (sorted.len() - 1) as f64).sqrt();
        prop_assert!((found.stddev.as_ref().unwrap().value - stddev).abs() < 1e-6);
    }
    check_facts(found, sorted)?;
    for quantile in &found.quantiles {
        let rank = ((quantile.q * sorted.len() as f64).ceil() as usize).max(1);
        prop_assert_eq!(quantile.value.parse::<f64>().unwrap() + 0.0, sorted[rank - 1] + 0.0);
    }
    let histogram = found.histogram.as_ref().unwrap();
    prop_assert_eq!(histogram.counts.iter().sum::<u64>(), sorted.len() as u64);
    Ok(())
}

fn check_facts(found: &ColumnProfile, sorted: &[f64]) -> Result<(), TestCaseError> {
    let facts = found.numbers.as_ref().unwrap();
    let count = |is: &dyn Fn(f64) -> bool| sorted.iter().filter(|&&value| is(value)).count() as u64;
    prop_assert_eq!(facts.count, sorted.len() as u64);
    prop_assert_eq!(facts.zeros, count(&|value| value == 0.0));
    prop_assert_eq!(facts.negatives, count(&|value| value < 0.0));
    let quartile = |q: f64| sorted[((q * sorted.len() as f64).ceil() as usize).max(1) - 1];
    let (first, third) = (quartile(0.25), quartile(0.75));
    prop_assert_eq!(&facts.interquartile_range, &Some(Estimate::exact(third - first)));
    let outliers = facts.outliers.as_ref().unwrap();
    let fences = (first - 1.5 * (third - first), third + 1.5 * (third - first));
    prop_assert_eq!((outliers.lower_fence, outliers.upper_fence), fences);
    prop_assert_eq!(&outliers.below, &Estimate::exact(count(&|value| value < fences.0) as f64));
    prop_assert_eq!(&outliers.above, &Estimate::exact(count(&|value| value > fences.1) as f64));
    prop_assert_eq!(found.median.as_ref().unwrap().value.parse::<f64>().unwrap() + 0.0, quartile(0.5) + 0.0);
    Ok(())
}

/// Few values, so that all counts are exact.
fn check_frequencies(found: &ColumnProfile, counts: &BTreeMap<&str, u64>) -> Result<(), TestCaseError> {
    let total = counts.values().sum::<u64>() as f64;
    let shares = counts.values().map(|&count| count as f64 / total);
    let entropy = shares.map(|share| -share * share.log2()).sum::<f64>();
    let Some(share) = &found.distinct_share else {
        prop_assert!(counts.is_empty() && found.entropy.is_none() && found.mode.is_none());
        return Ok(());
    };
    prop_assert_eq!(share, &Estimate::exact(counts.len() as f64 / total));
    prop_assert!((found.entropy.as_ref().unwrap().value - entropy).abs() < 1e-12);
    let most = counts.values().max().unwrap();
    let is_alone = counts.values().filter(|count| *count == most).count() == 1;
    prop_assert_eq!(found.mode.as_ref().map(|mode| mode.count.value), is_alone.then_some(*most as f64));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_profile_says_what_the_records_say(rows in rows(), leaf_size in (2u32..8).prop_map(|log| 1u64 << log)) {
        let mut text = String::from("a,b,c\n");
        rows.iter().for_each(|row| text += &(row.join(",") + "\n"));
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let profile = profile_of(text.as_bytes(), leaf_size);
        prop_assert_eq!(profile.row_count, records.len() as u64);
        for (column, found) in profile.columns.iter().enumerate() {
            check_column(found, &records, column)?;
        }
        let count = |code| profile.findings.iter().find(|finding| finding.code == code).map_or(0, |f| f.count);
        prop_assert_eq!(count(FindingCode::MissingCell), records.iter().filter(|r| r.len() < 3).count() as u64);
        prop_assert_eq!(count(FindingCode::ExtraCell), records.iter().filter(|r| r.len() > 3).count() as u64);
    }
}
