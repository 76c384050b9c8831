//! `bench-data KIND --size BYTES OUT`: writes one benchmark file and prints what it holds as one line of JSON.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use data_inspector_bench::{Kind, generate};

/// Writes a delimited text file of a given size; the same arguments give the same bytes.
#[derive(Parser)]
struct Arguments {
    /// What the file holds.
    kind: Kind,
    /// Size of the file, at most one row less than this: bytes, or with K, M or G (powers of 1024).
    #[arg(long, value_parser = parse_size)]
    size: u64,
    /// Another seed, another file.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write; an existing file is replaced.
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let out = &arguments.out;
    let mut file = File::create(out).with_context(|| format!("create {}", out.display()))?;
    let written = generate(arguments.kind, arguments.size, arguments.seed, &mut file)
        .with_context(|| format!("write {}", out.display()))?;
    println!(r#"{{"bytes":{},"rows":{},"columns":{}}}"#, written.bytes, written.rows, written.columns);
    Ok(())
}

fn parse_size(text: &str) -> anyhow::Result<u64> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let Some(size) = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)) else {
        bail!("expected a number of bytes such as 4096, 64K, 10M or 1G");
    };
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes() {
        #[track_caller]
        fn check(text: &str, expected: Option<u64>) {
            assert_eq!(parse_size(text).ok(), expected, "{text}");
        }
        check("0", Some(0));
        check("4096", Some(4096));
        check("64K", Some(65_536));
        check("10M", Some(10_485_760));
        check("2G", Some(2_147_483_648));
        check("", None);
        check("M", None);
        check("1.5M", None);
        check("-1", None);
        check("1MB", None);
        check("99999999999G", None);
    }
}
