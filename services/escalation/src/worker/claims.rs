//! What is under way: a bounded number of deliveries, and few to one contact, so that a receiver that takes its time holds
//! up its own notifications only.

use std::collections::HashMap;

use tandem_domain::{ContactId, DeskId};
use tokio::task::{Id, JoinError, JoinSet};

/// Deliveries at once.
const AT_ONCE: usize = 32;
/// Deliveries to one contact at once.
const TO_ONE_CONTACT: usize = 4;

/// Who gets it.
pub(super) type Receiver = (DeskId, ContactId);

/// The deliveries under way.
#[derive(Default)]
pub(super) struct Claims {
    tasks: JoinSet<()>,
    receivers: HashMap<Id, Receiver>,
}

impl Claims {
    /// How many more may begin.
    pub(super) fn room(&mut self) -> usize {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.ended(ended);
        }
        AT_ONCE - self.tasks.len()
    }

    /// Whether a receiver has enough under way.
    pub(super) fn is_busy(&self, receiver: &Receiver) -> bool {
        let to_it = self.receivers.values().filter(|other| *other == receiver);
        to_it.count() >= TO_ONE_CONTACT
    }

    /// Begins a delivery.
    pub(super) fn begin(&mut self, receiver: Receiver, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.receivers.insert(id, receiver);
    }

    /// Waits until one ends; for ever where none is under way.
    pub(super) async fn one_ends(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.ended(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended.
    pub(super) async fn all_end(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Also one that panicked has ended.
    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.receivers.remove(&id);
    }
}
