//! Who gets which ticket.

use std::cmp::Ordering;
use std::time::Duration;

use tandem_domain::desk::AgentProfile;
use tandem_domain::{AgentId, Channel, Presence, Priority, Requirement, TicketId, Timestamp};

use super::{Model, Place, Ticket};
use crate::invariants::fits;

/// Who gets which ticket.
impl Model {
    pub(super) fn match_up(&mut self) {
        self.let_go();
        while let Some((ticket, agent)) = self.best_pair() {
            self.offer(ticket, &agent, false);
        }
    }

    /// Who wanted to leave, and has nothing at hand any more, is gone.
    fn let_go(&mut self) {
        for place in 0..self.agents.len() {
            let (id, presence) = (self.agents[place].id.clone(), self.agents[place].presence);
            let idle = Channel::ALL
                .into_iter()
                .all(|channel| self.at_hand(&id, channel, None) == 0);
            if presence == Presence::Draining && idle {
                self.agents[place].presence = Presence::Offline;
            }
        }
    }

    pub(super) fn best_pair(&self) -> Option<(TicketId, AgentId)> {
        let servable = |ticket: &&Ticket| ticket.place == Place::Queued && self.best_agent(ticket).is_some();
        let servable: Vec<_> = self.tickets.iter().filter(servable).collect();
        let first = |ticket: &&&Ticket| !servable.iter().any(|other| self.before_in_queue(other, ticket));
        let ticket = servable
            .iter()
            .filter(first)
            .min_by_key(|ticket| (self.between_queues(ticket), ticket.id))?;
        Some((ticket.id, self.best_agent(ticket)?))
    }

    pub(super) fn before_in_queue(&self, one: &Ticket, other: &Ticket) -> bool {
        let key = |ticket: &Ticket| match self.policy(&ticket.queue).and_then(|policy| policy.aging) {
            Some(_) => (Priority::Urgent, self.between_queues(ticket), ticket.id),
            None => (ticket.intake.priority, ticket.opened_at, ticket.id),
        };
        let ((urgency, since, id), (other_urgency, other_since, other_id)) = (key(one), key(other));
        one.queue == other.queue && (other_urgency, since, id) < (urgency, other_since, other_id)
    }

    pub(super) fn between_queues(&self, ticket: &Ticket) -> Timestamp {
        let aging = self
            .policy(&ticket.queue)
            .and_then(|policy| policy.aging)
            .unwrap_or(Duration::from_hours(1));
        ticket.opened_at.minus(aging * ticket.intake.priority as u32)
    }

    pub(super) fn best_agent(&self, ticket: &Ticket) -> Option<AgentId> {
        let requirement = self.requirement(ticket.id);
        let can = |profile: &&AgentProfile| {
            let passed_over = ticket
                .passed_over
                .get(&profile.id)
                .is_some_and(|until| *until > self.now);
            self.online(&profile.id)
                && !passed_over
                && fits(&self.desk, profile, &requirement)
                && self.room(&profile.id, ticket.id)
        };
        self.desk
            .agents
            .iter()
            .filter(can)
            .min_by(|one, other| self.by_rank(one, other))
            .map(|best| best.id.clone())
    }

    pub(super) fn by_rank(&self, one: &AgentProfile, other: &AgentProfile) -> Ordering {
        // used ⁄ capacity, without fractions.
        let share = |agent: &AgentProfile, beside: &AgentProfile| {
            u64::from(self.used(&agent.id, None)) * u64::from(beside.capacity)
        };
        let idle = |agent: &AgentProfile| self.agent(&agent.id).idle_since;
        share(one, other)
            .cmp(&share(other, one))
            .then(idle(one).cmp(&idle(other)))
    }

    pub(super) fn requirement(&self, id: TicketId) -> Requirement {
        let ticket = self.ticket(id);
        let language = ticket.intake.language.clone().or(self.desk.default_language.clone());
        let mut skills = self
            .policy(&ticket.queue)
            .map(|policy| policy.skills.clone())
            .unwrap_or_default();
        for (skill, level) in ticket
            .intake
            .skills
            .iter()
            .filter(|(skill, _)| self.desk.skills.contains(skill))
        {
            let least = skills.get(skill).copied().unwrap_or(*level);
            skills.insert(skill.clone(), least.max(*level));
        }
        Requirement {
            language: language.map(|language| (language, self.desk.min_proficiency)),
            skills,
            ..Requirement::new(ticket.queue.clone(), ticket.intake.channel)
        }
    }
}
