//! What of a profile deserves attention while the rest of the file is still counted.

use data_inspector_domain::event::Alert;
use data_inspector_domain::finding::{Finding, FindingCode, Severity};
use data_inspector_domain::profile::Profile;

/// One alert for each kind of defect that is more than worth knowing. Partials are proven before they are merged, so
/// that a defect that is found stays one; only its count goes on.
pub(super) fn alerts(profile: &Profile) -> Vec<Alert> {
    profile.findings.iter().filter(|finding| finding.severity > Severity::Info).map(alert).collect()
}

fn alert(finding: &Finding) -> Alert {
    let first = finding.examples.first();
    let is_of_rows = matches!(finding.code, FindingCode::MissingCell | FindingCode::ExtraCell);
    // Of other defects the profile shows what is there; that may be text of a cell, which no event has.
    let counts = first.filter(|_| is_of_rows);
    Alert {
        severity: finding.severity,
        code: finding.code,
        column: first.and_then(|example| example.column.clone()),
        message: finding.code.explanation().to_owned(),
        expected: counts.and_then(|example| example.expected.clone()),
        observed: counts.and_then(|example| example.found.clone()),
        rows_affected: is_of_rows.then_some(finding.count),
        first_seen_at_byte: first.map(|example| example.byte_offset),
        provisional: false,
    }
}
