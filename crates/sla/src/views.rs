//! What readers get.

use std::ops::Bound;

use tandem_domain::escalation::{Answer, ClockFilter, ClockId, ClockView, EscalationFilter, EscalationView, Query};
use tandem_domain::{EscalationId, Timestamp};

use crate::clock::Run;
use crate::preview::preview;
use crate::state::State;

impl State {
    pub(crate) fn answer(&self, query: &Query) -> Answer {
        match query {
            Query::Clocks { filter, after, limit } => Answer::Clocks(self.list_clocks(filter, *after, *limit)),
            Query::Escalations { filter, after, limit } => {
                Answer::Escalations(self.list_escalations(filter, *after, *limit))
            }
            Query::Preview { facts, opened_at } => Answer::Preview(preview(&self.rules, facts, *opened_at)),
            Query::Followed => {
                let (seq, incarnation) = self.followed;
                Answer::Followed { seq, incarnation }
            }
        }
    }

    /// None: no such clock, or its ticket is closed.
    pub(crate) fn clock_view(&self, id: ClockId) -> Option<ClockView> {
        let (clock, ticket) = (self.clocks.get(&id)?, self.tickets.get(&id.ticket)?);
        let (elapsed, running_since) = match clock.run {
            Run::Running(running) => (running.elapsed, Some(running.since)),
            Run::Paused { elapsed } | Run::Met { elapsed, .. } | Run::Cancelled { elapsed, .. } => (elapsed, None),
        };
        Some(ClockView {
            id,
            state: clock.state(),
            terms: clock.terms.clone(),
            queue: ticket.facts.queue.clone(),
            priority: ticket.facts.priority,
            started_at: clock.started_at,
            elapsed,
            running_since,
            deadline: clock.deadline(&self.rules),
            breached_at: clock.breached_at,
            ended_at: clock.ended_at(),
        })
    }

    /// None: no such escalation, or its ticket is closed.
    pub(crate) fn escalation_view(&self, id: EscalationId) -> Option<EscalationView> {
        let escalation = self.escalations.get(&id)?;
        let clock = self.clocks.get(&escalation.clock)?;
        let ticket = self.tickets.get(&escalation.clock.ticket)?;
        Some(EscalationView {
            id,
            clock: escalation.clock,
            queue: ticket.facts.queue.clone(),
            priority: ticket.facts.priority,
            open: clock.is_live() && escalation.acknowledged.is_none(),
            rungs: escalation.rungs.clone(),
            acknowledged: escalation.acknowledged.clone(),
            ended_at: clock.ended_at(),
        })
    }

    fn list_clocks(&self, filter: &ClockFilter, after: Option<ClockId>, limit: usize) -> Vec<ClockView> {
        let of_ticket = |id: &ClockId| filter.ticket.is_none_or(|ticket| ticket == id.ticket);
        let ids = self.clocks.range(behind(after)).map(|(id, _)| id);
        let views = ids.filter(|id| of_ticket(id)).filter_map(|id| self.clock_view(*id));
        let fit = views.filter(|view| {
            view.terms.target.is_some()
                && filter.state.is_none_or(|state| state == view.state)
                && filter.queue.as_ref().is_none_or(|queue| *queue == view.queue)
        });
        fit.take(limit).collect()
    }

    fn list_escalations(
        &self,
        filter: &EscalationFilter,
        after: Option<EscalationId>,
        limit: usize,
    ) -> Vec<EscalationView> {
        let ids = self.escalations.range(behind(after)).map(|(id, _)| id);
        let views = ids.filter_map(|id| self.escalation_view(*id));
        let fit = views.filter(|view| {
            (view.open || !filter.open_only)
                && filter.ticket.is_none_or(|ticket| ticket == view.clock.ticket)
                && filter.queue.as_ref().is_none_or(|queue| *queue == view.queue)
        });
        fit.take(limit).collect()
    }
}

/// A page begins where the one before ended, however long the list is.
fn behind<T>(after: Option<T>) -> (Bound<T>, Bound<T>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

/// When the next thing happens by itself; for tests and previews.
impl State {
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }
}
