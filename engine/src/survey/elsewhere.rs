//! The middle and the end of a file beside its head: what begins late shows there, such as the first letter that is not
//! ASCII, the first quote, or rows of another kind.

use std::ops::Range;

use crate::limits::{ELSEWHERE_BYTES, SURVEY_BYTES};

/// The ranges to look at: the middle of what is behind the head, and the end. None where the head is most of the file.
pub(super) fn ranges(file_size: u64) -> Vec<Range<u64>> {
    let (head, piece) = (SURVEY_BYTES as u64, ELSEWHERE_BYTES as u64);
    let Some(rest) = file_size.checked_sub(head).filter(|rest| *rest >= 2 * piece) else {
        return Vec::new();
    };
    // Between the head and the last piece.
    let middle = head + (rest - piece) / 2 - piece / 2;
    vec![middle..middle + piece, file_size - piece..file_size]
}

/// The lines that are whole.
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    let ends_line = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let start = bytes.iter().position(ends_line).map_or(bytes.len(), |at| at + 1);
    let end = bytes.iter().rposition(ends_line).map_or(start, |at| at + 1);
    &bytes[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_behind_the_head_and_apart() {
        let (head, piece) = (SURVEY_BYTES as u64, ELSEWHERE_BYTES as u64);
        assert!(ranges(0).is_empty() && ranges(head + 2 * piece - 1).is_empty());
        for size in [head + 2 * piece, head + 2 * piece + 1, 10 * head, u64::MAX] {
            let [middle, end] = &ranges(size)[..] else { panic!("{size}") };
            assert!(head <= middle.start && middle.end <= end.start && end.end == size, "{middle:?} {end:?}");
            assert_eq!((middle.end - middle.start, end.end - end.start), (piece, piece));
        }
    }

    #[test]
    fn lines_that_are_cut_are_left_out() {
        assert_eq!(whole_lines(b"ut\r\n1,a\n2,b\n3"), b"\n1,a\n2,b\n");
        assert_eq!(whole_lines(b"cut\n3"), b"");
        assert_eq!(whole_lines(b"cut"), b"");
    }
}
