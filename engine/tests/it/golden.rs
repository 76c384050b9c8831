//! Partials are stored, and read by the version of the engine that wrote them alone: another one must know that it does
//! not know the version, so that it never misreads one. `UPDATE_GOLDEN=1` writes the files of the current version anew; a
//! version that was released is never changed, a new one gets new files.

use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::finish::finish;
use data_inspector_engine::partial::{Partial, PartialError, VERSION};
use std::path::{Path, PathBuf};

use crate::reading::Reading;

/// With a defect near the end of the catalogue: partials name defects by their place in it.
const CSV: &str = "id,name,price,day\n1,Ann,2.50,2024-02-29\n2,\"Bob \"\"B\"\"\",NA,2024-03-01\n\n3,Cai\n\
                   4,\"x\ny\",1e3,2024-03-05,extra\n5,Ann,-7.125,05/03/2024\n6,\u{7}Eve,1,2024-03-06\n";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn spec() -> InspectionSpec {
    InspectionSpec { leaf_size_bytes: Some(32), ..InspectionSpec::default() }
}

/// All leaves but one, so that nodes of the tree are pending.
fn partial_of_some_leaves(reading: &Reading<'_>) -> Partial {
    let mut partial = Partial::new(&reading.spec);
    for leaf in reading.proven_leaves(usize::MAX).into_iter().filter(|leaf| leaf.totals.leaf != 2) {
        partial.add_leaf(leaf).unwrap();
    }
    partial
}

#[test]
fn this_version_writes_what_it_always_wrote() {
    let reading = Reading::try_new(CSV.as_bytes(), &spec(), usize::MAX).unwrap();
    let partial = partial_of_some_leaves(&reading);
    let files = [
        (format!("partial-v{VERSION}.bin"), partial.to_bytes()),
        (format!("partial-v{VERSION}.spec.json"), serde_json::to_vec_pretty(&reading.spec).unwrap()),
        (format!("partial-v{VERSION}.profile.json"), reading.json(&partial).into_bytes()),
    ];
    for (name, bytes) in files {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(golden(&name), &bytes).unwrap();
        }
        let stored = std::fs::read(golden(&name)).unwrap();
        assert!(stored == bytes, "{name} differs: has the format changed without a new version?");
    }
}

/// An engine refuses a partial of another version by name. A worker that is given one, because an inspection outlived an
/// upgrade, fails its task with `internal`.
#[test]
fn every_version_is_read_by_its_engine_and_refused_by_name_by_others() {
    for version in 1..=VERSION {
        let read = |suffix: &str| std::fs::read(golden(&format!("partial-v{version}.{suffix}"))).unwrap();
        let this = Reading::try_new(CSV.as_bytes(), &spec(), usize::MAX).unwrap().spec;
        let partial = Partial::from_bytes(&this, &read("bin"));
        if version < VERSION {
            assert_eq!(partial.err(), Some(PartialError::UnknownVersion { found: version }));
            continue;
        }
        let spec: ResolvedSpec = serde_json::from_slice(&read("spec.json")).unwrap();
        let found = finish(&spec, &partial.unwrap()).to_json().into_bytes();
        assert!(found == read("profile.json"), "the partial of version {version} is read otherwise");
    }
}

#[test]
fn bytes_that_are_no_partial_are_refused() {
    let reading = Reading::try_new(CSV.as_bytes(), &spec(), usize::MAX).unwrap();
    let bytes = partial_of_some_leaves(&reading).to_bytes();
    let refused = |bytes: &[u8]| Partial::from_bytes(&reading.spec, bytes).err();
    assert_eq!(refused(b"not one"), Some(PartialError::NotAPartial));
    assert_eq!(refused(&bytes[..bytes.len() - 1]), Some(PartialError::Damaged));
    let mut future = bytes.clone();
    future[6] = 99;
    assert_eq!(refused(&future), Some(PartialError::UnknownVersion { found: 99 }));
    for at in 8..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert_eq!(refused(&damaged), Some(PartialError::Damaged), "bit flipped in byte {at}");
    }
    let other = Reading::try_new(b"a\n1\n", &spec(), usize::MAX).unwrap();
    assert_eq!(Partial::from_bytes(&other.spec, &bytes).err(), Some(PartialError::OtherSpec));
}

#[test]
fn a_leaf_counts_once() {
    let reading = Reading::try_new(CSV.as_bytes(), &spec(), usize::MAX).unwrap();
    let mut partial = reading.sequential();
    assert_eq!(partial.merge(reading.sequential()), Err(PartialError::LeafTwice { leaf: 0 }));
}
