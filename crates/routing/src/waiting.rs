//! Tickets join the line of those who wait, and leave it.

use tandem_domain::RoutingState::{Assigned, Offered, OnHold, Queued, Scheduled};
use tandem_domain::routing::{Rejection, RoutingEvent};
use tandem_domain::{SignedMillis, TicketId};

use crate::classes::{ClassIx, QueueIx};
use crate::order::WaitKey;
use crate::overtaking::{Arrival, Number};
use crate::state::State;
use crate::ticket::{Phase, Ticket};
use crate::turn::{Outcome, Turn};

impl Turn<'_> {
    /// Moves a ticket among those that wait, now or when it waits again. Nothing that is measured changes.
    pub(crate) fn adjust_age(&mut self, ticket: TicketId, by: SignedMillis) -> Result<Outcome, Rejection> {
        self.permit(
            ticket,
            "adjust the age",
            &[Queued, Offered, Assigned, OnHold, Scheduled],
        )?;
        if by != SignedMillis::default() {
            self.emit(RoutingEvent::AgeAdjusted { ticket, by });
        }
        Ok(Outcome::Ticket(ticket))
    }
}

impl State {
    pub(crate) fn wait_key(&self, ticket: &Ticket) -> WaitKey {
        self.classes.queue_of(ticket.class).order.key(ticket)
    }

    /// How many tickets wait before this one among those with an equal requirement.
    pub(crate) fn tickets_ahead(&self, ticket: &Ticket) -> usize {
        let waiting = &self.classes.get(ticket.class).waiting;
        waiting.count_before(self.wait_key(ticket))
    }

    pub(crate) fn join_line(&mut self, id: TicketId) {
        let deadline = self.deadline_in_queue(self.ticket(id));
        if deadline != self.ticket(id).rare.deadline {
            self.ticket_mut(id).rare.deadline = deadline;
        }
        let ticket = self.ticket(id);
        let (class, key) = (ticket.class, self.wait_key(ticket));
        self.classes.enqueue(class, key);
    }

    pub(crate) fn leave_line(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let (class, key, arrival) = (ticket.class, self.wait_key(ticket), ticket.rare.arrival);
        self.classes.dequeue(class, key);
        if let Some(arrival) = arrival {
            self.classes.note_arrival(class, (arrival.number, id), false);
        }
    }

    /// Counts what has just become of the ticket, where being overtaken is bounded.
    pub(crate) fn note_arrival(&mut self, id: TicketId) {
        let ticket = self.ticket(id);
        let (phase, class, before) = (ticket.phase, ticket.class, ticket.rare.arrival);
        let queue = self.classes.get(class).queue;
        if before.is_none() && self.classes.queue(queue).max_overtaken.is_none() {
            return;
        }
        if let Some(elsewhere) = before.filter(|before| before.queue != queue) {
            let overtaking = &mut self.classes.queue_mut(elsewhere.queue).overtaking;
            overtaking.withdraw(elsewhere.number);
        }
        let here = before.filter(|before| before.queue == queue);
        let number = self.number_in(queue, phase, here.map(|before| before.number));
        self.ticket_mut(id).rare.arrival = number.map(|number| Arrival { queue, number });
        if let Some(number) = number.filter(|_| phase == Phase::Queued) {
            self.classes.note_arrival(class, (number, id), true);
        }
    }

    fn number_in(&mut self, queue: QueueIx, phase: Phase, before: Option<Number>) -> Option<Number> {
        let queue = self.classes.queue_mut(queue);
        let bounded = queue.max_overtaken.is_some();
        let Some(number) = before else {
            return (bounded && phase == Phase::Queued).then(|| queue.overtaking.join());
        };
        match phase {
            Phase::Queued => queue.overtaking.wait(number),
            Phase::Offered => queue.overtaking.offer(number),
            _ if phase.owner().is_some() => queue.overtaking.serve(number),
            _ => queue.overtaking.withdraw(number),
        }
        matches!(phase, Phase::Queued | Phase::Offered).then_some(number)
    }

    /// Under another version of the desk, or after a restart, a ticket keeps its number in the queue in which it had it;
    /// before it enters.
    pub(crate) fn carry_arrival(&mut self, class: ClassIx, phase: Phase, number: Option<Number>) -> Option<Arrival> {
        let queue = self.classes.get(class).queue;
        let line = self.classes.queue_mut(queue);
        let number = number.filter(|_| line.max_overtaken.is_some())?;
        line.overtaking.put_back(number, phase == Phase::Offered);
        Some(Arrival { queue, number })
    }

    /// The ticket counts as older by so much more, wherever it waits.
    pub(crate) fn count_as_older(&mut self, id: TicketId, by: SignedMillis) {
        self.leave(id);
        let ticket = self.ticket_mut(id);
        ticket.rare.adjusted = ticket.rare.adjusted.plus(by);
        self.enter(id);
    }
}
