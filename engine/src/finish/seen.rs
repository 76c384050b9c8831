//! From what was seen in a sample to all there is, with bounds that are true in at least 99 of 100 cases.
//!
//! The bounds are those of Chernoff (*A Measure of Asymptotic Efficiency …*, 1952; Hoeffding 1963, theorem 1): the chance
//! that a share `seen` of `all` draws is as far from its chance p, on one side, is at most exp(−all · D(seen/all ‖ p)),
//! where D is the relative entropy. They hold for every number, not only for large ones, and are about a fifth wider than
//! the exact ones.

use crate::logarithm::log2;

/// ln 200 in bits: 1 of 200 cases on either side.
const SURPRISE_BITS: f64 = 7.643_856_189_774_724;
/// Halvings of an interval between 0 and 1, after which hardly a digit is open.
const HALVINGS: u32 = 40;
/// ln 2.
const NATS_PER_BIT: f64 = std::f64::consts::LN_2;

/// Bounds of how many there are, if each is seen with the chance 2^-`log2_per_seen`, independently, and `seen` were.
pub(super) fn all_behind(seen: u64, log2_per_seen: u32) -> (f64, f64) {
    let chance = 1.0 / (1u64 << log2_per_seen) as f64;
    let likely = |all: u64| surprise_bits(seen, all as f64, chance) <= SURPRISE_BITS;
    // Doubtful from some number on: the surprise grows on either side of seen / chance.
    let middle = seen.saturating_mul(1 << log2_per_seen);
    let lower = first(seen, middle, likely);
    let mut doubtful = middle.max(1);
    while likely(doubtful) {
        doubtful = doubtful.saturating_mul(2);
    }
    let upper = first(middle, doubtful, |all| !likely(all)) - 1;
    (lower as f64, upper as f64)
}

/// Bounds of a share of all, if it was `part` of the `whole` that were seen.
pub(super) fn share_behind(part: u64, whole: u64) -> (f64, f64) {
    let seen = part as f64 / whole as f64;
    let surprise = |share: f64| {
        let expected = share * whole as f64;
        self::part(part as f64, expected) + self::part((whole - part) as f64, whole as f64 - expected)
    };
    // Between a share that is out of the question and the one that was seen.
    let edge = |outermost: f64| {
        let (mut doubtful, mut likely) = (outermost, seen);
        for _ in 0..HALVINGS {
            let middle = (doubtful + likely) / 2.0;
            *(if surprise(middle) <= SURPRISE_BITS { &mut likely } else { &mut doubtful }) = middle;
        }
        doubtful
    };
    (if part > 0 { edge(0.0) } else { 0.0 }, if part < whole { edge(1.0) } else { 1.0 })
}

/// The first number from `from` on for which it is true; it is true from there on, and of `until`.
fn first(from: u64, until: u64, is_true: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut until) = (from, until);
    while from < until {
        let middle = from + (until - from) / 2;
        if is_true(middle) {
            until = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

/// all · D(seen/all ‖ chance), in bits.
fn surprise_bits(seen: u64, all: f64, chance: f64) -> f64 {
    let seen = seen as f64;
    let missed = all - seen;
    let of_seen = part(seen, all * chance);
    // For a small chance the logarithm would have to be exact to more digits than it is. Poisson's bound is no tighter.
    if chance < 1.0 / 256.0 {
        return of_seen + (all * chance - seen) / NATS_PER_BIT;
    }
    of_seen + part(missed, all * (1.0 - chance))
}

/// count · log₂(count / expected).
fn part(count: f64, expected: f64) -> f64 {
    if count > 0.0 { count * log2(count / expected) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_where_the_surprise_is() {
        // Nothing seen: the chance of that is (1 - chance)^all, which is 1/200 at 7.6 for a half.
        assert_eq!(all_behind(0, 1), (0.0, 7.0));
        // Poisson: exp(-all / 1024) is 1/200 at 5.298 · 1024.
        assert_eq!(all_behind(0, 10), (0.0, 5425.0));
        assert_eq!(all_behind(1, 10).0, 2.0);
        // Of none of 100: (1 - share)^100 is 1/200 at 0.0516.
        let (lower, upper) = share_behind(0, 100);
        assert!(lower == 0.0 && (0.0515..0.0517).contains(&upper), "{upper}");
        let (lower, upper) = share_behind(100, 100);
        assert!(upper == 1.0 && (0.9483..0.9485).contains(&lower), "{lower}");
        let (lower, upper) = share_behind(50, 100);
        assert!((0.33..0.35).contains(&lower) && (0.65..0.67).contains(&upper), "{lower} {upper}");
    }

    /// SplitMix64.
    fn mix(seed: u64) -> u64 {
        let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// In at least 99 of 100 cases, whatever the number and the chance; and not so wide that it says nothing.
    #[test]
    fn bounds_hold() {
        for (all, log2_per_seen) in [(1, 1), (3, 2), (20, 4), (20, 9), (300, 9), (5000, 1), (5000, 6)] {
            let draw = |seed: u64| {
                let is_seen = |one: &u64| mix(mix(seed) ^ *one) >> (64 - log2_per_seen) == 0;
                (0..all).filter(is_seen).count() as u64
            };
            let bounds = (0..1000).map(|seed| all_behind(draw(seed), log2_per_seen));
            let misses =
                bounds.clone().filter(|&(lower, upper)| (all as f64) < lower || all as f64 > upper).count();
            assert!(misses <= 10, "{misses} of 1000 miss {all} at 2^-{log2_per_seen}");
            let chance = 1.0 / f64::from(1u32 << log2_per_seen);
            let deviation = (all as f64 * (1.0 - chance) / chance).sqrt();
            let widest = bounds.map(|(lower, upper)| upper - lower).fold(0.0, f64::max);
            assert!(widest <= 10.0 * deviation + 12.0 / chance, "{widest} for {all} at 2^-{log2_per_seen}");
        }
    }
}
