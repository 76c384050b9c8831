//! What a column is taken for beyond its type: the type of nearly all values, their meaning, their order.

use data_inspector_domain::profile::{DataType, DominantType, SemanticType, SortOrder, ValuePlace};

use super::before::Before;
use super::shown;
use super::types::{type_of, wider};
use crate::cell::Class;
use crate::column::{ColumnOrder, ColumnState, PLACES, Sighting, Trend};

/// Nearly all: 19 of 20.
fn is_nearly_all(part: u64, whole: u64) -> bool {
    part > 0 && u128::from(part) * 20 >= u128::from(whole) * 19
}

fn place(before: &Before, sighting: &Sighting) -> ValuePlace {
    ValuePlace {
        byte_offset: sighting.place.offset,
        row: before.rows_and_line(sighting.place.leaf).0 + sighting.place.row_in_leaf + 1,
        value: shown(&sighting.head, sighting.len),
    }
}

/// The narrowest type that covers nearly all values of a column in which no type but text covers all. Leading zeros
/// make codes of numbers, however many have none.
pub(super) fn dominant_type(
    data_type: DataType,
    state: &ColumnState,
    before: &Before,
) -> Option<DominantType> {
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
    // A wider type comes after those that it covers; all of them are text.
    let mut narrowest_first = DataType::ALL.into_iter().filter(|&wide| wide != DataType::String);
    let dominant = narrowest_first.find(|&wide| is_nearly_all(covered(wide), values))?;
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
        examples: examples.into_iter().map(|sighting| place(before, sighting)).collect(),
    })
}

/// What nearly all values mean; of several meanings the one that more values have, then the first.
pub(super) fn semantic_type(state: &ColumnState) -> Option<SemanticType> {
    let values = state.values();
    let nearly_all = state.semantics.iter().filter(|&(_, count)| is_nearly_all(count, values));
    let most = nearly_all.reduce(|most, other| if other.1 > most.1 { other } else { most });
    most.map(|(name, count)| SemanticType { name, count, share: count as f64 / values as f64 })
}

/// The order of the values: of numbers and times by rank, where all have one, of others by bytes. That the rows read so
/// far are out of order is certain, unless a text among the others may make it an order by bytes; that they are in order
/// is not, as long as there are others.
pub(super) fn sort_order(
    data_type: DataType,
    state: &ColumnState,
    order: &ColumnOrder,
    are_all_rows: bool,
) -> Option<SortOrder> {
    let values = state.values();
    let ranked = state.numbers.as_deref().map_or(0, |numbers| numbers.sum.count())
        + state.times.as_deref().map_or(0, |times| times.count());
    let has_ranks = matches!(
        data_type,
        DataType::Integer | DataType::Decimal | DataType::Float | DataType::Date | DataType::Timestamp
    );
    let by_bytes = Known::of(&order.text);
    let known = match has_ranks {
        true if ranked < values => return None,
        true => Known::of(&order.rank),
        false => by_bytes,
    };
    match known {
        _ if values < 2 => None,
        Known { ascends: false, descends: false, .. } => {
            let stays = are_all_rows || !(by_bytes.ascends || by_bytes.descends);
            stays.then_some(SortOrder::Unsorted)
        }
        Known { unclear: true, .. } => None,
        _ if !are_all_rows => None,
        Known { ascends: true, descends: true, .. } => Some(SortOrder::Constant),
        Known { ascends: true, repeats: true, .. } => Some(SortOrder::Increasing),
        Known { ascends: true, .. } => Some(SortOrder::StrictlyIncreasing),
        Known { repeats: true, .. } => Some(SortOrder::Decreasing),
        Known { .. } => Some(SortOrder::StrictlyDecreasing),
    }
}

/// What a [`Trend`] knows, whatever it is of.
#[derive(Clone, Copy)]
struct Known {
    ascends: bool,
    descends: bool,
    repeats: bool,
    unclear: bool,
}

impl Known {
    fn of<T>(trend: &Trend<T>) -> Self {
        let Trend { ascends, descends, repeats, unclear, .. } = *trend;
        Self { ascends, descends, repeats, unclear }
    }
}
