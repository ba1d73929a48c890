//! Why a ticket is where it is: what each agent lacks for it now.

use std::cmp::Reverse;

use tandem_domain::explain::{Candidate, Explanation, Lack};
use tandem_domain::expression::Expression;
use tandem_domain::{AgentId, LanguageTag, Presence, Proficiency, Requirement, TicketId, Timestamp};

use crate::agents::{Agent, AgentIx};
use crate::desk::Desk;
use crate::requirement::proficiency;
use crate::state::State;
use crate::summary;
use crate::ticket::{Phase, Ticket};

/// So many agents are looked at one by one, those who fit first. With ten thousand on the desk an explanation takes a
/// millisecond of the desk's time, and not twenty.
const LOOKED_AT: usize = 1_000;
/// So many of them are told of.
const LISTED: usize = 200;

impl State {
    pub(crate) fn explain(&self, id: TicketId, now: Timestamp) -> Option<Explanation> {
        let ticket = self.tickets.get(id)?;
        let view = self.view(ticket);
        let candidates = self.candidates(ticket, now);
        let changes = self.changes(ticket, &candidates);
        let next_change = changes.first().map(|change| change.at);
        let crowd = Crowd {
            agents: self.agents.in_order().len(),
            fit: self.classes.get(ticket.class).fit.count(),
        };
        Some(Explanation {
            age: now.since(ticket.opened_at),
            summary: summary::of(&view, ticket.ranking(), (&candidates, crowd), next_change, self),
            position: self.position(ticket),
            queue_position: self.place_in_queue(ticket),
            estimated_wait: self.estimated_wait(ticket, now),
            steps: u16::try_from(self.desk().steps(&view.requirement.queue).len().max(1)).unwrap_or(u16::MAX),
            chosen: ticket.ranking().cloned(),
            wishes: self.wishes(ticket, &candidates),
            agents: u32::try_from(crowd.agents).unwrap_or(u32::MAX),
            fit: u32::try_from(crowd.fit).unwrap_or(u32::MAX),
            candidates,
            next_change,
            changes,
            ticket: view,
        })
    }

    fn position(&self, ticket: &Ticket) -> Option<u32> {
        let waits = ticket.phase == Phase::Queued;
        waits.then(|| u32::try_from(self.tickets_ahead(ticket) + 1).unwrap_or(u32::MAX))
    }

    /// First those who lack nothing, as ranked; then by how little is missing, what
    /// cannot change by the hour (team, skill, language) weighing most.
    fn candidates(&self, ticket: &Ticket, now: Timestamp) -> Vec<Candidate> {
        let mut lacking: Vec<_> = self
            .looked_at(ticket)
            .map(|agent| (self.lacks(agent, ticket, now), self.merit(agent, ticket.class), agent))
            .collect();
        lacking.sort_by_key(|(lacks, merit, _)| (unfitness(lacks), lacks.len(), Reverse(passing(lacks)), *merit));
        let listed = lacking.into_iter().take(LISTED).zip(1..);
        let ranked = listed.map(|((lacks, _, agent), place)| Candidate {
            agent: self.agent_id(agent),
            rank: lacks.is_empty().then_some(place),
            lacks,
        });
        ranked.collect()
    }

    fn looked_at(&self, ticket: &Ticket) -> impl Iterator<Item = AgentIx> {
        let fit = &self.classes.get(ticket.class).fit;
        let agents = self.agents.in_order().iter().copied();
        let (fitting, others) = (agents.clone(), agents);
        let fitting = fitting.filter(|agent| fit.contains(agent.at()));
        fitting
            .chain(others.filter(|agent| !fit.contains(agent.at())))
            .take(LOOKED_AT)
    }

    fn agent_id(&self, agent: AgentIx) -> AgentId {
        self.agents.get(agent).id.clone()
    }

