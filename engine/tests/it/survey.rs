//! Dialect and header of ordinary files, and every part of the decision overridden.

use data_inspector_domain::failure::FailureCode;
use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::{
    ByteChoice, Delimiter, Dialect, FormatOverrides, InspectionSpec, ResolvedSpec,
};
use data_inspector_engine::survey::Survey;

fn survey(text: &str, format: FormatOverrides) -> ResolvedSpec {
    let spec = InspectionSpec { format, ..InspectionSpec::default() };
    let mut survey = Survey::try_new(&spec, text.len() as u64).unwrap();
    survey.feed(text.as_bytes()).unwrap();
    survey.finish().unwrap()
}

/// The same of a file whose head goes on and on in the same way, and whose middle and end are another text.
fn survey_of_long_file(head: &str, elsewhere: &[u8]) -> ResolvedSpec {
    let (names, row) = head.split_at(head.find('\n').unwrap() + 1);
    let mut file = names.as_bytes().to_vec();
    while file.len() < 4 << 20 {
        file.extend_from_slice(if file.len() < 3 << 19 { row.as_bytes() } else { elsewhere });
    }
    let mut survey = Survey::try_new(&InspectionSpec::default(), file.len() as u64).unwrap();
    for range in survey.elsewhere() {
        survey.look_at(file[range.start as usize..range.end as usize].to_vec());
    }
    survey.feed(&file).unwrap();
    survey.finish().unwrap()
}

/// Delimiter, whether there is a header, and the number of columns that the survey decides on.
fn check(text: &str, delimiter: char, header: bool, columns: usize) {
    let spec = survey(text, FormatOverrides::default());
    let found = (char::from(spec.dialect.delimiter.first()), spec.head.has_header, spec.columns.len());
    assert_eq!(found, (delimiter, header, columns), "{text:?}");
}

#[test]
fn ordinary_files() {
    check("id,name\n1,Ann\n2,Bob\n", ',', true, 2);
    check("1,Ann\n2,Bob\n", ',', false, 2);
    check("id;price\n1;2,50\n2;3,75\n", ';', true, 2);
    check("id\tname\n1\ta, b\n2\tc, d\n", '\t', true, 2);
    check("a|b|c\n1|2|3\n", '|', true, 3);
    check("city,country\nParis,France\nRome,Italy\n", ',', true, 2);
    check("Paris,France\nRome,Italy\nParis,France\n", ',', false, 2);
    check("name\nAnn\nBob\n", ',', true, 1);
    check("when\n2024-01-01 10:00:00\n", ',', true, 1);
    check("id,name\n", ',', true, 2);
    check("1,2\n", ',', false, 2);
    check("\n\nid,name\n1,Ann\n", ',', true, 2);
    check("text\nhello, world\nbye\nwell, well, well\nso\nlong\n", '\t', true, 1);
    check("", ',', false, 0);
}

#[test]
fn long_and_unusual_delimiters() {
    let delimiter = |text: &str| {
        let spec = survey(text, FormatOverrides::default());
        String::from_utf8(spec.dialect.delimiter.as_bytes().to_vec()).unwrap()
    };
    assert_eq!(delimiter("id||name\n1||Ann\n2||Bob\n"), "||");
    assert_eq!(delimiter("id~|~name\n1~|~Ann\n2~|~Bob\n"), "~|~");
    assert_eq!(delimiter("id, \"name\"\n1, \"Ann\"\n2, \"Bob, B\"\n"), ", ");
    assert_eq!(delimiter("id,name\n1,Ann\n2, Bob\n"), ",");
    assert_eq!(delimiter("a||b\n1||2\n1|2|3\n"), "|", "not every pipe is one of two");
    assert_eq!(delimiter("x;;y\n1;;2\n;;3\n"), ";;");
    assert_eq!(delimiter("id:price\n1:2.5\n2:3.5\n"), ":");
    assert_eq!(delimiter("id\u{1f}price\n1\u{1f}2.5\n"), "\u{1f}");
    assert_eq!(delimiter("at 10:15\nat 11:30\nat 12:45\n"), ",", "no table");
    assert_eq!(delimiter("id,-1\n2,-3\n4,-5\n"), ",", "a sign belongs to its number");
}

