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

/// Moments in floats about the mean, for numbers of a size at which floats are good enough.
fn naive(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power: i32| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / n;
    let (m2, m3, m4) = (moment(2), moment(3), moment(4));
    let skewness = (n * (n - 1.0)).sqrt() / (n - 2.0) * m3 / m2.powf(1.5);
    let kurtosis = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (m4 / (m2 * m2) - 3.0) + 6.0);
    (m2 * n / (n - 1.0), skewness, kurtosis)
}

#[test]
fn moments_that_are_known() {
    // As scipy.stats.skew and kurtosis with bias=False have them.
    let moments = of(&[2, 8, 0, 4, 1, 9, 9, 0].map(|mantissa| decimal(mantissa, 0))).moments().unwrap();
    assert!((moments.skewness.unwrap() - 0.330_582_180_407_974_6).abs() < 1e-15, "{:?}", moments.skewness);
    assert!((moments.kurtosis.unwrap() + 2.098_602_258_096_087).abs() < 1e-15, "{:?}", moments.kurtosis);
    let same = of(&[decimal(7, 0); 5]).moments().unwrap();
    assert_eq!((same.variance, same.skewness, same.kurtosis), (Some(0.0), None, None));
    let three = of(&[1, 2, 9].map(|mantissa| decimal(mantissa, 0))).moments().unwrap();
    assert!(three.skewness.is_some() && three.kurtosis.is_none());
}

#[test]
fn the_largest_numbers_do_not_wrap() {
    let numbers = [decimal(i64::MIN, 0), decimal(i64::MAX, 0), decimal(i64::MIN, 0), decimal(0, 0)];
    let mut sum = ExactSum::default();
    numbers.iter().for_each(|&number| sum.add(number, u64::MAX / 4));
    let moments = sum.moments().unwrap();
    let of_four = naive(&[-1.0, 1.0, -1.0, 0.0]);
    let expected = 2f64.powi(126) * (of_four.0 * 3.0 / 4.0);
    assert!((moments.variance.unwrap() / expected - 1.0).abs() < 1e-12);
}

proptest! {
    #[test]
    fn moments_are_those_about_the_mean(
        mantissas in proptest::collection::vec(-100_000i64..100_000, 4..40),
        shift in prop_oneof![Just(0i64), Just(10_000_000_000)],
    ) {
        prop_assume!(mantissas.iter().any(|&m| m != mantissas[0]));
        let numbers: Vec<Number> = mantissas.iter().map(|&m| decimal(m + shift, 1)).collect();
        let (variance, skewness, kurtosis) = naive(&mantissas.iter().map(|&m| m as f64 / 10.0).collect::<Vec<_>>());
        let moments = of(&numbers).moments().unwrap();
        prop_assert!((moments.variance.unwrap() / variance - 1.0).abs() < 1e-9);
        prop_assert!((moments.skewness.unwrap() - skewness).abs() < 1e-7);
        prop_assert!((moments.kurtosis.unwrap() - kurtosis).abs() < 1e-6);
    }
}
