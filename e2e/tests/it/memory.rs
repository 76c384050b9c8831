//! Memory does not grow with the file.

use data_inspector_bench::{Kind, generate};

use crate::support::{MIB, file, run_measured, run_measured_where};

/// The allocator gives back at once what is freed: by default it keeps it for a second, which adds to the peak what
/// the threads happened to free in that second.
const NOTHING_KEPT: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

const SMALL: u64 = 100 * MIB;
const LARGE: u64 = 400 * MIB;

/// 20 columns, all threads of this machine, leaves and chunks as they are by default for large files.
#[test]
fn a_file_of_four_times_the_size_needs_the_same_memory() {
    let [small, large] = [SMALL, LARGE].map(|size| {
        let mut rows = 0;
        let file = file(|out| generate(Kind::Mixed, size, 1, out).map(|written| rows = written.rows));
        let arguments = ["--leaf-size=4MiB", file.path().to_str().unwrap()];
        let (ran, peak) = run_measured_where(arguments, [NOTHING_KEPT]);
        assert_eq!(ran.profile().row_count, rows);
        let (_, as_people_run_it) = run_measured(arguments);
        assert!(as_people_run_it < 256 * MIB, "{as_people_run_it} bytes");
        peak as f64 / MIB as f64
    });
    assert!((large / small - 1.0).abs() <= 0.15, "{small:.0} MiB and {large:.0} MiB");
}
