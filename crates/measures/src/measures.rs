//! A desk's measures: events in, roll-ups out.

mod answers;
mod intervals;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tandem_domain::routing::{Opening, RequeueReason, RoutingEvent};
use tandem_domain::{AgentId, CompiledDesk, Event, TeamId, TicketId, Timestamp};

use crate::state::{Attendance, Desk, Progress};
use crate::ticket::{Phase, Ticket};
use crate::{Cell, Counts, Filter, Place, Zones};
pub(crate) use intervals::Intervals;

/// A record's place in the router's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its number.
    pub seq: u64,
    /// The opening that wrote it.
    pub incarnation: u64,
}

/// One desk's measures, at one place in its journal.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    pub(crate) progress: Progress,
    pub(crate) desk: Desk,
    pub(crate) tickets: BTreeMap<TicketId, Ticket>,
    pub(crate) agents: BTreeMap<AgentId, Attendance>,
    pub(crate) waiting: BTreeMap<Place, u64>,
    pub(crate) intervals: Intervals,
    pub(crate) touched: Touched,
}

/// What has changed since rows were last taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    pub(crate) tickets: BTreeSet<TicketId>,
    pub(crate) agents: BTreeSet<AgentId>,
    pub(crate) desk: bool,
}

/// Whether a ticket can still count for anything.
enum Fate {
    Stays,
    Over,
}

