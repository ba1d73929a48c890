//! A desk at work: tickets arrive at random, are accepted at once, and are resolved after a random time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tandem_domain::routing::{Command, RoutingEvent};
use tandem_domain::{Actor, AgentId, Cause, Context, Core, Event, OfferId, Presence, TicketId, Timestamp, Trace};
use tandem_routing::RoutingCore;

use crate::clock::{Times, now};
use crate::desks::{Mails, Size, desk, key};

/// How long a ticket takes on average; only its ratio to other times counts.
const SERVICE: f64 = 600e6;

/// What each kind of command took.
#[derive(Clone)]
pub(crate) struct Costs {
    pub(crate) arrive: Times,
    pub(crate) accept: Times,
    pub(crate) finish: Times,
    /// Offers that end unanswered, and tickets that are closed.
    pub(crate) tick: Times,
}

impl Costs {
    fn new() -> Self {
        let [arrive, accept, finish, tick] = [(); 4].map(|()| Times::new());
        Self {
            arrive,
            accept,
            finish,
            tick,
        }
    }

    /// All commands together; ticks belong to what they end.
    pub(crate) fn mixed(&self) -> Times {
        let mut all = self.arrive.clone();
        for times in [&self.accept, &self.finish, &self.tick] {
            all.join(times);
        }
        all
    }
}

/// A desk at work.
pub(crate) struct Day {
    pub(crate) core: RoutingCore,
    pub(crate) mails: Mails,
    pub(crate) costs: Costs,
    events: Vec<Event<RoutingEvent>>,
    /// All events, where they are wanted.
    history: Option<Vec<Event<RoutingEvent>>>,
    context: Context,
    size: Size,
    /// Who finishes what when.
    at_work: BinaryHeap<Reverse<(Timestamp, TicketId)>>,
    next_arrival: Timestamp,
    /// Per agent at full load.
    gap: f64,
    /// Of so many offers one is not answered; 0: all are.
    missed: usize,
    offers: usize,
}

impl Day {
    /// Everybody is online.
    pub(crate) fn new(size: Size, load: f64) -> Self {
        Self::begun(size, load, None)
    }

    /// All events of a day with so many arrivals.
    pub(crate) fn recorded(size: Size, load: f64, arrivals: usize) -> Vec<Event<RoutingEvent>> {
        let mut day = Self::begun(size, load, Some(Vec::new()));
        day.pass(arrivals);
        day.history.unwrap_or_default()
    }

    fn begun(size: Size, load: f64, history: Option<Vec<Event<RoutingEvent>>>) -> Self {
        let context = Context {
            now: Timestamp::EPOCH,
            actor: Actor::service("bench"),
            cause: Cause::Request {
                method: "bench".into(),
                id: "00000000-0000-0000-0000-000000000000".into(),
            },
            trace: Trace("00-00000000000000000000000000000001-0000000000000001-01".into()),
        };
        let mut day = Self {
            core: RoutingCore::new(&key("acme")),
            mails: Mails::new(size, 2),
            costs: Costs::new(),
            events: Vec::new(),
            history,
            context,
            size,
            at_work: BinaryHeap::new(),
            next_arrival: Timestamp::EPOCH,
            gap: SERVICE / load / size.agents as f64,
            missed: 0,
            offers: 0,
        };
        let desk = desk(size, 1);
        let ids: Vec<AgentId> = desk.agents.iter().map(|agent| agent.id.clone()).collect();
        day.run(Command::Activate(Box::new(desk)));
        for agent in ids {
            day.run(Command::SetPresence {
                agent,
                presence: Presence::Online,
            });
        }
        day
    }

    /// From now on one of so many offers is not answered.
    pub(crate) fn miss_one_of(&mut self, offers: usize) {
        self.missed = offers;
    }

    fn run(&mut self, command: Command) -> Duration {
        self.events.clear();
        let begun = now();
        let outcome = self.core.handle(command, &self.context, &mut self.events);
        let took = begun.elapsed();
        assert!(outcome.is_ok(), "{outcome:?}");
        self.record();
        took
    }

