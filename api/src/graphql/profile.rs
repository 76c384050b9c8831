//! Profiles: what was found in a file, complete or as far as it is read.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Object, SimpleObject};
use data_inspector_domain::inspection::InspectionState;
use data_inspector_platform::blob::BlobStore;
use data_inspector_platform::store;

use super::column::{Column, ColumnAlert};
use super::context::Caller;
use super::error::RequestError;
use super::finding::Finding;
use super::format::FileFormat;
use super::inspection::Coverage;
use super::page::{Connection, LARGEST_SIZE, PageArguments};
use super::profile_cache::{Document, ProfileCache};
use super::rows::RowFacts;
use super::scalar::{Cursor, Long};

/// The longest document that is sent as one text, in bytes.
const LONGEST_DOCUMENT: usize = 16 << 20;

/// Alerts in one answer.
const MOST_ALERTS: u32 = 1000;

/// What was found in a file.
#[derive(Clone)]
pub(super) struct Profile {
    pub(super) document: Arc<Document>,
    pub(super) revision: u32,
    pub(super) is_final: bool,
    pub(super) coverage: Coverage,
    pub(super) shows_values: bool,
}

impl Profile {
    /// The newest profile of an inspection, if there is one.
    pub(super) async fn of(
        caller: Caller<'_>,
        inspection: &store::Inspection,
    ) -> Result<Option<Self>, RequestError> {
        if inspection.profile.is_some() && caller.sees_values() {
            caller.load().note_values_seen(inspection.id).await?;
        }
        Self::read(caller.profiles(), &caller.deps.blobs, inspection, caller.sees_values()).await
    }

    /// The same for somebody who sees values or does not.
    pub(super) async fn read(
        profiles: &ProfileCache,
        blobs: &BlobStore,
        inspection: &store::Inspection,
        shows_values: bool,
    ) -> Result<Option<Self>, RequestError> {
        let Some(blob) = &inspection.profile else { return Ok(None) };
        let document = profiles.get(blobs, blob).await?;
        Ok(Some(Self {
            document,
            revision: inspection.profile_revision,
            is_final: inspection.state == InspectionState::Succeeded,
            coverage: inspection.coverage.into(),
            shows_values,
        }))
    }

    pub(super) fn column_at(&self, index: usize) -> Column {
        Column { document: Arc::clone(&self.document), index, shows_values: self.shows_values }
    }

    /// Positions of the columns with these names, at most a page of them; the first columns if none is named.
    pub(super) fn positions(&self, names: Option<&[String]>) -> Vec<usize> {
        let columns = &self.document.profile.columns;
        match names {
            None => (0..columns.len().min(LARGEST_SIZE as usize)).collect(),
            Some(names) => {
                let positions: HashMap<&str, usize> =
                    columns.iter().enumerate().rev().map(|(index, column)| (&*column.name, index)).collect();
                names.iter().filter_map(|name| positions.get(&**name).copied()).collect()
            }
        }
    }
}

/// Bytes of a file.
#[derive(SimpleObject)]
struct ByteRange {
    /// The first byte.
    start: Long,
    /// One after the last byte.
    end: Long,
}

/// What was found in a file. While the inspection runs it is about what is read so far, and is replaced by newer
/// revisions; the last is final.
#[Object]
impl Profile {
    /// Number of this profile; rises within an inspection. Keep the highest you have seen.
    async fn revision(&self) -> u32 {
        self.revision
    }

    /// It is the result: it does not change any more.
    async fn is_final(&self) -> bool {
        self.is_final
    }

    /// How much of the file it is based on.
    async fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Version of the engine's semantics that produced it.
    async fn engine_version(&self) -> u32 {
        self.document.profile.engine_version
    }

    /// Size of the file in bytes.
    async fn bytes(&self) -> Long {
        self.document.profile.bytes.into()
    }

    /// Number of records; header, blank and comment lines are none.
    async fn row_count(&self) -> Long {
        self.document.profile.row_count.into()
    }

    /// Number of columns.
    async fn column_count(&self) -> u32 {
        self.document.profile.column_count
    }

    /// How the file was read.
    async fn format(&self) -> FileFormat {
        self.document.profile.format.clone().into()
    }

    /// The bytes of the file whose records are counted, ascending: all data once the profile is final.
    async fn seen_ranges(&self) -> Vec<ByteRange> {
        let ranges = self.document.profile.seen_ranges.iter();
        ranges.map(|range| ByteRange { start: range.start.into(), end: range.end.into() }).collect()
    }

    /// What is known of the rows as wholes.
    async fn rows(&self) -> RowFacts {
        RowFacts { document: Arc::clone(&self.document), shows_values: self.shows_values }
    }

    /// What deserves a look in the columns, in their order; at most `first` of them.
    async fn alerts(
        &self,
        #[graphql(desc = "How many, at most 1,000.", default = 100)] first: u32,
    ) -> Vec<ColumnAlert> {
        let alerts = self.document.profile.alerts.iter();
        alerts.take(first.min(MOST_ALERTS) as usize).map(ColumnAlert::from).collect()
    }

    /// What is in each column, in the order of the file.
    async fn columns(
        &self,
        #[graphql(desc = "Only those with this text in the name; A to Z as a to z.")] search: Option<String>,
        #[graphql(desc = "How many, 1 to 100, usually 20.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this column.")] after: Option<Cursor>,
    ) -> Result<Connection<Column>, RequestError> {
        let wanted = search.unwrap_or_default().to_ascii_lowercase();
        let columns = self.document.profile.columns.iter().enumerate();
        let found = columns.filter(|(_, column)| column.name.to_ascii_lowercase().contains(&wanted));
        let positions: Vec<usize> = found.map(|(index, _)| index).collect();
        let arguments = PageArguments::forward(first, after);
        let list = format!("columns like {wanted}");
        Connection::of_slice(&positions, &arguments, &list, |index| self.column_at(*index))
    }

    /// What is in the column with this name; null if there is none.
    async fn column(&self, #[graphql(desc = "Its name.")] name: String) -> Option<Column> {
        self.positions(Some(&[name])).first().map(|index| self.column_at(*index))
    }

    /// Every kind of defect that was found.
    async fn findings(&self) -> Vec<Finding> {
        let findings = self.document.profile.findings.iter();
        findings
            .map(|finding| Finding { finding: finding.clone(), shows_values: self.shows_values })
            .collect()
    }

    /// The whole profile as JSON text, byte for byte what `data-inspector inspect --json` prints of the same file.
    /// Null if it has more than 16 MiB, and for whoever may not see values.
    async fn document(&self) -> Option<&str> {
        let json = &self.document.json;
        (self.shows_values && json.len() <= LONGEST_DOCUMENT).then_some(json)
    }
}
