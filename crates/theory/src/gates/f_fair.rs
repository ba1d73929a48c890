//! Gate F: nobody is overtaken by equals, equal agents are equally busy, and what nobody can serve is known at once.

mod overtaking;
mod unservable;

use crate::crowd::{self, Kind, Skills, System};
use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::variation;
use tandem_domain::desk::Choice;

/// Agents whose busy shares are compared.
const EQUALS: usize = 20;
const LOAD: f64 = 0.7;
const CUSTOMERS: u64 = 300;
/// Customers of a quick run among whom nobody may overtake; a hundred times as many are a million.
const WATCHED: u64 = 10_000;
/// Over this many runs.
const RUNS: u64 = 4;

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let mut figures = nobody_is_overtaken(effort);
    for choice in [Choice::LongestIdle, Choice::LeastLoaded, Choice::RoundRobin] {
        figures.push(work_is_spread(effort, choice));
    }
    figures.extend(unservable::measure());
    figures
}

fn nobody_is_overtaken(effort: &Effort) -> Vec<Figure> {
    let each = WATCHED * effort.scale / RUNS;
    let runs = effort.replicate("overtaking", RUNS, |seed| overtaking::run(seed, each));
    let sum = |of: fn(&overtaking::Watched) -> u64| crowd::count(runs.iter().map(of).sum());
    let offers = sum(|run| run.offers);
    let shown = |name: &str, of| Figure::certain("12 skills, 3 priorities, unwilling agents", name, Known::Nothing, of);
    vec![
        shown("tickets", sum(|run| run.tickets)),
        shown("offers", offers),
        shown("offers past somebody excluded", sum(|run| run.past_excluded)),
        Figure {
            known: Known::AtMost(0.0),
            ..shown("tickets overtaken by younger equals", sum(|run| run.overtaken))
        },
    ]
}

fn work_is_spread(effort: &Effort, choice: Choice) -> Figure {
    let agents = vec![
        Skills {
            kinds: vec![0],
            rate: 1.0
        };
        EQUALS
    ];
    let arrivals = LOAD * crowd::count(EQUALS as u64);
    let system = System {
        choice,
        ..System::new(vec![Kind::patient(arrivals)], agents)
    };
    let customers = CUSTOMERS * effort.scale;
    let runs = effort.replicate("spread", effort.replications, |seed| {
        crowd::run(&system, seed, customers)
    });
    let busy: Vec<f64> = (0..EQUALS)
        .map(|agent| runs.iter().map(|run| 1.0 - run.idle[agent]).sum())
        .collect();
    // What drawing an agent by lot for each customer would leave; turns have to do better.
    let served = crowd::count(customers * effort.replications) / crowd::count(EQUALS as u64);
    let bound = 1.0 / served.sqrt();
    Figure::certain(
        "20 equal agents, load 14",
        format!("variation of busy shares, {choice}"),
        Known::AtMost(bound),
        variation(&busy),
    )
}
