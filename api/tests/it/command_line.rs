//! What `data-inspector` refuses, and how it says so.

use assert_cmd::Command;

fn data_inspector(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::new(env!("CARGO_BIN_EXE_data-inspector"))
        .env_remove("COLUMNS")
        .env_remove("DATA_INSPECTOR_CONFIG")
        .env_remove("DATA_INSPECTOR_SERVER")
        .env_remove("DATA_INSPECTOR_TOKEN")
        .args(arguments)
        .assert()
}

/// Wrong usage: exit code 2, nothing on stdout, and stderr names what is wrong.
fn check_refused(arguments: &[&str], named: &str) {
    let output = data_inspector(arguments).code(2).stdout("").get_output().clone();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(named), "{arguments:?} does not mention {named:?}:\n{message}");
}

#[test]
fn wrong_usage_is_refused_before_anything_is_read() {
    check_refused(&["--listen=here"], "--listen");
    check_refused(&["inspect"], "<FILE>");
    check_refused(&["inpsect", "f.csv"], "inpsect");
    check_refused(&["inspect", "f.csv", "g.csv"], "g.csv");
    check_refused(&["inspect", "f.csv", "--jason"], "--jason");
    check_refused(&["inspect", "f.csv", "--threads=0"], "--threads");
    check_refused(&["inspect", "f.csv", "--threads=257"], "1..=256");
    check_refused(&["inspect", "f.csv", "--threads=many"], "--threads");
    check_refused(&["inspect", "f.csv", "--delimiter=abcde"], "one to four bytes");
    check_refused(&["inspect", "f.csv", "--delimiter="], "one to four bytes");
    check_refused(&["inspect", "f.csv", "--delimiter=ééé"], "one to four bytes");
    check_refused(&["inspect", "f.csv", "--delimiter=none"], "one to four bytes");
    check_refused(&["inspect", "f.csv", "--delimiter=\n"], "one to four bytes");
    check_refused(&["inspect", "f.csv", "--quote=''"], "or `none`");
    check_refused(&["inspect", "f.csv", "--escape=ab"], "or `none`");
    check_refused(&["inspect", "f.csv", "--comment=//"], "or `none`");
    check_refused(&["inspect", "f.csv", "--header=maybe"], "yes, no, auto");
    check_refused(&["inspect", "f.csv", "--skip-lines=-1"], "--skip-lines");
    check_refused(&["inspect", "f.csv", "--top=1001"], "0..=1000");
    check_refused(&["inspect", "f.csv", "--leaf-size=3MiB"], "power of two");
    check_refused(&["inspect", "f.csv", "--leaf-size=0"], "power of two");
    check_refused(&["inspect", "f.csv", "--leaf-size=4KB"], "4KiB");
    check_refused(&["inspect", "f.csv", "--chunk-size=0"], "1 byte to 1GiB");
    check_refused(&["inspect", "f.csv", "--chunk-size=2GiB"], "1 byte to 1GiB");
}

#[test]
fn special_characters_must_differ() {
    check_refused(&["inspect", "f.csv", "--delimiter=;", "--quote=;"], "--delimiter and --quote");
    check_refused(&["inspect", "f.csv", "--delimiter=tab", "--comment=\t"], "--delimiter and --comment");
    check_refused(&["inspect", "f.csv", "--quote=#", "--comment=#"], "--quote and --comment");
    check_refused(&["inspect", "f.csv", "--quote='", "--escape='"], "--quote and --escape");
}

#[test]
fn help_and_version_are_answers() {
    let help = |arguments: &[&str]| {
        let output = data_inspector(arguments).success().stderr("").get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    insta::assert_snapshot!(help(&["inspect", "--help"]));
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_of_upload", help(&["upload", "--help"]));
    data_inspector(&["--version"]).success().stderr("");
}

#[test]
fn a_failed_inspection_exits_with_1_and_says_why_on_stderr() {
    let output =
        data_inspector(&["inspect", "no-such-\u{1b}[31mfile.csv"]).code(1).stdout("").get_output().clone();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.starts_with("data-inspector: ") && message.contains("no-such-␛[31mfile.csv"),
        "{message:?}"
    );
    assert_eq!(message.matches(char::is_control).collect::<Vec<_>>(), ["\n"], "{message:?}");
}
