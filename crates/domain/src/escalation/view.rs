//! What readers ask the escalation core, and what they get.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ClockId, Step, Terms, TicketFacts};
use crate::ticket::named_enum;
use crate::{Actor, ClockKind, EscalationId, LadderId, PolicyId, Priority, QueueId, TicketId, Timestamp};

named_enum!(
    /// How a clock stands.
    ClockState {
        /// It runs, and its target is not missed.
        Running = "running",
        /// It stands still, and its target is not missed.
        Paused = "paused",
        /// What it waited for happened in time.
        Met = "met",
        /// Its target was missed, whatever happened since.
        Breached = "breached",
        /// What it waited for cannot happen any more, and its target was not missed.
        Cancelled = "cancelled",
    }
);

/// What readers can ask. Lists hold tickets that are not closed; older ones are in the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// Clocks that have a target, by ticket, kind and occurrence.
    Clocks {
        /// Which.
        filter: ClockFilter,
        /// Only those behind this one.
        after: Option<ClockId>,
        /// At most so many.
        limit: usize,
    },
    /// Escalations, the oldest first.
    Escalations {
        /// Which.
        filter: EscalationFilter,
        /// Only those behind this one.
        after: Option<EscalationId>,
        /// At most so many.
        limit: usize,
    },
    /// What would apply to a ticket that is opened with these facts.
    Preview {
        /// The ticket.
        facts: TicketFacts,
        /// When it is opened.
        opened_at: Timestamp,
    },
    /// How far the router's journal is known.
    Followed,
}

/// Which clocks; each field that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockFilter {
    /// Of this ticket.
    pub ticket: Option<TicketId>,
    /// In this state.
    pub state: Option<ClockState>,
    /// Of tickets in this queue.
    pub queue: Option<QueueId>,
}

/// Which escalations; each field that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationFilter {
    /// Only those that can still climb: the clock is not over, and nobody has acknowledged.
    pub open_only: bool,
    /// Of this ticket.
    pub ticket: Option<TicketId>,
    /// Of tickets in this queue.
    pub queue: Option<QueueId>,
}

/// What readers get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Query::Clocks`].
    Clocks(Vec<ClockView>),
    /// To [`Query::Escalations`].
    Escalations(Vec<EscalationView>),
    /// To [`Query::Preview`].
    Preview(Preview),
    /// To [`Query::Followed`]; both 0 before the first record.
    Followed {
        /// The last `seq` that was taken.
        seq: u64,
        /// That record's incarnation.
        incarnation: u64,
    },
}

/// A clock as readers see it; also the value of its read-model row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockView {
    /// Which clock.
    pub id: ClockId,
    /// How it stands.
    pub state: ClockState,
    /// What applies to it.
    pub terms: Terms,
    /// The ticket's queue.
    pub queue: QueueId,
    /// The ticket's priority.
    pub priority: Priority,
    /// When it started.
    pub started_at: Timestamp,
    /// Working time without what has elapsed since `running_since`.
    pub elapsed: Duration,
    /// It runs since then; none: it stands still or is over.
    pub running_since: Option<Timestamp>,
    /// When its target will have elapsed, or had, if it runs; none: it stands still or is over.
    pub deadline: Option<Timestamp>,
    /// When its target was missed.
    pub breached_at: Option<Timestamp>,
    /// When it was met or cancelled.
    pub ended_at: Option<Timestamp>,
}

/// An escalation as readers see it; also the value of its read-model row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationView {
    /// Its number on the desk.
    pub id: EscalationId,
    /// The clock that climbs.
    pub clock: ClockId,
    /// The ticket's queue.
    pub queue: QueueId,
    /// The ticket's priority.
    pub priority: Priority,
    /// Whether it can still climb: the clock is not over, and nobody has acknowledged.
    pub open: bool,
    /// Rungs that were reached, in order.
    pub rungs: Vec<RungView>,
    /// Who takes care.
    pub acknowledged: Option<Acknowledgement>,
    /// When the clock was met or cancelled.
    pub ended_at: Option<Timestamp>,
}

/// A rung that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RungView {
    /// The rung.
    pub step: Step,
    /// When it was due.
    pub due_at: Timestamp,
    /// How much later it was found out.
    pub late_by: Duration,
}

/// Somebody takes care.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// What would apply to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The policy that it fits.
    pub policy: Option<PolicyId>,
    /// The clocks that have a target. `NextResponse` is shown as if a message came at `opened_at`.
    pub clocks: Vec<PreviewedClock>,
}

/// A clock that would run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedClock {
    /// What it measures.
    pub kind: ClockKind,
    /// Working time until it breaches.
    pub target: Duration,
    /// When it breaches.
    pub deadline: Timestamp,
    /// Its ladder.
    pub ladder: Option<LadderId>,
    /// When its rungs are reached, if nobody does anything; in order.
    pub rungs: Vec<PreviewedRung>,
}

/// A rung that would be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedRung {
    /// The rung's place in the ladder, from 0.
    pub rung: u32,
    /// 0, and then counted.
    pub repeat: u32,
    /// When.
    pub due_at: Timestamp,
}
