//! Integers of a few 64-bit words, least significant first, in two's complement where they have a sign. They are
//! wide enough for the sums of a file of 2⁶⁴ numbers, so that nothing wraps.

use num_bigint::{BigInt, Sign};

/// Adds a number of two words.
#[inline]
pub(super) fn add<const N: usize>(words: &mut [u64; N], value: u128) {
    let low = (u128::from(words[1]) << 64) | u128::from(words[0]);
    let (sum, carry) = low.overflowing_add(value);
    (words[0], words[1]) = (sum as u64, (sum >> 64) as u64);
    if carry {
        step(&mut words[2..], |word| word.overflowing_add(1));
    }
}

/// Subtracts a number of two words.
#[inline]
pub(super) fn subtract<const N: usize>(words: &mut [u64; N], value: u128) {
    let low = (u128::from(words[1]) << 64) | u128::from(words[0]);
    let (rest, borrow) = low.overflowing_sub(value);
    (words[0], words[1]) = (rest as u64, (rest >> 64) as u64);
    if borrow {
        step(&mut words[2..], |word| word.overflowing_sub(1));
    }
}

/// Carries a one as far as it goes.
fn step(words: &mut [u64], by_one: impl Fn(u64) -> (u64, bool)) {
    for word in words {
        let (stepped, goes_on) = by_one(*word);
        *word = stepped;
        if !goes_on {
            return;
        }
    }
}

/// Adds a number of as many words or more; those beyond are zero or repeat the sign.
pub(super) fn add_all<const N: usize>(words: &mut [u64; N], other: &[u64]) {
    let mut carry = 0;
    for (word, other) in words.iter_mut().zip(other) {
        let sum = u128::from(*word) + u128::from(*other) + carry;
        *word = sum as u64;
        carry = sum >> 64;
    }
}

/// Subtracts a number of as many words or more, likewise.
pub(super) fn subtract_all<const N: usize>(words: &mut [u64; N], other: &[u64]) {
    let mut borrow = false;
    for (word, other) in words.iter_mut().zip(other) {
        let (rest, first) = word.overflowing_sub(*other);
        let (rest, second) = rest.overflowing_sub(u64::from(borrow));
        *word = rest;
        borrow = first | second;
    }
}

/// The product with a word. What does not fit is cut off.
pub(super) fn multiply<const N: usize>(mut words: [u64; N], by: u64) -> [u64; N] {
    let mut carry = 0;
    for word in &mut words {
        let product = u128::from(*word) * u128::from(by) + carry;
        *word = product as u64;
        carry = product >> 64;
    }
    words
}

/// The number without a sign.
pub(super) fn unsigned(words: &[u64]) -> BigInt {
    BigInt::from_bytes_le(Sign::Plus, &bytes(words))
}

/// The number in two's complement.
pub(super) fn signed(words: &[u64]) -> BigInt {
    BigInt::from_signed_bytes_le(&bytes(words))
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
