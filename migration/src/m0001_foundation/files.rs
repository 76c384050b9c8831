//! Stored files, and the uploads by which they come.

pub(super) const UP: &[&str] = &[
    // A file that is ready is pinned: its bytes are known by size and etag.
    "CREATE TABLE files (
        id {id} PRIMARY KEY,
        workspace_id {id} NOT NULL REFERENCES workspaces (id),
        created_by {id} NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        blob_key TEXT NOT NULL UNIQUE,
        size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
        etag TEXT,
        content_id TEXT,
        failure TEXT,
        created_at BIGINT NOT NULL,
        ended_at BIGINT,
        UNIQUE (workspace_id, id),
        FOREIGN KEY (workspace_id, created_by) REFERENCES principals (workspace_id, id),
        CHECK (state <> 'READY' OR etag IS NOT NULL),
        CHECK (state <> 'FAILED' OR failure IS NOT NULL)
    )",
    "CREATE INDEX files_by_age ON files (workspace_id, created_at, id)",
    // completing_until: until then one caller has the turn to put the blocks together.
    "CREATE TABLE uploads (
        id {id} PRIMARY KEY,
        workspace_id {id} NOT NULL,
        file_id {id} NOT NULL UNIQUE,
        block_size_bytes BIGINT NOT NULL CHECK (block_size_bytes > 0),
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        completing_until BIGINT NOT NULL DEFAULT 0,
        FOREIGN KEY (workspace_id, file_id) REFERENCES files (workspace_id, id)
    )",
    "CREATE INDEX uploads_by_expiry ON uploads (expires_at)",
];

pub(super) const DOWN: &[&str] = &["DROP TABLE uploads", "DROP TABLE files"];
