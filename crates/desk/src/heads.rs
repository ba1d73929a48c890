//! Heads: what tells consumers that they have missed something, the very last event included.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tandem_bus::subject;
use tandem_domain::{DeskId, Timestamp};
use tandem_store::Stream;
use tokio::time::interval;

use crate::shared::Shared;

/// How far a stream has come: announced on opening and every two seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The service.
    pub service: String,
    /// The desk.
    pub desk: DeskId,
    /// The opening that wrote `seq`.
    pub incarnation: u64,
    /// The last committed record.
    pub seq: u64,
    /// Every later record is of this time or later: consumers know their input up to here.
    pub at: Timestamp,
}

impl Head {
    /// The stream that it is the head of.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream::new(&self.service, self.desk.clone())
    }
}

/// Announces the head at once when the desk has been opened and whenever the time of an idle desk has moved on, and
/// regularly otherwise: what consumers know is never much older than the interval.
pub(crate) async fn announce_heads(shared: Arc<Shared>) {
    let mut heads = shared.head.subscribe();
    let mut regularly = interval(shared.settings.head_every);
    let mut announced: Option<Head> = None;
    loop {
        let is_regular = tokio::select! {
            _ = regularly.tick() => true,
            _ = heads.changed() => false,
        };
        let Some(head) = heads.borrow_and_update().clone() else {
            continue;
        };
        let has_moved = |known: &Head| known.incarnation == head.incarnation && known.seq != head.seq;
        let is_busy = announced.as_ref().is_some_and(has_moved);
        if is_regular || !is_busy {
            announce(&shared, &head).await;
            announced = Some(head);
        }
    }
}

async fn announce(shared: &Shared, head: &Head) {
    let payload = serde_json::to_vec(head).expect("a head is plain data");
    let subject = subject::head(&head.service, &head.desk);
    if let Err(error) = shared.bus.hint(&subject, payload.into()).await {
        tracing::debug!(stream = %shared.stream, %error, "head not announced");
    }
}
