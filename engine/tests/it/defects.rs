//! Every kind of defect: the smallest file that has it, the nearest one that has not, and where it is.

use data_inspector_domain::finding::{Finding, FindingCode};
use data_inspector_domain::profile::{LineEndings, Profile};
use data_inspector_domain::spec::{Delimiter, FormatOverrides, InspectionSpec, LengthLimits};
use data_inspector_engine::finish::finish;

use crate::reading::Reading;

/// Byte offset, row, line, column.
type Place = (u64, Option<u64>, u64, Option<u32>);

fn profile(bytes: &[u8], format: &FormatOverrides, record_bytes: u32) -> Profile {
    let spec =
        InspectionSpec { format: format.clone(), leaf_size_bytes: Some(16), ..InspectionSpec::default() };
    let limits = LengthLimits { record_bytes, ..LengthLimits::default() };
    let reading = Reading::try_new(bytes, &spec, usize::MAX).unwrap().with_limits(limits);
    finish(&reading.spec, &reading.sequential())
}

fn places(finding: &Finding) -> Vec<Place> {
    let place =
        |e: &data_inspector_domain::finding::FindingExample| (e.byte_offset, e.row, e.line, e.column_index);
    finding.examples.iter().map(place).collect()
}

/// Checks where `bytes` have a defect, read at once and in pieces.
#[track_caller]
fn check_bytes(code: FindingCode, bytes: &[u8], expected: &[Place]) {
    let format = FormatOverrides {
        delimiter: Some(Delimiter::byte(b',')),
        header: Some(true),
        ..FormatOverrides::default()
    };
    for record_bytes in [1 << 20, 2] {
        let profile = profile(bytes, &format, record_bytes);
        let found = profile.findings.iter().find(|finding| finding.code == code);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(found.map(places).unwrap_or_default(), expected, "{shown:?} in pieces of {record_bytes}");
    }
}

#[track_caller]
fn check(code: FindingCode, text: &str, expected: &[Place]) {
    check_bytes(code, text.as_bytes(), expected);
}

/// A delimiter too many or too few in the middle: the first value that is not of its column, of a row that fits otherwise.
#[test]
fn values_in_the_wrong_columns() {
    let head = "id,name,city,price,day\n1,Ann,Rome,2.5,2024-01-01\n2,Bob,Oslo,3.5,2024-01-02\n";
    let third = |row: &str| format!("{head}{row}\n4,Eve,Bonn,5,2024-01-04\n");
    let place = |column: u32, at: usize| [((head.len() + at) as u64, Some(3), 4, Some(column))];
    check(FindingCode::ColumnShift, &third("3,Smith,John,Rome,4.5,2024-01-03"), &place(3, 13));
    check(FindingCode::ColumnShift, &third("3,\"Smith\",John,\"Rome\",4.5,2024-01-03"), &place(3, 15));
    check(FindingCode::ColumnShift, &third("3,Ann Rome,4.5,2024-01-03"), &place(3, 15));
    check(FindingCode::ColumnShift, &third("3,\"Smith,John\",Rome,4.5,2024-01-03"), &[]);
    check(FindingCode::ColumnShift, &third("3,Ann,Rome,4.5,2024-01-03,"), &[]);
    check(FindingCode::ColumnShift, &third("3,Ann,Rome,4.5"), &[]);
    check(FindingCode::ColumnShift, &third("3,Smith,John,Rome,,"), &[]);
    check(FindingCode::ColumnShift, &third("3,Smith,John,Rome,none,2024-01-03"), &[]);
    // The header says how many columns there are, even if most of the first rows are broken.
    check(
        FindingCode::ColumnShift,
        &third(&"3,Smith,John,Rome,4.5,2024-01-03\n".repeat(5)).replace("\n\n", "\n"),
        &[
            (head.len() as u64 + 13, Some(3), 4, Some(3)),
            (head.len() as u64 + 46, Some(4), 5, Some(3)),
            (head.len() as u64 + 79, Some(5), 6, Some(3)),
            (head.len() as u64 + 112, Some(6), 7, Some(3)),
            (head.len() as u64 + 145, Some(7), 8, Some(3)),
        ],
    );
    // Nothing is known of columns of text.
    let texts = |cut: &str| format!("a,b,c\nx,y,z\n{cut}\nx,y,z\n");
    check(FindingCode::ColumnShift, &texts("x,y,y,z"), &[]);
}

#[test]
fn of_the_header() {
    check(FindingCode::PaddedLabel, "a, b\n1,2\n", &[(2, Some(0), 1, Some(1))]);
    check(FindingCode::PaddedLabel, "a b, \n1,2\n", &[]);
    check(FindingCode::CaseCollidingLabel, "Id,x,ID\n1,2,3\n", &[(5, Some(0), 1, Some(2))]);
    check(FindingCode::CaseCollidingLabel, "id,x,id\n1,2,3\n", &[]);
    check(FindingCode::DataLikeLabel, "a,2024-01-01\n1,2\n", &[(2, Some(0), 1, Some(1))]);
    check(FindingCode::DataLikeLabel, "a,b2\n1,2\n", &[]);
    check(FindingCode::DoubleByteOrderMark, "\u{feff}\u{feff}a,b\n1,2\n", &[(3, None, 1, None)]);
    check(FindingCode::DoubleByteOrderMark, "\u{feff}a,b\n1,2\n", &[]);
}

