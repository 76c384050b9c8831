//! Where values of each class are: the first place of the first few different ones. Kept for all classes until the
//! end, when it is known which of them are exceptions.
//!
//! "The first place of each value, of these the first ten" is a function of the set of (place, value): whatever is
//! among the first ten of a whole is among those of the part it is in.

use data_inspector_domain::spec::SketchSizes;
use serde::{Deserialize, Serialize};

use crate::cell::Class;
use crate::measure::Offsets;

/// Places kept per class, at most.
pub const PLACES: usize = 10;
/// Bytes kept of a value.
const SHOWN_BYTES: usize = 64;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// File offset of its cell.
    pub offset: u64,
    /// The leaf its record starts in.
    pub leaf: u64,
    /// Records of the leaf before its own.
    pub row_in_leaf: u64,
}

/// Where a batch of records is.
#[derive(Clone, Copy)]
pub(crate) struct BatchPlace<'a> {
    /// Of its first byte and its first record.
    pub(crate) first: Place,
    /// The text that the records were cut from, and where its bytes are in the file.
    pub(crate) text: &'a [u8],
    pub(crate) offsets: &'a Offsets,
}

impl BatchPlace<'_> {
    /// So many bytes of the text and records after its beginning.
    #[inline]
    pub(crate) fn after(self, bytes: u64, rows: u64) -> Place {
        let offset = self.offsets.of(self.text, bytes as usize);
        Place { offset, row_in_leaf: self.first.row_in_leaf + rows, ..self.first }
    }
}

/// A value and its first place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Where it is first.
    pub place: Place,
    /// Hash of the whole value.
    pub hash: u64,
    /// The first 64 bytes of the value.
    pub head: Vec<u8>,
    /// Length of the whole value in bytes.
    pub len: u64,
}

/// The first places of the first few different values of each class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// By class, each ascending by place; classes without values may be left out at the end.
    classes: Vec<Vec<Sighting>>,
}

impl Places {
    /// The values of a class, ascending by place.
    pub fn of(&self, class: Class) -> &[Sighting] {
        self.classes.get(class as usize).map_or(&[], Vec::as_slice)
    }

    /// Notes a value of a class of which not all are there that are kept. Its place is after all that were noted.
    pub(super) fn add(&mut self, class: Class, hash: u64, (head, len): (&[u8], u64), place: Place) {
        let sightings = self.list(class);
        if sightings.iter().all(|known| known.hash != hash) {
            let head = head[..head.len().min(SHOWN_BYTES)].to_vec();
            // Most classes of most columns see one or two.
            sightings.reserve_exact(1);
            sightings.push(Sighting { place, hash, head, len });
        }
    }

    pub(super) fn merge(&mut self, other: &Self, kept: usize) {
        for (class, theirs) in Class::ALL.into_iter().zip(&other.classes) {
            let mine = self.list(class);
            mine.extend(theirs.iter().cloned());
            mine.sort_unstable_by_key(|sighting| sighting.place);
            keep_first(mine, kept);
            mine.shrink_to_fit();
        }
    }

    fn list(&mut self, class: Class) -> &mut Vec<Sighting> {
        if self.classes.len() <= class as usize {
            self.classes.resize(class as usize + 1, Vec::new());
        }
        &mut self.classes[class as usize]
    }
}

/// Of each value the first place, and of these the first `most`.
fn keep_first(sightings: &mut Vec<Sighting>, most: usize) {
    let mut kept: Vec<u64> = Vec::with_capacity(most);
    sightings.retain(|sighting| {
        let is_kept = kept.len() < most && !kept.contains(&sighting.hash);
        if is_kept {
            kept.push(sighting.hash);
        }
        is_kept
    });
}

/// How many places are kept per class: fewer in a file of many columns, as of everything that takes memory.
pub(crate) fn places_kept(sizes: SketchSizes) -> usize {
    (sizes.top_values_tracked as usize / 64).clamp(1, PLACES)
}
