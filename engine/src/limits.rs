//! Bounds that are part of the engine's semantics. Changing one changes profiles: raise
//! [`ENGINE_VERSION`](data_inspector_domain::spec::ENGINE_VERSION) with it.

/// Bytes kept of the head and of the tail of a long field.
pub const LONG_FIELD_KEEP_BYTES: usize = 4096;

/// Bytes kept of a value that is shown: minimum, maximum, frequent values.
pub const VALUE_BYTES: usize = 256;

/// Bytes kept of a column name.
pub const NAME_BYTES: usize = 1024;

/// Examples kept per kind of finding: so many of the first, and so many of a sample.
pub const EXAMPLES: usize = 100;

/// Last examples kept per kind of finding.
pub const LAST_EXAMPLES: usize = 10;

/// Ranges of a file in which findings are counted.
pub const FINDING_RANGES: usize = 64;

/// Bytes of a record shown before and after an offending byte.
pub const EXCERPT_BYTES: usize = 40;

/// Most columns a file may have.
pub const COLUMNS: usize = 100_000;

/// Bytes at the head of a leaf from which its entry state is guessed.
pub const GUESS_BYTES: usize = 64 << 10;

/// Bytes at the head of a file from which its dialect and header are decided.
pub const SURVEY_BYTES: usize = 1 << 20;

/// Bytes of the middle and of the end of a file that are looked at beside its head.
pub const ELSEWHERE_BYTES: usize = 128 << 10;

/// How far past the end of its leaf an unproven record may be followed before the leaf waits for its proof.
/// Without this bound a hostile file makes every wrong guess read to the end of the file.
pub const UNPROVEN_OVERRUN_BYTES: u64 = 4 << 20;
