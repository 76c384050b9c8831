//! How columns of numbers and times go together, on the sample of rows: the coefficients of Pearson and of Spearman for
//! pairs of columns, over the rows in which both have a number or time.

use data_inspector_domain::profile::{
    ColumnProfile, CorrelatedPair, Correlations, DataType, DayMonthOrder, Estimate, RowAlert, RowAlertCode,
};

use super::sampled::Sampled;
use crate::row_facts::CellKind;

/// Columns that are compared, each with each.
const MOST_COLUMNS: usize = 200;
const MOST_PAIRS: usize = 100;
/// With fewer rows there is always some correlation.
const FEWEST_ROWS: usize = 10;
const WEAKEST: f64 = 0.3;
const HIGH: f64 = 0.9;
const MOST_ALERTS: usize = 20;
/// Half of the standard normal distribution's mass but 2.5 % is below: 95 of 100 are within.
const NORMAL_95: f64 = 1.959_963_984_540_054;
const METHOD: &str = "sample of rows, Fisher's z, 95 %";

/// The strongest correlations.
pub(super) fn correlations(columns: &[ColumnProfile], sampled: &Sampled<'_>) -> Correlations {
    let readable: Vec<(usize, Reading)> = columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| Reading::of(column).map(|reading| (index, reading)))
        .collect();
    let compared = &readable[..readable.len().min(MOST_COLUMNS)];
    let series = all_series(compared, sampled);
    let mut pairs = Vec::new();
    for (at, left) in series.iter().enumerate() {
        pairs.extend(series[at + 1..].iter().filter_map(|right| pair(left, right, sampled.is_whole)));
    }
    pairs.sort_by(|a, b| strength(b).total_cmp(&strength(a)).then_with(|| a.columns.cmp(&b.columns)));
    pairs.truncate(MOST_PAIRS);
    Correlations {
        columns: compared.len() as u32,
        columns_left_out: (readable.len() - compared.len()) as u32,
        pairs,
    }
}

/// Pairs that are certainly highly correlated, at most 20.
pub(super) fn alerts(pairs: &[CorrelatedPair], provisional: bool) -> Vec<RowAlert> {
    let least = |r: &Estimate| r.lower.max(-r.upper);
    let high = pairs.iter().filter(|pair| least(&pair.pearson).max(least(&pair.spearman)) >= HIGH);
    let alert = |pair: &CorrelatedPair| RowAlert {
        code: RowAlertCode::HighCorrelation,
        value: strength(pair),
        threshold: HIGH,
        certain: true,
        provisional,
        columns: pair.columns.to_vec(),
        examples: Vec::new(),
    };
    high.take(MOST_ALERTS).map(alert).collect()
}

/// The larger of the two coefficients, whatever its sign.
fn strength(pair: &CorrelatedPair) -> f64 {
    pair.pearson.value.abs().max(pair.spearman.value.abs())
}

/// How the cells of a column become numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Numbers,
    DayFirst,
    MonthFirst,
}

impl Reading {
    /// `None` if the column is of something else, or its dates have no certain reading.
    fn of(column: &ColumnProfile) -> Option<Self> {
        let dominant = column.dominant_type.as_ref().map_or(column.data_type, |dominant| dominant.data_type);
        match dominant {
            DataType::Integer | DataType::Decimal | DataType::Float => Some(Self::Numbers),
            DataType::Date | DataType::Timestamp => {
                let dates = column.dates.as_ref()?;
                match dates.day_month_order {
                    Some(DayMonthOrder::ProvedMonthFirst) => Some(Self::MonthFirst),
                    Some(DayMonthOrder::ProvedDayFirst) | None => Some(Self::DayFirst),
                    Some(DayMonthOrder::Ambiguous) if dates.ambiguous == 0 => Some(Self::DayFirst),
                    Some(DayMonthOrder::Ambiguous | DayMonthOrder::Mixed) => None,
                }
            }
            _ => None,
        }
    }

