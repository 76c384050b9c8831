//! Decides how a file is to be read before the first leaf is counted: dialect, header, columns, sizes. Looks
//! at the head of the file, at a piece of its middle and of its end, and reads on to the end of the first record, in
//! bounded memory.

use std::ops::Range;

use data_inspector_domain::failure::{Failure, FailureCode};
use data_inspector_domain::finding::FindingCode;
use data_inspector_domain::spec::{
    ByteChoice, ColumnKind, Confidence, Delimiter, Dialect, ENGINE_VERSION, FileHead, FormatOverrides,
    InspectionSpec, LengthLimits, LineEnding, ResolvedSpec,
};

use crate::charset::{self, Charset};
use crate::column::NullSpellings;
use crate::ledger::LineCounter;
use crate::limits::{COLUMNS, SURVEY_BYTES};
use crate::scan::Need;
use crate::utf16::{ByteOrder, Decoder, PIECE_BYTES};

mod dialect;
mod elsewhere;
mod encoding;
mod first_record;
mod header;
mod magic;
mod sizes;
mod units;

use dialect::{Decision, Texts};
use elsewhere::whole_lines;
use first_record::{FirstRecord, FirstRecordReader};

/// The byte-order mark in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the head of a file.
pub struct Survey {
    spec: InspectionSpec,
    file_size: u64,
    /// The first bytes, and once it is decided that they are UTF-16, their text.
    sample: Vec<u8>,
    /// Pieces of the middle and of the end.
    elsewhere: Vec<Vec<u8>>,
    decided: Option<Decided>,
}

/// What the sample has decided, while the first record is read to its end.
struct Decided {
    dialect: Dialect,
    /// First byte after byte-order mark and skipped lines, and its line.
    start: u64,
    start_line: u64,
    byte_order_mark: bool,
    has_header: bool,
    line_ending: Option<LineEnding>,
    encoding: String,
    confidence: Confidence,
    /// Most frequent number of cells in the sample, if a record ended in it.
    sample_width: Option<usize>,
    /// What its columns are, where they are so many.
    kinds: Vec<ColumnKind>,
    /// Of UTF-16.
    decoder: Option<Decoder>,
    reader: FirstRecordReader,
}

impl Survey {
    /// Of a file of this size. Fails if the spec asks for something impossible.
    pub fn try_new(spec: &InspectionSpec, file_size: u64) -> Result<Self, Failure> {
        validate(spec)?;
        Ok(Self { spec: spec.clone(), file_size, sample: Vec::new(), elsewhere: Vec::new(), decided: None })
    }

    /// Ranges of the file to be given to [`Self::look_at`], before anything else. They follow from its size.
    pub fn elsewhere(&self) -> Vec<Range<u64>> {
        elsewhere::ranges(self.file_size)
    }

    /// Takes the bytes of one of the ranges [`Self::elsewhere`].
    pub fn look_at(&mut self, bytes: Vec<u8>) {
        self.elsewhere.push(bytes);
    }

