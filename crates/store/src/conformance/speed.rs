//! How fast a store commits: the measured loop, for benchmarks of the store and of what stands on it.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Commit, JournalStore, StoreError};

/// What a run of commits came to.
#[derive(Clone, Debug)]
pub struct Speed {
    /// Journal records committed.
    pub records: u64,
    /// How long all commits took together.
    pub elapsed: Duration,
    /// How long each took, ascending.
    pub latencies: Vec<Duration>,
}

impl Speed {
    /// Journal records per second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    pub fn records_per_second(&self) -> f64 {
        self.records as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that `percent` of the commits kept within; zero if there were none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get(last * percent.min(100) / 100)
            .copied()
            .unwrap_or_default()
    }
}

/// Commits one batch after the other for about `time`: `batch(seq)` is the commit whose first record has that `seq`.
///
/// # Errors
/// The store's, of the first commit that fails.
pub async fn measure(
    store: &dyn JournalStore,
    time: Duration,
    mut batch: impl FnMut(u64) -> Commit,
) -> Result<Speed, StoreError> {
    let (mut seq, mut latencies) = (1, Vec::new());
    let mut elapsed = Duration::ZERO;
    while elapsed < time {
        let commit = batch(seq);
        seq += commit.append.as_ref().map_or(0, |append| append.records.len()) as u64;
        let begun = Instant::now();
        store.commit(commit).await?;
        latencies.push(begun.elapsed());
        elapsed += begun.elapsed();
    }
    latencies.sort_unstable();
    Ok(Speed {
        records: seq - 1,
        elapsed,
        latencies,
    })
}
