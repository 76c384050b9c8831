//! How much there is in the JSON of strangers, before anything is made of it: a value of two bytes becomes a hundred
//! in memory, and is looked at by everybody who comes after.

/// Whether a text that is JSON has more values than that: members and items, however deep. It counts what it sees and
/// does not judge: what is no JSON is for the parser to report.
pub(super) fn has_more_values(text: &[u8], limit: usize) -> bool {
    let mut values = 1;
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => skip_string(&mut rest),
            b',' | b'[' | b'{' => values += 1,
            _ => {}
        }
        if values > limit {
            return true;
        }
    }
    false
}

/// Goes on after the string of which the first quote has been seen.
fn skip_string(rest: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(rest.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, values: usize) {
        assert!(!has_more_values(text.as_bytes(), values), "{text}");
        assert!(has_more_values(text.as_bytes(), values - 1), "{text}");
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        check("1", 1);
        check(r#""[,,{\",,""#, 1);
        check("[1]", 2);
        check("[1, 2, 3]", 4);
        check(r#"{ "a,b": 1, "c\\": [] }"#, 4);
        check(r#"{ "query": "{ a, b }" }"#, 2);
        check(r#"["unclosed , [ "#, 2);
        check(r#"["ends in a backslash\"#, 2);
    }
}
