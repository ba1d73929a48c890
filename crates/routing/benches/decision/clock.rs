//! Times, and how they are spread.

use std::time::{Duration, Instant};

/// The time now.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What two readings take, at best.
pub(crate) fn cost() -> Duration {
    (0..1000).map(|_| now().elapsed()).min().unwrap_or_default()
}

/// How often something took how long.
#[derive(Clone)]
pub(crate) struct Times {
    /// Steps of ten nanoseconds, up to a tenth of a millisecond; the last one holds all that took longer.
    counts: Vec<u32>,
    sum: Duration,
    number: u32,
}

const STEP: u128 = 10;
const STEPS: usize = 10_000;

impl Times {
    pub(crate) fn new() -> Self {
        Self {
            counts: vec![0; STEPS + 1],
            sum: Duration::ZERO,
            number: 0,
        }
    }

    pub(crate) fn add(&mut self, took: Duration) {
        let step = usize::try_from(took.as_nanos() / STEP).map_or(STEPS, |step| step.min(STEPS));
        self.counts[step] += 1;
        self.sum += took;
        self.number += 1;
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(ours, theirs)| *ours += theirs);
        self.sum += other.sum;
        self.number += other.number;
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn sum(&self) -> Duration {
        self.sum
    }

    /// Nanoseconds.
    pub(crate) fn mean(&self) -> f64 {
        self.sum.as_secs_f64() * 1e9 / f64::from(self.number.max(1))
    }

    /// Nanoseconds within which so many of a thousand were done.
    pub(crate) fn per_mille(&self, share: u32) -> u64 {
        let wanted = u64::from(self.number) * u64::from(share) / 1000;
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen > wanted
        });
        (step.unwrap_or(STEPS) as u64 + 1) * STEP as u64
    }
}
