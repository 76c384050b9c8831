//! What a column is taken for: each test is a small file and what its columns must be said to be.

use data_inspector_domain::profile::{
    AlertCode, ColumnProfile, DataType, DayMonthOrder, Meaning, Profile, SortOrder,
};
use data_inspector_domain::spec::{Delimiter, FormatOverrides, InspectionSpec};
use data_inspector_engine::finish::finish;
use data_inspector_engine::partial::Partial;

use crate::reading::Reading;

fn spec() -> InspectionSpec {
    let format = FormatOverrides {
        header: Some(true),
        delimiter: Some(Delimiter::byte(b';')),
        ..FormatOverrides::default()
    };
    InspectionSpec { format, leaf_size_bytes: Some(32), ..InspectionSpec::default() }
}

fn profile_of(text: &str) -> Profile {
    let reading = Reading::try_new(text.as_bytes(), &spec(), usize::MAX).unwrap();
    finish(&reading.spec, &reading.sequential())
}

/// The only column of a file of these cells.
fn column_of<T: AsRef<str>>(cells: &[T]) -> ColumnProfile {
    let mut text = String::from("name\n");
    cells.iter().for_each(|cell| text += &format!("{}\n", cell.as_ref()));
    profile_of(&text).columns.remove(0)
}

fn alerts_of<T: AsRef<str>>(cells: &[T]) -> Vec<AlertCode> {
    let mut text = String::from("name\n");
    cells.iter().for_each(|cell| text += &format!("{}\n", cell.as_ref()));
    profile_of(&text).alerts.into_iter().map(|alert| alert.code).collect()
}

/// The number of values with spaces around that an alert is raised for.
fn surrounding_spaces<T: AsRef<str>>(cells: &[T]) -> f64 {
    let mut text = String::from("name\n");
    cells.iter().for_each(|cell| text += &format!("{}\n", cell.as_ref()));
    let alerts = profile_of(&text).alerts;
    alerts
        .into_iter()
        .find(|alert| alert.code == AlertCode::SurroundingSpace)
        .map_or(0.0, |alert| alert.value)
}

#[test]
fn one_date_proves_the_order_of_all() {
    let check = |cells: &[&str], order: DayMonthOrder, min: &str, max: &str| {
        let column = column_of(cells);
        assert_eq!(column.data_type, DataType::Date, "{cells:?}");
        assert_eq!(column.dates.unwrap().day_month_order, Some(order), "{cells:?}");
        assert_eq!((column.min.as_deref(), column.max.as_deref()), (Some(min), Some(max)), "{cells:?}");
    };
    check(&["03/04/2024", "31/12/2023"], DayMonthOrder::ProvedDayFirst, "2023-12-31", "2024-04-03");
    check(&["03/04/2024", "12/31/2023"], DayMonthOrder::ProvedMonthFirst, "2023-12-31", "2024-03-04");
    check(&["31/12/2023", "12/31/2023"], DayMonthOrder::Mixed, "12/31/2023", "31/12/2023");
    check(&["03/04/2024", "01/12/2023"], DayMonthOrder::Ambiguous, "01/12/2023", "03/04/2024");
    check(&["05.05.2024", "01.01.2023"], DayMonthOrder::Ambiguous, "2023-01-01", "2024-05-05");
    check(&["2024-04-05", "31.12.2023"], DayMonthOrder::ProvedDayFirst, "2023-12-31", "2024-04-05");
    check(&["31.12.23", "30.11.2024"], DayMonthOrder::ProvedDayFirst, "30.11.2024", "31.12.23");
}

#[test]
fn dates_are_counted_by_the_calendar() {
    let dates = column_of(&["31/01/2024", "01/02/2024", "02/02/2024", "4 Feb 2024"]).dates.unwrap();
    assert_eq!((dates.day_first, dates.ambiguous, dates.either_way), (1, 1, 1));
    assert_eq!((dates.months[0], dates.months[1], dates.months.iter().sum::<u64>()), (1, 3, 4));
    assert_eq!(dates.weekdays, [0, 0, 1, 1, 1, 0, 1]);
    let column = column_of(&["1/31/2024 1:05 PM", "1/2/2024 12:00 AM"]);
    assert_eq!(
        (column.data_type, column.min.as_deref()),
        (DataType::Timestamp, Some("2024-01-02T00:00:00Z"))
    );
    let undecided = column_of(&["01/02/2024", "03/02/2024"]);
    assert!(undecided.quantiles.is_empty() && undecided.dates.unwrap().months.is_empty());
}

