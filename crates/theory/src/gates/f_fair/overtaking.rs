//! A million customers of many kinds and agents who decline and miss offers, go and come back; each offer is watched for
//! an older ticket of the same kind and priority that waits and that the agent was not excluded from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1};
use tandem_domain::desk::{Choice, CompiledDesk};
use tandem_domain::routing::{Command, DeclineReason, Rejection, RoutingEvent};
use tandem_domain::{AgentId, Core, Event, OfferId, Presence, Priority, TicketId, Timestamp};
use tandem_routing::RoutingCore;
use tandem_routing::sim::{OfferAnswer, Plan, Simulation, TicketRecord, World};

use crate::crowd::time;
use crate::desk::{self, Asks};

const KINDS: usize = 12;
const AGENTS: usize = 60;
/// More come than can be served: some lose patience, and there is always a queue to overtake in.
const ARRIVALS: f64 = 62.0;
const PATIENCE: f64 = 5.0;

/// What was seen.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) tickets: u64,
    pub(super) offers: u64,
    /// Offers that passed an older equal whom the agent had declined or missed.
    pub(super) past_excluded: u64,
    /// Older equals passed for no reason.
    pub(super) overtaken: u64,
}

pub(super) fn run(seed: u64, customers: u64) -> Watched {
    let mut random = StdRng::seed_from_u64(seed);
    let desk = unwilling_desk(&mut random);
    let crowd = Crowd {
        random,
        left: customers,
        queue: Queue::default(),
        seen: Watched::default(),
    };
    let mut simulation = Simulation::new(RoutingCore::new(&desk::desk_id()), crowd, Timestamp::EPOCH);
    let plan = simulation.plan();
    plan.command(plan.now(), Command::Activate(Box::new(desk)));
    for agent in 0..AGENTS {
        come_back(plan, desk::agent_id(agent), Duration::ZERO);
    }
    plan.wake(plan.now(), Note::Arrival);
    while simulation.world().left > 0 {
        simulation
            .step(Timestamp::from_micros(i64::MAX))
            .expect("customers keep coming");
    }
    simulation.into_world().seen
}

/// Agents with one to four skills; offers have to be accepted.
fn unwilling_desk(random: &mut StdRng) -> CompiledDesk {
    let agents = (0..AGENTS).map(|number| {
        let more = random.random_range(0..4);
        let kinds: Vec<_> = std::iter::once(number % KINDS)
            .chain((0..more).map(|_| random.random_range(0..KINDS)))
            .collect();
        desk::agent(number, &kinds, Asks::Skill)
    });
    let mut desk = desk::desk(agents.collect(), KINDS, Asks::Skill, Choice::LeastLoaded);
    for channel in desk.channels.values_mut() {
        channel.auto_accept = false;
    }
    for queue in &mut desk.queues {
        queue.decline_pause = Duration::from_mins(2);
        queue.max_missed = 2;
    }
    desk
}

fn come_back(plan: &mut Plan<Note>, agent: AgentId, after: Duration) {
    let presence = Presence::Online;
    plan.command(plan.now().plus(after), Command::SetPresence { agent, presence });
}

enum Note {
    Arrival,
}

struct Crowd {
    random: StdRng,
    left: u64,
    queue: Queue,
    seen: Watched,
}

impl Crowd {
    fn exponential(&mut self, mean: f64) -> Duration {
        let drawn: f64 = Exp1.sample(&mut self.random);
        time(mean * drawn)
    }
}

impl World for Crowd {
    type Note = Note;

    fn wake(&mut self, _: Note, plan: &mut Plan<Note>) {
        self.left -= 1;
        self.seen.tickets += 1;
        let kind = self.random.random_range(0..KINDS);
        let priority = [Priority::Normal, Priority::High, Priority::Urgent][self.random.random_range(0..3)];
        let call = desk::numbered(&desk::call(kind, Asks::Skill, priority), self.left);
        plan.command(plan.now(), Command::Intake(call.into()));
        let gap = self.exponential(1.0 / ARRIVALS);
        plan.wake_in(gap, Note::Arrival);
    }

