//! Located defects.

use async_graphql::{Enum, Object, SimpleObject};
use data_inspector_domain::finding;

use super::scalar::Long;

/// The kinds of defects. More may come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "finding::FindingCode")]
pub(super) enum FindingCode {
    /// The file begins with two byte-order marks; the second one is skipped too.
    DoubleByteOrderMark,
    /// A line above the header: of another number of cells, or with hardly one filled. It is skipped.
    Preamble,
    /// The header has a column without a name.
    BlankLabel,
    /// Two columns of the header have the same name.
    DuplicateLabel,
    /// A name of the header has whitespace around it.
    PaddedLabel,
    /// A name of the header equals an earlier one but for upper and lower case.
    CaseCollidingLabel,
    /// A name of the header is a number, date, or other typed value.
    DataLikeLabel,
    /// A record has fewer fields than there are columns.
    MissingCell,
    /// A record has more fields than there are columns.
    ExtraCell,
    /// A record with too few or too many fields whose values fit the columns if those from some field on are moved: a
    /// delimiter is missing, or one too many, in the middle.
    ColumnShift,
    /// A line between records is empty; it is no record.
    BlankRow,
    /// All fields of a record are empty.
    EmptyRow,
    /// All fields of a record are empty or spaces and tabs, and at least one is not empty.
    WhitespaceRow,
    /// A record equals the header, cell by cell.
    RepeatedHeader,
    /// A record with too few or too many fields that begins with `#`, where the file has no comments.
    CommentLikeRow,
    /// A quote inside an unquoted field; it is taken as text.
    StrayQuote,
    /// Text between a closing quote and the next delimiter; it is appended to the field.
    TextAfterClosingQuote,
    /// A quoted field that is still open where the file ends.
    UnclosedQuote,
    /// A quoted field that holds line after line with as many delimiters as a record has: 16 such lines one after
    /// another, 256 in a file of two columns.
    RunawayQuote,
    /// A quoted field with a line ending in it.
    QuotedLineEnding,
    /// A record, blank or comment line ends in another way than most lines at the head of the file.
    MixedLineEnding,
    /// The file ends without a line ending, in its last record or comment.
    MissingFinalLineEnding,
    /// The file ends without a line ending in a record that is too short or in an open quote.
    TruncatedLastRecord,
    /// Bytes that are not UTF-8; each maximal ill-formed sequence counts once.
    #[graphql(name = "INVALID_UTF8")]
    InvalidUtf8,
    /// Bytes that mean nothing in the encoding of the file, where that is not UTF-8.
    UndecodableByte,
    /// A byte-order mark after the start of the file.
    MisplacedByteOrderMark,
    /// The replacement character U+FFFD.
    ReplacementCharacter,
    /// A character of UTF-8 whose bytes were read as Windows-1252 and written as UTF-8 again.
    Mojibake,
    /// NUL bytes; a run of them counts once.
    NulByte,
    /// Control characters of ASCII other than NUL, tab and line endings; a run of them counts once.
    ControlCharacter,
    /// A field longer than 1 MiB.
    FieldTooLong,
}

/// How bad something is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "finding::Severity")]
pub(super) enum Severity {
    /// Worth knowing.
    Info,
    /// Readable, but probably not meant so.
    Warn,
    /// The file says something else than its writer meant, or readers will disagree about it.
    Error,
}

/// One kind of defect in a file.
pub(super) struct Finding {
    pub(super) finding: finding::Finding,
    pub(super) shows_values: bool,
}

/// One kind of defect in a file: how often, and where.
#[Object]
impl Finding {
    /// What is wrong.
    async fn code(&self) -> FindingCode {
        self.finding.code.into()
    }

    /// How bad it is.
    async fn severity(&self) -> Severity {
        self.finding.severity.into()
    }

    /// One sentence for a person who has never heard of the code.
    async fn explanation(&self) -> &'static str {
        self.finding.code.explanation()
    }

    /// Exact number of occurrences in what is read; never capped.
    async fn count(&self) -> Long {
        self.finding.count.into()
    }

    /// The first occurrences by place in the file.
    async fn examples(
        &self,
        #[graphql(desc = "How many; 100 are kept.", default = 20)] first: u32,
    ) -> Vec<FindingExample> {
        self.shown(self.finding.examples.iter().take(first as usize))
    }

    /// The last occurrences by place in the file, the last one at the end.
    async fn last_examples(
        &self,
        #[graphql(desc = "How many; 10 are kept.", default = 10)] last: u32,
    ) -> Vec<FindingExample> {
        let kept = all_or(&self.finding.last_examples, &self.finding);
        let last = kept.len().min(MOST_LAST_EXAMPLES).min(last as usize);
        self.shown(kept[kept.len() - last..].iter())
    }

    /// A uniform sample of all occurrences by place in the file, always the same one: at most 100, and all of them
    /// where there are not more.
    async fn sample_examples(&self) -> Vec<FindingExample> {
        self.shown(all_or(&self.finding.sample_examples, &self.finding).iter())
    }

    /// Where in the file the occurrences are.
    async fn histogram(&self) -> FindingHistogram {
        let finding::FindingHistogram { range_bytes, counts } = &self.finding.histogram;
        FindingHistogram {
            range_bytes: (*range_bytes).into(),
            counts: counts.iter().copied().map(Long).collect(),
        }
    }
}

/// As many as the document keeps.
const MOST_LAST_EXAMPLES: usize = 10;

/// The document does not repeat examples where the first ones are all there are.
fn all_or<'a>(
    kept: &'a [finding::FindingExample],
    finding: &'a finding::Finding,
) -> &'a [finding::FindingExample] {
    if kept.is_empty() { &finding.examples } else { kept }
}

impl Finding {
    fn shown<'a>(&self, examples: impl Iterator<Item = &'a finding::FindingExample>) -> Vec<FindingExample> {
        examples.map(|example| FindingExample::of(example, self.shows_values)).collect()
    }
}

/// Occurrences by place: the file in 64 ranges of equal length.
#[derive(SimpleObject)]
struct FindingHistogram {
    /// Length of a range in bytes; the first one begins at byte 0.
    range_bytes: Long,
    /// Exact number of occurrences in each range.
    counts: Vec<Long>,
}

/// One occurrence of a defect.
#[derive(SimpleObject)]
struct FindingExample {
    /// Byte of the file it is at.
    byte_offset: Long,
    /// Row, from 1; 0 in the header; null where the place belongs to no row.
    row: Option<Long>,
    /// Line of the file, from 1.
    line: Long,
    /// Name of the column; null if it is in none.
    column: Option<String>,
    /// Position of the column, from 0; null if it is in none.
    column_index: Option<Long>,
    /// What the format asks for, such as `20 cells`.
    expected: Option<String>,
    /// What is there, such as `19 cells`; never a value of the file.
    found: Option<String>,
    /// A few characters around the place; null for whoever may not see values.
    excerpt: Option<String>,
}

impl FindingExample {
    fn of(example: &finding::FindingExample, shows_values: bool) -> Self {
        Self {
            byte_offset: example.byte_offset.into(),
            row: example.row.map(Long),
            line: example.line.into(),
            column: example.column.clone(),
            column_index: example.column_index.map(Long::from),
            expected: example.expected.clone(),
            found: example.found.clone(),
            excerpt: shows_values.then(|| example.excerpt.clone()),
        }
    }
}
