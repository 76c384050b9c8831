//! One block per column. Its first line is a row of a table; a second holds range and mean, and on narrow
//! terminals a third what did not fit beside.

use data_inspector_domain::profile::{ColumnProfile, DataType, Profile};

use super::chart::{bar, sparkline};
use super::facts::{average, lengths, notes, null_share, range, top, type_name};
use super::line::{Line, Piece, Tone, joined};
use super::number::{count, counted, estimated_count, percent};
use super::text::{visible, width};

/// More than these nobody looks at one by one.
const COLUMNS_SHOWN: usize = 200;
const GAP: usize = 2;
const TYPE_CELLS: usize = 9;
const BAR_CELLS: usize = 6;
const PERCENT_CELLS: usize = 6;
const NULLS_CELLS: usize = BAR_CELLS + 1 + PERCENT_CELLS;
const DISTINCT_TITLE: &str = "distinct";
const NO_NAME: &str = "(no name)";
const MIN_NAME_CELLS: usize = 14;
const MAX_NAME_CELLS: usize = 40;
const SMALL_CHART_CELLS: usize = 16;
const LARGE_CHART_CELLS: usize = 32;
/// From this share of nulls on, a column is more hole than cheese.
const MANY_NULLS: f64 = 0.5;
/// From this width on, the most frequent values stand in the table.
const WIDTH_WITH_TOP: usize = 120;
/// From these widths on, histograms are large: without and with the most frequent values beside them.
const WIDTHS_WITH_LARGE_CHART: (usize, usize) = (96, 150);

pub(super) fn lines(profile: &Profile, width: usize) -> Vec<Line> {
    let mut title = Line::default();
    title.push(Tone::Strong, "Columns");
    if profile.columns.is_empty() {
        title.push(Tone::Dim, "  none: the file holds no records");
        return vec![title];
    }
    let shown = &profile.columns[..profile.columns.len().min(COLUMNS_SHOWN)];
    let table = Table::of(shown, width);
    let mut lines = vec![title, table.titles()];
    for column in shown {
        lines.extend(table.block(column));
    }
    lines.extend(rest(profile.columns.len() - shown.len()));
    lines
}

/// What is not shown, and where it can be seen.
fn rest(columns: usize) -> Vec<Line> {
    if columns == 0 {
        return Vec::new();
    }
    let mut line = Line::default();
    line.push(Tone::Strong, &format!("… and {}", counted(columns as u64, "more column", "more columns")));
    line.push(Tone::Dim, "; --json has them all");
    vec![Line::default(), line]
}

/// First cell and number of cells.
#[derive(Clone, Copy, Debug)]
struct Slot {
    at: usize,
    cells: usize,
}

impl Slot {
    fn end(self) -> usize {
        self.at + self.cells
    }

    /// The slot of this many cells after this one.
    fn next(self, cells: usize) -> Self {
        Self { at: self.end() + GAP, cells }
    }

    /// From this slot's first cell to the other's last.
    fn through(self, other: Self) -> Self {
        Self { at: self.at, cells: other.end() - self.at }
    }
}

/// Where the parts of all blocks stand.
#[derive(Debug)]
struct Table {
    index: Slot,
    name: Slot,
    data_type: Slot,
    nulls: Slot,
    distinct: Slot,
    chart: Slot,
    /// Most frequent values, if there is room for them beside the rest.
    top: Option<Slot>,
    width: usize,
}

impl Table {
    fn of(columns: &[ColumnProfile], total: usize) -> Self {
        let widest = |cell: fn(&ColumnProfile) -> String, title: &str| {
            columns.iter().map(|column| width(&cell(column))).max().unwrap_or(0).max(title.len())
        };
        let has_top = total >= WIDTH_WITH_TOP;
        let large_from = if has_top { WIDTHS_WITH_LARGE_CHART.1 } else { WIDTHS_WITH_LARGE_CHART.0 };
        let chart_cells = if total >= large_from { LARGE_CHART_CELLS } else { SMALL_CHART_CELLS };
        let index = Slot { at: 0, cells: widest(position, " #") };
        let distinct_cells = widest(|column| estimated_count(&column.distinct), DISTINCT_TITLE);

        let others = [index.cells, TYPE_CELLS, NULLS_CELLS, distinct_cells, chart_cells];
        let left = total.saturating_sub(others.iter().map(|cells| cells + GAP).sum());
        let most = if has_top { left / 3 } else { left }.clamp(MIN_NAME_CELLS, MAX_NAME_CELLS);
        let name = index.next(widest(|column| visible(&column.name), "column").clamp(MIN_NAME_CELLS, most));

        let data_type = name.next(TYPE_CELLS);
        let nulls = data_type.next(NULLS_CELLS);
        let distinct = nulls.next(distinct_cells);
        let chart_at = distinct.end() + GAP;
        let chart = distinct.next(chart_cells.min(total.saturating_sub(chart_at)));
        let top = has_top.then(|| chart.next(total.saturating_sub(chart.end() + GAP)));
        Self { index, name, data_type, nulls, distinct, chart, top, width: total }
    }

