//! Ill-formed UTF-8, counted as Unicode asks readers to replace it: one per maximal subpart of an ill-formed
//! sequence (Unicode 16, §3.9, "U+FFFD Substitution of Maximal Subparts"), as
//! [`String::from_utf8_lossy`] does.

/// Calls `report` with the index of every ill-formed sequence in `bytes`, which is a whole text.
pub(crate) fn for_each_ill_formed(bytes: &[u8], mut report: impl FnMut(usize)) {
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            report(at);
            at += chunk.invalid().len();
        }
    }
}

/// The same over a text that comes in pieces.
#[derive(Default)]
pub(crate) struct Utf8Stream {
    /// The beginning of a sequence whose end has not come yet, at most 3 bytes.
    pending: Vec<u8>,
}

impl Utf8Stream {
    /// Takes the next piece, which starts at `offset`; calls `report` with the offset of every ill-formed
    /// sequence that is certain by now.
    pub(crate) fn feed(&mut self, offset: u64, piece: &[u8], report: &mut impl FnMut(u64)) {
        let mut rest = piece;
        let mut rest_offset = offset;
        while !self.pending.is_empty() && !rest.is_empty() {
            let start = rest_offset - self.pending.len() as u64;
            self.pending.push(rest[0]);
            match std::str::from_utf8(&self.pending) {
                Ok(_) => self.pending.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    // The new byte is not part of the sequence: it is read again on its own.
                    report(start);
                    self.pending.clear();
                    continue;
                }
            }
            rest = &rest[1..];
            rest_offset += 1;
        }
        let keep = incomplete_suffix(rest);
        let (whole, suffix) = rest.split_at(rest.len() - keep);
        if simdutf8::basic::from_utf8(whole).is_err() {
            for_each_ill_formed(whole, |at| report(rest_offset + at as u64));
        }
        self.pending.extend_from_slice(suffix);
    }

    /// The text ends at `offset`: a sequence that is still open is ill-formed.
    pub(crate) fn finish(&mut self, offset: u64, report: &mut impl FnMut(u64)) {
        if !self.pending.is_empty() {
            report(offset - self.pending.len() as u64);
            self.pending.clear();
        }
    }
}

/// Length of the sequence at the end of `bytes` that more bytes could complete.
fn incomplete_suffix(bytes: &[u8]) -> usize {
    (1..=bytes.len().min(3))
        .find(|&n| match std::str::from_utf8(&bytes[bytes.len() - n..]) {
            Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
            Ok(_) => false,
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_find_what_the_whole_finds(
            bytes in proptest::collection::vec(prop_oneof![
                Just(b'a'), Just(0xC3), Just(0xA9), Just(0xE2), Just(0x82), Just(0xAC), Just(0xF0),
                Just(0x9F), Just(0x98), Just(0x80), Just(0xFF), Just(0xED), Just(0xA0)
            ], 0..40),
            piece in 1usize..9,
        ) {
            let (mut whole, mut pieces) = (Vec::new(), Vec::new());
            for_each_ill_formed(&bytes, |at| whole.push(at as u64));
            let mut stream = Utf8Stream::default();
            let mut offset = 0;
            for part in bytes.chunks(piece) {
                stream.feed(offset, part, &mut |at| pieces.push(at));
                offset += part.len() as u64;
            }
            stream.finish(offset, &mut |at| pieces.push(at));
            prop_assert_eq!(&whole, &pieces);
            prop_assert_eq!(whole.len(), String::from_utf8_lossy(&bytes).matches('\u{FFFD}').count());
        }
    }
}
