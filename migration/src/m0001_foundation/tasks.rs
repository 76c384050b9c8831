//! The work of an inspection, and what is durable of it.

pub(super) const UP: &[&str] = &[
    // name: what the task is within its inspection, so that planning twice plans once.
    "CREATE TABLE tasks (
        id {id} PRIMARY KEY,
        workspace_id {id} NOT NULL,
        inspection_id {id} NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        rank BIGINT NOT NULL,
        first_leaf BIGINT,
        end_leaf BIGINT,
        from_byte BIGINT,
        size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
        payload {bytes} NOT NULL,
        state TEXT NOT NULL,
        epoch BIGINT NOT NULL CHECK (epoch > 0),
        run {id},
        last_n BIGINT NOT NULL CHECK (last_n >= 0),
        worker_id {id},
        released_at BIGINT,
        lease_until BIGINT,
        not_before BIGINT,
        attempts BIGINT NOT NULL,
        attempts_without_progress BIGINT NOT NULL,
        bytes_done BIGINT NOT NULL,
        failure TEXT,
        created_at BIGINT NOT NULL,
        UNIQUE (inspection_id, name),
        UNIQUE (workspace_id, id),
        FOREIGN KEY (workspace_id, inspection_id) REFERENCES inspections (workspace_id, id),
        CHECK (state NOT IN ('RELEASED', 'CLAIMED') OR lease_until IS NOT NULL),
        CHECK (state <> 'CLAIMED' OR run IS NOT NULL),
        CHECK (state <> 'RETRY_WAIT' OR not_before IS NOT NULL)
    )",
    "CREATE INDEX tasks_of_inspection ON tasks (inspection_id, state, rank, id)",
    "CREATE INDEX tasks_with_lease ON tasks (lease_until) WHERE state IN ('RELEASED', 'CLAIMED')",
    "CREATE INDEX tasks_backing_off ON tasks (not_before) WHERE state = 'RETRY_WAIT'",
    // One partial per place: a leaf that is inspected again replaces what was guessed of it.
    "CREATE TABLE partials (
        inspection_id {id} NOT NULL,
        level BIGINT NOT NULL,
        first_leaf BIGINT NOT NULL,
        end_leaf BIGINT NOT NULL,
        workspace_id {id} NOT NULL,
        task_id {id} NOT NULL,
        epoch BIGINT NOT NULL,
        run {id} NOT NULL,
        blob_key TEXT NOT NULL UNIQUE,
        hash {bytes} NOT NULL CHECK (length(hash) = 32),
        size_bytes BIGINT NOT NULL,
        summary {bytes} NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (inspection_id, level, first_leaf),
        FOREIGN KEY (workspace_id, inspection_id) REFERENCES inspections (workspace_id, id),
        FOREIGN KEY (workspace_id, task_id) REFERENCES tasks (workspace_id, id),
        CHECK (end_leaf > first_leaf)
    )",
];

pub(super) const DOWN: &[&str] = &["DROP TABLE partials", "DROP TABLE tasks"];
