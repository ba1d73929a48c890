//! Gate C: the design of Wallace and Whitt (M&SOM 7(4), 2005). Six kinds of calls, ninety agents, fifteen for each kind
//! first; with two skills for each agent the waits are almost those of agents who can do everything.

use crate::crowd::{self, Kind, Measured, Served, Skills, System, count};
use crate::desk::Asks;
use crate::exact::shared_lines::SharedLines;
use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::{Estimate, variation};

const KINDS: usize = 6;
const PER_KIND: usize = 15;
/// Calls take ten minutes.
const RATE: f64 = 0.1;
const CUSTOMERS: u64 = 500;
/// What two skills are to close of the gap between one skill and all.
const GOAL: f64 = 0.94;

/// The waits in minutes that another simulation of ten times a million calls has found at load 84, with half the width of
/// their intervals of 95 %, for two, three and four skills.
const FOUND_ELSEWHERE: [(usize, f64, f64); 3] = [(2, 0.575, 0.009), (3, 0.478, 0.006), (4, 0.463, 0.007)];

/// Agent `x` of a kind has that kind first, and then those behind it, beginning with another one each.
fn skills_of(kind: usize, x: usize, skills: usize) -> Vec<usize> {
    let others = (0..skills - 1).map(|i| (kind + 1 + (i + x) % (KINDS - 1)) % KINDS);
    std::iter::once(kind).chain(others).collect()
}

fn system(load: f64, skills: usize) -> System {
    let each = load * RATE / f64::from(u32::try_from(KINDS).expect("six"));
    let agents = (0..KINDS).flat_map(|kind| {
        (0..PER_KIND).map(move |x| Skills {
            kinds: skills_of(kind, x, skills),
            rate: RATE,
        })
    });
    System {
        lines: Some(120),
        soon: 0.5,
        asks: Asks::Skill,
        ..System::new(vec![Kind::patient(each); KINDS], agents.collect())
    }
}

/// The same customers for every number of skills.
fn runs(effort: &Effort, load: f64, skills: usize) -> Vec<Measured> {
    let system = system(load, skills);
    let customers = CUSTOMERS * effort.scale;
    effort.replicate(&format!("load {load}"), effort.replications, |seed| {
        crowd::run(&system, seed, customers)
    })
}

fn waits(runs: &[Measured]) -> Vec<f64> {
    runs.iter().map(|run| Served::all(&run.kinds).wait()).collect()
}

/// How much of the way from one skill's wait to that of all skills is gone.
fn gap_closed(one: &[f64], some: &[f64], all: &[f64]) -> Estimate {
    let pairs = one.iter().zip(some).zip(all);
    Estimate::ratio(
        &pairs
            .map(|((one, some), all)| (one - some, one - all))
            .collect::<Vec<_>>(),
    )
}

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let loads: &[f64] = if effort.scale > 1 { &[77.4, 84.0, 90.0] } else { &[84.0] };
    loads.iter().flat_map(|load| at_load(effort, *load)).collect()
}

fn at_load(effort: &Effort, load: f64) -> Vec<Figure> {
    let name = format!("load {load}");
    let [one, two, all] = [1, 2, KINDS].map(|skills| runs(effort, load, skills));
    let closed = gap_closed(&waits(&one), &waits(&two), &waits(&all));
    let judged = (load - 84.0).abs() < f64::EPSILON;
    let goal = if judged { Known::AtLeast(GOAL) } else { Known::Nothing };
    let theory = one_skill(load);
    let mut figures = vec![
        Figure::new(
            &name,
            "no line, one skill",
            Known::Exact(theory.blocked()),
            no_line(&one),
        ),
        Figure::new(
            &name,
            "mean wait, one skill, min",
            Known::Exact(theory.wait()),
            Estimate::of(&waits(&one)),
        ),
        Figure::new(&name, "no line, two skills", Known::Nothing, no_line(&two)),
        Figure::new(&name, "gap closed by two skills", goal, closed),
    ];
    if judged {
        figures.extend(waits_as_found_elsewhere(effort, &name, &waits(&two)));
        figures.push(spread(&name, &two));
    }
    figures
}

/// Six groups of fifteen, each for its own kind.
fn one_skill(load: f64) -> SharedLines {
    SharedLines {
        groups: 6,
        agents: 15,
        arrivals: load * RATE / 6.0,
        service: RATE,
        lines: 120,
    }
}

fn no_line(runs: &[Measured]) -> Estimate {
    let shares = runs.iter().map(|run| {
        let entered = Served::all(&run.kinds).entered;
        count(run.blocked) / count(run.blocked + entered)
    });
    Estimate::of(&shares.collect::<Vec<_>>())
}

fn waits_as_found_elsewhere(effort: &Effort, name: &str, two: &[f64]) -> Vec<Figure> {
    let elsewhere = FOUND_ELSEWHERE.into_iter().map(|(skills, mean, half)| {
        let found = match skills {
            2 => two.to_vec(),
            _ => waits(&runs(effort, 84.0, skills)),
        };
        // Ten replications: 2.262 standard errors to either side.
        let known = Estimate {
            mean,
            error: half / 2.262,
            freedom: 9.0,
        };
        let what = format!("mean wait, {skills} skills, min");
        Figure::new(name, what, Known::Published(known), Estimate::of(&found))
    });
    elsewhere.collect()
}

/// Agents are as busy as each other: by how much their busy shares differ, all replications taken together.
fn spread(name: &str, runs: &[Measured]) -> Figure {
    let agents = runs[0].idle.len();
    let busy: Vec<f64> = (0..agents)
        .map(|agent| runs.iter().map(|run| 1.0 - run.idle[agent]).sum())
        .collect();
    Figure::certain(
        name,
        "variation of agents' busy shares",
        Known::Nothing,
        variation(&busy),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_has_so_many_different_skills_and_every_kind_so_many_agents() {
        for skills in 1..=KINDS {
            let mut served = [0; KINDS];
            for agent in system(84.0, skills).agents {
                let mut kinds = agent.kinds.clone();
                kinds.sort_unstable();
                kinds.dedup();
                assert_eq!(kinds.len(), skills);
                for kind in kinds {
                    served[kind] += 1;
                }
            }
            assert_eq!(served, [PER_KIND * skills; KINDS]);
        }
    }
}
