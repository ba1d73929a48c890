//! The connections to the database. The one that was used last is used next: few connections do most of the work, and
//! the server's processes behind them have plans and caches at hand.
//!
//! The library's own pool takes the one that rested longest, and asks each connection that comes back whether it still
//! lives: as many round trips again as there are statements.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(4);
/// A connection that rested for longer is asked whether it lives before it is used.
const TRUSTED: Duration = Duration::from_secs(1);
/// A connection that rested for longer is closed.
const KEPT: Duration = Duration::from_mins(10);
/// So old a connection is closed: the server's process behind it has grown with all that it did.
const OLDEST: Duration = Duration::from_mins(30);

/// Up to so many connections. Clones share them.
#[derive(Clone)]
pub(super) struct Pool {
    options: Arc<PgConnectOptions>,
    connections: u32,
    permits: Arc<Semaphore>,
    /// Who rested longest comes first.
    resting: Arc<Mutex<Vec<Kept>>>,
}

/// A connection, and what is known of it.
struct Kept {
    connection: PgConnection,
    made: Instant,
    used: Instant,
}

/// A connection on loan. Dropped, it is gone; who is content with it gives it back.
pub(super) struct Lent {
    kept: Kept,
    resting: Arc<Mutex<Vec<Kept>>>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool with one connection made.
    ///
    /// # Errors
    /// If that fails.
    pub(super) async fn connect(options: PgConnectOptions, connections: u32) -> Result<Self, Error> {
        let pool = Self {
            options: Arc::new(options),
            connections,
            permits: Arc::new(Semaphore::new(connections as usize)),
            resting: Arc::default(),
        };
        pool.lend().await?.give_back();
        Ok(pool)
    }

    /// A connection that works, as far as one can know.
    ///
    /// # Errors
    /// `PoolTimedOut` if there is none in time, `PoolClosed`, or why none can be made.
    pub(super) async fn lend(&self) -> Result<Lent, Error> {
        let until = Instant::now() + ACQUIRE_TIMEOUT;
        let lending = async {
            let permit = self.permits.clone().acquire_owned().await;
            let permit = permit.map_err(|_| Error::PoolClosed)?;
            let kept = match self.rested().await {
                Some(kept) => kept,
                None => Kept::new(self.options.connect().await?),
            };
            let resting = self.resting.clone();
            Ok(Lent {
                kept,
                resting,
                _permit: permit,
            })
        };
        timeout_at(until, lending).await.unwrap_or(Err(Error::PoolTimedOut))
    }

    /// Of those at rest, the one that was used last and still lives.
    async fn rested(&self) -> Option<Kept> {
        loop {
            let mut kept = lock(&self.resting).pop()?;
            if kept.used.elapsed() <= TRUSTED || kept.connection.ping().await.is_ok() {
                return Some(kept);
            }
        }
    }

    /// Waits for those on loan, and closes all. None is lent any more.
    pub(super) async fn close(&self) {
        let all_back = self.permits.acquire_many(self.connections).await;
        self.permits.close();
        drop(all_back);
        let resting = std::mem::take(&mut *lock(&self.resting));
        for kept in resting {
            kept.close().await;
        }
    }
}

impl Kept {
    fn new(connection: PgConnection) -> Self {
        let now = Instant::now();
        Self {
            connection,
            made: now,
            used: now,
        }
    }

    async fn close(self) {
        // The server notices by itself if this does not reach it.
        let _ = self.connection.close().await;
    }
}

impl Lent {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.kept.connection
    }

    /// It works: others may use it.
    pub(super) fn give_back(mut self) {
        self.kept.used = Instant::now();
        let mut resting = lock(&self.resting);
        let surplus = match resting.first() {
            Some(longest) if longest.used.elapsed() > KEPT => Some(resting.remove(0)),
            _ => None,
        };
        let old = if self.kept.made.elapsed() > OLDEST {
            Some(self.kept)
        } else {
            resting.push(self.kept);
            None
        };
        drop(resting);
        for kept in surplus.into_iter().chain(old) {
            tokio::spawn(kept.close());
        }
    }
}

/// No code that can panic runs under this lock.
fn lock(resting: &Mutex<Vec<Kept>>) -> MutexGuard<'_, Vec<Kept>> {
    resting.lock().unwrap_or_else(PoisonError::into_inner)
}
