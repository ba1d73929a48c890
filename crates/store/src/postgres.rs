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
mod schema;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{FromRow, PgConnection, PgPool, Postgres};

use crate::StoreError;
use crate::detached::finish;
use error::{Failure, of_statement};

/// Longer than the server's own limit on a statement: who answers later than this is not there any more.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// How often a transaction is tried that the server broke off for the sake of another one.
const TRIES: u32 = 5;

/// A store in a PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
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
        Ok(Self {
            pool: schema::pool(options, connections).await?,
        })
    }

    /// Ends all connections; later calls answer `Unavailable`.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    // Everything below runs in a task of its own: a future of sqlx that is dropped half-way leaves its
    // connection in a state that the next borrower inherits.

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

/// Runs `work` on a connection of the pool. One that failed or does not answer is given up and not put back: the
/// pool would wait for it, and with each such connection be one smaller.
async fn on_connection<T>(
    pool: &PgPool,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut connection = pool.acquire().await?;
    let ended = tokio::time::timeout(ANSWER_LIMIT, work(&mut connection)).await;
    let ended = ended.unwrap_or(Err(Failure::NoAnswer));
    if ended.as_ref().is_err_and(Failure::breaks_the_connection) {
        drop(connection.detach());
    }
    ended
}
