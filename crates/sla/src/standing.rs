//! What starts, pauses, resumes and ends a ticket's clocks.

use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent, Standing, TicketFacts};
use tandem_domain::{AgentId, ClockKind, MessageId, TicketId, Timestamp};

use crate::clock::{Clock, Run, Running};
use crate::state::Ticket;
use crate::turn::Turn;

/// The response clocks wait for an answer.
const RESPONSES: [ClockKind; 2] = [ClockKind::FirstResponse, ClockKind::NextResponse];

/// Beginning and end.
impl Turn<'_> {
    pub(crate) fn start_ticket(&mut self, ticket: TicketId, facts: TicketFacts, since: Timestamp) {
        self.emit(EscalationEvent::TicketFollowed {
            ticket,
            facts: Box::new(facts),
            standing: Standing::Open,
            owner: None,
        });
        for kind in [ClockKind::Accept, ClockKind::FirstResponse, ClockKind::Resolution] {
            self.start(ticket, kind, since);
        }
    }

    fn start(&mut self, ticket: TicketId, kind: ClockKind, since: Timestamp) -> Option<ClockId> {
        let known = self.state.tickets.get(&ticket)?;
        let terms = self.state.rules.terms(&known.facts, kind);
        let before = self.state.clocks_of(ticket).filter(|(id, _)| id.kind == kind).count();
        let occurrence = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let clock = ClockId {
            ticket,
            kind,
            occurrence,
        };
        self.emit(EscalationEvent::Clock(clock, ClockEvent::Started { since, terms }));
        Some(clock)
    }

    /// Nothing can happen on the ticket any more.
    pub(crate) fn end(&mut self, ticket: TicketId, at: Timestamp) {
        for clock in self.clocks_that(ticket, |_, clock| clock.is_live()) {
            self.cancel(clock, at);
        }
        if self.state.tickets.contains_key(&ticket) {
            self.versions.remove(&ticket);
            self.emit(EscalationEvent::TicketForgotten { ticket });
        }
    }
}

/// Two tickets become one, and one becomes two.
impl Turn<'_> {
    /// What the customer waits for on the ticket that ends is waited for on the one that goes on, since when it was
    /// on either: no promise is put off by merging.
    pub(crate) fn merge(&mut self, ticket: TicketId, into: TicketId, at: Timestamp) {
        let owed = [ticket, into].map(|ticket| self.waiting(ticket)).concat();
        let since = owed.iter().map(|clock| self.state.clocks[clock].started_at).min();
        self.end(ticket, at);
        self.owe(into, since, at);
    }

    /// From now on the customer waits for an answer since then, or for none. Clocks of older questions are cancelled (what
    /// they missed stays missed); unless one began just then, another one does.
    pub(crate) fn owe(&mut self, ticket: TicketId, since: Option<Timestamp>, at: Timestamp) {
        let Some(standing) = self.state.tickets.get(&ticket).map(|ticket| ticket.standing) else {
            return;
        };
        let waiting = self.waiting(ticket).into_iter();
        let is_gone = |clock: &ClockId| since.is_none_or(|since| self.state.clocks[clock].started_at < since);
        let (gone, left): (Vec<_>, Vec<_>) = waiting.partition(is_gone);
        for clock in &gone {
            self.cancel(*clock, at);
        }
        let is_measured = left
            .iter()
            .any(|clock| Some(self.state.clocks[clock].started_at) == since);
        let Some(since) = since.filter(|_| !is_measured) else {
            return;
        };
        let kind = gone.first().map_or(ClockKind::NextResponse, |clock| clock.kind);
        let clock = self.start(ticket, kind, since);
        if let Some(clock) = clock.filter(|_| matches!(standing, Standing::Resolved | Standing::Scheduled)) {
            self.pause(clock, at);
        }
    }

    fn cancel(&mut self, clock: ClockId, at: Timestamp) {
        let elapsed = self.elapsed(clock, at);
        self.emit(EscalationEvent::Clock(
            clock,
            ClockEvent::Cancelled {
                cancelled_at: at,
                elapsed,
            },
        ));
    }
}

