//! Gate E: a thousand tickets meet a thousand agents. One after the other each ticket takes the least over-skilled agent;
//! or the router gathers them and solves the batch. Beside both: a maximum matching, found by plain augmenting paths. On
//! weighted batches the router's solver is held against optima that scipy has found.

mod maximum;
mod optima;
mod scattered;

use std::time::Duration;

use crate::crowd::count;
use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::Estimate;

/// Instances of a full run, each a thousand by a thousand.
const INSTANCES: u64 = 50;
const FULL: usize = 1_000;
/// A quick run has fewer and smaller ones.
const QUICK_INSTANCES: u64 = 3;
const QUICK: usize = 120;
/// What taking one after the other must serve of what is possible.
const GREEDY: f64 = 0.97;
const SOLVED_WITHIN: Duration = Duration::from_millis(20);

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let full = effort.scale > 1;
    let (instances, size) = if full {
        (INSTANCES, FULL)
    } else {
        (QUICK_INSTANCES, QUICK)
    };
    // One after the other: a turn that is timed must not share the machine with others of ours.
    let alone = Effort { threads: 1, ..*effort };
    let runs = alone.replicate("batches", instances, |seed| scattered::run(seed, size));
    let share = |of: fn(&scattered::Outcome) -> u64| {
        let pairs = runs.iter().map(|run| (count(of(run)), count(run.possible)));
        Estimate::ratio(&pairs.collect::<Vec<_>>())
    };
    let name = format!("{size} tickets, {size} agents");
    let mut figures = vec![
        Figure::new(
            &name,
            "one by one, of what is possible",
            Known::AtLeast(GREEDY),
            share(|run| run.one_by_one),
        ),
        Figure::new(
            &name,
            "solved, of what is possible",
            Known::AtLeast(1.0),
            share(|run| run.solved),
        ),
    ];
    if full {
        figures.extend(times(&name, runs.iter().map(|run| run.took).collect()));
    }
    figures.extend(optima::measure());
    figures
}

/// The turn in which the core solves the batch and makes the offers. The median is judged: one turn may be disturbed by
/// what else the machine does.
fn times(name: &str, mut took: Vec<Duration>) -> [Figure; 2] {
    took.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let goal = Known::AtMost(milliseconds(SOLVED_WITHIN));
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    [
        Figure::certain(name, "solved in, ms, median", goal, milliseconds(median)),
        Figure::certain(name, "solved in, ms, worst", Known::Nothing, milliseconds(worst)),
    ]
}
