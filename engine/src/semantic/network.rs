//! Addresses of networks: e-mail, URL, IP, MAC.

/// A dot-atom of at most 64 bytes, `@`, a domain name of at least two labels (RFC 5321, RFC 5322 §3.2.3; quoted local
/// parts, which nobody sends, are none). Letters beyond ASCII count as letters (RFC 6531).
pub(super) fn is_email(text: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', text) else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    local.len() <= 64 && text.len() <= 254 && is_dot_atom(local) && is_domain(domain)
}

/// Bytes that may stand in an atom, with single points between them.
fn is_dot_atom(text: &[u8]) -> bool {
    let mut before = b'.';
    for &byte in text {
        if !has(ATOM, byte) && (byte != b'.' || before == b'.') {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

/// May stand in an atom of an address.
const ATOM: u8 = 1;
/// May stand in a label of a domain name.
const LABEL: u8 = 2;
/// Where a byte may stand.
const PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        places[byte] = match byte as u8 {
            b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80.. => ATOM | LABEL,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~' => ATOM,
            _ => 0,
        };
        byte += 1;
    }
    places
};

/// The byte may stand in an atom of an address.
pub(super) fn may_be_in_atom(byte: u8) -> bool {
    has(ATOM, byte)
}

#[inline]
fn has(place: u8, byte: u8) -> bool {
    PLACES[byte as usize] & place != 0
}

/// At least two labels of letters, digits and inner hyphens, the last one of at least two letters.
fn is_domain(domain: &[u8]) -> bool {
    let is_label =
        |label: &[u8]| (1..=63).contains(&label.len()) && label[0] != b'-' && label[label.len() - 1] != b'-';
    let (mut labels, mut start) = (1, 0);
    for (at, &byte) in domain.iter().enumerate() {
        if byte == b'.' {
            if !is_label(&domain[start..at]) {
                return false;
            }
            (labels, start) = (labels + 1, at + 1);
        } else if !has(LABEL, byte) {
            return false;
        }
    }
    let last = &domain[start..];
    if !is_label(last) {
        return false;
    }
    let is_punycode = last.starts_with(b"xn--");
    labels >= 2
        && last.len() >= 2
        && (is_punycode || last.iter().all(|byte| !byte.is_ascii_digit() && *byte != b'-'))
}

const SCHEMES: [&[u8]; 10] =
    [b"https", b"http", b"ftp", b"ftps", b"sftp", b"ws", b"wss", b"s3", b"gs", b"file"];

/// A scheme that points to something, `://`, something without white space.
pub(super) fn is_url(text: &[u8]) -> bool {
    let Some(colon) = text.iter().take(8).position(|&byte| byte == b':') else { return false };
    let (scheme, rest) = text.split_at(colon);
    let Some(rest) = rest.strip_prefix(b"://") else { return false };
    SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && rest
            .first()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"/[_~%".contains(byte) || *byte >= 0x80)
        && rest
            .iter()
            .all(|byte| !byte.is_ascii_whitespace() && !byte.is_ascii_control() && !b"<>\"".contains(byte))
}

pub(super) fn is_ipv4(text: &[u8]) -> bool {
    let mut parts = 0;
    let valid = text.split(|&byte| byte == b'.').all(|part| {
        parts += 1;
        is_octet(part)
    });
    valid && parts == 4
}

fn is_octet(part: &[u8]) -> bool {
    if !(1..=3).contains(&part.len()) || !part.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = part.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    value <= 255 && (part.len() == 1 || part[0] != b'0')
}

/// Up to eight groups of up to four hexadecimal digits, `::` once for groups of zeros, the last two perhaps as IPv4.
pub(super) fn is_ipv6(text: &[u8]) -> bool {
    let (head, tail) = match text.windows(2).position(|pair| pair == b"::") {
        Some(at) => (&text[..at], Some(&text[at + 2..])),
        None => (text, None),
    };
    let groups_of = |part: &[u8]| if part.is_empty() { Some(0) } else { ipv6_groups(part) };
    match tail {
        None => ipv6_groups(head) == Some(8),
        Some(tail) => {
            let has_ipv4_before = head.contains(&b'.');
            !has_ipv4_before
                && groups_of(head).zip(groups_of(tail)).is_some_and(|(head, tail)| head + tail <= 7)
        }
    }
}

fn ipv6_groups(part: &[u8]) -> Option<usize> {
    let mut groups = 0;
    let mut pieces = part.split(|&byte| byte == b':').peekable();
    while let Some(piece) = pieces.next() {
        let is_group = (1..=4).contains(&piece.len()) && piece.iter().all(u8::is_ascii_hexdigit);
        groups += match is_group {
            true => 1,
            false if pieces.peek().is_none() && is_ipv4(piece) => 2,
            false => return None,
        };
    }
    Some(groups)
}

pub(super) fn is_mac(text: &[u8]) -> bool {
    text.len() == 17
        && text.iter().enumerate().all(|(at, byte)| match at % 3 {
            2 => matches!(byte, b':' | b'-') && *byte == text[2],
            _ => byte.is_ascii_hexdigit(),
        })
}
