use super::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// The meanings of a text, by its shape and then itself; the shape must not have refused one that it has.
fn meanings(text: &str) -> Vec<Meaning> {
    let text = text.as_bytes();
    let confirmed = Candidates::of_shape(&Shape::of(text)).confirmed(text);
    let plainly: Vec<Meaning> = Meaning::ALL.into_iter().filter(|meaning| is_of(*meaning, text)).collect();
    let found: Vec<Meaning> =
        Meaning::ALL.into_iter().filter(|&meaning| confirmed.0 >> meaning as u8 & 1 == 1).collect();
    assert_eq!(found, plainly, "{:?}: the shape hides a meaning", String::from_utf8_lossy(text));
    found
}

fn check(meaning: Meaning, are: &[&str], are_not: &[&str]) {
    for text in are {
        assert!(meanings(text).contains(&meaning), "{text:?} is {meaning:?}");
    }
    for text in are_not {
        assert!(!meanings(text).contains(&meaning), "{text:?} is not {meaning:?}");
    }
}

#[test]
fn addresses_of_networks() {
    let long = format!("{}@example.com", "a.".repeat(20) + "b");
    check(
        Meaning::Email,
        &[
            "a@b.de",
            "Anna.O'Brien+news@mail.example.co.uk",
            "jörg@bücher.example",
            "x@xn--bcher-kva.xn--p1ai",
            &long,
        ],
        &["a@b", "a b@c.de", "@b.de", "a.@b.de", "a..b@c.de", "a@-b.de", "a@b.1", "a@b@c.de", "a@b.d"],
    );
    check(
        Meaning::Url,
        &[
            "https://example.com/a?b=c#d",
            "HTTP://x",
            "s3://bucket/key",
            "file:///etc/hosts",
            "ftp://1.2.3.4:21/",
        ],
        &["example.com", "https:/x", "https://", "https://a b", "mailto:a@b.de", "gopher://x", "https://<x>"],
    );
    check(
        Meaning::Ipv4,
        &["1.2.3.4", "255.255.255.0"],
        &["256.1.1.1", "01.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.4444"],
    );
    check(
        Meaning::Ipv6,
        &[
            "::",
            "::1",
            "2001:db8::ff00:42:8329",
            "1:2:3:4:5:6:7:8",
            "::ffff:1.2.3.4",
            "fe80::",
            "2001:0DB8:AC10:FE01:a:b:c:d",
        ],
        &["1:2:3:4:5:6:7", "1::2::3", ":1", "12345::", "1:2:3:4:5:6:7:8::", "10:30", "::g"],
    );
    check(
        Meaning::MacAddress,
        &["00:1A:2b:3c:4D:5e", "00-1a-2b-3c-4d-5e"],
        &["00:1a:2b:3c:4d", "00:1a-2b:3c:4d:5e", "00:1g:2b:3c:4d:5e"],
    );
}

