//! A quote that was never meant to open a field swallows the rows after it until the next quote comes. What that looks
//! like: line after line of the field has as many delimiters as a record. An estimate, since lines of a table that
//! was put into a cell on purpose look the same.

use data_inspector_domain::spec::Dialect;

use crate::automaton::State;

/// So many rows in one run are no coincidence, with three columns or more.
const ROWS: u64 = 16;
/// With two columns each row has only one delimiter to tell.
const ROWS_OF_TWO_COLUMNS: u64 = 256;

/// The lines of a quoted field, read as if they were outside of quotes.
pub(crate) struct Swallowed {
    dialect: Dialect,
    width: usize,
    state: State,
    /// The line that is being read is whole: it began in the field.
    whole: bool,
    cells: usize,
    run: u64,
    longest_run: u64,
    rows: u64,
}

impl Swallowed {
    /// After the opening quote of a field, in a file of `width` columns.
    pub(crate) fn new(dialect: &Dialect, width: usize) -> Self {
        let dialect = Dialect { quote: None, escape: None, comment: None, ..*dialect };
        let state = State::Unquoted;
        Self { dialect, width, state, whole: false, cells: 1, run: 0, longest_run: 0, rows: 0 }
    }

    /// Takes the next bytes of the field.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Unquoted {
                let next = memchr::memchr3(self.dialect.delimiter.first(), b'\n', b'\r', &bytes[at..]);
                at = next.map_or(bytes.len(), |next| at + next);
            }
            let Some(&byte) = bytes.get(at) else { return };
            let ends_before = self.state == State::AfterCr && byte == b'\n';
            self.state = self.state.step(&self.dialect, byte);
            match self.state {
                State::FieldStart => self.cells += 1,
                State::RecordStart | State::AfterCr if !ends_before => self.end_line(),
                _ => {}
            }
            at += 1;
        }
    }

    /// A line ends in the field.
    pub(crate) fn has_lines(&self) -> bool {
        self.whole
    }

    /// Rows that the field seems to have swallowed, if there are enough of them to say so.
    pub(crate) fn rows(&self) -> Option<u64> {
        let enough = match self.width {
            0 | 1 => return None,
            2 => ROWS_OF_TWO_COLUMNS,
            _ => ROWS,
        };
        (self.longest_run >= enough).then_some(self.rows)
    }

    fn end_line(&mut self) {
        if self.whole && self.cells == self.width {
            self.run += 1;
            self.rows += 1;
            self.longest_run = self.longest_run.max(self.run);
        } else {
            self.run = 0;
        }
        (self.whole, self.cells) = (true, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, width: usize, rows: Option<u64>) {
        let mut whole = Swallowed::new(&Dialect::RFC4180, width);
        whole.feed(text.as_bytes());
        let mut pieces = Swallowed::new(&Dialect::RFC4180, width);
        text.as_bytes().chunks(1).for_each(|piece| pieces.feed(piece));
        assert_eq!((whole.rows(), pieces.rows()), (rows, rows));
    }

    #[test]
    fn lines_like_rows_are_counted() {
        let lines = |count: usize, line: &str| format!("tail of a row\n{}", line.repeat(count));
        check(&lines(15, "1,2,3\n"), 3, None);
        check(&lines(16, "1,2,3\n"), 3, Some(16));
        check(&lines(16, "1,2,3\r\n"), 3, Some(16));
        check(&lines(16, "1,2,3\r"), 3, Some(16));
        check(&lines(16, "1,2\n"), 3, None);
        check(&lines(255, "1,2\n"), 2, None);
        check(&lines(256, "1,2\n"), 2, Some(256));
        check(&lines(9999, "1\n"), 1, None);
        check(&format!("{}no row\n{}", lines(15, "1,2,3\n"), "4,5,6\n".repeat(15)), 3, None);
        check(&format!("{}no row\n{}", lines(16, "1,2,3\n"), "4,5,6\n".repeat(5)), 3, Some(21));
    }
}
