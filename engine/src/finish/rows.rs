//! What is known of whole rows.

use data_inspector_domain::profile::{
    ColumnProfile, Estimate, RepeatedRow, RowAlert, RowAlertCode, RowCompleteness, RowFacts, RowPlace,
};

use super::before::Before;
use super::sampled::Sampled;
use super::seen::all_behind;
use super::{correlation, missingness, sample_rows};
use crate::column::Place;
use crate::partial::Partial;
use crate::row_facts::{Completeness, MOST_KEYS, RowKey};

const EXAMPLES: usize = 10;
const METHOD: &str = "sample of the different rows, Chernoff bounds, 99 %";

pub(super) fn facts(partial: &Partial, columns: &[ColumnProfile], before: &Before) -> RowFacts {
    let sample = KeySample {
        rows: partial.rows(),
        log2_of_all_per_key: partial.row_facts.keys.log2_of_all_per_key(),
        keys: partial.row_facts.keys.sorted(),
    };
    let distinct = sample.distinct();
    let repeated = sample.repeated();
    let surplus = Estimate::between(
        sample.rows as f64 - distinct.value,
        (sample.rows as f64 - distinct.upper, sample.rows as f64 - distinct.lower),
        METHOD,
    );
    let repeated_examples = sample.examples(before);
    let state = &partial.row_facts;
    let rows = state.sample.sorted();
    let sampled = Sampled { rows: &rows, is_whole: rows.len() as u64 == sample.rows };
    let correlations = correlation::correlations(columns, &sampled);
    let provisional = !before.is_complete;
    let mut alerts: Vec<RowAlert> =
        duplicate_rows(sample.rows, &surplus, &repeated_examples, provisional).into_iter().collect();
    alerts.extend(correlation::alerts(&correlations.pairs, provisional));
    RowFacts {
        completeness: completeness(&state.completeness, columns.len()),
        distinct,
        repeated,
        surplus,
        repeated_examples,
        sample: sampled.size(),
        correlations,
        co_nulls: missingness::co_nulls(columns, &sampled),
        missingness: missingness::patterns(&sampled),
        alerts,
        samples: sample_rows::samples(&state.shown, columns.len(), before),
    }
}

fn completeness(counts: &Completeness, width: usize) -> RowCompleteness {
    let last = width.min(counts.by_nulls.len() - 1);
    RowCompleteness {
        complete: counts.by_nulls[0],
        all_null: counts.all_null,
        by_nulls: counts.by_nulls[..=last].to_vec(),
        last_is_open: width > last,
    }
}

/// One repeated row proves it.
fn duplicate_rows(
    rows: u64,
    surplus: &Estimate,
    examples: &[RepeatedRow],
    provisional: bool,
) -> Option<RowAlert> {
    let example = examples.first()?;
    Some(RowAlert {
        code: RowAlertCode::DuplicateRows,
        value: surplus.value / rows as f64,
        threshold: 0.0,
        certain: true,
        provisional,
        columns: Vec::new(),
        examples: example.places.clone(),
    })
}

/// A sample of the different rows: each is in it with the same chance, with its count.
struct KeySample {
    rows: u64,
    log2_of_all_per_key: u32,
    keys: Vec<RowKey>,
}

impl KeySample {
    fn is_whole(&self) -> bool {
        self.log2_of_all_per_key == 0
    }

    /// An unbiased guess for all of them from a sum over the sample.
    fn scaled(&self, sum: u64) -> f64 {
        // A product with a power of two is exact.
        sum as f64 * (1u64 << self.log2_of_all_per_key) as f64
    }

    /// Rows of the sample that repeat another one.
    fn surplus(&self) -> u64 {
        self.keys.iter().map(|key| key.count - 1).sum()
    }

    fn distinct(&self) -> Estimate {
        let seen = self.keys.len() as u64;
        if self.is_whole() {
            return Estimate::exact(seen as f64);
        }
        let (lower, upper) = all_behind(seen, self.log2_of_all_per_key);
        let bounds = (lower.max(MOST_KEYS as f64 + 1.0), upper.min((self.rows - self.surplus()) as f64));
        // Two unbiased guesses; that of less variance. In a file of hardly any repetition it is that of the repetitions.
        let squares = self.keys.iter().map(|key| u128::from(key.count - 1) * u128::from(key.count - 1));
        let guess = if squares.sum::<u128>() < u128::from(seen) {
            self.rows as f64 - self.scaled(self.surplus())
        } else {
            self.scaled(seen)
        };
        within(guess, bounds)
    }

    fn repeated(&self) -> Estimate {
        let seen = self.keys.iter().filter(|key| key.count > 1).count() as u64;
        if self.is_whole() {
            return Estimate::exact(seen as f64);
        }
        let (lower, upper) = all_behind(seen, self.log2_of_all_per_key);
        within(self.scaled(seen), (lower, upper.min((self.rows / 2) as f64)))
    }

    fn examples(&self, before: &Before) -> Vec<RepeatedRow> {
        let mut repeated: Vec<&RowKey> = self.keys.iter().filter(|key| key.count > 1).collect();
        repeated.sort_unstable_by_key(|key| (std::cmp::Reverse(key.count), key.places[0]));
        repeated.truncate(EXAMPLES);
        let place = |place: Place| RowPlace { row: before.row(place), byte_offset: place.offset };
        let shown = |key: &RowKey| RepeatedRow { count: key.count, places: key.places.map(place).to_vec() };
        repeated.into_iter().map(shown).collect()
    }
}

fn within(guess: f64, (lower, upper): (f64, f64)) -> Estimate {
    Estimate::between(guess.clamp(lower, upper.max(lower)), (lower, upper.max(lower)), METHOD)
}
