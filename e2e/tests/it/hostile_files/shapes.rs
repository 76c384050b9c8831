//! Files of extreme shape that have an answer.

use std::io::Write;

use data_inspector_bench::{Kind, generate};
use data_inspector_domain::finding::FindingCode::{
    self, BlankRow, DoubleByteOrderMark, EmptyRow, ExtraCell, FieldTooLong, InvalidUtf8, MissingCell,
    MissingFinalLineEnding, NulByte, Preamble, QuotedLineEnding, StrayQuote, TextAfterClosingQuote,
    TruncatedLastRecord, UnclosedQuote,
};
use data_inspector_domain::profile::Profile;

use crate::support::{MIB, counts, file, file_of, finding, inspect_file, run, run_measured};

pub(super) const SIZE: u64 = 64 * MIB;
/// Of files whose every byte is special, which takes longer.
pub(super) const DENSE_SIZE: u64 = 16 * MIB;
/// What one process may hold, whatever the file.
const MOST_MEMORY: u64 = 256 * MIB;

#[track_caller]
fn check(bytes: &[u8], rows: u64, columns: u32, defects: &[(FindingCode, u64)]) -> Profile {
    let profile = run(file_of(bytes).path()).profile();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    let found = (profile.row_count, profile.column_count, counts(&profile));
    assert_eq!(found, (rows, columns, defects.to_vec()), "{shown:?}");
    assert_eq!(profile.bytes, bytes.len() as u64);
    profile
}

#[test]
fn hardly_anything() {
    check(b"", 0, 0, &[]);
    check(b"\n", 0, 0, &[(BlankRow, 1)]);
    check(b"\r\n\r\n", 0, 0, &[(BlankRow, 2)]);
    check(b"id,name\n", 0, 2, &[]);
    check(b"id,name", 0, 2, &[(MissingFinalLineEnding, 1)]);
    check(b"id,name\r", 0, 2, &[]);
    check(b"id,name\n\n", 0, 2, &[(BlankRow, 1)]);
    check(b"1,2", 1, 2, &[(MissingFinalLineEnding, 1)]);
    let alone = [EmptyRow, UnclosedQuote, MissingFinalLineEnding, TruncatedLastRecord];
    check(b"\"", 1, 1, &alone.map(|code| (code, 1)));
    assert!(check(b"\xEF\xBB\xBF", 0, 0, &[]).format.byte_order_mark);
    assert_eq!(check(b"\xEF\xBB\xBFid,name\n", 0, 2, &[]).columns[0].name, "id");
    check(b"\xEF\xBB\xBF\xEF\xBB\xBFid,name\n", 0, 2, &[(DoubleByteOrderMark, 1)]);
    check(b"\xEF\xBB", 0, 1, &[(MissingFinalLineEnding, 1), (InvalidUtf8, 1)]);
}

/// `head`, then `unit` again and again, then `tail`: about `size` bytes. Says how many units.
pub(super) fn repeated(size: u64, head: &[u8], unit: &[u8], tail: &[u8]) -> (tempfile::NamedTempFile, u64) {
    let block = unit.repeat(MIB as usize / unit.len());
    let blocks = size / block.len() as u64;
    let file = file(|out| {
        out.write_all(head)?;
        (0..blocks).try_for_each(|_| out.write_all(&block))?;
        out.write_all(tail)
    });
    (file, blocks * (block.len() / unit.len()) as u64)
}

/// `head`, then a benchmark file.
fn before_table(head: &[u8], kind: Kind) -> tempfile::NamedTempFile {
    file(|out| {
        out.write_all(head)?;
        generate(kind, SIZE, 1, out).map(drop)
    })
}

/// Checks that the file is read at most so many times, that leaf sizes agree on what is in it, and that memory is
/// bounded.
#[track_caller]
pub(super) fn check_cost(file: &tempfile::NamedTempFile, most_times: f64) -> Profile {
    let size = file.path().metadata().unwrap().len();
    let [small_leaves, usual_leaves] = [MIB, 4 * MIB].map(|leaf_size| {
        let inspected = inspect_file(file.path(), leaf_size);
        let times = inspected.stats.bytes_read as f64 / size as f64;
        assert!(times <= most_times, "leaves of {leaf_size}: read {times:.2} times, {:?}", inspected.stats);
        inspected.profile
    });
    assert_eq!(small_leaves.row_count, usual_leaves.row_count);
    assert_eq!(small_leaves.findings, usual_leaves.findings);
    let (ran, peak) = run_measured([file.path()]);
    assert!(peak < MOST_MEMORY, "{} MiB", peak / MIB);
    assert!(ran.stdout.trim_end() == usual_leaves.to_json(), "the program and the driver disagree");
    usual_leaves
}

