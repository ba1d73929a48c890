//! The connections to the database. The one that was used last is used next: few connections do most of the work, and
//! the server's processes behind them have plans and caches at hand.
//!
//! It is not sqlx's own pool: that one takes the connection that rested longest, and asks each that comes back whether it
//! still lives, which is as many round trips again as there are statements.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, PgConnection};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(4);
/// A connection that was lent longer ago is asked whether it lives before it is lent again.
const TRUSTED: Duration = Duration::from_secs(1);
/// One that does not say so in this time is replaced.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// So old a connection is replaced: the server's process behind it has grown with all that it did.
const OLDEST: Duration = Duration::from_mins(30);

/// Up to so many connections. Clones share them.
#[derive(Clone)]
pub(super) struct Pool(managed::Pool<Server>);

/// Makes connections.
struct Server(PgConnectOptions);

/// A connection on loan. Dropped, it is gone, as nobody knows in which state it is; who is content with it gives it back.
pub(super) struct Lent(Option<Object<Server>>);

impl Pool {
    /// A pool with one connection made.
    ///
    /// # Errors
    /// If that fails.
    pub(super) async fn connect(options: PgConnectOptions, connections: u32) -> Result<Self, Error> {
        let pool = managed::Pool::builder(Server(options))
            .max_size(connections as usize)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(ACQUIRE_TIMEOUT))
            .create_timeout(Some(ACQUIRE_TIMEOUT))
            .recycle_timeout(Some(PING_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .expect("time limits have a runtime");
        let pool = Self(pool);
        pool.lend().await?.give_back();
        Ok(pool)
    }

    /// A connection that works, as far as one can know.
    ///
    /// # Errors
    /// `PoolTimedOut` if there is none in time, `PoolClosed`, or why none can be made.
    pub(super) async fn lend(&self) -> Result<Lent, Error> {
        match self.0.get().await {
            Ok(connection) => Ok(Lent(Some(connection))),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Closed) => Err(Error::PoolClosed),
            Err(PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                Err(Error::PoolTimedOut)
            }
        }
    }

    /// Closes those at rest, and lends none any more.
    pub(super) async fn close(&self) {
        let resting = self.0.retain(|_, _| false).removed;
        self.0.close();
        for connection in resting {
            // The server notices by itself if this does not reach it.
            let _ = connection.close().await;
        }
    }
}

impl managed::Manager for Server {
    type Type = PgConnection;
    type Error = Error;

    async fn create(&self) -> Result<PgConnection, Error> {
        self.0.connect().await
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<Error> {
        if metrics.age() > OLDEST {
            return Err(RecycleError::message("it is old"));
        }
        if metrics.last_used() > TRUSTED {
            connection.ping().await?;
        }
        Ok(())
    }
}

impl Lent {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("it is given back only once")
    }

    /// It works: others may use it.
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
