//! A customer list as it is exported from a shop: the file people really send, and its broken copy.

use crate::random::Random;
use crate::row::Row;

pub(crate) const COLUMNS: [&str; 20] = [
    "customer_id",
    "external_ref",
    "first_name",
    "last_name",
    "email",
    "phone",
    "birth_date",
    "signed_up_at",
    "last_login_at",
    "country",
    "city",
    "address",
    "postal_code",
    "segment",
    "is_active",
    "orders",
    "balance",
    "credit_limit",
    "score",
    "notes",
];

// Places that `damage` touches. The text of the first three is never empty and never quoted.
const FIRST_NAME: usize = 2;
const CITY: usize = 10;
const SEGMENT: usize = 13;
const CREDIT_LIMIT: usize = 17;

const FIRST_NAMES: [&str; 24] = [
    "Anna",
    "José",
    "Zoë",
    "Łukasz",
    "Björn",
    "Chloé",
    "Ivan",
    "Søren",
    "Mária",
    "Ángel",
    "Nguyễn",
    "Иван",
    "Ольга",
    "山田",
    "伟",
    "James",
    "Mary",
    "Linda",
    "Robert",
    "Aisha",
    "Omar",
    "Priya",
    "Lars",
    "Inés",
];
const LAST_NAMES: [&str; 24] = [
    "Smith",
    "Müller",
    "García",
    "O'Brien",
    "Nowak",
    "Jensen",
    "Иванов",
    "佐藤",
    "Johnson",
    "Brown",
    "Martin",
    "Rossi",
    "Silva",
    "Kovács",
    "Novák",
    "Schröder",
    "Dubois",
    "Ek",
    "van den Berg",
    "Yılmaz",
    "Popescu",
    "Khan",
    "Lee",
    "Ó Súilleabháin",
];
const MAIL_NAMES: [&str; 16] = [
    "anna", "jose", "zoe", "lukasz", "bjoern", "chloe", "ivan", "soren", "maria", "angel", "nguyen", "olga",
    "james", "mary", "linda", "robert",
];
const MAIL_DOMAINS: [&str; 8] = [
    "example.com",
    "example.org",
    "mail.example.net",
    "shop.example.de",
    "example.fr",
    "example.co.uk",
    "post.example.ch",
    "example.io",
];
const COUNTRIES: [&str; 12] = ["DE", "FR", "US", "GB", "ES", "IT", "PL", "NL", "SE", "CZ", "BR", "JP"];
const CITIES: [&str; 20] = [
    "Berlin",
    "Paris",
    "München",
    "Köln",
    "Madrid",
    "São Paulo",
    "Łódź",
    "Kraków",
    "Zürich",
    "Malmö",
    "London",
    "New York",
    "Praha",
    "Roma",
    "Utrecht",
    "東京",
    "Düsseldorf",
    "Lyon",
    "Győr",
    "Leeds",
];
const STREETS: [&str; 8] = [
    "Hauptstraße",
    "Oak Street",
    "Rue de la Paix",
    "Calle Mayor",
    "High Street",
    "Station Road",
    "Via Roma",
    "Długa",
];
const SEGMENTS: [&str; 5] = ["retail", "business", "wholesale", "partner", "internal"];
const WORDS: [&str; 24] = [
    "called", "about", "the", "invoice", "delivery", "was", "late", "asked", "for", "refund", "prefers",
    "e-mail", "customer", "since", "moved", "to", "new", "address", "please", "check", "order", "again",
    "très", "größer",
];

pub(crate) fn data(index: u64, random: &mut Random, row: &mut Row) {
    identity(index, random, row);
    history(random, row);
    place(random, row);
    account(random, row);
    notes(random, row);
}

fn identity(index: u64, random: &mut Random, row: &mut Row) {
    row.cell().number(1_000_000 + index);
    row.cell().uuid(random);
    row.cell().text(random.pick(&FIRST_NAMES));
    row.cell().text(random.pick(&LAST_NAMES));
    row.cell();
    if !random.chance(2) {
        row.text(random.pick(&MAIL_NAMES));
        row.text(".");
        row.number(random.below(10_000_000));
        row.text("@");
        row.text(random.pick_skewed(&MAIL_DOMAINS));
    }
    row.cell();
    if !random.chance(15) {
        row.text("+");
        row.number(1 + random.below(98));
        row.text(" ");
        row.number(100 + random.below(900));
        row.text(" ");
        row.padded(random.below(10_000_000), 7);
    }
}

fn history(random: &mut Random, row: &mut Row) {
    row.cell();
    if !random.chance(8) {
        row.date(1940, 66, random);
    }
    row.cell().date(2012, 13, random);
    row.text("T");
    row.time(random);
    row.text("Z");
    row.cell();
    if !random.chance(30) {
        row.date(2023, 2, random);
        row.text(" ");
        row.time(random);
    }
}

fn place(random: &mut Random, row: &mut Row) {
    row.cell().text(random.pick_skewed(&COUNTRIES));
    row.cell().text(random.pick_skewed(&CITIES));
    row.cell();
    let has_flat = random.chance(20);
    if has_flat {
        row.text("\"");
    }
    row.text(random.pick(&STREETS));
    row.text(" ");
    row.number(1 + random.below(200));
    if has_flat {
        row.text(", flat ");
        row.number(1 + random.below(40));
        row.text("\"");
    }
    row.cell().padded(random.below(100_000), 5);
}

fn account(random: &mut Random, row: &mut Row) {
    row.cell().text(random.pick_skewed(&SEGMENTS));
    row.cell().text(if random.chance(85) { "true" } else { "false" });
    row.cell().number(random.skewed_below(250));
    row.cell().decimal(random.below(2_000_000) as i64 - 250_000, 2);
    row.cell();
    if !random.chance(40) {
        row.number(500 * random.below(41));
        row.text(".00");
    }
    row.cell().decimal(random.below(10_000) as i64, 4);
}

/// Of 100 notes 35 are empty, 45 plain, 15 quoted for a comma, 3 for quotes and 2 for line ends.
fn notes(random: &mut Random, row: &mut Row) {
    row.cell();
    match random.below(100) {
        0..35 => {}
        35..80 => words(random, row),
        80..95 => quoted(", ", random, row),
        95..98 => quoted(" said \"\"never again\"\", ", random, row),
        _ => quoted(".\n", random, row),
    }
}

fn quoted(joint: &str, random: &mut Random, row: &mut Row) {
    row.text("\"");
    words(random, row);
    row.text(joint);
    words(random, row);
    row.text("\"");
}

fn words(random: &mut Random, row: &mut Row) {
    row.text(random.pick(&WORDS));
    for _ in 0..2 + random.below(8) {
        row.text(" ");
        row.text(random.pick(&WORDS));
    }
}

/// Breaks an ended row; each way in turn.
pub(crate) fn damage(index: u64, row: &mut Row) {
    match index % 5 {
        0 => row.cut_before(CREDIT_LIMIT),
        1 => row.append_cell("surplus"),
        2 => row.insert_behind(FIRST_NAME, b" \"Bo"),
        3 => row.insert_behind(CITY, b" caf\xE9"),
        _ => {
            row.insert_behind(SEGMENT, b"\"x");
            row.insert_before(SEGMENT, b"\"");
        }
    }
}
