//! Sums of the first four powers of numbers without rounding, so that they do not depend on the order of
//! additions: integers, one bin per decimal scale (or binary exponent for numbers of more digits than an
//! `i64` holds). Mean, deviation, skewness and kurtosis are rounded once, at the end.

use num_bigint::{BigInt, BigUint, Sign};
use serde::{Deserialize, Serialize};

mod wide;

use wide::{add, multiply, signed, subtract, unsigned};

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

/// Sums of the powers of `n` numbers.
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
    squares: [u64; 3],
    /// In two's complement.
    cubes: [u64; 4],
    fourths: [u64; 5],
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

    /// Adds `mantissa / 10^scale` once for each mantissa.
    pub fn add_all(&mut self, scale: i16, mantissas: &[i64]) {
        self.n += mantissas.len() as u64;
        let bin = bin(&mut self.decimal, scale);
        mantissas.chunks(SMALL_AT_ONCE).for_each(|some| bin.add_all(some));
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

    /// What follows from the sums; `None` of nothing.
    pub fn moments(&self) -> Option<Moments> {
        if self.n == 0 {
            return None;
        }
        let tens = self.decimal.iter().map(|bin| bin.scale.max(0)).max().unwrap_or(0) as u32;
        let twos = self.binary.iter().map(|bin| bin.scale.max(0)).max().unwrap_or(0) as u32;
        let powers = self.over_common_denominator(tens, twos);
        let denominator = pow(10, tens) << twos;
        let central = Central::new(self.n, &powers);
        let variance = central.variance(&denominator);
        Some(Moments {
            sum: decimal_text(&powers[0], tens, twos),
            mean: ratio_to_f64(&powers[0], &(&denominator * self.n)),
            stddev: variance.map(f64::sqrt),
            variance,
            skewness: central.skewness(),
            kurtosis: central.kurtosis(),
        })
    }

    /// Σxᵏ·dᵏ for k = 1 to 4 and d = 10^tens · 2^twos.
    fn over_common_denominator(&self, tens: u32, twos: u32) -> [BigInt; 4] {
        let mut powers = [BigInt::ZERO, BigInt::ZERO, BigInt::ZERO, BigInt::ZERO];
        for bin in &self.decimal {
            let factor = pow(10, (tens as i32 - i32::from(bin.scale)) as u32) << twos;
            bin.add_powers(&BigInt::from(factor), &mut powers);
        }
        for bin in &self.binary {
            let factor = pow(10, tens) << (twos as i32 - i32::from(bin.scale)) as u32;
            bin.add_powers(&BigInt::from(factor), &mut powers);
        }
        powers
    }
}

/// What an [`ExactSum`] says about its numbers. The floats are within one unit in the last place.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The sum, in decimal digits, all of them.
    pub sum: String,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample variance (n − 1), of at least two numbers.
    pub variance: Option<f64>,
    /// Its square root.
    pub stddev: Option<f64>,
    /// Sample skewness G₁, of at least three numbers that are not all the same.
    pub skewness: Option<f64>,
    /// Sample excess kurtosis G₂, of at least four numbers that are not all the same.
    pub kurtosis: Option<f64>,
}

/// Central moments as integers: `second` is n²·m₂·d², `third` n³·m₃·d³, `fourth` n⁴·m₄·d⁴, where mₖ is the mean of
/// (x − mean)ᵏ and d the common denominator. Skewness and kurtosis are ratios in which d cancels out.
/// Definitions: Joanes and Gill, *Comparing measures of sample skewness and kurtosis* (The Statistician, 1998).
struct Central {
    n: u64,
    second: BigInt,
    third: BigInt,
    fourth: BigInt,
}

impl Central {
    fn new(n: u64, [s1, s2, s3, s4]: &[BigInt; 4]) -> Self {
        let (squared, cubed) = (s1 * s1, s1 * s1 * s1);
        let count = BigInt::from(n);
        let count_squared = &count * &count;
        Self {
            n,
            second: &count * s2 - &squared,
            third: &count_squared * s3 - &count * s1 * s2 * 3 + &cubed * 2,
            fourth: &count_squared * &count * s4 - &count_squared * s1 * s3 * 4 + &count * &squared * s2 * 6
                - cubed * s1 * 3,
        }
    }

    fn variance(&self, denominator: &BigUint) -> Option<f64> {
        let scale = denominator * denominator * self.n * self.n.checked_sub(1).filter(|&rest| rest > 0)?;
        Some(ratio_to_f64(&self.second, &scale))
    }

