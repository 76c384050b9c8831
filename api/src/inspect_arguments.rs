//! What `data-inspector inspect` may be asked, and what it means. Not here: doing it.

use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use data_inspector_domain::spec::{ByteChoice, Delimiter, FormatOverrides, InspectionSpec};

const KIB: u64 = 1 << 10;
const MAX_CHUNK_BYTES: u64 = 1 << 30;
const MAX_THREADS: i64 = 256;

/// What `data-inspector inspect` is asked to do.
#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// The file to inspect: text with delimited columns (CSV, TSV, …)
    pub(crate) file: PathBuf,

    /// Print the profile as one JSON document instead of a report
    #[arg(long, group = "output")]
    pub(crate) json: bool,

    /// Print the report as one HTML file that can be searched, for a browser: inspect --html FILE > report.html
    #[arg(long, group = "output")]
    pub(crate) html: bool,

    /// Print the report as Markdown, for tickets
    #[arg(long, group = "output")]
    pub(crate) markdown: bool,

    /// Number of threads, 1 to 256; the answer does not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MAX_THREADS))]
    threads: Option<u16>,

    /// Bytes read at a time, e.g. 256KiB or 4MiB; the answer does not depend on it
    #[arg(long, value_name = "BYTES", default_value = "256KiB", value_parser = parse_chunk_size)]
    pub(crate) chunk_size: usize,

    #[command(flatten)]
    format: FormatArguments,

    #[command(flatten)]
    profile: ProfileArguments,
}

/// Decisions about the format, each of them taken by looking at the file unless given.
#[derive(Args, Debug)]
#[command(next_help_heading = "Format (found out by looking at the file where not given)")]
struct FormatArguments {
    /// Encoding of the text: utf-8, utf-16, or one of single bytes such as windows-1252
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,

    /// Text between two cells, such as `;` or `||`: up to four bytes, or `tab`
    #[arg(long, value_name = "TEXT", value_parser = parse_delimiter)]
    delimiter: Option<Delimiter>,

    /// Character around quoted cells, or `none`
    #[arg(long, value_name = "C", value_parser = parse_choice)]
    quote: Option<ByteChoice>,

    /// Character that escapes a quote in a quoted cell, or `none` if quotes are only doubled
    #[arg(long, value_name = "C", value_parser = parse_choice)]
    escape: Option<ByteChoice>,

    /// Character that starts a comment line, or `none`
    #[arg(long, value_name = "C", value_parser = parse_choice)]
    comment: Option<ByteChoice>,

    /// Whether the first record names the columns
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    header: Header,

    /// Number of lines before the first record that are no data
    #[arg(long, value_name = "N")]
    skip_lines: Option<u64>,
}

/// What the profile holds.
#[derive(Args, Debug)]
#[command(next_help_heading = "Profile")]
struct ProfileArguments {
    /// Text of a cell that means "no value"; may be repeated, and replaces the usual NA, N/A, NULL, -, …
    #[arg(long = "null-value", value_name = "TEXT", allow_negative_numbers = true)]
    null_values: Vec<String>,

    /// Number of most frequent values per column, 0 to 1000 [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
    top: Option<u32>,

    /// Size of the ranges the file is divided into, a power of two such as 64KiB; part of the question, as
    /// estimates may depend on it
    #[arg(long, value_name = "BYTES", value_parser = parse_leaf_size)]
    leaf_size: Option<u64>,

    /// Memory for the states of all columns, e.g. 64MiB; with many columns, a larger one makes estimates narrower
    /// [default: 16MiB]
    #[arg(long, value_name = "BYTES", value_parser = parse_size)]
    state_budget: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Header {
    Yes,
    No,
    Auto,
}

impl InspectArguments {
    /// Two characters of the format that are the same and must not be.
    pub(crate) fn contradiction(&self) -> Option<String> {
        self.format.contradiction()
    }

    /// The threads to work with: as asked, else one per core.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        match self.threads.and_then(NonZeroU16::new) {
            Some(threads) => threads.into(),
            None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }

    /// The question these arguments ask.
    pub(crate) fn spec(&self) -> InspectionSpec {
        let usual = InspectionSpec::default();
        let null_values = match self.profile.null_values.as_slice() {
            [] => usual.null_values,
            given => given.to_vec(),
        };
        InspectionSpec {
            format: self.format.overrides(),
            null_values,
            top_values: self.profile.top.unwrap_or(usual.top_values),
            leaf_size_bytes: self.profile.leaf_size,
            quantiles: usual.quantiles,
            histogram_bins: usual.histogram_bins,
            state_budget_bytes: self.profile.state_budget.unwrap_or(usual.state_budget_bytes),
        }
    }
}

impl FormatArguments {
    /// A character with two meanings.
    fn contradiction(&self) -> Option<String> {
        let bytes = |choice: Option<ByteChoice>| choice.and_then(ByteChoice::byte).into_iter().collect();
        let given: [(&str, Vec<u8>); 4] = [
            ("--delimiter", self.delimiter.iter().flat_map(|text| text.as_bytes().to_vec()).collect()),
            ("--quote", bytes(self.quote)),
            ("--escape", bytes(self.escape)),
            ("--comment", bytes(self.comment)),
        ];
        for (position, (one, bytes)) in given.iter().enumerate() {
            let mut others = given[position + 1..].iter();
            let same = others.find(|(_, others)| others.iter().any(|byte| bytes.contains(byte)));
            if let Some((other, _)) = same {
                return Some(format!("{one} and {other} must be different characters"));
            }
        }
        None
    }

