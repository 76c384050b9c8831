//! Tables that every reader of CSV reads alike, in all the ways that is possible: a function of the seed.

/// Kinds of columns.
const KINDS: u64 = 9;
const WORDS: [&str; 8] = ["Zoë", "a,b", "say \"hi\"", "two\nlines", "; ", "straße 7", "東京", "O'Neil"];

/// Columns of all kinds in some order, a header, quotes where they are needed and sometimes where they are not.
pub(super) fn table(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let delimiter = [',', ';', '\t', '|'][seed as usize % 4];
    let line_end = if random.bool() { "\n" } else { "\r\n" };
    let mut kinds: Vec<u64> = (0..KINDS).collect();
    random.shuffle(&mut kinds);
    let header: Vec<String> = kinds.iter().map(|kind| format!("column {kind}")).collect();
    let mut text = header.join(&delimiter.to_string()) + line_end;
    let null_percent = [0, 10, 60][random.usize(..3)];
    for row in 0..random.u64(200..6000) {
        let cells: Vec<String> = kinds
            .iter()
            .map(|&kind| quoted(cell(kind, row, null_percent, &mut random), &mut random))
            .collect();
        text += &(cells.join(&delimiter.to_string()) + line_end);
    }
    text.into_bytes()
}

fn cell(kind: u64, row: u64, null_percent: u64, random: &mut fastrand::Rng) -> String {
    // The first rows have values, so that both sides see what a column is.
    if row > 20 && random.u64(..100) < null_percent {
        return ["", "NA", "null"][random.usize(..3)].to_owned();
    }
    match kind {
        0 => row.to_string(),
        1 => random.i64(-50..50).to_string(),
        2 => (random.i64(..) >> random.u32(..40)).to_string(),
        3 => decimal(random.i64(-1_000_000..1_000_000), 2),
        4 => decimal(random.i64(-9_000_000_000..9_000_000_000), 7),
        5 => format!("{}-{:02}-{:02}", random.u32(1900..2100), random.u32(1..13), random.u32(1..29)),
        6 => format!(
            "{}-03-{:02} {:02}:{:02}:{:02}",
            random.u32(2000..2030),
            random.u32(1..32),
            random.u32(..24),
            random.u32(..60),
            random.u32(..60)
        ),
        7 => ["true", "false"][random.usize(..2)].to_owned(),
        _ => format!("{}{}", WORDS[random.usize(..WORDS.len())], WORDS[random.usize(..WORDS.len())]),
    }
}

fn decimal(scaled: i64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, rest) = (scaled.unsigned_abs() / unit, scaled.unsigned_abs() % unit);
    format!("{sign}{whole}.{rest:0width$}", width = places as usize)
}

fn quoted(cell: String, random: &mut fastrand::Rng) -> String {
    let needs_quotes = cell.contains([',', ';', '\t', '|', '"', '\n']);
    if needs_quotes || random.u32(..10) == 0 { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}