    /// What keeps the agent from the ticket. What the ticket itself takes does not count.
    fn lacks(&self, agent: AgentIx, ticket: &Ticket, now: Timestamp) -> Vec<Lack> {
        let slot = self.agents.get(agent);
        let mut lacks = abilities_lacking(slot, self.requirement(ticket), self.desk());
        if slot.presence != Presence::Online {
            lacks.push(Lack::Presence { is: slot.presence });
        } else if !slot.available {
            lacks.push(Lack::OutOfHours { until: slot.edge });
        }
        lacks.extend(self.room_lacking(agent, ticket));
        lacks.extend(ticket.passes_over(agent, now).map(|until| Lack::PassedOver { until }));
        lacks
    }

    fn room_lacking(&self, agent: AgentIx, ticket: &Ticket) -> impl Iterator<Item = Lack> + use<> {
        let (limits, load) = (self.agents.get(agent).limits(), self.load_without(agent, ticket.id));
        let demand = self.demand(ticket);
        let (needs, channel) = (demand.units, demand.channel);
        let free = limits.free(&load, channel, self.desk().interruptions());
        let (has, maximum) = (load.at_hand[channel as usize], limits.channel_max(channel));
        let units = (needs > free).then_some(Lack::Capacity { needs, free });
        units
            .into_iter()
            .chain((has >= maximum).then_some(Lack::ChannelMaximum { has, maximum }))
    }
}

/// How many agents there are, and how many of them fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) agents: usize,
    pub(crate) fit: usize,
}

pub(crate) fn abilities_lacking(agent: &Agent, requirement: &Requirement, desk: &Desk) -> Vec<Lack> {
    let Some(profile) = &agent.profile else {
        return Vec::new();
    };
    let mut lacks = Vec::new();
    if !desk.is_in_pool(profile, requirement) {
        let needs = desk.pool(requirement).to_vec();
        lacks.push(Lack::Team { needs });
    }
    let skills = requirement
        .skills
        .iter()
        .map(|(skill, needs)| (skill, *needs, profile.skills.get(skill).copied()));
    let too_low = skills.filter(|(_, needs, has)| *has < Some(*needs));
    lacks.extend(too_low.map(|(skill, needs, has)| Lack::Skill {
        skill: skill.clone(),
        needs,
        has,
    }));
    let language = requirement.language.as_ref();
    lacks.extend(language.and_then(|(tag, needs)| language_lacking(tag, *needs, proficiency(profile, tag))));
    let unmet = requirement
        .expression
        .iter()
        .flat_map(|expression| expression.unmet(profile));
    lacks.extend(unmet.map(|term| Lack::Term {
        needs: Expression::Term(term).to_string(),
    }));
    if !(requirement.only.is_empty() || requirement.only.contains(&agent.id)) {
        let only = requirement.only.clone();
        lacks.push(Lack::Reserved { only });
    }
    lacks
}

fn language_lacking(language: &LanguageTag, needs: Proficiency, has: Option<Proficiency>) -> Option<Lack> {
    (has < Some(needs)).then(|| Lack::Language {
        language: language.clone(),
        needs,
        has,
    })
}

/// How many lacks are of a kind that only training or a new desk file ends.
fn unfitness(lacks: &[Lack]) -> usize {
    lacks.iter().filter(|lack| is_ability(lack)).count()
}

/// Whether all that is missing passes by itself.
fn passing(lacks: &[Lack]) -> bool {
    lacks.iter().all(|lack| {
        matches!(
            lack,
            Lack::PassedOver { .. } | Lack::Capacity { .. } | Lack::ChannelMaximum { .. }
        )
    })
}

pub(crate) fn is_ability(lack: &Lack) -> bool {
    match lack {
        Lack::Team { .. } | Lack::Skill { .. } | Lack::Language { .. } | Lack::Term { .. } | Lack::Reserved { .. } => {
            true
        }
        Lack::Presence { .. }
        | Lack::OutOfHours { .. }
        | Lack::Capacity { .. }
        | Lack::ChannelMaximum { .. }
        | Lack::PassedOver { .. } => false,
    }
}
