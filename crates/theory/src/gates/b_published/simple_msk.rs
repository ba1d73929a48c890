//! `SimpleMSK`: three kinds of contacts and two groups of agents over a day of three periods of two hours. The first kind
//! is the first group's, the third the second's; the second kind goes to the first group where somebody is free there,
//! else to the other. Each day has its own busyness, periods their own rates and numbers of agents.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1, Gamma};
use tandem_domain::desk::{Choice, CompiledDesk};
use tandem_domain::routing::{Command, Rejection};
use tandem_domain::{AgentId, Core, Presence, Priority, Timestamp};
use tandem_routing::RoutingCore;
use tandem_routing::sim::{Plan, Simulation, TicketRecord, World};

use super::{published, replications};
use crate::crowd::{count, time, units};
use crate::desk::{self, Asks};
use crate::figure::Figure;
use crate::replicate::Effort;
use crate::stats::Estimate;

const NAME: &str = "SimpleMSK";
/// Minutes.
const PERIOD: f64 = 120.0;
/// Contacts per minute, by kind and period.
const ARRIVALS: [[f64; 3]; 3] = [[4.2, 5.3, 3.2], [5.1, 4.3, 4.8], [6.3, 5.2, 4.8]];
/// Shape and rate of a day's busyness, whose mean is 1.
const BUSYNESS: f64 = 28.7;
/// Contacts that a busy agent serves per minute, by the period in which they came.
const SERVICE: [f64; 3] = [0.5, 0.6, 0.4];
/// Waiting contacts that leave per minute, by the period in which they came.
const IMPATIENCE: [f64; 3] = [0.3, 0.4, 0.2];
/// By group and period; the last number stays until everybody is served.
const AGENTS: [[usize; 3]; 2] = [[12, 18, 9], [15, 20, 11]];
const SKILLS: [[usize; 2]; 2] = [[0, 1], [1, 2]];
/// Acceptable wait.
const SOON: Duration = Duration::from_secs(20);

/// Contacts served soon, by kind and period: published means and standard deviations.
const GOOD: [[(f64, f64); 3]; 3] = [
    [(170.154, 93.722), (599.334, 83.392), (15.490, 27.520)],
    [(262.936, 134.377), (511.648, 86.571), (34.697, 55.230)],
    [(259.806, 155.150), (613.732, 99.046), (24.888, 44.327)],
];

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let days = effort.replicate(NAME, replications(effort), day);
    let mean = |of: &dyn Fn(&Day) -> f64| Estimate::of(&days.iter().map(of).collect::<Vec<_>>());
    let ratio = |of: &dyn Fn(&Day) -> (f64, f64)| Estimate::ratio(&days.iter().map(of).collect::<Vec<_>>());
    let level = ratio(&|day| {
        (
            count(day.good.iter().flatten().sum()),
            count(day.served + day.left_late),
        )
    });
    let mut figures = vec![
        published(
            NAME,
            "served, per day",
            4297.305,
            437.605,
            mean(&|day| count(day.served)),
        ),
        published(
            NAME,
            "abandoned, per day",
            910.335,
            551.164,
            mean(&|day| count(day.left)),
        ),
        published(NAME, "service level", 0.501, 0.128, level),
        published(
            NAME,
            "occupancy of group 0",
            0.881,
            0.058,
            ratio(&|day| (day.busy, day.staffed)),
        ),
    ];
    for (kind, periods) in GOOD.iter().enumerate() {
        for (period, (known, deviation)) in periods.iter().enumerate() {
            let found = mean(&|day| count(day.good[kind][period]));
            let name = format!("served in 20 s, kind {kind}, period {period}");
            figures.push(published(NAME, name, *known, *deviation, found));
        }
    }
    figures
}

/// What one day has counted.
#[derive(Default)]
struct Day {
    served: u64,
    left: u64,
    left_late: u64,
    good: [[u64; 3]; 3],
    /// Minutes of work of the first group's agents.
    busy: f64,
    /// Minutes that they were there.
    staffed: f64,
}

