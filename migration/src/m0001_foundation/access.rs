//! Who may do what, who did what, and what was asked for before.

pub(super) const UP: &[&str] = &[
    "CREATE TABLE workspaces (
        id {id} PRIMARY KEY,
        name TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE principals (
        id {id} PRIMARY KEY,
        workspace_id {id} NOT NULL REFERENCES workspaces (id),
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        UNIQUE (workspace_id, id)
    )",
    // Of a token only its SHA-256 is kept.
    "CREATE TABLE tokens (
        id {id} PRIMARY KEY,
        workspace_id {id} NOT NULL,
        principal_id {id} NOT NULL,
        name TEXT NOT NULL,
        hash {bytes} NOT NULL UNIQUE CHECK (length(hash) = 32),
        scopes TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        revoked_at BIGINT,
        FOREIGN KEY (workspace_id, principal_id) REFERENCES principals (workspace_id, id)
    )",
    "CREATE INDEX tokens_of_principal ON tokens (workspace_id, principal_id)",
    // No reference to a principal or subject: the entry outlives both.
    "CREATE TABLE audit (
        id {serial},
        workspace_id {id} NOT NULL REFERENCES workspaces (id),
        principal_id {id},
        at BIGINT NOT NULL,
        action TEXT NOT NULL,
        subject_id {id} NOT NULL
    )",
    "CREATE INDEX audit_of_workspace ON audit (workspace_id, id)",
    "CREATE TABLE idempotency_keys (
        workspace_id {id} NOT NULL REFERENCES workspaces (id),
        idempotency_key TEXT NOT NULL,
        operation TEXT NOT NULL,
        request_hash {bytes} NOT NULL CHECK (length(request_hash) = 32),
        subject_id {id} NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (workspace_id, idempotency_key)
    )",
    "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)",
];

pub(super) const DOWN: &[&str] = &[
    "DROP TABLE idempotency_keys",
    "DROP TABLE audit",
    "DROP TABLE tokens",
    "DROP TABLE principals",
    "DROP TABLE workspaces",
];
