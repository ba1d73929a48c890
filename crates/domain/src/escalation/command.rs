//! What the escalation core can be told, and how it answers.

use serde::{Deserialize, Serialize};

use super::EscalationView;
use crate::core::{Event, Rejected};
use crate::routing::RoutingEvent;
use crate::{ErrorCode, EscalationId, TicketId, Timestamp};

/// What the core is told. All but [`Acknowledge`](Self::Acknowledge) come from the consumer of the router's
/// events and are harmless when repeated, so they need no request id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// This is what the router's journal says next.
    Observe(Heard),
    /// The router's journal holds nothing behind `seq` that happened before `until`: what was due before
    /// then is due for good.
    Advance {
        /// The last record that there was.
        seq: u64,
        /// The watermark.
        until: Timestamp,
    },
    /// Somebody takes care: the occurrence's later rungs are not reached any more. An agent can say so only of a ticket
    /// that he or she owns now, so that nobody silences what is somebody else's.
    Acknowledge {
        /// The escalation.
        escalation: EscalationId,
    },
    /// The router's history was rewritten, as after a restored backup: forget everything, it comes again
    /// from the first record on. Does nothing unless the last record that was taken has this incarnation,
    /// so that a second replica's late request does not throw away what was taken since.
    BeginAnew {
        /// The incarnation of the last record that was taken ([`Answer::Followed`](super::Answer::Followed)).
        incarnation: u64,
    },
}

/// A gap-free stretch of the router's journal. What was taken before is left out by the core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The stretch begins behind this `seq`.
    pub after: u64,
    /// The stretch's last `seq`.
    pub through: u64,
    /// The incarnation of the record at `through`.
    pub incarnation: u64,
    /// Its events in order. Records of the shell's own are not among them.
    pub events: Vec<Observed>,
}

/// One event of the router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Its place in the router's journal.
    pub seq: u64,
    /// What happened.
    pub event: Event<RoutingEvent>,
}

/// What a command is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The router's journal is known up to here.
    Followed {
        /// The last `seq` that was taken.
        seq: u64,
    },
    /// Done; the escalation as it is now.
    Escalation(Box<EscalationView>),
}

/// Why the core refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// Records in between have not been told: send what comes behind `seq` first.
    #[error("the router's events behind seq {seq} are missing: tell them first")]
    Missing {
        /// The last `seq` that was taken.
        seq: u64,
    },
    /// No such escalation, or its ticket was closed since.
    #[error("there is no escalation {0} on an open ticket: list the escalations to see which there are")]
    UnknownEscalation(EscalationId),
    /// An agent acknowledges an escalation of a ticket that is somebody else's, or nobody's.
    #[error("ticket {0} is not yours: its owner or a supervisor acknowledges the escalation")]
    NotOwner(TicketId),
}

impl Rejected for Rejection {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Missing { .. } => ErrorCode::FailedPrecondition,
            Self::UnknownEscalation(_) => ErrorCode::NotFound,
            Self::NotOwner(_) => ErrorCode::PermissionDenied,
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { .. } => None,
            Self::UnknownEscalation(_) | Self::NotOwner(_) => Some("escalation_id"),
        }
    }
}
