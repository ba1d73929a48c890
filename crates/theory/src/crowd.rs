//! Customers who come by chance (Poisson), are served by chance (exponential), and are counted.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1};
use tandem_domain::desk::{BetweenQueues, Choice, CompiledDesk};
use tandem_domain::routing::{Command, Intake, Rejection};
use tandem_domain::{AgentId, Core, Presence, Priority, Timestamp};
use tandem_routing::RoutingCore;
use tandem_routing::sim::{Plan, Simulation, TicketRecord, World};

use crate::desk::{self, Asks};

/// Later than everything.
const FOREVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// A queueing system. Times are in units that the simulation takes for minutes.
#[derive(Clone, Debug)]
pub struct System {
    /// Kinds of customers.
    pub kinds: Vec<Kind>,
    /// Agents.
    pub agents: Vec<Skills>,
    /// The most customers there at once; whoever comes when all lines are taken is turned away by the lines, not by the
    /// router. None: no limit.
    pub lines: Option<usize>,
    /// What counts as soon.
    pub soon: f64,
    /// By what the kinds differ for the router.
    pub asks: Asks,
    /// How agents are chosen.
    pub choice: Choice,
    /// How a queue is chosen.
    pub between: BetweenQueues,
}

/// A kind of customers.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// How many come per unit of time.
    pub arrivals: f64,
    /// How many of those who wait leave per unit of time; zero: nobody.
    pub impatience: f64,
    /// How urgent they are.
    pub priority: Priority,
}

impl Kind {
    /// Patient customers of normal priority.
    #[must_use]
    pub const fn patient(arrivals: f64) -> Self {
        Self {
            arrivals,
            impatience: 0.0,
            priority: Priority::Normal,
        }
    }
}

/// Whom an agent serves, how fast.
#[derive(Clone, Debug)]
pub struct Skills {
    /// Kinds of customers.
    pub kinds: Vec<usize>,
    /// Customers served while busy, per unit of time.
    pub rate: f64,
}

impl System {
    /// First come, first served, by whoever is idle longest.
    #[must_use]
    pub fn new(kinds: Vec<Kind>, agents: Vec<Skills>) -> Self {
        Self {
            kinds,
            agents,
            lines: None,
            soon: 0.0,
            asks: Asks::Skill,
            choice: Choice::LongestIdle,
            between: BetweenQueues::LongestWait,
        }
    }

    fn desk(&self) -> CompiledDesk {
        let agents = self.agents.iter().enumerate();
        let agents = agents.map(|(number, agent)| desk::agent(number, &agent.kinds, self.asks));
        CompiledDesk {
            between_queues: self.between.clone(),
            ..desk::desk(agents.collect(), self.kinds.len(), self.asks, self.choice)
        }
    }
}

/// What one replication has measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// By kind.
    pub kinds: Vec<Served>,
    /// How many of the measured customers were turned away by the lines.
    pub blocked: u64,
    /// The share of time in which each agent was idle.
    pub idle: Vec<f64>,
}

/// What became of one kind's customers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    /// How many got a line.
    pub entered: u64,
    /// The sum of their waits, whether they were served or left.
    pub waited: f64,
    /// How many of them waited.
    pub delayed: u64,
    /// How many waited no longer than is soon, whether they were served or left.
    pub short: u64,
    /// How many were served soon.
    pub soon: u64,
    /// How many left.
    pub left: u64,
    /// How many left soon.
    pub left_soon: u64,
    /// How many waited, on average over time.
    pub queue: f64,
}

impl Served {
    /// The mean wait.
    #[must_use]
    pub fn wait(&self) -> f64 {
        self.waited / count(self.entered)
    }

    /// A count as a share of those who got a line.
    #[must_use]
    pub fn share(&self, of: u64) -> f64 {
        count(of) / count(self.entered)
    }

