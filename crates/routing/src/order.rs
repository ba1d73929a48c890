//! In which order a queue's tickets are served.

use std::cmp::Ordering;
use std::time::Duration;

use tandem_domain::desk::{QueueOrder, QueuePolicy};
use tandem_domain::sla::PolicyFacts;
use tandem_domain::{ClockKind, Priority, TicketId, Timestamp};

use crate::state::State;
use crate::ticket::Ticket;

/// Between queues, a step of priority in a queue without aging counts as this much waiting.
const STEP_BETWEEN_QUEUES: Duration = Duration::from_hours(1);

/// A queue's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The higher priority first, whatever the age.
    Strict,
    /// Waiting this long counts as one step of priority.
    Aging(Duration),
    /// Whose target of this clock ends first.
    Deadline(ClockKind),
}

/// A ticket's place in its queue; the smallest is served first. Millions may wait, so it takes little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitKey {
    /// What makes it the earlier: when it was opened (earlier by one aging time per step of priority, where the queue has
    /// one), or when its target ends. Either is moved by what the age was adjusted by.
    since: Timestamp,
    /// Above the ticket's number: steps below the highest priority, in strict order; without a target where the order is by
    /// targets: 1; else 0.
    place: u64,
}

/// More than [a ticket's number](crate::conversations::LAST_TICKET) takes.
const TICKET_BITS: u32 = 48;

impl WaitKey {
    fn new(below: u8, since: Timestamp, ticket: TicketId) -> Self {
        let place = u64::from(below) << TICKET_BITS | ticket.0;
        Self { since, place }
    }

    pub(crate) fn ticket(self) -> TicketId {
        TicketId(self.place & ((1 << TICKET_BITS) - 1))
    }

    fn below(self) -> u64 {
        self.place >> TICKET_BITS
    }
}

impl Ord for WaitKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = |key: &Self| (key.below(), key.since, key.place);
        parts(self).cmp(&parts(other))
    }
}

impl PartialOrd for WaitKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Order {
    pub(crate) fn of(policy: Option<&QueuePolicy>) -> Self {
        match policy.map(|policy| (policy.order, policy.aging)) {
            Some((QueueOrder::Deadline(clock), _)) => Self::Deadline(clock),
            Some((QueueOrder::Aging, Some(aging))) => Self::Aging(aging),
            Some((QueueOrder::Aging, None)) | None => Self::Strict,
        }
    }

    pub(crate) fn key(self, ticket: &Ticket) -> WaitKey {
        let (below, since) = match (self, ticket.rare.deadline) {
            (Self::Strict, _) => (Priority::Urgent as u8 - ticket.priority as u8, ticket.opened_at),
            (Self::Aging(aging), _) => (0, ticket.opened_at.minus(aging * u32::from(ticket.priority as u8))),
            (Self::Deadline(_), Some(deadline)) => (0, deadline),
            (Self::Deadline(_), None) => (1, ticket.opened_at),
        };
        WaitKey::new(below, since.earlier_by(ticket.rare.adjusted), ticket.id)
    }

    /// What tickets of different queues are compared by: how long they wait, and in queues where priority makes up for
    /// waiting (or simply goes first) that too.
    pub(crate) fn age_between_queues(self, ticket: &Ticket) -> (Timestamp, TicketId) {
        let step = match self {
            Self::Strict => STEP_BETWEEN_QUEUES,
            Self::Aging(aging) => aging,
            Self::Deadline(_) => Duration::ZERO,
        };
        let since = ticket.opened_at.minus(step * u32::from(ticket.priority as u8));
        (since.earlier_by(ticket.rare.adjusted), ticket.id)
    }

    /// The same, where the place in the queue tells it: the ticket need not be looked at.
    pub(crate) fn between_queues(self, key: WaitKey) -> Option<(Timestamp, TicketId)> {
        let steps = match self {
            Self::Strict => Priority::Urgent as u32 - u32::try_from(key.below()).unwrap_or_default(),
            Self::Aging(_) => 0,
            Self::Deadline(_) => return None,
        };
        Some((key.since.minus(STEP_BETWEEN_QUEUES * steps), key.ticket()))
    }
}

impl State {
    /// When the target by which the ticket's queue is ordered ends, counted from the opening without pauses.
    /// None: its queue goes by something else, or nothing is promised.
    pub(crate) fn deadline_in_queue(&self, ticket: &Ticket) -> Option<Timestamp> {
        let class = self.classes.get(ticket.class);
        let Order::Deadline(clock) = self.classes.queue(class.queue).order else {
            return None;
        };
        let facts = PolicyFacts {
            queue: &class.requirement.queue,
            channel: class.requirement.channel,
            language: self.desk().language_of(&ticket.origin.asked),
            priority: ticket.priority,
            tags: &ticket.origin.tags,
        };
        let (target, schedule) = self.desk().promised(clock, facts)?;
        schedule.after(ticket.opened_at, target)
    }
}