    /// √(n(n − 1)) / (n − 2) · m₃ / m₂^1.5, as the root of the ratio's square.
    fn skewness(&self) -> Option<f64> {
        if self.n < 3 || self.second == BigInt::ZERO {
            return None;
        }
        let below = self.second.magnitude().pow(3) * (self.n - 2) * (self.n - 2);
        let square = ratio_to_f64(&(&self.third * &self.third * self.n * (self.n - 1)), &below);
        let magnitude = square.sqrt();
        Some(if self.third.sign() == Sign::Minus { -magnitude } else { magnitude })
    }

    /// (n − 1) / ((n − 2)(n − 3)) · ((n + 1)(m₄ / m₂² − 3) + 6).
    fn kurtosis(&self) -> Option<f64> {
        if self.n < 4 || self.second == BigInt::ZERO {
            return None;
        }
        let square = &self.second * &self.second;
        let above = ((&self.fourth - &square * 3) * (self.n + 1) + &square * 6) * (self.n - 1);
        Some(ratio_to_f64(&above, &(square.magnitude() * (self.n - 2) * (self.n - 3))))
    }
}

/// So many numbers that are no larger than [`SMALL`] have sums of powers that 128 bits hold.
const SMALL_AT_ONCE: usize = 1 << 14;
const SMALL: u64 = 1 << 28;

impl Bin {
    /// Adds at most [`SMALL_AT_ONCE`] numbers. Most numbers are small, and their powers can be added in a few registers.
    fn add_all(&mut self, mantissas: &[i64]) {
        let (mut sum, mut squares, mut cubes, mut fourths) = (0i64, 0u128, 0i128, 0u128);
        for &mantissa in mantissas {
            if mantissa.unsigned_abs() > SMALL {
                self.add(mantissa, 1);
                continue;
            }
            let square = mantissa * mantissa;
            sum += mantissa;
            squares += square as u128;
            cubes += i128::from(square) * i128::from(mantissa);
            fourths += (i128::from(square) * i128::from(square)) as u128;
        }
        self.sum += i128::from(sum);
        add(&mut self.squares, squares);
        self.add_cube(cubes);
        add(&mut self.fourths, fourths);
    }

    fn add_cube(&mut self, cube: i128) {
        if cube < 0 {
            subtract(&mut self.cubes, cube.unsigned_abs());
        } else {
            add(&mut self.cubes, cube as u128);
        }
    }

    #[inline]
    fn add(&mut self, mantissa: i64, weight: u64) {
        self.sum += i128::from(mantissa) * i128::from(weight);
        let magnitude = mantissa.unsigned_abs();
        if weight > 1 || magnitude > u64::from(u32::MAX) {
            return self.add_large(mantissa, weight);
        }
        let square = magnitude * magnitude;
        add(&mut self.squares, u128::from(square));
        self.add_cube(i128::from(square) * i128::from(mantissa));
        add(&mut self.fourths, u128::from(square) * u128::from(square));
    }

    /// The higher powers of a number whose fourth power does not fit into 128 bits, or of many at once.
    fn add_large(&mut self, mantissa: i64, weight: u64) {
        let magnitude = mantissa.unsigned_abs();
        let square = multiply(multiply([weight, 0, 0, 0, 0], magnitude), magnitude);
        let cube = multiply(square, magnitude);
        wide::add_all(&mut self.squares, &square);
        if mantissa < 0 {
            wide::subtract_all(&mut self.cubes, &cube);
        } else {
            wide::add_all(&mut self.cubes, &cube);
        }
        wide::add_all(&mut self.fourths, &multiply(cube, magnitude));
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        wide::add_all(&mut self.squares, &other.squares);
        wide::add_all(&mut self.cubes, &other.cubes);
        wide::add_all(&mut self.fourths, &other.fourths);
    }

    /// Adds the sums of powers, each number multiplied by `factor`.
    fn add_powers(&self, factor: &BigInt, powers: &mut [BigInt; 4]) {
        let sums =
            [BigInt::from(self.sum), unsigned(&self.squares), signed(&self.cubes), unsigned(&self.fourths)];
        let mut scale = factor.clone();
        for (power, sum) in powers.iter_mut().zip(sums) {
            *power += sum * &scale;
            scale *= factor;
        }
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
    bins.insert(at, Bin { scale, sum: 0, squares: [0; 3], cubes: [0; 4], fourths: [0; 5] });
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
#[path = "exact_sum_tests.rs"]
mod tests;
