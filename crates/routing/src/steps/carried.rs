//! What becomes of a ticket's step as another version of the desk comes into force.

use tandem_domain::routing::StepPlace;
use tandem_domain::{AgentId, Requirement, StepId, TicketId};

use crate::state::State;

/// What a ticket asked by the version before.
pub(crate) struct Before {
    ticket: TicketId,
    requirement: Requirement,
    step: Option<StepId>,
}

impl State {
    /// What each ticket asks by the version in force.
    pub(crate) fn all_asked(&self) -> Vec<Before> {
        let asked = self.tickets.values().map(|ticket| {
            let requirement = self.requirement(ticket).clone();
            let steps = self.desk.as_ref().map(|desk| desk.steps(&requirement.queue));
            let step = steps.and_then(|steps| steps.get(usize::from(requirement.step)));
            Before {
                ticket: ticket.id,
                step: step.map(|step| step.id.clone()),
                requirement,
            }
        });
        asked.collect()
    }

    /// Works out anew what a ticket asks: in the step that has the same key, with the end that it had; where there is
    /// none, in the first one, and when that ends is decided in the turn at hand.
    pub(crate) fn reclassify(&mut self, before: &Before) {
        let Before {
            ticket: id,
            requirement,
            ..
        } = before;
        let carried = self.carried(before);
        let (step, only) = carried.clone().unwrap_or_default();
        let desk = self.desk();
        let is_last = desk.is_last_step(desk.queue_or_first(&requirement.queue), step);
        let ticket = self.ticket(*id);
        let until = ticket.step_ends().filter(|_| carried.is_some() && !is_last);
        let asked = (step, only);
        let requirement = desk.requirement(&ticket.origin.asked, &requirement.queue, requirement.channel, asked);
        let place = StepPlace {
            step,
            until,
            skipped: Vec::new(),
        };
        self.stop_deadlines(*id);
        let class = self.class_of(&requirement);
        let ticket = self.ticket_mut(*id);
        ticket.class = class;
        ticket.place = (!is_last || step > 0).then(|| Box::new(place));
        let (phase, number) = (ticket.phase, ticket.rare.arrival.map(|arrival| arrival.number));
        let same_queue = requirement.queue == before.requirement.queue;
        let arrival = self.carry_arrival(class, phase, number.filter(|_| same_queue));
        if arrival != self.ticket(*id).rare.arrival {
            self.ticket_mut(*id).rare.arrival = arrival;
        }
        self.enter(*id);
    }

    /// The same step in the version in force, and for whom it is reserved; none: the ticket begins anew.
    fn carried(&self, before: &Before) -> Option<(u16, Vec<AgentId>)> {
        let queue = &before.requirement.queue;
        let steps = self.desk().steps(queue);
        let number = steps.iter().position(|step| Some(&step.id) == before.step.as_ref())?;
        let place = u16::try_from(number).ok()?;
        if self.desk().is_last_step(queue, place) {
            return Some((place, Vec::new()));
        }
        let mut only = before.requirement.only.clone();
        only.retain(|agent| self.agents.find(agent).is_some());
        let is_reserved = steps[number].prefer.is_some();
        (is_reserved != only.is_empty()).then_some((place, only))
    }
}
