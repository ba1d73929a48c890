//! Breaches, counted again from the escalation journal.

use std::collections::BTreeMap;

use tandem_desk::{Recorded, decode_record};
use tandem_domain::TicketId;
use tandem_domain::escalation::{ClockEvent, EscalationEvent};
use tandem_sla::SlaCore;
use tandem_store::Record;

use super::hours::{Hours, key};

/// By the rows' keys, how often which clocks were breached.
pub(crate) type Breaches = BTreeMap<String, BTreeMap<String, u64>>;

pub(crate) fn recount(records: Vec<Record>) -> Breaches {
    let (mut places, mut breaches) = (BTreeMap::<TicketId, String>::new(), Breaches::new());
    for record in records {
        // What cannot be read is found by the audit of the escalation journal.
        let Ok(Recorded::Core(event)) = decode_record::<SlaCore>(&record) else {
            continue;
        };
        match event.body {
            EscalationEvent::BegunAnew => {
                places.clear();
                breaches.clear();
            }
            EscalationEvent::TicketForgotten { ticket } => drop(places.remove(&ticket)),
            EscalationEvent::TicketFollowed { ticket, facts, .. } => {
                let language = facts.language.as_ref().map_or("-", |tag| tag.as_str());
                places.insert(ticket, format!("{}/{}/{language}/-", facts.queue, facts.channel));
            }
            EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, .. }) => {
                let Some(place) = places.get(&clock.ticket) else {
                    continue;
                };
                let minute = key(Hours::default().minute(due_at, 0));
                let row = breaches.entry(format!("{minute}/{place}")).or_default();
                *row.entry(clock.kind.to_string()).or_default() += 1;
            }
            _ => {}
        }
    }
    breaches
}

/// How a stored row says something else; none: it does not.
pub(crate) fn differ(expected: &BTreeMap<String, u64>, row: &[u8]) -> Option<String> {
    let stored: BTreeMap<String, u64> = serde_json::from_slice(row).unwrap_or_default();
    let stored: BTreeMap<_, _> = stored.into_iter().filter(|(_, count)| *count > 0).collect();
    (stored != *expected).then(|| format!("{stored:?} instead of {expected:?}"))
}
