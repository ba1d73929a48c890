//! What can be measured about notifications; `docs/telemetry.md` says what it means. No label names a contact.

use std::sync::LazyLock;

use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use tandem_store::JobOutcome;

use crate::jobs::Way;

/// Made at the first use, when the process has said where it reports to.
static NOTIFICATIONS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    global::meter("tandem-escalation")
        .u64_counter("tandem.escalation.notifications")
        .with_unit("{notification}")
        .with_description("Tries to tell a contact, and how they ended")
        .build()
});

/// A notification was sent by its way, or not.
pub(crate) fn notified(way: Way, outcome: &JobOutcome) {
    let way = match way {
        Way::Webhook => "webhook",
        Way::Email => "mail",
    };
    let word = match outcome {
        JobOutcome::Done => "delivered",
        JobOutcome::Retry { .. } => "retried",
        JobOutcome::Failed(_) => "failed",
    };
    let labels = [KeyValue::new("tandem.way", way), KeyValue::new("tandem.outcome", word)];
    NOTIFICATIONS.add(1, &labels);
}
