//! `tandem audit --metrics`: whether the stored measures are those of the journals. Everything is counted again, one ticket after
//! the other, in a way that has nothing in common with the roll-ups: no state is carried from event to event but the
//! ticket's own, hours are found by walking minutes, and percentiles by sorting.

mod breaches;
mod hours;
mod tally;
mod ticket;

use std::collections::{BTreeMap, BTreeSet};

use tandem_desk::{Journaled, Recorded, decode_record};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{CompiledDesk, TicketId, Timestamp};
use tandem_measures::table;
use tandem_metrics::{ESCALATION_CONSUMER, ROUTER_CONSUMER};
use tandem_sla::SlaCore;
use tandem_store::{Record, Store, StoreError, Stream};

use super::finding::{Findings, Kind};
use super::rows::scan;
use hours::Hours;
use tally::Tallies;
use ticket::Life;

const CHUNK: usize = 5_000;

/// An event, and what was in force when it happened.
pub(crate) struct Step {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) body: RoutingEvent,
    /// Which of the journal's desk files.
    file: usize,
}

/// Checks all measures of a desk, as far as they have come; returns how many there are.
pub(crate) async fn check(store: &dyn Store, stream: &Stream, findings: &mut Findings) -> Result<u64, StoreError> {
    let journal = Journal::of(measured(store, stream, ROUTER_CONSUMER).await?);
    let (tallies, waiting) = journal.recount();
    let escalation = Stream::new(SlaCore::SERVICE, stream.desk.clone());
    let breaches = breaches::recount(measured(store, &escalation, ESCALATION_CONSUMER).await?);
    let mut all = 0;
    for (name, tallies) in [(table::MINUTE, &tallies.minutes), (table::HOUR, &tallies.hours)] {
        let stored = scan(store, &stream.desk, name).await?;
        all += compare(name, tallies, &stored, findings, tally::Tally::differs_from);
    }
    let stored = scan(store, &stream.desk, table::WAITING).await?;
    all += compare(table::WAITING, &waiting, &stored, findings, differs);
    let stored = scan(store, &stream.desk, table::BREACHES).await?;
    all += compare(table::BREACHES, &breaches, &stored, findings, breaches::differ);
    Ok(all)
}

/// The records that the measures say to hold.
async fn measured(store: &dyn Store, stream: &Stream, consumer: &str) -> Result<Vec<Record>, StoreError> {
    let until = store
        .position(consumer, stream)
        .await?
        .map_or(0, |position| position.seq);
    let mut records: Vec<Record> = Vec::new();
    loop {
        let chunk = store.read(stream, records.len() as u64 + 1, CHUNK).await?;
        let ended = chunk.len() < CHUNK;
        records.extend(chunk.into_iter().filter(|record| record.seq <= until));
        if ended || records.len() as u64 >= until {
            return Ok(records);
        }
    }
}

/// Finds what is missing, what is too much, and what is otherwise than it should be; returns how many were compared.
fn compare<T>(
    table: &str,
    expected: &BTreeMap<String, T>,
    stored: &BTreeMap<String, bytes::Bytes>,
    findings: &mut Findings,
    differs: impl Fn(&T, &[u8]) -> Option<String>,
) -> u64 {
    let keys: BTreeSet<&String> = expected.keys().chain(stored.keys()).collect();
    for key in &keys {
        let wrong = match (expected.get(*key), stored.get(*key)) {
            (Some(expected), Some(value)) => differs(expected, value),
            (Some(_), None) => Some("it is missing".to_owned()),
            (None, _) => Some("nothing of it happened".to_owned()),
        };
        if let Some(wrong) = wrong {
            findings.add(Kind::MeasureDiffers, format_args!("{table}/{key}"), wrong);
        }
    }
    keys.len() as u64
}

fn differs(expected: &BTreeMap<String, u64>, value: &[u8]) -> Option<String> {
    let stored: Option<BTreeMap<String, u64>> = serde_json::from_slice(value).ok();
    (stored.as_ref() != Some(expected)).then(|| format!("{stored:?} instead of {expected:?}"))
}

/// The router's journal, as far as it was measured.
struct Journal {
    steps: Vec<Step>,
    files: Vec<CompiledDesk>,
    hours: Hours,
}

impl Journal {
    fn of(records: Vec<Record>) -> Self {
        let mut journal = Self {
            steps: Vec::new(),
            files: Vec::new(),
            hours: Hours::default(),
        };
        for record in records {
            // What cannot be read was found when the journal was followed.
            let Ok(Recorded::Core(event)) = decode_record::<tandem_routing::RoutingCore>(&record) else {
                continue;
            };
            if let RoutingEvent::DeskActivated(file) = &event.body {
                journal.hours.enter(&file.timezone, event.at, record.seq);
                journal.files.push((**file).clone());
            }
            journal.steps.push(Step {
                seq: record.seq,
                at: event.at,
                body: event.body,
                file: journal.files.len().saturating_sub(1),
            });
        }
        journal
    }

    /// What should be counted, and who should be waiting when an hour begins, by the hour's beginning.
    fn recount(&self) -> (Tallies, BTreeMap<String, BTreeMap<String, u64>>) {
        let mut lives: BTreeMap<TicketId, Vec<&Step>> = BTreeMap::new();
        for step in &self.steps {
            if let Some(ticket) = step.body.ticket() {
                lives.entry(ticket).or_default().push(step);
            }
        }
        let mut tallies = Tallies::default();
        let mut changes: BTreeMap<u64, Vec<(String, i64)>> = BTreeMap::new();
        for steps in lives.values() {
            let mut life = Life::default();
            for step in steps {
                life.follow(step, &self.files[step.file]);
            }
            for fact in &life.facts {
                tallies.add(fact, &self.hours);
                let change = fact.change_of_waiting();
                if change != 0 {
                    let places = fact.places().into_iter().map(|place| (place, change));
                    changes.entry(fact.seq).or_default().extend(places);
                }
            }
        }
        (tallies, self.waiting_by_hour(&changes))
    }

    fn waiting_by_hour(&self, changes: &BTreeMap<u64, Vec<(String, i64)>>) -> BTreeMap<String, BTreeMap<String, u64>> {
        let mut by_hour = BTreeMap::new();
        let mut waiting: BTreeMap<String, i64> = BTreeMap::new();
        for step in &self.steps {
            let hour = self.hours.start(step.at, step.seq);
            let now = || waiting.iter().filter(|(_, count)| **count > 0);
            let now = || {
                now()
                    .map(|(place, count)| (place.clone(), count.unsigned_abs()))
                    .collect()
            };
            by_hour.entry(hours::key(hour)).or_insert_with(now);
            for (place, change) in changes.get(&step.seq).into_iter().flatten() {
                *waiting.entry(place.clone()).or_default() += change;
            }
        }
        by_hour
    }
}
