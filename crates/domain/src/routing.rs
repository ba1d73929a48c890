//! The router's commands, events, queries and refusals.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::core::Rejected;
use crate::explain::{Explanation, Ranking};
use crate::{
    AccountId, AgentId, Channel, CompiledDesk, ConversationId, ErrorCode, LanguageTag, MessageId, OfferId, Presence,
    Priority, QueueId, Requirement, RoutingState, SkillId, SkillLevel, Tag, TicketId, TicketStatus, Timestamp,
};

/// A message as the router sees it: what the rules made of it, none of its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Where it came in.
    pub account: AccountId,
    /// By which channel.
    pub channel: Channel,
    /// The queue that the rules chose.
    pub queue: QueueId,
    /// The customer's language, where it was recognised.
    pub language: Option<LanguageTag>,
    /// Skills that the rules ask for.
    pub skills: BTreeMap<SkillId, SkillLevel>,
    /// Tags that the rules put on it.
    pub tags: BTreeSet<Tag>,
    /// The priority that the rules chose.
    pub priority: Priority,
    /// When ingest took it.
    pub received_at: Timestamp,
    /// A bounce or an automatic answer: joins an open ticket, never opens or reopens one.
    pub automatic: bool,
}

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// To wait in this queue; the age is kept.
    Queue(QueueId),
    /// Offered to this agent first, whatever the queue; needs an online agent with room.
    Agent(AgentId),
}

/// Why an agent declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// Has no time now.
    Busy,
    /// Cannot serve it.
    WrongSkill,
    /// Must not serve it, for instance knows the customer.
    Conflict,
    /// Anything else.
    Other,
}

/// What the router can be asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make this version of the desk the one in force. `version` is set by the core.
    Activate(Box<CompiledDesk>),
    /// Put a message on its ticket, opening one if need be. Request id: the message's id, for ever.
    Intake(Box<Intake>),
    /// An agent says what he or she is doing.
    SetPresence {
        /// The agent.
        agent: AgentId,
        /// `Offline`, `Online` or `Away`.
        presence: Presence,
    },
    /// Take an offered ticket.
    Accept {
        /// The agent.
        agent: AgentId,
        /// The offer.
        offer: OfferId,
    },
    /// Leave an offered ticket to somebody else.
    Decline {
        /// The agent.
        agent: AgentId,
        /// The offer.
        offer: OfferId,
        /// Why.
        reason: DeclineReason,
    },
    /// Set an assigned ticket aside, waiting for the customer.
    Hold {
        /// The ticket.
        ticket: TicketId,
    },
    /// Take a ticket on hold up again.
    Resume {
        /// The ticket.
        ticket: TicketId,
    },
    /// Put a ticket back into its queue; it keeps its age.
    Requeue {
        /// The ticket.
        ticket: TicketId,
    },
    /// Hand a ticket on.
    Transfer {
        /// The ticket.
        ticket: TicketId,
        /// Where to.
        to: TransferTarget,
    },
    /// The customer is served; wrap-up begins where the channel has one.
    Resolve {
        /// The ticket.
        ticket: TicketId,
    },
    /// The paperwork is done.
    FinishWrapUp {
        /// The ticket.
        ticket: TicketId,
    },
    /// A resolved ticket turns out not to be.
    Reopen {
        /// The ticket.
        ticket: TicketId,
    },
    /// Withdraw a ticket that nobody should serve.
    Cancel {
        /// The ticket.
        ticket: TicketId,
    },
}

impl Command {
    /// The agent as whom the command acts, if it does.
    #[must_use]
    pub fn acting_agent(&self) -> Option<&AgentId> {
        match self {
            Self::SetPresence { agent, .. } | Self::Accept { agent, .. } | Self::Decline { agent, .. } => Some(agent),
            _ => None,
        }
    }
}

/// What a command is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The desk's new version number.
    Activated {
        /// Counted from 1.
        version: u64,
    },
    /// The message is on this ticket.
    OnTicket {
        /// The ticket.
        ticket: TicketId,
        /// Whether the message opened it.
        opened: bool,
    },
    /// The automatic message belongs to no open ticket: ingest lists it as unrouted.
    Unrouted,
    /// Done; the ticket as it is now.
    Ticket(Box<TicketView>),
    /// Done; the agent as he or she is now.
    Agent(Box<AgentView>),
}

/// Why an offer ended unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The agent went away or offline, or the session was lost.
    AgentLeft,
    /// The ticket was cancelled, resolved, requeued or transferred.
    TicketMoved,
    /// The new version of the desk does not allow it.
    DeskChanged,
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
}

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
        requirement: Requirement,
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
        ranking: Ranking,
    },
    /// The agent took it and owns the ticket.
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
        requirement: Requirement,
        /// Why.
        reason: RequeueReason,
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
}

/// What readers can ask the router's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// An agent's whole work list.
    WorkList(AgentId),
    /// Every agent as he or she is now.
    Agents,
    /// Why a ticket is where it is.
    Explain(TicketId),
    /// The version in force.
    Desk,
}

/// What they get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Query::WorkList`]; none where the agent does not exist.
    WorkList(Option<WorkList>),
    /// To [`Query::Agents`].
    Agents(Vec<AgentView>),
    /// To [`Query::Explain`]; none where no such open ticket exists.
    Explain(Option<Box<Explanation>>),
    /// To [`Query::Desk`]; none before the first activation.
    Desk(Option<Box<CompiledDesk>>),
}

