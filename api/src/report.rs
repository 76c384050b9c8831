//! The report of an inspection for people who look rather than read: what file, what is wrong with it, what is
//! in each column. As plain lines of text, never wider than asked; as one HTML file; as Markdown. Not here: the terminal
//! itself, and how any number is computed.

mod alerts;
mod chart;
mod columns;
mod facts;
mod findings;
mod head;
mod html;
mod line;
mod markdown;
mod number;
mod page;
mod rows;
mod text;

use data_inspector_domain::profile::Profile;

pub use self::html::render_html;
pub use self::markdown::render_markdown;
pub use self::text::visible;

/// Narrower than this the layout stays as it is and lines are cut.
const MIN_LAYOUT_WIDTH: usize = 72;
/// Wider than this the eye does not find from one end of a line to the other.
const MAX_LAYOUT_WIDTH: usize = 220;

/// What the place where a report is shown can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours and bold type are understood.
    pub colour: bool,
    /// Cells per line.
    pub width: usize,
}

/// The report of `profile`, in lines of at most `style.width` cells, each ended by a line feed.
///
/// Whatever the file holds, its control characters are replaced by visible ones ([`visible`]); the only escape
/// sequences in the result are the colours of this report.
pub fn render(profile: &Profile, file_name: &str, style: Style) -> String {
    let layout_width = style.width.clamp(MIN_LAYOUT_WIDTH, MAX_LAYOUT_WIDTH);
    let mut lines = head::lines(profile, file_name, layout_width);
    lines.push(line::Line::default());
    lines.extend(findings::lines(&profile.findings, layout_width));
    lines.push(line::Line::default());
    lines.extend(rows::lines(profile, layout_width));
    lines.extend(alerts::lines(&profile.alerts, layout_width));
    lines.extend(columns::lines(profile, layout_width));

    let mut report = String::new();
    for line in &lines {
        line.paint(style, &mut report);
    }
    report
}
