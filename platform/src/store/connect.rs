//! Opening the store, its transactions, its clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use data_inspector_domain::time::Timestamp;
use data_inspector_migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::Expr;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::counters::{StoreCounters, Tally};
use super::error::{StoreError, StoreErrorKind};

/// A number nobody else locks: replicas that start together migrate one after the other.
const MIGRATION_LOCK: i64 = 0x4461_7461_496e_7370;

/// Pause before a SQLite file is opened again that another process has locked.
const WHILE_LOCKED: Duration = Duration::from_millis(10);

/// Where the store is, and how much of it may be used.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `postgres://user:password@host/database` or `sqlite://path?mode=rwc`.
    pub url: String,
    /// Connections at most. On SQLite those that read; two more write, in turn.
    pub max_connections: u32,
    /// How long a call waits for a connection, and on SQLite for another process that writes.
    pub acquire_timeout: Duration,
    /// How long a statement may run, waiting for locks included, and how long a transaction may do nothing;
    /// PostgreSQL only.
    pub statement_timeout: Duration,
}

impl StoreConfig {
    /// The store at this address, with everything else as most want it.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The clock of PostgreSQL, so that all replicas have the same; with SQLite there is one host, and its
    /// clock it is.
    Database,
    /// Microseconds that a test sets.
    Manual(Arc<AtomicI64>),
}

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) reader: DatabaseConnection,
    writer: DatabaseConnection,
    /// The same, except that on SQLite it does not wait for the disk.
    hasty_writer: DatabaseConnection,
    /// On SQLite one transaction writes at a time; in this process they queue up here, in order.
    turn: Option<Arc<Mutex<()>>>,
    clock: Clock,
    statements: Arc<AtomicU64>,
    counters: Arc<StoreCounters>,
}

/// A transaction that writes, and the moment it began. Dropped without a commit, it is rolled back.
pub(super) struct Writing {
    pub(super) tx: DatabaseTransaction,
    pub(super) now: Timestamp,
    pub(super) tally: Tally,
    counters: Arc<StoreCounters>,
    /// Given back after the transaction has ended.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Writing {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await?;
        self.tally.committed(&self.counters);
        Ok(())
    }
}

impl Store {
    /// Opens the store; its tables may have to be migrated first.
    pub async fn connect(config: &StoreConfig, clock: Clock) -> Result<Self, StoreError> {
        if config.url.starts_with("sqlite:") {
            use SqliteSynchronous::{Full, Normal};
            let reader = connect_sqlite(config, config.max_connections, Full).await?;
            let writer = connect_sqlite(config, 1, Full).await?;
            let hasty_writer = connect_sqlite(config, 1, Normal).await?;
            return Ok(Self::of(reader, Some([writer, hasty_writer]), clock));
        }
        Ok(Self::of(Database::connect(postgres_options(config)).await?, None, clock))
    }

    /// `writers`: `None` if whoever reads may write.
    fn of(mut reader: DatabaseConnection, writers: Option<[DatabaseConnection; 2]>, clock: Clock) -> Self {
        let statements = Arc::new(AtomicU64::new(0));
        count_statements(&mut reader, &statements);
        let turn = writers.is_some().then(Arc::default);
        let mut writers = writers.unwrap_or_else(|| [reader.clone(), reader.clone()]);
        writers.iter_mut().for_each(|writer| count_statements(writer, &statements));
        let [writer, hasty_writer] = writers;
        let counters = Arc::default();
        Self { reader, writer, hasty_writer, turn, clock, statements, counters }
    }

    /// Statements executed so far, those that begin and end transactions aside: what a caller costs the
    /// database.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// What was committed through this store and its clones, for metrics.
    pub fn counters(&self) -> &StoreCounters {
        &self.counters
    }

