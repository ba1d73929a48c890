//! What escalations ask for rests on a version of the ticket that they saw. What has been outgrown since is refused.

use tandem_domain::RoutingState::{Assigned, Offered, OnHold, Queued, Scheduled};
use tandem_domain::routing::{Rejection, RoutingEvent};
use tandem_domain::{Event, Priority, Role, TicketId};

use crate::state::State;
use crate::ticket::Ticket;
use crate::turn::{Outcome, Turn};

/// The service that lets tickets climb.
const ESCALATION: &str = "escalation";

/// Whether escalation did it. What it did itself outgrows nothing that it asks for: it may ask for the next rung before it
/// has heard what became of the one before.
pub(crate) fn is_escalations<B>(event: &Event<B>) -> bool {
    event.actor.role == Role::Service && *event.actor.subject == *ESCALATION
}

/// The versions at which a ticket's priority was changed and it was moved, by anybody but escalation.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Marks {
    reprioritised: u32,
    moved: u32,
}

impl State {
    pub(crate) fn marks(&self, id: TicketId) -> Option<Marks> {
        let ticket = self.tickets.get(id)?;
        Some(Marks {
            reprioritised: ticket.care.reprioritised,
            moved: ticket.care.moved,
        })
    }

    pub(crate) fn set_marks(&mut self, id: TicketId, marks: Marks) {
        if self.marks(id).is_some_and(|now| now != marks) {
            let care = &mut self.ticket_mut(id).care;
            (care.reprioritised, care.moved) = (marks.reprioritised, marks.moved);
        }
    }
}

impl Turn<'_> {
    pub(crate) fn set_priority(
        &mut self,
        ticket: TicketId,
        priority: Priority,
        seen: Option<u64>,
    ) -> Result<Outcome, Rejection> {
        self.refuse_ended(ticket, seen)?;
        let known = self.permit(ticket, "set priority", &[Queued, Offered, Assigned, OnHold, Scheduled])?;
        let done = if seen.is_some() {
            known.priority >= priority
        } else {
            known.priority == priority
        };
        if !done {
            refuse_since(known, known.care.reprioritised, seen, "had its priority changed")?;
            self.emit(RoutingEvent::PriorityChanged { ticket, priority });
        }
        Ok(Outcome::Ticket(ticket))
    }

    /// Refuses to move a ticket that was accepted, moved or ended after `seen`.
    pub(crate) fn refuse_moved(&self, ticket: TicketId, seen: Option<u64>) -> Result<(), Rejection> {
        self.refuse_ended(ticket, seen)?;
        let known = self.find_ticket(ticket)?;
        refuse_since(known, known.care.moved, seen, "was accepted or moved")
    }

    fn refuse_ended(&self, id: TicketId, seen: Option<u64>) -> Result<(), Rejection> {
        let Some(seen) = seen else { return Ok(()) };
        let forgotten = id.0 > 0 && id.0 <= self.state.last_ticket;
        let over = match self.state.tickets.get(id) {
            Some(ticket) => ticket.phase.is_over(),
            None => forgotten,
        };
        if over { Err(stale(id, seen, "ended")) } else { Ok(()) }
    }
}

fn refuse_since(ticket: &Ticket, version: u32, seen: Option<u64>, why: &str) -> Result<(), Rejection> {
    match seen {
        Some(seen) if u64::from(version) > seen => Err(stale(ticket.id, seen, why)),
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
