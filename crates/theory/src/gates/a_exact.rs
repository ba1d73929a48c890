//! Gate A: closed forms, chains and the product form, held against the router under first come, first served and the
//! longest idle agent first.

mod many_skills;
mod one_skill;

use crate::crowd::{self, Measured, System};
use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::Estimate;

/// Customers of a replication in a quick run.
const CUSTOMERS: u64 = 500;

/// A system, and what theory says of it.
struct Case {
    name: String,
    system: System,
    /// How many times the usual number of customers it needs.
    weight: u64,
    figures: Vec<Expected>,
}

/// One figure, exactly, and how it is read off a replication.
struct Expected {
    name: String,
    value: f64,
    read: Box<dyn Fn(&Measured) -> f64 + Sync>,
}

impl Case {
    fn new(name: &str, system: System) -> Self {
        Self {
            name: name.to_owned(),
            system,
            weight: 1,
            figures: Vec::new(),
        }
    }

    fn expect(mut self, name: impl Into<String>, value: f64, read: impl Fn(&Measured) -> f64 + Sync + 'static) -> Self {
        self.figures.push(Expected {
            name: name.into(),
            value,
            read: Box::new(read),
        });
        self
    }

    fn measure(&self, effort: &Effort) -> Vec<Figure> {
        let customers = CUSTOMERS * self.weight * effort.scale;
        let runs = effort.replicate(&self.name, effort.replications, |seed| {
            crowd::run(&self.system, seed, customers)
        });
        let figures = self.figures.iter().map(|expected| {
            let values: Vec<_> = runs.iter().map(&expected.read).collect();
            let known = Known::Exact(expected.value);
            Figure::new(&self.name, expected.name.as_str(), known, Estimate::of(&values))
        });
        figures.collect()
    }
}

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let cases = one_skill::cases().into_iter().chain(many_skills::cases());
    cases.flat_map(|case| case.measure(effort)).collect()
}