#[test]
fn exceptions_from_the_dominant_type_are_located() {
    let mut cells: Vec<String> = (0..98).map(|number| (number * 10).to_string()).collect();
    cells.insert(50, "n.a.".to_owned());
    cells.insert(70, "n.a.".to_owned());
    cells.insert(80, "unknown".to_owned());
    let column = column_of(&cells);
    let dominant = column.dominant_type.unwrap();
    assert_eq!(
        (column.data_type, dominant.data_type, dominant.exceptions),
        (DataType::String, DataType::Integer, 3)
    );
    let bytes_before =
        |cell: usize| "name\n".len() + cells[..cell].iter().map(|cell| cell.len() + 1).sum::<usize>();
    let found: Vec<_> =
        dominant.examples.iter().map(|place| (place.row, place.byte_offset, place.value.as_str())).collect();
    assert_eq!(found, [(51, bytes_before(50) as u64, "n.a."), (81, bytes_before(80) as u64, "unknown")]);
    cells[3] = "007".to_owned();
    assert_eq!(column_of(&cells).dominant_type, None, "leading zeros make codes");
    assert_eq!(column_of(&["1", "2", "x"]).dominant_type, None, "two of three are not nearly all");
}

#[test]
fn columns_have_meanings() {
    let check = |cells: &[&str], meaning: Option<Meaning>| {
        assert_eq!(column_of(cells).semantic_type.map(|semantic| semantic.name), meaning, "{cells:?}");
    };
    check(&["a@b.de", "c.d@e.example"], Some(Meaning::Email));
    check(&["DE", "NO", "FR"], Some(Meaning::CountryAlpha2));
    check(&["20240131", "19991231"], Some(Meaning::CompactDate));
    check(&["123e4567-e89b-12d3-a456-426614174000"], Some(Meaning::Uuid));
    check(&["10.0.0.1", "192.168.1.255"], Some(Meaning::Ipv4));
    check(&["+49 30 1234567", "+1 415 5550132"], Some(Meaning::PhoneNumber));
    check(&["a@b.de", "nobody"], None);
    check(&["Anna", "Ben"], None);
    check(&["NA", ""], None);
}

#[test]
fn texts_are_searched_for_what_hides() {
    let column = column_of(&["AB-1234", "CD-123", "  x", "y\u{a0}", "é"]);
    let text = column.text.unwrap();
    assert_eq!((text.count, text.leading_space, text.invisible_characters, text.non_ascii), (5, 1, 1, 2));
    assert_eq!((text.upper_case, text.lower_case, text.mixed_case), (2, 2, 0));
    assert_eq!(column.patterns[0].pattern, "AA-9{3,4}");
    assert_eq!(column.patterns[0].count.value, 2.0);
}

#[test]
fn order_is_that_of_the_file() {
    let check = |cells: &[&str], order: Option<SortOrder>| {
        assert_eq!(column_of(cells).sort_order, order, "{cells:?}");
    };
    check(&["9", "10", "11"], Some(SortOrder::StrictlyIncreasing));
    check(&["b", "a", "a"], Some(SortOrder::Decreasing));
    check(&["2024-01-01", "2024-01-02 10:00", "2024-01-03"], Some(SortOrder::StrictlyIncreasing));
    check(&["x", "x"], Some(SortOrder::Constant));
    check(&["1", "3", "2"], Some(SortOrder::Unsorted));
    check(&["1"], None);
    check(&["31/12/2023", "01/01/2024"], None);
    check(&["1", "nan", "2"], None);
    check(&["12345678901234567890123", "12345678901234567890124"], None);
    check(&["12345678901234567890123", "12345678901234567890124", "5", "6"], Some(SortOrder::Unsorted));
    let (first, second) = ("x".repeat(300) + "b", "x".repeat(300) + "a");
    check(&[&first, &second], None);
    check(&[&first, &first], Some(SortOrder::Constant));
}

