//! Weighted batches of 200 tickets and 200 agents, two pairs in a hundred fitting, beside the optima that scipy's
//! `linear_sum_assignment` found for the same instances (`instances/weighted.py` in this crate's folder).

use tandem_routing::assign::{Batch, Matching, WORK_LIMIT, greedy, solve};

use crate::crowd::count;
use crate::figure::{Figure, Known};
use crate::stats::Estimate;

const OPTIMA: &str = include_str!("optima.txt");
const SIZE: usize = 200;
/// Of a hundred pairs, so many fit.
const DENSITY: u64 = 2;

/// Per ticket: the agents who could serve it, and what each would cost.
type Costs = Vec<Vec<(usize, u32)>>;

/// What a matching is worth: tickets served, and the sum of their costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worth {
    served: u64,
    cost: u64,
}

pub(super) fn measure() -> Vec<Figure> {
    let name = "200 tickets, 200 agents, costs";
    let runs: Vec<_> = optima()
        .map(|(seed, optimum)| {
            let costs = costs(seed);
            let batch = batch(&costs);
            let solved = worth(&costs, &solve(&batch, WORK_LIMIT));
            (optimum, solved, worth(&costs, &greedy(&batch)))
        })
        .collect();
    let as_good = runs.iter().filter(|(optimum, solved, _)| optimum == solved).count();
    let share = |of: fn(&Worth) -> u64| {
        let pairs = runs
            .iter()
            .map(|(optimum, _, greedy)| (count(of(greedy)), count(of(optimum))));
        Estimate::ratio(&pairs.collect::<Vec<_>>())
    };
    let all = u64::try_from(runs.len()).expect("a few");
    vec![
        Figure::certain(
            name,
            format!("solved as well as by scipy, of {all}"),
            Known::AtLeast(count(all)),
            count(u64::try_from(as_good).expect("a few")),
        ),
        Figure::new(
            name,
            "one by one: served, of the optimum's",
            Known::Nothing,
            share(|worth| worth.served),
        ),
        Figure::new(
            name,
            "one by one: cost, of the optimum's",
            Known::Nothing,
            share(|worth| worth.cost),
        ),
    ]
}

fn optima() -> impl Iterator<Item = (u64, Worth)> {
    OPTIMA.lines().map(|line| {
        let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().expect("numbers")).collect();
        let [seed, served, cost] = numbers[..] else {
            panic!("three numbers in a line, not {line}");
        };
        (seed, Worth { served, cost })
    })
}

/// `SplitMix64`, so that another language draws the same instance.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn costs(seed: u64) -> Costs {
    let mut draws = Draws(seed);
    let mut row = || {
        let mut pairs = Vec::new();
        for agent in 0..SIZE {
            if draws.below(100) < DENSITY {
                pairs.push((agent, u32::try_from(draws.below(1000)).expect("below a thousand")));
            }
        }
        pairs
    };
    (0..SIZE).map(|_| row()).collect()
}

fn batch(costs: &Costs) -> Batch {
    let mut batch = Batch::new(vec![1; SIZE]);
    for pairs in costs {
        batch.add(0, pairs.iter().copied());
    }
    batch
}

/// Reckoned from the costs, not by the solver; each agent is taken once at most.
fn worth(costs: &Costs, matching: &Matching) -> Worth {
    let mut taken = [false; SIZE];
    let mut worth = Worth { served: 0, cost: 0 };
    for (pairs, agent) in costs.iter().zip(&matching.agents) {
        let Some(agent) = agent else { continue };
        assert!(
            !std::mem::replace(&mut taken[*agent], true),
            "agent {agent} was given two tickets"
        );
        let cost = pairs.iter().find(|(who, _)| who == agent).expect("an agent who fits").1;
        worth.served += 1;
        worth.cost += u64::from(cost);
    }
    worth
}
