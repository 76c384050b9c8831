//! The inspection engine: bytes in, mergeable [`partial::Partial`] out, partials merged into a
//! [`Profile`](data_inspector_domain::profile::Profile).
//!
//! Pure and synchronous: no I/O, no clock, no threads, no global state. Chunking, threads, cancelling and
//! progress belong to the caller (`worker`).
//!
//! # The law
//!
//! `profile(bytes, resolved spec, engine version)` is one function. It does not depend on chunk sizes, on how
//! leaves are grouped into splits, on the number of workers or threads, on the order of completion, on
//! crashes or retries. Whoever adds a state here must keep it:
//!
//! * A state of a column is a function of the *multiset* of its cells ([`mod@column`], [`sketch`]), so that it
//!   merges in any order. Sums are exact integers, never floats.
//! * What depends on the order of cells ([`column::ColumnSequence`]: the most frequent values and shapes, whether
//!   values ascend) is built per leaf in record order and merged along the fixed binary tree over leaf indices.
//! * No libm, no hash-map iteration order, no float whose value depends on the order of additions.
//!
//! # The way of a byte
//!
//! [`survey`] decides the dialect and the header. [`scan`] walks one leaf, UTF-16 as the UTF-8 that it becomes (`utf16`): [`lanes`] finds out how each possible
//! entry state would leave it, `records` cuts records into batches of cells, [`mod@column`] counts them.
//! [`row_facts`] looks at whole rows.
//! [`sequencer`] composes the transition vectors of all leaves and so proves or refutes each guess.
//! [`partial`] merges proven leaves, [`finish`] turns the last partial into the profile.

pub mod automaton;
pub mod calendar;
pub mod cell;
mod charset;
pub mod column;
pub mod exact_sum;
pub mod finish;
pub mod lanes;
pub mod leaf_counter;
pub mod ledger;
pub mod limits;
mod logarithm;
mod long_record;
mod measure;
pub mod partial;
mod records;
pub mod row_facts;
mod runaway;
pub mod scan;
pub mod semantic;
pub mod sequencer;
mod shift;
mod simd;
pub mod sketch;
pub mod survey;
mod suspects;
pub mod text;
mod utf16;
mod utf8;

#[cfg(test)]
mod oracle_tests;