    fn titles(&self) -> Line {
        let title = |text: &str| Piece::new(Tone::Dim, text);
        let mut line = Line::default();
        line.put_right(self.index.at, self.index.cells, &title("#"));
        line.put(self.name.at, self.name.cells, &title("column"));
        line.put(self.data_type.at, self.data_type.cells, &title("type"));
        line.put_right(self.nulls.at, self.nulls.cells, &title("nulls"));
        line.put_right(self.distinct.at, self.distinct.cells, &title(DISTINCT_TITLE));
        line.put(self.chart.at, self.chart.cells, &title("distribution"));
        if let Some(top) = self.top {
            line.put(top.at, top.cells, &title("most frequent values"));
        }
        line
    }

    fn block(&self, column: &ColumnProfile) -> Vec<Line> {
        let mut lines = match self.top {
            Some(slot) => self.wide_block(column, slot),
            None => self.narrow_block(column),
        };
        lines.retain(|line| !line.is_blank());
        lines
    }

    /// Row with the most frequent values; range, mean and notes.
    fn wide_block(&self, column: &ColumnProfile, top_slot: Slot) -> Vec<Line> {
        let mut first = self.row(column);
        first.put_all(top_slot.at, top_slot.cells, &top(column, top_slot.cells));
        let average = average(column);
        let average_slot = self.nulls.through(self.chart);
        let range_end = if average.is_empty() { self.chart } else { self.data_type };
        let range_slot = self.name.through(range_end);
        let mut second = Line::default();
        second.put_all(range_slot.at, range_slot.cells, &range(column, range_slot.cells));
        second.put_all(average_slot.at, average_slot.cells, &average);

        let notes = joined(notes(column));
        if notes.iter().map(Piece::width).sum::<usize>() <= top_slot.cells {
            second.put_all(top_slot.at, top_slot.cells, &notes);
            return vec![first, second];
        }
        vec![first, second, self.note_line(&notes)]
    }

    /// Row; range beside mean or most frequent values; the most frequent values if there was a mean; notes.
    fn narrow_block(&self, column: &ColumnProfile) -> Vec<Line> {
        let left = self.name.through(self.data_type);
        let right = self.nulls.through(self.chart);
        let average = average(column);
        let top = top(column, right.cells);
        let (beside, below) = if average.is_empty() { (top, average) } else { (average, top) };
        let mut second = Line::default();
        second.put_all(left.at, left.cells, &range(column, left.cells));
        second.put_all(right.at, right.cells, &beside);
        let mut third = Line::default();
        third.put_all(right.at, right.cells, &below);
        vec![self.row(column), second, third, self.note_line(&joined(notes(column)))]
    }

    fn note_line(&self, notes: &[Piece]) -> Line {
        let mut line = Line::default();
        line.put_all(self.name.at, self.width - self.name.at, notes);
        line
    }

    /// The row of the table, without the most frequent values.
    fn row(&self, column: &ColumnProfile) -> Line {
        let has_values = column.data_type != DataType::Empty;
        let type_tone = if has_values { Tone::Plain } else { Tone::Warn };
        let mut line = Line::default();
        line.put_right(self.index.at, self.index.cells, &Piece::new(Tone::Dim, position(column)));
        let name = match column.name.as_str() {
            "" => Piece::new(Tone::Warn, NO_NAME),
            name => Piece::new(Tone::Strong, name),
        };
        line.put(self.name.at, self.name.cells, &name);
        line.put(
            self.data_type.at,
            self.data_type.cells,
            &Piece::new(type_tone, type_name(column.data_type)),
        );
        self.put_nulls(&mut line, column);
        let distinct = Piece::new(Tone::Plain, estimated_count(&column.distinct));
        line.put_right(self.distinct.at, self.distinct.cells, &distinct);
        let chart = match &column.histogram {
            Some(histogram) => Piece::new(Tone::Chart, sparkline(&histogram.counts, self.chart.cells)),
            None => Piece::new(Tone::Dim, lengths(column, self.chart.cells).unwrap_or_default()),
        };
        line.put(self.chart.at, self.chart.cells, &chart);
        line
    }

    fn put_nulls(&self, line: &mut Line, column: &ColumnProfile) {
        let share = null_share(column);
        let tone = match share {
            share if share <= 0.0 => Tone::Dim,
            share if share >= MANY_NULLS => Tone::Warn,
            _ => Tone::Plain,
        };
        let bar_tone = if tone == Tone::Plain { Tone::Chart } else { tone };
        line.put(self.nulls.at, BAR_CELLS, &Piece::new(bar_tone, bar(share, BAR_CELLS)));
        line.push(Tone::Dim, &"·".repeat((self.nulls.at + BAR_CELLS).saturating_sub(line.width())));
        line.put_right(self.nulls.at, NULLS_CELLS, &Piece::new(tone, percent(share)));
    }
}

/// Columns are counted from 1, as in `column_1`.
fn position(column: &ColumnProfile) -> String {
    count(u64::from(column.index) + 1)
}
