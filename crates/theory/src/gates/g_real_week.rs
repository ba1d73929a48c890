//! Gate G: a week of a bank's call centre, with its calls, its agents and its customers' patience, routed by Tandem.
//!
//! What is not in the records is inferred or assumed, and said here: who was there when ([`staffing`]), how long those
//! would have waited who were served ([`patience`]), and how long those would have taken who left (as long as some
//! served call of their type, drawn anew in each replication). The records say priority 0 of everybody who did not wait,
//! so nobody has any priority here, and nothing is compared by it.

mod patience;
mod records;
mod routed;
mod staffing;

use std::path::PathBuf;

use crate::crowd::count;
use crate::figure::{Figure, Known};
use crate::replicate::Effort;
use crate::stats::Estimate;

use records::{Record, Records, TYPES};
use routed::{Outcome, Week};

const FILE: &str = "callcentre/anonymous-bank/1999-08-01_to_07.csv";
const QUICK: u64 = 4;

/// Where the records are; the corpus lies beside the project unless the environment says otherwise.
fn file() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("TANDEM_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    corpus.join(FILE)
}

/// Whether there is nothing to compare with.
#[cfg(test)]
pub(super) fn is_missing() -> bool {
    !file().exists()
}

pub(super) fn measure(effort: &Effort) -> Vec<Figure> {
    let path = file();
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "gate G skipped: {} is not there; set TANDEM_CORPUS to the corpus",
            path.display()
        );
        return Vec::new();
    };
    let records = records::read(&text);
    let week = Week::new(&records);
    let replications = if effort.scale > 1 { effort.replications } else { QUICK };
    let runs = effort.replicate("week", replications, |seed| routed::run(&records, &week, seed));
    let mut figures = what_was_read(&records, &week);
    for (kind, name) in TYPES.iter().enumerate() {
        let calls: Vec<_> = records.calls.iter().filter(|call| call.kind == kind).collect();
        figures.extend(compare(name, &calls, &runs, |call| call.kind == kind));
    }
    figures.extend(compare(
        "all types",
        &records.calls.iter().collect::<Vec<_>>(),
        &runs,
        |_| true,
    ));
    figures
}

fn what_was_read(records: &Records, week: &Week) -> Vec<Figure> {
    let shown = |name: &str, of: usize| {
        let of = count(u64::try_from(of).expect("a few thousand"));
        Figure::certain("records", name, Known::Nothing, of)
    };
    let skipped = &records.skipped;
    vec![
        shown("calls that asked for an agent", records.calls.len()),
        shown("left out: ended in the voice unit", skipped.in_voice_unit),
        shown("left out: phantom", skipped.phantom),
        shown("left out: served by nobody or at no time", skipped.nobody),
        shown(
            "of the calls: voice unit's time below zero (not used)",
            skipped.negative,
        ),
        shown("agents", week.agents.len()),
        Figure::certain("records", "hours that agents were there", Known::Nothing, week.hours()),
    ]
}

/// What the bank got, and what Tandem does. Of all calls together Tandem must not do worse.
fn compare(name: &str, calls: &[&Record], runs: &[Vec<Outcome>], of: impl Fn(&Record) -> bool) -> Vec<Figure> {
    let number = count(u64::try_from(calls.len()).expect("a few thousand"));
    let bank_wait = calls.iter().map(|call| seconds(call.waited)).sum::<f64>() / number;
    let bank_left = share(calls.iter().filter(|call| call.served.is_none()).count(), number);
    let mean = |read: &dyn Fn(&[&Outcome]) -> f64| {
        let values = runs
            .iter()
            .map(|run| read(&run.iter().filter(|outcome| of(&outcome.call)).collect::<Vec<_>>()));
        Estimate::of(&values.collect::<Vec<_>>())
    };
    let wait = mean(&|run| run.iter().map(|outcome| outcome.waited.as_secs_f64()).sum::<f64>() / number);
    let left = mean(&|run| share(run.iter().filter(|outcome| outcome.left).count(), number));
    let judged = name == "all types";
    let known = |bank: f64| if judged { Known::AtMost(bank) } else { Known::Nothing };
    let shown = |what: &str, bank: f64| format!("{what} (bank: {bank:.3})");
    vec![
        Figure::certain(name, "calls", Known::Nothing, number),
        Figure::new(name, shown("mean wait, s", bank_wait), known(bank_wait), wait),
        Figure::new(name, shown("abandoned", bank_left), known(bank_left), left),
    ]
}

fn seconds(of: u32) -> f64 {
    f64::from(of)
}

fn share(of: usize, all: f64) -> f64 {
    count(u64::try_from(of).expect("a few thousand")) / all
}
