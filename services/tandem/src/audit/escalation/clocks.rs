//! The router's events as the clocks' owners would read them: per clock, the stretches in which it ran.

use std::collections::BTreeMap;

use tandem_domain::escalation::ClockId;
use tandem_domain::routing::{Opening, RoutingEvent};
use tandem_domain::sla::Policy;
use tandem_domain::{
    Channel, ClockKind, CompiledDesk, Event, LanguageTag, MessageId, Priority, QueueId, Tag, TicketId, Timestamp,
};

use super::due::{Due, Progress, Stretch, Terms};

/// All clocks of a desk.
#[derive(Default)]
pub(super) struct Clocks {
    desk: Option<CompiledDesk>,
    tickets: BTreeMap<TicketId, Ticket>,
    running: BTreeMap<ClockId, Clock>,
    due: Due,
}

struct Ticket {
    queue: QueueId,
    channel: Channel,
    language: Option<LanguageTag>,
    priority: Priority,
    tags: std::collections::BTreeSet<Tag>,
    state: State,
    answers: Vec<(MessageId, Timestamp)>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    OnHold,
    Scheduled,
    Resolved,
}

struct Clock {
    terms: Terms,
    progress: Progress,
    run: Run,
    /// Nothing is due before.
    floor: Timestamp,
    /// When it began.
    since: Timestamp,
}

#[derive(Clone, Copy, PartialEq)]
enum Run {
    Since(Timestamp),
    Rests,
    Cancelled,
    Met {
        at: Timestamp,
        by: Option<MessageId>,
        ran: bool,
    },
}

impl Clocks {
    /// What was due before the last event.
    pub(super) fn finish(mut self) -> Due {
        let ids: Vec<_> = self.running.keys().copied().collect();
        for id in ids {
            self.run_until(id, self.due.known_until, Stretch::Running);
        }
        self.due
    }

    pub(super) fn follow(&mut self, event: &Event<RoutingEvent>) {
        let at = event.at;
        self.due.known_until = at;
        match &event.body {
            RoutingEvent::DeskActivated(desk) => self.activate(desk, at),
            RoutingEvent::MessageAdded {
                ticket,
                automatic: false,
                received_at,
                ..
            } if self.tickets.contains_key(ticket) && self.waiting(*ticket).is_empty() => {
                self.start(*ticket, ClockKind::NextResponse, (*received_at).min(at));
            }
            body => match body.opening() {
                Some(opening) => self.open(body, opening, at),
                None => self.follow_ticket(body, at),
            },
        }
    }

    /// One that it was split off may owe less from now on.
    fn open(&mut self, body: &RoutingEvent, opening: Opening<'_>, at: Timestamp) {
        if let RoutingEvent::TicketSplit {
            from,
            still_waiting_since,
            ..
        } = body
        {
            self.owe(*from, *still_waiting_since, at);
        }
        let Opening {
            ticket,
            intake,
            requirement,
        } = opening;
        let of = Ticket {
            queue: requirement.queue.clone(),
            channel: intake.channel,
            language: requirement.language_or(intake.language.as_ref()),
            priority: intake.priority,
            tags: intake.tags.clone(),
            state: State::Open,
            answers: Vec::new(),
        };
        self.tickets.insert(ticket, of);
        for kind in [ClockKind::Accept, ClockKind::FirstResponse, ClockKind::Resolution] {
            self.start(ticket, kind, intake.received_at.min(at));
        }
    }

    fn follow_ticket(&mut self, body: &RoutingEvent, at: Timestamp) {
        let Some(ticket) = body.ticket().filter(|ticket| self.tickets.contains_key(ticket)) else {
            return;
        };
        match body {
            RoutingEvent::OfferAccepted { .. } | RoutingEvent::OwnerChanged { .. } => {
                self.stand(ticket, State::Open, at);
                for id in self.those(ticket, |id, clock| id.kind == ClockKind::Accept && clock.is_live()) {
                    self.meet(id, at, None);
                }
            }
            RoutingEvent::AnswerAdded {
                message, visible: true, ..
            } => {
                self.ticket(ticket).answers.push((*message, at));
                for id in self.waiting(ticket) {
                    self.meet(id, at, Some(*message));
                }
            }
            RoutingEvent::AnswerFailed { message, .. } => self.fail(ticket, *message, at),
            RoutingEvent::TicketHeld { .. } => self.stand(ticket, State::OnHold, at),
            RoutingEvent::TicketScheduled { .. } => self.stand(ticket, State::Scheduled, at),
            RoutingEvent::TicketResumed { .. } | RoutingEvent::WrapUpInterrupted { .. } => {
                self.stand(ticket, State::Open, at);
            }
            RoutingEvent::TicketRequeued { requirement, .. } => {
                self.stand(ticket, State::Open, at);
                let of = self.ticket(ticket);
                (of.queue, of.channel) = (requirement.queue.clone(), requirement.channel);
                of.language = requirement.language_or(of.language.as_ref());
                self.retarget(Some(ticket), at);
            }
            RoutingEvent::WrapUpStarted { .. } | RoutingEvent::TicketDone { .. } => {
                self.stand(ticket, State::Resolved, at);
            }
            RoutingEvent::PriorityChanged { priority, .. } => {
                self.ticket(ticket).priority = *priority;
                self.retarget(Some(ticket), at);
            }
            RoutingEvent::TicketMerged { into, .. } => {
                let waiting = [ticket, *into].map(|ticket| self.waiting(ticket)).concat();
                let since = waiting.iter().map(|id| self.running[id].since).min();
                self.end(ticket, at);
                self.owe(*into, since, at);
            }
            RoutingEvent::TicketCancelled { .. }
            | RoutingEvent::TicketAbandoned { .. }
            | RoutingEvent::TicketClosed { .. } => self.end(ticket, at),
            _ => {}
        }
    }

