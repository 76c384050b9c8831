//! What is known of the numbers of a column beyond their range, mean and quantiles.

use data_inspector_domain::profile::{Estimate, NumberFacts, Outliers, Quantile};

use super::distribution::Ordered;
use crate::cell::Class;
use crate::column::{ColumnState, Numbers};
use crate::exact_sum::Moments;

/// Facts of a column that has numbers, infinities or NaN.
pub(super) fn facts(
    state: &ColumnState,
    moments: Option<&Moments>,
    ordered: Option<&Ordered>,
) -> Option<NumberFacts> {
    let count = |class: Class| state.classes[class as usize];
    let (infinities, nans) = (count(Class::Infinite), count(Class::Nan));
    let numbers = state.numbers.as_deref();
    if numbers.is_none() && infinities + nans == 0 {
        return None;
    }
    let counts = numbers.map(|numbers| numbers.counts).unwrap_or_default();
    let quartiles = ordered.and_then(|ordered| Some((ordered.quantile(0.25)?, ordered.quantile(0.75)?)));
    let figure = |figure: Option<f64>| figure.and_then(|value| estimate(numbers, value));
    Some(NumberFacts {
        count: numbers.map_or(0, |numbers| numbers.sum.count()),
        zeros: counts.zeros,
        negatives: counts.negatives,
        infinities,
        nans,
        max_whole_digits: counts.whole_digits,
        max_scale: counts.scale,
        variance: figure(moments.and_then(|moments| moments.variance)),
        skewness: figure(moments.and_then(|moments| moments.skewness)),
        kurtosis: figure(moments.and_then(|moments| moments.kurtosis)),
        interquartile_range: quartiles.as_ref().and_then(interquartile_range),
        outliers: ordered
            .zip(quartiles.as_ref())
            .and_then(|(ordered, quartiles)| outliers(ordered, quartiles)),
    })
}

/// A figure that follows from the sums; `None` if it is beyond the finite numbers.
pub(super) fn estimate(numbers: Option<&Numbers>, value: f64) -> Option<Estimate> {
    let exact = numbers.is_some_and(|numbers| numbers.sum.is_exact());
    value.is_finite().then(|| Estimate { exact, ..Estimate::exact(value) })
}

/// A quartile: its value and the bounds of it.
pub(super) struct Bounded {
    pub(super) value: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

fn interquartile_range((first, third): &(Bounded, Bounded)) -> Option<Estimate> {
    let bounds = ((third.lower - first.upper).max(0.0), third.upper - first.lower);
    let is_finite = bounds.0.is_finite() && bounds.1.is_finite();
    is_finite.then(|| Estimate::between((third.value - first.value).max(0.0), bounds, "dyadic histogram"))
}

fn outliers(ordered: &Ordered, (first, third): &(Bounded, Bounded)) -> Option<Outliers> {
    let range = third.value - first.value;
    let fences = |ranges: f64| (first.value - ranges * range, third.value + ranges * range);
    let ((lower, upper), (far_lower, far_upper)) = (fences(1.5), fences(3.0));
    if ![lower, upper, far_lower, far_upper].iter().all(|fence| fence.is_finite()) {
        return None;
    }
    let (far_below, far_above) = (ordered.count_below(far_lower), ordered.count_above(far_upper));
    Some(Outliers {
        lower_fence: lower,
        upper_fence: upper,
        below: ordered.count_below(lower),
        above: ordered.count_above(upper),
        extreme: Estimate::between(
            far_below.value + far_above.value,
            (far_below.lower + far_above.lower, far_below.upper + far_above.upper),
            "dyadic histogram",
        ),
    })
}

/// The median among the quantiles of a column.
pub(super) fn median(ordered: &Ordered) -> Option<Quantile> {
    ordered.quantile(0.5).map(|bounded| ordered.shown(0.5, &bounded))
}
