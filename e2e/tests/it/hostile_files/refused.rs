//! What is no table, or may not be read: exit code 1, nothing on stdout, one line on stderr that says what it is.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::support::{Ran, file_of, program, run};

#[track_caller]
fn check_bytes(bytes: &[u8], words: &[&str]) {
    run(file_of(bytes).path()).assert_failed(words);
}

#[test]
fn other_formats_are_named() {
    check_bytes(b"PAR1\x15\x04\x15\x10", &["a Parquet file", "at byte 0"]);
    check_bytes(b"\x1F\x8B\x08\x00\x00\x00\x00\x00", &["gzip"]);
    check_bytes(b"\x28\xB5\x2F\xFD\x04\x00", &["zstd"]);
    check_bytes(b"PK\x03\x04\x14\x00", &["zip"]);
    check_bytes(b"%PDF-1.7\n", &["PDF"]);
    check_bytes(b"SQLite format 3\x00\x10", &["SQLite"]);
    check_bytes(b"\xFF\xFE\x00\x00a\x00\x00\x00", &["UTF-32", "convert it to UTF-8"]);
    check_bytes(b"a\x00\x00\x00,\x00\x00\x00", &["UTF-32", "convert it to UTF-8"]);
    check_bytes(b"\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR\x00\x00\x00\x01", &["binary data", "NUL"]);
    check_bytes(&[0; 4096], &["binary data", "first of 4096 NUL bytes is at byte 0"]);
}

#[test]
fn a_program_is_no_table() {
    run(program()).assert_failed(&["binary data", "NUL bytes"]);
}

#[test]
fn a_hundred_thousand_columns_are_the_limit() {
    let row = |cells: usize| ["1"].repeat(cells).join(",").into_bytes();
    assert_eq!(run(file_of(&row(100_000)).path()).profile().column_count, 100_000);
    check_bytes(&row(100_001), &["more than 100000 cells", "state the delimiter"]);
}

/// Nobody has to read the whole line to know that there are too many.
#[test]
fn a_line_of_millions_of_columns() {
    check_bytes(&b"1,".repeat(8 << 20), &["more than 100000 cells"]);
}

#[test]
fn what_is_no_file_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let dangling = folder.path().join("dangling.csv");
    std::os::unix::fs::symlink("nowhere.csv", &dangling).unwrap();
    run(folder.path()).assert_failed(&["is a directory"]);
    run(&pipe).assert_failed(&["is a pipe"]);
    run(Path::new("/dev/null")).assert_failed(&["is a device"]);
    run(&folder.path().join("none.csv")).assert_failed(&["there is no file", "none.csv"]);
    run(&dangling).assert_failed(&["there is no file", "dangling.csv"]);
    run(&folder.path().join("none.csv/below.csv")).assert_failed(&["below.csv"]);
}

#[test]
fn a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"a\xFF\n\x1B[31m.csv"));
    run(&path).assert_failed(&["there is no file"]);
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    assert_eq!(run(&path).profile().row_count, 1);
}

/// Permissions mean nothing to root, so root becomes somebody else, who needs a program that he may read.
#[test]
fn no_permission() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.csv");
    std::fs::write(&file, "a,b\n1,2\n").unwrap();
    set_mode(&file, 0o000);
    set_mode(folder.path(), 0o755);
    let mut command = if folder.path().metadata().unwrap().uid() == 0 {
        let copy = folder.path().join("data-inspector");
        std::fs::copy(program(), &copy).unwrap();
        set_mode(&copy, 0o755);
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
        setpriv
    } else {
        Command::new(program())
    };
    let ran: Ran = command.args(["inspect", "--json"]).arg(&file).output().unwrap().into();
    ran.assert_failed(&["no permission to open", "secret.csv"]);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
