//! Which terms apply, and what happens to running clocks when others come to apply: what has elapsed is
//! kept.

use std::time::Duration;

use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent, Terms, TicketFacts};
use tandem_domain::{CompiledDesk, QueueId, TicketId, Timestamp};

use crate::rules::{Rules, plan_of};
use crate::turn::Turn;

impl Turn<'_> {
    /// What applies to a clock by its ticket's facts as they are now.
    pub(crate) fn terms(&self, id: ClockId) -> Terms {
        let ticket = self.state.tickets.get(&id.ticket);
        ticket.map_or_else(Terms::default, |ticket| self.state.rules.terms(&ticket.facts, id.kind))
    }

    pub(crate) fn change_facts(&mut self, ticket: TicketId, at: Timestamp, change: impl FnOnce(&mut TicketFacts)) {
        self.change_ticket(ticket, |ticket| change(&mut ticket.facts));
        let clocks = self.state.clocks_of(ticket).filter(|(_, clock)| clock.is_live());
        let changed = clocks.filter(|(id, clock)| self.terms(*id) != clock.terms);
        let changed: Vec<_> = changed
            .map(|(id, clock)| (id, clock.elapsed(at, &self.state.rules)))
            .collect();
        self.retarget(changed, at);
    }

    /// Another version of the desk came into force.
    pub(crate) fn adopt(&mut self, desk: &CompiledDesk, at: Timestamp) {
        let rules = Rules::new(plan_of(desk));
        let moved = self.moved_by(&rules);
        let changed = self.changed_by(&rules, &moved, at);
        self.emit(EscalationEvent::PlanAdopted(Box::new(rules.plan)));
        for (ticket, queue) in moved {
            self.change_ticket(ticket, |ticket| ticket.facts.queue = queue);
        }
        self.retarget(changed, at);
    }

    /// Resolved tickets whose queue was dropped; the router puts them into the first one.
    fn moved_by(&self, rules: &Rules) -> Vec<(TicketId, QueueId)> {
        let tickets = self.state.tickets.iter();
        let moved = tickets.filter_map(|(id, ticket)| Some((*id, rules.refuge(&ticket.facts.queue)?.clone())));
        moved.collect()
    }

    /// Clocks to which something else will apply, with what has elapsed by the rules so far.
    fn changed_by(&self, rules: &Rules, moved: &[(TicketId, QueueId)], at: Timestamp) -> Vec<(ClockId, Duration)> {
        let clocks = self.state.clocks.iter().filter(|(_, clock)| clock.is_live());
        let changed = clocks.filter(|(id, clock)| {
            let ticket = &self.state.tickets[&id.ticket];
            let mut facts = ticket.facts.clone();
            if let Ok(place) = moved.binary_search_by_key(&id.ticket, |(ticket, _)| *ticket) {
                facts.queue = moved[place].1.clone();
            }
            rules.terms(&facts, id.kind) != clock.terms || self.state.rules.differ_in(&clock.terms, rules)
        });
        changed
            .map(|(id, clock)| (*id, clock.elapsed(at, &self.state.rules)))
            .collect()
    }

    fn retarget(&mut self, clocks: Vec<(ClockId, Duration)>, retargeted_at: Timestamp) {
        for (clock, elapsed) in clocks {
            self.emit(EscalationEvent::Clock(
                clock,
                ClockEvent::Retargeted {
                    retargeted_at,
                    elapsed,
                    terms: self.terms(clock),
                },
            ));
        }
    }
}