#[test]
fn a_decision_says_how_clear_it_is() {
    let confidence = |text| survey(text, FormatOverrides::default()).head.confidence;
    let clear = confidence("id,name,é\n1,\"a\",x\n2,\"b\",y\n3,\"c\",z\n");
    assert!(clear.delimiter > 0.5, "{clear:?}");
    assert_eq!((clear.encoding, clear.quote, clear.header), (1.0, 1.0, 1.0));
    let unclear = confidence("Ann\nBob\n");
    assert_eq!((unclear.encoding, unclear.quote, unclear.header), (0.5, 0.5, 0.5));
    let careless = confidence("id,name\n1,\"a\"\n2,b\"\n");
    assert_eq!(careless.quote, 0.5);
    let stated = FormatOverrides {
        encoding: Some("utf8".to_owned()),
        delimiter: Some(Delimiter::byte(b';')),
        quote: Some(ByteChoice::None),
        header: Some(false),
        ..FormatOverrides::default()
    };
    let stated = survey("a,b\n", stated).head.confidence;
    assert_eq!((stated.encoding, stated.delimiter, stated.quote, stated.header), (1.0, 1.0, 1.0, 1.0));
}

#[test]
fn quotes_escapes_and_comments() {
    let dialect = |text| survey(text, FormatOverrides::default()).dialect;
    assert_eq!(dialect("id,name\n1,'a, b'\n2,'c'\n").quote, Some(b'\''));
    assert_eq!(dialect("id,name\n1,\"it's\"\n2,'c'\n").quote, Some(b'"'));
    assert_eq!(dialect("id,name\n1,\"say \\\"hi\\\"\"\n").escape, Some(b'\\'));
    assert_eq!(dialect("id,name\n1,\"C:\\dir\"\n").escape, None);
    assert_eq!(dialect("# made by hand\nid,name\n1,a\n2,b\n").comment, Some(b'#'));
    assert_eq!(dialect("#id,name\n1,a\n2,b\n").comment, None);
}

/// A quote that opens in the first record and never closes would swallow the file.
#[test]
fn a_runaway_quote_in_the_first_record_is_read_as_text() {
    for (text, header, columns) in [
        ("id,\"note\n1,2\n3,4\n", true, vec!["id", "\"note"]),
        ("\n1,2,\"x\n3,4,y\n5,6,z\n", false, vec!["column_1", "column_2", "column_3"]),
        ("id;\"note\n1;2\n3;4\n", true, vec!["id", "\"note"]),
    ] {
        let spec = survey(text, FormatOverrides::default());
        assert_eq!((spec.dialect.quote, spec.head.has_header), (None, header), "{text:?}");
        assert_eq!(spec.columns, columns, "{text:?}");
        let example = spec
            .head
            .findings
            .iter()
            .find(|finding| finding.code == FindingCode::UnclosedQuote)
            .map(|finding| (finding.count, &finding.examples[0]));
        let (count, example) = example.unwrap_or_else(|| panic!("{text:?} has no such finding"));
        let quote = text.find('"').unwrap();
        let line = 1 + text[..quote].matches('\n').count();
        assert_eq!((count, example.byte_offset, example.line), (1, quote as u64, line as u64), "{text:?}");
        assert_eq!(
            (example.row, example.column_index),
            (Some(0), Some(columns.len() as u32 - 1)),
            "{text:?}"
        );
    }
    let stated = FormatOverrides { quote: Some(ByteChoice::Byte(b'"')), ..FormatOverrides::default() };
    assert_eq!(survey("id,\"note\n1,2\n3,4\n", stated).dialect.quote, Some(b'"'));
    let one_cell = survey("\"one\ncell", FormatOverrides::default());
    assert_eq!(one_cell.dialect.quote, Some(b'"'), "nothing speaks for a table");
    let one_cell = survey("\"1\ncell", FormatOverrides { header: Some(false), ..FormatOverrides::default() });
    assert_eq!(one_cell.dialect.quote, Some(b'"'), "nothing speaks for a table");
    assert_eq!(one_cell.head.findings, [], "the record is counted with the data");
}

