//! What happens in the escalation journal. Every kind of journal level 1.
//!
//! An event's own time is when it was decided; the times inside are those of the router's events and of
//! the deadlines that follow from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sla::PolicyFacts;
use crate::{
    AgentId, CalendarId, Channel, ClockKind, ContactId, EscalationId, LadderId, LanguageTag, MessageId, NotificationId,
    PolicyId, Priority, QueueId, SlaPlan, Tag, TicketId, Timestamp,
};

/// One occurrence of one clock of one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClockId {
    /// The ticket.
    pub ticket: TicketId,
    /// What it measures.
    pub kind: ClockKind,
    /// Counts the clocks of this kind on the ticket, from 1. Only `NextResponse` has more than one.
    pub occurrence: u32,
}

impl fmt::Display for ClockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.ticket, self.kind, self.occurrence)
    }
}

/// What of a desk's version the clocks and ladders need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The desk's version.
    pub version: u64,
    /// Calendars, policies, ladders, contacts.
    pub sla: SlaPlan,
    /// The desk's queues, the first one first.
    pub tiers: Vec<Tier>,
    /// The contacts of the agents who have one.
    pub agents: BTreeMap<AgentId, ContactId>,
}

/// A queue's place among the support levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The queue.
    pub queue: QueueId,
    /// Its level, 1 to 3.
    pub tier: u8,
    /// Where a ticket goes that needs the next level.
    pub next: Option<QueueId>,
}

/// What of a ticket chooses its policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketFacts {
    /// Its queue.
    pub queue: QueueId,
    /// Its channel.
    pub channel: Channel,
    /// The language in which it is served.
    pub language: Option<LanguageTag>,
    /// How urgent it is.
    pub priority: Priority,
    /// Tags.
    pub tags: BTreeSet<Tag>,
}

impl TicketFacts {
    /// The same facts, for the choice of a policy.
    #[must_use]
    pub const fn for_policy(&self) -> PolicyFacts<'_> {
        PolicyFacts {
            queue: &self.queue,
            channel: self.channel,
            language: self.language.as_ref(),
            priority: self.priority,
            tags: &self.tags,
        }
    }
}

/// Whether anything is to be done on a ticket, as far as clocks care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waits for somebody or is worked on.
    Open,
    /// Set aside.
    OnHold,
    /// Served; can be reopened.
    Resolved,
    /// Waits for a time that was set: every clock stands still.
    Scheduled,
}

/// What applies to a clock: from the policy that the ticket fits, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The policy.
    pub policy: Option<PolicyId>,
    /// The calendar in which it runs; none: round the clock.
    pub calendar: Option<CalendarId>,
    /// Working time until it breaches; none: it only measures.
    pub target: Option<Duration>,
    /// What happens meanwhile.
    pub ladder: Option<LadderId>,
}

/// A rung of a ladder, or its repetition. An occurrence of a clock reaches each at most once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step {
    /// The ladder.
    pub ladder: LadderId,
    /// The rung's place in it, from 0.
    pub rung: u32,
    /// 0, and then counted.
    pub repeat: u32,
}