    /// Takes the next bytes of the file, from its first byte on.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Need, Failure> {
        if let Some(decided) = &mut self.decided {
            return decided.feed(bytes);
        }
        let (sampled, after) = bytes.split_at(bytes.len().min(SURVEY_BYTES - self.sample.len()));
        self.sample.extend_from_slice(sampled);
        if self.sample.len() < SURVEY_BYTES && (self.sample.len() as u64) < self.file_size {
            return Ok(Need::More);
        }
        self.decide()?;
        match &mut self.decided {
            Some(decided) if !after.is_empty() => decided.feed(after),
            Some(decided) => Ok(decided.reader.need()),
            None => Ok(Need::More),
        }
    }

    /// The resolved spec, once nothing more is needed or the file has ended.
    pub fn finish(mut self) -> Result<ResolvedSpec, Failure> {
        if self.decided.is_none() {
            self.decide()?;
        }
        let decided = self.decided.expect("deciding fails or decides");
        let first = decided.reader.finish();
        if first.cells > COLUMNS {
            return Err(too_many_columns());
        }
        let spec = &self.spec;
        let columns = column_names(decided.has_header, decided.sample_width, &first);
        // A leaf begins with a whole code unit, of whatever encoding.
        let leaf_size_bytes = spec.leaf_size_bytes.unwrap_or_else(|| default_leaf_size(self.file_size));
        let leaf_size_bytes = leaf_size_bytes.max(if decided.decoder.is_some() { 2 } else { 1 });
        let mut null_values = spec.null_values.clone();
        null_values.retain(|text| !text.is_empty());
        null_values.sort_unstable();
        null_values.dedup();
        let mut quantiles = spec.quantiles.clone();
        quantiles.sort_by(f64::total_cmp);
        let (data_offset, data_line, findings) = if decided.has_header {
            (first.end, first.end_line, first.findings)
        } else {
            // The first record is counted with the others. What it cannot show there is a quote that is none any more.
            let mut findings = first.findings;
            findings.retain(|finding| match finding.code {
                FindingCode::UnclosedQuote => decided.dialect.quote.is_none(),
                code => matches!(code, FindingCode::DoubleByteOrderMark | FindingCode::Preamble),
            });
            (decided.start, decided.start_line, findings)
        };
        Ok(ResolvedSpec {
            engine_version: ENGINE_VERSION,
            file_size_bytes: self.file_size,
            leaf_size_bytes,
            dialect: decided.dialect,
            head: FileHead {
                byte_order_mark: decided.byte_order_mark,
                has_header: decided.has_header,
                line_ending: decided.line_ending,
                encoding: decided.encoding,
                confidence: decided.confidence,
                line_endings: if decided.has_header { first.line_endings } else { [0; 3] },
                data_offset,
                data_line,
                findings,
            },
            sketches: sizes::sketch_sizes(columns.len() as u64, spec.state_budget_bytes),
            column_kinds: if decided.kinds.len() == columns.len() { decided.kinds } else { Vec::new() },
            columns,
            null_values,
            quantiles,
            histogram_bins: spec.histogram_bins,
            limits: LengthLimits::default(),
            top_values: spec.top_values,
        })
    }

    fn decide(&mut self) -> Result<(), Failure> {
        magic::refuse_known_formats(&self.sample)?;
        let overrides = &self.spec.format;
        let at_eof = self.sample.len() as u64 == self.file_size;
        let utf16 = units::decide(&self.sample, overrides.encoding.as_deref())?;
        let charset = utf16.map_or(Charset::Utf8, |utf16| Charset::Utf16(utf16.order));
        let mut decoder = charset.decoder(self.file_size);
        if let Some(decoder) = &mut decoder {
            let pieces = std::mem::take(&mut self.sample);
            pieces.chunks(PIECE_BYTES).for_each(|piece| self.sample.extend_from_slice(decoder.decode(piece)));
        }
        let measure = charset.measure();
        magic::refuse_binary_data(&self.sample, measure)?;
        let marks = self.sample.chunks(MARK.len()).take(2).take_while(|&bytes| bytes == MARK).count();
        let byte_order_mark = marks > 0;
        let start = skip_lines(&self.sample, marks * MARK.len(), overrides.skip_lines.unwrap_or(0))?;
        let text = &self.sample[start..];
        // Of UTF-16 the head has to do.
        let pieces = self.elsewhere.iter().filter(|_| utf16.is_none());
        let elsewhere: Vec<&[u8]> = pieces.map(|piece| whole_lines(piece)).collect();
        let (encoding, encoding_confidence) = match (utf16, &overrides.encoding) {
            (Some(utf16), _) => (utf16.order.name().to_owned(), utf16.confidence),
            (None, Some(stated)) => (charset::supported(stated).unwrap_or_default(), 1.0),
            (None, None) if byte_order_mark => ("utf-8".to_owned(), 1.0),
            (None, None) => encoding::decide(text, &elsewhere),
        };
        let overrides = &in_bytes(overrides, &encoding)?;
        let texts = Texts { head: text, at_eof, elsewhere: &elsewhere };
        let Decision { dialect, runaway_quote, mut confidence } = dialect::decide(texts, overrides);
        confidence.encoding = encoding_confidence;
        let mut sample = header::Sample::new(&dialect, text, at_eof);
        let offset_of = |at: usize| measure.bytes(&self.sample[..at]);
        let mut reader = FirstRecordReader::new(
            dialect,
            &encoding,
            self.file_size,
            (offset_of(start), self.line_at(start)),
        );
        if let Some(quote) = runaway_quote {
            reader.report_runaway_quote(text, quote);
        }
        let skips = overrides.skip_lines.is_some() || overrides.header.is_some();
        let (start, text) = match sample.table_start().filter(|_| !skips) {
            None => (start, text),
            Some((table, lines)) => {
                reader.skip_preamble(text, table, &lines);
                let below = (start + table, &text[table..]);
                sample = header::Sample::new(&dialect, below.1, at_eof);
                below
            }
        };
        confidence.header = if overrides.header.is_some() { 1.0 } else { sample.header_confidence() };
        let has_header = overrides.header.unwrap_or_else(|| sample.has_header());
        if marks > 1 {
            reader.report_second_mark(offset_of(MARK.len()));
        }
        let line_ending = sample.line_ending();
        reader.expect_line_ending(line_ending);
        reader.feed(text)?;
        let sample_width = sample.width();
        let kinds = sample.column_kinds(has_header, &NullSpellings::new(&self.spec.null_values));
        let start_line = self.line_at(start);
        let start = offset_of(start);
        let decided = Decided {
            dialect,
            start,
            start_line,
            byte_order_mark,
            has_header,
            line_ending,
            encoding,
            confidence,
            sample_width,
            kinds,
            decoder,
            reader,
        };
        self.decided = Some(decided);
        Ok(())
    }

    /// The line, from 1, that begins at this byte of the sample.
    fn line_at(&self, start: usize) -> u64 {
        let mut lines = LineCounter::default();
        lines.advance(&self.sample[..start]);
        lines.lines + 1
    }
}

