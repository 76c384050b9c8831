//! Crockford's base 32 with a fixed width: the text behind ids and cursors. Sorts as the number sorts. Not
//! lenient: one number has one text, so that texts can be compared and cached.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base32Error {
    /// The character at this position, from 0, is not in the alphabet.
    Character(usize),
    /// The number has more than 128 bits.
    TooLarge,
}

/// Writes the last `5 * width` bits of a number.
pub(crate) fn encode(number: u128, width: usize) -> String {
    let digit = |position| number.checked_shr(5 * position as u32).unwrap_or(0) as usize % 32;
    (0..width).rev().map(|position| char::from(ALPHABET[digit(position)])).collect()
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(text: &str) -> Result<u128, Base32Error> {
    let mut number = 0_u128;
    for (position, character) in text.chars().enumerate() {
        let digit = ALPHABET.iter().position(|letter| char::from(*letter) == character);
        let digit = digit.ok_or(Base32Error::Character(position))?;
        let shifted = number.checked_mul(32).ok_or(Base32Error::TooLarge)?;
        number = shifted | digit as u128;
    }
    Ok(number)
}
