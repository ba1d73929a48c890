//! What is done with tickets, and what becomes of it.

use tandem_domain::{AgentId, OfferId, Presence, QueueId, TicketId};

use super::{Model, Place, Ticket};

/// Verbs: none where the step is refused.
impl Model {
    pub(super) fn accept(&mut self, offer: OfferId, by: Option<&AgentId>) -> Option<()> {
        let (ticket, agent) = self.answerable(offer, by)?;
        self.agent_mut(&agent).missed = 0;
        self.ticket_mut(ticket).passed_over.clear();
        self.put(ticket, Place::Assigned(agent));
        Some(())
    }

    pub(super) fn decline(&mut self, offer: OfferId, by: Option<&AgentId>) -> Option<()> {
        let (ticket, agent) = self.answerable(offer, by)?;
        self.agent_mut(&agent).missed = 0;
        self.put(ticket, Place::Queued);
        self.pass_over(ticket, &agent);
        Some(())
    }

    pub(super) fn answerable(&self, number: OfferId, by: Option<&AgentId>) -> Option<(TicketId, AgentId)> {
        let agent = self.answers(number, by);
        let open = |ticket: &&Ticket| match &ticket.place {
            Place::Offered { to, offer, until, .. } => *to == agent && *offer == number.0 && self.now < *until,
            _ => false,
        };
        let ticket = self.tickets.iter().find(open)?.id;
        Some((ticket, agent))
    }

    pub(super) fn place(&self, ticket: TicketId) -> Option<Place> {
        let place = self.tickets.iter().find(|known| known.id == ticket)?.place.clone();
        (place != Place::Closed).then_some(place)
    }

    pub(super) fn hold(&mut self, ticket: TicketId) -> Option<()> {
        let Place::Assigned(owner) = self.place(ticket)? else {
            return None;
        };
        self.put(ticket, Place::OnHold(owner));
        Some(())
    }

    pub(super) fn resume(&mut self, ticket: TicketId) -> Option<()> {
        let Place::OnHold(owner) = self.place(ticket)? else {
            return None;
        };
        let there = self.agent(&owner).presence != Presence::Offline;
        there.then(|| self.put(ticket, Place::Assigned(owner)))
    }

    pub(super) fn requeue(&mut self, ticket: TicketId) -> Option<()> {
        match self.place(ticket)? {
            Place::Offered { .. } | Place::Assigned(_) | Place::OnHold(_) => self.hand_back(ticket),
            Place::Queued | Place::WrappingUp(..) | Place::Done(..) | Place::Closed => return None,
        }
        Some(())
    }

    pub(super) fn transfer_to_queue(&mut self, ticket: TicketId, queue: &QueueId) -> Option<()> {
        let place = self.place(ticket)?;
        let movable = !matches!(place, Place::WrappingUp(..) | Place::Done(..));
        self.policy(queue).filter(|_| movable)?;
        // An offer is taken back under the old queue's pause, what is owned goes under the new one's.
        if matches!(place, Place::Offered { .. }) {
            self.hand_back(ticket);
        }
        self.ticket_mut(ticket).queue = queue.clone();
        self.hand_back(ticket);
        Some(())
    }

    pub(super) fn transfer_to_agent(&mut self, ticket: TicketId, to: &AgentId) -> Option<()> {
        let place = self.place(ticket)?;
        let movable = !matches!(place, Place::WrappingUp(..) | Place::Done(..));
        self.agents.iter().find(|agent| agent.id == *to)?;
        let can = self.online(to) && place.holder() != Some(to) && self.room(to, ticket);
        (movable && can).then(|| {
            self.hand_back(ticket);
            self.offer(ticket, to, true);
        })
    }

    pub(super) fn resolve(&mut self, ticket: TicketId) -> Option<()> {
        let wrap_up = self.desk.channels[&self.ticket_channel(ticket)?].wrap_up;
        let (owner, room) = match self.place(ticket)? {
            Place::Queued | Place::Offered { .. } => (None, false),
            Place::Assigned(owner) => (Some(owner), true),
            Place::OnHold(owner) => {
                let room = self.room(&owner, ticket);
                (Some(owner), room)
            }
            Place::WrappingUp(..) | Place::Done(..) | Place::Closed => return None,
        };
        if owner.is_none() {
            self.hand_back(ticket);
        }
        match owner {
            Some(owner) if room && !wrap_up.is_zero() => {
                self.put(ticket, Place::WrappingUp(owner, self.now.plus(wrap_up)));
            }
            owner => self.done(ticket, owner),
        }
        Some(())
    }

    pub(super) fn done(&mut self, ticket: TicketId, owner: Option<AgentId>) {
        self.put(ticket, Place::Done(owner, self.now.plus(self.desk.close_after)));
    }

    pub(super) fn finish(&mut self, ticket: TicketId) -> Option<()> {
        let Place::WrappingUp(owner, _) = self.place(ticket)? else {
            return None;
        };
        self.done(ticket, Some(owner));
        Some(())
    }

    pub(super) fn reopen(&mut self, ticket: TicketId) -> Option<()> {
        match self.place(ticket)? {
            Place::WrappingUp(owner, _) => self.put(ticket, Place::Assigned(owner)),
            Place::Done(..) => self.put(ticket, Place::Queued),
            Place::Queued | Place::Offered { .. } | Place::Assigned(_) | Place::OnHold(_) | Place::Closed => {
                return None;
            }
        }
        Some(())
    }

    pub(super) fn cancel(&mut self, ticket: TicketId) -> Option<()> {
        let place = self.place(ticket)?;
        (!matches!(place, Place::Done(..))).then(|| self.put(ticket, Place::Closed))
    }
}