#[test]
fn every_part_can_be_overridden() {
    let text = "skip me\nid;na;me\n1;2;3\n";
    let format = FormatOverrides {
        delimiter: Some(Delimiter::byte(b',')),
        quote: Some(ByteChoice::None),
        escape: Some(ByteChoice::None),
        comment: Some(ByteChoice::Byte(b'%')),
        header: Some(false),
        skip_lines: Some(1),
        ..FormatOverrides::default()
    };
    let spec = survey(text, format);
    assert_eq!(
        (spec.dialect.delimiter, spec.dialect.quote, spec.dialect.comment),
        (Delimiter::byte(b','), None, Some(b'%'))
    );
    assert_eq!((spec.columns.len(), spec.head.data_offset, spec.head.data_line), (1, 8, 2));
    let quote_as_delimiter =
        FormatOverrides { delimiter: Some(Delimiter::byte(b'"')), ..FormatOverrides::default() };
    assert_eq!(survey("a\"b\n", quote_as_delimiter).dialect.quote, None);
}

#[test]
fn defects_of_the_header_are_located() {
    let spec = survey(
        "id,,name,id\n1,2,3,4\n",
        FormatOverrides { header: Some(true), ..FormatOverrides::default() },
    );
    let places: Vec<(FindingCode, u64, Option<u32>)> = spec
        .head
        .findings
        .iter()
        .map(|f| (f.code, f.examples[0].byte_offset, f.examples[0].column_index))
        .collect();
    assert_eq!(places, [(FindingCode::BlankLabel, 3, Some(1)), (FindingCode::DuplicateLabel, 9, Some(3))]);
    assert_eq!(spec.columns, ["id", "column_2", "name", "id"]);
}

/// Many columns get smaller sketches, down to a minimum; a larger budget gets larger ones.
#[test]
fn sketch_sizes_keep_to_the_budget() {
    let tracked = |columns: usize, state_budget_bytes| {
        let text = vec!["1"; columns].join(",");
        let spec = InspectionSpec { state_budget_bytes, ..InspectionSpec::default() };
        let mut survey = Survey::try_new(&spec, text.len() as u64).unwrap();
        survey.feed(text.as_bytes()).unwrap();
        survey.finish().unwrap().sketches.top_values_tracked
    };
    assert_eq!(tracked(20, 16 << 20), 1024);
    assert_eq!(tracked(500, 16 << 20), 64);
    assert_eq!(tracked(500, 256 << 20), 1024);
    assert_eq!(tracked(50_000, 0), 4);
}

#[test]
fn impossible_specs_are_refused() {
    let refuse = |change: fn(&mut InspectionSpec)| {
        let mut spec = InspectionSpec::default();
        change(&mut spec);
        assert_eq!(
            Survey::try_new(&spec, 10).err().map(|failure| failure.code),
            Some(FailureCode::InvalidSpec)
        );
    };
    refuse(|spec| spec.format.quote = Some(ByteChoice::Byte(b'\n')));
    refuse(|spec| {
        (spec.format.delimiter, spec.format.quote) =
            (Some(Delimiter::byte(b';')), Some(ByteChoice::Byte(b';')))
    });
    refuse(|spec| {
        spec.format.delimiter = Delimiter::try_new(b"|'");
        spec.format.quote = Some(ByteChoice::Byte(b'\''));
    });
    refuse(|spec| spec.format.encoding = Some("utf-32".to_owned()));
    refuse(|spec| spec.format.encoding = Some("shift_jis".to_owned()));
    refuse(|spec| spec.quantiles = vec![1.5]);
    refuse(|spec| spec.quantiles = vec![f64::NAN]);
    refuse(|spec| spec.histogram_bins = 0);
    refuse(|spec| spec.leaf_size_bytes = Some(3));
    refuse(|spec| spec.leaf_size_bytes = Some(0));
}

#[test]
fn what_is_no_text_is_refused_by_name() {
    let refused = |bytes: &[u8]| {
        let mut survey = Survey::try_new(&InspectionSpec::default(), bytes.len() as u64).unwrap();
        survey.feed(bytes).err().unwrap().user_message
    };
    assert!(refused(b"PAR1....").contains("Parquet"));
    assert!(refused(b"\x1F\x8B\x08\x00").contains("gzip"));
    for utf32 in
        [&b"\xFF\xFE\0\0i\0\0\0"[..], b"\0\0\xFE\xFF\0\0\0i", b"i\0\0\0,\0\0\0\n\0\0\0", b"\0\0\0i\0\0\0\n"]
    {
        let message = refused(utf32);
        assert!(message.contains("UTF-32") && message.contains("convert it to UTF-8"), "{message}");
    }
    assert!(refused(b"\x7FELF\x02\x01\x00\x00").contains("binary"));
}