#[test]
fn an_unclosed_quote_near_the_start_swallows_the_rest() {
    let profile = check_cost(&before_table(b"id,note\n1,\"never closed\n", Kind::Numeric), 2.1);
    let expected =
        [UnclosedQuote, QuotedLineEnding, MissingFinalLineEnding, TruncatedLastRecord, FieldTooLong];
    assert_eq!((profile.row_count, counts(&profile)), (1, expected.map(|code| (code, 1)).to_vec()));
    let example = &finding(&profile, UnclosedQuote).unwrap().examples[0];
    let place = (example.byte_offset, example.row, example.line, example.column.as_deref());
    assert_eq!(place, (10, Some(1), 2, Some("note")));
    assert!(example.excerpt.contains("never closed"), "{example:?}");
}

/// The quote would swallow the file; below it is a table, so it is reported and read as text. The table has a header of
/// its own, so that the lines above it are no part of it.
#[test]
fn an_unclosed_quote_in_the_header() {
    let profile = check_cost(&before_table(b"id,\"note\n1,2\n", Kind::Numeric), 3.1);
    assert_eq!(counts(&profile), vec![(Preamble, 2), (UnclosedQuote, 1)]);
    assert!(profile.row_count > 800_000, "{}", profile.row_count);
}

/// The next quote of the file ends the swallowing; from there on the csv crate says what is right.
#[test]
fn an_unclosed_quote_before_other_quotes() {
    let file = before_table(b"id,note\n1,\"never closed\n", Kind::Mixed);
    let profile = check_cost(&file, 2.1);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file.path()).unwrap();
    let rows = reader
        .byte_records()
        .map(|record| record.unwrap().len())
        .fold([0; 3], |[all, short, long], cells| {
            [all + 1, short + u64::from(cells < 2), long + u64::from(cells > 2)]
        });
    let found = |code| finding(&profile, code).map_or(0, |finding| finding.count);
    assert_eq!([profile.row_count, found(MissingCell), found(ExtraCell)], rows);
}

/// Every leaf looks like a table of quoted cells, and every guess is wrong.
#[test]
fn a_cell_that_holds_a_whole_table() {
    let (file, lines) = repeated(DENSE_SIZE, b"id,note\n1,\"", b"\"\"12\"\",\"\"x, y\"\"\n", b"\"\n2,z\n");
    let profile = check_cost(&file, 2.1);
    let expected = vec![(QuotedLineEnding, 1), (FieldTooLong, 1)];
    assert_eq!((profile.row_count, counts(&profile)), (2, expected));
    assert_eq!(profile.columns[1].max_length, Some(lines * 12));
}

/// The first record decides how many columns there are: it is read once more to find its end.
#[test]
fn a_line_of_one_cell() {
    let (file, cells) = repeated(SIZE, b"", b"x", b"");
    let profile = check_cost(&file, 3.1);
    let expected = vec![(MissingFinalLineEnding, 1), (FieldTooLong, 1)];
    assert_eq!((profile.row_count, counts(&profile)), (1, expected));
    assert_eq!(profile.columns[0].max_length, Some(cells));
}

#[test]
fn a_line_of_one_quoted_cell() {
    let (file, pairs) = repeated(DENSE_SIZE, b"id,note\n1,\"", b"\"\"", b"\"\n2,x\n");
    let profile = check_cost(&file, 2.1);
    assert_eq!((profile.row_count, counts(&profile)), (2, vec![(FieldTooLong, 1)]));
    assert_eq!(profile.columns[1].max_length, Some(pairs));
}

#[test]
fn a_line_of_too_many_cells() {
    let (file, cells) = repeated(DENSE_SIZE, b"id,note\n1,2\n", b"1,", b"\n2,x\n");
    let profile = check_cost(&file, 2.1);
    assert_eq!((profile.row_count, counts(&profile)), (3, vec![(ExtraCell, 1)]));
    let example = &finding(&profile, ExtraCell).unwrap().examples[0];
    assert_eq!(example.found, Some(format!("{} cells", cells + 1)));
}

#[test]
fn nothing_but_line_ends() {
    let (file, lines) = repeated(DENSE_SIZE, b"id,note\n", b"\n", b"1,x\n\n");
    let profile = check_cost(&file, 2.1);
    assert_eq!((profile.row_count, counts(&profile)), (1, vec![(BlankRow, lines + 1)]));
}

#[test]
fn nothing_but_quotes() {
    let (file, _) = repeated(DENSE_SIZE, b"id,note\n", b"\"", b"");
    let profile = check_cost(&file, 2.1);
    let expected = [MissingCell, MissingFinalLineEnding, TruncatedLastRecord, FieldTooLong];
    assert_eq!((profile.row_count, counts(&profile)), (1, expected.map(|code| (code, 1)).to_vec()));
}

