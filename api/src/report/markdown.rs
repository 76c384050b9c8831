//! A report as Markdown, for tickets and pull requests: GitHub Flavored Markdown with tables.

use std::fmt::{self, Write};

use askama::Template;
use askama::filters::Escaper;
use data_inspector_domain::profile::Profile;

use super::page::Page;

#[derive(Template)]
#[template(path = "report.md")]
struct Document {
    page: Page,
}

/// The report of `profile` as Markdown. Text of the file is escaped (CommonMark §2.4), so that it is read as text.
pub fn render_markdown(profile: &Profile, file_name: &str) -> String {
    Document { page: Page::of(profile, file_name) }.render().expect("a template writes to memory")
}

/// Escapes what means something within a line or a cell of a table; `askama.toml` names it.
#[derive(Clone, Copy)]
pub(super) struct Markdown;

impl Escaper for Markdown {
    fn write_escaped_str<W: Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        for character in string.chars() {
            if "\\`*_[]<>#|~&".contains(character) {
                dest.write_char('\\')?;
            }
            dest.write_char(character)?;
        }
        Ok(())
    }
}
