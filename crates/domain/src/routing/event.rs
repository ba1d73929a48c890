//! What happens on a desk.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DeclineReason, HelpEnd, Intake, NoHelp, OwnerChange, StepEnd, StepPlace, UndeliveredReason};
use crate::explain::Ranking;
use crate::{
    AgentId, CompiledDesk, MessageId, OfferId, Presence, Priority, Requirement, SignedMillis, TicketId, Timestamp,
};

/// What happened on a desk. Every kind of journal level 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingEvent {
    /// A version of the desk came into force.
    DeskActivated(Box<CompiledDesk>),
    /// A message opened a ticket, which is queued.
    TicketOpened {
        /// The new ticket.
        ticket: TicketId,
        /// The message and what the rules made of it.
        intake: Box<Intake>,
        /// What it asks of an agent.
        requirement: Arc<Requirement>,
        /// The routing step in which it begins.
        #[serde(default)]
        place: StepPlace,
    },
    /// A message joined an open ticket.
    MessageAdded {
        /// The ticket.
        ticket: TicketId,
        /// The message.
        message: MessageId,
        /// Whether it was automatic.
        automatic: bool,
        /// When ingest took it.
        received_at: Timestamp,
    },
    /// An agent's presence changed.
    PresenceChanged {
        /// The agent.
        agent: AgentId,
        /// From now on.
        presence: Presence,
    },
    /// A ticket was offered to an agent; its capacity is reserved.
    OfferIssued {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// To whom.
        agent: AgentId,
        /// Until when.
        expires_at: Timestamp,
        /// Why this agent.
        ranking: Arc<Ranking>,
    },
    /// The agent took it and owns the ticket. Other offers of it were taken back just before.
    OfferAccepted {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// By whom.
        agent: AgentId,
    },
    /// The agent declined; the ticket is queued again.
    OfferDeclined {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// By whom.
        agent: AgentId,
        /// Why.
        reason: DeclineReason,
        /// Passed over for this ticket until then.
        until: Timestamp,
    },
    /// Nobody answered in time; the ticket is queued again.
    OfferExpired {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// Who missed it.
        agent: AgentId,
        /// Passed over for this ticket until then.
        until: Timestamp,
    },
    /// The offer was taken back; the ticket is queued again.
    OfferRevoked {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// From whom.
        agent: AgentId,
        /// Why.
        reason: RevokeReason,
    },
    /// The owner set the ticket aside.
    TicketHeld {
        /// The ticket.
        ticket: TicketId,
    },
    /// The owner took it up again.
    TicketResumed {
        /// The ticket.
        ticket: TicketId,
    },
    /// The ticket waits again, in this queue, with its age.
    TicketRequeued {
        /// The ticket.
        ticket: TicketId,
        /// What it now asks of an agent.
        requirement: Arc<Requirement>,
        /// Why.
        reason: RequeueReason,
        /// The routing step in which it begins anew.
        #[serde(default)]
        place: StepPlace,
    },
    /// The customer is served; the owner wraps up.
    WrapUpStarted {
        /// The ticket.
        ticket: TicketId,
        /// Until then at the latest.
        until: Timestamp,
    },
    /// The ticket is done and nobody's.
    TicketDone {
        /// The ticket.
        ticket: TicketId,
    },
    /// The customer wrote while the owner was wrapping up: it is assigned to the same agent again.
    WrapUpInterrupted {
        /// The ticket.
        ticket: TicketId,
    },
    /// The ticket was withdrawn and is closed.
    TicketCancelled {
        /// The ticket.
        ticket: TicketId,
    },
    /// The time for reopening is over.
    TicketClosed {
        /// The ticket.
        ticket: TicketId,
    },
    /// The customer left before anybody served the ticket; it is closed.
    TicketAbandoned {
        /// The ticket.
        ticket: TicketId,
    },
    /// The ticket was answered, or noted on.
    AnswerAdded {
        /// The ticket.
        ticket: TicketId,
        /// The answer or the note; ingest has its text.
        message: MessageId,
        /// Who wrote it; none: a supervisor.
        author: Option<AgentId>,
        /// Whether the customer sees it; else it is an internal note.
        visible: bool,
    },
    /// A public answer reached the customer's side.
    AnswerDelivered {
        /// The ticket.
        ticket: TicketId,
        /// The answer.
        message: MessageId,
    },
    /// A public answer did not reach the customer: it is as if it had never been given.
    AnswerFailed {
        /// The ticket.
        ticket: TicketId,
        /// The answer.
        message: MessageId,
        /// Why.
        reason: UndeliveredReason,
    },
    /// The ticket is more or less urgent from now on.
    PriorityChanged {
        /// The ticket.
        ticket: TicketId,
        /// From now on.
        priority: Priority,
    },
    /// A waiting or offered ticket went on to another routing step of its queue.
    StepEntered {
        /// The ticket.
        ticket: TicketId,
        /// What it now asks of an agent.
        requirement: Arc<Requirement>,
        /// Which step, and until when.
        place: StepPlace,
        /// Why the step before it ended.
        why: StepEnd,
    },
    /// The ticket counts as older or younger in its queue than it is.
    AgeAdjusted {
        /// The ticket.
        ticket: TicketId,
        /// So much older than before; below zero: younger.
        by: SignedMillis,
    },
    /// An agent's availability window opened or closed.
    AvailabilityChanged {
        /// The agent.
        agent: AgentId,
        /// Whether it is open from now on.
        available: bool,
    },
    /// An agent was asked to help with somebody else's ticket; capacity is reserved. It is answered like any offer,
    /// but in events of its own: the ticket itself stays where it is.
    HelpOffered {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// Who is asked.
        agent: AgentId,
        /// Until when.
        expires_at: Timestamp,
        /// Who asks; none: a supervisor.
        asked_by: Option<AgentId>,
    },
    /// The agent is a helper from now on.
    HelpAccepted {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// Who helps.
        agent: AgentId,
    },
    /// An offer to help came to nothing.
    HelpRefused {
        /// The offer.
        offer: OfferId,
        /// The ticket.
        ticket: TicketId,
        /// Who was asked.
        agent: AgentId,
        /// Why.
        why: NoHelp,
        /// What the agent said, who declined.
        #[serde(default)]
        declined: Option<DeclineReason>,
    },
    /// An agent does not help with the ticket any more.
    HelperLeft {
        /// The ticket.
        ticket: TicketId,
        /// The helper.
        agent: AgentId,
        /// Why.
        why: HelpEnd,
    },
    /// The ticket is assigned to somebody without an offer.
    OwnerChanged {
        /// The ticket.
        ticket: TicketId,
        /// Whose it was, if anybody's.
        from: Option<AgentId>,
        /// Whose it is.
        to: AgentId,
        /// Why.
        why: OwnerChange,
    },
    /// The ticket went into another one: its messages, and all that its conversation brings from now on.
    TicketMerged {
        /// The ticket that ended.
        ticket: TicketId,
        /// The one that goes on.
        into: TicketId,
        /// The customer's messages that go along.
        #[serde(default)]
        messages: Vec<MessageId>,
    },
    /// Some of a ticket's messages are a ticket of their own, which is queued.
    TicketSplit {
        /// The new ticket.
        ticket: TicketId,
        /// The one that keeps the others.
        from: TicketId,
        /// As if the first of the messages had opened it: with the new conversation, received when that message was.
        intake: Box<Intake>,
        /// All messages that moved, the first included, oldest first.
        messages: Vec<MessageId>,
        /// What the new ticket asks of an agent.
        requirement: Arc<Requirement>,
        /// The routing step in which it begins.
        place: StepPlace,
        /// Since when the customer waits for an answer on the ticket that keeps the others; none: not any more.
        #[serde(default)]
        still_waiting_since: Option<Timestamp>,
    },
    /// The ticket waits for a time, at which it enters its queue with its age.
    TicketScheduled {
        /// The ticket.
        ticket: TicketId,
        /// When it is due.
        until: Timestamp,
    },
}

