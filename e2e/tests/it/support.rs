//! Runs the program as people do, and the driver with the options that matter.

use std::ffi::OsStr;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;

use data_inspector_domain::failure::Failure;
use data_inspector_domain::finding::{Finding, FindingCode};
use data_inspector_domain::profile::Profile;
use data_inspector_domain::spec::InspectionSpec;
use data_inspector_e2e::programs::programs;
use data_inspector_platform::local::LocalFile;
use data_inspector_platform::source::ByteSource;
use data_inspector_worker::{InspectOptions, Inspected};

pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

pub(crate) fn program() -> &'static Path {
    &programs().inspector
}

/// What the program answered.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is text"),
            stderr: String::from_utf8(output.stderr).expect("stderr is text"),
        }
    }
}

impl Ran {
    /// The profile, given that the program succeeded and said nothing else.
    pub(crate) fn profile(&self) -> Profile {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""));
        let document = self.stdout.strip_suffix('\n').expect("the document ends in a line feed");
        assert!(!document.contains('\n'), "more than one document");
        serde_json::from_str(document).expect("stdout is a profile")
    }

    /// Checks that the program failed with one line on stderr that has these words, and no answer.
    #[track_caller]
    pub(crate) fn assert_failed(&self, words: &[&str]) {
        let Self { code, stdout, stderr } = self;
        assert_eq!((*code, &**stdout), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with("data-inspector: ") && stderr.lines().count() == 1, "{stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{words:?} are not all in: {stderr}");
    }
}

/// Runs `data-inspector inspect --json PATH`.
pub(crate) fn run(path: &Path) -> Ran {
    let mut command = Command::new(program());
    command.args(["inspect", "--json"]).arg(path).output().expect("the program can be started").into()
}

/// Runs `data-inspector inspect --json` with these arguments, and returns its peak memory in bytes as well. One at a
/// time: what waits to be merged, and with it the peak, is more where threads wait for processors.
pub(crate) fn run_measured<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> (Ran, u64) {
    run_measured_where(arguments, [])
}

/// The same with these variables set.
pub(crate) fn run_measured_where<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    variables: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> (Ran, u64) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    let report = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_peak-rss"));
    command.arg(report.path()).arg(program()).args(["inspect", "--json"]).args(arguments).envs(variables);
    let ran = command.output().expect("the program can be started").into();
    let peak = std::fs::read_to_string(report.path()).unwrap();
    (ran, peak.parse().unwrap_or_else(|_| panic!("{peak:?} is no number of bytes")))
}

/// A file that is written by `write`.
pub(crate) fn file(
    write: impl FnOnce(&mut BufWriter<&std::fs::File>) -> std::io::Result<()>,
) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    let mut writer = BufWriter::with_capacity(MIB as usize, file.as_file());
    write(&mut writer).unwrap();
    writer.flush().unwrap();
    drop(writer);
    file
}

/// A file with these bytes.
pub(crate) fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    file(|out| out.write_all(bytes))
}

/// A spec with leaves of this size.
pub(crate) fn leaves_of(leaf_size_bytes: u64) -> InspectionSpec {
    InspectionSpec { leaf_size_bytes: Some(leaf_size_bytes), ..InspectionSpec::default() }
}

/// Inspects a source on several threads, in chunks of this size.
pub(crate) fn inspect(
    source: &dyn ByteSource,
    spec: &InspectionSpec,
    chunk_size_bytes: usize,
) -> Result<Inspected, Failure> {
    let options = InspectOptions { threads: THREADS, chunk_size_bytes };
    data_inspector_worker::inspect(source, spec, &options, &|_| {})
}

/// Inspects a file of this machine in leaves of this size.
pub(crate) fn inspect_file(path: &Path, leaf_size_bytes: u64) -> Inspected {
    let source = LocalFile::open(path).unwrap();
    inspect(&source, &leaves_of(leaf_size_bytes), 64 << 10).unwrap()
}

pub(crate) fn finding(profile: &Profile, code: FindingCode) -> Option<&Finding> {
    profile.findings.iter().find(|finding| finding.code == code)
}

/// How often each kind of defect was found.
pub(crate) fn counts(profile: &Profile) -> Vec<(FindingCode, u64)> {
    profile.findings.iter().map(|finding| (finding.code, finding.count)).collect()
}