fn day(seed: u64) -> Day {
    let mut random = StdRng::seed_from_u64(seed);
    let gamma = Gamma::new(BUSYNESS, 1.0 / BUSYNESS).expect("a shape and a scale above zero");
    let busyness = gamma.sample(&mut random);
    let centre = Centre {
        random,
        busyness,
        contacts: 0,
        inside: BTreeMap::new(),
        groups: [0, 1].map(Group::new),
        day: Day::default(),
        last_end: Timestamp::EPOCH,
    };
    let mut simulation = Simulation::new(RoutingCore::new(&desk::desk_id()), centre, Timestamp::EPOCH);
    let plan = simulation.plan();
    plan.command(plan.now(), Command::Activate(Box::new(centre_desk())));
    for period in 0..3 {
        plan.wake(begin(period), Note::Period(period));
    }
    for kind in 0..3 {
        plan.wake(plan.now(), Note::First(kind));
    }
    while simulation.step(Timestamp::from_micros(i64::MAX)).is_some() {}
    let first_group = (0..Group::size(0)).map(desk::agent_id);
    let agents = simulation.agents();
    let busy = first_group
        .filter_map(|agent| agents.get(&agent))
        .map(|agent| units(agent.busy))
        .sum();
    let mut centre = simulation.into_world();
    centre.groups[0].settle(centre.last_end);
    Day {
        busy,
        staffed: centre.groups[0].staffed,
        ..centre.day
    }
}

fn begin(period: usize) -> Timestamp {
    Timestamp::EPOCH.plus(time(PERIOD) * u32::try_from(period).expect("three periods"))
}

/// The period of a time of the day; none after the last.
fn period_of(at: Timestamp) -> Option<usize> {
    (0..3).find(|period| at < begin(period + 1))
}

/// The first group costs less: it is asked first.
fn centre_desk() -> CompiledDesk {
    let agents = (0..2).flat_map(|group| {
        Group::members(group).map(move |number| {
            let mut agent = desk::agent(number, &SKILLS[group], Asks::Skill);
            agent.cost = u32::try_from(group).expect("two groups");
            agent
        })
    });
    desk::desk(agents.collect(), 3, Asks::Skill, Choice::Cheapest)
}

/// A group's agents. When fewer are wanted than are busy, whoever finishes first leaves first; until enough have left,
/// nobody of the group takes a new contact.
struct Group {
    idle: BTreeSet<usize>,
    busy: BTreeSet<usize>,
    absent: BTreeSet<usize>,
    /// How many more have to leave.
    leaving: usize,
    /// Agent minutes so far, and since when they are not counted yet.
    staffed: f64,
    since: Timestamp,
}

impl Group {
    fn size(group: usize) -> usize {
        AGENTS[group].into_iter().max().expect("three periods")
    }

    fn members(group: usize) -> std::ops::Range<usize> {
        let first = (0..group).map(Self::size).sum();
        first..first + Self::size(group)
    }

    fn new(group: usize) -> Self {
        Self {
            idle: BTreeSet::new(),
            busy: BTreeSet::new(),
            absent: Self::members(group).collect(),
            leaving: 0,
            staffed: 0.0,
            since: Timestamp::EPOCH,
        }
    }

    fn settle(&mut self, now: Timestamp) {
        let there = u64::try_from(self.idle.len() + self.busy.len()).expect("a few agents");
        self.staffed += count(there) * units(now.since(self.since));
        self.since = now;
    }

    fn want(&mut self, agents: usize, plan: &mut Plan<Note>) {
        self.settle(plan.now());
        while self.idle.len() + self.busy.len() < agents {
            let agent = self.absent.pop_first().expect("a group is as large as it ever gets");
            say(plan, agent, Presence::Online);
            self.idle.insert(agent);
        }
        let mut too_many = (self.idle.len() + self.busy.len()).saturating_sub(agents);
        while let Some(agent) = self.idle.pop_first().filter(|_| too_many > 0) {
            say(plan, agent, Presence::Offline);
            self.absent.insert(agent);
            too_many -= 1;
        }
        self.leaving = too_many;
        if too_many > 0 {
            self.busy.iter().for_each(|agent| say(plan, *agent, Presence::Away));
        }
    }

    fn begins(&mut self, agent: usize) {
        self.idle.remove(&agent);
        self.busy.insert(agent);
    }

