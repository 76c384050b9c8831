//! What is committed and still has to be published.

pub(super) const UP: &[&str] = &[
    // Drained by flag: numbers are given out before they are committed, so a cursor over them would miss rows.
    "CREATE TABLE outbox (
        id {serial},
        topic TEXT NOT NULL,
        message_key TEXT,
        partition_hint BIGINT,
        bytes {bytes} NOT NULL,
        created_at BIGINT NOT NULL,
        claimed_until BIGINT NOT NULL DEFAULT 0,
        published BOOLEAN NOT NULL DEFAULT FALSE
    )",
    "CREATE INDEX outbox_to_publish ON outbox (id) WHERE NOT published",
    "CREATE INDEX outbox_by_age ON outbox (created_at) WHERE published",
];

pub(super) const DOWN: &[&str] = &["DROP TABLE outbox"];
