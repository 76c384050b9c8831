use super::*;

const KINDS: [Kind; 4] = [Kind::Numeric, Kind::Mixed, Kind::Wide, Kind::Bad];

fn file(kind: Kind, size_bytes: u64, seed: u64) -> (Vec<u8>, Written) {
    let mut bytes = Vec::new();
    let written = generate(kind, size_bytes, seed, &mut bytes).expect("a vector takes every byte");
    assert_eq!(written.bytes, bytes.len() as u64);
    (bytes, written)
}

/// All records, the header first; ragged ones too.
fn records(bytes: &[u8]) -> Vec<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    reader.byte_records().map(|record| record.expect("a slice can be read")).collect()
}

#[test]
fn same_seed_same_bytes() {
    for kind in KINDS {
        assert_eq!(file(kind, 50_000, 7).0, file(kind, 50_000, 7).0, "{kind:?}");
        assert_ne!(file(kind, 50_000, 7).0, file(kind, 50_000, 8).0, "{kind:?}");
    }
}

/// A longer file starts with the shorter one, and neither changes from release to release.
#[test]
fn bytes_stay_the_same_for_ever() {
    #[track_caller]
    fn check(kind: Kind, first_rows: &str) {
        let (bytes, _) = file(kind, 100_000, 1);
        let body = bytes.splitn(2, |byte| *byte == b'\n').nth(1).expect("a header line");
        assert!(body.starts_with(first_rows.as_bytes()), "{}", String::from_utf8_lossy(&body[..400]));
    }
    check(
        Kind::Numeric,
        "1,290,74578,942006,44435.92,0.444264,-4373826470845021568,0,285508,-19171.5662\n\
         2,309,45493,60158,43596.53,0.167034,-6542421123680892061,0,65960,-83717.0692\n\
         3,253,12310,-426178,4790.11,0.515519,-5279996746373662805,0,586595,-20566.1487\n",
    );
    check(
        Kind::Mixed,
        r#"1000000,910a2dec-8902-4cc1-beeb-8da1658eec67,Inés,Martin,james.8773486@mail.example.net,+60 509 5300789,1982-03-26,2023-09-02T01:57:14Z,2023-02-02 12:22:20,DE,Kraków,Rue de la Paix 106,54367,partner,false,59,14878.17,6500.00,0.1591,"again invoice asked très refund, the invoice très again customer about please""#,
    );
}

#[test]
fn clean_kinds_have_the_same_number_of_cells_in_every_row() {
    for (kind, columns) in [(Kind::Numeric, 10), (Kind::Mixed, 20), (Kind::Wide, 500)] {
        let (bytes, written) = file(kind, 300_000, 3);
        let records = records(&bytes);
        assert!(records.iter().all(|record| record.len() == columns), "{kind:?}");
        assert_eq!(written.columns, columns, "{kind:?}");
        assert_eq!(written.rows, records.len() as u64 - 1, "{kind:?}");
        assert!(std::str::from_utf8(&bytes).is_ok(), "{kind:?}");
    }
}

#[test]
fn mixed_has_what_makes_csv_hard() {
    let (bytes, _) = file(Kind::Mixed, 300_000, 3);
    let records = records(&bytes);
    let share = |is_meant: fn(&[u8]) -> bool| {
        let count = records.iter().filter(|record| is_meant(&record[19])).count();
        count as f64 / records.len() as f64
    };
    assert!((0.3..0.4).contains(&share(<[u8]>::is_empty)));
    assert!((0.01..0.03).contains(&share(|note| note.contains(&b'\n'))));
    assert!((0.02..0.05).contains(&share(|note| note.contains(&b'"'))));
    assert!((0.1..0.2).contains(&share(|note| note.contains(&b','))));
}

#[test]
fn every_row_of_bad_is_bad() {
    let (bytes, written) = file(Kind::Bad, 300_000, 3);
    let records = records(&bytes);
    assert_eq!(written.rows, records.len() as u64 - 1);
    assert_eq!(records[0].len(), 20);
    for (index, record) in records[1..].iter().enumerate() {
        let is_bad = match index % 5 {
            0 => record.len() == 17,
            1 => record.len() == 21,
            2 => record[2].ends_with(b" \"Bo"),
            3 => std::str::from_utf8(&record[10]).is_err(),
            _ => record[13].ends_with(b"x"),
        };
        assert!(is_bad, "row {index}: {record:?}");
    }
    let after_closing_quotes = bytes.windows(3).filter(|three| three == b"\"x,").count();
    assert_eq!(after_closing_quotes as u64, written.rows / 5);
}

#[test]
fn size_is_within_one_row() {
    for kind in KINDS {
        let (longer, _) = file(kind, 200_000, 5);
        for size in [100_000, 100_001, 150_000] {
            let (bytes, written) = file(kind, size, 5);
            assert!(written.bytes <= size, "{kind:?}");
            assert_eq!(longer[..bytes.len()], bytes[..], "{kind:?}");
            let next_row = &records(&longer)[written.rows as usize + 1];
            let longest_next = next_row.as_slice().len() + 2 * next_row.len() + 40;
            assert!(written.bytes + longest_next as u64 > size, "{kind:?} {size}");
        }
    }
}

#[test]
fn a_header_is_always_there() {
    for kind in KINDS {
        let (bytes, written) = file(kind, 0, 1);
        assert_eq!(written.rows, 0);
        assert_eq!(records(&bytes)[0].len(), written.columns);
    }
}
