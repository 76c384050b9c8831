//! The inputs that the fuzz targets begin with, on stable Rust: `engine/fuzz/README.md`.

use std::path::{Path, PathBuf};

#[path = "../../../engine/fuzz/targets.rs"]
mod targets;

fn inputs(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine").join(folder);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn replay(target: fn(&[u8]), path: &Path, input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| target(input));
    assert!(outcome.is_ok(), "the input of {} breaks a rule: see above", path.display());
}

#[test]
fn every_input_of_the_corpus() {
    for (name, target) in targets::ALL {
        let inputs = inputs(&format!("fuzz/corpus/{name}"));
        assert!(inputs.len() >= 20, "{} inputs of {name}", inputs.len());
        inputs.iter().for_each(|(path, input)| replay(target, path, input));
    }
}

/// The hostile files are good inputs too, in every format that the target knows.
#[test]
fn the_hostile_files_as_inputs() {
    let files =
        inputs("corpus").into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "csv"));
    for (path, file) in files {
        replay(targets::records, &path, &file);
        for format in 0..4 {
            let choice = [format, 2, 5, 0b0101_0110, format & 1];
            replay(targets::law, &path, &[&choice[..], &file].concat());
        }
        for format in 4..7 {
            replay(targets::pieces, &path, &[&[format, 2], &file[..]].concat());
        }
    }
}
