//! Benchmark files: what they look like and nothing about measuring. A file is a function of (kind, size,
//! seed), so that a figure can be repeated on another machine years later; the random numbers are therefore our
//! own and do not change with a dependency.

use std::io::{self, Write};

use random::Random;
use row::Row;

mod mixed;
mod numeric;
mod random;
mod row;
mod wide;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// 10 columns of integers and decimals, nothing quoted.
    Numeric,
    /// 20 columns of a customer list: ids, names, dates, categories, amounts, nulls, quoted notes with line ends.
    Mixed,
    /// 500 columns of short values.
    Wide,
    /// The mixed file with one defect in every row: ragged, stray quote, invalid UTF-8, text after a closing
    /// quote, in turn.
    Bad,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Size of the file.
    pub bytes: u64,
    /// Records after the header.
    pub rows: u64,
    /// Columns of the header.
    pub columns: usize,
}

/// Rows are collected to this many bytes before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// Writes a header and as many rows as fit into `size_bytes`. A header that does not fit is written all the same.
pub fn generate(kind: Kind, size_bytes: u64, seed: u64, out: &mut impl Write) -> io::Result<Written> {
    let mut random = Random::new(seed);
    let mut row = Row::default();
    header(kind, &mut row);
    row.end();
    let columns = row.cell_count();
    let mut buffer = Vec::with_capacity(BUFFER_BYTES + row.bytes().len());
    buffer.extend_from_slice(row.bytes());
    let mut bytes = buffer.len() as u64;
    let mut rows = 0;
    loop {
        row.clear();
        data(kind, rows, &mut random, &mut row);
        if bytes + row.bytes().len() as u64 > size_bytes {
            break;
        }
        bytes += row.bytes().len() as u64;
        rows += 1;
        buffer.extend_from_slice(row.bytes());
        if buffer.len() >= BUFFER_BYTES {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)?;
    out.flush()?;
    Ok(Written { bytes, rows, columns })
}

fn header(kind: Kind, row: &mut Row) {
    match kind {
        Kind::Numeric => row.texts(&numeric::COLUMNS),
        Kind::Mixed | Kind::Bad => row.texts(&mixed::COLUMNS),
        Kind::Wide => wide::header(row),
    }
}

fn data(kind: Kind, index: u64, random: &mut Random, row: &mut Row) {
    match kind {
        Kind::Numeric => numeric::data(index, random, row),
        Kind::Mixed | Kind::Bad => mixed::data(index, random, row),
        Kind::Wide => wide::data(index, random, row),
    }
    row.end();
    if kind == Kind::Bad {
        mixed::damage(index, row);
    }
}

#[cfg(test)]
mod tests;
