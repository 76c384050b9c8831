//! What an inspection is asked to do.

use async_graphql::{InputObject, Object, SimpleObject};
use data_inspector_domain::spec::{self, ByteChoice, Delimiter};

use super::scalar::Long;
use super::user_error::UserError;

/// What an inspection is asked to do.
pub(super) struct InspectionSpec(pub(super) spec::InspectionSpec);

/// What an inspection was asked to do.
#[Object]
impl InspectionSpec {
    /// How the file is to be read, where a person decided it; null fields are decided by looking at the file.
    async fn format(&self) -> FormatChoice {
        let format = &self.0.format;
        let choice = |choice: Option<ByteChoice>| choice.map(|choice| text(choice.byte()));
        FormatChoice {
            encoding: format.encoding.clone(),
            delimiter: format.delimiter.map(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned()),
            quote: choice(format.quote),
            escape: choice(format.escape),
            comment: choice(format.comment),
            header: format.header,
            skip_lines: format.skip_lines.map(Long),
        }
    }

    /// Cell texts that mean "no value", besides the empty one.
    async fn null_values(&self) -> &[String] {
        &self.0.null_values
    }

    /// Ranks at which quantiles are reported.
    async fn quantiles(&self) -> &[f64] {
        &self.0.quantiles
    }

    /// Bars of a histogram.
    async fn histogram_bins(&self) -> u32 {
        self.0.histogram_bins
    }

    /// Number of most frequent values reported of a column.
    async fn top_values(&self) -> u32 {
        self.0.top_values
    }
}

/// How a file is to be read. Null: it is decided by looking at the file.
#[derive(SimpleObject)]
struct FormatChoice {
    /// Encoding of the text.
    encoding: Option<String>,
    /// Text between two fields.
    delimiter: Option<String>,
    /// Character around fields; empty: there is none.
    quote: Option<String>,
    /// Character that escapes a quote; empty: quotes are doubled.
    escape: Option<String>,
    /// Character that starts a comment line; empty: there are no comments.
    comment: Option<String>,
    /// Whether the first record names the columns.
    header: Option<bool>,
    /// Lines before the first record that are not data.
    skip_lines: Option<Long>,
}

fn text(byte: Option<u8>) -> String {
    byte.map(|byte| char::from(byte).to_string()).unwrap_or_default()
}

/// What an inspection is to do. Everything is optional: what is left out is as most want it.
#[derive(Default, InputObject)]
pub(super) struct InspectionSpecInput {
    /// How the file is to be read, as far as you know it better than the survey.
    format: Option<FormatInput>,
    /// Cell texts that mean "no value", besides the empty one.
    null_values: Option<Vec<String>>,
    /// Ranks from 0 to 1 at which quantiles are reported, at most 100.
    quantiles: Option<Vec<f64>>,
    /// Bars of a histogram, 1 to 1,000.
    histogram_bins: Option<u32>,
    /// Number of most frequent values reported of a column, 0 to 1,000.
    top_values: Option<u32>,
}

/// How a file is to be read. What is left out is decided by looking at the file.
#[derive(Default, InputObject)]
struct FormatInput {
    /// Encoding of the text: `utf-8`, `utf-16` (or `utf-16le`, `utf-16be`), or one of single bytes such as `windows-1252`.
    encoding: Option<String>,
    /// Text between two fields, such as `;` or `||`: one to four bytes of UTF-8.
    delimiter: Option<String>,
    /// Character around fields, one of ASCII; empty: there is none.
    quote: Option<String>,
    /// Character that escapes a quote, one of ASCII; empty: quotes are doubled.
    escape: Option<String>,
    /// Character that starts a comment line, one of ASCII; empty: there are no comments.
    comment: Option<String>,
    /// Whether the first record names the columns.
    header: Option<bool>,
    /// Lines before the first record that are not data.
    skip_lines: Option<Long>,
}

impl InspectionSpecInput {
    /// The specification, or which part of it is impossible.
    pub(super) fn try_into_spec(self) -> Result<spec::InspectionSpec, UserError> {
        let format = self.format.unwrap_or_default().try_into_overrides()?;
        let mut spec = spec::InspectionSpec { format, ..spec::InspectionSpec::default() };
        if let Some(null_values) = self.null_values {
            let few = null_values.len() <= 100 && null_values.iter().all(|value| value.len() <= 256);
            check(few, "at most 100 texts of at most 256 bytes", "nullValues")?;
            spec.null_values = null_values;
        }
        if let Some(quantiles) = self.quantiles {
            let ranks = quantiles.len() <= 100 && quantiles.iter().all(|rank| (0.0..=1.0).contains(rank));
            check(ranks, "at most 100 numbers from 0 to 1", "quantiles")?;
            spec.quantiles = quantiles;
        }
        if let Some(bins) = self.histogram_bins {
            check((1..=1000).contains(&bins), "1 to 1,000", "histogramBins")?;
            spec.histogram_bins = bins;
        }
        if let Some(top_values) = self.top_values {
            check(top_values <= 1000, "0 to 1,000", "topValues")?;
            spec.top_values = top_values;
        }
        Ok(spec)
    }
}

fn check(holds: bool, expected: &str, field: &str) -> Result<(), UserError> {
    if holds {
        Ok(())
    } else {
        Err(UserError::invalid(format!("{expected} are possible"), &["input", "spec", field]))
    }
}

impl FormatInput {
    fn try_into_overrides(self) -> Result<spec::FormatOverrides, UserError> {
        let mut overrides = spec::FormatOverrides::default();
        if let Some(delimiter) = self.delimiter {
            let bytes = Some(delimiter.as_bytes()).filter(|bytes| !bytes.contains(&0));
            overrides.delimiter = Some(bytes.and_then(Delimiter::try_new).ok_or_else(no_delimiter)?);
        }
        overrides.quote = self.quote.map(|text| choice(&text, "quote")).transpose()?;
        overrides.escape = self.escape.map(|text| choice(&text, "escape")).transpose()?;
        overrides.comment = self.comment.map(|text| choice(&text, "comment")).transpose()?;
        overrides.encoding = self.encoding;
        overrides.header = self.header;
        overrides.skip_lines = self.skip_lines.map(|lines| lines.0);
        Ok(overrides)
    }
}

fn choice(text: &str, field: &str) -> Result<ByteChoice, UserError> {
    match text.as_bytes() {
        [] => Ok(ByteChoice::None),
        [byte] if byte.is_ascii() && !matches!(byte, b'\r' | b'\n' | 0) => Ok(ByteChoice::Byte(*byte)),
        _ => Err(not_one(field)),
    }
}

fn no_delimiter() -> UserError {
    let expected = "one to four bytes of UTF-8, no line break";
    UserError::invalid(expected, &["input", "spec", "format", "delimiter"])
}

fn not_one(field: &str) -> UserError {
    UserError::invalid("one character of ASCII, no line break", &["input", "spec", "format", field])
}