/// Of the leaves that are read so far only what no other leaf can change is said.
#[test]
fn a_part_of_a_file_says_only_what_is_certain() {
    let mut text = String::from("up;down\n");
    (0..40).for_each(|row| text += &format!("{};{}\n", 100 + row, if row == 2 { 999 } else { 900 - row }));
    let reading = Reading::try_new(text.as_bytes(), &spec(), usize::MAX).unwrap();
    let mut partial = Partial::new(&reading.spec);
    let leaves = reading.proven_leaves(usize::MAX);
    let count = leaves.len();
    for leaf in leaves.into_iter().filter(|leaf| leaf.totals.leaf % 3 != 2) {
        partial.add_leaf(leaf).unwrap();
    }
    let profile = finish(&reading.spec, &partial);
    assert_eq!(profile.columns[0].sort_order, None);
    assert_eq!(profile.columns[1].sort_order, Some(SortOrder::Unsorted));
    assert!(profile.seen_ranges.len() > 2 && profile.seen_ranges.len() < count);
    assert!(profile.alerts.iter().all(|alert| alert.provisional));
    let whole = finish(&reading.spec, &reading.sequential());
    let all = whole.seen_ranges[0];
    assert_eq!((whole.seen_ranges.len(), all.start, all.end), (1, 8, text.len() as u64));
    assert_eq!(whole.columns[0].sort_order, Some(SortOrder::StrictlyIncreasing));
}

/// What is said of the first leaves stays true whatever the others hold, unless it is taken back altogether.
#[test]
fn what_is_said_of_the_order_stays_true() {
    let check = |cells: &[&str]| {
        let text = format!("name\n{}\n", cells.join("\n"));
        let spec = InspectionSpec { leaf_size_bytes: Some(4), ..spec() };
        let reading = Reading::try_new(text.as_bytes(), &spec, usize::MAX).unwrap();
        let order = |partial: &Partial| finish(&reading.spec, partial).columns[0].sort_order;
        let whole = order(&reading.sequential());
        let leaves = reading.proven_leaves(usize::MAX).len();
        for read in 0..leaves {
            let mut partial = Partial::new(&reading.spec);
            let first = reading.proven_leaves(usize::MAX).into_iter().take(read);
            first.for_each(|leaf| partial.add_leaf(leaf).unwrap());
            let said = order(&partial);
            assert!(said.is_none() || said == whole, "{cells:?}, {read} leaves: {said:?}, then {whole:?}");
        }
        whole
    };
    assert_eq!(check(&["10", "9", "8", "x", "y"]), Some(SortOrder::Unsorted));
    assert_eq!(check(&["1", "10", "9", "x"]), Some(SortOrder::StrictlyIncreasing));
    assert_eq!(check(&["10", "12", "11.5", "9", "x"]), Some(SortOrder::Unsorted));
    assert_eq!(check(&["10", "100", "11", "12", "x"]), Some(SortOrder::StrictlyIncreasing));
    assert_eq!(check(&["1", "2", "1"]), Some(SortOrder::Unsorted));
    assert_eq!(check(&["a", "b", "c", "c"]), Some(SortOrder::Increasing));
}

