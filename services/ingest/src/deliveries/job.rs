//! An answer's job, from its release to the router's knowing what became of it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tandem_domain::routing::{DeliveryOutcome, UndeliveredReason};
use tandem_domain::{AccountId, ConversationId, MessageId, TicketId};

/// The queue in which every job begins. A job's id is its answer's, as text.
pub(super) const QUEUE: &str = "deliveries";
/// Where a job goes on, under the same id, that needs the smarthost: that may be slow, and must keep nothing else waiting.
pub(super) const MAILS: &str = "deliveries-mail";
/// All of them.
pub(super) const QUEUES: [&str; 2] = [QUEUE, MAILS];
/// What follows the answer's id in the id of the job that reports its bounce.
const BOUNCED: &str = ":bounced";

/// What is to be done for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) ticket: TicketId,
    pub(super) conversation: ConversationId,
    pub(super) step: Step,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Bring it on its way; `seq` is its number in the router's journal.
    Send { seq: u64 },
    /// Wait until the visitor was shown it.
    AwaitVisitor,
    /// Wait until the system that submitted the customer's message has taken it.
    AwaitSystem { account: AccountId, seq: u64 },
    /// Tell the router.
    Report(DeliveryOutcome),
}

impl Step {
    pub(super) const fn failed(reason: UndeliveredReason) -> Self {
        Self::Report(DeliveryOutcome::Failed(reason))
    }
}

impl Job {
    pub(super) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("a job is plain data").into()
    }

    /// None for what is no job of this program's.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The same answer's next step.
    pub(super) fn then(&self, step: Step) -> Self {
        Self { step, ..self.clone() }
    }
}

/// The id of the job that reports an answer's bounce: the answer's own job may be done, and is never done again.
pub(super) fn bounce_id(message: MessageId) -> String {
    format!("{message}{BOUNCED}")
}

/// The answer that a job is about.
pub(super) fn message_of(job_id: &str) -> Option<MessageId> {
    job_id.strip_suffix(BOUNCED).unwrap_or(job_id).parse().ok()
}

/// An outcome in a word.
pub(super) fn word(outcome: DeliveryOutcome) -> &'static str {
    match outcome {
        DeliveryOutcome::Delivered => "delivered",
        DeliveryOutcome::Failed(reason) => reason.as_str(),
    }
}
