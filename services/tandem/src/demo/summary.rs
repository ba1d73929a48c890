//! What the demo ends with.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use tandem_proto::v1;

use super::tally::Tally;
use crate::cli::{By, Interval};
use crate::command::{MeasureRow, measures_table};
use crate::output::columns;

/// What came of it.
pub(crate) struct Day {
    pub(crate) tally: Tally,
    /// How many messages visitors have sent.
    pub(crate) chat_messages: u64,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) unrouted: Vec<v1::Message>,
    pub(crate) measures: Vec<v1::MeasureRow>,
    pub(crate) webhooks: Webhooks,
}

/// What those who are on call were told.
#[derive(Debug, Serialize)]
pub(crate) struct Webhooks {
    pub(crate) verified: u64,
    pub(crate) refused: u64,
}

/// The demo in numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    mails_sent: usize,
    mails_accepted: usize,
    chat_messages: u64,
    tickets: usize,
    joined: u64,
    unrouted: BTreeMap<String, u64>,
    offers: u64,
    declined: u64,
    missed: u64,
    abandoned: u64,
    answers: u64,
    delivered: u64,
    undelivered: u64,
    done: usize,
    waits_seconds: Waits,
    tickets_by_language: BTreeMap<String, u64>,
    accepted_by_agent: BTreeMap<String, u64>,
    breached: BTreeMap<String, u64>,
    rungs: u64,
    webhooks: Webhooks,
    /// By channel, as metrics has counted them.
    measures: Vec<MeasureRow>,
    /// Tickets that nobody could take at the end.
    waiting: Vec<Waiting>,
    audit_findings: usize,
}

/// A ticket that waits.
#[derive(Debug, Serialize)]
pub(crate) struct Waiting {
    pub(crate) ticket: String,
    /// One sentence.
    pub(crate) why: String,
}

/// From being opened to being accepted.
#[derive(Debug, Serialize)]
struct Waits {
    median: f64,
    longest: f64,
}

impl Summary {
    /// Of so many mails, each of which was answered with 250.
    pub(crate) fn of(mails: usize, day: Day, findings: usize) -> Self {
        let Day {
            tally,
            chat_messages,
            waiting,
            unrouted,
            measures,
            webhooks,
        } = day;
        Self {
            mails_sent: mails,
            mails_accepted: mails,
            chat_messages,
            tickets: tally.opened.len(),
            joined: tally.joined,
            unrouted: counted(unrouted.into_iter().map(|message| message.unrouted_reason)),
            offers: tally.offered,
            declined: tally.declined,
            missed: tally.expired,
            abandoned: tally.abandoned,
            answers: tally.answers,
            delivered: tally.delivered,
            undelivered: tally.undelivered,
            done: tally.done.len(),
            waits_seconds: Waits::of(&tally),
            tickets_by_language: counted(tally.opened.into_values().map(|ticket| ticket.language)),
            accepted_by_agent: tally.accepted,
            breached: tally.breached,
            rungs: tally.rungs,
            webhooks,
            measures: measures.iter().map(MeasureRow::from).collect(),
            waiting,
            audit_findings: findings,
        }
    }
}

fn counted(words: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

impl Waits {
    /// Of all accepted tickets.
    fn of(tally: &Tally) -> Self {
        let tickets = tally.opened.keys();
        let mut waits: Vec<f64> = tickets.filter_map(|ticket| tally.waited(*ticket)).collect();
        waits.sort_by(f64::total_cmp);
        Self {
            median: waits.get(waits.len() / 2).copied().unwrap_or_default(),
            longest: waits.last().copied().unwrap_or_default(),
        }
    }
}

/// For people.
pub(crate) fn render(summary: &Summary) -> String {
    let rows = came_in(summary).into_iter().chain(went_out(summary));
    let numbers = columns(rows.map(|(name, value)| [name.to_owned(), value]));
    let measures = measures_table(&summary.measures, &[By::Channel], Interval::Total);
    format!("{numbers}\n\nmeasures by channel; times are medians\n{measures}")
}

fn came_in(summary: &Summary) -> [(&'static str, String); 5] {
    let Waits { median, longest } = summary.waits_seconds;
    [
        (
            "customers",
            format!(
                "{} mails sent, {} answered with 250; {} chat messages",
                summary.mails_sent, summary.mails_accepted, summary.chat_messages
            ),
        ),
        (
            "tickets",
            format!(
                "{}; {} more messages joined one; {} customers left",
                summary.tickets, summary.joined, summary.abandoned
            ),
        ),
        ("no ticket", pairs(&summary.unrouted)),
        (
            "offers",
            format!(
                "{}; {} declined, {} missed",
                summary.offers, summary.declined, summary.missed
            ),
        ),
        ("wait", format!("median {median:.1} s, longest {longest:.1} s")),
    ]
}

fn went_out(summary: &Summary) -> [(&'static str, String); 8] {
    let Webhooks { verified, refused } = summary.webhooks;
    [
        (
            "answers",
            format!(
                "{}; {} delivered, {} not",
                summary.answers, summary.delivered, summary.undelivered
            ),
        ),
        ("done", summary.done.to_string()),
        ("languages", pairs(&summary.tickets_by_language)),
        ("agents", pairs(&summary.accepted_by_agent)),
        ("breached", pairs(&summary.breached)),
        (
            "escalations",
            format!(
                "{} rungs; {verified} webhooks verified, {refused} refused",
                summary.rungs
            ),
        ),
        ("still waiting", waiting(&summary.waiting)),
        ("audit", audit(summary.audit_findings)),
    ]
}

fn pairs<T: Display>(map: &BTreeMap<String, T>) -> String {
    let pairs: Vec<_> = map.iter().map(|(key, count)| format!("{key} {count}")).collect();
    or_none(pairs.join("  "))
}

fn waiting(tickets: &[Waiting]) -> String {
    let lines: Vec<_> = tickets
        .iter()
        .map(|Waiting { ticket, why }| format!("{ticket} {why}"))
        .collect();
    or_none(lines.join("\n"))
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn audit(findings: usize) -> String {
    match findings {
        0 => "nothing found".to_owned(),
        some => format!("{some} FAULTS"),
    }
}
