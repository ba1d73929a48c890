//! What readers can ask the router's memory, and what they see.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{StepPlace, UndeliveredReason};
use crate::explain::{Explanation, Ranking};
use crate::{
    AccountId, AgentId, CompiledDesk, ConversationId, LanguageTag, MessageId, OfferId, Presence, Priority, QueueId,
    Requirement, RoutingState, SignedMillis, Tag, TicketId, TicketStatus, Timestamp,
};

/// What readers can ask the router's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// A ticket that has not ended.
    Ticket(TicketId),
    /// A page of the tickets that have not ended.
    Tickets {
        /// Which.
        filter: TicketFilter,
        /// Only those with a higher number.
        after: TicketId,
        /// At most so many.
        limit: usize,
    },
    /// An agent's whole work list.
    WorkList(AgentId),
    /// An agent.
    Agent(AgentId),
    /// A page of the agents as they are now, ascending by key.
    Agents {
        /// Only those whose key comes after this one.
        after: Option<AgentId>,
        /// At most so many.
        limit: usize,
    },
    /// Why a ticket is where it is.
    Explain(TicketId),
    /// The version in force.
    Desk,
    /// Where a conversation's ticket stands, as its customer may know it.
    Standing(ConversationId),
    /// How many tickets wait for what nobody on the desk could ever do.
    Unservable,
}

/// What they get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Query::Ticket`]; none where no such open ticket exists: it has ended, and its row is there, or there never was one.
    Ticket(Option<Box<TicketView>>),
    /// To [`Query::Tickets`].
    Tickets(OpenTickets),
    /// To [`Query::WorkList`]; none where the agent does not exist.
    WorkList(Option<WorkList>),
    /// To [`Query::Agent`]; none where the agent does not exist.
    Agent(Option<Box<AgentView>>),
    /// To [`Query::Agents`].
    Agents(Vec<AgentView>),
    /// To [`Query::Explain`]; none where no such open ticket exists.
    Explain(Option<Box<Explanation>>),
    /// To [`Query::Desk`]; none before the first activation.
    Desk(Option<Box<CompiledDesk>>),
    /// To [`Query::Standing`]; none where the conversation has no ticket (not yet, or not any more).
    Standing(Option<Standing>),
    /// To [`Query::Unservable`].
    Unservable(u64),
}

/// Which tickets a list is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketFilter {
    /// In one of these states; empty: in any.
    pub states: Vec<RoutingState>,
    /// Of this queue.
    pub queue: Option<QueueId>,
    /// Owned by or offered to this agent; of tickets that are done, owned last.
    pub agent: Option<AgentId>,
}

impl TicketFilter {
    /// Whether the ticket is one of them.
    #[must_use]
    pub fn admits(&self, ticket: &TicketView) -> bool {
        let mut with = ticket
            .owner
            .iter()
            .chain(ticket.offers.iter().map(|offer| &offer.agent));
        self.admits_state(ticket.state)
            && self.admits_queue(&ticket.requirement.queue)
            && self.agent.as_ref().is_none_or(|agent| with.any(|one| one == agent))
    }

    /// Whether tickets in this state are among them.
    #[must_use]
    pub fn admits_state(&self, state: RoutingState) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    /// Whether tickets of this queue are among them.
    #[must_use]
    pub fn admits_queue(&self, queue: &QueueId) -> bool {
        self.queue.as_ref().is_none_or(|wanted| wanted == queue)
    }
}

/// A page of the tickets that have not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTickets {
    /// Ascending by number.
    pub tickets: Vec<TicketView>,
    /// All up to this one were looked at; none: all that there are.
    pub looked_until: Option<TicketId>,
}