/// What agents do.
impl Turn<'_> {
    pub(crate) fn accepted(&mut self, ticket: TicketId, agent: &AgentId, at: Timestamp) {
        self.stand(ticket, Standing::Open, at);
        self.change_ticket(ticket, |ticket| ticket.owner = Some(agent.clone()));
        for clock in self.clocks_that(ticket, |id, clock| id.kind == ClockKind::Accept && clock.is_live()) {
            self.meet(clock, at, None);
        }
    }

    pub(crate) fn disown(&mut self, ticket: TicketId) {
        self.change_ticket(ticket, |ticket| ticket.owner = None);
    }

    /// Hold stops the resolution clock; resolving meets it, and lets the others rest until the ticket is
    /// reopened. A scheduled ticket lets all of them rest.
    pub(crate) fn stand(&mut self, ticket: TicketId, standing: Standing, at: Timestamp) {
        let Some(before) = self.state.tickets.get(&ticket).map(|ticket| ticket.standing) else {
            return;
        };
        if before == standing {
            return;
        }
        self.change_ticket(ticket, |ticket| ticket.standing = standing);
        for (id, clock) in self.clocks_of(ticket) {
            match (id.kind, before, standing) {
                (ClockKind::Resolution, _, Standing::Resolved) => self.meet(id, at, None),
                (ClockKind::Resolution, Standing::Resolved, _) => self.reopen_resolution(id, &clock, at),
                (ClockKind::Resolution, _, Standing::OnHold) | (_, _, Standing::Resolved | Standing::Scheduled) => {
                    self.pause(id, at);
                }
                (ClockKind::Resolution, Standing::OnHold, _) | (_, Standing::Resolved | Standing::Scheduled, _) => {
                    self.resume(id, at);
                }
                _ => {}
            }
        }
    }

    fn pause(&mut self, clock: ClockId, paused_at: Timestamp) {
        if self.state.clocks[&clock].is_running() {
            let elapsed = self.elapsed(clock, paused_at);
            self.emit(EscalationEvent::Clock(clock, ClockEvent::Paused { paused_at, elapsed }));
        }
    }

    fn resume(&mut self, clock: ClockId, since: Timestamp) {
        if matches!(self.state.clocks[&clock].run, Run::Paused { .. }) {
            self.emit(EscalationEvent::Clock(clock, ClockEvent::Resumed { since }));
        }
    }

    /// It goes on with what had elapsed when the ticket was resolved.
    fn reopen_resolution(&mut self, id: ClockId, clock: &Clock, at: Timestamp) {
        if let Run::Met { elapsed, .. } = clock.run {
            self.emit(EscalationEvent::Clock(
                id,
                ClockEvent::Reopened {
                    reopened_at: at,
                    since: at,
                    elapsed,
                    terms: self.terms(id),
                },
            ));
        }
    }
}

