//! The law: the profile is a function of bytes, spec and engine version. Every file of the corpus, at every
//! chunk size, leaf size and grouping of leaves, gives one JSON per leaf size.

use data_inspector_domain::spec::{Delimiter, FormatOverrides, InspectionSpec, LengthLimits};
use data_inspector_engine::automaton::State;
use data_inspector_engine::finish::finish;
use data_inspector_engine::lanes::Lanes;
use data_inspector_engine::partial::Partial;
use data_inspector_engine::scan::Entry;
use std::path::{Path, PathBuf};

use crate::random::mix;
use crate::reading::Reading;

const CHUNKS: [usize; 8] = [1, 2, 3, 7, 64, 4096, 1 << 20, usize::MAX];
const LARGEST_LEAF: u64 = 1 << 20;
const LEAF_SIZES: [u64; 5] = [4, 16, 64, 1024, LARGEST_LEAF];
/// With more leaves than this, groupings are sampled instead of enumerated.
const ENUMERATED_LEAVES: usize = 8;
const SAMPLED_GROUPINGS: u64 = 48;

#[test]
fn every_file_of_the_corpus_at_every_chunk_leaf_and_grouping() {
    let mut read = 0;
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        for leaf_size in LEAF_SIZES {
            // Leaves of a few bytes on files of a few kilobytes would only repeat themselves.
            if bytes.len() as u64 / leaf_size <= 256 {
                let checked = check_file(&path, &bytes, leaf_size, LengthLimits::default());
                read += u32::from(checked && leaf_size == LARGEST_LEAF);
            }
        }
    }
    assert!(read >= 300, "{read} files of the corpus can be read");
}

/// With limits of a few bytes nearly every record is read in pieces, and many fields are long.
#[test]
fn every_file_of_the_corpus_in_pieces() {
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        for (record_bytes, field_bytes) in [(2, 1 << 20), (12, 256)] {
            check_file(&path, &bytes, 64, LengthLimits { record_bytes, field_bytes });
        }
        check_that_pieces_change_nothing(&path, &bytes);
    }
}

/// Who reads the rest of a leaf, once lanes have met, changes nothing: its vector is what lanes make of all of its bytes.
#[test]
fn vectors_are_those_of_lanes() {
    let (mut read, default) = (0, LengthLimits::default());
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        for (leaf_size, chunk, record_bytes) in [
            (16, 1, default.record_bytes),
            (64, 7, default.record_bytes),
            (1024, 200, default.record_bytes),
            (64, 7, 12),
        ] {
            let spec = InspectionSpec { leaf_size_bytes: Some(leaf_size), ..InspectionSpec::default() };
            let Ok(reading) = Reading::try_new(&bytes, &spec, usize::MAX) else { continue };
            if reading.spec.head.encoding.starts_with("utf-16") {
                continue;
            }
            let reading = reading.with_limits(LengthLimits { record_bytes, ..default });
            for leaf in reading.leaves().take(256) {
                let (start, end) = (reading.context.leaf_start(leaf), reading.context.leaf_end(leaf));
                let mut lanes = Lanes::new(reading.spec.dialect, start);
                lanes.feed(&bytes[start as usize..end as usize]);
                for entry in [Entry::Guess, Entry::Known(State::RecordStart), Entry::Known(State::Quoted)] {
                    let found = reading.count(leaf, entry, chunk).0;
                    let place = || format!("{}, leaf {leaf} of {leaf_size}, {entry:?}", path.display());
                    assert_eq!(found, Some(lanes.finish()), "{}", place());
                    read += 1;
                }
            }
        }
    }
    assert!(read > 10_000, "{read} leaves");
}

/// A delimiter of one byte that is the first of a character once the text is UTF-8: `Ã` and `é` in windows-1252.
#[test]
fn a_delimiter_beyond_ascii() {
    let text = "id\u{c3}name\u{c3}\u{a7}\n1\u{c3}\"Ann\"\u{e9}\u{c3}\u{a7}x\n\"2\"\u{e9}\u{e9}\"\u{c3}\"B\u{c3}\"\"b\u{e9}\"\u{c3}\n";
    for (delimiter, encoding) in [("\u{c3}", "windows-1252"), ("\u{a7}", "windows-1252"), ("\u{a7}", "utf-8")]
    {
        let bytes: Vec<u8> = match encoding {
            "utf-8" => text.as_bytes().to_vec(),
            _ => text.chars().map(|character| character as u8).collect(),
        };
        let format = FormatOverrides {
            delimiter: Delimiter::try_new(delimiter.as_bytes()),
            encoding: Some(encoding.to_owned()),
            ..FormatOverrides::default()
        };
        for (leaf_size, record_bytes) in [(4, 1 << 20), (16, 2), (LARGEST_LEAF, 12)] {
            let limits = LengthLimits { record_bytes, ..LengthLimits::default() };
            let spec = InspectionSpec {
                format: format.clone(),
                leaf_size_bytes: Some(leaf_size),
                ..InspectionSpec::default()
            };
            assert!(check(Path::new(delimiter), &bytes, &spec, limits));
        }
    }
}

