//! What fuzzing looks for: inputs on which one of these functions panics. `e2e` calls them with every input of
//! `corpus/`, on stable Rust.

use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::profile::Profile;
use data_inspector_domain::spec::{ByteChoice, Delimiter, FormatOverrides, InspectionSpec, LengthLimits};
use data_inspector_engine::finish::finish;
use data_inspector_engine::partial::{Partial, VERSION};
use xxhash_rust::xxh3::xxh3_64;

#[path = "../tests/it/reading.rs"]
mod reading;

use reading::Reading;

type Target = fn(&[u8]);

/// All targets by name, which is also the name of their folder in `corpus/`.
pub(crate) const ALL: [(&str, Target); 4] =
    [("law", law), ("pieces", pieces), ("records", records), ("partial", partial)];

/// Formats that the law has to hold for; the survey decides what is left open.
fn formats() -> [FormatOverrides; 7] {
    [
        OPEN,
        FormatOverrides {
            escape: Some(ByteChoice::Byte(b'\\')),
            quote: Some(ByteChoice::Byte(b'"')),
            ..OPEN
        },
        FormatOverrides { comment: Some(ByteChoice::Byte(b'#')), header: Some(false), ..OPEN },
        FormatOverrides { quote: Some(ByteChoice::None), header: Some(true), ..OPEN },
        FormatOverrides { delimiter: Delimiter::try_new(b",,"), header: Some(true), ..OPEN },
        FormatOverrides { encoding: Some("windows-1253".to_owned()), ..OPEN },
        FormatOverrides { encoding: Some("utf-16be".to_owned()), ..OPEN },
    ]
}
const OPEN: FormatOverrides = FormatOverrides {
    encoding: None,
    delimiter: None,
    quote: None,
    escape: None,
    comment: None,
    header: None,
    skip_lines: None,
};

/// The law: chunks, leaves counted from guesses, their grouping and their way through bytes change nothing. The first
/// bytes of the input choose, the others are the file.
pub(crate) fn law(input: &[u8]) {
    let Some((&[format, leaf, chunk, grouping, limit], text)) = input.split_first_chunk() else { return };
    let spec = InspectionSpec {
        format: formats()[format as usize % formats().len()].clone(),
        leaf_size_bytes: Some(4 << (leaf % 10)),
        ..InspectionSpec::default()
    };
    let limits = [LengthLimits::default(), LengthLimits { record_bytes: 12, field_bytes: 256 }];
    let chunk = usize::from(chunk).max(1);
    let surveyed = Reading::try_new(text, &spec, usize::MAX).map(|whole| whole.spec);
    assert_eq!(surveyed, Reading::try_new(text, &spec, chunk).map(|pieces| pieces.spec));
    let Ok(reading) = Reading::try_new(text, &spec, chunk) else { return };
    let reading = reading.with_limits(limits[limit as usize % limits.len()]);
    let mut whole = Partial::new(&reading.spec);
    let mut run = Partial::new(&reading.spec);
    for (index, leaf) in reading.proven_leaves(chunk).into_iter().enumerate() {
        let leaf = Partial::from_bytes(&reading.spec, &reading.leaf_bytes(leaf))
            .expect("a partial can be read again");
        run.merge(leaf).expect("no leaf comes twice");
        if grouping >> (index % 8) & 1 == 1 {
            // Later runs first: the order of merging must not matter either.
            run.merge(std::mem::replace(&mut whole, Partial::new(&reading.spec)))
                .expect("no leaf comes twice");
            std::mem::swap(&mut run, &mut whole);
        }
    }
    whole.merge(run).expect("no leaf comes twice");
    assert_eq!(reading.json(&whole), reading.json(&reading.sequential()));
}

/// Records that are read in pieces are read as others are: only excerpts of their defects may differ. The first bytes of
/// the input choose, the others are the file.
pub(crate) fn pieces(input: &[u8]) {
    let Some((&[format, leaf], text)) = input.split_first_chunk() else { return };
    let spec = InspectionSpec {
        format: formats()[format as usize % formats().len()].clone(),
        leaf_size_bytes: Some(4 << (leaf % 10)),
        ..InspectionSpec::default()
    };
    let profile = |record_bytes| {
        let reading = Reading::try_new(text, &spec, usize::MAX).ok()?;
        let reading = reading.with_limits(LengthLimits { record_bytes, ..LengthLimits::default() });
        let mut profile = finish(&reading.spec, &reading.sequential());
        for finding in &mut profile.findings {
            let rest = finding.last_examples.iter_mut().chain(&mut finding.sample_examples);
            finding.examples.iter_mut().chain(rest).for_each(|example| example.excerpt.clear());
        }
        Some(profile.to_json())
    };
    assert_eq!(profile(2), profile(1 << 20));
}

/// The `csv` crate: the same records, with as many cells, and as many different cells.
pub(crate) fn records(input: &[u8]) {
    let format = FormatOverrides {
        delimiter: Some(Delimiter::byte(b',')),
        quote: Some(ByteChoice::Byte(b'"')),
        escape: Some(ByteChoice::None),
        comment: Some(ByteChoice::None),
        header: Some(false),
        ..OPEN
    };
    let spec = InspectionSpec {
        format,
        leaf_size_bytes: Some(16),
        null_values: Vec::new(),
        ..InspectionSpec::default()
    };
    let Ok(reading) = Reading::try_new(input, &spec, 7) else { return };
    // The csv crate drops the mark too, but not everywhere in the same way; and it knows no encoding.
    if reading.spec.head.byte_order_mark || reading.spec.head.encoding.starts_with("utf-16") {
        return;
    }
    let profile = finish(&reading.spec, &reading.sequential());
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let records: Vec<csv::ByteRecord> =
        reader.byte_records().map(|record| record.expect("a slice is read")).collect();
    assert_eq!(profile.row_count, records.len() as u64);
    let width = profile.columns.len();
    let count =
        |wanted: fn(usize, usize) -> bool| records.iter().filter(|r| wanted(r.len(), width)).count() as u64;
    assert_eq!(found(&profile, FindingCode::MissingCell), count(|cells, width| cells < width));
    assert_eq!(found(&profile, FindingCode::ExtraCell), count(|cells, width| cells > width));
    for (index, column) in profile.columns.iter().enumerate() {
        let cells = records.iter().filter_map(|record| record.get(index));
        let mut values: Vec<&[u8]> = cells.filter(|cell| !cell.is_empty()).collect();
        assert_eq!(column.count - column.nulls, values.len() as u64);
        values.sort_unstable();
        values.dedup();
        assert_eq!(column.distinct.value, values.len() as f64);
    }
}

fn found(profile: &Profile, code: FindingCode) -> u64 {
    profile.findings.iter().find(|finding| finding.code == code).map_or(0, |finding| finding.count)
}

/// The stored form: any bytes are a partial or refused, and a partial is written as it was read.
pub(crate) fn partial(input: &[u8]) {
    let reading =
        Reading::try_new(b"a,b\n1,x\n", &InspectionSpec::default(), usize::MAX).expect("this is a table");
    let _ = Partial::from_bytes(&reading.spec, input);
    let mut bytes = b"DIPART".to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&xxh3_64(input).to_le_bytes());
    bytes.extend_from_slice(input);
    if let Ok(partial) = Partial::from_bytes(&reading.spec, &bytes) {
        let again = partial.to_bytes();
        let read = Partial::from_bytes(&reading.spec, &again).expect("what is written can be read");
        assert_eq!(read.to_bytes(), again);
    }
}
