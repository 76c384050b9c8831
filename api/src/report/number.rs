//! Numbers as people read them. Never says nothing for something, nor all for nearly all.

use data_inspector_domain::profile::Estimate;
use indicatif::HumanCount;

/// Digits of a mean that anyone compares.
const SIGNIFICANT_DIGITS: i32 = 4;

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// `1 row`, `2 rows`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A count that may be estimated: `1,234` or `≈1,234`.
pub(super) fn estimated_count(estimate: &Estimate) -> String {
    let mark = if estimate.exact { "" } else { "≈" };
    // A count is never negative; one too large for 64 bits is shown as the largest.
    format!("{mark}{}", count(estimate.value.round() as u64))
}

/// A share as `12.3%`; `<0.1%` and `>99.9%` where rounding would say none or all.
pub(super) fn percent(share: f64) -> String {
    let per_mille = (share * 1000.0).round();
    if share <= 0.0 {
        String::from("0%")
    } else if share >= 1.0 {
        String::from("100%")
    } else if per_mille < 1.0 {
        String::from("<0.1%")
    } else if per_mille > 999.0 {
        String::from(">99.9%")
    } else {
        format!("{:.1}%", per_mille / 10.0)
    }
}

/// A part of a whole as a share; no part of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A measured number with four significant digits: `0.01234`, `12.34`, `1,234`, `1.234e18`.
pub(super) fn measured(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return number.to_string();
    }
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{number:.3e}");
    }
    let digits_before_point = if size < 1e-4 { 1 } else { size.log10().floor() as i32 + 1 };
    let decimals = (SIGNIFICANT_DIGITS - digits_before_point).clamp(0, 7) as usize;
    let text = format!("{size:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let grouped = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let sign = if number < 0.0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_never_round_to_none_or_all() {
        let check = |share: f64, text: &str| assert_eq!(percent(share), text);
        check(0.0, "0%");
        check(1e-9, "<0.1%");
        check(0.0005, "0.1%");
        check(0.12345, "12.3%");
        check(0.9994, "99.9%");
        check(0.9996, ">99.9%");
        check(1.0, "100%");
    }

    #[test]
    fn measured_numbers_have_four_digits() {
        let check = |number: f64, text: &str| assert_eq!(measured(number), text);
        check(0.0, "0");
        check(5.0, "5");
        check(0.012345, "0.01235");
        check(12.3449, "12.34");
        check(-1234.56, "-1,235");
        check(9_876_543.2, "9,876,543");
        check(1.5e18, "1.500e18");
        check(-2e-9, "-2.000e-9");
        check(f64::INFINITY, "inf");
        check(f64::NAN, "NaN");
    }

    #[test]
    fn estimates_say_so() {
        let estimate = Estimate { value: 1234.4, exact: false, lower: 1200.0, upper: 1300.0, method: None };
        assert_eq!(estimated_count(&estimate), "≈1,234");
        assert_eq!(estimated_count(&Estimate::exact(7.0)), "7");
    }
}
