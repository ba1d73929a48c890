//! Time as a desk sees it: the store's clock once, monotonic time since.

use std::time::Duration;

use tandem_domain::{Clock, Timestamp};
use tandem_store::{JournalStore, StoreError};
use tokio::time::Instant;

/// The store's clock, read once; goes on with this process's monotonic clock. So a step of the
/// machine's wall clock changes nothing, and processes agree as far as they agree with the store.
#[derive(Clone, Copy, Debug)]
pub struct StoreClock {
    read_at: Instant,
    base: Timestamp,
}

impl StoreClock {
    /// Reads the store's clock.
    ///
    /// # Errors
    /// The store's, when it cannot be asked.
    pub async fn read(store: &(impl JournalStore + ?Sized)) -> Result<Self, StoreError> {
        let base = store.now().await?;
        Ok(Self {
            read_at: Instant::now(),
            base,
        })
    }

    fn instant_of(&self, at: Timestamp) -> Instant {
        self.read_at + at.since(self.base)
    }
}

impl Clock for StoreClock {
    fn now(&self) -> Timestamp {
        self.base.plus(self.read_at.elapsed())
    }
}

/// A desk's clock: the store's, but never below the last event before the opening. Since then it only goes on.
#[derive(Clone, Copy, Debug)]
pub struct DeskClock {
    store: StoreClock,
    floor: Timestamp,
}

impl DeskClock {
    /// The clock of a desk whose last event was at `last_event`.
    #[must_use]
    pub fn new(store: StoreClock, last_event: Timestamp) -> Self {
        Self {
            store,
            floor: last_event,
        }
    }

    /// The time of what is decided now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.store.now().max(self.floor)
    }

    /// How far the journal is ahead of the store's clock; zero as long as clocks are right.
    #[must_use]
    pub fn journal_ahead(&self) -> Duration {
        self.floor.since(self.store.now())
    }

    /// When, on this process's monotonic clock, it will be `at`.
    #[must_use]
    pub fn instant_of(&self, at: Timestamp) -> Instant {
        self.store.instant_of(at)
    }
}
