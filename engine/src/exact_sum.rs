//! Sums and sums of squares of numbers without rounding, so that they do not depend on the order of
//! additions: integers, one bin per decimal scale (or binary exponent for numbers of more digits than an
//! `i64` holds). Mean and standard deviation are rounded once, at the end.

use num_bigint::{BigInt, BigUint, Sign};
use serde::{Deserialize, Serialize};

/// A number, as exactly as its cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `mantissa / 10^scale`.
    Decimal {
        /// The digits.
        mantissa: i64,
        /// Digits after the decimal point; negative for trailing zeros left out.
        scale: i16,
    },
    /// The nearest binary number, where a decimal has more digits.
    Binary(f64),
}

/// Sum and sum of squares of `n` numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExactSum {
    n: u64,
    /// Ascending by scale. Values are `mantissa / 10^scale`.
    decimal: Vec<Bin>,
    /// Ascending by scale. Values are `mantissa / 2^scale`; not empty if a number had to be rounded.
    binary: Vec<Bin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bin {
    scale: i16,
    sum: i128,
    squares_low: u128,
    squares_high: u64,
}

impl ExactSum {
    /// Adds `weight` times a number.
    #[inline]
    pub fn add(&mut self, number: Number, weight: u64) {
        self.n += weight;
        match number {
            Number::Decimal { mantissa, scale } => bin(&mut self.decimal, scale).add(mantissa, weight),
            Number::Binary(value) => {
                let (mantissa, scale) = decompose(value);
                bin(&mut self.binary, scale).add(mantissa, weight);
            }
        }
    }

    /// Adds the numbers of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        other.decimal.iter().for_each(|from| bin(&mut self.decimal, from.scale).merge(from));
        other.binary.iter().for_each(|from| bin(&mut self.binary, from.scale).merge(from));
    }

    /// How many numbers were added.
    pub fn count(&self) -> u64 {
        self.n
    }

    /// No number had to be rounded before it was added.
    pub fn is_exact(&self) -> bool {
        self.binary.is_empty()
    }

    /// Sum, mean and sample standard deviation; `None` of nothing. The deviation needs two numbers.
    pub fn moments(&self) -> Option<Moments> {
        if self.n == 0 {
            return None;
        }
        let tens = self.decimal.iter().map(|bin| bin.scale.max(0)).max().unwrap_or(0) as u32;
        let twos = self.binary.iter().map(|bin| bin.scale.max(0)).max().unwrap_or(0) as u32;
        let (sum, squares) = self.over_common_denominator(tens, twos);
        let denominator = pow(10, tens) << twos;
        let n = BigInt::from(self.n);
        let mean = ratio_to_f64(&sum, &(&denominator * self.n));
        // n·Σx² − (Σx)² over n·(n − 1)·d², exactly.
        let stddev = (self.n > 1).then(|| {
            let numerator = &n * squares - &sum * &sum;
            let square = &denominator * &denominator;
            ratio_to_f64(&numerator, &(square * self.n * (self.n - 1))).sqrt()
        });
        Some(Moments { sum: decimal_text(&sum, tens, twos), mean, stddev })
    }

    /// Σx·d and Σx²·d² for d = 10^tens · 2^twos.
    fn over_common_denominator(&self, tens: u32, twos: u32) -> (BigInt, BigInt) {
        let (mut sum, mut squares) = (BigInt::ZERO, BigInt::ZERO);
        for bin in &self.decimal {
            let factor = BigInt::from(pow(10, (tens as i32 - i32::from(bin.scale)) as u32) << twos);
            sum += BigInt::from(bin.sum) * &factor;
            squares += bin.squares() * &factor * &factor;
        }
        for bin in &self.binary {
            let factor = BigInt::from(pow(10, tens) << (twos as i32 - i32::from(bin.scale)) as u32);
            sum += BigInt::from(bin.sum) * &factor;
            squares += bin.squares() * &factor * &factor;
        }
        (sum, squares)
    }
}

/// What an [`ExactSum`] says about its numbers. The floats are within one unit in the last place.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The sum, in decimal digits, all of them.
    pub sum: String,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n − 1).
    pub stddev: Option<f64>,
}

impl Bin {
    #[inline]
    fn add(&mut self, mantissa: i64, weight: u64) {
        self.sum += i128::from(mantissa) * i128::from(weight);
        let square = u128::from(mantissa.unsigned_abs()) * u128::from(mantissa.unsigned_abs());
        if weight == 1 {
            self.add_squares(square, 0);
        } else {
            let low = (square & u128::from(u64::MAX)) * u128::from(weight);
            let high = (square >> 64) * u128::from(weight) + (low >> 64);
            self.add_squares(low & u128::from(u64::MAX) | high << 64, (high >> 64) as u64);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.add_squares(other.squares_low, other.squares_high);
    }

    #[inline]
    fn add_squares(&mut self, low: u128, high: u64) {
        let (sum, carry) = self.squares_low.overflowing_add(low);
        self.squares_low = sum;
        self.squares_high += high + u64::from(carry);
    }

    fn squares(&self) -> BigInt {
        BigInt::from(self.squares_low) + (BigInt::from(self.squares_high) << 128)
    }
}

#[inline]
fn bin(bins: &mut Vec<Bin>, scale: i16) -> &mut Bin {
    let at = match bins.iter().position(|bin| bin.scale >= scale) {
        Some(at) if bins[at].scale == scale => at,
        Some(at) => insert(bins, at, scale),
        None => insert(bins, bins.len(), scale),
    };
    &mut bins[at]
}

#[cold]
fn insert(bins: &mut Vec<Bin>, at: usize, scale: i16) -> usize {
    bins.insert(at, Bin { scale, sum: 0, squares_low: 0, squares_high: 0 });
    at
}

/// `value = mantissa / 2^scale`, with an odd mantissa (or zero).
fn decompose(value: f64) -> (i64, i16) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i16;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, scale) =
        if exponent == 0 { (fraction, 1074) } else { (fraction | 1 << 52, 1075 - exponent) };
    let zeros = if mantissa == 0 { 0 } else { mantissa.trailing_zeros() };
    let magnitude = mantissa >> zeros;
    let scale = if mantissa == 0 { 0 } else { scale - zeros as i16 };
    (if value < 0.0 { -magnitude } else { magnitude }, scale)
}

