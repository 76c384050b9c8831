//! Number of different values: the set of their hashes up to a limit, HyperLogLog registers above it.
//!
//! HyperLogLog: Flajolet, Fusy, Gandouet, Meunier (AofA 2007). Estimator: Ertl, *New cardinality estimation
//! algorithms for HyperLogLog sketches* (arXiv:1702.01284), algorithm 6, which needs no bias table and only
//! multiplications and square roots, so that every machine computes the same bits.
//!
//! Values are told apart by their 64-bit hashes (XXH3). Two of `n` values share one with probability below
//! n² / 2⁶⁵: 10⁻¹² at the limit of 4,096.

use serde::{Deserialize, Serialize};

use data_inspector_domain::profile::Estimate;

/// Registers are packed as `0` for "no value" or the number of leading zeros plus one, at most 61.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Open-addressing table of hashes; 0 is a free slot. Never more than `limit` hashes.
    Exact {
        slots: Vec<u64>,
        len: u32,
    },
    Registers(Vec<u8>),
}

/// The state.
#[derive(Clone, Debug)]
pub struct Distinct {
    limit: u32,
    log2_registers: u8,
    state: State,
}

impl Distinct {
    /// No values. Exact up to `limit`, then with `2^log2_registers` registers (4 to 18).
    pub fn new(limit: u32, log2_registers: u8) -> Self {
        Self { limit, log2_registers, state: State::Exact { slots: Vec::new(), len: 0 } }
    }

    /// Adds a value by its hash.
    #[inline]
    pub fn add(&mut self, hash: u64) {
        match &mut self.state {
            State::Registers(registers) => set_register(registers, self.log2_registers, hash),
            State::Exact { .. } => self.add_exact(hash),
        }
    }

    /// Adds values by their hashes.
    pub fn add_all(&mut self, hashes: &[u64]) {
        if let State::Exact { slots, len } = &mut self.state
            && !hashes.is_empty()
        {
            if hashes.len() > self.limit as usize
                && let Some(registers) = registers_of_many(slots, hashes, self.limit, self.log2_registers)
            {
                self.state = State::Registers(registers);
                return;
            }
            // As if they were all different: growing step by step would move each of them several times.
            let most = (*len as usize + hashes.len()).min(self.limit as usize);
            grow_to(slots, (2 * most).next_power_of_two());
        }
        hashes.iter().for_each(|&hash| self.add(hash));
    }

    /// Adds the values of `other`, which has the same sizes.
    pub fn merge(&mut self, other: &Self) {
        if let (State::Registers(mine), State::Registers(theirs)) = (&mut self.state, &other.state) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
            return;
        }
        match &other.state {
            State::Exact { slots, .. } => {
                slots.iter().filter(|&&hash| hash != 0).for_each(|&hash| self.add(hash))
            }
            State::Registers(theirs) => {
                let mine = std::mem::replace(&mut self.state, State::Registers(theirs.clone()));
                if let State::Exact { slots, .. } = mine {
                    slots.iter().filter(|&&hash| hash != 0).for_each(|&hash| self.add(hash));
                }
            }
        }
    }

    /// Forgets all values, keeps no memory.
    pub fn clear(&mut self) {
        self.state = State::Exact { slots: Vec::new(), len: 0 };
    }

    /// How many different values there are among `values` values. Exact up to the limit; above it the interval
    /// is three standard errors (1.04 / √registers each) wide on both sides.
    pub fn estimate(&self, values: u64) -> Estimate {
        let registers = match &self.state {
            State::Exact { len, .. } => return Estimate::exact(f64::from(*len)),
            State::Registers(registers) => registers,
        };
        let at_least = f64::from(self.limit) + 1.0;
        let value = ertl_estimate(registers).round().clamp(at_least, values as f64);
        let half_width = 3.0 * 1.04 / f64::from(1u32 << self.log2_registers).sqrt();
        Estimate {
            value,
            exact: false,
            lower: (value * (1.0 - half_width)).floor().max(at_least),
            upper: (value * (1.0 + half_width)).ceil().min(values as f64),
            method: Some(format!("HyperLogLog, 2^{} registers, 3 standard errors", self.log2_registers)),
        }
    }

    /// The state as it travels in a partial: hashes ascending, or registers.
    pub fn to_wire(&self) -> DistinctWire {
        match &self.state {
            State::Registers(registers) => DistinctWire::Registers(registers.clone()),
            State::Exact { slots, .. } => {
                let mut hashes: Vec<u64> = slots.iter().copied().filter(|&hash| hash != 0).collect();
                hashes.sort_unstable();
                DistinctWire::Exact(hashes)
            }
        }
    }

    /// The state from its wire form; `None` if it does not fit the sizes.
    pub fn from_wire(limit: u32, log2_registers: u8, wire: &DistinctWire) -> Option<Self> {
        let mut distinct = Self::new(limit, log2_registers);
        match wire {
            DistinctWire::Exact(hashes) if hashes.len() <= limit as usize => {
                hashes.iter().for_each(|&hash| distinct.add(hash));
            }
            DistinctWire::Registers(registers) if registers.len() == 1 << log2_registers => {
                distinct.state = State::Registers(registers.clone());
            }
            DistinctWire::Exact(_) | DistinctWire::Registers(_) => return None,
        }
        Some(distinct)
    }

    fn add_exact(&mut self, hash: u64) {
        let hash = hash.max(1);
        let State::Exact { slots, len } = &mut self.state else { unreachable!("called in the exact state") };
        if !slots.is_empty() && slots[find_slot(slots, hash)] == hash {
            return;
        }
        if *len < self.limit {
            if (*len as usize + 1) * 2 > slots.len() {
                grow_to(slots, (slots.len() * 2).max(8));
            }
            let slot = find_slot(slots, hash);
            slots[slot] = hash;
            *len += 1;
            return;
        }
        let mut registers = registers_of(slots, self.log2_registers);
        set_register(&mut registers, self.log2_registers, hash);
        self.state = State::Registers(registers);
    }
}

