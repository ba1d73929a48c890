//! Whether a lease still stands, judged by this process's own monotonic clock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// A lease that this process has. Once it has lapsed it stays lapsed, even if it is renewed later:
/// somebody else may have owned the desk in between, so whatever is in memory is worth nothing.
#[derive(Debug)]
pub(crate) struct LeaseGuard {
    valid_until: Mutex<Option<Instant>>,
}

impl LeaseGuard {
    pub(crate) fn new(valid_until: Instant) -> Self {
        Self {
            valid_until: Mutex::new(Some(valid_until)),
        }
    }

    /// Whether the lease stands now. Asked again before each answer, for a process can be
    /// stopped for minutes between any two of its steps.
    pub(crate) fn is_valid(&self) -> bool {
        self.unless_lapsed().is_some()
    }

    /// The lease was renewed. `false`: too late, it had lapsed.
    pub(crate) fn extend(&self, valid_until: Instant) -> bool {
        let mut until = self.unless_lapsed();
        if until.is_some() {
            *until = Some(valid_until);
        }
        until.is_some()
    }

    /// The lease was given back or taken away.
    pub(crate) fn revoke(&self) {
        *self.unless_lapsed() = None;
    }

    fn unless_lapsed(&self) -> MutexGuard<'_, Option<Instant>> {
        let mut until = self.valid_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = until.filter(|until| Instant::now() < *until);
        until
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lapsed_lease_is_not_revived_by_a_late_renewal() {
        let guard = LeaseGuard::new(Instant::now() + Duration::from_secs(8));
        assert!(guard.extend(Instant::now() + Duration::from_secs(9)));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(!guard.extend(Instant::now() + Duration::from_secs(9)));
        assert!(!guard.is_valid());
    }
}
