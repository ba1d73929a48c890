//! Events change the state; nothing else does.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::{
    Acknowledgement, ClockEvent, ClockId, EscalationEvent, RungView, Standing, Step, Terms, TicketFacts,
};
use tandem_domain::{AgentId, EscalationId, Event, MessageId, TicketId, Timestamp};

use crate::clock::{Clock, Run, Running};
use crate::rules::Rules;
use crate::state::{Escalation, State, Ticket};

impl State {
    /// Replays one event.
    pub(crate) fn apply(&mut self, event: &Event<EscalationEvent>) {
        self.just_closed.forget_old(event.at);
        match &event.body {
            EscalationEvent::PlanAdopted(plan) => {
                self.rules = Rules::new((**plan).clone());
                self.reschedule_all();
            }
            EscalationEvent::TicketFollowed {
                ticket,
                facts,
                standing,
                owner,
            } => self.follow(*ticket, facts, *standing, owner.as_ref()),
            EscalationEvent::AnswerCounted {
                ticket,
                message,
                answered_at,
            } => self.change_answers(*ticket, |answers| answers.push((*message, *answered_at))),
            EscalationEvent::AnswerDiscounted { ticket, message } => {
                self.change_answers(*ticket, |answers| answers.retain(|(known, _)| known != message));
            }
            EscalationEvent::Clock(clock, ClockEvent::Started { since, terms }) => {
                self.clocks.insert(*clock, Clock::started(*since, terms.clone()));
                self.reschedule(*clock);
            }
            EscalationEvent::Clock(clock, happened) => self.change(*clock, |clock| clock.apply(happened)),
            EscalationEvent::RungReached {
                escalation,
                clock,
                step,
                due_at,
                late_by,
            } => self.reach(*escalation, *clock, step, (*due_at, *late_by)),
            EscalationEvent::PriorityRaiseAsked { .. } | EscalationEvent::MoveAsked { .. } => {}
            EscalationEvent::ContactsTold(telling) => self.last_notification = telling.notification,
            EscalationEvent::EscalationAcknowledged { escalation } => {
                let by = event.actor.clone();
                self.acknowledge(*escalation, Acknowledgement { by, at: event.at });
            }
            EscalationEvent::TicketForgotten { ticket } => self.forget(*ticket, event.at),
            EscalationEvent::RouterFollowed {
                through,
                incarnation,
                versions,
            } => self.know(*through, *incarnation, versions),
            EscalationEvent::BegunAnew => self.begin_anew(),
        }
    }

    fn follow(&mut self, id: TicketId, facts: &TicketFacts, standing: Standing, owner: Option<&AgentId>) {
        let known = self.tickets.remove(&id);
        let (version, answers) = known.map_or((0, Vec::new()), |known| (known.version, known.answers));
        let ticket = Ticket {
            facts: facts.clone(),
            standing,
            owner: owner.cloned(),
            version,
            answers,
        };
        self.tickets.insert(id, ticket);
    }

    fn change_answers(&mut self, ticket: TicketId, change: impl FnOnce(&mut Vec<(MessageId, Timestamp)>)) {
        if let Some(ticket) = self.tickets.get_mut(&ticket) {
            change(&mut ticket.answers);
        }
    }

    fn know(&mut self, through: u64, incarnation: u64, versions: &BTreeMap<TicketId, u64>) {
        self.followed = (through, incarnation);
        for (ticket, version) in versions {
            if let Some(ticket) = self.tickets.get_mut(ticket) {
                ticket.version = *version;
            }
        }
    }

    fn change(&mut self, id: ClockId, change: impl FnOnce(&mut Clock)) {
        if let Some(clock) = self.clocks.get_mut(&id) {
            change(clock);
        }
        self.reschedule(id);
    }

