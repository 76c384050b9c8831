//! Whether a file is in UTF-16, and in which byte order: as stated, by its byte-order mark, or by what a sample shows.

use data_inspector_domain::failure::{Failure, FailureCode};

use super::magic::is_ascii_text;
use crate::charset::{leaves_byte_order_open, supported};
use crate::utf16::ByteOrder;

/// Of a text in any language that is a table, one in so many characters at least is a delimiter, a line ending, a digit
/// or the like.
const UNITS_PER_ASCII: usize = 20;
/// Read in the wrong order, text has many times less of them.
const TIMES_MORE: usize = 2;
/// One code unit in so many may be damaged.
const UNITS_PER_DAMAGE: usize = 1000;

/// How a file is in UTF-16.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Utf16 {
    pub(super) order: ByteOrder,
    /// How clear it is, from 0 to 1.
    pub(super) confidence: f64,
}

/// How the file with this sample is in UTF-16, if it is; the label of an encoding may be stated.
pub(super) fn decide(sample: &[u8], stated: Option<&str>) -> Result<Option<Utf16>, Failure> {
    let marked = ByteOrder::ALL.into_iter().find(|order| sample.starts_with(&order.mark()));
    let certain = |order| Utf16 { order, confidence: 1.0 };
    let Some(label) = stated else {
        return Ok(marked.map(certain).or_else(|| shown(sample)));
    };
    if leaves_byte_order_open(label) {
        let order = marked.or_else(|| shown(sample).map(|utf16| utf16.order));
        return Ok(Some(certain(order.unwrap_or(ByteOrder::LittleEndian))));
    }
    let order = supported(label).and_then(|name| ByteOrder::of_name(&name));
    match marked.filter(|_| marked != order) {
        None => Ok(order.map(certain)),
        Some(marked) => {
            let message = format!(
                "the file begins with the byte-order mark of {}: state this encoding instead of {label:?}, or none",
                marked.name()
            );
            Err(Failure::new(FailureCode::InvalidSpec, message))
        }
    }
}

/// By a sample without a byte-order mark.
fn shown(sample: &[u8]) -> Option<Utf16> {
    // Characters of ASCII have one, and there are always some.
    memchr::memchr(0, sample)?;
    let [little, big] = ByteOrder::ALL.map(|order| Units::of(order, sample));
    let (best, other) = if little.ascii >= big.ascii { (little, big) } else { (big, little) };
    let is_text = best.ascii * UNITS_PER_ASCII >= best.count
        && best.ascii > TIMES_MORE * other.ascii
        // The sample may end inside of a pair.
        && best.damaged * UNITS_PER_DAMAGE <= best.count + UNITS_PER_DAMAGE
        && best.nuls * UNITS_PER_DAMAGE <= best.count
        && 2 * best.letters <= best.count;
    let confidence = 1.0 - (best.damaged + best.nuls) as f64 / best.count as f64;
    is_text.then_some(Utf16 { order: best.order, confidence })
}

/// Code units of a sample, read in one order.
struct Units {
    order: ByteOrder,
    count: usize,
    /// What ASCII text has.
    ascii: usize,
    nuls: usize,
    /// Two characters of ASCII each: in text of single bytes that has some NUL bytes, nearly all are.
    letters: usize,
    /// Halves of surrogate pairs, and byte-order marks of the other order.
    damaged: usize,
}

impl Units {
    fn of(order: ByteOrder, sample: &[u8]) -> Self {
        let (pairs, _) = sample.as_chunks::<2>();
        let is_letters = |pair: &&[u8; 2]| pair.iter().all(|&byte| is_ascii_text(byte.into()));
        let letters = pairs.iter().filter(is_letters).count();
        let mut units = Self { order, count: pairs.len(), ascii: 0, nuls: 0, letters, damaged: 0 };
        for character in char::decode_utf16(pairs.iter().map(|&pair| order.unit(pair))) {
            match character {
                Ok('\0') => units.nuls += 1,
                Ok('\u{FFFE}') | Err(_) => units.damaged += 1,
                Ok(character) => units.ascii += usize::from(is_ascii_text(character.into())),
            }
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(order: ByteOrder, text: &str) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            ByteOrder::LittleEndian => unit.to_le_bytes(),
            ByteOrder::BigEndian => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn order_of(sample: &[u8], stated: Option<&str>) -> Option<ByteOrder> {
        decide(sample, stated).unwrap().map(|utf16| utf16.order)
    }

    const TEXTS: [&str; 5] = [
        "id\tname\r\n1\tAnn\r\n",
        "номер;имя\r\n1;Мир Труд Май\r\n",
        "编号,姓名\n1,一丁七丈三\n2,\u{20000}一一\n",
        "\u{1F600},\u{1F601}\n\u{1F602},\u{1F603}\n",
        "1",
    ];

    #[test]
    fn text_shows_its_order() {
        for text in TEXTS {
            for order in ByteOrder::ALL {
                let sample = encoded(order, text);
                assert_eq!(order_of(&sample, None), Some(order), "{text:?}");
                assert_eq!(order_of(&sample, Some("utf-16")), Some(order), "{text:?}");
                let marked = encoded(order, &format!("\u{FEFF}{text}"));
                assert_eq!(decide(&marked, None).unwrap(), Some(Utf16 { order, confidence: 1.0 }));
            }
        }
    }

    #[test]
    fn what_is_not_utf16_is_not() {
        let words: Vec<u8> = (1..2000u32).flat_map(u32::to_le_bytes).collect();
        let halves: Vec<u8> =
            (0..2000u16).map(|n| n.wrapping_mul(40503)).flat_map(u16::to_le_bytes).collect();
        let padded = [&b"id,name\n1,Ann\n"[..], &[0; 64]].concat();
        for sample in
            [&b"id,name\n1,Ann\n"[..], b"", b"i\0d,name\n1,Ann\n", &words, &halves, &padded, &[0; 64]]
        {
            assert_eq!(order_of(sample, None), None, "{:?}", &sample[..sample.len().min(16)]);
        }
        assert_eq!(order_of(b"id,name\n", Some("utf-8")), None);
    }

    #[test]
    fn what_is_stated_holds_unless_a_mark_says_otherwise() {
        let [little, big] = ByteOrder::ALL;
        let sample = encoded(little, TEXTS[0]);
        assert_eq!(order_of(&sample, Some("UTF-16BE")), Some(big));
        assert_eq!(order_of(b"id", Some("utf-16")), Some(little));
        assert_eq!(order_of(&sample, Some("latin1")), None);
        let marked = encoded(little, "\u{FEFF}id");
        assert_eq!(order_of(&marked, Some("utf-16")), Some(little));
        assert_eq!(order_of(&marked, Some("utf-16le")), Some(little));
        for stated in ["utf-16be", "utf-8", "windows-1252"] {
            let failure = decide(&marked, Some(stated)).unwrap_err();
            assert_eq!(failure.code, FailureCode::InvalidSpec);
            assert!(failure.user_message.contains("utf-16le"), "{}", failure.user_message);
        }
    }
}
