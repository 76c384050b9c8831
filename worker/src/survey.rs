//! Reads the head of a file to decide how the whole is read.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::scan::Need;
use data_inspector_engine::survey::Survey;
use data_inspector_platform::source::ByteSource;

/// The resolved spec of a file, and how many bytes were read for it.
pub fn survey(
    source: &dyn ByteSource,
    spec: &InspectionSpec,
    chunk_size_bytes: usize,
) -> Result<(ResolvedSpec, u64), Failure> {
    let mut survey = Survey::try_new(spec, source.size_bytes())?;
    let mut chunk = vec![0; chunk_size_bytes];
    let mut offset = 0;
    while offset < source.size_bytes() {
        let count = source.read_at(offset, &mut chunk)?;
        offset += count as u64;
        if survey.feed(&chunk[..count])? == Need::Nothing {
            break;
        }
    }
    Ok((survey.finish()?, offset))
}
