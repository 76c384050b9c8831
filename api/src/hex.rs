//! Bytes as lower-case hexadecimal digits, two a byte.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

/// Reads 32 bytes; `None` if the text is not what [`encode`] writes of some.
pub(crate) fn decode_32(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    decode(text)?.try_into().ok()
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: [u8; 32] = std::array::from_fn(|index| index as u8 * 8 + 7);
        assert_eq!(decode_32(&encode(&bytes)), Some(bytes));
        assert_eq!(encode(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
    }

    #[test]
    fn anything_else_is_refused() {
        let text = encode(&[0xab; 32]);
        for wrong in ["", &text[2..], &text.to_uppercase(), &format!("{text}00"), &text.replace('a', "g")] {
            assert_eq!(decode_32(wrong), None, "{wrong}");
        }
    }
}