    fn finishes(&mut self, agent: usize, plan: &mut Plan<Note>) {
        self.settle(plan.now());
        self.busy.remove(&agent);
        if self.leaving == 0 {
            self.idle.insert(agent);
            return;
        }
        say(plan, agent, Presence::Offline);
        self.absent.insert(agent);
        self.leaving -= 1;
        if self.leaving == 0 {
            self.busy.iter().for_each(|agent| say(plan, *agent, Presence::Online));
        }
    }
}

fn say(plan: &mut Plan<Note>, agent: usize, presence: Presence) {
    let agent = desk::agent_id(agent);
    plan.command(plan.now(), Command::SetPresence { agent, presence });
}

enum Note {
    /// A period begins.
    Period(usize),
    /// The first contact of a kind is to be drawn.
    First(usize),
    /// A contact of a kind comes.
    Arrival(usize),
}

struct Contact {
    kind: usize,
    period: usize,
    work: Duration,
    patience: Duration,
}

struct Centre {
    random: StdRng,
    busyness: f64,
    contacts: u64,
    inside: BTreeMap<u64, Contact>,
    groups: [Group; 2],
    day: Day,
    last_end: Timestamp,
}

impl Centre {
    fn exponential(&mut self, rate: f64) -> Duration {
        let drawn: f64 = Exp1.sample(&mut self.random);
        time(drawn / rate)
    }

    /// The time of the next contact of a kind; what would come after the period is drawn anew with the next one's rate.
    fn plan_next(&mut self, kind: usize, plan: &mut Plan<Note>) {
        let mut at = plan.now();
        while let Some(period) = period_of(at) {
            let next = at.plus(self.exponential(ARRIVALS[kind][period] * self.busyness));
            if next < begin(period + 1) {
                return plan.wake(next, Note::Arrival(kind));
            }
            at = begin(period + 1);
        }
    }

    fn arrive(&mut self, kind: usize, plan: &mut Plan<Note>) {
        let period = period_of(plan.now()).expect("contacts come within the periods");
        let contact = Contact {
            kind,
            period,
            work: self.exponential(SERVICE[period]),
            patience: self.exponential(IMPATIENCE[period]),
        };
        self.contacts += 1;
        self.inside.insert(self.contacts, contact);
        let call = desk::numbered(&desk::call(kind, Asks::Skill, Priority::Normal), self.contacts);
        plan.command(plan.now(), Command::Intake(call.into()));
        self.plan_next(kind, plan);
    }

    fn contact(&self, ticket: &TicketRecord) -> &Contact {
        &self.inside[&desk::number_of(&ticket.intake)]
    }

    fn group_of(&mut self, agent: usize) -> &mut Group {
        &mut self.groups[usize::from(!Group::members(0).contains(&agent))]
    }
}

impl World for Centre {
    type Note = Note;

    fn wake(&mut self, note: Note, plan: &mut Plan<Note>) {
        match note {
            Note::Period(period) => {
                for (group, agents) in self.groups.iter_mut().zip(AGENTS) {
                    group.want(agents[period], plan);
                }
            }
            Note::First(kind) => self.plan_next(kind, plan),
            Note::Arrival(kind) => self.arrive(kind, plan),
        }
    }

    fn patience(&mut self, ticket: &TicketRecord) -> Option<Duration> {
        Some(self.contact(ticket).patience)
    }

    fn service(&mut self, ticket: &TicketRecord, agent: &AgentId) -> Option<Duration> {
        let agent = desk::agent_number(agent);
        self.group_of(agent).begins(agent);
        Some(self.contact(ticket).work)
    }

    fn ended(&mut self, ticket: &TicketRecord, plan: &mut Plan<Note>) {
        self.last_end = plan.now();
        let contact = self
            .inside
            .remove(&desk::number_of(&ticket.intake))
            .expect("it was inside");
        let soon = ticket.wait().unwrap_or_default() < SOON;
        if let Some((agent, _)) = &ticket.accepted {
            let agent = desk::agent_number(agent);
            self.group_of(agent).finishes(agent, plan);
            self.day.served += 1;
            self.day.good[contact.kind][contact.period] += u64::from(soon);
        } else {
            self.day.left += 1;
            self.day.left_late += u64::from(!soon);
        }
    }

    fn refused(&mut self, rejection: &Rejection) {
        panic!("the router refused what the experiment asked for: {rejection}");
    }
}
