//! What the demo ends with.

use std::collections::BTreeMap;

use serde::Serialize;

use super::feed::Tally;
use crate::output::table;

/// The demo in numbers.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub mails_sent: usize,
    pub mails_accepted: usize,
    pub tickets: usize,
    pub joined: u64,
    pub unrouted: BTreeMap<String, u64>,
    pub offers: u64,
    pub declined: u64,
    pub missed: u64,
    pub done: usize,
    pub waits_seconds: Waits,
    pub tickets_by_language: BTreeMap<String, usize>,
    pub accepted_by_agent: BTreeMap<String, u64>,
    /// Tickets that nobody on the desk can take.
    pub waiting: Vec<u64>,
    pub audit_findings: usize,
}

/// From being opened to being accepted.
#[derive(Debug, Serialize)]
pub struct Waits {
    pub median: f64,
    pub longest: f64,
}

impl Waits {
    /// Of all accepted tickets.
    pub fn of(tally: &Tally) -> Self {
        let accepted = tally
            .opened
            .values()
            .filter_map(|ticket| Some(ticket.accepted_at? - ticket.at));
        let mut waits: Vec<f64> = accepted.collect();
        waits.sort_by(f64::total_cmp);
        let median = waits.get(waits.len() / 2).copied().unwrap_or_default();
        Self {
            median,
            longest: waits.last().copied().unwrap_or_default(),
        }
    }
}

/// For people.
pub fn render(summary: &Summary) -> String {
    let unrouted: Vec<_> = summary
        .unrouted
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let rows = [
        (
            "mails",
            format!(
                "{} sent, {} answered with 250",
                summary.mails_sent, summary.mails_accepted
            ),
        ),
        (
            "tickets",
            format!("{}, and {} messages joined one", summary.tickets, summary.joined),
        ),
        ("no ticket", or_none(&unrouted.join(", "))),
        (
            "offers",
            format!(
                "{}: {} declined, {} missed",
                summary.offers, summary.declined, summary.missed
            ),
        ),
        ("done", summary.done.to_string()),
        (
            "wait",
            format!(
                "median {:.1} s, longest {:.1} s",
                summary.waits_seconds.median, summary.waits_seconds.longest
            ),
        ),
        ("languages", pairs(&summary.tickets_by_language)),
        ("agents", pairs(&summary.accepted_by_agent)),
        ("still waiting", waiting(&summary.waiting)),
        ("audit", audit(summary.audit_findings)),
    ];
    table(
        ["", ""],
        rows.into_iter().map(|(name, value)| [name.to_owned(), value]),
        "",
    )
    .trim_start()
    .to_owned()
}

fn pairs<T: std::fmt::Display>(map: &BTreeMap<String, T>) -> String {
    map.iter()
        .map(|(key, count)| format!("{key} {count}"))
        .collect::<Vec<_>>()
        .join("  ")
}

fn or_none(text: &str) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text.to_owned()
    }
}

fn waiting(tickets: &[u64]) -> String {
    let names: Vec<_> = tickets.iter().map(|ticket| format!("T{ticket}")).collect();
    or_none(&names.join(" "))
}

fn audit(findings: usize) -> String {
    match findings {
        0 => "nothing found".to_owned(),
        some => format!("{some} FAULTS"),
    }
}
