//! UTF-16 of extreme shape: memory and cost are those of other encodings.

use data_inspector_domain::finding::FindingCode::{
    self, FieldTooLong, MissingFinalLineEnding, TruncatedLastRecord, UnclosedQuote, UndecodableByte,
};
use data_inspector_domain::profile::Profile;

use super::shapes::{DENSE_SIZE, SIZE, check_cost, repeated};
use crate::support::{counts, file_of, finding, run};

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[track_caller]
fn check(bytes: &[u8], rows: u64, columns: u32, defects: &[(FindingCode, u64)]) -> Profile {
    let profile = run(file_of(bytes).path()).profile();
    let found = (profile.row_count, profile.column_count, counts(&profile));
    assert_eq!(found, (rows, columns, defects.to_vec()), "{bytes:?}");
    assert_eq!((profile.bytes, profile.format.encoding.as_str()), (bytes.len() as u64, "utf-16le"));
    profile
}

#[test]
fn hardly_anything() {
    assert!(check(b"\xFF\xFE", 0, 0, &[]).format.byte_order_mark);
    check(&utf16("\u{feff}id\tname\r\n"), 0, 2, &[]);
    check(b"\xFF\xFEi", 0, 1, &[(MissingFinalLineEnding, 1), (UndecodableByte, 1)]);
    let alone = [UnclosedQuote, MissingFinalLineEnding, TruncatedLastRecord, UndecodableByte];
    let cut_off = [utf16("\u{feff}id\n1\n\"2"), vec![0x3D]].concat();
    check(&cut_off, 2, 1, &alone.map(|code| (code, 1)));
}

/// The cell is read in pieces, and what is kept of it is bounded.
#[test]
fn a_line_of_one_quoted_cell() {
    let (file, units) =
        repeated(SIZE, &utf16("\u{feff}id\tnote\n1\t\""), &utf16("é\u{1F600}x\t"), &utf16("\"\n2\tx\n"));
    let profile = check_cost(&file, 2.1);
    assert_eq!((profile.row_count, counts(&profile)), (2, vec![(FieldTooLong, 1)]));
    assert_eq!(profile.columns[1].max_length, Some(4 * units));
    let too_long = &finding(&profile, FieldTooLong).unwrap().examples[0];
    assert_eq!(too_long.byte_offset, 2 * "\u{feff}id\tnote\n1\t".encode_utf16().count() as u64);
}

/// Every second code unit is half of a pair.
#[test]
fn nothing_but_damage() {
    let unit = [0xDC00u16, 0x2C, 0xD800, 0x0A].map(u16::to_le_bytes).concat();
    let (file, rows) = repeated(DENSE_SIZE, &utf16("\u{feff}a,b\n"), &unit, b"");
    let profile = check_cost(&file, 2.1);
    assert_eq!((profile.row_count, counts(&profile)), (rows, vec![(UndecodableByte, 2 * rows)]));
    let last = finding(&profile, UndecodableByte).unwrap().last_examples.last().unwrap().byte_offset;
    assert_eq!(last, profile.bytes - 4);
}

/// After the byte order has changed, no line ends and no cell: the rest of the file is one.
#[test]
fn the_byte_order_changes_near_the_start() {
    let swapped: Vec<u8> = "1,2\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (file, _) = repeated(SIZE, &[utf16("\u{feff}a,b\n1,2\n"), vec![0xFE, 0xFF]].concat(), &swapped, b"");
    let profile = check_cost(&file, 2.1);
    let undecodable = finding(&profile, UndecodableByte).unwrap();
    assert_eq!((profile.row_count, undecodable.count, undecodable.examples[0].byte_offset), (2, 1, 18));
}
