//! Gate D: seventy agents speak English, ten Spanish, twenty both; a sixth of the customers is Spanish. The fixed queue
//! ratio (Gurvich and Whitt, Operations Research 58(2), 2010) lets an agent who speaks both take the queue that is
//! furthest above its share of all who wait; asked for the share that it has of all customers, both wait equally long.

use std::collections::BTreeMap;

use tandem_domain::desk::{BetweenQueues, Choice};

use crate::crowd::{self, Kind, Measured, Served, Skills, System};
use crate::desk::{Asks, key, queue_name};
use crate::exact::erlang::ErlangC;
use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::Estimate;

const NAME: &str = "70 English, 10 Spanish, 20 both, load 92";
const ARRIVALS: [f64; 2] = [76.0, 16.0];
/// Customers of a replication; in a quick run enough to warm up.
const CUSTOMERS: u64 = 50_000;
const QUICK: u64 = 3_000;
/// The waits of the two are close to each other, and so is the goal: it takes so many times the usual replications to
/// tell on which side of it they are; for the bound fewer do.
const MORE: u64 = 20;
const MORE_FOR_BOUND: u64 = 4;
/// The Spanish share of all who wait, per mille: their share of all who come.
const SPANISH: u32 = 174;
/// How much longer than with agents who all speak both.
const GOAL: f64 = 1.12;

fn system(agents: [usize; 3]) -> System {
    let kinds: [&[usize]; 3] = [&[0], &[1], &[0, 1]];
    let agents = kinds.into_iter().zip(agents).flat_map(|(kinds, count)| {
        let skills = Skills {
            kinds: kinds.to_vec(),
            rate: 1.0,
        };
        vec![skills; count]
    });
    let shares: BTreeMap<_, _> = [(0, 1000 - SPANISH), (1, SPANISH)]
        .map(|(kind, share)| (key(&queue_name(kind)), share))
        .into();
    System {
        asks: Asks::QueueAndLanguage,
        choice: Choice::LeastOverSkilled,
        between: BetweenQueues::Ratio(shares),
        ..System::new(ARRIVALS.map(Kind::patient).to_vec(), agents.collect())
    }
}

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let full = effort.scale > 1;
    let customers = if full { CUSTOMERS } else { QUICK };
    let run = |agents, times| {
        let (system, times) = (system(agents), if full { times } else { 1 });
        effort.replicate(NAME, effort.replications * times, |seed| {
            crowd::run(&system, seed, customers)
        })
    };
    let ours = run([70, 10, 20], MORE);
    // The same customers, and nobody who cannot serve them: no router can do better.
    let pooled = run([0, 0, 100], MORE_FOR_BOUND);
    let wait = |run: &Measured| Served::all(&run.kinds).wait();
    let bound = ErlangC {
        arrivals: ARRIVALS.iter().sum(),
        service: 1.0,
        agents: 100,
    };
    let pairs: Vec<_> = ours
        .iter()
        .zip(&pooled)
        .map(|(ours, pooled)| (wait(ours), wait(pooled)))
        .collect();
    let of = |read: &dyn Fn(&Measured) -> f64| Estimate::of(&ours.iter().map(read).collect::<Vec<_>>());
    let ratio = |read: &dyn Fn(&Measured) -> (f64, f64)| Estimate::ratio(&ours.iter().map(read).collect::<Vec<_>>());
    let share = ratio(&|run| (run.kinds[1].queue, Served::all(&run.kinds).queue));
    let waits = ratio(&|run| (run.kinds[0].wait(), run.kinds[1].wait()));
    let asked = f64::from(SPANISH) / 1000.0;
    let pooled: Vec<_> = pooled.iter().map(wait).collect();
    vec![
        Figure::new(
            NAME,
            "mean wait, if all spoke both",
            Known::Exact(bound.wait()),
            Estimate::of(&pooled),
        ),
        Figure::new(NAME, "mean wait", Known::Nothing, of(&wait)),
        Figure::new(
            NAME,
            "mean wait, English",
            Known::Nothing,
            of(&|run| run.kinds[0].wait()),
        ),
        Figure::new(
            NAME,
            "mean wait, Spanish",
            Known::Nothing,
            of(&|run| run.kinds[1].wait()),
        ),
        Figure::new(
            NAME,
            "mean wait, in parts of that bound",
            Known::AtMost(GOAL),
            Estimate::ratio(&pairs),
        ),
        Figure::new(
            NAME,
            "Spanish share of the queue",
            Known::Within { of: asked, by: 0.005 },
            share,
        ),
        Figure::new(
            NAME,
            "wait, English to Spanish",
            Known::Within { of: 1.0, by: 0.02 },
            waits,
        ),
    ]
}