    fn overrides(&self) -> FormatOverrides {
        FormatOverrides {
            encoding: self.encoding.clone(),
            delimiter: self.delimiter,
            quote: self.quote,
            escape: self.escape,
            comment: self.comment,
            header: match self.header {
                Header::Yes => Some(true),
                Header::No => Some(false),
                Header::Auto => None,
            },
            skip_lines: self.skip_lines,
        }
    }
}

fn parse_delimiter(text: &str) -> Result<Delimiter, String> {
    let one = parse_byte(text).map(Delimiter::byte);
    let bytes = text.as_bytes();
    one.or_else(|| Delimiter::try_new(bytes).filter(|_| !bytes.contains(&0) && text != "none"))
        .ok_or_else(|| String::from("expected one to four bytes of text, or `tab`"))
}

fn parse_choice(text: &str) -> Result<ByteChoice, String> {
    if text == "none" {
        return Ok(ByteChoice::None);
    }
    parse_byte(text)
        .map(ByteChoice::Byte)
        .ok_or_else(|| String::from("expected one ASCII character, `tab` or `none`"))
}

/// One ASCII character that does not end lines; a tab may be spelt out, as shells make it hard to type.
fn parse_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Some(b'\t'),
        b"\n" | b"\r" | b"\0" => None,
        [byte] if byte.is_ascii() => Some(*byte),
        _ => None,
    }
}

fn parse_chunk_size(text: &str) -> Result<usize, String> {
    let bytes = parse_size(text)?;
    if bytes == 0 || bytes > MAX_CHUNK_BYTES {
        return Err(String::from("expected 1 byte to 1GiB"));
    }
    usize::try_from(bytes).map_err(|error| error.to_string())
}

fn parse_leaf_size(text: &str) -> Result<u64, String> {
    let bytes = parse_size(text)?;
    if !bytes.is_power_of_two() {
        return Err(String::from("expected a power of two, such as 64KiB"));
    }
    Ok(bytes)
}

/// Bytes as a plain number or with a binary unit: `512`, `4KiB`, `16MiB`, `1GiB`.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits_end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" => Some(1),
        "kib" => Some(KIB),
        "mib" => Some(KIB * KIB),
        "gib" => Some(KIB * KIB * KIB),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .ok_or_else(|| String::from("expected a number of bytes, such as 4096, 4KiB or 16MiB"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::command_line::{Cli, Command};

    fn parsed(arguments: &[&str]) -> InspectArguments {
        let all = ["data-inspector", "inspect", "file.csv"].iter().chain(arguments);
        match Cli::try_parse_from(all).unwrap().command {
            Some(Command::Inspect(parsed)) => *parsed,
            other => panic!("not parsed as inspect: {other:?}"),
        }
    }

    #[test]
    fn without_options_the_survey_decides_and_the_defaults_hold() {
        assert_eq!(parsed(&[]).spec(), InspectionSpec::default());
        assert!(parsed(&[]).threads().get() >= 1);
    }

    #[test]
    fn every_option_reaches_the_spec() {
        let arguments = parsed(&[
            "--encoding=latin1",
            "--delimiter=tab",
            "--quote='",
            "--escape=\\",
            "--comment=none",
            "--header=no",
            "--skip-lines=3",
            "--null-value=",
            "--null-value",
            "-999",
            "--top=0",
            "--leaf-size=64KiB",
            "--threads=256",
            "--chunk-size=3",
        ]);
        let expected = InspectionSpec {
            format: FormatOverrides {
                encoding: Some(String::from("latin1")),
                delimiter: Some(Delimiter::byte(b'\t')),
                quote: Some(ByteChoice::Byte(b'\'')),
                escape: Some(ByteChoice::Byte(b'\\')),
                comment: Some(ByteChoice::None),
                header: Some(false),
                skip_lines: Some(3),
            },
            null_values: vec![String::new(), String::from("-999")],
            top_values: 0,
            leaf_size_bytes: Some(65_536),
            ..InspectionSpec::default()
        };
        assert_eq!(arguments.spec(), expected);
        assert_eq!(arguments.threads().get(), 256);
        assert_eq!(arguments.chunk_size, 3);
    }

    #[test]
    fn sizes_have_binary_units() {
        let check = |text: &str, bytes: Option<u64>| assert_eq!(parse_size(text).ok(), bytes, "{text}");
        check("0", Some(0));
        check("4096", Some(4096));
        check("4KiB", Some(4096));
        check("16mib", Some(16 << 20));
        check("1GiB", Some(1 << 30));
        check("", None);
        check("KiB", None);
        check("4KB", None);
        check("-1", None);
        check("1.5MiB", None);
        check("99999999999GiB", None);
    }

    #[test]
    fn a_delimiter_may_be_a_text() {
        let check = |text: &str, bytes: Option<&[u8]>| {
            assert_eq!(parse_delimiter(text).ok(), bytes.and_then(Delimiter::try_new), "{text:?}");
        };
        check("tab", Some(b"\t"));
        check("||", Some(b"||"));
        check("¦", Some("¦".as_bytes()));
        check("", None);
        check("|||||", None);
        check("|\n", None);
    }

    #[test]
    fn a_tab_can_be_spelt_out() {
        let check = |text: &str, byte: Option<u8>| assert_eq!(parse_byte(text), byte, "{text:?}");
        check(",", Some(b','));
        check("\t", Some(b'\t'));
        check("\\t", Some(b'\t'));
        check("tab", Some(b'\t'));
        check("\\", Some(b'\\'));
        check("", None);
        check("ab", None);
        check("é", None);
        check("\n", None);
    }
}