/// Only excerpts may differ: of a record that is read in pieces they show less.
fn check_that_pieces_change_nothing(path: &Path, bytes: &[u8]) {
    let profile = |record_bytes| {
        let spec = InspectionSpec { leaf_size_bytes: Some(16), ..InspectionSpec::default() };
        let reading = Reading::try_new(bytes, &spec, usize::MAX).ok()?;
        let reading = reading.with_limits(LengthLimits { record_bytes, ..LengthLimits::default() });
        let mut profile = finish(&reading.spec, &reading.sequential());
        for finding in &mut profile.findings {
            let rest = finding.last_examples.iter_mut().chain(&mut finding.sample_examples);
            finding.examples.iter_mut().chain(rest).for_each(|example| example.excerpt.clear());
        }
        Some(profile.to_json())
    };
    if let (Some(pieces), Some(whole)) = (profile(2), profile(1 << 20)) {
        assert_same(&pieces, &whole, &path.display().to_string());
    }
}

pub(crate) fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    files
}

fn check_file(path: &Path, bytes: &[u8], leaf_size: u64, limits: LengthLimits) -> bool {
    let spec = InspectionSpec { leaf_size_bytes: Some(leaf_size), ..InspectionSpec::default() };
    check(path, bytes, &spec, limits)
}

/// Whether the file can be read; if it is refused, it is refused in the same words at every chunk size.
pub(crate) fn check(path: &Path, bytes: &[u8], spec: &InspectionSpec, limits: LengthLimits) -> bool {
    let leaf_size = spec.leaf_size_bytes;
    let place = |what: &str| format!("{}, leaves of {leaf_size:?}, {limits:?}, {what}", path.display());
    let reading = match Reading::try_new(bytes, spec, usize::MAX) {
        Ok(reading) => reading.with_limits(limits),
        Err(refusal) => {
            let refused = |chunk| Reading::try_new(bytes, spec, chunk).err();
            assert!(
                CHUNKS.into_iter().all(|chunk| refused(chunk).as_ref() == Some(&refusal)),
                "{}",
                place("refused")
            );
            return false;
        }
    };
    let reference = reading.json(&reading.sequential());
    let mut leaves: Option<Vec<Vec<u8>>> = None;
    for chunk in CHUNKS {
        let surveyed = Reading::try_new(bytes, spec, chunk).map(|other| other.with_limits(limits).spec);
        assert_eq!(
            surveyed.as_ref(),
            Ok(&reading.spec),
            "{}",
            place(&format!("surveyed in chunks of {chunk}"))
        );
        let found: Vec<Vec<u8>> =
            reading.proven_leaves(chunk).into_iter().map(|leaf| reading.leaf_bytes(leaf)).collect();
        let expected = leaves.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{}", place(&format!("chunks of {chunk}")));
    }
    let leaves = leaves.unwrap();
    for grouping in groupings(leaves.len()) {
        let json = reading.json(&merge_grouped(&reading, &leaves, grouping));
        assert_same(&json, &reference, &place(&format!("grouping {grouping:#x}")));
    }
    true
}

/// Shows where two documents part instead of both of them.
pub(crate) fn assert_same(found: &str, expected: &str, place: &str) {
    let same = found.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[same.saturating_sub(80)..])
            .chars()
            .take(160)
            .collect::<String>()
    };
    assert!(found == expected, "{place}: found\n{}\nexpected\n{}", around(found), around(expected));
}

/// Every way to cut `leaves` leaves into runs, as a bit per place between two of them; a fixed sample of them
/// where there are too many.
fn groupings(leaves: usize) -> Vec<u64> {
    if leaves <= ENUMERATED_LEAVES {
        return (0..1u64 << leaves.saturating_sub(1)).collect();
    }
    let sampled = (0..SAMPLED_GROUPINGS).map(|index| mix(index + 1));
    [0, u64::MAX].into_iter().chain(sampled).collect()
}

/// Merges each run of leaves on its own, and the runs in an order that depends on the grouping; partials travel as
/// bytes.
fn merge_grouped(reading: &Reading<'_>, leaves: &[Vec<u8>], grouping: u64) -> Partial {
    let decode = |bytes: &[u8]| Partial::from_bytes(&reading.spec, bytes).unwrap();
    let mut runs: Vec<Partial> = Vec::new();
    for (index, leaf) in leaves.iter().enumerate() {
        let cut = index > 0 && grouping >> ((index - 1) % 64) & 1 == 1;
        match runs.last_mut() {
            Some(run) if !cut => run.merge(decode(leaf)).unwrap(),
            _ => runs.push(decode(leaf)),
        }
    }
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&run| mix(grouping.wrapping_add(run as u64)));
    let mut whole = Partial::new(&reading.spec);
    for run in order {
        let bytes = runs[run].to_bytes();
        whole.merge(decode(&bytes)).unwrap();
    }
    whole
}
