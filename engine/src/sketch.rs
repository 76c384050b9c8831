//! Small states that stand for many values. [`distinct`] and [`dyadic`] are functions of the multiset of
//! values and merge in any order; [`frequent`] depends on order and merges along a fixed tree.

pub mod distinct;
pub mod dyadic;
pub mod frequent;
