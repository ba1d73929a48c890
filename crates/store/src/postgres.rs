//! The store in PostgreSQL, shared by all processes of a cluster.

mod accept;
mod commit;
mod conversations;
mod documents;
mod error;
mod jobs;
mod journal;
mod leases;
mod outbox;
mod pool;
mod schema;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Connection, FromRow, PgConnection, Postgres};

use crate::StoreError;
use crate::detached::finish;
use error::{Failure, of_statement};
use pool::Pool;

/// Longer than the server's own limit on a statement: who answers later than this is not there any more.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// How often a transaction is tried that the server broke off for the sake of another one.
const TRIES: u32 = 5;

/// A store in a PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Pool,
}

/// One statement with its arguments.
type Statement = Query<'static, Postgres, PgArguments>;

/// A transaction that may be run again when the server broke it off for the sake of another one.
#[async_trait]
trait Write: Send + Sync + 'static {
    type Answer: Send + 'static;

    async fn run(&self, connection: &mut PgConnection) -> Result<Self::Answer, Failure>;
}

impl PostgresStore {
    /// Connects to the database at `url` with up to `connections` connections and brings its schema up to date.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be reached or refuses the account, `NewerSchema` if a newer program has used it.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = schema::options(url)?;
        schema::migrate(&options).await?;
        let pool = Pool::connect(schema::for_work(options), connections).await;
        Ok(Self {
            pool: pool.map_err(|error| of_statement(&error))?,
        })
    }

    /// Ends all connections; later calls answer `Unavailable`.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    // Everything below is finished once it has begun: a future of sqlx that is dropped half-way leaves its connection in a
    // state that nobody else can use, and nobody would know what became of the statement.

    async fn write<W: Write>(&self, write: W) -> Result<W::Answer, StoreError> {
        let pool = self.pool.clone();
        finish(async move {
            let mut tries = 1;
            loop {
                match on_connection(&pool, async |connection| write.run(connection).await).await {
                    Err(failure) if failure.is_conflict() && tries < TRIES => tries += 1,
                    ended => return ended.map_err(Failure::into_store_error),
                }
            }
        })
        .await
    }

    /// Runs one statement as a transaction of its own; returns how many rows it changed.
    async fn execute(&self, query: Statement) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        finish(async move {
            let done = on_connection(&pool, async |connection| {
                query.execute(connection).await.map_err(Failure::Commit)
            });
            Ok(done.await.map_err(Failure::into_store_error)?.rows_affected())
        })
        .await
    }

    async fn fetch_all<R: for<'r> FromRow<'r, PgRow>>(&self, query: Statement) -> Result<Vec<R>, StoreError> {
        let pool = self.pool.clone();
        let rows = finish(async move {
            let fetched = on_connection(&pool, async |connection| Ok(query.fetch_all(connection).await?)).await;
            fetched.map_err(Failure::into_read_error)
        });
        rows.await?
            .iter()
            .map(R::from_row)
            .collect::<Result<_, _>>()
            .map_err(|error| of_statement(&error))
    }

    async fn fetch_optional<R: for<'r> FromRow<'r, PgRow>>(&self, query: Statement) -> Result<Option<R>, StoreError> {
        Ok(self.fetch_all(query).await?.pop())
    }
}

/// Runs `work` on a connection of the pool. One that failed or does not answer is not given back.
async fn on_connection<T>(
    pool: &Pool,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut lent = pool.lend().await?;
    let ended = tokio::time::timeout(ANSWER_LIMIT, work(lent.connection())).await;
    let ended = ended.unwrap_or(Err(Failure::NoAnswer));
    match &ended {
        Ok(_) => lent.give_back(),
        Err(failure) if failure.breaks_the_connection() => {}
        // What was begun and given up is rolled back with the next message to the server.
        Err(_) if lent.connection().ping().await.is_ok() => lent.give_back(),
        Err(_) => {}
    }
    ended
}
