//! A dry run for people: both outcomes side by side.

use std::collections::BTreeMap;

use super::{AgentFigures, Difference, Figures, Group, Outcomes, Side};
use crate::output::table;
use crate::view::whole_span;

pub(super) fn text(simulated: &Outcomes) -> String {
    let mut parts = vec![head(simulated), whole(simulated), groups(simulated), agents(simulated)];
    if !simulated.differences.is_empty() {
        parts.push(differences(&simulated.differences));
    }
    if !simulated.assumptions.is_empty() {
        parts.push(assumptions(simulated));
    }
    parts.join("\n\n")
}

fn head(simulated: &Outcomes) -> String {
    let Outcomes { from, to, events, .. } = simulated;
    let stretch = format!("{from} to {to}, {events} recorded events");
    match (&simulated.simulated, &simulated.divergence) {
        (Some(_), _) => format!("{stretch}: as it was, and as it would have been"),
        (None, Some(divergence)) => format!("{stretch}: does not come out the same. {divergence}"),
        (None, None) => format!("{stretch}: comes out exactly as it was, event by event"),
    }
}

/// One cell for each side; the second is left out where there is none.
fn both(recorded: &Side, simulated: Option<&Side>, of: impl Fn(&Side) -> String) -> [String; 2] {
    [of(recorded), simulated.map(of).unwrap_or_default()]
}

fn whole(simulated: &Outcomes) -> String {
    type Figure = (&'static str, fn(&Figures) -> String);
    let rows: [Figure; 12] = [
        ("tickets", |figures| figures.tickets.to_string()),
        ("accepted", |figures| figures.accepted.to_string()),
        ("abandoned", |figures| figures.abandoned.to_string()),
        ("still waiting", |figures| figures.waiting.to_string()),
        ("wait, mean", |figures| whole_span(figures.wait_mean_seconds)),
        ("wait, p50", |figures| whole_span(figures.wait_p50_seconds)),
        ("wait, p90", |figures| whole_span(figures.wait_p90_seconds)),
        ("wait, p99", |figures| whole_span(figures.wait_p99_seconds)),
        ("service level", level),
        ("accepted too late", |figures| figures.accepts_missed.to_string()),
        ("answered too late", |figures| figures.answers_missed.to_string()),
        ("reassigned", |figures| figures.reassigned.to_string()),
    ];
    let cells = rows.iter().map(|(name, figure)| {
        let [was, would_be] = both(&simulated.recorded, simulated.simulated.as_ref(), |side| {
            figure(&side.whole)
        });
        [(*name).to_owned(), was, would_be]
    });
    table(["", "WAS", "WOULD BE"], cells, "")
}

fn level(figures: &Figures) -> String {
    match figures.level_due {
        0 => "-".to_owned(),
        due => format!("{} % ({} of {due})", figures.level_met * 100 / due, figures.level_met),
    }
}

fn groups(simulated: &Outcomes) -> String {
    let others: BTreeMap<_, _> = simulated
        .simulated
        .iter()
        .flat_map(|side| &side.groups)
        .map(keyed)
        .collect();
    let recorded: BTreeMap<_, _> = simulated.recorded.groups.iter().map(keyed).collect();
    let mut keys: Vec<_> = recorded.keys().chain(others.keys()).collect();
    keys.sort();
    keys.dedup();
    let none = Figures::default();
    let cells = keys.into_iter().map(|key| {
        let (queue, channel, language) = key;
        let was = recorded.get(key).copied().unwrap_or(&none);
        let would_be = others.get(key).map(|figures| short(figures)).unwrap_or_default();
        [
            (*queue).to_owned(),
            (*channel).to_owned(),
            (*language).to_owned(),
            short(was),
            would_be,
        ]
    });
    let header = ["QUEUE", "CHANNEL", "LANGUAGE", "WAS", "WOULD BE"];
    table(header, cells, "no ticket waited in the stretch")
}

fn keyed(group: &Group) -> ((&str, &str, &str), &Figures) {
    ((&group.queue, &group.channel, &group.language), &group.figures)
}

fn short(figures: &Figures) -> String {
    let waits = [figures.wait_mean_seconds, figures.wait_p90_seconds].map(whole_span);
    format!(
        "{} of {} accepted, mean {}, p90 {}",
        figures.accepted, figures.tickets, waits[0], waits[1]
    )
}

fn agents(simulated: &Outcomes) -> String {
    let others: BTreeMap<_, _> = simulated
        .simulated
        .iter()
        .flat_map(|side| &side.agents)
        .map(|agent| (&agent.agent, agent))
        .collect();
    let recorded: BTreeMap<_, _> = simulated
        .recorded
        .agents
        .iter()
        .map(|agent| (&agent.agent, agent))
        .collect();
    let mut names: Vec<_> = recorded.keys().chain(others.keys()).collect();
    names.sort();
    names.dedup();
    let did = |agent: Option<&&AgentFigures>| agent.map(|agent| share(agent)).unwrap_or_default();
    let cells = names
        .into_iter()
        .map(|name| [(*name).clone(), did(recorded.get(name)), did(others.get(name))]);
    table(["AGENT", "WAS", "WOULD BE"], cells, "nobody was there")
}

fn share(agent: &AgentFigures) -> String {
    let busy = if agent.online_seconds > 0.0 {
        format!("{:.0} %", agent.busy_seconds / agent.online_seconds * 100.0)
    } else {
        "-".to_owned()
    };
    format!("{} tickets, busy {busy}", agent.accepted)
}

fn differences(differences: &[Difference]) -> String {
    let fate = |wait: f64, agent: &str| {
        let agent = if agent.is_empty() { "nobody" } else { agent };
        format!("{} until {agent}", whole_span(wait))
    };
    let cells = differences.iter().map(|difference| {
        [
            difference.ticket.clone(),
            fate(difference.recorded_wait_seconds, &difference.recorded_agent),
            fate(difference.simulated_wait_seconds, &difference.simulated_agent),
        ]
    });
    let lines = table(["TICKET", "WAS", "WOULD BE"], cells, "");
    format!("largest differences in waiting\n{lines}")
}

fn assumptions(simulated: &Outcomes) -> String {
    let mut lines = vec!["assumed".to_owned()];
    lines.extend(simulated.assumptions.iter().map(|sentence| format!("- {sentence}")));
    if simulated.refused > 0 {
        let refused = simulated.refused;
        lines.push(format!(
            "- {refused} things that people did could not be done here, and were left out."
        ));
    }
    lines.join("\n")
}