#[test]
fn notations() {
    check(
        Meaning::PhoneNumber,
        &[
            "+49 151 2345678",
            "+1 (415) 555-0132",
            "(+44) 20/7946.0958",
            "+4915123456789",
            "+4 9 1 5 1 2 3 4 5 6 7",
        ],
        &["+49", "49 151 2345678", "+0 151 2345678", "+49 151 abc", "+1234567890123456", "(030) 1234567"],
    );
    check(
        Meaning::CurrencyAmount,
        &["$5", "$1,234.56", "-€12,50", "12.50 €", "EUR 1.000", "1'000.00 CHF", "€\u{a0}3", "$-3.5"],
        &["5", "$", "$1,23,4", "XYZ 5", "€ 1.2.3", "EUR"],
    );
    check(Meaning::Percentage, &["5%", "-1.5 %", "12,5%"], &["%", "5", "5%%", "a%", "1.2.3%"]);
    check(Meaning::CountryAlpha2, &["DE", "GB", "ZW", "AD", "NO"], &["UK", "de", "XX", "D", "DEU"]);
    check(Meaning::CountryAlpha3, &["DEU", "ZWE", "ALA"], &["DDR", "DE", "deu", "NDA"]);
    check(
        Meaning::Json,
        &["{}", "[1, -2.5e3, \"a\\u00e9\\n\", true, null, {\"a\": [ ]}]", "{\"a\":{\"b\":0}} "],
        &["{", "[1,]", "{a:1}", "{\"a\" 1}", "[01]", "[1] 2", "[\"\t\"]", "\"a\"", "[.5]", "[1.]"],
    );
    assert!(!meanings(&"[".repeat(100_000)).contains(&Meaning::Json), "depth is bounded");
    check(
        Meaning::Hash,
        &["d41d8cd98f00b204e9800998ecf8427e", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"],
        &[
            "d41d8cd98f00b204e9800998ecf8427",
            "D41d8cd98f00b204e9800998ecf8427e",
            "12345678901234567890123456789012",
        ],
    );
    check(
        Meaning::Iban,
        &[
            "DE89370400440532013000",
            "GB29 NWBK 6016 1331 9268 19",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "DE89 3704 0044 0532 0130 00",
        ],
        &["DE88370400440532013000", "DE89", "de89370400440532013000", "GB29-NWBK-6016-1331-9268-19"],
    );
    check(Meaning::CompactDate, &["20240229", "18991231"], &["20230229", "22000101", "2024022", "2024-2-9"]);
    check(
        Meaning::GeoPoint,
        &["52.52,13.405", "-90.0, 180.00"],
        &["52,13", "91.0,1.0", "1.5", "1.0,181.0", "1.0,2.0,3.0"],
    );
    check(
        Meaning::Wkt,
        &["POINT (30 10)", "Polygon((0 0, 1 0, 1 1, 0 0))", "POINT Z (1 2 3)", "MULTIPOINT(1 2,3 4)"],
        &["POINT 30 10", "CIRCLE (1 2)", "POINT (1 2", "POINT (1 2) x"],
    );
}

#[test]
fn ordinary_texts_mean_nothing() {
    for text in
        ["Anna", "O'Brien", "12 High Street", "see ticket 4711", "-", "n/a", "10.1", "A-1", "x@y", "100 m"]
    {
        assert_eq!(meanings(text), [], "{text:?}");
    }
}

/// Where the shape is said to be enough, it is; and it is for nearly all texts with the meaning.
fn check_what_is_certain(meaning: Meaning, regex: &str) {
    let texts = proptest::string::string_regex(regex).expect("a regex");
    let mut runner = TestRunner::deterministic();
    let (mut certain, mut all) = (0, 0);
    for _ in 0..40_000 {
        let text = texts.new_tree(&mut runner).expect("a text").current();
        if text.is_empty() {
            continue;
        }
        let text = text.as_bytes();
        let has_meaning = is_of(meaning, text);
        all += u32::from(has_meaning);
        let shape = Shape::of(text);
        let candidates = Candidates::of_shape(&shape);
        if candidates.certain(&shape.kinds).is_some_and(|certain| certain.holds(&shape, text)) {
            certain += 1;
            assert!(has_meaning && candidates.0 == 1 << meaning as u8, "{:?}", String::from_utf8_lossy(text));
        }
    }
    assert!(all > 1000 && certain * 10 > all * 9, "{certain} of {all}");
}

#[test]
fn addresses_of_which_the_shape_is_enough() {
    check_what_is_certain(
        Meaning::Email,
        "[a-zA-Z0-9é.+-]{0,6}[a-z0-9_.@-]{0,3}@{0,2}[a-z0-9.-]{0,6}[a-zA-Z0-9ü.-]{0,5}(\\.[a-zA-Z]{0,3})?x?",
    );
}

#[test]
fn telephone_numbers_of_which_the_shape_is_enough() {
    check_what_is_certain(
        Meaning::PhoneNumber,
        "\\(?\\+{1,2}[0-9]{0,4}\\)?[ ./-]{0,2}([0-9]{1,4}[ ./()-]?){1,4}[0-9]?",
    );
}
