//! A report as one HTML file: it needs nothing else, can be searched, and is light or dark as the reader's system is.

use askama::Template;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use data_inspector_domain::profile::Profile;
use sha2::{Digest as _, Sha256};

use super::page::Page;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Document {
    page: Page,
    style: &'static str,
    script: &'static str,
    /// The only script that a browser may run, whatever the file holds (W3C Content Security Policy Level 3, §2.3.1).
    script_hash: String,
}

/// The report of `profile` as HTML. Text of the file is escaped; a content security policy keeps the page from loading
/// anything and from running anything but its own script.
pub fn render_html(profile: &Profile, file_name: &str) -> String {
    let script_hash = format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(SCRIPT)));
    let document = Document { page: Page::of(profile, file_name), style: STYLE, script: SCRIPT, script_hash };
    document.render().expect("a template writes to memory")
}
