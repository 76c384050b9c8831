//! Reads the head of a file, and pieces of its middle and end, to decide how the whole is read.

use data_inspector_domain::failure::Failure;
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::limits::SURVEY_BYTES;
use data_inspector_engine::scan::Need;
use data_inspector_engine::survey::Survey;
use data_inspector_platform::source::ByteSource;

use crate::head::read_range;

/// The resolved spec of a file, and how many bytes were read for it.
pub fn survey(
    source: &dyn ByteSource,
    spec: &InspectionSpec,
    chunk_size_bytes: usize,
) -> Result<(ResolvedSpec, u64), Failure> {
    let mut survey = Survey::try_new(spec, source.size_bytes())?;
    let mut read_elsewhere = 0;
    for range in survey.elsewhere() {
        let piece = read_range(source, range)?;
        read_elsewhere += piece.len() as u64;
        survey.look_at(piece);
    }
    source.expect(0..source.size_bytes().min(SURVEY_BYTES as u64));
    let mut chunk = vec![0; chunk_size_bytes];
    let mut offset = 0;
    while offset < source.size_bytes() {
        let count = source.read_at(offset, &mut chunk)?;
        offset += count as u64;
        if survey.feed(&chunk[..count])? == Need::Nothing {
            break;
        }
    }
    Ok((survey.finish()?, read_elsewhere + offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_memory::InMemory;

    #[test]
    fn the_middle_and_the_end_are_read_too() {
        let mut file = b"id,name\n".to_vec();
        while file.len() < 4 << 20 {
            let row: &[u8] = if file.len() < 3 << 19 { b"1,Jose\n" } else { b"2,Jos\xE9\n" };
            file.extend_from_slice(row);
        }
        let source = InMemory(file);
        let (spec, bytes_read) = survey(&source, &InspectionSpec::default(), 4096).unwrap();
        assert_eq!((spec.head.encoding.as_str(), bytes_read), ("windows-1252", 5 << 18));
    }
}
