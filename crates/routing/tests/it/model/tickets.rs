//! Tickets are moved and looked up.

use std::time::Duration;

use tandem_domain::desk::QueuePolicy;
use tandem_domain::{AgentId, Channel, Presence, QueueId, TicketId};

use super::{Agent, Model, Place, Ticket};

/// Moving tickets.
impl Model {
    /// Whoever holds it is idle from now on, if that changes.
    pub(super) fn put(&mut self, id: TicketId, place: Place) {
        let (now, before) = (self.now, self.ticket(id).place.holder().cloned());
        let after = place.holder().cloned();
        self.ticket_mut(id).place = place;
        for agent in [&before, &after].into_iter().flatten().filter(|_| before != after) {
            if let Some(agent) = self.agents.iter_mut().find(|known| known.id == *agent) {
                agent.idle_since = now;
            }
        }
    }

    /// Takes it from its holder, who is passed over for it for a while.
    pub(super) fn hand_back(&mut self, id: TicketId) {
        let holder = self.ticket(id).place.holder().cloned();
        self.put(id, Place::Queued);
        if let Some(holder) = holder {
            self.pass_over(id, &holder);
        }
    }

    pub(super) fn revoke(&mut self, id: TicketId) {
        if matches!(self.ticket(id).place, Place::Offered { .. }) {
            self.put(id, Place::Queued);
        }
    }

    pub(super) fn pass_over(&mut self, id: TicketId, agent: &AgentId) {
        let pause = self
            .policy(&self.ticket(id).queue)
            .map_or(Duration::ZERO, |policy| policy.decline_pause);
        let until = self.now.plus(pause);
        self.ticket_mut(id).passed_over.insert(agent.clone(), until);
    }

    pub(super) fn offer(&mut self, id: TicketId, to: &AgentId, direct: bool) {
        self.offers += 1;
        let ttl = self.desk.channels[&self.ticket(id).intake.channel].offer_ttl;
        let place = Place::Offered {
            to: to.clone(),
            offer: self.offers,
            until: self.now.plus(ttl),
            direct,
        };
        self.put(id, place);
        self.ticket_mut(id).since = self.offers;
    }
}

/// Looking things up.
impl Model {
    pub(super) fn ticket(&self, id: TicketId) -> &Ticket {
        self.tickets.iter().find(|ticket| ticket.id == id).unwrap()
    }

    pub(super) fn ticket_mut(&mut self, id: TicketId) -> &mut Ticket {
        self.tickets.iter_mut().find(|ticket| ticket.id == id).unwrap()
    }

    pub(super) fn ticket_channel(&self, id: TicketId) -> Option<Channel> {
        self.tickets
            .iter()
            .find(|ticket| ticket.id == id)
            .map(|ticket| ticket.intake.channel)
    }

    pub(super) fn agent(&self, id: &AgentId) -> &Agent {
        self.agents.iter().find(|agent| agent.id == *id).unwrap()
    }

    pub(super) fn agent_mut(&mut self, id: &AgentId) -> &mut Agent {
        self.agents.iter_mut().find(|agent| agent.id == *id).unwrap()
    }

    pub(super) fn policy(&self, queue: &QueueId) -> Option<&QueuePolicy> {
        self.desk.queues.iter().find(|policy| policy.id == *queue)
    }

    pub(super) fn online(&self, agent: &AgentId) -> bool {
        self.agents
            .iter()
            .any(|known| known.id == *agent && known.presence == Presence::Online)
    }

    /// What the agent holds, oldest first.
    pub(super) fn held(&self, agent: &AgentId) -> Vec<TicketId> {
        let mut held: Vec<_> = self
            .tickets
            .iter()
            .filter(|ticket| ticket.place.holder() == Some(agent))
            .collect();
        held.sort_by_key(|ticket| ticket.since);
        held.into_iter().map(|ticket| ticket.id).collect()
    }

    /// Units that the agent's tickets take, without one of them.
    pub(crate) fn used(&self, agent: &AgentId, without: Option<TicketId>) -> u32 {
        let held = self.held(agent).into_iter().filter(|id| Some(*id) != without);
        held.map(|id| {
            let ticket = self.ticket(id);
            let policy = &self.desk.channels[&ticket.intake.channel];
            if matches!(ticket.place, Place::OnHold(_)) {
                policy.hold_units
            } else {
                policy.units
            }
        })
        .sum()
    }

    pub(super) fn at_hand(&self, agent: &AgentId, channel: Channel, without: Option<TicketId>) -> u32 {
        let counts = |id: &TicketId| {
            let ticket = self.ticket(*id);
            Some(*id) != without && ticket.intake.channel == channel && !matches!(ticket.place, Place::OnHold(_))
        };
        u32::try_from(self.held(agent).into_iter().filter(counts).count()).unwrap()
    }

    /// Whether the agent has room for this ticket's full units beside everything else.
    pub(super) fn room(&self, agent: &AgentId, ticket: TicketId) -> bool {
        let profile = self.desk.agents.iter().find(|profile| profile.id == *agent).unwrap();
        let channel = self.ticket(ticket).intake.channel;
        let maximum = profile.channel_max.get(&channel).copied().unwrap_or(u32::MAX);
        self.used(agent, Some(ticket)) + self.desk.channels[&channel].units <= profile.capacity
            && self.at_hand(agent, channel, Some(ticket)) < maximum
    }
}
