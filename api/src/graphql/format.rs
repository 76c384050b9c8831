//! How a file was read.

use async_graphql::SimpleObject;
use data_inspector_domain::profile;
use data_inspector_domain::spec::Confidence;

use super::scalar::Long;

/// How the file was read.
#[derive(SimpleObject)]
pub(super) struct FileFormat {
    /// `csv`, for any delimited text.
    name: String,
    /// Encoding of the text.
    encoding: String,
    /// The file starts with a byte-order mark.
    byte_order_mark: bool,
    /// Text between two fields.
    delimiter: String,
    /// Character around quoted fields; null if there is none.
    quote: Option<String>,
    /// Character that escapes a quote; null where quotes are doubled.
    escape: Option<String>,
    /// Character that starts a comment line; null if there are none.
    comment: Option<String>,
    /// The first record names the columns.
    header: bool,
    /// How clearly the file shows that.
    confidence: FormatConfidence,
    /// Lines by how they end.
    line_endings: LineEndings,
    /// Byte at which the data start.
    data_offset: Long,
}

/// How clearly a file shows how it is to be read: from 0 to 1, and 1 for what a person decided.
#[derive(SimpleObject)]
struct FormatConfidence {
    /// Share of what is not ASCII that the encoding can read; a half where all is ASCII.
    encoding: f64,
    /// How far the next best delimiter is behind: 1 if nothing else makes a table.
    delimiter: f64,
    /// Share of quotes that open and close fields as they should; a half where there are none.
    quote: f64,
    /// A half and half the share by which the columns agree whether there is a header; a half where none can tell.
    header: f64,
}

/// Exact number of lines by how they end: records, header, blank and comment lines.
#[derive(SimpleObject)]
struct LineEndings {
    /// In a line feed.
    lf: Long,
    /// In a carriage return and a line feed.
    crlf: Long,
    /// In a carriage return alone.
    cr: Long,
}

impl From<profile::Format> for FileFormat {
    fn from(format: profile::Format) -> Self {
        let Confidence { encoding, delimiter, quote, header } = format.confidence;
        let profile::LineEndings { lf, crlf, cr } = format.line_endings;
        Self {
            name: format.name,
            encoding: format.encoding,
            byte_order_mark: format.byte_order_mark,
            delimiter: format.delimiter,
            quote: format.quote,
            escape: format.escape,
            comment: format.comment,
            header: format.header,
            confidence: FormatConfidence { encoding, delimiter, quote, header },
            line_endings: LineEndings { lf: lf.into(), crlf: crlf.into(), cr: cr.into() },
            data_offset: format.data_offset.into(),
        }
    }
}
