//! The report as a document: HTML and Markdown.

use data_inspector_api::report::{render_html, render_markdown};

use crate::profiles::{HOSTILE, clean, customers, empty, header_only, hostile, many_columns};

/// What a document must never take for its own.
const MARKUP: &str =
    "</code></details><script>alert(1)</script><img src=x onerror=alert(1)>\"'&|*_[x](javascript:y)`";

#[test]
fn the_sample_as_markdown() {
    insta::assert_snapshot!(render_markdown(&customers(), "customers.csv"));
}

#[test]
fn files_with_little_in_them_are_documents_too() {
    for profile in [empty(), header_only(), clean()] {
        assert!(render_html(&profile, "a.csv").contains("✓ no defects found"));
        assert!(render_markdown(&profile, "a.csv").contains("No defects found."));
    }
}

#[test]
fn html_of_many_columns_has_them_all() {
    let html = render_html(&many_columns(1_000), "wide.csv");
    assert_eq!(html.matches("<details class=\"column\"").count(), 1_000);
    assert!(html.contains("column_1000"));
}

#[test]
fn text_of_a_file_stays_text() {
    let mut profile = hostile();
    profile.columns[0].name = MARKUP.into();
    profile.columns[0].top_values[0].value = MARKUP.into();
    profile.findings[0].examples[0].excerpt = MARKUP.into();
    let html = render_html(&profile, MARKUP);
    assert_eq!((html.matches("<script").count(), html.matches("<img").count()), (1, 0));
    assert!(html.contains("script-src 'sha256-"));
    let markdown = render_markdown(&profile, HOSTILE);
    let markup = markdown.replace("\\<", "").replace("\\[", "");
    assert!(!markup.contains('<') && !markup.contains('['), "{markdown}");
    for document in [html, markdown] {
        assert!(document.chars().all(|character| character == '\n' || !character.is_control()));
    }
}

#[test]
fn rows_of_markdown_tables_have_as_many_cells_as_their_head() {
    let markdown = render_markdown(&hostile(), HOSTILE);
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let columns = markdown.split("## Columns").nth(1).unwrap();
    let rows: Vec<&str> = columns.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 2 + 2);
    assert!(rows.iter().all(|row| cells(row) == 10), "{columns}");
}
