//! The whole system from outside. All of it is in `tests/it`.
