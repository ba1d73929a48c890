//! `Bilingual`: a language router. English and Spanish calls, agents for one language and some for both, a free one being
//! chosen by lot; whoever leaves may call again; forty lines; five days from 8 to 17 o'clock.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1};
use tandem_domain::desk::{Choice, CompiledDesk};
use tandem_domain::routing::{Command, Rejection};
use tandem_domain::{AgentId, ConversationId, Core, Presence, Priority, Timestamp};
use tandem_routing::RoutingCore;
use tandem_routing::sim::{Plan, Simulation, TicketRecord, World};
use uuid::Uuid;

use super::{published, replications};
use crate::crowd::{count, time, units};
use crate::desk::{self, Asks};
use crate::figure::Figure;
use crate::replicate::Effort;
use crate::stats::Estimate;

const NAME: &str = "Bilingual";
const LANGUAGES: [&str; 2] = ["English", "Spanish"];
const DAYS: u32 = 5;
/// Hours of a day.
const OPEN: u32 = 8;
const CLOSE: u32 = 17;
/// Calls per hour and language, in the first hour and later.
const FIRST_HOUR: f64 = 100.0;
const LATER: f64 = 50.0;
/// English, Spanish and both.
const AGENTS: [u32; 3] = [7, 7, 4];
const SKILLS: [&[usize]; 3] = [&[0], &[1], &[0, 1]];
const LINES: usize = 40;
/// Minutes of a call, by language.
const SERVICE: [Range<f64>; 2] = [3.0..7.0, 4.0..6.0];
/// Mean, in minutes.
const PATIENCE: f64 = 2.0;
const CALLS_AGAIN: f64 = 0.75;
const CALLS_AGAIN_AFTER: Duration = Duration::from_mins(20);
/// Acceptable wait, over all calls of a customer.
const SOON: Duration = Duration::from_mins(1);
/// First calls that are expected in a week, by language.
const EXPECTED: f64 = 2500.0;

/// A count of a week: its name, the published mean and standard deviation for English and Spanish, and ours.
type Counted = (&'static str, [(f64, f64); 2], fn(&Calls) -> f64);

const COUNTS: [Counted; 5] = [
    ("calls", [(2555.811, 56.822), (2554.350, 57.003)], |calls| {
        count(calls.arrived)
    }),
    ("served", [(2483.933, 48.612), (2483.302, 49.449)], |calls| {
        count(calls.served)
    }),
    ("abandoned", [(71.848, 16.652), (71.020, 16.459)], |calls| {
        count(calls.left)
    }),
    (
        "served in a minute",
        [(2448.662, 46.470), (2448.223, 47.889)],
        |calls| count(calls.soon),
    ),
    ("service level, %", [(97.946, 1.859), (97.929, 1.916)], |calls| {
        100.0 * count(calls.soon) / EXPECTED
    }),
];
/// The published shares of time in percent, and their standard deviations.
const OCCUPANCY: [(&str, f64, f64); 3] = [
    ("occupancy of the English, %", 47.624, 0.977),
    ("occupancy of the Spanish, %", 47.639, 0.962),
    ("occupancy of the bilingual, %", 63.254, 0.908),
];

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let weeks = effort.replicate(NAME, replications(effort), week);
    let mean = |of: &dyn Fn(&Week) -> f64| Estimate::of(&weeks.iter().map(of).collect::<Vec<_>>());
    let mut figures = Vec::new();
    for (name, known, read) in COUNTS {
        for (language, (known, deviation)) in known.into_iter().enumerate() {
            let found = mean(&|week| read(&week.calls[language]));
            let name = format!("{}: {name}", LANGUAGES[language]);
            figures.push(published(NAME, name, known, deviation, found));
        }
    }
    for (group, (name, known, deviation)) in OCCUPANCY.into_iter().enumerate() {
        figures.push(published(
            NAME,
            name,
            known,
            deviation,
            mean(&|week| week.occupancy[group]),
        ));
    }
    figures
}

/// What one week has counted.
#[derive(Default)]
struct Week {
    calls: [Calls; 2],
    /// By group, in percent.
    occupancy: [f64; 3],
}

/// Each call counts, also those of customers who call again.
#[derive(Default)]
struct Calls {
    arrived: u64,
    served: u64,
    left: u64,
    soon: u64,
}

fn at(day: u32, hour: u32) -> Timestamp {
    Timestamp::EPOCH.plus(Duration::from_hours(24) * day + Duration::from_hours(1) * hour)
}

fn week(seed: u64) -> Week {
    let centre = Centre {
        random: StdRng::seed_from_u64(seed),
        open: false,
        numbers: 0,
        inside: BTreeMap::new(),
        waiting: BTreeSet::new(),
        calls: Default::default(),
    };
    let mut simulation = Simulation::new(RoutingCore::new(&desk::desk_id()), centre, Timestamp::EPOCH);
    let plan = simulation.plan();
    plan.command(plan.now(), Command::Activate(Box::new(centre_desk())));
    for day in 0..DAYS {
        plan.wake(at(day, OPEN), Note::Opens(day));
        plan.wake(at(day, CLOSE), Note::Closes);
    }
    while simulation.step(Timestamp::from_micros(i64::MAX)).is_some() {}
    let agents = simulation.agents();
    let occupancy = [0, 1, 2].map(|group| {
        let busy: f64 = members(group)
            .map(|agent| units(agents[&desk::agent_id(agent)].busy))
            .sum();
        let there = f64::from(AGENTS[group] * DAYS * (CLOSE - OPEN) * 60);
        100.0 * busy / there
    });
    Week {
        calls: simulation.into_world().calls,
        occupancy,
    }
}

