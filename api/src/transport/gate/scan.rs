//! One pass over the bytes of a document that no parser has touched: what no parser should be given.

use super::super::fault::Fault;
use super::{GateLimits, too_much};

/// Operations of a document that may each have as many aliases as an operation may have.
const OPERATIONS: usize = 10;

/// What was seen so far.
#[derive(Default)]
struct Seen {
    tokens: usize,
    nesting: usize,
    parentheses: usize,
    directives: usize,
    aliases: usize,
}

/// Refuses a document with too many tokens, directives, aliases, or brackets inside each other. It counts what it sees
/// and does not judge: a string that does not end is for the parser to report.
pub(super) fn check(text: &str, limits: &GateLimits) -> Result<(), Fault> {
    let mut rest = text.as_bytes();
    let mut seen = Seen::default();
    while let Some((&first, after)) = rest.split_first() {
        let length = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = &rest[length_until(rest, |byte| byte == b'\n' || byte == b'\r')..];
                continue;
            }
            b'"' => string_length(rest),
            byte if is_word(byte) => length_until(rest, |byte| !is_word(byte)),
            _ => 1,
        };
        seen.take(first);
        seen.check(limits)?;
        rest = &rest[length..];
    }
    Ok(())
}

impl Seen {
    /// Takes a token by its first byte.
    fn take(&mut self, first: u8) {
        self.tokens += 1;
        match first {
            b'{' | b'[' | b'(' => self.nesting += 1,
            b'}' | b']' | b')' => self.nesting = self.nesting.saturating_sub(1),
            b'@' => self.directives += 1,
            // Inside of parentheses it stands before a value, or before the type of a variable.
            b':' if self.parentheses == 0 => self.aliases += 1,
            _ => {}
        }
        match first {
            b'(' => self.parentheses += 1,
            b')' => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
    }

    fn check(&self, limits: &GateLimits) -> Result<(), Fault> {
        for (found, limit, unit) in [
            (self.nesting, limits.nesting, "levels of brackets"),
            (self.tokens, limits.tokens, "tokens"),
            (self.directives, limits.directives, "directives"),
            (self.aliases, limits.aliases.saturating_mul(OPERATIONS), "aliases"),
        ] {
            if found > limit {
                return Err(too_much("the document", limit, unit));
            }
        }
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn length_until(text: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| ends(byte)).unwrap_or(text.len())
}

/// Bytes of the string, or of the block string, that the text starts with.
fn string_length(text: &[u8]) -> usize {
    if !text.starts_with(b"\"\"\"") {
        let mut position = 1;
        while let Some(&byte) = text.get(position) {
            match byte {
                b'"' => return position + 1,
                b'\n' | b'\r' => return position,
                b'\\' => position += 2,
                _ => position += 1,
            }
        }
        return text.len();
    }
    let mut position = 3;
    while position < text.len() {
        if text[position..].starts_with(b"\\\"\"\"") {
            position += 4;
        } else if text[position..].starts_with(b"\"\"\"") {
            return position + 3;
        } else {
            position += 1;
        }
    }
    text.len()
}