    /// Questions from before are another ticket's now; the oldest that is left has a clock of its own.
    fn owe(&mut self, ticket: TicketId, since: Option<Timestamp>, at: Timestamp) {
        let Some(state) = self.tickets.get(&ticket).map(|ticket| ticket.state) else {
            return;
        };
        let mut kind = None;
        let mut is_measured = since.is_none();
        for id in self.waiting(ticket) {
            let began = Some(self.running[&id].since);
            is_measured |= began == since;
            if since.is_none() || began < since {
                self.run_until(id, at, Stretch::Running);
                self.clock(id).run = Run::Cancelled;
                kind = kind.or(Some(id.kind));
            }
        }
        let Some(since) = since.filter(|_| !is_measured) else {
            return;
        };
        let id = self.start(ticket, kind.unwrap_or(ClockKind::NextResponse), since);
        if matches!(state, State::Resolved | State::Scheduled) {
            self.run_until(id, at, Stretch::Unknown);
            self.clock(id).run = Run::Rests;
        }
    }

    fn end(&mut self, ticket: TicketId, at: Timestamp) {
        for id in self.those(ticket, |_, _| true) {
            self.run_until(id, at, Stretch::Running);
            self.running.remove(&id);
        }
        self.tickets.remove(&ticket);
    }

    fn ticket(&mut self, id: TicketId) -> &mut Ticket {
        self.tickets.get_mut(&id).expect("it was looked for before")
    }

    fn clock(&mut self, id: ClockId) -> &mut Clock {
        self.running.get_mut(&id).expect("it was listed before")
    }

    fn start(&mut self, ticket: TicketId, kind: ClockKind, since: Timestamp) -> ClockId {
        let before = self.those(ticket, |id, _| id.kind == kind).len();
        let id = ClockId {
            ticket,
            kind,
            occurrence: u32::try_from(before + 1).unwrap_or(u32::MAX),
        };
        let clock = Clock {
            terms: self.terms(id),
            progress: Progress::default(),
            run: Run::Since(since),
            floor: since,
            since,
        };
        self.running.insert(id, clock);
        id
    }

    fn activate(&mut self, desk: &CompiledDesk, at: Timestamp) {
        self.desk = Some(desk.clone());
        for ticket in self.tickets.values_mut() {
            let is_there = desk.queues.iter().any(|queue| queue.id == ticket.queue);
            if let Some(first) = desk.queues.first().filter(|_| !is_there) {
                ticket.queue = first.id.clone();
            }
        }
        self.retarget(None, at);
    }

    fn retarget(&mut self, ticket: Option<TicketId>, at: Timestamp) {
        let ids: Vec<_> = self.running.keys().copied().collect();
        for id in ids
            .into_iter()
            .filter(|id| ticket.is_none_or(|ticket| ticket == id.ticket))
        {
            let terms = self.terms(id);
            if self.running[&id].is_live() && self.running[&id].terms != terms {
                self.run_until(id, at, Stretch::Running);
                let clock = self.clock(id);
                (clock.terms, clock.floor) = (terms, at);
            }
        }
    }

    fn stand(&mut self, ticket: TicketId, state: State, at: Timestamp) {
        let before = std::mem::replace(&mut self.ticket(ticket).state, state);
        for id in self.those(ticket, |_, _| before != state) {
            let resolves = id.kind == ClockKind::Resolution;
            match state {
                State::Resolved if resolves => self.meet(id, at, None),
                State::OnHold if !resolves => {}
                State::Resolved | State::OnHold | State::Scheduled => {
                    self.run_until(id, at, Stretch::Running);
                    let clock = self.clock(id);
                    if clock.is_live() {
                        clock.run = Run::Rests;
                    }
                }
                State::Open => self.go_on(id, before, at),
            }
        }
    }

