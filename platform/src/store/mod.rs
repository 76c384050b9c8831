//! Where state is kept: PostgreSQL or SQLite, behind one concrete [`Store`]. The only place that knows sea-orm.
//!
//! Every method is one transaction that does what its name says. State and its events are written together,
//! through the state machines of `domain`; what is to be published goes into the outbox in the same
//! transaction. Methods for tenants take a [`Scope`]: what belongs to another workspace looks like nothing.
//! Methods of the coordinator have none: they act for all workspaces.
//!
//! Locks are taken in one order: a file, its inspections by id, a task. On SQLite a writer locks everything.
//!
//! Not here: what is to be done next (`coordinator`), how it is shown (`api`), the tables (`migration`).

mod access;
mod audit;
mod codec;
mod commands;
mod connect;
mod counters;
mod dispatch;
mod entity;
mod error;
mod events;
mod files;
mod garbage;
mod idempotency;
mod inspections;
mod leases;
mod listing;
mod locked;
mod outbox;
mod page;
mod results;
mod rows;
mod settle;
mod step;
mod tasks;
mod tokens;
mod uploads;
mod work;

pub use access::{NewPrincipal, NewWorkspace, Principal, Scope, Workspace};
pub use audit::AuditEntry;
pub use commands::Change;
pub use connect::{Clock, Store, StoreConfig};
pub use counters::StoreCounters;
pub use dispatch::{InFlight, Release, TaskContext, Waiting};
pub use error::{Noun, StoreError, StoreErrorKind};
pub use events::{EventsHead, StoredEvent};
pub use files::{CompletedUpload, NewUpload};
pub use idempotency::{Created, IdempotentRequest, RequestHash};
pub use inspections::NewInspection;
pub use leases::{Expired, Woken};
pub use listing::{FileFilter, FileSort, InspectionFilter, InspectionSort, Period};
pub use outbox::{OutboxMessage, Topic};
pub use page::{Direction, Page, PageKey, PageRequest, PageStart, SortKey};
pub use results::{AttemptPolicy, Disposition, Report, TaskResult};
pub use rows::{BlobRef, File, Inspection, Partial, Task, Upload};
pub use step::{Advanced, Ending, NewPartial, NewTask, ProfileRevision, Step};
pub use tokens::{Authenticated, NewToken, Token, TokenHash};
pub use uploads::Completion;
pub use work::TaskCount;