impl Measures {
    /// The last record that was taken.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.progress.mark
    }

    /// The time of the last event that was taken; none before the first.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        (self.progress.events > 0).then_some(self.progress.at)
    }

    /// The zones in which the desk has been.
    #[must_use]
    pub fn zones(&self) -> &Zones {
        &self.desk.zones
    }

    /// The desk file in force; none before the first.
    #[must_use]
    pub fn file(&self) -> Option<&CompiledDesk> {
        self.desk.file.as_deref()
    }

    /// The first of the filter's keys that this desk never had, as (`queues` or `teams`, key).
    #[must_use]
    pub fn unknown(&self, filter: &Filter) -> Option<(&'static str, String)> {
        let queue = filter.queues.iter().find(|queue| !self.desk.queues.contains(*queue));
        let team = filter.teams.iter().find(|team| !self.desk.teams.contains(*team));
        let queue = queue.map(|queue| ("queues", queue.to_string()));
        queue.or_else(|| team.map(|team| ("teams", team.to_string())))
    }

    /// Takes a record that is no event of the router's core.
    pub fn pass(&mut self, mark: Mark) {
        self.progress.mark = Some(mark);
    }

    /// Takes the next event; `kind` is its name. What it says of a ticket that is not known counts for nothing.
    pub fn observe(&mut self, mark: Mark, kind: &str, event: &Event<RoutingEvent>) {
        // A journal's times never go back; rows rely on it.
        let at = event.at.max(self.progress.at);
        self.progress.mark = Some(mark);
        self.progress.at = at;
        self.progress.note(mark, at, kind, &event.body);
        if let RoutingEvent::DeskActivated(file) = &event.body {
            self.activate(file, at);
        }
        self.begin_intervals(at);
        match &event.body {
            RoutingEvent::DeskActivated(_) => {}
            RoutingEvent::PresenceChanged { agent, presence } => {
                let attendance = Attendance {
                    presence: *presence,
                    since: at,
                };
                self.agents.insert(agent.clone(), attendance);
                self.touched.agents.insert(agent.clone());
            }
            about_a_ticket => match about_a_ticket.opening() {
                Some(opening) => self.open(opening, at),
                None => self.follow_ticket(about_a_ticket, at),
            },
        }
    }

    fn open(&mut self, opening: Opening<'_>, at: Timestamp) {
        let teams = self.desk.serving(&opening.requirement.queue);
        let opened = Ticket::new(opening.intake, opening.requirement, teams, at);
        self.count(&opened, None, |counts| counts.received += 1);
        self.begin_waiting(&opened);
        self.keep(opening.ticket, opened);
    }

    fn activate(&mut self, file: &CompiledDesk, at: Timestamp) {
        self.desk.adopt(file, at);
        self.touched.desk = true;
        self.intervals.end_all();
        let gone = |agent: &AgentId| file.agents.iter().all(|profile| profile.id != *agent);
        let gone: Vec<_> = self.agents.keys().filter(|agent| gone(agent)).cloned().collect();
        for agent in gone {
            self.agents.remove(&agent);
            self.touched.agents.insert(agent);
        }
    }

    fn follow_ticket(&mut self, body: &RoutingEvent, at: Timestamp) {
        let Some(id) = body.ticket() else { return };
        let Some(mut ticket) = self.tickets.remove(&id) else {
            return;
        };
        match self.follow(&mut ticket, body, at) {
            Fate::Stays => self.keep(id, ticket),
            Fate::Over => drop(self.touched.tickets.insert(id)),
        }
    }

    fn keep(&mut self, id: TicketId, ticket: Ticket) {
        self.tickets.insert(id, ticket);
        self.touched.tickets.insert(id);
    }

    fn follow(&mut self, ticket: &mut Ticket, body: &RoutingEvent, at: Timestamp) -> Fate {
        match body {
            RoutingEvent::OfferIssued { agent, .. } => {
                let offered = ticket.offered_to(agent);
                self.shift(ticket, offered, at);
                self.count(ticket, Some(agent), |counts| counts.offered += 1);
            }
            RoutingEvent::OfferAccepted { agent, .. } => self.accept(ticket, agent, at),
            RoutingEvent::OfferDeclined { agent, .. } => {
                self.end_offer(ticket, agent, at);
                self.count(ticket, Some(agent), |counts| counts.declined += 1);
            }
            RoutingEvent::OfferExpired { agent, .. } => {
                self.end_offer(ticket, agent, at);
                self.count(ticket, Some(agent), |counts| counts.missed += 1);
            }
            RoutingEvent::OfferRevoked { agent, .. } => self.end_offer(ticket, agent, at),
            RoutingEvent::TicketHeld { .. } => self.pass_on(ticket, Phase::OnHold, at),
            RoutingEvent::TicketResumed { .. } => self.pass_on(ticket, Phase::Assigned, at),
            RoutingEvent::TicketRequeued {
                requirement, reason, ..
            } => {
                if *reason == RequeueReason::Reopened {
                    self.count(ticket, None, |counts| counts.reopened += 1);
                }
                self.cease_waiting(ticket);
                ticket.shift(Phase::Queued, at);
                ticket.enter(requirement, self.desk.serving(&requirement.queue));
                self.begin_waiting(ticket);
            }
            RoutingEvent::WrapUpStarted { .. } => {
                self.pass_on(ticket, Phase::WrappingUp, at);
                self.count_resolved(ticket);
            }
            RoutingEvent::WrapUpInterrupted { .. } => {
                self.pass_on(ticket, Phase::Assigned, at);
                self.count(ticket, None, |counts| counts.reopened += 1);
            }
            RoutingEvent::TicketDone { .. } => self.finish(ticket, at),
            RoutingEvent::TicketAbandoned { .. } => {
                self.abandon(ticket, at);
                return Fate::Over;
            }
            RoutingEvent::OwnerChanged { to, .. } => self.take(ticket, to, at),
            RoutingEvent::TicketScheduled { .. } => self.shift(ticket, Phase::Scheduled, at),
            RoutingEvent::TicketCancelled { .. }
            | RoutingEvent::TicketClosed { .. }
            | RoutingEvent::TicketMerged { .. } => {
                self.cease_waiting(ticket);
                return Fate::Over;
            }
            RoutingEvent::AnswerAdded {
                message,
                author,
                visible: true,
                ..
            } => {
                self.answer(ticket, *message, author.as_ref(), at);
            }
            RoutingEvent::AnswerFailed { message, .. } => self.fail_answer(ticket, *message),
            _ => {}
        }
        Fate::Stays
    }

    /// Its owner goes on with it in another way.
    fn pass_on(&mut self, ticket: &mut Ticket, phase: fn(AgentId) -> Phase, at: Timestamp) {
        if let Some(owner) = ticket.phase.owner().cloned() {
            self.shift(ticket, phase(owner), at);
        }
    }

    fn shift(&mut self, ticket: &mut Ticket, phase: Phase, at: Timestamp) {
        match (ticket.phase.waits(), phase.waits()) {
            (true, false) => self.cease_waiting(ticket),
            (false, true) => self.begin_waiting(ticket),
            _ => {}
        }
        ticket.shift(phase, at);
    }

    fn end_offer(&mut self, ticket: &mut Ticket, agent: &AgentId, at: Timestamp) {
        let offered = ticket.offered_without(agent);
        self.shift(ticket, offered, at);
    }

    fn accept(&mut self, ticket: &mut Ticket, agent: &AgentId, at: Timestamp) {
        self.count(ticket, Some(agent), |counts| counts.accepted += 1);
        self.take(ticket, agent, at);
    }

    /// An agent has the ticket from now on, by an offer or without one.
    fn take(&mut self, ticket: &mut Ticket, agent: &AgentId, at: Timestamp) {
        self.shift(ticket, Phase::Assigned(agent.clone()), at);
        if std::mem::replace(&mut ticket.accepted, true) {
            return;
        }
        let took = ticket.waited(at);
        let level = self.level(ticket);
        let teams = self.desk.credited(agent, &ticket.teams);
        self.add(ticket, &teams, |cell| cell.time_to_accept.add(took));
        if let Some(within) = level {
            self.count(ticket, Some(agent), |counts| {
                counts.level_due += 1;
                counts.level_met += u64::from(took <= within);
            });
        }
    }

    /// A customer who leaves before the service level's time is over gave the desk no chance to meet it.
    fn abandon(&mut self, ticket: &mut Ticket, at: Timestamp) {
        let waited = ticket.waited(at);
        let too_late = !ticket.accepted && self.level(ticket).is_some_and(|within| waited > within);
        self.cease_waiting(ticket);
        self.count(ticket, None, |counts| {
            counts.abandoned += 1;
            counts.level_due += u64::from(too_late);
        });
    }

    fn level(&self, ticket: &Ticket) -> Option<std::time::Duration> {
        let level = self.desk.file.as_ref()?.service_levels.get(&ticket.channel)?;
        Some(level.within)
    }

    fn finish(&mut self, ticket: &mut Ticket, at: Timestamp) {
        let owner = ticket.phase.owner().cloned();
        if !matches!(ticket.phase, Phase::WrappingUp(_)) {
            self.count_resolved(ticket);
        }
        self.shift(ticket, Phase::Done(owner.clone()), at);
        if let Some(handled) = ticket.take_handled() {
            let teams = self.teams(ticket, owner.as_ref());
            self.add(ticket, &teams, |cell| cell.handling.add(handled));
        }
    }

    fn count_resolved(&mut self, ticket: &Ticket) {
        let owner = ticket.phase.owner().cloned();
        self.count(ticket, owner.as_ref(), |counts| counts.resolved += 1);
    }

    /// The teams for which something counts: the agent's, or those that may serve the ticket if nobody did it.
    pub(crate) fn teams(&self, ticket: &Ticket, agent: Option<&AgentId>) -> Vec<TeamId> {
        match agent {
            Some(agent) => self.desk.credited(agent, &ticket.teams),
            None => ticket.teams.clone(),
        }
    }

    /// Counts something that `agent`, or nobody, did with the ticket.
    pub(crate) fn count(&mut self, ticket: &Ticket, agent: Option<&AgentId>, change: impl Fn(&mut Counts)) {
        let teams = self.teams(ticket, agent);
        self.add(ticket, &teams, |cell| change(&mut cell.counts));
        change(self.progress.today.queues.entry(ticket.queue.clone()).or_default());
    }

    pub(crate) fn add(&mut self, ticket: &Ticket, teams: &[TeamId], change: impl Fn(&mut Cell)) {
        for place in ticket.places(teams) {
            self.intervals.change(&place, &change);
        }
    }
}
