//! What agents and supervisors do with tickets.

use tandem_domain::routing::{Rejection, RequeueReason, RevokeReason, RoutingEvent, TransferTarget};
use tandem_domain::{AgentId, Presence, QueueId, RoutingState, TicketId};

use crate::agents::AgentIx;
use crate::ticket::Phase;
use crate::turn::{Outcome, Turn, unknown};

use RoutingState::{Assigned, Done, Offered, OnHold, Queued, Scheduled, WrappingUp};

/// Setting aside and taking up.
impl Turn<'_> {
    pub(crate) fn hold(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        self.permit(ticket, "hold", &[Assigned])?;
        self.emit(RoutingEvent::TicketHeld { ticket });
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn resume(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        let phase = self.permit(ticket, "resume", &[OnHold])?.phase;
        let owner = phase.owner().expect("a ticket on hold is owned");
        if self.state.agents.get(owner).presence == Presence::Offline {
            return Err(self.unavailable("ticket_id", owner, "is offline"));
        }
        self.emit(RoutingEvent::TicketResumed { ticket });
        Ok(Outcome::Ticket(ticket))
    }
}

/// Handing on.
impl Turn<'_> {
    pub(crate) fn requeue(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        self.permit(ticket, "requeue", &[Offered, Assigned, OnHold, Scheduled])?;
        self.revoke_of(ticket);
        self.put_back(ticket, RequeueReason::Requested);
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn transfer(
        &mut self,
        ticket: TicketId,
        to: &TransferTarget,
        seen: Option<u64>,
    ) -> Result<Outcome, Rejection> {
        self.refuse_moved(ticket, seen)?;
        match to {
            TransferTarget::Queue(queue) if seen.is_some() && self.stands_in(ticket, queue) => {
                Ok(Outcome::Ticket(ticket))
            }
            TransferTarget::Queue(queue) => self.transfer_to_queue(ticket, queue),
            TransferTarget::Agent(agent) => self.transfer_to_agent(ticket, agent),
        }
    }

    fn stands_in(&self, ticket: TicketId, queue: &QueueId) -> bool {
        self.state.requirement(self.state.ticket(ticket)).queue == *queue
    }

    fn transfer_to_queue(&mut self, ticket: TicketId, queue: &QueueId) -> Result<Outcome, Rejection> {
        self.permit(ticket, "transfer", &[Queued, Offered, Assigned, OnHold])?;
        let desk = self.state.desk();
        if desk.queue(queue).is_none() {
            let known = desk.compiled.queues.iter().map(|queue| queue.id.as_str());
            return Err(unknown("queue", queue.as_str(), known));
        }
        self.revoke_of(ticket);
        self.put_into(queue, ticket, RequeueReason::Transferred);
        Ok(Outcome::Ticket(ticket))
    }

    fn transfer_to_agent(&mut self, ticket: TicketId, to: &AgentId) -> Result<Outcome, Rejection> {
        let phase = self
            .permit(ticket, "transfer", &[Queued, Offered, Assigned, OnHold])?
            .phase;
        let agent = self.find_agent(to)?;
        self.check_can_take(agent, ticket)?;
        self.revoke_of(ticket);
        if phase.owner().is_some() {
            self.put_back(ticket, RequeueReason::Transferred);
        }
        self.offer_directly(ticket, agent);
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn check_can_take(&self, agent: AgentIx, ticket: TicketId) -> Result<(), Rejection> {
        let ticket = self.state.ticket(ticket);
        let slot = self.state.agents.get(agent);
        let why = if ticket.is_held_by(agent) {
            "has it already".to_owned()
        } else if slot.presence != Presence::Online {
            format!("is {}", slot.presence)
        } else if !slot.available {
            "is outside the hours in which offers are made".to_owned()
        } else if !slot.has_room(self.state.demand(ticket), self.state.desk()) {
            format!("has no room ({} of {} units taken)", slot.load.used(), slot.capacity())
        } else {
            return Ok(());
        };
        Err(self.unavailable("agent", agent, &why))
    }

    /// Puts a ticket back into its queue, with its age.
    pub(crate) fn put_back(&mut self, id: TicketId, reason: RequeueReason) {
        self.revoke_of(id);
        let queue = self.state.requirement(self.state.ticket(id)).queue.clone();
        self.put_into(&queue, id, reason);
    }

    /// Puts a ticket into a queue, with its age; the queue's steps begin.
    pub(crate) fn put_into(&mut self, queue: &QueueId, ticket: TicketId, reason: RequeueReason) {
        let (requirement, place) = self.first_step_in(ticket, queue, reason);
        self.emit(RoutingEvent::TicketRequeued {
            ticket,
            requirement: requirement.into(),
            reason,
            place,
        });
    }

    /// Takes back what is offered of the ticket, and lets its helpers go.
    pub(crate) fn revoke_of(&mut self, ticket: TicketId) {
        self.revoke(ticket, RevokeReason::TicketMoved);
        self.let_helpers_go(ticket);
    }
}

/// Ending, and not.
impl Turn<'_> {
    pub(crate) fn resolve(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        self.permit(ticket, "resolve", &[Queued, Offered, Assigned, OnHold, Scheduled])?;
        self.end_service(ticket);
        Ok(Outcome::Ticket(ticket))
    }

    /// The customer is served, if that was not so before.
    pub(crate) fn end_service(&mut self, ticket: TicketId) {
        let phase = self.state.ticket(ticket).phase;
        if phase.is_over() {
            return;
        }
        self.revoke_of(ticket);
        match phase.owner() {
            Some(owner) => self.begin_wrap_up(ticket, owner),
            None => self.emit(RoutingEvent::TicketDone { ticket }),
        }
    }

    /// Wrap-up takes the full units, which a ticket from hold may not find: it is done at once then.
    fn begin_wrap_up(&mut self, ticket: TicketId, owner: AgentIx) {
        let channel = self.state.requirement(self.state.ticket(ticket)).channel;
        let wrap_up = self.state.desk().channel(channel).wrap_up;
        let assigned = matches!(self.state.ticket(ticket).phase, Phase::Assigned { .. });
        if wrap_up.is_zero() || !(assigned || self.has_full_room(owner, ticket)) {
            self.emit(RoutingEvent::TicketDone { ticket });
        } else {
            self.emit(RoutingEvent::WrapUpStarted {
                ticket,
                until: self.now().plus(wrap_up),
            });
        }
    }

    pub(crate) fn finish_wrap_up(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        self.permit(ticket, "finish wrap-up", &[WrappingUp])?;
        self.emit(RoutingEvent::TicketDone { ticket });
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn reopen(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        let phase = self.permit(ticket, "reopen", &[WrappingUp, Done])?.phase;
        match phase {
            Phase::WrappingUp { .. } => self.emit(RoutingEvent::WrapUpInterrupted { ticket }),
            _ => self.put_back(ticket, RequeueReason::Reopened),
        }
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn cancel(&mut self, ticket: TicketId) -> Result<Outcome, Rejection> {
        self.permit(
            ticket,
            "cancel",
            &[Queued, Offered, Assigned, OnHold, WrappingUp, Scheduled],
        )?;
        self.revoke_of(ticket);
        self.emit(RoutingEvent::TicketCancelled { ticket });
        Ok(Outcome::Ticket(ticket))
    }
}

impl Turn<'_> {
    /// Whether the holder of a ticket has room for its full units.
    pub(crate) fn has_full_room(&self, owner: AgentIx, ticket: TicketId) -> bool {
        let load = self.state.load_without(owner, ticket);
        let demand = self.state.demand(self.state.ticket(ticket));
        let limits = self.state.agents.get(owner).limits();
        limits.admit(&load, demand, self.state.desk().interruptions())
    }

    pub(crate) fn unavailable(&self, field: &str, agent: AgentIx, why: &str) -> Rejection {
        let agent = self.state.agents.get(agent).id.clone();
        Rejection::AgentUnavailable {
            field: field.to_owned(),
            agent,
            why: why.to_owned(),
        }
    }
}
