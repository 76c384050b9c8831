//! The first lines: which file, how large, and how it was read, in words.

use data_inspector_domain::profile::{Format, Profile};
use indicatif::HumanBytes;

use super::line::{Flow, Line, Piece, Tone, flow};
use super::number::counted;

pub(super) fn lines(profile: &Profile, file_name: &str, width: usize) -> Vec<Line> {
    let size = format!(
        "  {} · {} · {}",
        HumanBytes(profile.bytes),
        counted(profile.row_count, "row", "rows"),
        counted(profile.column_count.into(), "column", "columns"),
    );
    let mut first = Line::default();
    first.put(0, width.saturating_sub(size.chars().count()), &Piece::new(Tone::Strong, file_name));
    first.push(Tone::Plain, &size);

    let words = dialect(&profile.format).into_iter().map(|words| Piece::new(Tone::Dim, words)).collect();
    let mut lines = vec![first];
    lines.extend(flow(Line::default(), &Flow { separator: ", ", indent: 0, width }, words));
    lines
}

/// How the file was read, in words.
pub(super) fn dialect(format: &Format) -> Vec<String> {
    let mut words = vec![format!("separated by {}", separators(&format.delimiter))];
    words.push(match &format.quote {
        Some(quote) => format!("quoted with {quote}"),
        None => String::from("no quotes"),
    });
    words.extend(format.escape.as_ref().map(|escape| format!("escaped with {escape}")));
    words.extend(format.comment.as_ref().map(|comment| format!("comments after {comment}")));
    words.push(String::from(if format.header { "first row names the columns" } else { "no header" }));
    words.push(format.encoding.to_uppercase());
    if format.byte_order_mark {
        words.push(String::from("byte-order mark"));
    }
    words
}

fn separators(delimiter: &str) -> &str {
    match delimiter {
        "," => "commas",
        ";" => "semicolons",
        "\t" => "tabs",
        "|" => "pipes",
        ":" => "colons",
        " " => "spaces",
        other => other,
    }
}
