//! JSON (RFC 8259), read only to say whether it is well formed.

/// Deeper ones are not looked into.
const DEEPEST: usize = 64;

/// The text is a well-formed object or array, and nothing else.
pub(super) fn is_object_or_array(text: &[u8]) -> bool {
    let mut reader = Reader { rest: text };
    matches!(text.first(), Some(b'{' | b'['))
        && reader.value(0).is_some()
        && reader.rest.trim_ascii().is_empty()
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<()> {
        self.skip_space();
        match self.rest.first()? {
            _ if depth > DEEPEST => None,
            b'{' => self.list(b'}', |reader| {
                reader.skip_space();
                reader.string()?;
                reader.skip_space();
                reader.take(b":")?;
                reader.value(depth + 1)
            }),
            b'[' => self.list(b']', |reader| reader.value(depth + 1)),
            b'"' => self.string(),
            b't' => self.take(b"true"),
            b'f' => self.take(b"false"),
            b'n' => self.take(b"null"),
            _ => self.number(),
        }
    }

    /// Items with commas between, after an opening bracket, up to the closing one.
    fn list(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.rest = &self.rest[1..];
        self.skip_space();
        if self.take(&[end]).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            self.skip_space();
            if self.take(&[end]).is_some() {
                return Some(());
            }
            self.take(b",")?;
        }
    }

    fn string(&mut self) -> Option<()> {
        self.take(b"\"")?;
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            match byte {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match byte {
            b'u' => {
                let (digits, rest) = self.rest.split_at_checked(4)?;
                self.rest = rest;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => b"\"\\/bfnrt".contains(&byte).then_some(()),
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.take(b"-");
        if self.take(b"0").is_none() {
            self.digits()?;
        }
        if self.take(b".").is_some() {
            self.digits()?;
        }
        if self.take(b"e").or_else(|| self.take(b"E")).is_some() {
            let _ = self.take(b"+").or_else(|| self.take(b"-"));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let len = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[len..];
        (len > 0).then_some(())
    }

    fn take(&mut self, token: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn skip_space(&mut self) {
        let len = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.rest = &self.rest[len..];
    }
}