/// A ticket as readers see it; also the value of the read-model row `ticket/<number>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketView {
    /// The ticket.
    pub id: TicketId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The account at which it came in.
    pub account: AccountId,
    /// Where routing has it.
    pub state: RoutingState,
    /// What the customer would call it.
    pub status: TicketStatus,
    /// What it asks of an agent.
    pub requirement: Requirement,
    /// How urgent it is.
    pub priority: Priority,
    /// Tags.
    pub tags: BTreeSet<Tag>,
    /// Its owner, while `Assigned`, `OnHold` or `WrappingUp`; the last one, when `Done`.
    pub owner: Option<AgentId>,
    /// The open offer, while `Offered`.
    pub offer: Option<OfferView>,
    /// How many messages it has.
    pub messages: u64,
    /// When it was opened: its age counts from here.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Counts its events; effects name the version that they saw.
    pub version: u64,
}

/// An open offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferView {
    /// The offer.
    pub id: OfferId,
    /// To whom.
    pub agent: AgentId,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An agent as readers see him or her; also the value of the read-model row `agent/<key>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// The agent.
    pub id: AgentId,
    /// What the agent is doing.
    pub presence: Presence,
    /// Units taken by offers, assignments, holds and wrap-ups.
    pub used: u32,
    /// Units that there are.
    pub capacity: u32,
    /// Tickets offered, owned, held or being wrapped up.
    pub tickets: Vec<TicketId>,
    /// Offers missed in a row.
    pub missed: u32,
}

/// An agent's whole work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkList {
    /// Grows with every change of this agent's list: a list with a smaller one is old.
    pub version: u64,
    /// The agent.
    pub agent: AgentView,
    /// What is offered or owned, oldest offer or assignment first.
    pub items: Vec<TicketView>,
}

/// Why the router refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The desk has no version in force yet.
    #[error("the desk has no desk file yet: apply one first")]
    NotActivated,
    /// A key that the desk file does not have.
    #[error("no {field} `{given}` on this desk{}", nearest(.similar.as_deref()))]
    Unknown {
        /// The request's field.
        field: String,
        /// What was given.
        given: String,
        /// The nearest key that exists.
        similar: Option<String>,
    },
    /// The ticket's state does not allow it.
    #[error("ticket {ticket} is {state}; `{action}` needs {allowed}")]
    WrongState {
        /// The ticket.
        ticket: TicketId,
        /// Where it is.
        state: RoutingState,
        /// What was asked for.
        action: String,
        /// The states in which it can be done.
        allowed: String,
    },
    /// The offer is not open any more.
    #[error("offer {offer} is over: {why}; look at the work list for what is offered now")]
    OfferOver {
        /// The offer.
        offer: OfferId,
        /// Accepted, declined, expired or revoked; or never issued.
        why: String,
    },
    /// The offer is somebody else's.
    #[error("offer {offer} was not made to agent `{agent}`")]
    ForeignOffer {
        /// The offer.
        offer: OfferId,
        /// Who asked.
        agent: AgentId,
    },
    /// An agent acts on a ticket of somebody else.
    #[error("ticket {ticket} is not agent `{agent}`'s")]
    NotOwner {
        /// The ticket.
        ticket: TicketId,
        /// Who asked.
        agent: AgentId,
    },
    /// The agent cannot take it now.
    #[error("agent `{agent}` cannot take it now: {why}")]
    AgentUnavailable {
        /// The request's field.
        field: String,
        /// The agent.
        agent: AgentId,
        /// Offline, no room …
        why: String,
    },
    /// The new desk file drops a queue in which tickets still are.
    #[error("queue `{queue}` cannot be dropped: {tickets} open tickets are in it; transfer them first")]
    QueueInUse {
        /// The queue.
        queue: QueueId,
        /// How many.
        tickets: u64,
    },
    /// A presence that only Tandem itself sets.
    #[error("presence `{0}` cannot be asked for: use offline, online or away")]
    PresenceNotSettable(Presence),
}

fn nearest(similar: Option<&str>) -> String {
    similar
        .map(|key| format!("; did you mean `{key}`?"))
        .unwrap_or_default()
}

impl Rejected for Rejection {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown { .. } => ErrorCode::NotFound,
            Self::NotActivated
            | Self::WrongState { .. }
            | Self::OfferOver { .. }
            | Self::AgentUnavailable { .. }
            | Self::QueueInUse { .. } => ErrorCode::FailedPrecondition,
            Self::ForeignOffer { .. } | Self::NotOwner { .. } => ErrorCode::PermissionDenied,
            Self::PresenceNotSettable(_) => ErrorCode::InvalidArgument,
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Unknown { field, .. } | Self::AgentUnavailable { field, .. } => Some(field),
            Self::WrongState { .. } | Self::NotOwner { .. } => Some("ticket_id"),
            Self::OfferOver { .. } | Self::ForeignOffer { .. } => Some("offer_id"),
            Self::PresenceNotSettable(_) => Some("presence"),
            Self::NotActivated | Self::QueueInUse { .. } => None,
        }
    }
}