impl RoutingEvent {
    /// The ticket that the event is about. Its version counts such events, the opening being 1.
    #[must_use]
    pub const fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::DeskActivated(_) | Self::PresenceChanged { .. } | Self::AvailabilityChanged { .. } => None,
            Self::TicketOpened { ticket, .. }
            | Self::MessageAdded { ticket, .. }
            | Self::OfferIssued { ticket, .. }
            | Self::OfferAccepted { ticket, .. }
            | Self::OfferDeclined { ticket, .. }
            | Self::OfferExpired { ticket, .. }
            | Self::OfferRevoked { ticket, .. }
            | Self::TicketHeld { ticket }
            | Self::TicketResumed { ticket }
            | Self::TicketRequeued { ticket, .. }
            | Self::WrapUpStarted { ticket, .. }
            | Self::TicketDone { ticket }
            | Self::WrapUpInterrupted { ticket }
            | Self::TicketCancelled { ticket }
            | Self::TicketClosed { ticket }
            | Self::TicketAbandoned { ticket }
            | Self::AnswerAdded { ticket, .. }
            | Self::AnswerDelivered { ticket, .. }
            | Self::AnswerFailed { ticket, .. }
            | Self::PriorityChanged { ticket, .. }
            | Self::StepEntered { ticket, .. }
            | Self::AgeAdjusted { ticket, .. }
            | Self::HelpOffered { ticket, .. }
            | Self::HelpAccepted { ticket, .. }
            | Self::HelpRefused { ticket, .. }
            | Self::HelperLeft { ticket, .. }
            | Self::OwnerChanged { ticket, .. }
            | Self::TicketMerged { ticket, .. }
            | Self::TicketSplit { ticket, .. }
            | Self::TicketScheduled { ticket, .. } => Some(*ticket),
        }
    }

    /// How a ticket begins, if one does: it is opened, or split off.
    #[must_use]
    pub fn opening(&self) -> Option<Opening<'_>> {
        match self {
            Self::TicketOpened {
                ticket,
                intake,
                requirement,
                ..
            }
            | Self::TicketSplit {
                ticket,
                intake,
                requirement,
                ..
            } => Some(Opening {
                ticket: *ticket,
                intake,
                requirement,
            }),
            _ => None,
        }
    }

    /// Another ticket that gains or loses messages by it.
    #[must_use]
    pub const fn other_ticket(&self) -> Option<TicketId> {
        match self {
            Self::TicketMerged { into, .. } => Some(*into),
            Self::TicketSplit { from, .. } => Some(*from),
            _ => None,
        }
    }
}

/// How a ticket begins.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The ticket.
    pub ticket: TicketId,
    /// The message that opens it, or as if it did.
    pub intake: &'a Intake,
    /// What it asks of an agent.
    pub requirement: &'a Requirement,
}

/// Why an offer ended unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The agent went away or offline, or the session was lost.
    AgentLeft,
    /// The ticket was cancelled, resolved, requeued, transferred or abandoned.
    TicketMoved,
    /// The new version of the desk does not allow it.
    DeskChanged,
    /// Somebody else, to whom the ticket was offered as well, took it.
    AcceptedElsewhere,
}

/// Why a ticket went back into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequeueReason {
    /// Somebody asked for it.
    Requested,
    /// Handed on to a queue.
    Transferred,
    /// The agent is not on the desk any more.
    AgentRemoved,
    /// Resolved, and then not.
    Reopened,
    /// The customer wrote to a ticket on hold whose owner has no room or is gone.
    CustomerReplied,
    /// Its owner was offline for too long.
    OwnerAbsent,
    /// The time for which it was scheduled has come.
    Due,
}
