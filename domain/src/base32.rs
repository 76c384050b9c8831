//! Crockford's base 32 with a fixed width: the text behind ids and cursors. Sorts as the number sorts. Not
//! lenient: one number has one text, so that texts can be compared and cached.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What each character stands for; none for those that are not in the alphabet.
const DIGITS: [Option<u8>; 128] = {
    let mut digits = [None; 128];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = Some(digit as u8);
        digit += 1;
    }
    digits
};

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
        let digit = DIGITS.get(character as usize).copied().flatten();
        let digit = digit.ok_or(Base32Error::Character(position))?;
        if number >> 123 != 0 {
            return Err(Base32Error::TooLarge);
        }
        number = number << 5 | u128::from(digit);
    }
    Ok(number)
}
