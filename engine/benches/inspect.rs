//! How much processor time one thread takes per byte and per cell, everything counted: `cargo bench -p data-inspector-engine`.
//! Names of data sets as arguments choose among them; `--mib N` sets their size, `--leaf-mib N` that of leaves, `--rounds N`
//! how often. The best round is shown, which is the one that the rest of the machine disturbed least. For a comparison with other
//! programs see `bench/`.

use data_inspector_bench::{Kind, generate};
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::automaton::State;
use data_inspector_engine::finish::finish;
use data_inspector_engine::leaf_counter::LeafCounter;
use data_inspector_engine::partial::Partial;
use data_inspector_engine::scan::{Counted, Entry, LeafContext, LeafScan, Need};
use data_inspector_engine::survey;

const KINDS: [(&str, Kind); 4] =
    [("numeric", Kind::Numeric), ("mixed", Kind::Mixed), ("wide", Kind::Wide), ("bad", Kind::Bad)];
const CHUNK_BYTES: usize = 1 << 20;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut mib, mut leaf_mib, mut rounds, mut wanted) = (64, 16, 5, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number follows");
        match argument.as_str() {
            "--mib" => mib = number(),
            "--leaf-mib" => leaf_mib = number(),
            "--rounds" => rounds = number(),
            _ => wanted.push(argument),
        }
    }
    println!("{:<8} {:>10} {:>8} {:>9} {:>9}", "data", "rows", "MB/s", "ns/byte", "ns/cell");
    for (name, kind) in KINDS.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| w == name))
    {
        let mut bytes = Vec::new();
        let written = generate(*kind, mib << 20, 1, &mut bytes).expect("memory takes all");
        let best = (0..rounds).map(|_| seconds(&bytes, leaf_mib << 20)).fold(f64::INFINITY, f64::min);
        let per = |count: f64| best * 1e9 / count;
        let (size, cells) = (bytes.len() as f64, (written.rows * written.columns as u64) as f64);
        println!(
            "{name:<8} {:>10} {:>8.0} {:>9.2} {:>9.1}",
            written.rows,
            1e3 / per(size),
            per(size),
            per(cells)
        );
    }
}

/// Processor time of this thread, which other programs disturb less than the clock.
fn cpu_seconds() -> f64 {
    let schedule =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with schedule statistics");
    let nanoseconds: f64 =
        schedule.split(' ').next().and_then(|text| text.parse().ok()).expect("nanoseconds");
    nanoseconds / 1e9
}

fn seconds(bytes: &[u8], leaf_size_bytes: u64) -> f64 {
    let start = cpu_seconds();
    let spec = resolve(bytes, leaf_size_bytes);
    let partial = count(&spec, bytes);
    std::hint::black_box(finish(&spec, &partial));
    cpu_seconds() - start
}

fn resolve(bytes: &[u8], leaf_size_bytes: u64) -> ResolvedSpec {
    let spec = InspectionSpec { leaf_size_bytes: Some(leaf_size_bytes), ..InspectionSpec::default() };
    let mut survey = survey::Survey::try_new(&spec, bytes.len() as u64).expect("a valid spec");
    for chunk in bytes.chunks(CHUNK_BYTES) {
        if survey.feed(chunk).expect("a readable file") == Need::Nothing {
            break;
        }
    }
    survey.finish().expect("a readable file")
}

/// Leaf by leaf, each entered in the state in which the one before was left.
fn count(spec: &ResolvedSpec, bytes: &[u8]) -> Partial {
    let context = LeafContext::new(spec);
    let mut counter = LeafCounter::new(&context);
    let mut partial = Partial::new(spec);
    let mut state = State::RecordStart;
    for leaf in context.first_leaf()..context.end_leaf() {
        let mut scan = LeafScan::new(&context, leaf, Entry::Known(state), counter);
        for chunk in bytes[context.leaf_start(leaf) as usize..].chunks(CHUNK_BYTES) {
            if scan.feed(chunk) == Need::Nothing {
                break;
            }
        }
        state = scan.take_vector().expect("the leaf is read").from(state).exit;
        let (counted, again) = scan.finish();
        counter = again;
        let Counted::All(leaf) = counted else { unreachable!("nothing was guessed") };
        partial.add_leaf(leaf).expect("each leaf once");
    }
    partial
}
