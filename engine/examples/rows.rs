//! Reads files as an inspection would, without being told anything about them, and prints what is in them: one JSON
//! document per file with its name, the names of its columns and its records. `bench/pollock.py` compares that with what
//! was written. Cells are cut by the reference automaton, so that files have to fit into memory.

use std::io::Write;

use data_inspector_domain::failure::Failure;
use data_inspector_domain::spec::{InspectionSpec, ResolvedSpec};
use data_inspector_engine::automaton::State;
use data_inspector_engine::scan::Need;
use data_inspector_engine::survey::Survey;
use serde_json::json;

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let document = match resolve(&bytes) {
            Ok(spec) => {
                let rows = records(&spec, &bytes[spec.head.data_offset as usize..]);
                let header = spec.head.has_header.then_some(&spec.columns);
                json!({ "file": path, "header": header, "width": spec.columns.len(), "rows": rows })
            }
            Err(failure) => json!({ "file": path, "error": failure.user_message }),
        };
        writeln!(out, "{document}")?;
    }
    out.flush()
}

fn resolve(bytes: &[u8]) -> Result<ResolvedSpec, Failure> {
    let mut survey = Survey::try_new(&InspectionSpec::default(), bytes.len() as u64)?;
    if survey.feed(bytes)? == Need::More {
        // The file is fed as a whole: more there is not.
    }
    survey.finish()
}

fn records(spec: &ResolvedSpec, bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = Reader::default();
    let mut state = State::RecordStart;
    for &byte in bytes {
        let next = state.step(&spec.dialect, byte);
        reader.take(state, next, byte, spec.dialect.delimiter.as_bytes());
        state = next;
    }
    if state != State::RecordStart && state != State::AfterCr && state != State::Comment {
        reader.end_record();
    }
    reader.records
}

#[derive(Default)]
struct Reader {
    records: Vec<Vec<String>>,
    record: Vec<String>,
    cell: Vec<u8>,
}

impl Reader {
    fn take(&mut self, state: State, next: State, byte: u8, delimiter: &[u8]) {
        let between_lines = matches!(state, State::RecordStart | State::AfterCr);
        let opens = next == State::Quoted && (between_lines || state == State::FieldStart);
        match next {
            State::RecordStart | State::AfterCr if between_lines || state == State::Comment => {}
            State::RecordStart | State::AfterCr => self.end_record(),
            State::FieldStart => {
                // What begins a delimiter was taken for text until it went on.
                self.cell.truncate(self.cell.len() - (delimiter.len() - 1));
                self.end_cell();
            }
            State::Comment | State::QuoteInQuoted | State::Escaped => {}
            _ if opens => {}
            _ => self.cell.push(byte),
        }
    }

    fn end_cell(&mut self) {
        self.record.push(String::from_utf8_lossy(&self.cell).into_owned());
        self.cell.clear();
    }

    fn end_record(&mut self) {
        self.end_cell();
        self.records.push(std::mem::take(&mut self.record));
    }
}