    fn reach(&mut self, id: EscalationId, clock: ClockId, step: &Step, (due_at, late_by): (Timestamp, Duration)) {
        let escalation = self.escalations.entry(id).or_insert_with(|| Escalation {
            clock,
            rungs: Vec::new(),
            acknowledged: None,
        });
        escalation.rungs.push(RungView {
            step: step.clone(),
            due_at,
            late_by,
        });
        self.last_escalation = self.last_escalation.max(id);
        let rung = self.rules.rung(&step.ladder, step.rung);
        let key = rung.map(|rung| (step.ladder.clone(), rung.at));
        self.change(clock, |clock| {
            clock.escalation = Some(id);
            if let Some(key) = key {
                *clock.reached.entry(key).or_default() += 1;
            }
        });
    }

    fn acknowledge(&mut self, id: EscalationId, acknowledgement: Acknowledgement) {
        if let Some(escalation) = self.escalations.get_mut(&id) {
            escalation.acknowledged = Some(acknowledgement);
            let clock = escalation.clock;
            self.reschedule(clock);
        }
    }

    fn forget(&mut self, ticket: TicketId, at: Timestamp) {
        let clocks: Vec<_> = self.clocks_of(ticket).map(|(id, _)| id).collect();
        for id in clocks {
            let view = self.clock_view(id);
            let escalation = self.clocks[&id].escalation;
            let escalated = escalation.and_then(|id| self.escalation_view(id));
            if let Some(view) = view {
                self.just_closed.add_clock(at, view, escalation);
            }
            if let Some(view) = escalated {
                self.just_closed.add_escalation(at, view);
            }
            escalation.map(|id| self.escalations.remove(&id));
            if let Some((due, _)) = self.clocks.remove(&id).and_then(|clock| clock.next) {
                self.due.remove(&(due, id));
            }
        }
        self.tickets.remove(&ticket);
    }

    /// Numbers go on, so that nothing new gets an old one's.
    fn begin_anew(&mut self) {
        *self = Self {
            last_escalation: self.last_escalation,
            last_notification: self.last_notification,
            ..Self::new(&self.desk)
        };
    }
}

impl Clock {
    fn apply(&mut self, happened: &ClockEvent) {
        match happened {
            ClockEvent::Started { since, terms } => *self = Self::started(*since, terms.clone()),
            ClockEvent::Paused { elapsed, .. } => self.run = Run::Paused { elapsed: *elapsed },
            ClockEvent::Resumed { since } => self.resume(*since),
            ClockEvent::Met {
                met_at,
                elapsed,
                answer,
            } => {
                self.run = Run::Met {
                    at: *met_at,
                    elapsed: *elapsed,
                    answer: *answer,
                    ran: self.ran(),
                };
            }
            ClockEvent::Breached { due_at, .. } => self.breached_at = Some(*due_at),
            ClockEvent::Cancelled { cancelled_at, elapsed } => {
                let (at, elapsed) = (*cancelled_at, *elapsed);
                self.run = Run::Cancelled { at, elapsed };
            }
            ClockEvent::Reopened {
                reopened_at,
                since,
                elapsed,
                terms,
            } => {
                let (since, elapsed) = (*since, *elapsed);
                self.run = Run::Running(Running { since, elapsed });
                self.adopt(terms, *reopened_at);
            }
            ClockEvent::Retargeted {
                retargeted_at,
                elapsed,
                terms,
            } => {
                self.rebase(*retargeted_at, *elapsed);
                self.adopt(terms, *retargeted_at);
            }
        }
    }

    fn adopt(&mut self, terms: &Terms, at: Timestamp) {
        self.terms = terms.clone();
        self.floor = at;
    }

    fn resume(&mut self, since: Timestamp) {
        if let Run::Paused { elapsed } = self.run {
            self.run = Run::Running(Running { since, elapsed });
        }
    }

    /// Counts from `at` on, with `elapsed` until then.
    fn rebase(&mut self, at: Timestamp, elapsed: Duration) {
        self.run = match self.run {
            Run::Running(_) => Run::Running(Running { since: at, elapsed }),
            Run::Paused { .. } => Run::Paused { elapsed },
            over => over,
        };
    }

    /// Whether it ran until it was met: now, or before by another answer.
    const fn ran(&self) -> bool {
        match self.run {
            Run::Running(_) => true,
            Run::Met { ran, .. } => ran,
            Run::Paused { .. } | Run::Cancelled { .. } => false,
        }
    }
}
