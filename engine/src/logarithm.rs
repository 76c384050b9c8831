//! The logarithm to base two out of additions, multiplications and divisions, whose results IEEE 754 fixes to the
//! bit: a library's function may differ in the last digit from one machine to the next, and a profile must not.

/// Logarithm to base two of a positive, normal number; within a few units in the last place.
///
/// x = m · 2^e with m between √½ and √2; ln m = 2 artanh((m − 1) / (m + 1)) as its series, whose argument is at
/// most 0.172, so that twelve terms are enough.
pub(crate) fn log2(x: f64) -> f64 {
    const TERMS: u32 = 12;
    debug_assert!(x.is_normal() && x > 0.0, "{x} has no logarithm here");
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let argument = (mantissa - 1.0) / (mantissa + 1.0);
    let square = argument * argument;
    let mut series = 0.0;
    for term in (0..TERMS).rev() {
        series = series * square + 1.0 / f64::from(2 * term + 1);
    }
    exponent as f64 + 2.0 * argument * series * std::f64::consts::LOG2_E
}

#[cfg(test)]
mod tests {
    use super::log2;
    use proptest::prelude::*;

    #[test]
    fn powers_of_two_are_exact() {
        for exponent in -1000..1000 {
            assert_eq!(log2(2f64.powi(exponent)), f64::from(exponent));
        }
    }

    proptest! {
        #[test]
        fn it_is_that_of_the_library(x in 1e-300f64..1e300, y in 0.5f64..2.0) {
            prop_assert!((log2(x) - x.log2()).abs() <= 4.0 * f64::EPSILON * x.log2().abs().max(1.0));
            prop_assert!((log2(y) - y.log2()).abs() <= 2.0 * f64::EPSILON);
        }
    }
}
