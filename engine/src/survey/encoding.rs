//! Which encoding samples are in: UTF-8 if most of what is not ASCII is, else the guess of `chardetng`, which is
//! Firefox's detector, among the encodings of single bytes.

use chardetng::EncodingDetector;

/// So many sequences that are not UTF-8 are a few bytes of damage, and no other encoding.
const FEW: usize = 3;
/// Of damaged UTF-8 most sequences are well-formed; text in another encoding has hardly any that are.
const TIMES_MORE: usize = 4;

/// The name of the encoding, and how clear it is: from 0 to 1, a half for nothing but ASCII. Samples begin and end with a
/// character.
pub(super) fn decide(head: &[u8], elsewhere: &[&[u8]]) -> (String, f64) {
    let samples = || std::iter::once(head).chain(elsewhere.iter().copied());
    let (mut well_formed, mut ill_formed) = (0, 0);
    for chunk in samples().flat_map(<[u8]>::utf8_chunks) {
        well_formed += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        ill_formed += usize::from(!chunk.invalid().is_empty());
    }
    let utf8 = "utf-8".to_owned();
    if ill_formed + well_formed == 0 {
        return (utf8, 0.5);
    }
    let share = |part: usize| part as f64 / (ill_formed + well_formed) as f64;
    if ill_formed <= FEW || ill_formed < TIMES_MORE * well_formed {
        return (utf8, share(well_formed));
    }
    let mut detector = EncodingDetector::new();
    for sample in samples() {
        detector.feed(sample, false);
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, false);
    if guess.is_single_byte() {
        (guess.name().to_ascii_lowercase(), share(ill_formed))
    } else {
        (utf8, share(well_formed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sample: &[u8], name: &str) {
        assert_eq!(decide(sample, &[]).0, name);
        assert_eq!(decide(b"id,name\n", &[b"", sample]).0, name);
    }

    #[test]
    fn what_is_not_ascii_decides() {
        check(b"id,name\n", "utf-8");
        check("naïve,Zoë\n".as_bytes(), "utf-8");
        check("naïve,Zoë\nM\u{fffd}".as_bytes(), "utf-8");
        check(b"id,name\n1,Jos\xE9\n", "utf-8");
        check(b"id,name\n1,Jos\xE9\n2,Zo\xEB\n3,M\xFCller\n4,Gar\xE7on\n5,Stra\xDFe\n", "windows-1252");
        let russian: Vec<u8> = "Москва Владимир Петербург"
            .chars()
            .map(|c| match c {
                ' ' => b' ',
                c => (c as u32 - 0x410 + 0xC0) as u8,
            })
            .collect();
        check(&russian, "windows-1251");
    }
}