fn pow(base: u32, exponent: u32) -> BigUint {
    BigUint::from(base).pow(exponent)
}

/// The nearest `f64`, ties to even, by long division to 66 bits and a sticky bit.
fn ratio_to_f64(numerator: &BigInt, denominator: &BigUint) -> f64 {
    let (sign, magnitude) = (numerator.sign(), numerator.magnitude());
    if sign == Sign::NoSign {
        return 0.0;
    }
    let shift = 66 + denominator.bits() as i64 - magnitude.bits() as i64;
    let (scaled, divisor) = if shift >= 0 {
        (magnitude << shift as u64, denominator.clone())
    } else {
        (magnitude.clone(), denominator << shift.unsigned_abs())
    };
    let quotient = &scaled / &divisor;
    let sticky = u128::from(&quotient * &divisor != scaled);
    let bits = quotient.iter_u64_digits().rev().fold(0u128, |bits, digit| bits << 64 | u128::from(digit));
    // The conversion rounds to nearest, and 67 bits are enough for the sticky bit to decide ties.
    let rounded = (bits | sticky) as f64;
    let value = scale_by_power_of_two(rounded, -shift);
    if sign == Sign::Minus { -value } else { value }
}

/// `value · 2^exponent` in steps that neither overflow nor lose bits early.
fn scale_by_power_of_two(mut value: f64, mut exponent: i64) -> f64 {
    while exponent != 0 && value != 0.0 && value.is_finite() {
        let step = exponent.clamp(-1000, 1000);
        value *= f64::from_bits(((1023 + step) as u64) << 52);
        exponent -= step;
    }
    value
}

/// `sum / (10^tens · 2^twos)` written out: a division by 2^k is a multiplication by 5^k and a shift by k digits.
fn decimal_text(sum: &BigInt, tens: u32, twos: u32) -> String {
    let digits = (sum.magnitude() * pow(5, twos)).to_string();
    let places = (tens + twos) as usize;
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if sum.sign() == Sign::Minus { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(mantissa: i64, scale: i16) -> Number {
        Number::Decimal { mantissa, scale }
    }

    fn of(numbers: &[Number]) -> ExactSum {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|&number| sum.add(number, 1));
        sum
    }

    #[test]
    fn a_tenth_and_two_tenths_are_three_tenths() {
        let moments = of(&[decimal(1, 1), decimal(20, 2)]).moments().unwrap();
        assert_eq!((moments.sum.as_str(), moments.mean), ("0.3", 0.15));
        assert_eq!(moments.stddev, Some(0.005f64.sqrt()));
    }

    #[test]
    fn scales_and_signs_mix() {
        let moments =
            of(&[decimal(-5, 0), decimal(25, 3), decimal(12, -2), Number::Binary(0.375)]).moments().unwrap();
        assert_eq!(moments.sum, "1195.4");
        assert_eq!(of(&[decimal(7, 0)]).moments().unwrap().stddev, None);
        assert_eq!(of(&[decimal(-5, 1)]).moments().unwrap().sum, "-0.5");
    }

    fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            ((-1_000_000_000_000_000_000i64..1_000_000_000_000_000_000), -20i16..40)
                .prop_map(|(m, s)| decimal(m, s)),
            (-500i64..500, 0i16..3).prop_map(|(m, s)| decimal(m, s)),
            any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(Number::Binary),
        ]
    }

    proptest! {
        #[test]
        fn order_and_grouping_do_not_matter(numbers in proptest::collection::vec(number(), 1..40), cut in 0usize..40) {
            let (left, right) = numbers.split_at(cut.min(numbers.len()));
            let mut merged = of(right);
            merged.merge(&of(left));
            prop_assert_eq!(&merged, &of(&numbers));
        }

        #[test]
        fn a_weight_is_a_repetition(number in number(), weight in 1u64..50) {
            let mut weighted = ExactSum::default();
            weighted.add(number, weight);
            prop_assert_eq!(weighted, of(&vec![number; weight as usize]));
        }

        #[test]
        fn one_number_is_its_own_mean(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            prop_assume!(value == 0.0 || value.abs() > 1e-300);
            prop_assert_eq!(of(&[Number::Binary(value)]).moments().unwrap().mean, value);
        }

        #[test]
        fn the_mean_is_that_of_the_decimals(mantissas in proptest::collection::vec(-1_000_000i64..1_000_000, 1..30)) {
            let numbers: Vec<Number> = mantissas.iter().map(|&m| decimal(m, 2)).collect();
            let exact = mantissas.iter().sum::<i64>() as f64 / (100.0 * mantissas.len() as f64);
            let mean = of(&numbers).moments().unwrap().mean;
            prop_assert!((mean - exact).abs() <= exact.abs() * 1e-15);
        }
    }
}
