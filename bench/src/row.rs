//! One record as text, cell after cell. Cells are written as they are: quoting is the caller's.

use crate::random::Random;

/// A record under construction; its memory is used again for the next one.
#[derive(Default)]
pub(crate) struct Row {
    bytes: Vec<u8>,
    cell_starts: Vec<usize>,
}

impl Row {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.cell_starts.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn cell_count(&self) -> usize {
        self.cell_starts.len()
    }

    /// Starts the next cell; everything pushed until the next call belongs to it.
    pub(crate) fn cell(&mut self) -> &mut Self {
        if !self.cell_starts.is_empty() {
            self.bytes.push(b',');
        }
        self.cell_starts.push(self.bytes.len());
        self
    }

    pub(crate) fn end(&mut self) {
        self.bytes.push(b'\n');
    }

    /// A cell per text.
    pub(crate) fn texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.cell().text(text);
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.padded(number, 1);
    }

    /// `number` in decimal with zeros in front up to `width` digits, at most 20.
    pub(crate) fn padded(&mut self, number: u64, width: usize) {
        // A copy of constant length and a cut are far cheaper than a copy of unknown length.
        const MOST_DIGITS: [u8; 20] = [b'0'; 20];
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let start = self.bytes.len();
        let end = start + digits.max(width);
        self.bytes.extend_from_slice(&MOST_DIGITS);
        self.bytes.truncate(end);
        let mut rest = number;
        for digit in self.bytes[start..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }

    pub(crate) fn signed(&mut self, number: i64) {
        if number < 0 {
            self.text("-");
        }
        self.number(number.unsigned_abs());
    }

    /// `scaled / 10^places`: `decimal(-1234, 2)` is `-12.34`.
    pub(crate) fn decimal(&mut self, scaled: i64, places: u32) {
        if scaled < 0 {
            self.text("-");
        }
        let unit = 10_u64.pow(places);
        self.number(scaled.unsigned_abs() / unit);
        self.text(".");
        self.padded(scaled.unsigned_abs() % unit, places as usize);
    }

    /// `YYYY-MM-DD` in one of `years` years from `first_year`.
    pub(crate) fn date(&mut self, first_year: u64, years: u64, random: &mut Random) {
        const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let month = random.below(12);
        self.padded(first_year + random.below(years), 4);
        self.text("-");
        self.padded(month + 1, 2);
        self.text("-");
        self.padded(1 + random.below(DAYS[month as usize]), 2);
    }

    /// `HH:MM:SS`.
    pub(crate) fn time(&mut self, random: &mut Random) {
        let second_of_day = random.below(86_400);
        self.padded(second_of_day / 3_600, 2);
        self.text(":");
        self.padded(second_of_day / 60 % 60, 2);
        self.text(":");
        self.padded(second_of_day % 60, 2);
    }

    /// A random (version 4) UUID.
    pub(crate) fn uuid(&mut self, random: &mut Random) {
        let high = random.next() & !0xF000 | 0x4000;
        let low = random.next() & !(0xC000 << 48) | (0x8000 << 48);
        self.hex(high >> 32, 8);
        self.text("-");
        self.hex(high >> 16, 4);
        self.text("-");
        self.hex(high, 4);
        self.text("-");
        self.hex(low >> 48, 4);
        self.text("-");
        self.hex(low, 12);
    }

    /// The lowest `digits` hexadecimal digits of `number`.
    fn hex(&mut self, number: u64, digits: u32) {
        for digit in (0..digits).rev() {
            self.bytes.push(b"0123456789abcdef"[(number >> (4 * digit) & 15) as usize]);
        }
    }

    /// Puts `bytes` before the text of a cell.
    pub(crate) fn insert_before(&mut self, cell: usize, bytes: &[u8]) {
        self.insert(self.cell_starts[cell], bytes);
    }

    /// Puts `bytes` behind the text of a cell, which is not the last one.
    pub(crate) fn insert_behind(&mut self, cell: usize, bytes: &[u8]) {
        self.insert(self.cell_starts[cell + 1] - 1, bytes);
    }

    /// Ends the record before a cell.
    pub(crate) fn cut_before(&mut self, cell: usize) {
        self.bytes.truncate(self.cell_starts[cell] - 1);
        self.cell_starts.truncate(cell);
        self.end();
    }

    /// Adds a cell to an ended record.
    pub(crate) fn append_cell(&mut self, text: &str) {
        self.bytes.pop();
        self.cell().text(text);
        self.end();
    }

    fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.bytes.splice(at..at, bytes.iter().copied());
        for start in self.cell_starts.iter_mut().filter(|start| **start > at) {
            *start += bytes.len();
        }
    }
}
