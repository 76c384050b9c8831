//! What a column is taken for beyond its type: the type of nearly all values, their meaning, their order.

use data_inspector_domain::profile::{DataType, DominantType, Meaning, SemanticType, SortOrder, ValuePlace};
use data_inspector_domain::spec::ResolvedSpec;

use super::shown;
use super::types::{type_of, wider};
use crate::cell::Class;
use crate::column::{ColumnOrder, ColumnState, PLACES, Sighting, Trend};
use crate::partial::Partial;
use crate::scan::LeafContext;
use crate::semantic;

/// Nearly all: 19 of 20.
fn is_nearly_all(part: u64, whole: u64) -> bool {
    part > 0 && u128::from(part) * 20 >= u128::from(whole) * 19
}

/// Rows before each leaf of a partial, and whether it has all leaves.
pub(super) struct Rows {
    before: Vec<(u64, u64)>,
    pub(super) are_all: bool,
}

impl Rows {
    pub(super) fn new(spec: &ResolvedSpec, partial: &Partial) -> Self {
        let mut rows = 0;
        let before = partial.leaves.iter().map(|totals| {
            let before = (totals.leaf, rows);
            rows += totals.rows;
            before
        });
        let before: Vec<_> = before.collect();
        let context = LeafContext::new(spec);
        let are_all = before.len() as u64 == context.end_leaf() - context.first_leaf();
        Self { before, are_all }
    }

    fn place(&self, sighting: &Sighting) -> ValuePlace {
        let at = self.before.partition_point(|&(leaf, _)| leaf < sighting.place.leaf);
        ValuePlace {
            byte_offset: sighting.place.offset,
            row: self.before[at].1 + sighting.place.row_in_leaf + 1,
            value: shown(&sighting.head, sighting.len),
        }
    }
}

/// Types from the narrowest on; a wider one comes after those it covers.
const NARROWEST_FIRST: [DataType; 8] = [
    DataType::Boolean,
    DataType::Integer,
    DataType::Decimal,
    DataType::Float,
    DataType::Date,
    DataType::Timestamp,
    DataType::Time,
    DataType::Uuid,
];

/// The narrowest type that covers nearly all values of a column in which no type but text covers all. Leading zeros
/// make codes of numbers, however many have none.
pub(super) fn dominant_type(data_type: DataType, state: &ColumnState, rows: &Rows) -> Option<DominantType> {
    if data_type != DataType::String {
        return None;
    }
    let values = state.values();
    let covers = |wide: DataType, class: Class| {
        let narrow = type_of(class);
        narrow != DataType::String && wider(wide, narrow) == wide
    };
    let covered = |wide: DataType| {
        let classes = Class::ALL.into_iter().filter(|&class| covers(wide, class));
        classes.map(|class| state.classes[class as usize]).sum::<u64>()
    };
    let dominant = NARROWEST_FIRST.into_iter().find(|&wide| is_nearly_all(covered(wide), values))?;
    let is_number = matches!(dominant, DataType::Integer | DataType::Decimal | DataType::Float);
    if is_number && state.classes[Class::Code as usize] > 0 {
        return None;
    }
    let others = Class::ALL.into_iter().filter(|&class| !covers(dominant, class));
    let mut examples: Vec<&Sighting> = others.flat_map(|class| state.places.of(class)).collect();
    examples.sort_unstable_by_key(|sighting| sighting.place);
    examples.truncate(PLACES);
    Some(DominantType {
        data_type: dominant,
        share: covered(dominant) as f64 / values as f64,
        exceptions: values - covered(dominant),
        examples: examples.into_iter().map(|sighting| rows.place(sighting)).collect(),
    })
}

/// What nearly all values mean; of several meanings the one that more values have, then the first.
pub(super) fn semantic_type(state: &ColumnState) -> Option<SemanticType> {
    let values = state.values();
    let uuids = (Meaning::Uuid, state.classes[Class::Uuid as usize]);
    let counts = state.semantics.iter().map(|(meaning, count)| (name_of(meaning), count)).chain([uuids]);
    let nearly_all = counts.filter(|&(_, count)| is_nearly_all(count, values));
    let most = nearly_all.reduce(|most, other| if other.1 > most.1 { other } else { most });
    most.map(|(name, count)| SemanticType { name, count, share: count as f64 / values as f64 })
}

fn name_of(meaning: semantic::Meaning) -> Meaning {
    use semantic::Meaning as Of;
    match meaning {
        Of::Email => Meaning::Email,
        Of::Url => Meaning::Url,
        Of::Ipv4 => Meaning::Ipv4,
        Of::Ipv6 => Meaning::Ipv6,
        Of::Mac => Meaning::MacAddress,
        Of::Phone => Meaning::PhoneNumber,
        Of::Currency => Meaning::CurrencyAmount,
        Of::Percent => Meaning::Percentage,
        Of::CountryAlpha2 => Meaning::CountryAlpha2,
        Of::CountryAlpha3 => Meaning::CountryAlpha3,
        Of::Json => Meaning::Json,
        Of::Hash => Meaning::Hash,
        Of::Iban => Meaning::Iban,
        Of::GeoPoint => Meaning::GeoPoint,
        Of::Wkt => Meaning::Wkt,
        Of::CompactDate => Meaning::CompactDate,
    }
}

/// The order of the values: of numbers and times by rank, where all have one, of others by bytes. That the rows read so
/// far are out of order is certain; that they are in order is not, as long as there are others.
pub(super) fn sort_order(
    data_type: DataType,
    state: &ColumnState,
    order: &ColumnOrder,
    rows: &Rows,
) -> Option<SortOrder> {
    let values = state.values();
    let ranked = state.numbers.as_deref().map_or(0, |numbers| numbers.sum.count())
        + state.times.as_deref().map_or(0, |times| times.count());
    let has_ranks = matches!(
        data_type,
        DataType::Integer | DataType::Decimal | DataType::Float | DataType::Date | DataType::Timestamp
    );
    let (ascends, descends, repeats) = match has_ranks {
        true if ranked < values => return None,
        true => flags(&order.rank),
        false => flags(&order.text),
    };
    match (ascends, descends) {
        _ if values < 2 => None,
        (false, false) => Some(SortOrder::Unsorted),
        _ if !rows.are_all => None,
        (true, true) => Some(SortOrder::Constant),
        (true, false) if repeats => Some(SortOrder::Increasing),
        (true, false) => Some(SortOrder::StrictlyIncreasing),
        (false, true) if repeats => Some(SortOrder::Decreasing),
        (false, true) => Some(SortOrder::StrictlyDecreasing),
    }
}

fn flags<T>(trend: &Trend<T>) -> (bool, bool, bool) {
    (trend.ascends, trend.descends, trend.repeats)
}
