//! One module per table: its columns as they are. What they mean is in `rows`.

pub(crate) mod audit;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod garbage;
pub(crate) mod idempotency_keys;
pub(crate) mod inspections;
pub(crate) mod outbox;
pub(crate) mod partials;
pub(crate) mod principals;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod uploads;
pub(crate) mod workspaces;
