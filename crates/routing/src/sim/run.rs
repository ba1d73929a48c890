//! The loop: the next thing in the plan or the core's next tick, whichever comes first.

use std::collections::BTreeMap;

use tandem_domain::routing::{Command, RoutingEvent};
use tandem_domain::{Actor, AgentId, Cause, Context, Core, Event, OfferId, TicketId, Timestamp, Trace};

use super::book::{AgentRecord, Book, TicketRecord};
use super::plan::{Plan, Step};
use super::{OfferAnswer, World};
use crate::RoutingCore;

/// A desk on simulated time.
#[derive(Debug)]
pub struct Simulation<W: World> {
    core: RoutingCore,
    world: W,
    plan: Plan<W::Note>,
    book: Book,
    /// Whether tickets that are closed stay in the book.
    keeps_closed: bool,
    context: Context,
    events: Vec<Event<RoutingEvent>>,
}

impl<W: World> Simulation<W> {
    /// Goes on with `core` from `now`; a core that has tickets already is brought up to date by [`replay`](Self::replay).
    #[must_use]
    pub fn new(core: RoutingCore, world: W, now: Timestamp) -> Self {
        Self::with_book(core, world, now, Book::default())
    }

    /// Goes on with `core` from `now`; the book says how it came there, and has everything at the end.
    pub(crate) fn keeping(core: RoutingCore, world: W, now: Timestamp, book: Book) -> Self {
        Self {
            keeps_closed: true,
            ..Self::with_book(core, world, now, book)
        }
    }

    fn with_book(core: RoutingCore, world: W, now: Timestamp, book: Book) -> Self {
        let context = Context {
            now,
            actor: Actor::service("simulation"),
            cause: Cause::Timer,
            trace: Trace::default(),
        };
        Self {
            core,
            world,
            plan: Plan::new(now),
            book,
            keeps_closed: false,
            context,
            events: Vec::new(),
        }
    }

    /// Applies a recorded event: what is known before the simulation begins. The world is not asked about it.
    pub fn replay(&mut self, event: &Event<RoutingEvent>) {
        self.core.apply(event);
        self.book.note(event);
        self.book.forget_closed(&event.body);
        self.plan.advance(event.at);
    }

    /// Asks the world what becomes of the tickets at hand, once history is replayed.
    pub fn take_over(&mut self) {
        for ticket in self.book.which(|record| record.wait().is_none()) {
            self.plan_leaving(ticket);
        }
        let offers: Vec<_> = self.book.offers().collect();
        for offer in offers {
            self.plan_answer(offer);
        }
        for ticket in self.book.which(|record| record.worker().is_some()) {
            self.plan_end(ticket);
        }
    }

    /// Does the next thing, if there is one at or before `end`; says when that was.
    pub fn step(&mut self, end: Timestamp) -> Option<Timestamp> {
        let planned = self.plan.next();
        let tick = self
            .core
            .next_wakeup()
            .filter(|at| planned.is_none_or(|planned| *at <= planned));
        let at = tick.or(planned).filter(|at| *at <= end)?;
        if tick.is_some() {
            self.plan.advance(at);
            self.context.now = self.plan.now();
            self.core.tick(&self.context, &mut self.events);
            self.settle();
        } else if let Some(step) = self.plan.take() {
            self.carry_out(step);
        }
        Some(self.plan.now())
    }

    /// Runs until `end`, or until nothing is left to happen.
    pub fn run_until(&mut self, end: Timestamp) {
        while self.step(end).is_some() {}
        self.plan.advance(end);
    }

    /// The simulated time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.plan.now()
    }

    /// The plan, to be filled before the first step.
    pub const fn plan(&mut self) -> &mut Plan<W::Note> {
        &mut self.plan
    }

    /// The world, to be told something while nothing happens, and the plan.
    pub(crate) const fn world_and_plan(&mut self) -> (&mut W, &mut Plan<W::Note>) {
        (&mut self.world, &mut self.plan)
    }

    /// The world.
    #[must_use]
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// The world, to be told what is wanted of it from now on.
    pub const fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// The world, when the simulation is over.
    #[must_use]
    pub fn into_world(self) -> W {
        self.world
    }

    /// The world and the book, when the simulation is over.
    pub(crate) fn into_world_and_book(self) -> (W, Book) {
        (self.world, self.book)
    }

    /// The core, to be asked questions.
    #[must_use]
    pub const fn core(&self) -> &RoutingCore {
        &self.core
    }

    /// Tickets that are not closed yet, in order of number.
    pub fn tickets(&self) -> impl Iterator<Item = &TicketRecord> {
        self.book.tickets()
    }

    /// What each agent did since the beginning or the last [`recount`](Self::recount).
    pub fn agents(&mut self) -> BTreeMap<AgentId, AgentRecord> {
        self.book.agents(self.plan.now())
    }

    /// Counts agents' time anew from here, for instance once the desk has warmed up.
    pub fn recount(&mut self) {
        self.book.recount(self.plan.now());
    }
}