/// Where a conversation's ticket stands, as its customer may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The ticket.
    pub ticket: TicketId,
    /// Where routing has it.
    pub state: RoutingState,
    /// Its place in its queue's order, while it waits and somebody on the desk could serve it: 1 is next. An offered
    /// ticket is at 1. What nobody could serve is not counted.
    pub position: Option<u32>,
    /// `position` times the mean time between the last accepts of tickets in its queue (at most ten, of the
    /// last hour); none with fewer than two such accepts, or while it does not wait.
    pub estimated_wait: Option<Duration>,
    /// Who serves it: its owner, until it is over; not whoever it is only offered to.
    pub agent: Option<AgentId>,
    /// The language in which it is served.
    pub language: Option<LanguageTag>,
    /// How many public answers it got.
    pub answers: u64,
    /// Whether it is over for the customer, unless he or she writes again: in wrap-up, done, cancelled or abandoned.
    pub ended: bool,
    /// Why it waits in vain, if nobody on the desk could ever serve it.
    #[serde(default)]
    pub unservable: Option<Unservable>,
}

/// Why nobody on a desk could ever serve a ticket, as its customer may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unservable {
    /// The queue has agents, and none of them speaks the language well enough.
    Language,
    /// It asks for something else that nobody has, such as a skill.
    Other,
}

/// A ticket as readers see it; once it has ended also the value of the read-model row `ticket/<number>`.
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
    /// The open offer, while `Offered`; of several the first.
    pub offer: Option<OfferView>,
    /// How many messages it has.
    pub messages: u64,
    /// When it was opened: its age counts from here.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Counts its events; effects name the version that they saw.
    pub version: u64,
    /// The oldest message of the customer's that has no public answer; an answer that failed is none.
    #[serde(default)]
    pub waiting_since: Option<Timestamp>,
    /// When the last public answer was given that did not fail.
    #[serde(default)]
    pub answered_at: Option<Timestamp>,
    /// Answers that did not reach the customer, since the last public answer.
    #[serde(default)]
    pub undelivered: Vec<Undelivered>,
    /// All open offers, while `Offered`.
    #[serde(default)]
    pub offers: Vec<OfferView>,
    /// Where it stands among its queue's routing steps.
    #[serde(default)]
    pub step: StepPlace,
    /// Who helps its owner.
    #[serde(default)]
    pub helpers: Vec<AgentId>,
    /// Open offers to help its owner.
    #[serde(default)]
    pub help_offers: Vec<OfferView>,
    /// When it is due, while `Scheduled`.
    #[serde(default)]
    pub scheduled_until: Option<Timestamp>,
    /// Where its conversation goes on, while `Merged`.
    #[serde(default)]
    pub merged_into: Option<TicketId>,
    /// Whether its owner has it beyond his or her capacity.
    #[serde(default)]
    pub over_capacity: bool,
    /// Whether nobody on the desk fits it, in this step or a later one.
    #[serde(default)]
    pub unservable: bool,
    /// How much older it counts in its queue than it is.
    #[serde(default)]
    pub aged_by: SignedMillis,
}

/// An answer that did not reach the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// The answer.
    pub message: MessageId,
    /// Why.
    pub reason: UndeliveredReason,
    /// When that became known.
    pub at: Timestamp,
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

/// An agent as readers see him or her.
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
    /// Whether the work at hand is more than the capacity.
    #[serde(default)]
    pub over_capacity: bool,
    /// Whether the agent's availability window is open.
    #[serde(default = "always")]
    pub available: bool,
    /// Tickets of others with which the agent helps.
    #[serde(default)]
    pub helping: Vec<TicketId>,
}

const fn always() -> bool {
    true
}

/// An agent's whole work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkList {
    /// Grows with every change of this agent's list: a list with a smaller one is old.
    pub version: u64,
    /// The agent.
    pub agent: AgentView,
    /// What is offered or owned, oldest offer or assignment first. The `offer` of each is the one to this agent.
    pub items: Vec<TicketView>,
    /// Why the agent was chosen, of open offers that chose among agents. Of several offers of one ticket, the first tells.
    #[serde(default)]
    pub rankings: BTreeMap<OfferId, Ranking>,
}