fn members(group: usize) -> Range<usize> {
    let size = |group: usize| AGENTS[group] as usize;
    let first = (0..group).map(size).sum();
    first..first + size(group)
}

fn centre_desk() -> CompiledDesk {
    let agents =
        (0..3).flat_map(|group| members(group).map(move |number| desk::agent(number, SKILLS[group], Asks::Language)));
    desk::desk(agents.collect(), 2, Asks::Language, Choice::Weighted)
}

#[derive(Clone)]
struct Customer {
    language: usize,
    work: Duration,
    patience: Duration,
    /// Earlier, before hanging up.
    waited: Duration,
}

enum Note {
    Opens(u32),
    Closes,
    /// The first call after this time is to be drawn.
    Hour(usize, Timestamp),
    Arrival(usize, Timestamp),
    Again(Customer),
}

struct Centre {
    random: StdRng,
    open: bool,
    numbers: u64,
    inside: BTreeMap<u64, Customer>,
    waiting: BTreeSet<u64>,
    calls: [Calls; 2],
}

impl Centre {
    fn draw(&mut self, language: usize) -> Customer {
        let patience: f64 = Exp1.sample(&mut self.random);
        Customer {
            language,
            work: time(self.random.random_range(SERVICE[language].clone())),
            patience: time(PATIENCE * patience),
            waited: Duration::ZERO,
        }
    }

    /// The next call in the hour that ends at `end`; what would come later is not of this hour.
    fn plan_next(&mut self, language: usize, end: Timestamp, plan: &mut Plan<Note>) {
        let hour = end.as_micros() / 3_600_000_000 % 24;
        let rate = if hour == i64::from(OPEN + 1) { FIRST_HOUR } else { LATER };
        let gap: f64 = Exp1.sample(&mut self.random);
        let next = plan.now().plus(time(gap * 60.0 / rate));
        if next < end {
            plan.wake(next, Note::Arrival(language, end));
        }
    }

    fn call(&mut self, customer: Customer, plan: &mut Plan<Note>) {
        if !self.open || self.inside.len() >= LINES {
            self.calls[customer.language].arrived += 1;
            return;
        }
        self.numbers += 1;
        let call = desk::call(customer.language, Asks::Language, Priority::Normal);
        plan.command(plan.now(), Command::Intake(desk::numbered(&call, self.numbers).into()));
        self.inside.insert(self.numbers, customer);
        self.waiting.insert(self.numbers);
    }

    fn set_open(&mut self, open: bool, plan: &mut Plan<Note>) {
        self.open = open;
        let presence = if open { Presence::Online } else { Presence::Offline };
        for agent in (0..3).flat_map(members).map(desk::agent_id) {
            plan.command(plan.now(), Command::SetPresence { agent, presence });
        }
        // Whoever still waits at closing time is sent away.
        for number in &self.waiting {
            let conversation = ConversationId(Uuid::from_u128(u128::from(*number)));
            plan.command(plan.now(), Command::CustomerLeft { conversation });
        }
    }
}

impl World for Centre {
    type Note = Note;

    fn wake(&mut self, note: Note, plan: &mut Plan<Note>) {
        match note {
            Note::Opens(day) => {
                self.set_open(true, plan);
                for (hour, language) in (OPEN..CLOSE).flat_map(|hour| [(hour, 0), (hour, 1)]) {
                    plan.wake(at(day, hour), Note::Hour(language, at(day, hour + 1)));
                }
            }
            Note::Closes => self.set_open(false, plan),
            Note::Hour(language, end) => self.plan_next(language, end, plan),
            Note::Arrival(language, end) => {
                let customer = self.draw(language);
                self.call(customer, plan);
                self.plan_next(language, end, plan);
            }
            Note::Again(customer) => self.call(customer, plan),
        }
    }

    fn patience(&mut self, ticket: &TicketRecord) -> Option<Duration> {
        Some(self.inside[&desk::number_of(&ticket.intake)].patience)
    }

    fn service(&mut self, ticket: &TicketRecord, _: &AgentId) -> Option<Duration> {
        let number = desk::number_of(&ticket.intake);
        self.waiting.remove(&number);
        Some(self.inside[&number].work)
    }

    fn ended(&mut self, ticket: &TicketRecord, plan: &mut Plan<Note>) {
        let number = desk::number_of(&ticket.intake);
        let customer = self.inside.remove(&number).expect("the customer was inside");
        let calls = &mut self.calls[customer.language];
        let waited = customer.waited + ticket.wait().unwrap_or_default();
        calls.arrived += 1;
        if ticket.accepted.is_some() {
            calls.served += 1;
            calls.soon += u64::from(waited < SOON);
        } else {
            self.waiting.remove(&number);
            // At closing time nobody hangs up: they are disconnected, and do not call again.
            if self.open {
                calls.left += 1;
                if self.random.random_bool(CALLS_AGAIN) {
                    plan.wake_in(CALLS_AGAIN_AFTER, Note::Again(Customer { waited, ..customer }));
                }
            }
        }
    }

    fn refused(&mut self, rejection: &Rejection) {
        panic!("the router refused what the experiment asked for: {rejection}");
    }
}
