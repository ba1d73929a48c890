//! The week once more, with Tandem in the bank's place.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_domain::desk::Choice;
use tandem_domain::routing::{Command, Rejection};
use tandem_domain::{AgentId, Core, Presence, Priority, Timestamp};
use tandem_routing::RoutingCore;
use tandem_routing::sim::{Plan, Simulation, TicketRecord, World};

use super::patience::Patience;
use super::records::{Record, Records, TYPES};
use super::staffing::{self, Agent};
use crate::desk::{self, Asks};

/// Types with fewer calls share one estimate of patience.
const ENOUGH_CALLS: usize = 100;

/// What is inferred from the records, once.
pub(super) struct Week {
    pub(super) agents: Vec<Agent>,
    patience: Vec<Patience>,
    /// By type: how long the served calls took.
    services: Vec<Vec<u32>>,
}

/// What became of a call.
pub(super) struct Outcome {
    pub(super) call: Record,
    pub(super) waited: Duration,
    pub(super) left: bool,
}

impl Week {
    pub(super) fn new(records: &Records) -> Self {
        let of_kind = |kind: usize| records.calls.iter().filter(move |call| call.kind == kind);
        let waits = |calls: &mut dyn Iterator<Item = &Record>| {
            Patience::estimate(calls.map(|call| (call.waited, call.served.is_none())).collect())
        };
        let all = waits(&mut records.calls.iter());
        let patience = (0..TYPES.len()).map(|kind| match of_kind(kind).count() {
            few if few < ENOUGH_CALLS => all.clone(),
            _ => waits(&mut of_kind(kind)),
        });
        let services = (0..TYPES.len()).map(|kind| {
            let served = of_kind(kind).filter_map(|call| call.served.as_ref());
            served.map(|service| service.lasted).collect()
        });
        Self {
            agents: staffing::infer(records),
            patience: patience.collect(),
            services: services.collect(),
        }
    }

    /// How long all agents were there together.
    pub(super) fn hours(&self) -> f64 {
        let shifts = self.agents.iter().flat_map(|agent| &agent.shifts);
        shifts.map(|(from, to)| f64::from(to - from)).sum::<f64>() / 3600.0
    }

    /// What the records do not say of a call: how long it would have taken, and when its caller hangs up.
    fn complete(&self, call: &Record, random: &mut StdRng) -> Caller {
        let (lot, served) = (random.random(), &self.services[call.kind]);
        let drawn = random.random_range(0..served.len().max(1));
        let (work, patience) = match &call.served {
            Some(service) => (service.lasted, self.patience[call.kind].after(call.waited, lot)),
            None => (served.get(drawn).copied().unwrap_or(1), call.waited),
        };
        Caller {
            work: seconds(work),
            patience: seconds(patience),
        }
    }
}

fn seconds(of: u32) -> Duration {
    Duration::from_secs(of.into())
}

fn at(second: u32) -> Timestamp {
    Timestamp::EPOCH.plus(seconds(second))
}

pub(super) fn run(records: &Records, week: &Week, seed: u64) -> Vec<Outcome> {
    let mut random = StdRng::seed_from_u64(seed);
    let calls = records.calls.iter();
    let centre = Centre {
        records,
        callers: calls.map(|call| week.complete(call, &mut random)).collect(),
        outcomes: BTreeMap::new(),
    };
    let mut simulation = Simulation::new(RoutingCore::new(&desk::desk_id()), centre, Timestamp::EPOCH);
    let plan = simulation.plan();
    let agents = week.agents.iter().enumerate();
    let agents = agents.map(|(number, agent)| desk::agent(number, &agent.kinds, Asks::Skill));
    let desk = desk::desk(agents.collect(), TYPES.len(), Asks::Skill, Choice::LongestIdle);
    plan.command(plan.now(), Command::Activate(Box::new(desk)));
    for (number, agent) in week.agents.iter().enumerate() {
        for (from, to) in &agent.shifts {
            // Whoever is at work as the shift ends finishes the call.
            for (time, presence) in [(from, Presence::Online), (to, Presence::Away)] {
                let agent = desk::agent_id(number);
                plan.command(at(*time), Command::SetPresence { agent, presence });
            }
        }
    }
    for (number, call) in (0..).zip(&records.calls) {
        plan.wake(at(call.asked), number);
    }
    while simulation.step(Timestamp::from_micros(i64::MAX)).is_some() {}
    let forgotten: Vec<_> = simulation.tickets().filter(|ticket| ticket.ended.is_none()).collect();
    assert!(
        forgotten.is_empty(),
        "all hang up or are served by the end of the week: {forgotten:?}"
    );
    simulation.into_world().outcomes.into_values().collect()
}

struct Caller {
    work: Duration,
    patience: Duration,
}

struct Centre<'a> {
    records: &'a Records,
    callers: Vec<Caller>,
    outcomes: BTreeMap<u64, Outcome>,
}

impl Centre<'_> {
    fn caller(&self, ticket: &TicketRecord) -> &Caller {
        &self.callers[place(desk::number_of(&ticket.intake))]
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number).expect("a few thousand calls")
}

impl World for Centre<'_> {
    type Note = u64;

    fn wake(&mut self, number: u64, plan: &mut Plan<u64>) {
        let call = &self.records.calls[place(number)];
        let call = desk::numbered(&desk::call(call.kind, Asks::Skill, Priority::Normal), number);
        plan.command(plan.now(), Command::Intake(call.into()));
    }

    fn patience(&mut self, ticket: &TicketRecord) -> Option<Duration> {
        Some(self.caller(ticket).patience)
    }

    fn service(&mut self, ticket: &TicketRecord, _: &AgentId) -> Option<Duration> {
        Some(self.caller(ticket).work)
    }

    fn ended(&mut self, ticket: &TicketRecord, _: &mut Plan<u64>) {
        let number = desk::number_of(&ticket.intake);
        let outcome = Outcome {
            call: self.records.calls[place(number)].clone(),
            waited: ticket.wait().unwrap_or_default(),
            left: ticket.accepted.is_none(),
        };
        self.outcomes.insert(number, outcome);
    }

    fn refused(&mut self, rejection: &Rejection) {
        panic!("the router refused what the experiment asked for: {rejection}");
    }
}