    fn patience(&mut self, _: &TicketRecord) -> Option<Duration> {
        Some(self.exponential(PATIENCE))
    }

    fn answer(&mut self, _: &TicketRecord, _: &AgentId, _: OfferId) -> OfferAnswer {
        let after = self.exponential(0.05).min(Duration::from_secs(30));
        match self.random.random_range(0..20) {
            0 => OfferAnswer::Decline {
                after,
                reason: DeclineReason::Busy,
            },
            1 => OfferAnswer::Miss,
            _ => OfferAnswer::Accept { after },
        }
    }

    fn service(&mut self, _: &TicketRecord, _: &AgentId) -> Option<Duration> {
        Some(self.exponential(0.9))
    }

    fn saw(&mut self, event: &Event<RoutingEvent>, plan: &mut Plan<Note>) {
        if let RoutingEvent::PresenceChanged {
            agent,
            presence: Presence::NotResponding,
        } = &event.body
        {
            come_back(plan, agent.clone(), Duration::from_mins(3));
        }
        self.queue.follow(event, &mut self.seen);
    }

    fn ended(&mut self, _: &TicketRecord, _: &mut Plan<Note>) {}

    fn refused(&mut self, rejection: &Rejection) {
        panic!("the router refused what the experiment asked for: {rejection}");
    }
}

/// Who is equal to whom: what is asked for, and how urgently.
type Equals = (String, Priority);

/// The waiting tickets, known from the events alone.
#[derive(Default)]
struct Queue {
    tickets: BTreeMap<TicketId, (Equals, Timestamp)>,
    waiting: BTreeMap<Equals, BTreeSet<(Timestamp, TicketId)>>,
    excluded: BTreeMap<TicketId, Vec<(AgentId, Timestamp)>>,
}

impl Queue {
    fn follow(&mut self, event: &Event<RoutingEvent>, seen: &mut Watched) {
        match &event.body {
            RoutingEvent::TicketOpened { ticket, intake, .. } => {
                let equals = (format!("{:?}", intake.skills), intake.priority);
                self.tickets.insert(*ticket, (equals, event.at));
                self.wait(*ticket);
            }
            RoutingEvent::OfferIssued { ticket, agent, .. } => {
                self.watch(*ticket, agent, event.at, seen);
                self.stop_waiting(*ticket);
            }
            RoutingEvent::OfferDeclined {
                ticket, agent, until, ..
            }
            | RoutingEvent::OfferExpired {
                ticket, agent, until, ..
            } => {
                self.excluded.entry(*ticket).or_default().push((agent.clone(), *until));
                self.wait(*ticket);
            }
            RoutingEvent::OfferRevoked { ticket, .. } => self.wait(*ticket),
            RoutingEvent::OfferAccepted { ticket, .. } | RoutingEvent::TicketAbandoned { ticket } => {
                self.stop_waiting(*ticket);
                self.tickets.remove(ticket);
                self.excluded.remove(ticket);
            }
            _ => {}
        }
    }

    fn wait(&mut self, ticket: TicketId) {
        let (equals, at) = &self.tickets[&ticket];
        self.waiting.entry(equals.clone()).or_default().insert((*at, ticket));
    }

    fn stop_waiting(&mut self, ticket: TicketId) {
        let (equals, at) = &self.tickets[&ticket];
        self.waiting.entry(equals.clone()).or_default().remove(&(*at, ticket));
    }

    fn watch(&self, ticket: TicketId, agent: &AgentId, now: Timestamp, seen: &mut Watched) {
        seen.offers += 1;
        let (equals, at) = &self.tickets[&ticket];
        for (_, older) in self.waiting[equals].range(..(*at, ticket)) {
            let excluded = self.excluded.get(older).into_iter().flatten();
            let excluded = excluded.filter(|(who, until)| who == agent && *until > now).count() > 0;
            seen.past_excluded += u64::from(excluded);
            seen.overtaken += u64::from(!excluded);
        }
    }
}

