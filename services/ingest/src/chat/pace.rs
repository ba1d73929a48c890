//! How fast a visitor may send.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket of permissions that fills steadily.
pub(super) struct Pace {
    /// One more permission comes each so long.
    every: Duration,
    /// So much time may be saved up.
    most: Duration,
    /// When the bucket was or will be empty.
    empty_at: Instant,
}

impl Pace {
    /// A full bucket that holds `at_once` and fills by `per_second`.
    pub(super) fn new(per_second: u32, at_once: u32, now: Instant) -> Self {
        let every = Duration::from_secs(1) / per_second.max(1);
        let most = every * at_once;
        Self {
            every,
            most,
            empty_at: now.checked_sub(most).unwrap_or(now),
        }
    }

    /// Takes one; `false` if there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let saved = now.saturating_duration_since(self.empty_at).min(self.most);
        if saved < self.every {
            return false;
        }
        self.empty_at = now - saved + self.every;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_pace() {
        let start = Instant::now() + Duration::from_mins(1);
        let mut pace = Pace::new(5, 20, start);
        let taken = |pace: &mut Pace, at| (0..100).filter(|_| pace.take(at)).count();
        assert_eq!(taken(&mut pace, start), 20);
        assert_eq!(taken(&mut pace, start + Duration::from_millis(199)), 0);
        assert_eq!(taken(&mut pace, start + Duration::from_secs(1)), 5);
        assert_eq!(taken(&mut pace, start + Duration::from_mins(1)), 20);
    }
}
