//! Tickets are set aside until a time, and enter their queue then.

use std::time::Duration;

use tandem_domain::routing::{Rejection, RequeueReason, RoutingEvent};
use tandem_domain::{RoutingState, TicketId, Timestamp};

use crate::state::State;
use crate::ticket::Phase;
use crate::turn::{Outcome, Turn};

use RoutingState::{Assigned, Offered, OnHold, Queued, Scheduled};

/// Nothing is set aside for longer: a slip of the pen must not bury a ticket.
const LONGEST: Duration = Duration::from_hours(366 * 24);

impl Turn<'_> {
    pub(crate) fn schedule(&mut self, ticket: TicketId, until: Timestamp) -> Result<Outcome, Rejection> {
        self.permit(ticket, "schedule", &[Queued, Offered, Assigned, OnHold, Scheduled])?;
        if until <= self.now() || until > self.now().plus(LONGEST) {
            return Err(Rejection::TimeOutOfRange {
                field: "until".to_owned(),
                given: until,
                from: self.now(),
                to: self.now().plus(LONGEST),
            });
        }
        self.revoke_of(ticket);
        self.emit(RoutingEvent::TicketScheduled { ticket, until });
        Ok(Outcome::Ticket(ticket))
    }

    /// A new ticket that is to be served by appointment waits for it. What is due already waits in its queue.
    pub(crate) fn keep_appointment(&mut self, ticket: TicketId, due_at: Option<Timestamp>) {
        if let Some(until) = due_at.filter(|due| *due > self.now()) {
            let until = until.min(self.now().plus(LONGEST));
            self.emit(RoutingEvent::TicketScheduled { ticket, until });
        }
    }

    pub(crate) fn come_due(&mut self, ticket: TicketId) {
        self.put_back(ticket, RequeueReason::Due);
    }
}

impl State {
    pub(crate) fn schedule(&mut self, id: TicketId, until: Timestamp, at: Timestamp) {
        self.stop_pauses(id);
        self.alter(id, at, |ticket| {
            ticket.phase = Phase::Scheduled { until };
            ticket.care.chosen = None;
            ticket.care.moved = ticket.version;
        });
    }
}
