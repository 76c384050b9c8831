//! A line of the report: pieces of visible text, each with a tone. Text enters a line in one place only, which
//! makes it visible first, and leaves it in one place only, which cuts it to the width.

use std::fmt::Write as _;

use super::Style;
use super::text::{truncate, visible, width};

/// Stands between two facts.
pub(super) const SEPARATOR: &str = " · ";

/// What a piece of text is to the reader; colours follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// What the eye should find first.
    Strong,
    /// Secondary.
    Dim,
    Error,
    Warn,
    Good,
    /// Bars and histograms.
    Chart,
}

impl Tone {
    fn style(self) -> console::Style {
        let style = console::Style::new();
        match self {
            Self::Plain => style,
            Self::Strong => style.bold(),
            Self::Dim => style.dim(),
            Self::Error => style.red(),
            Self::Warn => style.yellow(),
            Self::Good => style.green(),
            Self::Chart => style.cyan(),
        }
    }
}

/// A piece of text with its tone.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) tone: Tone,
    pub(super) text: String,
}

impl Piece {
    pub(super) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }

    /// Cells it takes on a line.
    pub(super) fn width(&self) -> usize {
        width(&visible(&self.text))
    }
}

/// Pieces as one sequence, with a dim `·` between two.
pub(super) fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut sequence = Vec::new();
    for piece in pieces {
        if !sequence.is_empty() {
            sequence.push(Piece::new(Tone::Dim, SEPARATOR));
        }
        sequence.push(piece);
    }
    sequence
}

/// One line of the report.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    width: usize,
}

impl Line {
    /// A line that starts at cell `column`.
    pub(super) fn indented(column: usize) -> Self {
        let mut line = Self::default();
        line.pad_to(column);
        line
    }

    /// Cells taken so far.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Nothing but spaces.
    pub(super) fn is_blank(&self) -> bool {
        self.pieces.iter().all(|piece| piece.text.trim().is_empty())
    }

    /// Appends text.
    pub(super) fn push(&mut self, tone: Tone, text: &str) {
        let text = visible(text);
        self.width += width(&text);
        self.pieces.push(Piece { tone, text });
    }

    /// Appends spaces up to the cell `column`, if it is not reached yet.
    pub(super) fn pad_to(&mut self, column: usize) {
        if self.width < column {
            self.push(Tone::Plain, &" ".repeat(column - self.width));
        }
    }

    /// Appends text from cell `column` on, cut to `cells` cells.
    pub(super) fn put(&mut self, column: usize, cells: usize, piece: &Piece) {
        self.pad_to(column);
        self.push(piece.tone, &truncate(&visible(&piece.text), cells));
    }

    /// Appends pieces from cell `column` on, together cut to `cells` cells.
    pub(super) fn put_all(&mut self, column: usize, cells: usize, pieces: &[Piece]) {
        self.pad_to(column);
        let seen = pieces.iter().map(|piece| Piece::new(piece.tone, visible(&piece.text))).collect();
        for piece in cut(seen, cells) {
            self.push(piece.tone, &piece.text);
        }
    }

    /// Appends text cut to `cells` cells so that it ends at cell `column + cells`.
    pub(super) fn put_right(&mut self, column: usize, cells: usize, piece: &Piece) {
        let text = truncate(&visible(&piece.text), cells);
        self.pad_to(column + cells - width(&text));
        self.push(piece.tone, &text);
    }

    /// Writes the line and a line feed, cut to the width of `style`, without spaces at the end.
    pub(super) fn paint(&self, style: Style, out: &mut String) {
        let last_seen = self.pieces.iter().rposition(|piece| !piece.text.trim_end().is_empty());
        let pieces = &self.pieces[..last_seen.map_or(0, |last| last + 1)];
        for piece in cut(pieces.to_vec(), style.width) {
            let styled = piece.tone.style().force_styling(style.colour).apply_to(piece.text);
            write!(out, "{styled}").expect("writing to a string cannot fail");
        }
        out.push('\n');
    }
}

/// Visible pieces in at most `cells` cells, with `…` at the end if something is missing.
fn cut(pieces: Vec<Piece>, cells: usize) -> Vec<Piece> {
    let mut left: usize = pieces.iter().map(Piece::width).sum();
    let mut room = cells;
    let mut kept = Vec::new();
    for piece in pieces {
        let piece_width = piece.width();
        if left > room && piece_width >= room {
            // The piece may just fit, but then nothing would tell that others are missing.
            kept.push(Piece::new(piece.tone, truncate(&format!("{}……", piece.text), room)));
            break;
        }
        kept.push(piece);
        left -= piece_width;
        room -= piece_width;
    }
    kept
}

/// How pieces go on from line to line.
pub(super) struct Flow {
    /// Between two pieces.
    pub(super) separator: &'static str,
    /// First cell of every line but the first.
    pub(super) indent: usize,
    /// Cells of a line.
    pub(super) width: usize,
}

/// Appends pieces to `first`, and goes on in new lines where the next piece would not fit.
pub(super) fn flow(first: Line, how: &Flow, pieces: Vec<Piece>) -> Vec<Line> {
    let line_end = how.separator.trim_end();
    let mut lines = Vec::new();
    let mut line = first;
    let mut at_start = true;
    for piece in pieces {
        let end = line.width() + width(how.separator) + piece.width() + width(line_end);
        if !at_start && end > how.width {
            line.push(Tone::Dim, line_end);
            lines.push(line);
            line = Line::indented(how.indent);
        } else if !at_start {
            line.push(Tone::Dim, how.separator);
        }
        line.push(piece.tone, &piece.text);
        at_start = false;
    }
    lines.push(line);
    lines
}
