//! Text from a file, made fit for a terminal: what it would hide or obey is shown instead, and it can be cut to
//! a number of cells. A cell is the place of one narrow character; wide characters take two.

use console::measure_text_width;
use unicode_segmentation::UnicodeSegmentation as _;

/// Stands where text was cut.
pub(super) const ELLIPSIS: &str = "…";

/// More marks than this on one letter are for breaking screens, not for reading.
const MAX_CHARACTERS_PER_GRAPHEME: usize = 12;

/// The same text with everything visible that a terminal would obey or hide: control characters, characters
/// that change the direction of writing, and those of no width. A combining mark without a letter gets one.
///
/// The result holds no C0 or C1 control character, so it cannot hold an escape sequence.
pub fn visible(raw: &str) -> String {
    let mut shown = String::with_capacity(raw.len());
    for grapheme in raw.graphemes(true) {
        let start = shown.len();
        for character in grapheme.chars().take(MAX_CHARACTERS_PER_GRAPHEME) {
            push_visible(&mut shown, character);
        }
        if measure_text_width(&shown[start..]) == 0 {
            let unseen = shown.split_off(start);
            shown.push_str(&with_base(&unseen));
        }
    }
    shown
}

/// A grapheme of no width on a dotted circle; its code points if it does not combine.
fn with_base(grapheme: &str) -> String {
    let based = format!("◌{grapheme}");
    if based.graphemes(true).count() == 1 {
        return based;
    }
    grapheme.chars().map(code_point).collect()
}

fn code_point(character: char) -> String {
    format!("‹U+{:04X}›", u32::from(character))
}

fn push_visible(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push('↵'),
        '\t' => shown.push('⇥'),
        // The pictures of C0 stand in Unicode in the order of what they picture.
        '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + u32::from(character))),
        '\x7f' => shown.push('␡'),
        _ if is_hidden(character) => shown.push_str(&code_point(character)),
        _ => shown.push(character),
    }
}

/// C1 controls, line separators, zero-width spaces and joiners that no script needs, signs of direction,
/// interlinear annotations and tags. (The joiners U+200C and U+200D stay: scripts and emoji need them.)
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Like [`visible`], and spaces at either end are shown, which otherwise nobody would suspect.
pub(super) fn visible_value(raw: &str) -> String {
    let inner = raw.trim_matches(' ');
    let before = raw.len() - raw.trim_start_matches(' ').len();
    let after = if inner.is_empty() { 0 } else { raw.len() - before - inner.len() };
    format!("{}{}{}", "␠".repeat(before), visible(inner), "␠".repeat(after))
}

/// Cells that a visible text takes.
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// The visible text in at most `cells` cells, with `…` at the end if something is missing.
pub(super) fn truncate(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut room = cells.saturating_sub(width(ELLIPSIS));
    for grapheme in text.graphemes(true) {
        let needed = width(grapheme);
        if needed > room {
            break;
        }
        room -= needed;
        kept.push_str(grapheme);
    }
    if cells > 0 {
        kept.push_str(ELLIPSIS);
    }
    kept
}

/// The first `cells` cells of a visible text, without a sign that something is missing.
pub(super) fn head(text: &str, cells: usize) -> String {
    console::truncate_str(text, cells, "").into_owned()
}

/// Divides `room` among texts of these widths: short ones get what they need, long ones equal shares.
pub(super) fn fair_widths(wanted: &[usize], room: usize) -> Vec<usize> {
    let mut ascending: Vec<usize> = wanted.to_vec();
    ascending.sort_unstable();
    let mut left = room;
    let mut limit = usize::MAX;
    for (settled, needed) in ascending.iter().enumerate() {
        let equal_share = left / (ascending.len() - settled);
        if *needed > equal_share {
            limit = equal_share;
            break;
        }
        left -= needed;
    }
    wanted.iter().map(|needed| limit.min(*needed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_or_hide_becomes_visible() {
        let check = |raw: &str, shown: &str| assert_eq!(visible(raw), shown, "{raw:?}");
        check("plain ünï 佐藤", "plain ünï 佐藤");
        check("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title␇");
        check("a\r\nb\tc\0\x7f", "a␍↵b⇥c␀␡");
        check("\u{9b}31m", "‹U+009B›31m");
        check("abc\u{202e}dcba", "abc‹U+202E›dcba");
        check("zero\u{200b}width\u{feff}", "zero‹U+200B›width‹U+FEFF›");
        check("\u{301}lonely", "◌\u{301}lonely");
        check("\n\u{301}", "↵◌\u{301}");
        check("👩\u{200d}🚀", "👩\u{200d}🚀");
        check(&format!("e{}", "\u{301}".repeat(99)), &format!("e{}", "\u{301}".repeat(11)));
    }

    #[test]
    fn no_character_comes_through_as_a_control_character() {
        for character in char::MIN..=char::MAX {
            let shown = visible(&format!("{character}"));
            assert!(!shown.contains(char::is_control), "{character:?}");
            assert!(width(&shown) > 0, "{character:?}");
            assert_eq!(visible(&shown), shown, "{character:?}");
            let after_letter = visible(&format!("a{character}"));
            assert_eq!(visible(&after_letter), after_letter, "a{character:?}");
        }
    }

    #[test]
    fn spaces_at_the_ends_of_values_are_shown() {
        let check = |raw: &str, shown: &str| assert_eq!(visible_value(raw), shown, "{raw:?}");
        check("a b", "a b");
        check(" a  ", "␠a␠␠");
        check("  ", "␠␠");
        check("", "");
    }

    #[test]
    fn cutting_respects_cells_and_letters() {
        let check = |text: &str, cells: usize, cut: &str| assert_eq!(truncate(text, cells), cut, "{text}");
        check("abc", 3, "abc");
        check("abcd", 3, "ab…");
        check("abcd", 1, "…");
        check("abcd", 0, "");
        check("佐藤佐藤", 4, "佐…");
        check("佐藤佐藤", 5, "佐藤…");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
    }

    #[test]
    fn room_is_divided_fairly() {
        assert_eq!(fair_widths(&[3, 4], 10), [3, 4]);
        assert_eq!(fair_widths(&[3, 40, 50], 23), [3, 10, 10]);
        assert_eq!(fair_widths(&[50, 1, 50], 1), [0, 0, 0]);
        assert_eq!(fair_widths(&[], 5), [0; 0]);
    }
}
