//! Waiting longer after each failure, never in step with others.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Exponential backoff with jitter: between half and all of `min × 2ⁿ`, at most `max`.
#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    rng: StdRng,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration, seed: u64) -> Self {
        Self {
            min,
            max,
            failures: 0,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// How often in a row it failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// How long to wait after one more failure.
    pub(crate) fn next(&mut self) -> Duration {
        let full = self.min.saturating_mul(1 << self.failures.min(20)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(self.rng.random_range(0.5..=1.0))
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_its_limit_and_starts_over_after_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), 7);
        let waits: Vec<_> = (0..8).map(|_| backoff.next()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = Duration::from_millis(100 << n).min(Duration::from_secs(1));
            assert!(*wait >= full / 2 && *wait <= full, "{n}: {wait:?}");
        }
        backoff.succeeded();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
