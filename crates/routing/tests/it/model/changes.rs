//! The desk file and the time change.

use std::time::Duration;

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, Channel, CompiledDesk, Presence, QueueId, TicketId, Timestamp};

use super::{Model, Place};
use crate::invariants::fits;

/// The desk file changes.
impl Model {
    pub(super) fn activate(&mut self, desk: &CompiledDesk) -> Option<()> {
        let missing = |queue: &QueueId| desk.queues.iter().all(|policy| policy.id != *queue);
        let served = |place: &Place| matches!(place, Place::Done(..) | Place::Closed);
        if self
            .tickets
            .iter()
            .any(|ticket| !served(&ticket.place) && missing(&ticket.queue))
        {
            return None;
        }
        for ticket in self.tickets.iter_mut().filter(|ticket| missing(&ticket.queue)) {
            ticket.queue = desk.queues[0].id.clone();
        }
        self.desk = desk.clone();
        self.change_staff();
        self.revoke_misfits();
        Some(())
    }

    pub(super) fn change_staff(&mut self) {
        let before = std::mem::replace(&mut self.agents, Self::new(self.desk.clone(), self.now).agents);
        for agent in before {
            match self.agents.iter_mut().find(|kept| kept.id == agent.id) {
                Some(kept) => *kept = agent,
                None => self.release(&agent.id),
            }
        }
    }

    pub(super) fn release(&mut self, agent: &AgentId) {
        for ticket in self.held(agent) {
            match self.ticket(ticket).place {
                Place::WrappingUp(..) => self.done(ticket, Some(agent.clone())),
                _ => self.ticket_mut(ticket).place = Place::Queued,
            }
        }
    }

    pub(super) fn revoke_misfits(&mut self) {
        for agent in self.desk.agents.clone() {
            for ticket in self.held(&agent.id).into_iter().rev() {
                let by_hand = matches!(self.ticket(ticket).place, Place::Offered { direct: true, .. });
                if self.overbooked(&agent) || !(by_hand || fits(&self.desk, &agent, &self.requirement(ticket))) {
                    self.revoke(ticket);
                }
            }
        }
    }

    pub(super) fn overbooked(&self, agent: &AgentProfile) -> bool {
        let too_many = |(channel, maximum): (&Channel, &u32)| self.at_hand(&agent.id, *channel, None) > *maximum;
        self.used(&agent.id, None) > agent.capacity || agent.channel_max.iter().any(too_many)
    }
}

/// Time passes.
impl Model {
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now.plus(time);
        while let Some(at) = self.next_due().filter(|at| *at <= end) {
            self.now = at;
            for ticket in 1..=self.tickets.len() as u64 {
                self.end_of_time(TicketId(ticket));
            }
            self.match_up();
        }
        self.now = end;
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let deadlines = self.tickets.iter().filter_map(|ticket| ticket.place.deadline());
        let pauses = self
            .tickets
            .iter()
            .flat_map(|ticket| ticket.passed_over.values().copied());
        deadlines.chain(pauses.filter(|until| *until > self.now)).min()
    }

    pub(super) fn end_of_time(&mut self, id: TicketId) {
        let place = self.ticket(id).place.clone();
        if place.deadline().is_none_or(|at| at > self.now) {
            return;
        }
        match place {
            Place::Offered { to, .. } => self.miss(id, &to),
            Place::WrappingUp(owner, _) => self.done(id, Some(owner)),
            _ => self.put(id, Place::Closed),
        }
    }

    pub(super) fn miss(&mut self, ticket: TicketId, agent: &AgentId) {
        self.put(ticket, Place::Queued);
        self.pass_over(ticket, agent);
        let limit = self
            .policy(&self.ticket(ticket).queue)
            .map_or(0, |policy| policy.max_missed);
        let agent = self.agent_mut(agent);
        agent.missed += 1;
        if limit > 0 && agent.missed >= limit {
            agent.presence = Presence::NotResponding;
            let id = agent.id.clone();
            self.revoke_from_absent(&id);
        }
    }
}