/// The file has a hole of zeros, so that nobody has to write a gigabyte.
#[test]
fn a_gigabyte_in_one_line() {
    const GIB: u64 = 1 << 30;
    let file = file(|out| out.write_all(b"id,note\n1,"));
    // The survey reads a mebibyte; a file of zeros would be no text.
    file.as_file().write_all(&vec![b'x'; 2 * MIB as usize]).unwrap();
    file.as_file().set_len(GIB).unwrap();
    let (ran, peak) = run_measured([file.path()]);
    let profile = ran.profile();
    let expected = [MissingFinalLineEnding, NulByte, FieldTooLong];
    assert_eq!((profile.row_count, counts(&profile)), (1, expected.map(|code| (code, 1)).to_vec()));
    assert_eq!(profile.columns[1].max_length, Some(GIB - 10));
    assert!(peak < MOST_MEMORY, "{} MiB", peak / MIB);
}

/// A header of so many names, `rows` rows of as many cells, and `short_rows` rows of one.
fn wide(columns: usize, rows: usize, short_rows: usize) -> tempfile::NamedTempFile {
    let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
    file(|out| {
        writeln!(out, "{}", names.join(","))?;
        (0..rows).try_for_each(|row| writeln!(out, "{}{row}", format!("{row},").repeat(columns - 1)))?;
        (0..short_rows).try_for_each(|_| writeln!(out, "1"))
    })
}

/// So many columns take memory, but more rows of them no more of it.
#[test]
fn fifty_thousand_columns() {
    const COLUMNS: usize = 50_000;
    // Several leaves each, for all threads.
    let peaks = [60, 180].map(|rows| {
        let (ran, peak) = run_measured([wide(COLUMNS, rows, 0).path()]);
        let profile = ran.profile();
        let found = (profile.row_count, profile.column_count, counts(&profile));
        assert_eq!(found, (rows as u64, COLUMNS as u32, vec![]));
        let last = profile.columns.last().unwrap();
        assert_eq!((&*last.name, last.max.clone()), ("c49999", Some((rows - 1).to_string())));
        peak / MIB
    });
    assert!(peaks[1] * 4 <= peaks[0] * 5, "{peaks:?} MiB");
    assert!(peaks[1] <= 1024, "{peaks:?} MiB");
}

/// A row of two bytes stands for a thousand missing cells.
#[test]
fn short_rows_of_a_wide_table() {
    const COLUMNS: usize = 1000;
    let (ran, peak) = run_measured([wide(COLUMNS, 600, 50_000).path()]);
    let profile = ran.profile();
    assert_eq!((profile.row_count, counts(&profile)), (50_600, vec![(MissingCell, 50_000)]));
    assert_eq!(profile.columns[COLUMNS - 1].missing, 50_000);
    assert!(peak < MOST_MEMORY, "{} MiB", peak / MIB);
}

/// Every byte is a defect, all of them in one cell: with work that grows with the square of their number this would not
/// end.
#[track_caller]
fn check_defects_in_one_cell(unit: &[u8], code: FindingCode) {
    let (file, units) = repeated(2 * MIB, b"id,note\n1,x", unit, b"\n2,y\n");
    let profile = inspect_file(file.path(), 4 * MIB).profile;
    assert_eq!((profile.row_count, finding(&profile, code).unwrap().count), (2, units));
}

#[test]
fn a_long_cell_of_stray_quotes() {
    check_defects_in_one_cell(b"\"", StrayQuote);
}

#[test]
fn a_long_cell_of_bytes_that_are_no_text() {
    // With nothing but such bytes the file would be in another encoding.
    check_defects_in_one_cell(b"\xC3\xA9\xFF", InvalidUtf8);
}

#[test]
fn an_ordinary_file_is_read_once() {
    let file = before_table(b"", Kind::Mixed);
    for leaf_size in [MIB, 4 * MIB] {
        let stats = inspect_file(file.path(), leaf_size).stats;
        let times = stats.bytes_read as f64 / SIZE as f64;
        assert!(times < 1.1 && stats.leaves_inspected_again == 0, "leaves of {leaf_size}: {stats:?}");
    }
}

#[test]
fn every_row_is_bad() {
    let mut rows = 0;
    let file = file(|out| generate(Kind::Bad, 16 * MIB, 7, out).map(|written| rows = written.rows));
    let inspected = inspect_file(file.path(), MIB);
    assert_eq!(inspected.profile.row_count, rows);
    let every_fifth = |first: u64| (rows - first).div_ceil(5);
    let expected = [MissingCell, ExtraCell, StrayQuote, InvalidUtf8, TextAfterClosingQuote];
    for (first, code) in expected.into_iter().enumerate() {
        let found = finding(&inspected.profile, code).unwrap();
        assert_eq!((found.count, found.examples.len()), (every_fifth(first as u64), 100), "{code:?}");
        assert_eq!(found.examples[0].row, Some(first as u64 + 1), "{code:?}");
    }
    let mut codes: Vec<_> = inspected.profile.findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    // Cells of more than one line are no defect.
    let mut all = [&expected[..], &[QuotedLineEnding]].concat();
    all.sort_unstable();
    assert_eq!(codes, all);
}