    fn go_on(&mut self, id: ClockId, before: State, at: Timestamp) {
        let terms = self.terms(id);
        let clock = self.clock(id);
        match clock.run {
            Run::Rests => clock.run = Run::Since(at),
            Run::Met { .. } if before == State::Resolved && id.kind == ClockKind::Resolution => {
                (clock.run, clock.terms, clock.floor) = (Run::Since(at), terms, at);
            }
            _ => {}
        }
    }

    fn meet(&mut self, id: ClockId, at: Timestamp, by: Option<MessageId>) {
        let ran = matches!(self.running[&id].run, Run::Since(_));
        self.run_until(id, at, Stretch::Running);
        self.clock(id).run = Run::Met { at, by, ran };
    }

    fn fail(&mut self, ticket: TicketId, failed: MessageId, at: Timestamp) {
        self.ticket(ticket).answers.retain(|(answer, _)| *answer != failed);
        let met_by = |_, clock: &Clock| matches!(clock.run, Run::Met { by: Some(by), .. } if by == failed);
        for id in self.those(ticket, met_by) {
            let Run::Met { at: met_at, ran, .. } = self.running[&id].run else {
                continue;
            };
            if ran {
                self.clock(id).run = Run::Since(met_at);
            }
            let later = self.ticket(ticket).answers.iter().find(|(_, given)| *given >= met_at);
            if let Some((answer, given)) = later.copied() {
                self.run_until(id, given, Stretch::Answered);
                let by = Some(answer);
                self.clock(id).run = Run::Met { at: given, by, ran };
            } else {
                let terms = self.terms(id);
                self.clock(id).terms = terms;
                self.run_until(id, at, Stretch::Unknown);
                let clock = self.clock(id);
                (clock.run, clock.floor) = (Run::Since(at), at);
            }
        }
    }

    /// Lets a clock that runs run until then.
    fn run_until(&mut self, id: ClockId, until: Timestamp, stretch: Stretch) {
        let clock = self.running.get_mut(&id).expect("it was listed before");
        if let Run::Since(from) = clock.run {
            let floor = clock.floor.max(from);
            clock
                .progress
                .run(id, &clock.terms, (from, until, floor), stretch, &mut self.due);
            clock.run = Run::Since(until);
        }
    }

    /// Response clocks for which an answer is owed.
    fn waiting(&self, ticket: TicketId) -> Vec<ClockId> {
        let responses = [ClockKind::FirstResponse, ClockKind::NextResponse];
        self.those(ticket, |id, clock| responses.contains(&id.kind) && clock.is_live())
    }

    fn those(&self, ticket: TicketId, so: impl Fn(ClockId, &Clock) -> bool) -> Vec<ClockId> {
        let clocks = self.running.iter();
        let those = clocks.filter(|(id, clock)| id.ticket == ticket && so(**id, clock));
        those.map(|(id, _)| *id).collect()
    }

    fn terms(&self, id: ClockId) -> Terms {
        let (Some(desk), Some(ticket)) = (&self.desk, self.tickets.get(&id.ticket)) else {
            return Terms::default();
        };
        let Some(policy) = desk.sla.policies.iter().find(|policy| ticket.fits(policy)) else {
            return Terms::default();
        };
        let target = policy.targets.get(&id.kind).and_then(|of| of.get(&ticket.priority));
        let ladder = policy.ladders.get(&id.kind).filter(|_| target.is_some());
        Terms {
            target: target.copied(),
            calendar: policy.calendar.as_ref().and_then(|id| desk.sla.calendar(id).cloned()),
            ladder: ladder.and_then(|id| desk.sla.ladder(id).cloned()),
        }
    }
}

impl Clock {
    fn is_live(&self) -> bool {
        !matches!(self.run, Run::Met { .. } | Run::Cancelled)
    }
}

impl Ticket {
    fn fits(&self, policy: &Policy) -> bool {
        let spoken = |language: &LanguageTag| self.language.as_ref().is_some_and(|wanted| language.serves(wanted));
        (policy.queues.is_empty() || policy.queues.contains(&self.queue))
            && (policy.channels.is_empty() || policy.channels.contains(&self.channel))
            && (policy.languages.is_empty() || policy.languages.iter().any(spoken))
            && (policy.priorities.is_empty() || policy.priorities.contains(&self.priority))
            && (policy.tags.is_empty() || policy.tags.iter().any(|tag| self.tags.contains(tag)))
    }
}
