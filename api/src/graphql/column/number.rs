//! What is known of the numbers of a column beyond their range, mean and quantiles.

use async_graphql::SimpleObject;
use data_inspector_domain::profile;

use super::figure::Estimate;
use crate::graphql::scalar::Long;

/// The numbers of a column.
#[derive(SimpleObject)]
pub(super) struct NumberFacts {
    /// Finite numbers; mean, deviation, quantiles and histogram are of these.
    count: Long,
    /// Numbers equal to zero.
    zeros: Long,
    /// Numbers below zero.
    negatives: Long,
    /// `inf` and `-inf`, in any spelling.
    infinities: Long,
    /// `nan`, in any case.
    nans: Long,
    /// Most digits before the decimal point, as written; numbers in scientific notation are left out.
    max_whole_digits: u32,
    /// Most digits after the decimal point, as written, trailing zeros included; likewise.
    max_scale: u32,
    /// Sample variance (n − 1); null with fewer than two numbers.
    variance: Option<Estimate>,
    /// Sample skewness, adjusted for its bias; null with fewer than three numbers, or if all are the same.
    skewness: Option<Estimate>,
    /// Sample excess kurtosis, adjusted for its bias: 0 for a normal distribution; null with fewer than four numbers, or
    /// if all are the same.
    kurtosis: Option<Estimate>,
    /// Third quartile less first quartile; the bounds are hard.
    interquartile_range: Option<Estimate>,
    /// Numbers beyond the fences of Tukey; null if numbers are only a small part of the values.
    outliers: Option<Outliers>,
}

/// Numbers more than 1.5 interquartile ranges below the first quartile or above the third, and more than 3.
#[derive(SimpleObject)]
struct Outliers {
    /// First quartile less 1.5 interquartile ranges; null if values are masked, as the quartiles follow from it.
    lower_fence: Option<f64>,
    /// Third quartile plus 1.5 interquartile ranges; likewise.
    upper_fence: Option<f64>,
    /// Numbers below `lowerFence`; the bounds are hard for the fence as stated.
    below: Estimate,
    /// Numbers above `upperFence`, likewise.
    above: Estimate,
    /// Numbers more than 3 interquartile ranges below the first quartile or above the third, likewise.
    extreme: Estimate,
}

impl NumberFacts {
    pub(super) fn new(facts: &profile::NumberFacts, shows_values: bool) -> Self {
        let estimate = |estimate: &Option<profile::Estimate>| estimate.as_ref().map(Estimate::from);
        Self {
            count: facts.count.into(),
            zeros: facts.zeros.into(),
            negatives: facts.negatives.into(),
            infinities: facts.infinities.into(),
            nans: facts.nans.into(),
            max_whole_digits: facts.max_whole_digits,
            max_scale: facts.max_scale,
            variance: estimate(&facts.variance),
            skewness: estimate(&facts.skewness),
            kurtosis: estimate(&facts.kurtosis),
            interquartile_range: estimate(&facts.interquartile_range),
            outliers: facts.outliers.as_ref().map(|outliers| Outliers::new(outliers, shows_values)),
        }
    }
}

impl Outliers {
    fn new(outliers: &profile::Outliers, shows_values: bool) -> Self {
        Self {
            lower_fence: shows_values.then_some(outliers.lower_fence),
            upper_fence: shows_values.then_some(outliers.upper_fence),
            below: (&outliers.below).into(),
            above: (&outliers.above).into(),
            extreme: (&outliers.extreme).into(),
        }
    }
}