    /// All kinds together.
    #[must_use]
    pub fn all(kinds: &[Self]) -> Self {
        kinds.iter().fold(Self::default(), |sum, kind| Self {
            entered: sum.entered + kind.entered,
            waited: sum.waited + kind.waited,
            delayed: sum.delayed + kind.delayed,
            short: sum.short + kind.short,
            soon: sum.soon + kind.soon,
            left: sum.left + kind.left,
            left_soon: sum.left_soon + kind.left_soon,
            queue: sum.queue + kind.queue,
        })
    }
}

/// A count, to be reckoned with.
///
/// # Panics
/// If it is above 2^32, which no run reaches.
#[must_use]
pub fn count(of: u64) -> f64 {
    f64::from(u32::try_from(of).expect("a run has fewer than four thousand million customers"))
}

/// So many units of time.
#[must_use]
pub fn time(units: f64) -> Duration {
    Duration::from_secs_f64(units * 60.0)
}

/// How many units of time that is.
#[must_use]
pub fn units(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}

/// Runs a system with `measured` customers after a warm-up of a tenth as many more.
#[must_use]
pub fn run(system: &System, seed: u64, measured: u64) -> Measured {
    let warm_up = measured / 10;
    let crowd = Crowd::new(system, StdRng::seed_from_u64(seed), warm_up..warm_up + measured);
    let mut simulation = Simulation::new(RoutingCore::new(&desk::desk_id()), crowd, Timestamp::EPOCH);
    let plan = simulation.plan();
    plan.command(plan.now(), Command::Activate(Box::new(system.desk())));
    for agent in 0..system.agents.len() {
        let (agent, presence) = (desk::agent_id(agent), Presence::Online);
        plan.command(plan.now(), Command::SetPresence { agent, presence });
    }
    plan.wake(plan.now(), Arrival);
    run_until(&mut simulation, |crowd| crowd.arrived >= warm_up);
    simulation.recount();
    simulation.world_mut().window.start = simulation.now();
    run_until(&mut simulation, |crowd| crowd.arrived >= warm_up + measured);
    simulation.world_mut().window.end = simulation.now();
    let agents = simulation.agents();
    let idle = (0..system.agents.len()).map(|number| {
        let agent = &agents[&desk::agent_id(number)];
        1.0 - agent.busy.as_secs_f64() / agent.online.as_secs_f64()
    });
    let idle = idle.collect();
    // Whoever came in time is followed to the end; others keep coming, so that they do not have it easier.
    run_until(&mut simulation, |crowd| crowd.open == 0);
    let rest: Vec<_> = simulation
        .tickets()
        .filter(|ticket| ticket.ended.is_none())
        .cloned()
        .collect();
    let crowd = simulation.world_mut();
    for ticket in &rest {
        crowd.count_waiting(ticket);
    }
    Measured {
        idle,
        ..simulation.into_world().measured()
    }
}

fn run_until(simulation: &mut Simulation<Crowd<'_>>, done: impl Fn(&Crowd<'_>) -> bool) {
    while !done(simulation.world()) {
        simulation.step(FOREVER).expect("customers keep coming");
    }
}

/// The next customer comes.
struct Arrival;

struct Customer {
    kind: usize,
    /// In units of a mean service time.
    work: f64,
    /// In units of a mean patience.
    patience: f64,
}

struct Crowd<'a> {
    system: &'a System,
    calls: Vec<Intake>,
    random: StdRng,
    /// How many have come.
    arrived: u64,
    /// Numbers of those who are measured.
    measured: Range<u64>,
    /// When the queue's length is measured.
    window: Range<Timestamp>,
    /// How many of the measured are not finished.
    open: u64,
    inside: BTreeMap<u64, Customer>,
    blocked: u64,
    served: Vec<Served>,
}

impl<'a> Crowd<'a> {
    fn new(system: &'a System, random: StdRng, measured: Range<u64>) -> Self {
        let kinds = system.kinds.iter().enumerate();
        Self {
            system,
            calls: kinds
                .map(|(kind, of)| desk::call(kind, system.asks, of.priority))
                .collect(),
            random,
            arrived: 0,
            measured,
            window: FOREVER..FOREVER,
            open: 0,
            inside: BTreeMap::new(),
            blocked: 0,
            served: vec![Served::default(); system.kinds.len()],
        }
    }