impl Decided {
    /// Takes the bytes after the sample.
    fn feed(&mut self, bytes: &[u8]) -> Result<Need, Failure> {
        let Some(decoder) = &mut self.decoder else { return self.reader.feed(bytes) };
        for piece in bytes.chunks(PIECE_BYTES) {
            if self.reader.feed(decoder.decode(piece))? == Need::Nothing {
                return Ok(Need::Nothing);
            }
        }
        Ok(self.reader.need())
    }
}

fn too_many_columns() -> Failure {
    Failure::new(
        FailureCode::TooManyColumns,
        format!(
            "the first record has more than {COLUMNS} cells; if that is wrong, state the delimiter or quote"
        ),
    )
}

fn column_names(has_header: bool, sample_width: Option<usize>, first: &FirstRecord) -> Vec<String> {
    let numbered = |index: usize| format!("column_{}", index + 1);
    if !has_header {
        return (0..sample_width.unwrap_or(first.cells)).map(numbered).collect();
    }
    let name = |(index, name): (usize, &String)| {
        if name.trim().is_empty() { numbered(index) } else { name.clone() }
    };
    first.names.iter().enumerate().map(name).collect()
}

/// The delimiter as the file has it: what a person states is UTF-8.
fn in_bytes(overrides: &FormatOverrides, encoding: &str) -> Result<FormatOverrides, Failure> {
    let Some(stated) = overrides.delimiter else { return Ok(overrides.clone()) };
    // A leaf may end between the two code units of a character that has two.
    let in_one_unit = |text: &&str| {
        ByteOrder::of_name(encoding).is_none() || text.chars().all(|character| character.len_utf16() == 1)
    };
    let text = std::str::from_utf8(stated.as_bytes()).ok().filter(in_one_unit);
    let bytes = text.and_then(|text| Charset::new(encoding).encode(text));
    let delimiter = bytes.as_deref().and_then(Delimiter::try_new).ok_or_else(|| {
        let message = format!("the delimiter cannot be written in {encoding}, the encoding of the file");
        Failure::new(FailureCode::InvalidSpec, message)
    })?;
    Ok(FormatOverrides { delimiter: Some(delimiter), ..overrides.clone() })
}

/// Skips `lines` physical lines from `start` on.
fn skip_lines(sample: &[u8], start: usize, lines: u64) -> Result<usize, Failure> {
    let mut at = start;
    for line in 0..lines {
        let Some(end) = memchr::memchr2(b'\n', b'\r', &sample[at..]).map(|end| at + end) else {
            return Err(Failure::new(
                FailureCode::InvalidSpec,
                format!("cannot skip {lines} lines: line {} does not end in the first 1 MiB", line + 1),
            ));
        };
        at = end + if sample[end..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    Ok(at)
}

/// The leaf is the unit of parallelism and of the law; its size follows from the size of the file alone.
fn default_leaf_size(file_size: u64) -> u64 {
    if file_size < 128 << 20 { 4 << 20 } else { 16 << 20 }
}

fn validate(spec: &InspectionSpec) -> Result<(), Failure> {
    let refuse = |message: String| Err(Failure::new(FailureCode::InvalidSpec, message));
    let FormatOverrides { delimiter, quote, escape, comment, .. } = &spec.format;
    let choices = [quote, escape, comment].map(|choice| choice.and_then(ByteChoice::byte));
    let special: Vec<u8> = choices.into_iter().flatten().collect();
    if special.iter().any(|byte| matches!(byte, b'\n' | b'\r') || !byte.is_ascii()) {
        return refuse("quote, escape and comment must be ASCII and no line ending".to_owned());
    }
    let delimiter = delimiter.iter().flat_map(|delimiter| delimiter.as_bytes().to_vec());
    let mut others: Vec<u8> = delimiter.collect();
    for byte in special {
        if others.contains(&byte) {
            return refuse(format!("{:?} has two meanings; state different characters", char::from(byte)));
        }
        others.push(byte);
    }
    if let Some(label) = spec.format.encoding.as_ref().filter(|label| charset::supported(label).is_none()) {
        return refuse(format!(
            "{label:?} is no encoding that can be read: UTF-8, UTF-16 or one of single bytes; convert to UTF-8 first"
        ));
    }
    if !spec.quantiles.iter().all(|q| (0.0..=1.0).contains(q)) || spec.quantiles.len() > 1000 {
        return refuse("quantiles must be at most 1,000 ranks between 0 and 1".to_owned());
    }
    if !(1..=1000).contains(&spec.histogram_bins) || spec.top_values > 1000 {
        return refuse("a histogram has 1 to 1,000 bins, and at most 1,000 top values are kept".to_owned());
    }
    if spec.leaf_size_bytes.is_some_and(|size| !size.is_power_of_two()) {
        return refuse("the leaf size must be a power of two".to_owned());
    }
    if spec.null_values.iter().any(|text| text.len() > 256) || spec.null_values.len() > 1000 {
        return refuse("null values: at most 1,000 of at most 256 bytes each".to_owned());
    }
    Ok(())
}
