//! What a Rust file names: paths and identifiers, without comments, strings and code for tests.

use std::collections::BTreeSet;
use std::iter::Peekable;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The names in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Paths of two or more segments, groups of `use` written out: `std::fs::File`.
    pub(crate) paths: BTreeSet<String>,
    /// Identifiers and keywords.
    pub(crate) words: BTreeSet<String>,
}

impl Names {
    /// Of the text of a file; items under `#[cfg(test)]` are left out.
    pub(crate) fn of(text: &str) -> Result<Self, proc_macro2::LexError> {
        let mut names = Self::default();
        names.collect(text.parse()?);
        Ok(names)
    }

    /// The names of the file are, or begin with, this path.
    pub(crate) fn use_path(&self, path: &str) -> bool {
        let below = format!("{path}::");
        self.paths.iter().any(|found| found == path || found.starts_with(&below))
    }

    fn collect(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' && next_is_cfg_test(&mut tokens) => {
                    skip_item(&mut tokens);
                }
                TokenTree::Ident(word) => self.collect_path(word.to_string(), &mut tokens),
                TokenTree::Group(group) => self.collect(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// The path that begins with `first`, and those of the group it may end in.
    fn collect_path(&mut self, first: String, tokens: &mut Peekable<impl Iterator<Item = TokenTree>>) {
        self.words.insert(first.clone());
        let mut path = first;
        while is_punct(tokens.peek(), ':') {
            tokens.next();
            if !is_punct(tokens.peek(), ':') {
                break;
            }
            tokens.next();
            match tokens.peek() {
                Some(TokenTree::Ident(word)) => {
                    path = format!("{path}::{word}");
                    self.words.insert(word.to_string());
                    tokens.next();
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.collect_use_group(&path, group);
                    tokens.next();
                    break;
                }
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => path += "::*",
                _ => break,
            }
        }
        if path.contains("::") {
            self.paths.insert(path);
        }
    }

    fn collect_use_group(&mut self, prefix: &str, group: &Group) {
        let mut inner = Self::default();
        inner.collect(group.stream());
        let long: Vec<String> = inner.paths.iter().map(|path| format!("{prefix}::{path}")).collect();
        // A word of a longer path is listed as if it stood alone: too many names, never too few.
        let short: Vec<String> = inner.words.iter().map(|word| format!("{prefix}::{word}")).collect();
        self.paths.extend(long);
        self.paths.extend(short);
        self.words.extend(inner.words);
    }
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn next_is_cfg_test(tokens: &mut Peekable<impl Iterator<Item = TokenTree>>) -> bool {
    let text = tokens.peek().map(|attribute| attribute.to_string().replace(' ', ""));
    text.is_some_and(|text| text == "[cfg(test)]")
}

fn skip_item(tokens: &mut Peekable<impl Iterator<Item = TokenTree>>) {
    // The attribute itself comes first.
    tokens.next();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}

#[test]
fn names_are_found_wherever_they_stand() {
    let text = r#"
        //! std::fs in a comment
        use std::{fs, time::{Duration, Instant}};
        /* unsafe */ fn f() { let x = "std::net::TcpStream"; memchr::memchr(b'a', b); call!(std::thread::spawn(g)); }
        #[cfg(test)]
        mod tests { fn t() { std::env::var("X"); } }
        #[cfg(test)]
        use std::process::Command;
        fn last() -> xxhash::Hash {}
    "#;
    let names = Names::of(text).unwrap();
    for found in ["std::fs", "std::time::Instant", "memchr", "memchr::memchr", "std::thread", "xxhash"] {
        assert!(names.use_path(found), "{found} in {names:?}");
    }
    for absent in ["std::net", "std::env", "std::process", "std::time::SystemTime", "mem"] {
        assert!(!names.use_path(absent), "{absent} in {names:?}");
    }
    assert!(!names.words.contains("unsafe"));
    assert!(Names::of("fn f() { unsafe { g() } }").unwrap().words.contains("unsafe"));
    assert!(Names::of("unsafe fn f() {}").unwrap().words.contains("unsafe"));
}