/// What is planned comes true.
impl<W: World> Simulation<W> {
    fn carry_out(&mut self, step: Step<W::Note>) {
        match step {
            Step::Command(command) => self.command(*command),
            Step::Wake(note) => self.world.wake(note, &mut self.plan),
            Step::Accept(offer) => {
                if let Some((_, agent)) = self.book.offer(offer) {
                    let agent = agent.clone();
                    self.command(Command::Accept { agent, offer });
                }
            }
            Step::Decline(offer, reason) => {
                if let Some((_, agent)) = self.book.offer(offer) {
                    let agent = agent.clone();
                    self.command(Command::Decline { agent, offer, reason });
                }
            }
            Step::Leave(ticket) => self.leave(ticket),
            Step::Resolve(ticket, spell) if self.is_in(ticket, spell) => self.command(Command::Resolve { ticket }),
            Step::FinishWrapUp(ticket, spell) if self.is_in(ticket, spell) => {
                self.command(Command::FinishWrapUp { ticket });
            }
            Step::Resolve(..) | Step::FinishWrapUp(..) => {}
        }
    }

    fn leave(&mut self, ticket: TicketId) {
        let waiting = self.book.ticket(ticket).filter(|record| record.wait().is_none());
        if let Some(record) = waiting {
            let conversation = record.intake.conversation;
            self.command(Command::CustomerLeft { conversation });
        }
    }

    fn is_in(&self, ticket: TicketId, spell: u32) -> bool {
        self.book.ticket(ticket).is_some_and(|record| record.spell == spell)
    }

    fn command(&mut self, command: Command) {
        self.context.now = self.plan.now();
        match self.core.handle(command, &self.context, &mut self.events) {
            Ok(_) => self.settle(),
            Err(rejection) => self.world.refused(&rejection),
        }
    }

    /// Reads off what a turn has done, all of it before the world is asked about any of it: an offer that the core has
    /// accepted by itself needs no answer.
    fn settle(&mut self) {
        let events = std::mem::take(&mut self.events);
        for event in &events {
            self.book.note(event);
        }
        for event in &events {
            self.world.saw(event, &mut self.plan);
            self.react(&event.body);
        }
        self.events = events;
        self.events.clear();
    }

    fn react(&mut self, event: &RoutingEvent) {
        match event {
            RoutingEvent::TicketOpened { ticket, .. } | RoutingEvent::TicketSplit { ticket, .. } => {
                self.plan_leaving(*ticket);
            }
            RoutingEvent::OfferIssued { offer, .. } => self.plan_answer(*offer),
            RoutingEvent::OfferAccepted { ticket, .. }
            | RoutingEvent::OwnerChanged { ticket, .. }
            | RoutingEvent::TicketResumed { ticket }
            | RoutingEvent::WrapUpStarted { ticket, .. }
            | RoutingEvent::WrapUpInterrupted { ticket } => self.plan_end(*ticket),
            RoutingEvent::TicketDone { ticket }
            | RoutingEvent::TicketCancelled { ticket }
            | RoutingEvent::TicketMerged { ticket, .. }
            | RoutingEvent::TicketAbandoned { ticket } => self.tell_end(*ticket),
            _ => {}
        }
        if !self.keeps_closed {
            self.book.forget_closed(event);
        }
    }

    fn tell_end(&mut self, ticket: TicketId) {
        if let Some(record) = self.book.ticket(ticket) {
            self.world.ended(record, &mut self.plan);
        }
    }
}

/// What the world says is planned.
impl<W: World> Simulation<W> {
    fn plan_leaving(&mut self, ticket: TicketId) {
        let patience = self.book.ticket(ticket).and_then(|record| self.world.patience(record));
        if let Some(patience) = patience {
            self.plan.add_in(patience, Step::Leave(ticket));
        }
    }

    fn plan_answer(&mut self, offer: OfferId) {
        let Some((ticket, agent)) = self.book.offer(offer) else {
            return;
        };
        let Some(record) = self.book.ticket(*ticket) else {
            return;
        };
        match self.world.answer(record, agent, offer) {
            OfferAnswer::Accept { after } => self.plan.add_in(after, Step::Accept(offer)),
            OfferAnswer::Decline { after, reason } => self.plan.add_in(after, Step::Decline(offer, reason)),
            OfferAnswer::Miss => {}
        }
    }

    fn plan_end(&mut self, ticket: TicketId) {
        let Some((record, agent)) = self
            .book
            .ticket(ticket)
            .and_then(|record| Some((record, record.worker()?)))
        else {
            return;
        };
        let spell = record.spell;
        if record.wraps_up {
            if let Some(after) = self.world.wrap_up(record, agent) {
                self.plan.add_in(after, Step::FinishWrapUp(ticket, spell));
            }
        } else if let Some(after) = self.world.service(record, agent) {
            self.plan.add_in(after, Step::Resolve(ticket, spell));
        }
    }
}