/// A [`Distinct`] in a partial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistinctWire {
    /// All hashes, ascending.
    Exact(Vec<u64>),
    /// The registers.
    Registers(Vec<u8>),
}

fn find_slot(slots: &[u64], hash: u64) -> usize {
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    while slots[slot] != 0 && slots[slot] != hash {
        slot = (slot + 1) & mask;
    }
    slot
}

fn grow_to(slots: &mut Vec<u64>, len: usize) {
    if len <= slots.len() {
        return;
    }
    let larger = vec![0; len];
    let old = std::mem::replace(slots, larger);
    for hash in old.into_iter().filter(|&hash| hash != 0) {
        let slot = find_slot(slots, hash);
        slots[slot] = hash;
    }
}

/// Of the hashes in an exact table.
fn registers_of(slots: &[u64], log2_registers: u8) -> Vec<u8> {
    let mut registers = vec![0; 1 << log2_registers];
    let known = slots.iter().filter(|&&hash| hash != 0);
    known.for_each(|&hash| set_register(&mut registers, log2_registers, hash));
    registers
}

/// Of the hashes in an exact table and some more, if so many registers are set that there are more than `limit` of them
/// for certain. The table need not be filled to know.
fn registers_of_many(slots: &[u64], more: &[u64], limit: u32, log2_registers: u8) -> Option<Vec<u8>> {
    let mut registers = registers_of(slots, log2_registers);
    more.iter().for_each(|&hash| set_register(&mut registers, log2_registers, hash));
    let set = registers.iter().filter(|&&register| register != 0).count();
    (set > limit as usize).then_some(registers)
}

#[inline]
fn set_register(registers: &mut [u8], log2_registers: u8, hash: u64) {
    // As the exact table has it.
    let hash = hash.max(1);
    // Its slots use the low bits: take the register from the high ones.
    let index = (hash >> (64 - log2_registers)) as usize;
    let rest = hash << log2_registers | 1 << (log2_registers - 1);
    let rank = rest.leading_zeros() as u8 + 1;
    // Written in any case: whether it is larger cannot be foreseen.
    registers[index] = registers[index].max(rank);
}

/// Ertl's improved raw estimator.
fn ertl_estimate(registers: &[u8]) -> f64 {
    const ALPHA_INF: f64 = 0.721_347_520_444_481_7; // 1 / (2 ln 2)
    let mut histogram = [0u32; 65];
    registers.iter().for_each(|&register| histogram[register as usize] += 1);
    let m = registers.len() as f64;
    let q = 64 - registers.len().trailing_zeros() as usize;
    let mut z = m * tau((m - f64::from(histogram[q + 1])) / m);
    for k in (1..=q).rev() {
        z = 0.5 * (z + f64::from(histogram[k]));
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    ALPHA_INF * m * m / z
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    fn of(range: std::ops::Range<u64>) -> Distinct {
        let mut distinct = Distinct::new(100, 12);
        range.for_each(|value| distinct.add(xxh3_64(&value.to_le_bytes())));
        distinct
    }

    #[test]
    fn exact_up_to_the_limit() {
        assert_eq!(of(0..100).estimate(1000), Estimate::exact(100.0));
        assert!(!of(0..101).estimate(1000).exact);
    }

    #[test]
    fn the_interval_holds_the_truth() {
        let sizes = [101u64, 500, 3_000, 20_000, 1_000_000];
        let inside = |n: u64, seed: u64| {
            let estimate = of(seed << 32..(seed << 32) + n).estimate(u64::MAX);
            estimate.lower <= n as f64 && n as f64 <= estimate.upper
        };
        let misses: usize = sizes.iter().map(|&n| (0..20).filter(|&seed| !inside(n, seed)).count()).sum();
        assert!(misses <= 1, "{misses} of 100 intervals miss");
    }

    #[test]
    fn adding_all_is_adding_each() {
        // Few, just below and above the limit of 100, and many; each once and three times.
        for (before, hashes) in
            [(0, 0), (0, 90), (50, 50), (50, 51), (0, 101), (99, 110), (0, 5_000), (150, 5_000)]
        {
            let hash_of = |value: u64| xxh3_64(&value.to_le_bytes());
            for times in [1, 3] {
                let mut hashes: Vec<u64> =
                    (0..hashes * times).map(|at| hash_of(1_000 + at / times)).collect();
                hashes.insert(0, 0);
                let mut all = of(0..before);
                all.add_all(&hashes);
                let mut each = of(0..before);
                hashes.iter().for_each(|&hash| each.add(hash));
                assert_eq!(all.to_wire(), each.to_wire(), "{before} and {} hashes", hashes.len());
            }
        }
    }

    #[test]
    fn merging_in_any_order_is_the_union() {
        for (a, b) in [(0..60, 40..90), (0..60, 50..200), (0..5000, 90..95), (0..5000, 4000..9000)] {
            let union = of(a.start..b.end.max(a.end)).to_wire();
            let (mut left, mut right) = (of(a.clone()), of(b.clone()));
            left.merge(&of(b));
            right.merge(&of(a));
            assert_eq!(left.to_wire(), union);
            assert_eq!(right.to_wire(), union);
        }
    }
}