#[cfg(test)]
mod tests {
    use tandem_domain::{Actor, Cause, Context, Trace};

    use super::*;

    fn at(second: i64, body: RoutingEvent) -> Event<RoutingEvent> {
        let context = Context {
            now: Timestamp::from_micros(second * 1_000_000),
            actor: Actor::service("test"),
            cause: Cause::Timer,
            trace: Trace::default(),
        };
        context.event(body)
    }

    /// What the router did not do is seen by the watch.
    #[test]
    fn an_overtaking_is_seen() {
        let mut events = record(|_| OfferAnswer::Miss);
        let opened: Vec<_> = events
            .iter()
            .filter(|event| matches!(event.body, RoutingEvent::TicketOpened { .. }))
            .cloned()
            .collect();
        events.retain(|event| matches!(event.body, RoutingEvent::OfferIssued { .. }));
        let RoutingEvent::OfferIssued { ticket, .. } = &mut events[0].body else {
            panic!("an offer");
        };
        // The second is offered although the first waits.
        *ticket = TicketId(2);
        let mut queue = Queue::default();
        let mut seen = Watched::default();
        for event in opened.iter().chain(&events[..1]) {
            queue.follow(&at(100, event.body.clone()), &mut seen);
        }
        assert_eq!((seen.offers, seen.overtaken), (1, 1));
    }

    /// One agent, two equal tickets, and what happened to them.
    fn record(answer: impl Fn(u64) -> OfferAnswer) -> Vec<Event<RoutingEvent>> {
        struct Two<F>(F, Vec<Event<RoutingEvent>>);
        impl<F: Fn(u64) -> OfferAnswer> World for Two<F> {
            type Note = ();
            fn wake(&mut self, (): (), _: &mut Plan<()>) {}
            fn answer(&mut self, ticket: &TicketRecord, _: &AgentId, _: OfferId) -> OfferAnswer {
                (self.0)(ticket.ticket.0)
            }
            fn service(&mut self, _: &TicketRecord, _: &AgentId) -> Option<Duration> {
                None
            }
            fn saw(&mut self, event: &Event<RoutingEvent>, _: &mut Plan<()>) {
                self.1.push(event.clone());
            }
            fn ended(&mut self, _: &TicketRecord, _: &mut Plan<()>) {}
            fn refused(&mut self, rejection: &Rejection) {
                panic!("{rejection}");
            }
        }
        let core = RoutingCore::new(&desk::desk_id());
        let mut simulation = Simulation::new(core, Two(answer, Vec::new()), Timestamp::EPOCH);
        let mut desk = unwilling_desk(&mut StdRng::seed_from_u64(1));
        desk.agents.truncate(1);
        let plan = simulation.plan();
        plan.command(plan.now(), Command::Activate(Box::new(desk)));
        for number in 0..2 {
            let call = desk::numbered(&desk::call(0, Asks::Skill, Priority::Normal), number);
            plan.command(plan.now(), Command::Intake(call.into()));
        }
        let (agent, presence) = (desk::agent_id(0), Presence::Online);
        plan.command(plan.now(), Command::SetPresence { agent, presence });
        simulation.run_until(Timestamp::from_micros(600_000_000));
        simulation.into_world().1
    }

    #[test]
    fn who_was_declined_may_be_passed_for_a_while() {
        let decline_first = |ticket| match ticket {
            1 => OfferAnswer::Decline {
                after: Duration::from_secs(1),
                reason: DeclineReason::Busy,
            },
            _ => OfferAnswer::Accept {
                after: Duration::from_secs(1),
            },
        };
        let mut queue = Queue::default();
        let mut seen = Watched::default();
        for event in record(decline_first) {
            queue.follow(&event, &mut seen);
        }
        assert_eq!((seen.past_excluded, seen.overtaken), (1, 0));
    }
}
