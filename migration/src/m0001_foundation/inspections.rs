//! Inspections and their events.

pub(super) const UP: &[&str] = &[
    // last_seq is the number of the newest event, updated_at its moment: events are numbered under the lock of
    // this row.
    "CREATE TABLE inspections (
        id {id} PRIMARY KEY,
        workspace_id {id} NOT NULL REFERENCES workspaces (id),
        file_id {id} NOT NULL,
        created_by {id} NOT NULL,
        rerun_of {id},
        state TEXT NOT NULL,
        version BIGINT NOT NULL CHECK (version >= 0),
        phase TEXT NOT NULL,
        verdict TEXT NOT NULL,
        coverage TEXT NOT NULL,
        priority INTEGER NOT NULL,
        spec TEXT NOT NULL,
        resolved_spec_key TEXT,
        resolved_spec_hash {bytes},
        profile_key TEXT,
        profile_hash {bytes},
        profile_revision BIGINT NOT NULL,
        progress TEXT,
        failure TEXT,
        last_seq BIGINT NOT NULL CHECK (last_seq >= 0),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        started_at BIGINT,
        ended_at BIGINT,
        UNIQUE (workspace_id, id),
        FOREIGN KEY (workspace_id, file_id) REFERENCES files (workspace_id, id),
        FOREIGN KEY (workspace_id, created_by) REFERENCES principals (workspace_id, id),
        CHECK (state <> 'SUCCEEDED' OR profile_key IS NOT NULL),
        CHECK (state <> 'FAILED' OR failure IS NOT NULL)
    )",
    "CREATE INDEX inspections_by_age ON inspections (workspace_id, created_at, id)",
    "CREATE INDEX inspections_by_change ON inspections (workspace_id, updated_at, id)",
    "CREATE INDEX inspections_of_file ON inspections (workspace_id, file_id, created_at, id)",
    "CREATE INDEX inspections_that_can_run ON inspections (priority, created_at, id)
        WHERE state IN ('QUEUED', 'RUNNING')",
    // bytes: the event as it is published and fanned out, for good.
    "CREATE TABLE events (
        inspection_id {id} NOT NULL,
        seq BIGINT NOT NULL CHECK (seq > 0),
        workspace_id {id} NOT NULL,
        at BIGINT NOT NULL,
        type TEXT NOT NULL,
        bytes {bytes} NOT NULL,
        PRIMARY KEY (inspection_id, seq),
        FOREIGN KEY (workspace_id, inspection_id) REFERENCES inspections (workspace_id, id)
    )",
];

pub(super) const DOWN: &[&str] = &["DROP TABLE events", "DROP TABLE inspections"];
