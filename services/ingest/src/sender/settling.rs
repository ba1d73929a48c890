//! What became of rows is stored together, beside the way that messages take: nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use tandem_domain::{DeskId, MessageId};
use tandem_store::{OutboxOutcome, Store};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// What became of a row.
pub(super) type Outcome = (DeskId, MessageId, OutboxOutcome);

/// Outcomes that are stored together at most.
const MOST: usize = 1024;
/// So long are further ones gathered after some were stored.
const PAUSE: Duration = Duration::from_millis(20);

/// Stores outcomes until nobody is left who tells any.
pub(super) async fn settle(store: Arc<dyn Store>, mut outcomes: mpsc::UnboundedReceiver<Outcome>) {
    let mut some = Vec::new();
    while outcomes.recv_many(&mut some, MOST).await > 0 {
        let count = some.len();
        if let Err(error) = store.settle(std::mem::take(&mut some)).await {
            tracing::warn!(%error, count, "what became of messages is not stored; they are sent again");
        }
        if !outcomes.is_closed() {
            sleep(PAUSE).await;
        }
    }
}
