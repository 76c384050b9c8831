//! How the values of a column are spread: the most frequent ones, how many there are, their entropy.

use data_inspector_domain::profile::{Estimate, TopValue};
use data_inspector_domain::spec::ResolvedSpec;

use super::shown;
use crate::logarithm::log2;
use crate::sketch::frequent::{Counter, FrequentSummary};

/// The values that are certainly more frequent than any that is not listed.
pub(super) fn top_values(spec: &ResolvedSpec, values: u64, frequent: &FrequentSummary) -> Vec<TopValue> {
    let mut counters: Vec<&Counter> =
        frequent.counters.iter().filter(|counter| counter.count > frequent.error).collect();
    counters.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then_with(|| a.head.cmp(&b.head))
            .then_with(|| (a.len, a.hash).cmp(&(b.len, b.hash)))
    });
    counters.truncate(spec.top_values as usize);
    let top_value = |counter: &Counter| TopValue {
        value: shown(&counter.head, counter.len),
        count: count_estimate(counter.count, frequent.error),
        share: counter.count as f64 / values as f64,
    };
    counters.into_iter().map(top_value).collect()
}

fn count_estimate(count: u64, error: u64) -> Estimate {
    Estimate::between(count as f64, (count as f64, (count + error) as f64), "Misra-Gries")
}

/// The value that is certainly more frequent than every other.
pub(super) fn mode(top_values: &[TopValue], frequent: &FrequentSummary) -> Option<TopValue> {
    let [first, rest @ ..] = top_values else { return None };
    let others = rest.first().map_or(frequent.error as f64, |second| second.count.upper);
    (first.count.lower > others).then(|| first.clone())
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
