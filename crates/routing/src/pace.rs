//! How fast each queue is served, for telling those who wait how long it may take.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tandem_domain::{QueueId, Timestamp};

/// So many accepts say how fast a queue is served.
const RECENT: usize = 10;
/// What was accepted before that says nothing about now.
const WINDOW: Duration = Duration::from_hours(1);

/// When tickets of each queue were accepted last, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pace(BTreeMap<QueueId, VecDeque<Timestamp>>);

impl Pace {
    pub(crate) fn accepted(&mut self, queue: &QueueId, at: Timestamp) {
        let Some(accepts) = self.0.get_mut(queue) else {
            self.0.insert(queue.clone(), [at].into());
            return;
        };
        accepts.push_back(at);
        if accepts.len() > RECENT {
            accepts.pop_front();
        }
    }

    /// Forgets queues that are not on the desk any more.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(&QueueId) -> bool) {
        self.0.retain(|queue, _| is_kept(queue));
    }

    /// The mean time between a queue's recent accepts; none with fewer than two.
    pub(crate) fn gap(&self, queue: &QueueId, now: Timestamp) -> Option<Duration> {
        let accepts = self.0.get(queue)?.iter().filter(|at| at.plus(WINDOW) >= now);
        let (first, last, count) = accepts.fold((None, None, 0u32), |(first, _, count), at| {
            (first.or(Some(*at)), Some(*at), count + 1)
        });
        let gaps = count.checked_sub(1).filter(|gaps| *gaps > 0)?;
        Some(last?.since(first?) / gaps)
    }

    /// As [`iter`](Self::iter) showed it.
    pub(crate) fn of(accepts: BTreeMap<QueueId, Vec<Timestamp>>) -> Self {
        let accepts = accepts.into_iter();
        Self(accepts.map(|(queue, accepts)| (queue, accepts.into())).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&QueueId, &VecDeque<Timestamp>)> {
        self.0.iter()
    }
}
