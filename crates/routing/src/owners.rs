//! Supervisors give tickets to agents; owners who stay away lose theirs.

use tandem_domain::routing::{OwnerChange, Rejection, RequeueReason};
use tandem_domain::{AgentId, Presence, RoutingState, TicketId, Timestamp};

use crate::agents::AgentIx;
use crate::state::State;
use crate::ticket::{Phase, Ticket};
use crate::timers::{Due, Timer, Timers};
use crate::turn::{Outcome, Turn};

use RoutingState::{Assigned, Offered, OnHold, Queued, Scheduled};

impl Turn<'_> {
    /// No offer is made: the agent has the ticket. There must be room for it, as for an offer.
    pub(crate) fn pull(&mut self, ticket: TicketId, to: &AgentId) -> Result<Outcome, Rejection> {
        if let Some(caller) = self.calling_agent()? {
            return Err(Rejection::NotSupervisor { agent: caller });
        }
        let phase = self
            .permit(ticket, "pull", &[Queued, Offered, Assigned, OnHold, Scheduled])?
            .phase;
        let agent = self.find_agent(to)?;
        self.check_signed_in(agent)?;
        if phase.owner() == Some(agent) {
            return Err(self.unavailable("agent", agent, "has it already"));
        }
        if !self.has_full_room(agent, ticket) {
            return Err(self.unavailable("agent", agent, "has no room beside the tickets at hand"));
        }
        if phase == Phase::Offered {
            self.revoke_of(ticket);
        } else {
            self.withdraw_from(agent, ticket);
        }
        self.change_owner(ticket, agent, OwnerChange::Pulled);
        Ok(Outcome::Ticket(ticket))
    }

    pub(crate) fn check_signed_in(&self, agent: AgentIx) -> Result<(), Rejection> {
        match self.state.agents.get(agent).presence {
            Presence::Offline => Err(self.unavailable("agent", agent, "is offline")),
            _ => Ok(()),
        }
    }

    /// The owner has been offline for as long as the queue lets tickets wait for their owners.
    pub(crate) fn end_absence(&mut self, ticket: TicketId) {
        self.put_back(ticket, RequeueReason::OwnerAbsent);
    }
}

impl State {
    pub(crate) fn change_owner(&mut self, id: TicketId, to: &AgentId, at: Timestamp) {
        let owner = self.agents.place(to);
        self.stop_pauses(id);
        if self.ticket(id).phase.holder().is_none() {
            let class = self.classes.get(self.ticket(id).class);
            self.pace.accepted(&class.requirement.queue, at);
        }
        let applied = self.applied;
        self.alter(id, at, |ticket| {
            (ticket.care.held_since, ticket.care.chosen) = (applied, None);
            ticket.care.moved = ticket.version;
            ticket.phase = Phase::Assigned { owner };
        });
        self.note_owner(id, owner, at);
    }

    /// When a ticket goes back to its queue because its owner is away.
    pub(crate) fn absence_deadline(&self, ticket: &Ticket) -> Option<(Timestamp, Timer)> {
        let owner = match ticket.phase {
            Phase::Assigned { owner } | Phase::OnHold { owner } => self.agents.get(owner),
            _ => return None,
        };
        if owner.presence != Presence::Offline {
            return None;
        }
        let queue = self.desk().queue(&self.requirement(ticket).queue)?;
        Some((owner.offline_since.plus(queue.absence?), Timer::OwnerAbsent))
    }

    /// Changes an agent's presence, and with it until when owned tickets wait for him or her.
    pub(crate) fn appear(&mut self, agent: AgentIx, presence: Presence, at: Timestamp) {
        self.mind_absence(agent, |timers, due| timers.stop(&due));
        let slot = self.agents.get_mut(agent);
        if presence == Presence::Offline && slot.presence != Presence::Offline {
            slot.offline_since = at;
        }
        slot.presence = presence;
        self.mind_absence(agent, Timers::start);
    }

    fn mind_absence(&mut self, agent: AgentIx, change: impl Fn(&mut Timers, Due)) {
        let items: Vec<_> = self.agents.get(agent).items.iter().map(|(_, item)| *item).collect();
        for item in items {
            if let Some((at, timer)) = self.absence_deadline(self.ticket(item)) {
                change(&mut self.timers, (at, item, timer));
            }
        }
    }

    /// A new desk file may let owners stay away for longer or shorter.
    pub(crate) fn stop_absences(&mut self) {
        for agent in self.agents.all() {
            self.mind_absence(agent, |timers, due| timers.stop(&due));
        }
    }
}