    fn value(self, kind: CellKind, values: &[f64]) -> Option<f64> {
        match (self, kind) {
            (Self::Numbers, CellKind::Number)
            | (Self::DayFirst, CellKind::Time | CellKind::DayFirst | CellKind::TwoReadings)
            | (Self::MonthFirst, CellKind::Time | CellKind::MonthFirst) => values.first().copied(),
            (Self::MonthFirst, CellKind::TwoReadings) => values.get(1).copied(),
            _ => None,
        }
    }
}

/// A column over the rows of the sample, whose values are not all the same.
struct Series {
    column: u32,
    /// NaN where the row has none.
    values: Vec<f64>,
    /// Rows that have one, ascending by value.
    order: Vec<u32>,
    /// If all rows have one.
    whole: Option<Standards>,
}

/// Values and ranks of some rows, each with the mean 0 and the sum of squares 1: the sum of their products with those of
/// another column is the coefficient.
struct Standards {
    values: Vec<f64>,
    ranks: Vec<f64>,
}

fn all_series(compared: &[(usize, Reading)], sampled: &Sampled<'_>) -> Vec<Series> {
    let width = sampled.rows.first().map_or(0, |row| row.cells.kinds.len());
    let mut wanted: Vec<Option<(usize, Reading)>> = vec![None; width];
    let mut values: Vec<Vec<f64>> = vec![Vec::with_capacity(sampled.rows.len()); compared.len()];
    if width > 0 {
        compared.iter().enumerate().for_each(|(at, &(column, reading))| wanted[column] = Some((at, reading)));
    }
    for row in sampled.rows {
        let mut rest = &row.cells.values[..];
        for (&kind, wanted) in row.cells.kinds.iter().zip(&wanted) {
            let (of_cell, after) = rest.split_at(kind.values());
            rest = after;
            if let Some((at, reading)) = *wanted {
                values[at].push(reading.value(kind, of_cell).unwrap_or(f64::NAN));
            }
        }
    }
    let series = compared.iter().zip(values).map(|(&(column, _), values)| Series::new(column as u32, values));
    series.filter(Series::varies).collect()
}

impl Series {
    fn new(column: u32, values: Vec<f64>) -> Self {
        let has_value = |&row: &u32| !values[row as usize].is_nan();
        let mut order: Vec<u32> = (0..values.len() as u32).filter(has_value).collect();
        order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]).then(a.cmp(&b)));
        let mut series = Self { column, values, order, whole: None };
        if series.order.len() == series.values.len() {
            series.whole = series.standards(|_| true);
        }
        series
    }

    fn varies(&self) -> bool {
        match (self.order.first(), self.order.last()) {
            (Some(&least), Some(&most)) => self.values[least as usize] != self.values[most as usize],
            _ => false,
        }
    }

    /// Of the rows that are wanted, which have values; `None` if these are all the same.
    fn standards(&self, is_wanted: impl Fn(usize) -> bool) -> Option<Standards> {
        let wanted = (0..self.values.len()).filter(|&row| is_wanted(row));
        let values = standard(wanted.map(|row| self.values[row]).collect())?;
        Some(Standards { values, ranks: standard(self.ranks(is_wanted))? })
    }

    /// The ranks of the rows that are wanted, in the order of the rows; equal values share the mean of their ranks.
    fn ranks(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<f64> {
        let order: Vec<usize> =
            self.order.iter().map(|&row| row as usize).filter(|&row| is_wanted(row)).collect();
        let mut ranks = vec![f64::NAN; self.values.len()];
        let mut below = 0;
        for tied in order.chunk_by(|&a, &b| self.values[a] == self.values[b]) {
            let rank = below as f64 + (tied.len() + 1) as f64 / 2.0;
            tied.iter().for_each(|&row| ranks[row] = rank);
            below += tied.len();
        }
        ranks.retain(|rank| !rank.is_nan());
        ranks
    }
}

