//! What several tests need: names, tables, golden files.

use std::path::{Path, PathBuf};

use data_inspector_domain::id::InspectionId;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The name of a unit variant in JSON.
pub(crate) fn name(variant: impl Serialize) -> String {
    let json = serde_json::to_value(variant).expect("a unit variant has a name");
    json.as_str().expect("a unit variant is a string").to_owned()
}

/// Every variant of an enum without fields. It comes from the derived schema, so no new variant is missed.
pub(crate) fn variants<T: JsonSchema + DeserializeOwned>() -> Vec<T> {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    let alternatives = schema.get("oneOf").expect("an enum with documented variants").as_array();
    let names = alternatives.expect("alternatives are a list").iter().map(|each| each["const"].clone());
    names.map(|name| serde_json::from_value(name).expect("a variant has a name")).collect()
}

/// A table with a cell for every pair of a row and a column.
pub(crate) fn matrix<R: Copy + Serialize, C: Copy + Serialize>(
    rows: &[R],
    columns: &[C],
    cell: impl Fn(R, C) -> String,
) -> String {
    let header = std::iter::once(String::new()).chain(columns.iter().map(name)).collect();
    let body = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| cell(*row, *column));
        std::iter::once(name(row)).chain(cells).collect()
    });
    table(&std::iter::once(header).chain(body).collect::<Vec<Vec<String>>>())
}

/// Lines of cells, each column as wide as its widest cell.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let format = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(format).collect::<Vec<_>>().join("\n")
}

/// A file of this crate.
pub(crate) fn crate_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Fails unless the file of this crate holds exactly this text. With `UPDATE_GOLDEN=1` it is written instead.
pub(crate) fn check_golden(path: &str, text: &str) {
    let file = crate_file(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(&file, text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        golden == text,
        "domain/{path} is stale; if the change is meant, run\n    UPDATE_GOLDEN=1 cargo test -p \
         data-inspector-domain\nand commit it.\ncommitted: {golden}\nnow:       {text}"
    );
}

/// An inspection's id like those of real life: a UUIDv7.
pub(crate) fn inspection_id() -> InspectionId {
    InspectionId::from_uuid(Uuid::from_u128(0x0199_c82c_c000_7abc_8def_0123_4567_89ab))
}
