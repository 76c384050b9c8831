//! Text in UTF-16 is read as the same text in UTF-8 is, but for bytes and their offsets, and by the same law.

use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::finding::{Finding, FindingCode};
use data_inspector_domain::profile::Profile;
use data_inspector_domain::spec::{Delimiter, FormatOverrides, InspectionSpec, LengthLimits};
use data_inspector_engine::finish::finish;
use serde_json::Value;
use std::path::Path;

use crate::law::{assert_same, check, corpus};
use crate::reading::Reading;

const ORDERS: [&str; 2] = ["utf-16le", "utf-16be"];
const MARK: &str = "\u{feff}";

fn encode(order: &str, units: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let bytes = |unit: u16| if order == "utf-16le" { unit.to_le_bytes() } else { unit.to_be_bytes() };
    units.into_iter().flat_map(bytes).collect()
}

fn stated(encoding: &str) -> InspectionSpec {
    let format = FormatOverrides { encoding: Some(encoding.to_owned()), ..FormatOverrides::default() };
    InspectionSpec { format, ..InspectionSpec::default() }
}

fn profile(bytes: &[u8], spec: &InspectionSpec) -> Profile {
    let reading = Reading::try_new(bytes, spec, usize::MAX).unwrap();
    finish(&reading.spec, &reading.sequential())
}

fn finding(profile: &Profile, code: FindingCode) -> &Finding {
    profile.findings.iter().find(|finding| finding.code == code).unwrap()
}

fn texts_of_the_corpus() -> impl Iterator<Item = (std::path::PathBuf, String)> {
    corpus().into_iter().filter_map(|path| {
        let text = String::from_utf8(std::fs::read(&path).unwrap()).ok()?;
        Some((path, text))
    })
}

#[test]
fn every_text_of_the_corpus_keeps_the_law() {
    let mut read = 0;
    for (index, (path, text)) in texts_of_the_corpus().enumerate() {
        let order = ORDERS[index % 2];
        let marked = if index % 3 == 0 || text.starts_with(MARK) { "" } else { MARK };
        let bytes = encode(order, format!("{marked}{text}").encode_utf16());
        for (leaf_size, record_bytes) in [(1, 1 << 20), (32, 6), (1024, 1 << 20)] {
            if bytes.len() as u64 / leaf_size <= 64 {
                let limits = LengthLimits { record_bytes, ..LengthLimits::default() };
                let spec = InspectionSpec { leaf_size_bytes: Some(leaf_size), ..stated(order) };
                let was_read = check(&path, &bytes, &spec, limits);
                read += u32::from(was_read && leaf_size == 1024);
            }
        }
    }
    assert!(read >= 250, "{read} texts of the corpus can be read");
}

/// A leaf may end inside of every character, of the delimiter as well.
#[test]
fn delimiters_of_more_code_units_keep_the_law() {
    let text = "id||name||§\n1||\"Ann\"é||§x\n\"2\"||\"B||\"\"b😀\"||\n|3|||😀|";
    for order in ORDERS {
        for (delimiter, leaf_size) in [("||", 2), ("||", 4), ("||", 64), ("§", 2), ("é", 8)] {
            let mut spec = InspectionSpec { leaf_size_bytes: Some(leaf_size), ..stated(order) };
            spec.format.delimiter = Delimiter::try_new(delimiter.as_bytes());
            let bytes = encode(order, text.encode_utf16());
            for record_bytes in [1 << 20, 2] {
                let limits = LengthLimits { record_bytes, ..LengthLimits::default() };
                assert!(check(Path::new(delimiter), &bytes, &spec, limits));
            }
        }
    }
    let mut spec = stated("utf-16le");
    spec.format.delimiter = Delimiter::try_new("😀".as_bytes());
    let refused = Reading::try_new(&encode("utf-16le", "a😀b\n".encode_utf16()), &spec, 1).err().unwrap();
    assert_eq!(refused.code, FailureCode::InvalidSpec);
    assert!(refused.user_message.contains("delimiter cannot be written in utf-16le"));
}

