//! How the values of a column are spread: the most frequent ones, how many there are, their entropy.

use data_inspector_domain::profile::{Estimate, TopValue};

use super::shown;
use crate::logarithm::log2;
use crate::sketch::frequent::{Counter, FrequentSummary};

/// The values of a column that are tracked, most frequent first, ties by bytes.
pub(super) struct Ranked<'a> {
    counters: Vec<&'a Counter>,
    error: u64,
    values: u64,
}

impl<'a> Ranked<'a> {
    /// Of a column of so many values.
    pub(super) fn new(values: u64, frequent: &'a FrequentSummary) -> Self {
        let mut counters: Vec<&Counter> = frequent.counters.iter().collect();
        counters.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then_with(|| a.head.cmp(&b.head))
                .then_with(|| (a.len, a.hash).cmp(&(b.len, b.hash)))
        });
        Self { counters, error: frequent.error, values }
    }

    /// The first ones, as far as they are certainly more frequent than all that are not tracked.
    pub(super) fn top_values(&self, most: u32) -> Vec<TopValue> {
        let certain = self.counters.iter().take_while(|counter| counter.count > self.error);
        certain.take(most as usize).map(|counter| self.top_value(counter)).collect()
    }

    /// The value that is certainly more frequent than every other, tracked or not.
    pub(super) fn mode(&self) -> Option<TopValue> {
        let [first, rest @ ..] = &self.counters[..] else { return None };
        let others = rest.first().map_or(0, |second| second.count) + self.error;
        (first.count > others).then(|| self.top_value(first))
    }

    fn top_value(&self, counter: &Counter) -> TopValue {
        TopValue {
            value: shown(&counter.head, counter.len),
            count: count_estimate(counter.count, self.error),
            share: counter.count as f64 / self.values as f64,
        }
    }
}

/// A count that is at most `error` too low.
pub(super) fn count_estimate(count: u64, error: u64) -> Estimate {
    Estimate::between(count as f64, (count as f64, (count + error) as f64), "Misra-Gries")
}

/// The number of different values as a share of the values.
pub(super) fn distinct_share(distinct: &Estimate, values: u64) -> Option<Estimate> {
    let share = |count: f64| count / values as f64;
    let Estimate { value, exact, lower, upper, method } = distinct.clone();
    (values > 0).then(|| Estimate {
        value: share(value),
        exact,
        lower: share(lower),
        upper: share(upper),
        method,
    })
}

/// Shannon entropy in bits. Let N values have counts tᵢ, of which cᵢ ≤ tᵢ ≤ cᵢ + e are known for some, tᵢ ≤ e for the
/// others, and let R = N − Σcᵢ be what the known counts leave.
///
/// * At most: to say which cᵢ or R a value belongs to, and for those in R which of at most D values it is, is to
///   say more than which value it is: H ≤ H(c₁, …, R) + R/N · log₂ D.
/// * At least: each of N values has the weight log₂(N / t) for the count t of what it equals, and t is at most cᵢ + e
///   for the cᵢ values that are known to be equal, at most the largest of these for those in R.
pub(super) fn entropy(values: u64, distinct: &Estimate, frequent: &FrequentSummary) -> Option<Estimate> {
    if values == 0 {
        return None;
    }
    let known = frequent.counters.iter().map(|counter| counter.count);
    let rest = values - known.clone().sum::<u64>();
    let n = values as f64;
    let bits = |count: u64| log2(n / (count.min(values) as f64));
    let parts: f64 = known.clone().map(|count| count as f64 / n * bits(count)).sum();
    if rest == 0 {
        return Some(Estimate::exact(parts.max(0.0)));
    }
    let share = rest as f64 / n;
    let parts = parts + share * bits(rest);
    let most = known.clone().max().unwrap_or(0) + frequent.error;
    let at_least: f64 = known.map(|count| count as f64 / n * bits(count + frequent.error)).sum();
    let at_least = (at_least + share * bits(most.max(1))).max(0.0);
    let spread = |distinct: f64| share * log2(distinct.clamp(1.0, rest as f64));
    let at_most = (parts + spread(distinct.upper)).min(log2(distinct.upper.max(1.0)));
    let others = distinct.value - frequent.counters.len() as f64;
    let value = (parts + spread(others)).min(at_most).max(at_least);
    Some(Estimate::between(
        value,
        (at_least, at_most.max(at_least)),
        "from the bounds of top values and distinct",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mode is stated whatever is listed, and only if no other value can be as frequent.
    #[test]
    fn the_mode_is_certain() {
        let check = |counts: &[u64], error: u64, most: u32, listed: usize, mode: Option<u64>| {
            let counter =
                |(hash, &count): (u64, &u64)| Counter { hash, count, len: 1, head: vec![b'a' + hash as u8] };
            let frequent = FrequentSummary { error, counters: (0..).zip(counts).map(counter).collect() };
            let ranked = Ranked::new(1000, &frequent);
            assert_eq!(ranked.top_values(most).len(), listed, "{counts:?} ± {error}");
            assert_eq!(
                ranked.mode().map(|mode| mode.count.lower),
                mode.map(|count| count as f64),
                "{counts:?} ± {error}"
            );
        };
        check(&[1, 7, 3], 0, 20, 3, Some(7));
        check(&[7, 7], 0, 1, 1, None);
        check(&[7, 6], 0, 0, 0, Some(7));
        check(&[5, 4], 4, 20, 1, None);
        check(&[9, 4], 4, 20, 1, Some(9));
        check(&[8, 4], 4, 20, 1, None);
        check(&[5], 4, 20, 1, Some(5));
        check(&[4], 4, 20, 0, None);
        check(&[], 0, 20, 0, None);
    }
}
