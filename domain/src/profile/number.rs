//! What is known of the numbers of a column beyond their range, mean and quantiles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figure::{Estimate, whole_as_integer};

/// The numbers of a column. Shares of counts are of all values, not only of the numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NumberFacts {
    /// Finite numbers; mean, deviation, quantiles and histogram are of these.
    pub count: u64,
    /// Numbers equal to zero.
    pub zeros: u64,
    /// Numbers below zero.
    pub negatives: u64,
    /// `inf` and `-inf`, in any spelling.
    pub infinities: u64,
    /// `nan`, in any case.
    pub nans: u64,
    /// Most digits before the decimal point, as written; numbers in scientific notation are left out.
    pub max_whole_digits: u32,
    /// Most digits after the decimal point, as written, trailing zeros included; likewise.
    pub max_scale: u32,
    /// Sample variance (n − 1); needs two numbers.
    pub variance: Option<Estimate>,
    /// Sample skewness, adjusted for its bias (G₁ of Joanes and Gill 1998, as in DuckDB, pandas and Excel); needs
    /// three numbers that are not all the same.
    pub skewness: Option<Estimate>,
    /// Sample excess kurtosis, adjusted for its bias (G₂, likewise): 0 for a normal distribution; needs four.
    pub kurtosis: Option<Estimate>,
    /// Third quartile less first quartile. The bounds are hard.
    pub interquartile_range: Option<Estimate>,
    /// Numbers beyond Tukey's fences.
    pub outliers: Option<Outliers>,
}

/// Numbers beyond Tukey's fences: more than 1.5 interquartile ranges below the first quartile or above the third
/// (Tukey, *Exploratory Data Analysis*, 1977), and more than 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outliers {
    /// First quartile less 1.5 interquartile ranges.
    #[serde(serialize_with = "whole_as_integer")]
    pub lower_fence: f64,
    /// Third quartile plus 1.5 interquartile ranges.
    #[serde(serialize_with = "whole_as_integer")]
    pub upper_fence: f64,
    /// Numbers below `lower_fence`. The bounds are hard for the fence as stated.
    pub below: Estimate,
    /// Numbers above `upper_fence`, likewise.
    pub above: Estimate,
    /// Numbers more than 3 interquartile ranges below the first quartile or above the third, likewise.
    pub extreme: Estimate,
}