/// Contacts are told of a rung; everything that the message to them needs, apart from their addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// Its number on the desk; part of the id under which the contacts get it.
    pub notification: NotificationId,
    /// The escalation.
    pub escalation: EscalationId,
    /// The clock.
    pub clock: ClockId,
    /// The rung.
    pub step: Step,
    /// When the rung was due.
    pub due_at: Timestamp,
    /// How much later it was found out.
    pub late_by: Duration,
    /// The ticket's queue.
    pub queue: QueueId,
    /// The ticket's priority.
    pub priority: Priority,
    /// Who is told, each once, in the ladder's order.
    pub contacts: Vec<ContactId>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationEvent {
    /// A version of the desk came into force.
    PlanAdopted(Box<Plan>),
    /// A ticket began to be followed, or is another one than before.
    TicketFollowed {
        /// The ticket.
        ticket: TicketId,
        /// What chooses its policy.
        facts: Box<TicketFacts>,
        /// Whether anything is to be done on it.
        standing: Standing,
        /// Who owns it.
        owner: Option<AgentId>,
    },
    /// The ticket has a public answer.
    AnswerCounted {
        /// The ticket.
        ticket: TicketId,
        /// The answer.
        message: MessageId,
        /// When it was given.
        answered_at: Timestamp,
    },
    /// A public answer could not be delivered: the customer does not have it.
    AnswerDiscounted {
        /// The ticket.
        ticket: TicketId,
        /// The answer.
        message: MessageId,
    },
    /// Something happened to a clock.
    Clock(ClockId, ClockEvent),
    /// A rung was reached.
    RungReached {
        /// The escalation; its first rung opens it.
        escalation: EscalationId,
        /// The clock.
        clock: ClockId,
        /// The rung.
        step: Step,
        /// When it was due.
        due_at: Timestamp,
        /// How much later it was found out.
        late_by: Duration,
    },
    /// The router is asked to raise a ticket's priority.
    PriorityRaiseAsked {
        /// The escalation.
        escalation: EscalationId,
        /// The ticket.
        ticket: TicketId,
        /// To at least this.
        priority: Priority,
        /// The ticket's version when the rung was due: refused if the priority was changed since.
        seen: u64,
    },
    /// The router is asked to move a ticket.
    MoveAsked {
        /// The escalation.
        escalation: EscalationId,
        /// The ticket.
        ticket: TicketId,
        /// Where to.
        queue: QueueId,
        /// The ticket's version when the rung was due: refused if it was accepted or moved since.
        seen: u64,
    },
    /// Contacts are told; the service turns this into webhooks and mails.
    ContactsTold(Box<Telling>),
    /// Somebody takes care: the event's actor.
    EscalationAcknowledged {
        /// The escalation.
        escalation: EscalationId,
    },
    /// The ticket is closed for good: its clocks and escalations leave the memory, their rows stay.
    TicketForgotten {
        /// The ticket.
        ticket: TicketId,
    },
    /// The router's journal is known up to here.
    RouterFollowed {
        /// The last `seq` that was taken.
        through: u64,
        /// That record's incarnation.
        incarnation: u64,
        /// The versions of the tickets that something happened to.
        versions: BTreeMap<TicketId, u64>,
    },
    /// The router's history was rewritten: nothing of before holds. Numbers go on.
    BegunAnew,
}

/// What happens to a clock. In the journal each is a kind of its own, such as `ClockStarted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockEvent {
    /// A clock runs.
    Started {
        /// Since when.
        since: Timestamp,
        /// What applies to it.
        terms: Terms,
    },
    /// It stands still; what has elapsed is kept.
    Paused {
        /// Since when.
        paused_at: Timestamp,
        /// Working time until then.
        elapsed: Duration,
    },
    /// It runs on.
    Resumed {
        /// Since when.
        since: Timestamp,
    },
    /// What it waited for happened.
    Met {
        /// When.
        met_at: Timestamp,
        /// Working time until then.
        elapsed: Duration,
        /// The answer that met it, for the response clocks.
        answer: Option<MessageId>,
    },
    /// Its target was missed. The clock runs on, to measure.
    Breached {
        /// When its target had elapsed, or when the target came to apply if that was later.
        due_at: Timestamp,
        /// How much later it was found out.
        late_by: Duration,
    },
    /// What it waited for cannot happen any more.
    Cancelled {
        /// When.
        cancelled_at: Timestamp,
        /// Working time until then.
        elapsed: Duration,
    },
    /// What it waited for turned out not to have happened: it runs on.
    Reopened {
        /// When that turned out. Nothing of it is due before.
        reopened_at: Timestamp,
        /// It runs since then: for an answer that failed since before the answer, as if it had never stopped.
        since: Timestamp,
        /// Working time until `since`.
        elapsed: Duration,
        /// What applies to it now.
        terms: Terms,
    },
    /// Other terms apply to it; what has elapsed is kept.
    Retargeted {
        /// When they came to apply. Nothing of them is due before.
        retargeted_at: Timestamp,
        /// Working time until then.
        elapsed: Duration,
        /// What applies to it now.
        terms: Terms,
    },
}