#[test]
fn alerts_are_raised_on_one_side_of_their_thresholds() {
    let times = |cells: &[&str], n: usize| -> Vec<String> {
        (0..n).flat_map(|_| cells.iter().map(|cell| cell.to_string())).collect()
    };
    let check =
        |cells: &[String], expected: &[AlertCode]| assert_eq!(alerts_of(cells), expected, "{cells:?}");
    let numbers = |n: u64| (1..=n).map(|number| (number * 7919 % 1009).to_string()).collect::<Vec<_>>();
    check(&times(&["NA"], 3), &[AlertCode::Empty]);
    check(&times(&["1"], 3), &[AlertCode::Constant]);
    check(&numbers(50), &[AlertCode::Unique]);
    check(&[numbers(50), numbers(1)].concat(), &[]);
    check(&[numbers(17), numbers(2), times(&["NA"], 1)].concat(), &[]);
    check(&[numbers(17), numbers(2), times(&["NA"], 2)].concat(), &[AlertCode::Missing]);
    check(&[numbers(30), times(&["0"], 2)].concat(), &[]);
    check(&[numbers(30), times(&["0"], 4)].concat(), &[AlertCode::Zeros]);
    check(&times(&["1.5", "inf", "nan", "2.5"], 2), &[AlertCode::Infinite, AlertCode::NotANumber]);
    check(&times(&["1", "2", "x1", "2"], 2), &[AlertCode::MixedTypes]);
    check(&[times(&["yes"], 99), times(&["no"], 1)].concat(), &[AlertCode::Imbalance]);
    check(&times(&["abc", "de", "xyzw"], 20), &[AlertCode::Uniform]);
    check(&[times(&["abc", "de", "xyzw"], 20), times(&["xyzw"], 9)].concat(), &[]);
    check(
        &times(&["red", "Red ", "blue", "blue"], 2),
        &[AlertCode::DirtyCategory, AlertCode::SurroundingSpace],
    );
    assert_eq!(surrounding_spaces(&[" a", "b ", " c ", "d", "\te\t"]), 4.0);
    assert_eq!(surrounding_spaces(&["a ", &format!("{}\t", "x".repeat((1 << 20) + 1))]), 2.0);
    check(&times(&["abc", "abd", "abd"], 2), &[AlertCode::ConstantLength]);
    let words = |n: usize, stray: &str| -> Vec<String> {
        (0..n).map(|n| format!("w{}", "x".repeat(n % 5))).chain([stray.to_owned()]).collect()
    };
    for stray in ["nan", "inf", "01/02/2024", "31/01/24"] {
        check(&words(40, stray), &[AlertCode::MixedTypes]);
    }
    let dates = (1..=60).map(|n| format!("{:02}/{:02}/2024", n % 12 + 1, n % 9 + 1));
    check(
        &dates.chain(["soon".to_owned()]).collect::<Vec<_>>(),
        &[AlertCode::MixedTypes, AlertCode::AmbiguousDates],
    );
    check(&times(&["01/02/2024", "03/02/2024"], 2), &[AlertCode::AmbiguousDates]);
    check(&times(&["31/01/2024", "01/31/2024"], 2), &[AlertCode::MixedDates]);
    check(&times(&["31/01/24", "30/01/2024"], 2), &[AlertCode::TwoDigitYears]);
    check(&times(&["a\u{200b}", "bcd"], 2), &[AlertCode::InvisibleCharacters]);
    let skewed =
        |last: u64| [(0..500).map(|n| (n % 2).to_string()).collect(), vec![last.to_string()]].concat();
    assert!(alerts_of(&skewed(1_000_000)).contains(&AlertCode::Skewed));
    assert!(!alerts_of(&skewed(3)).contains(&AlertCode::Skewed));
    let words: Vec<String> = (0..60).flat_map(|n| [format!("w{}", "x".repeat(n)), "w".to_owned()]).collect();
    check(&words, &[AlertCode::HighCardinality]);
}

#[test]
fn ten_thousand_columns_get_wider_bounds() {
    let row = |salt: u64| (0..10_000u64).map(|n| (n * salt % 97).to_string()).collect::<Vec<_>>().join(";");
    let text = format!("{}\n{}\n{}\n", row(1), row(7), row(13));
    let reading =
        Reading::try_new(text.as_bytes(), &InspectionSpec { leaf_size_bytes: None, ..spec() }, 1 << 20)
            .unwrap();
    let profile = finish(&reading.spec, &reading.sequential());
    assert_eq!((profile.column_count, profile.row_count), (10_000, 2));
    assert!(reading.spec.sketches.top_values_tracked < 64);
    assert!(reading.sequential().to_bytes().len() < 16 << 20);
}

/// Of so many values that the number of different ones is only estimated.
#[test]
fn a_value_that_is_there_twice_is_not_unique() {
    let ids = |n: u64| -> Vec<String> { (0..n).map(|n| format!("id{}", n * 7919 % 10_007)).collect() };
    let mut alike = ids(6000);
    assert_eq!(alerts_of(&alike), [AlertCode::Unique]);
    let again = alike[5999].clone();
    alike.extend(std::iter::repeat_n(again, 50));
    let found = alerts_of(&alike);
    assert!(!found.contains(&AlertCode::Unique), "{found:?}");
}