/// The same text in UTF-8 is the oracle: all offsets but for their unit, and all else, are the same.
#[test]
fn every_text_of_the_corpus_is_read_as_in_utf8() {
    let mut compared = 0;
    for (path, text) in texts_of_the_corpus() {
        // The other encoding sees nothing wrong with it.
        if text.contains('\u{fffe}') || text.contains('\0') {
            continue;
        }
        let spec = |encoding| InspectionSpec { leaf_size_bytes: Some(1 << 20), ..stated(encoding) };
        for record_bytes in [1 << 20, 6] {
            let read = |bytes: &[u8], encoding| {
                let reading = Reading::try_new(bytes, &spec(encoding), usize::MAX);
                let limits = LengthLimits { record_bytes, ..LengthLimits::default() };
                let reading = reading.map(|reading| reading.with_limits(limits));
                reading.map(|reading| reading.json(&reading.sequential())).map_err(|failure| failure.code)
            };
            let expected = read(text.as_bytes(), "utf-8");
            for order in ORDERS {
                let found = read(&encode(order, text.encode_utf16()), order);
                let name = format!("{} in {order}, {record_bytes}", path.display());
                match (&found, &expected) {
                    (Ok(found), Ok(expected)) => {
                        let units_before = |at: usize| text[..at].encode_utf16().count() as u64;
                        let expected = comparable(expected, |at| 2 * units_before(at as usize));
                        assert_same(&comparable(found, |at| at), &expected, &name);
                        compared += 1;
                    }
                    _ => assert_eq!(found, expected, "{name}"),
                }
            }
        }
    }
    assert!(compared >= 1000, "{compared} profiles compared");
}

/// What both have in common, its offsets mapped. Which rows and examples are in a sample depends on offsets.
fn comparable(json: &str, offset: impl Fn(u64) -> u64 + Copy) -> String {
    let mut document: Value = serde_json::from_str(json).unwrap();
    map_offsets(&mut document, offset);
    serde_json::to_string_pretty(&document).unwrap()
}

fn map_offsets(value: &mut Value, offset: impl Fn(u64) -> u64 + Copy) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| map_offsets(item, offset)),
        Value::Object(fields) => {
            if fields.contains_key("rangeBytes") {
                fields.clear();
            }
            for unlike in ["encoding", "random", "sampleExamples"] {
                fields.remove(unlike);
            }
            let is_range = fields.len() == 2 && fields.contains_key("start") && fields.contains_key("end");
            for (name, field) in fields.iter_mut() {
                let is_size = name == "bytes" && field.is_number();
                match field.as_u64() {
                    Some(at)
                        if is_range || is_size || ["byteOffset", "dataOffset"].contains(&name.as_str()) =>
                    {
                        *field = offset(at).into();
                    }
                    _ => map_offsets(field, offset),
                }
            }
        }
        _ => {}
    }
}

/// What Excel writes as "Unicode Text".
#[test]
fn unicode_text_of_excel() {
    let text = "\u{feff}Nr\tName\tBetrag\tDatum\r\n1\tJürgen Müller\t1.234,50\t31.12.2024\r\n\
                2\t\"Zoë \"\"Z\"\" Ångström\"\t-7,25\t01.02.2025\r\n3\t李小龙 😀\t\t28.02.2025\r\n";
    let bytes = encode("utf-16le", text.encode_utf16());
    let profile = profile(&bytes, &InspectionSpec::default());
    let format = &profile.format;
    assert_eq!(
        (format.encoding.as_str(), format.byte_order_mark, format.confidence.encoding),
        ("utf-16le", true, 1.0)
    );
    assert_eq!(
        (format.delimiter.as_str(), format.header, profile.row_count, profile.column_count),
        ("\t", true, 3, 4)
    );
    let names: Vec<&str> = profile.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Nr", "Name", "Betrag", "Datum"]);
    assert_eq!(profile.findings, []);
    let rows = &profile.rows.samples.first;
    assert_eq!(rows[1].cells[1].as_deref(), Some("Zoë \"Z\" Ångström"));
    assert_eq!(rows[2].cells[1].as_deref(), Some("李小龙 😀"));
    for row in rows {
        let start = row.byte_offset as usize;
        let first = row.cells[0].clone().unwrap();
        assert!(bytes[start..].starts_with(&encode("utf-16le", first.encode_utf16())), "row at {start}");
    }
}