    /// Brings the tables to this release. Any number of replicas may call it at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let tx = begin_transaction(&self.writer).await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        }
        Migrator::up(&tx, None).await?;
        Ok(tx.commit().await?)
    }

    /// Names of the migrations that are still to be done here. Changes nothing and needs no right to.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reader).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.reader.ping().await?)
    }

    /// Closes the connections; calls after it fail.
    pub async fn close(self) -> Result<(), StoreError> {
        for connections in [self.reader, self.writer, self.hasty_writer] {
            connections.close_by_ref().await?;
        }
        Ok(())
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Writing, StoreError> {
        self.begin_on(&self.writer).await
    }

    /// The same for what may be undone by a power cut, though not by the death of the process, because it is soon
    /// said or done again: SQLite pays for every other commit with a sync of the disk.
    pub(super) async fn begin_hasty(&self) -> Result<Writing, StoreError> {
        self.begin_on(&self.hasty_writer).await
    }

    async fn begin_on(&self, writer: &DatabaseConnection) -> Result<Writing, StoreError> {
        let turn = match &self.turn {
            Some(turn) => Some(Arc::clone(turn).lock_owned().await),
            None => None,
        };
        let tx = begin_transaction(writer).await?;
        let now = self.clock.now(&tx).await?;
        let counters = Arc::clone(&self.counters);
        Ok(Writing { tx, now, tally: Tally::default(), counters, _turn: turn })
    }

    /// What time it is, by the clock that everything in the store is dated with.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        self.now().await
    }

    /// What time it is, for a call that only reads.
    pub(super) async fn now(&self) -> Result<Timestamp, StoreError> {
        self.clock.now(&self.reader).await
    }

    /// The same moment within a statement, which need not be asked for it first. A `BIGINT`.
    pub(super) fn now_expression(&self) -> Expr {
        match &self.clock {
            Clock::Database if self.reader.get_database_backend() == DbBackend::Postgres => {
                Expr::cust(POSTGRES_MICROS)
            }
            Clock::Database => host_micros().into(),
            Clock::Manual(micros) => micros.load(Ordering::SeqCst).into(),
        }
    }
}

const POSTGRES_MICROS: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// On SQLite it takes the lock for writing at once: a transaction that reads first and writes later is refused,
/// without waiting, if another has written in between.
async fn begin_transaction(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    Ok(db.begin_with_options(options).await?)
}

impl Clock {
    async fn now(&self, db: &impl ConnectionTrait) -> Result<Timestamp, StoreError> {
        let micros = match self {
            Self::Manual(micros) => micros.load(Ordering::SeqCst),
            Self::Database if db.get_database_backend() == DbBackend::Postgres => postgres_micros(db).await?,
            Self::Database => host_micros(),
        };
        Ok(Timestamp::from_micros(micros))
    }
}

async fn postgres_micros(db: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let sql = format!("SELECT {POSTGRES_MICROS} AS micros");
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or(StoreErrorKind::Internal)?;
    Ok(row.try_get("", "micros")?)
}

fn host_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

fn count_statements(db: &mut DatabaseConnection, statements: &Arc<AtomicU64>) {
    let statements = Arc::clone(statements);
    db.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
    });
}

fn postgres_options(config: &StoreConfig) -> ConnectOptions {
    let mut options = ConnectOptions::new(&config.url);
    // A process that hangs in a transaction loses its locks, rather than hold up everybody else.
    let idle_timeout = config.statement_timeout.as_millis().to_string();
    options
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .statement_timeout(config.statement_timeout)
        .set_application_name("data-inspector")
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.options([("idle_in_transaction_session_timeout", &idle_timeout)])
        });
    options
}

/// A new file gets its write-ahead log from whoever opens it first. The lock for that is one SQLite does not wait for.
async fn connect_sqlite(
    config: &StoreConfig,
    connections: u32,
    synchronous: SqliteSynchronous,
) -> Result<DatabaseConnection, StoreError> {
    let began = Instant::now();
    loop {
        let connected = Database::connect(sqlite_options(config, connections, synchronous)).await;
        match connected.map_err(StoreError::from) {
            Err(error)
                if error.kind == StoreErrorKind::Unavailable && began.elapsed() < config.acquire_timeout =>
            {
                tokio::time::sleep(WHILE_LOCKED).await;
            }
            connected => return connected,
        }
    }
}

fn sqlite_options(config: &StoreConfig, connections: u32, synchronous: SqliteSynchronous) -> ConnectOptions {
    let mut options = ConnectOptions::new(&config.url);
    let busy_timeout = config.acquire_timeout;
    options
        .max_connections(connections)
        .acquire_timeout(config.acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            // Readers do not wait for the writer.
            let sqlite = sqlite.journal_mode(SqliteJournalMode::Wal).synchronous(synchronous);
            sqlite.busy_timeout(busy_timeout).foreign_keys(true)
        });
    options
}