    fn record(&mut self) {
        if let Some(history) = &mut self.history {
            history.extend_from_slice(&self.events);
        }
    }

    /// So many tickets begin to wait whom nobody can take: everybody has one, and then some.
    pub(crate) fn fill(&mut self, waiting: usize) {
        while self.at_work.len() < self.size.agents * 97 / 100 {
            self.arrive();
        }
        for _ in 0..waiting {
            self.arrive();
        }
    }

    /// So many tickets wait that ask for what nobody has, each pair of skills another kind.
    pub(crate) fn fill_unfit(&mut self, waiting: usize) {
        for number in 0..waiting {
            let pair = number % (self.size.skills * 20);
            let (one, other) = (pair % self.size.skills, pair / self.size.skills);
            let mail = self.mails.unfit(one, (one + 1 + other) % self.size.skills);
            self.run(Command::Intake(mail));
        }
    }

    pub(crate) fn forget_costs(&mut self) {
        self.costs = Costs::new();
    }

    /// So many tickets arrive, and as time passes others are finished.
    pub(crate) fn pass(&mut self, arrivals: usize) {
        for _ in 0..arrivals {
            self.next_arrival = self.next_arrival.plus(self.drawn(self.gap));
            self.finish_until(self.next_arrival);
            self.context.now = self.next_arrival;
            self.tick();
            self.arrive();
        }
    }

    fn finish_until(&mut self, until: Timestamp) {
        while let Some(Reverse((at, ticket))) = self.at_work.peek().copied().filter(|Reverse((at, _))| *at <= until) {
            self.at_work.pop();
            self.context.now = at;
            self.tick();
            let took = self.run(Command::Resolve { ticket });
            self.costs.finish.add(took);
            self.accept();
        }
    }

    /// Time is exponential, as in textbooks.
    fn drawn(&mut self, mean: f64) -> Duration {
        let chance = 1.0 - self.mails.chance();
        Duration::from_micros((-chance.ln() * mean) as u64)
    }

    pub(crate) fn arrive(&mut self) {
        let mail = self.mails.next(self.context.now);
        let took = self.run(Command::Intake(mail));
        self.costs.arrive.add(took);
        self.accept();
    }

    /// Offers that the last command made are accepted.
    fn accept(&mut self) {
        let offers: Vec<(OfferId, AgentId, TicketId)> = self.events.iter().filter_map(offered).collect();
        for (offer, agent, ticket) in offers {
            self.offers += 1;
            if self.missed > 0 && self.offers.is_multiple_of(self.missed) {
                continue;
            }
            let took = self.run(Command::Accept { agent, offer });
            self.costs.accept.add(took);
            let until = self.context.now.plus(self.drawn(SERVICE));
            self.at_work.push(Reverse((until, ticket)));
        }
    }

    /// What is due, if anything is.
    fn tick(&mut self) {
        if self.core.next_wakeup().is_none_or(|due| due > self.context.now) {
            return;
        }
        self.events.clear();
        let begun = now();
        self.core.tick(&self.context, &mut self.events);
        let took = begun.elapsed();
        self.record();
        let ended = self.events.iter().filter(|event| ends_by_itself(&event.body)).count();
        let each = took / u32::try_from(ended.max(1)).expect("few");
        (0..ended).for_each(|_| self.costs.tick.add(each));
        self.accept();
    }
}

fn offered(event: &Event<RoutingEvent>) -> Option<(OfferId, AgentId, TicketId)> {
    match &event.body {
        RoutingEvent::OfferIssued {
            offer, agent, ticket, ..
        } => Some((*offer, agent.clone(), *ticket)),
        _ => None,
    }
}

fn ends_by_itself(event: &RoutingEvent) -> bool {
    matches!(
        event,
        RoutingEvent::OfferExpired { .. } | RoutingEvent::TicketClosed { .. }
    )
}
