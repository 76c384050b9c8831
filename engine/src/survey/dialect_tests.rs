use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_score_is_above_the_most(text in "([a-z0-9,;:\"# -]{0,8}\r?\n?){0,12}", quote in proptest::option::of(Just(b'"'))) {
        for (delimiter, _) in candidates(&FormatOverrides::default()) {
            let dialect = Dialect { delimiter, quote, escape: None, comment: None };
            let score = score(text.as_bytes(), true, &dialect);
            prop_assert!(score <= most_score(text.as_bytes(), delimiter), "{:?}: {}", delimiter, score);
        }
    }
}
