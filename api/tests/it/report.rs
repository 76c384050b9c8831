//! The report: what people see, and what must hold whatever is in a file.

use console::{measure_text_width, strip_ansi_codes};
use data_inspector_api::report::{Style, render};
use data_inspector_domain::profile::Profile;

use crate::profiles::{
    HOSTILE, clean, customers, empty, header_only, hostile, many_columns, one_large_column,
};

const PLAIN: Style = Style { colour: false, width: 100 };

fn plain(profile: &Profile, width: usize) -> String {
    render(profile, "customers.csv", Style { width, ..PLAIN })
}

#[test]
fn the_sample_at_80_cells() {
    insta::assert_snapshot!(plain(&customers(), 80));
}

#[test]
fn the_sample_at_120_cells() {
    insta::assert_snapshot!(plain(&customers(), 120));
}

#[test]
fn the_sample_at_200_cells() {
    insta::assert_snapshot!(plain(&customers(), 200));
}

#[test]
fn files_with_little_in_them() {
    insta::assert_snapshot!("empty", plain(&empty(), 80));
    insta::assert_snapshot!("header_only", plain(&header_only(), 80));
    insta::assert_snapshot!("one_large_column", plain(&one_large_column(), 80));
}

#[test]
fn hostile_names_and_values() {
    insta::assert_snapshot!("hostile_80", plain(&hostile(), 80));
    insta::assert_snapshot!("hostile_120", plain(&hostile(), 120));
}

#[test]
fn a_clean_file_is_said_to_be_clean() {
    assert!(plain(&clean(), 80).contains("✓ no defects found"));
}

#[test]
fn of_many_columns_the_first_are_shown_and_the_rest_is_counted() {
    let report = plain(&many_columns(50_000), 80);
    assert!(report.contains(" column_200 ") && !report.contains("column_201"));
    assert!(report.ends_with("\n… and 49,800 more columns; --json has them all\n"));
    assert!(!plain(&many_columns(200), 80).contains("more column"));
    assert!(plain(&many_columns(201), 80).contains("… and 1 more column; "));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let profiles = [customers(), empty(), header_only(), one_large_column(), many_columns(3), hostile()];
    for width in 1..=240 {
        for profile in &profiles {
            let report = render(profile, &HOSTILE.repeat(5), Style { width, ..PLAIN });
            for line in report.lines() {
                assert!(measure_text_width(line) <= width, "{width} cells:\n{line}");
            }
        }
    }
}

#[test]
fn nothing_from_the_file_reaches_the_terminal_as_a_command() {
    let without_colour = render(&hostile(), HOSTILE, PLAIN);
    assert!(without_colour.chars().all(|character| character == '\n' || !character.is_control()));
    assert!(without_colour.contains("␛[2J␛]0;owned␇a␍↵b⇥‹U+009B›31m‹U+202E›"));

    let with_colour = render(&hostile(), HOSTILE, Style { colour: true, ..PLAIN });
    assert_ne!(with_colour, without_colour);
    assert_eq!(strip_ansi_codes(&with_colour), without_colour);
}