/// Lines above a table are skipped where nobody says that the first line is the header.
#[test]
fn above_the_header() {
    #[track_caller]
    fn check(text: &str, places: &[Place], columns: &[&str]) {
        let profile = profile(text.as_bytes(), &FormatOverrides::default(), 1 << 20);
        let found = profile.findings.iter().find(|finding| finding.code == FindingCode::Preamble);
        assert_eq!(found.map(self::places).unwrap_or_default(), places, "{text:?}");
        let names: Vec<&str> = profile.columns.iter().map(|column| &*column.name).collect();
        assert_eq!(names, columns, "{text:?}");
    }
    let table = "id,price,day\n1,2.5,2024-01-01\n2,3.5,2024-01-02\n3,4.5,2024-01-03\n";
    let names = ["id", "price", "day"];
    check(table, &[], &names);
    check(&format!("Prices\n{table}"), &[(0, None, 1, None)], &names);
    check(&format!("Prices,,\n\n,,\n{table}"), &[(0, None, 1, None), (10, None, 3, None)], &names);
    // As R writes row names: the header lacks one.
    check("price,day\n1,2.5,2024-01-01\n2,3.5,2024-01-02\n", &[], &["price", "day"]);
}

#[test]
fn of_rows() {
    check(FindingCode::RepeatedHeader, "a,b\n1,2\na,b\n", &[(8, Some(2), 3, None)]);
    check(FindingCode::RepeatedHeader, "a,b\n1,2\n\"a\",b\n", &[(8, Some(2), 3, None)]);
    check(FindingCode::RepeatedHeader, "a,b\n1,2\na,b,c\na,B\n", &[]);
    check(FindingCode::RepeatedHeader, "a,\n1,2\na,\n", &[(7, Some(2), 3, None)]);
    check(FindingCode::EmptyRow, "a,b\n1,2\n,\n", &[(8, Some(2), 3, None)]);
    check(FindingCode::EmptyRow, "a,b\n1,2\n\"\",\n", &[(8, Some(2), 3, None)]);
    check(FindingCode::EmptyRow, "a,b\n1,2\n,,\n,x\n, \n", &[]);
    check(FindingCode::WhitespaceRow, "a,b\n1,2\n, \t\n", &[(8, Some(2), 3, None)]);
    check(FindingCode::WhitespaceRow, "a,b\n1,2\n  \n", &[(8, Some(2), 3, None)]);
    check(FindingCode::WhitespaceRow, "a,b\n1,2\n , ,x\n,\n", &[]);
    check(FindingCode::CommentLikeRow, "a,b\n1,2\n# three\n", &[(8, Some(2), 3, None)]);
    check(FindingCode::CommentLikeRow, "a,b\n1,2\n#3,4\n3\n", &[]);
    check(FindingCode::TruncatedLastRecord, "a,b\n1,2\n3", &[(9, Some(2), 3, None)]);
    check(FindingCode::TruncatedLastRecord, "a,b\n1,2\n3,\"4", &[(12, Some(2), 3, None)]);
    check(FindingCode::TruncatedLastRecord, "a,b\n1,2\n3\n", &[]);
    check(FindingCode::TruncatedLastRecord, "a,b\n1,2\n3,4", &[]);
}

#[test]
fn of_lines() {
    check(FindingCode::MixedLineEnding, "a,b\n1,2\r\n3,4\n", &[(7, Some(1), 2, None)]);
    check(FindingCode::MixedLineEnding, "a,b\r\n1,2\r\n3,4\r5,6\r\n", &[(13, Some(2), 3, None)]);
    check(FindingCode::MixedLineEnding, "a,b\r\n1,2\n\n3,4\n", &[(3, Some(0), 1, None)]);
    check(FindingCode::MixedLineEnding, "a,b\r\n\"1\n\",2\r\n", &[]);
    check(FindingCode::MissingFinalLineEnding, "a,b\n1,2", &[(7, Some(1), 2, None)]);
    check(FindingCode::MissingFinalLineEnding, "a,b", &[(3, Some(0), 1, None)]);
    check(FindingCode::MissingFinalLineEnding, "a,b\n1,2\r", &[]);
    let format = FormatOverrides { header: Some(true), ..FormatOverrides::default() };
    for record_bytes in [1 << 20, 2] {
        let found = profile(b"a,b\n1,2\r\n\r\n3,4\r\"\n\",5", &format, record_bytes).format.line_endings;
        assert_eq!(found, LineEndings { lf: 1, crlf: 2, cr: 1 });
    }
}

#[test]
fn of_quotes() {
    let lines = |count: usize| format!("a,b,c\n1,\"2{},3\n\"\n", "\n4,5,6".repeat(count));
    check(FindingCode::QuotedLineEnding, "a,b\n1,\"\n\"\n", &[(6, Some(1), 2, Some(1))]);
    check(FindingCode::QuotedLineEnding, "a,b\n1,\"2\"\n", &[]);
    check(FindingCode::RunawayQuote, &lines(17), &[(8, Some(1), 2, Some(1))]);
    check(FindingCode::RunawayQuote, &lines(16), &[]);
}

