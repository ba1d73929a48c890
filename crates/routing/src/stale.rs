//! What escalations ask for rests on a version of the ticket that they saw. What has been outgrown since is refused.

use tandem_domain::routing::Rejection;
use tandem_domain::{Priority, TicketId};

use crate::ticket::Ticket;
use crate::turn::{Outcome, Turn};

use tandem_domain::RoutingState::{Assigned, Offered, OnHold, Queued};
use tandem_domain::routing::RoutingEvent;

impl Turn<'_> {
    pub(crate) fn set_priority(
        &mut self,
        ticket: TicketId,
        priority: Priority,
        seen: Option<u64>,
    ) -> Result<Outcome, Rejection> {
        self.refuse_ended(ticket, seen)?;
        let known = self.permit(ticket, "set priority", &[Queued, Offered, Assigned, OnHold])?;
        let done = if seen.is_some() {
            known.priority >= priority
        } else {
            known.priority == priority
        };
        if !done {
            refuse_since(known, known.reprioritised, seen, "had its priority changed")?;
            self.emit(RoutingEvent::PriorityChanged { ticket, priority });
        }
        Ok(Outcome::Ticket(ticket))
    }

    /// Refuses to move a ticket that was accepted, moved or ended after `seen`.
    pub(crate) fn refuse_moved(&self, ticket: TicketId, seen: Option<u64>) -> Result<(), Rejection> {
        self.refuse_ended(ticket, seen)?;
        let known = self.find_ticket(ticket)?;
        refuse_since(known, known.moved, seen, "was accepted or moved")
    }

    fn refuse_ended(&self, id: TicketId, seen: Option<u64>) -> Result<(), Rejection> {
        let Some(seen) = seen else { return Ok(()) };
        let forgotten = id.0 > 0 && id.0 <= self.state.last_ticket;
        let over = match self.state.tickets.get(&id) {
            Some(ticket) => ticket.phase.is_over(),
            None => forgotten,
        };
        if over { Err(stale(id, seen, "ended")) } else { Ok(()) }
    }
}

fn refuse_since(ticket: &Ticket, version: u64, seen: Option<u64>, why: &str) -> Result<(), Rejection> {
    match seen {
        Some(seen) if version > seen => Err(stale(ticket.id, seen, why)),
        _ => Ok(()),
    }
}

fn stale(ticket: TicketId, seen: u64, why: &str) -> Rejection {
    Rejection::Stale {
        ticket,
        seen,
        why: why.to_owned(),
    }
}