/// Question and answer.
impl Turn<'_> {
    /// Waits for an answer, unless one is waited for already.
    pub(crate) fn customer_wrote(&mut self, ticket: TicketId, at: Timestamp) {
        if self.waiting(ticket).is_empty() {
            self.start(ticket, ClockKind::NextResponse, at);
        }
    }

    pub(crate) fn answered(&mut self, ticket: TicketId, message: MessageId, at: Timestamp) {
        if !self.state.tickets.contains_key(&ticket) {
            return;
        }
        self.emit(EscalationEvent::AnswerCounted {
            ticket,
            message,
            answered_at: at,
        });
        for clock in self.waiting(ticket) {
            self.meet(clock, at, Some(message));
        }
    }

    /// The customer has not got it: what it had met is met by the next answer behind it, or not at all.
    pub(crate) fn answer_failed(&mut self, ticket: TicketId, message: MessageId, at: Timestamp) {
        let known = self.state.tickets.get(&ticket);
        if !known.is_some_and(|ticket| ticket.answers.iter().any(|(known, _)| *known == message)) {
            return;
        }
        self.emit(EscalationEvent::AnswerDiscounted { ticket, message });
        let met_by_it = self.clocks_that(
            ticket,
            |_, clock| matches!(clock.run, Run::Met { answer: Some(by), .. } if by == message),
        );
        for id in met_by_it {
            match self.answer_behind(id) {
                Some((answer, given_at)) => self.meet_later(id, answer, given_at),
                None => self.reopen_response(id, at),
            }
        }
    }

    /// The first answer since a clock was met that is not known to have failed.
    fn answer_behind(&self, id: ClockId) -> Option<(MessageId, Timestamp)> {
        let met_at = self.state.clocks[&id].ended_at()?;
        let answers = &self.state.tickets.get(&id.ticket)?.answers;
        answers.iter().find(|(_, given_at)| *given_at >= met_at).copied()
    }

    fn meet_later(&mut self, id: ClockId, answer: MessageId, given_at: Timestamp) {
        let clock = &self.state.clocks[&id];
        let Some(running) = clock.if_never_met() else {
            return self.meet(id, given_at, Some(answer));
        };
        let elapsed = running.until(given_at, &clock.terms, &self.state.rules);
        let missed = clock.terms.target.filter(|_| clock.breached_at.is_none());
        let due_at = missed.and_then(|target| running.reaches(target, &clock.terms, &self.state.rules));
        if let Some(due_at) = due_at.map(|due| due.max(clock.floor)).filter(|due| *due < given_at) {
            self.breach(id, due_at);
        }
        self.emit(EscalationEvent::Clock(
            id,
            ClockEvent::Met {
                met_at: given_at,
                elapsed,
                answer: Some(answer),
            },
        ));
    }

    /// As if it had never stopped; from now on, if it stood still when it was met.
    fn reopen_response(&mut self, id: ClockId, at: Timestamp) {
        let clock = &self.state.clocks[&id];
        let elapsed = clock.elapsed(at, &self.state.rules);
        let running = clock.if_never_met().unwrap_or(Running { since: at, elapsed });
        self.emit(EscalationEvent::Clock(
            id,
            ClockEvent::Reopened {
                reopened_at: at,
                since: running.since,
                elapsed: running.elapsed,
                terms: self.terms(id),
            },
        ));
    }

    /// Response clocks that are not over.
    fn waiting(&self, ticket: TicketId) -> Vec<ClockId> {
        self.clocks_that(ticket, |id, clock| RESPONSES.contains(&id.kind) && clock.is_live())
    }
}

/// What several of them share.
impl Turn<'_> {
    fn meet(&mut self, clock: ClockId, met_at: Timestamp, answer: Option<MessageId>) {
        let elapsed = self.elapsed(clock, met_at);
        self.emit(EscalationEvent::Clock(
            clock,
            ClockEvent::Met {
                met_at,
                elapsed,
                answer,
            },
        ));
    }

    fn elapsed(&self, clock: ClockId, at: Timestamp) -> std::time::Duration {
        self.state.clocks[&clock].elapsed(at, &self.state.rules)
    }

    fn clocks_of(&self, ticket: TicketId) -> Vec<(ClockId, Clock)> {
        let clocks = self.state.clocks_of(ticket);
        clocks.map(|(id, clock)| (id, clock.clone())).collect()
    }

    fn clocks_that(&self, ticket: TicketId, so: impl Fn(ClockId, &Clock) -> bool) -> Vec<ClockId> {
        let clocks = self.state.clocks_of(ticket).filter(|(id, clock)| so(*id, clock));
        clocks.map(|(id, _)| id).collect()
    }

    /// Tells that a ticket is another one than before, if it is.
    pub(crate) fn change_ticket(&mut self, id: TicketId, change: impl FnOnce(&mut Ticket)) {
        let Some(known) = self.state.tickets.get(&id) else {
            return;
        };
        let mut changed = known.clone();
        change(&mut changed);
        let same = (&known.facts, known.standing, &known.owner) == (&changed.facts, changed.standing, &changed.owner);
        if !same {
            self.emit(EscalationEvent::TicketFollowed {
                ticket: id,
                facts: Box::new(changed.facts),
                standing: changed.standing,
                owner: changed.owner,
            });
        }
    }
}
