//! Batches under way, one at a time for each desk, so that one desk's trouble does not hold another's messages up.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use tandem_domain::DeskId;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// How long the desks wait for each other. A desk that takes longer is left to itself, and stays busy.
const PATIENCE: Duration = Duration::from_millis(250);

/// The desks whose batches took longer than the others'.
#[derive(Default)]
pub(super) struct Batches {
    slow: BTreeMap<DeskId, AbortOnDropHandle<()>>,
}

impl Batches {
    /// Whether the desk's last batch is not through yet.
    pub(super) fn is_busy(&mut self, desk: &DeskId) -> bool {
        self.slow.retain(|_, batch| !batch.is_finished());
        self.slow.contains_key(desk)
    }

    /// Runs batches of desks that are not busy, and waits for them for a bounded time.
    pub(super) async fn run<F>(&mut self, batches: impl Iterator<Item = (DeskId, F)>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let spawn = |(desk, batch)| (desk, AbortOnDropHandle::new(tokio::spawn(batch)));
        let mut running: Vec<(DeskId, AbortOnDropHandle<()>)> = batches.map(spawn).collect();
        let all = join_all(running.iter_mut().map(|(_, batch)| batch));
        if timeout(PATIENCE, all).await.is_err() {
            self.slow
                .extend(running.into_iter().filter(|(_, batch)| !batch.is_finished()));
        }
    }

    /// Waits until all are through.
    pub(super) async fn finish(mut self) {
        self.slow.retain(|_, batch| !batch.is_finished());
        join_all(self.slow.into_values()).await;
    }
}
