//! What the router can be asked to do, and what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{AgentView, TicketView};
use crate::ticket::named_enum;
use crate::{
    AccountId, AgentId, Channel, CompiledDesk, ConversationId, CustomerId, LanguageTag, MessageId, OfferId, Presence,
    Priority, QueueId, SignedMillis, SkillId, SkillLevel, Tag, TandemId, TicketId, Timestamp,
};

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
        /// `Offline`, `Online`, `Away` or `Draining`.
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
        /// The ticket's version that an escalation saw; refused as stale if the ticket was accepted,
        /// moved or ended since. None: whoever asks looks at it as it is now.
        #[serde(default)]
        seen: Option<u64>,
    },
    /// Say how urgent a ticket is.
    SetPriority {
        /// The ticket.
        ticket: TicketId,
        /// From now on.
        priority: Priority,
        /// The ticket's version that an escalation saw: the priority is only raised then, and it is refused
        /// as stale if the ticket ended or its priority was changed since. None: set as asked.
        #[serde(default)]
        seen: Option<u64>,
    },
    /// An answer or a note that ingest keeps belongs to the ticket from now on. The same message again
    /// changes nothing.
    Answer {
        /// The ticket.
        ticket: TicketId,
        /// The answer's or the note's text, as ingest keeps it.
        message: MessageId,
        /// Who wrote it; none: a supervisor.
        author: Option<AgentId>,
        /// Whether the customer sees it; else it is an internal note.
        visible: bool,
        /// What becomes of the ticket.
        then: AfterAnswer,
    },
    /// What became of a public answer on its way to the customer. Repeats change nothing.
    ReportDelivery {
        /// The ticket.
        ticket: TicketId,
        /// The answer.
        message: MessageId,
        /// What became of it. A failure is final; a delivery may still turn into one (a late bounce).
        outcome: DeliveryOutcome,
    },
    /// The customer does not wait any longer (closed the chat): what nobody serves yet is abandoned.
    CustomerLeft {
        /// The conversation.
        conversation: ConversationId,
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
    /// Let a waiting ticket count as older, or younger, than it is. Nothing else is: its age as measured stays.
    AdjustAge {
        /// The ticket.
        ticket: TicketId,
        /// So much older; below zero: younger.
        by: SignedMillis,
    },
    /// Give a ticket to an agent at once, without an offer.
    Pull {
        /// The ticket.
        ticket: TicketId,
        /// Who has it from now on.
        to: AgentId,
    },
    /// Ask somebody else for help with an owned ticket: an agent, or whoever a queue would choose.
    Consult {
        /// The ticket.
        ticket: TicketId,
        /// Who is asked.
        with: TransferTarget,
    },
    /// A helper is done with a ticket, or is not asked any more.
    EndHelp {
        /// The ticket.
        ticket: TicketId,
        /// The helper, or who was asked to be one.
        agent: AgentId,
    },
    /// Make a helper the owner; the owner leaves.
    HandOver {
        /// The ticket.
        ticket: TicketId,
        /// One of its helpers.
        to: AgentId,
    },
    /// Put a ticket into another one of the same desk, where its conversation goes on.
    Merge {
        /// The ticket that ends.
        ticket: TicketId,
        /// The one that goes on.
        into: TicketId,
    },
    /// Make a new ticket of some of a ticket's messages.
    Split {
        /// The ticket that keeps the others.
        ticket: TicketId,
        /// The messages that leave it.
        messages: Vec<MessageId>,
        /// The new ticket's conversation, which no ticket has yet.
        conversation: ConversationId,
    },
    /// Set a ticket aside until a time, at which it enters its queue with its age.
    Schedule {
        /// The ticket.
        ticket: TicketId,
        /// When it is due.
        until: Timestamp,
    },
}

/// The ticket that a command names, as it was lent: one list for looking and for changing.
macro_rules! named_ticket {
    ($command:expr) => {
        match $command {
            Self::Activate(_)
            | Self::Intake(_)
            | Self::SetPresence { .. }
            | Self::Accept { .. }
            | Self::Decline { .. }
            | Self::CustomerLeft { .. } => None,
            Self::Hold { ticket }
            | Self::Resume { ticket }
            | Self::Requeue { ticket }
            | Self::Transfer { ticket, .. }
            | Self::SetPriority { ticket, .. }
            | Self::Answer { ticket, .. }
            | Self::ReportDelivery { ticket, .. }
            | Self::Resolve { ticket }
            | Self::FinishWrapUp { ticket }
            | Self::Reopen { ticket }
            | Self::Cancel { ticket }
            | Self::AdjustAge { ticket, .. }
            | Self::Pull { ticket, .. }
            | Self::Consult { ticket, .. }
            | Self::EndHelp { ticket, .. }
            | Self::HandOver { ticket, .. }
            | Self::Merge { ticket, .. }
            | Self::Split { ticket, .. }
            | Self::Schedule { ticket, .. } => Some(ticket),
        }
    };
}

impl Command {
    /// The agent as whom the command acts, if it does.
    #[must_use]
    pub fn acting_agent(&self) -> Option<&AgentId> {
        match self {
            Self::SetPresence { agent, .. } | Self::Accept { agent, .. } | Self::Decline { agent, .. } => Some(agent),
            Self::Answer { author, .. } => author.as_ref(),
            _ => None,
        }
    }

    /// The ticket that the command names; of merging, the one that ends. What is about an offer or a conversation names none.
    #[must_use]
    pub fn ticket(&self) -> Option<TicketId> {
        named_ticket!(self).copied()
    }

    /// The same, to let the command be about another ticket.
    #[must_use]
    pub const fn ticket_mut(&mut self) -> Option<&mut TicketId> {
        named_ticket!(self)
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
    /// No ticket of that conversation: an automatic message is listed as unrouted by ingest, and of a
    /// customer who left there is nothing to end.
    Unrouted,
    /// Done; the ticket as it is now.
    Ticket(Box<TicketView>),
    /// Done; the agent as he or she is now.
    Agent(Box<AgentView>),
}

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
    /// Whoever wrote it.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// The tandem that the rules chose.
    #[serde(default)]
    pub tandem: Option<TandemId>,
    /// When the customer is to be called back: a ticket that this message opens is scheduled until then.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
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

/// What becomes of a ticket once it is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterAnswer {
    /// It stays where it is.
    #[default]
    Keep,
    /// It is set aside, waiting for the customer; for tickets that are assigned, or on hold already.
    AwaitCustomer,
    /// The customer is served.
    Resolve,
}

/// What became of an answer on its way to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The customer's side took it.
    Delivered,
    /// It did not reach the customer.
    Failed(UndeliveredReason),
}

named_enum!(
    /// Why an answer did not reach the customer.
    UndeliveredReason {
        /// The customer's side refused it for good.
        Refused = "refused",
        /// It came back later.
        Bounced = "bounced",
        /// It could not be handed over in the time that there is for trying.
        Expired = "expired",
        /// The visitor's chat was over before the answer got there.
        VisitorLeft = "visitor_left",
        /// Nobody knows where to send it.
        NoAddress = "no_address",
        /// The system that submitted the customer's message would not take it.
        Declined = "declined",
    }
);
