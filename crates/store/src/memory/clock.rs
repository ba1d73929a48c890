//! A clock that tests can set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tandem_domain::{Clock, Timestamp};
use tokio::time::Instant;

/// 1 January 2026, 00:00 UTC, so that times in failing tests are easy to read.
const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// A clock that goes on with tokio's time (so a paused runtime pauses it) from where it was set.
#[derive(Clone)]
pub struct MemoryClock {
    set: Arc<Mutex<(Timestamp, Instant)>>,
}

impl Default for MemoryClock {
    fn default() -> Self {
        Self {
            set: Arc::new(Mutex::new((START, Instant::now()))),
        }
    }
}

impl MemoryClock {
    /// Sets the time.
    pub fn set(&self, now: Timestamp) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = (now, Instant::now());
    }

    /// Moves the time on by `by`.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Timestamp {
        let (at, since) = *self.set.lock().unwrap_or_else(PoisonError::into_inner);
        at.plus(since.elapsed())
    }
}
