//! What would apply to a ticket, and when its rungs would be reached.

use std::time::Duration;

use tandem_domain::escalation::{Preview, PreviewedClock, PreviewedRung, Terms, TicketFacts};
use tandem_domain::{ClockKind, Timestamp};

use crate::rules::{Rules, threshold};

/// The most repetitions of a rung that are shown.
const REPEATS: u32 = 100;

pub(crate) fn preview(rules: &Rules, facts: &TicketFacts, opened_at: Timestamp) -> Preview {
    let clocks = ClockKind::ALL.iter().filter_map(|kind| {
        let terms = rules.terms(facts, *kind);
        let target = terms.target?;
        Some(PreviewedClock {
            kind: *kind,
            target,
            deadline: rules.schedule(&terms).after(opened_at, target)?,
            rungs: rungs(rules, &terms, target, opened_at),
            ladder: terms.ladder,
        })
    });
    Preview {
        clocks: clocks.collect(),
        policy: rules
            .plan
            .sla
            .policy_of(facts.for_policy())
            .map(|policy| policy.id.clone()),
    }
}

fn rungs(rules: &Rules, terms: &Terms, target: Duration, opened_at: Timestamp) -> Vec<PreviewedRung> {
    let places = rules.rungs(terms.ladder.as_ref()).iter().zip(0..);
    let all = places.flat_map(|(rung, place)| {
        let times = rung.repeat.map_or(0, |repeat| repeat.times.min(REPEATS));
        (0..=times).map(move |repeat| (threshold(rung, repeat, target), place, repeat))
    });
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    let due = all.into_iter().filter_map(|(after, rung, repeat)| {
        let due_at = rules.schedule(terms).after(opened_at, after)?;
        Some(PreviewedRung { rung, repeat, due_at })
    });
    due.collect()
}