/// Moves and scales numbers so that their mean is 0 and the sum of their squares is 1; `None` if all are the same.
fn standard(mut numbers: Vec<f64>) -> Option<Vec<f64>> {
    let first = numbers.first()? * 0.25;
    // Quarters, so that no difference is beyond the finite numbers; from the first one, so that it has all digits.
    numbers.iter_mut().for_each(|number| *number = *number * 0.25 - first);
    let largest = numbers.iter().fold(0.0f64, |largest, number| largest.max(number.abs()));
    if largest == 0.0 {
        return None;
    }
    numbers.iter_mut().for_each(|number| *number /= largest);
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter_mut().for_each(|number| *number -= mean);
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    numbers.iter_mut().for_each(|number| *number /= length);
    Some(numbers)
}

/// The coefficients of two columns; `None` if they are weak, or there are none.
fn pair(left: &Series, right: &Series, is_whole: bool) -> Option<CorrelatedPair> {
    let of_both;
    let (left_standards, right_standards) = match (&left.whole, &right.whole) {
        (Some(left), Some(right)) => (left, right),
        _ => {
            let both = |row: usize| !left.values[row].is_nan() && !right.values[row].is_nan();
            of_both = (left.standards(both)?, right.standards(both)?);
            (&of_both.0, &of_both.1)
        }
    };
    let rows = left_standards.values.len();
    let pearson = coefficient(&left_standards.values, &right_standards.values);
    let spearman = coefficient(&left_standards.ranks, &right_standards.ranks);
    if rows < FEWEST_ROWS || pearson.abs().max(spearman.abs()) < WEAKEST {
        return None;
    }
    let error = error_of_pearson(pearson, &left_standards.values, &right_standards.values);
    let estimate = |r, error| if is_whole { Estimate::exact(r) } else { within(r, NORMAL_95 * error) };
    Some(CorrelatedPair {
        columns: [left.column, right.column],
        rows: rows as u64,
        pearson: estimate(pearson, error),
        spearman: estimate(spearman, error_of_spearman(spearman, rows)),
    })
}

fn coefficient(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum::<f64>().clamp(-1.0, 1.0)
}

/// Standard error of artanh r: 1/√(n − 3), as of normal distributions (Fisher 1921), or what the sample itself shows, if
/// that is more: the variance of the influence that each row has on r (Devlin, Gnanadesikan and Kettenring, *Robust
/// Estimation and Outlier Detection with Correlation Coefficients*, 1975), as far tails let it be.
fn error_of_pearson(r: f64, left: &[f64], right: &[f64]) -> f64 {
    let rows = left.len() as f64;
    let influence = |(left, right): (&f64, &f64)| left * right - r * (left * left + right * right) / 2.0;
    let squares: f64 = left.iter().zip(right).map(influence).map(|influence| influence * influence).sum();
    let of_normal = 1.0 / (rows - 3.0).sqrt();
    let room = 1.0 - r * r;
    if room > 0.0 { of_normal.max(squares.sqrt() / room) } else { of_normal }
}

/// The same for ranks: Bonett and Wright, *Sample Size Requirements for Estimating Pearson, Kendall and Spearman
/// Correlations*, 2000.
fn error_of_spearman(r: f64, rows: usize) -> f64 {
    ((1.0 + r * r / 2.0) / (rows as f64 - 3.0)).sqrt()
}

/// tanh(artanh r ± distance).
fn within(r: f64, distance: f64) -> Estimate {
    let t = tanh(distance);
    let moved = |t: f64| ((r + t) / (1.0 + r * t)).clamp(-1.0, 1.0);
    let bounds = if r.abs() < 1.0 { (moved(-t).min(r), moved(t).max(r)) } else { (r, r) };
    Estimate { value: r, exact: false, lower: bounds.0, upper: bounds.1, method: Some(METHOD.to_owned()) }
}

/// Lambert's continued fraction: additions, multiplications and divisions alone.
fn tanh(x: f64) -> f64 {
    // At 20 tanh is 1 to the last digit.
    let x = x.min(20.0);
    let mut fraction = 0.0;
    for odd in (1..80).rev().step_by(2) {
        fraction = x * x / (f64::from(odd) + fraction);
    }
    if x > 0.0 { (fraction / x).min(1.0) } else { 0.0 }
}
