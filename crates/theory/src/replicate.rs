//! Independent replications, spread over the machine's cores. The order of the results is that of their numbers, so the
//! figures do not depend on how many cores there are.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How much is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// From which all randomness follows.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
    /// Replications of a system in steady state.
    pub replications: u64,
    /// How many times the customers of a quick run each of them has.
    pub scale: u64,
}

impl Effort {
    /// What the gates are judged by.
    #[must_use]
    pub fn full(seed: u64, threads: usize) -> Self {
        Self {
            seed,
            threads,
            replications: 32,
            scale: 100,
        }
    }

    /// Seconds: whether it still works at all.
    #[must_use]
    pub fn quick(seed: u64, threads: usize) -> Self {
        Self {
            replications: 6,
            scale: 1,
            ..Self::full(seed, threads)
        }
    }

    /// One result per replication; `run` gets a seed of its own, the same for the same `stream`. Systems that are to be
    /// compared on the same customers share a stream.
    ///
    /// # Panics
    /// If a replication does.
    pub fn replicate<T: Send>(&self, stream: &str, replications: u64, run: impl Fn(u64) -> T + Sync) -> Vec<T> {
        let next = AtomicU64::new(0);
        let results = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= replications {
                            break;
                        }
                        let result = run(mix(self.seed, stream, number));
                        results
                            .lock()
                            .expect("no replication panics while it holds it")
                            .push((number, result));
                    }
                });
            }
        });
        let mut results = results.into_inner().expect("no replication panics while it holds it");
        results.sort_by_key(|(number, _)| *number);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

/// Seeds that have nothing to do with each other (FNV-1a, then the finalizer of `SplitMix64`).
fn mix(seed: u64, stream: &str, number: u64) -> u64 {
    let bytes = stream.bytes().chain(seed.to_le_bytes()).chain(number.to_le_bytes());
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let run = |threads| Effort::quick(7, threads).replicate("stream", 20, |seed| seed);
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn every_replication_and_stream_has_a_seed_of_its_own() {
        let mut seeds = Effort::quick(7, 2).replicate("stream", 20, |seed| seed);
        seeds.extend(Effort::quick(7, 2).replicate("other", 20, |seed| seed));
        seeds.extend(Effort::quick(8, 2).replicate("stream", 20, |seed| seed));
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 60);
    }
}