/// Without a mark as well, and the other way round; a label that names no order leaves it open.
#[test]
fn the_encoding_is_found_out_or_stated() {
    for order in ORDERS {
        let bytes = encode(order, "id,name\n1,Ann\n2,Bob\n".encode_utf16());
        for spec in [InspectionSpec::default(), stated("utf-16"), stated(order)] {
            let profile = profile(&bytes, &spec);
            assert_eq!((profile.format.encoding.as_str(), profile.format.byte_order_mark), (order, false));
            assert_eq!((profile.row_count, profile.format.data_offset), (2, 16));
        }
    }
    let marked = encode("utf-16be", "\u{feff}id\n1\n".encode_utf16());
    let refused = Reading::try_new(&marked, &stated("utf-16le"), usize::MAX).err().unwrap();
    assert_eq!(refused.code, FailureCode::InvalidSpec);
    assert!(refused.user_message.contains("utf-16be"), "{}", refused.user_message);
}

/// Half a pair, half a code unit, a mark the wrong way round: each is found where it is, in records of any length.
#[test]
fn damage_is_located() {
    let head = encode("utf-16le", "\u{feff}a,b\nxé".encode_utf16());
    let first = head.len() as u64;
    let damaged = [0xD83D, 0x2C, 0xDE00, 0x0A, 0xFFFE, 0x2C, 0xFEFF, 0x0A, 0x31, 0x2C, 0xD83D];
    let bytes = [head, encode("utf-16le", damaged), b"9".to_vec()].concat();
    for record_bytes in [1 << 20, 2] {
        let reading = Reading::try_new(&bytes, &InspectionSpec::default(), usize::MAX).unwrap();
        let reading = reading.with_limits(LengthLimits { record_bytes, ..LengthLimits::default() });
        let profile = finish(&reading.spec, &reading.sequential());
        let places = |code| {
            let examples = &finding(&profile, code).examples;
            examples.iter().map(|e| (e.byte_offset - first, e.row, e.column_index)).collect::<Vec<_>>()
        };
        assert_eq!(
            places(FindingCode::UndecodableByte),
            [
                (0, Some(1), Some(0)),
                (4, Some(1), Some(1)),
                (8, Some(2), Some(0)),
                (20, Some(3), Some(1)),
                (22, Some(3), Some(1))
            ]
        );
        assert_eq!(places(FindingCode::MisplacedByteOrderMark), [(12, Some(2), Some(1))]);
        assert_eq!(
            finding(&profile, FindingCode::MissingFinalLineEnding).examples[0].byte_offset,
            bytes.len() as u64
        );
        assert_eq!(profile.rows.samples.first[0].cells[0].as_deref(), Some("xé\u{fffd}"));
        assert!(profile.findings.iter().all(|finding| finding.code != FindingCode::InvalidUtf8));
    }
}

/// After the order of bytes has changed nothing can be read, and nothing fails.
#[test]
fn the_order_changes_in_the_middle() {
    let before = encode("utf-16le", "\u{feff}a,b\n1,2\n".encode_utf16());
    let bytes = [before.clone(), encode("utf-16be", "\u{feff}3,4\n5,6\n".encode_utf16())].concat();
    let profile = profile(&bytes, &InspectionSpec::default());
    let undecodable = finding(&profile, FindingCode::UndecodableByte);
    assert_eq!((undecodable.count, undecodable.examples[0].byte_offset), (1, before.len() as u64));
    assert_eq!(profile.row_count, 2, "no line ends any more");
}

/// The text below the sample of the survey, a header that is longer than it, and both ends of the leaves in between.
#[test]
fn a_file_that_is_longer_than_the_sample() {
    let text = format!("{MARK}id,\"{}\"\n{}", "é😀".repeat(200_000), "1,Zoë\n22,😀\n".repeat(30_000));
    let bytes = encode("utf-16be", text.encode_utf16());
    let format = FormatOverrides { header: Some(true), ..FormatOverrides::default() };
    let spec = InspectionSpec { leaf_size_bytes: Some(1 << 16), format, ..InspectionSpec::default() };
    let whole = Reading::try_new(&bytes, &spec, usize::MAX).unwrap();
    let pieces = Reading::try_new(&bytes, &spec, 999).unwrap();
    assert_eq!(whole.spec, pieces.spec);
    let expected = whole.json(&whole.sequential());
    let mut partial = data_inspector_engine::partial::Partial::new(&pieces.spec);
    pieces.proven_leaves(4097).into_iter().for_each(|leaf| partial.add_leaf(leaf).unwrap());
    assert_same(&pieces.json(&partial), &expected, "in pieces");
    let profile = finish(&whole.spec, &whole.sequential());
    assert_eq!((profile.row_count, profile.columns.len()), (60_000, 2));
    let last = profile.rows.samples.last.last().unwrap();
    assert_eq!(last.byte_offset, bytes.len() as u64 - 12);
}