    fn all_arrivals(&self) -> f64 {
        self.system.kinds.iter().map(|kind| kind.arrivals).sum()
    }

    /// Everything about a customer is drawn in the same order whatever the router does, so that systems with the same
    /// seed have the same customers.
    fn draw(&mut self) -> (Customer, Duration) {
        let mut at = self.random.random::<f64>() * self.all_arrivals();
        let before = self.system.kinds.iter().take_while(|kind| {
            at -= kind.arrivals;
            at >= 0.0
        });
        let customer = Customer {
            kind: before.count().min(self.system.kinds.len() - 1),
            work: Exp1.sample(&mut self.random),
            patience: Exp1.sample(&mut self.random),
        };
        let gap: f64 = Exp1.sample(&mut self.random);
        (customer, time(gap / self.all_arrivals()))
    }

    fn has_line(&self) -> bool {
        self.system.lines.is_none_or(|lines| self.inside.len() < lines)
    }

    fn customer(&self, ticket: &TicketRecord) -> &Customer {
        &self.inside[&desk::number_of(&ticket.intake)]
    }

    /// What the ticket adds to the time that its kind's customers waited in the window.
    fn count_waiting(&mut self, ticket: &TicketRecord) {
        let waited = ticket.wait().map_or(FOREVER, |wait| ticket.opened_at.plus(wait));
        let overlap = waited
            .min(self.window.end)
            .since(ticket.opened_at.max(self.window.start));
        let kind = self.customer(ticket).kind;
        self.served[kind].queue += units(overlap);
    }

    fn count_served(&mut self, ticket: &TicketRecord) {
        let (wait, left) = (ticket.wait().unwrap_or_default(), ticket.accepted.is_none());
        let soon = wait <= time(self.system.soon);
        let kind = self.customer(ticket).kind;
        let served = &mut self.served[kind];
        served.entered += 1;
        served.waited += units(wait);
        served.delayed += u64::from(!wait.is_zero());
        served.short += u64::from(soon);
        served.soon += u64::from(soon && !left);
        served.left += u64::from(left);
        served.left_soon += u64::from(soon && left);
    }

    fn measured(mut self) -> Measured {
        let length = units(self.window.end.since(self.window.start));
        self.served.iter_mut().for_each(|kind| kind.queue /= length);
        Measured {
            kinds: self.served,
            blocked: self.blocked,
            idle: Vec::new(),
        }
    }
}

impl World for Crowd<'_> {
    type Note = Arrival;

    fn wake(&mut self, _: Arrival, plan: &mut Plan<Arrival>) {
        let (customer, gap) = self.draw();
        let number = self.arrived;
        self.arrived += 1;
        plan.wake_in(gap, Arrival);
        let measured = self.measured.contains(&number);
        if self.has_line() {
            let call = desk::numbered(&self.calls[customer.kind], number);
            plan.command(plan.now(), Command::Intake(call.into()));
            self.inside.insert(number, customer);
            self.open += u64::from(measured);
        } else {
            self.blocked += u64::from(measured);
        }
    }

    fn patience(&mut self, ticket: &TicketRecord) -> Option<Duration> {
        let customer = self.customer(ticket);
        let impatience = self.system.kinds[customer.kind].impatience;
        (impatience > 0.0).then(|| time(customer.patience / impatience))
    }

    fn service(&mut self, ticket: &TicketRecord, agent: &AgentId) -> Option<Duration> {
        let rate = self.system.agents[desk::agent_number(agent)].rate;
        Some(time(self.customer(ticket).work / rate))
    }

    fn ended(&mut self, ticket: &TicketRecord, _: &mut Plan<Arrival>) {
        self.count_waiting(ticket);
        let number = desk::number_of(&ticket.intake);
        if self.measured.contains(&number) {
            self.count_served(ticket);
            self.open -= 1;
        }
        self.inside.remove(&number);
    }

    fn refused(&mut self, rejection: &Rejection) {
        panic!("the router refused what the experiment asked for: {rejection}");
    }
}