#[test]
fn what_begins_late_is_seen_in_the_middle_and_at_the_end() {
    let plain = "id,name\n1,Ann\n";
    let of = |elsewhere: &[u8]| survey_of_long_file(plain, elsewhere);
    let quote_and_escape = |elsewhere| (of(elsewhere).dialect.quote, of(elsewhere).dialect.escape);
    assert_eq!(of(b"2,Jos\xE9 Garc\xEDa\n3,M\xFCller\n4,Stra\xDFe\n").head.encoding, "windows-1252");
    assert_eq!(of("2,José\n".as_bytes()).head.encoding, "utf-8");
    assert_eq!(quote_and_escape(b"2,\"a, \\\"b\\\", c\"\n"), (Some(b'"'), Some(b'\\')));
    assert_eq!(quote_and_escape(b"2,'a, b'\n3,'c, d'\n"), (Some(b'\''), None));
    assert_eq!(quote_and_escape(b"2,it's\n'tis,c\n"), (Some(b'"'), None));
    // Rows of another kind do not change how the head is read.
    let (same, other) = (of(b"2,Bob\n"), of(b"2;Bob;x, y\n3;Eve;z\n"));
    assert_eq!((other.dialect, other.columns.len()), (same.dialect, 2));
    assert!((other.head.confidence.delimiter * 3.0 - same.head.confidence.delimiter).abs() < 1e-9);
    assert_eq!(same.head.confidence.quote, 0.5);
}

/// A piece begins anywhere, so inside of a cell, too.
#[test]
fn pieces_inside_of_quotes_change_nothing() {
    let row = format!("7,\"{}\"\n", "line; of text\n".repeat(400));
    let head = "id,note\n1,\"a, b\"\n";
    let (same, long) =
        (survey_of_long_file(head, b"1,\"a, b\"\n"), survey_of_long_file(head, row.as_bytes()));
    assert_eq!(long.dialect, same.dialect);
    assert_eq!(long.head.confidence, same.head.confidence);
}

/// What is guessed never has a meaning already.
#[test]
fn a_byte_has_one_meaning() {
    let byte = |byte| Some(ByteChoice::Byte(byte));
    let stated = |delimiter: &[u8]| FormatOverrides {
        delimiter: Delimiter::try_new(delimiter),
        ..FormatOverrides::default()
    };
    let check = |text: &str, format: FormatOverrides| {
        let Dialect { delimiter, quote, escape, comment } = survey(text, format).dialect;
        let others = [quote, escape, comment].into_iter().flatten();
        let mut bytes: Vec<u8> = delimiter.as_bytes().iter().copied().chain(others).collect();
        let count = bytes.len();
        bytes.sort_unstable();
        bytes.dedup();
        assert_eq!(bytes.len(), count, "{text:?}: {delimiter:?} {quote:?} {escape:?} {comment:?}");
    };
    let quoted = "#x\n'a,a','b'\n'c,c','d'\n'e','f'\n";
    check("#1#2#3\n4#5#6\n7#8#9\n", FormatOverrides::default());
    check("#\n1#2\n3#4\n", stated(b"#"));
    check("#\n1~#2\n3~#4\n", stated(b"~#"));
    check("'a''b'\n'c''d'\n'e''f'\n", stated(b"'"));
    check("'a','b'\n'c','d'\n'e','f'\n", stated(b",'"));
    check(quoted, FormatOverrides { comment: byte(b'\''), ..FormatOverrides::default() });
    check(quoted, FormatOverrides { escape: byte(b'\''), ..FormatOverrides::default() });
    check(quoted, FormatOverrides { escape: byte(b'#'), ..FormatOverrides::default() });
    check(quoted, FormatOverrides { quote: byte(b'#'), ..FormatOverrides::default() });
    let escaped = "\"a\\\"b\",\"c\"\n\"d\\\"e\",\"f\"\n";
    check(escaped, FormatOverrides { comment: byte(b'\\'), ..FormatOverrides::default() });
}