/// What the lines of the cell would be without the quote.
#[test]
fn a_runaway_quote_says_how_many_rows_it_took() {
    let text = format!("a,b,c\n1,\"2,3\n{}4,x\"y,6\n7,8,9\n", "4,5,6\n".repeat(40));
    let strict = profile(text.as_bytes(), &FormatOverrides::default(), 1 << 20);
    let finding = strict.findings.iter().find(|f| f.code == FindingCode::RunawayQuote).unwrap();
    assert_eq!((strict.row_count, finding.examples[0].found.as_deref()), (2, Some("40 rows")));
}

#[test]
fn of_text() {
    check(FindingCode::MisplacedByteOrderMark, "a,b\n1,\u{feff}2\n", &[(6, Some(1), 2, Some(1))]);
    check(FindingCode::ReplacementCharacter, "a,b\n1,x\u{fffd}\n", &[(7, Some(1), 2, Some(1))]);
    check(FindingCode::Mojibake, "a,b\nCafÃ©,2\n", &[(7, Some(1), 2, Some(0))]);
    check(FindingCode::Mojibake, "a,b\nCafé,Ã\n", &[]);
    // More than one in a thousand bytes would be no text at all.
    let long = format!("a,b\n{},\0\0\n", "x".repeat(4000));
    check(FindingCode::NulByte, &long, &[(4005, Some(1), 2, Some(1))]);
    check(
        FindingCode::ControlCharacter,
        "a,b\n1,\u{8}\u{8}\t\u{7f}\n",
        &[(6, Some(1), 2, Some(1)), (9, Some(1), 2, Some(1))],
    );
    check_bytes(FindingCode::InvalidUtf8, b"a,b\n1,\xC3\n", &[(6, Some(1), 2, Some(1))]);
}

/// What is in the file is shown as UTF-8, and places are those of the file.
#[test]
fn of_bytes_in_another_encoding() {
    let text = b"name,city\n1,K\xF6ln\n\"M\xFC\"\"l\",\x81\nname,city\n";
    let format = FormatOverrides {
        encoding: Some("latin1".to_owned()),
        header: Some(true),
        ..FormatOverrides::default()
    };
    for record_bytes in [1 << 20, 2] {
        let profile = profile(text, &format, record_bytes);
        assert_eq!(profile.format.encoding, "windows-1252");
        let city = &profile.columns[1];
        assert_eq!((city.max.as_deref(), city.max_length), (Some("\u{fffd}"), Some(4)));
        assert_eq!(profile.columns[0].max.as_deref(), Some("name"));
        assert!(profile.columns[0].top_values.iter().any(|top| top.value == "Mü\"l"));
        let places = |code| {
            let found = profile.findings.iter().find(|finding| finding.code == code);
            found.map(places).unwrap_or_default()
        };
        assert_eq!(places(FindingCode::UndecodableByte), [(25, Some(2), 3, Some(1))]);
        assert_eq!(places(FindingCode::RepeatedHeader), [(27, Some(3), 4, None)]);
        assert_eq!(places(FindingCode::InvalidUtf8), []);
    }
}

/// A delimiter of several bytes: what only begins like it is text.
#[test]
fn with_a_long_delimiter() {
    #[track_caller]
    fn cells(delimiter: &str, text: &str, expected: &[(&str, u64)], stray: &[u64]) {
        let format = FormatOverrides {
            delimiter: Delimiter::try_new(delimiter.as_bytes()),
            header: Some(true),
            ..FormatOverrides::default()
        };
        for record_bytes in [1 << 20, 2] {
            let profile = profile(text.as_bytes(), &format, record_bytes);
            let columns: Vec<(&str, u64)> =
                profile.columns.iter().map(|c| (&*c.name, c.top_values.len() as u64)).collect();
            assert_eq!(columns, expected, "{text:?}");
            let after = profile.findings.iter().find(|f| f.code == FindingCode::TextAfterClosingQuote);
            let offsets: Vec<u64> = after.iter().flat_map(|f| &f.examples).map(|e| e.byte_offset).collect();
            assert_eq!(offsets, stray, "{text:?} in pieces of {record_bytes}");
            assert_eq!(profile.format.delimiter, delimiter);
        }
    }
    cells("||", "a||b|c\n1||2|3\n\"4||4\"||5\n", &[("a", 2), ("b|c", 2)], &[]);
    cells("||", "a||b\n\"1\"|x||2\n\"3\"|||4\n", &[("a", 2), ("b", 2)], &[8]);
    cells("||", "a||b\n1|\n\"2\"|\n3", &[("a", 3), ("b", 0)], &[11]);
    cells("aab", "xaaby\n1aaab2\n3aaab\n", &[("x", 2), ("y", 1)], &[]);
    cells("¦", "a¦b\n1¦2\n", &[("a", 1), ("b", 1)], &[]);
}
