//! Breaches, from the escalation journal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent, Standing, TicketFacts};
use tandem_domain::{Channel, ClockKind, Priority, TicketId, Timestamp};
use tandem_measures::{BreachCounts, Breaches, Dimension, Filter, Query, Roll, followed_key, parse_key, table};

use crate::support::*;

fn followed(ticket: u64, queue: &str) -> EscalationEvent {
    let facts = TicketFacts {
        queue: key(queue),
        channel: Channel::Chat,
        language: Some(key("de")),
        priority: Priority::Normal,
        tags: BTreeSet::new(),
    };
    EscalationEvent::TicketFollowed {
        ticket: TicketId(ticket),
        facts: Box::new(facts),
        standing: Standing::Open,
        owner: None,
    }
}

fn breached(ticket: u64, kind: ClockKind, due_at: Timestamp) -> EscalationEvent {
    let clock = ClockId {
        ticket: TicketId(ticket),
        kind,
        occurrence: 1,
    };
    let late_by = Duration::ZERO;
    EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, late_by })
}

type Rows = BTreeMap<(&'static str, String), Vec<u8>>;

/// Takes events as a process does that knows nothing but what is stored.
fn take(rows: &mut Rows, events: &[EscalationEvent]) {
    let mut breaches = Breaches::default();
    for ticket in events.iter().filter_map(tandem_measures::breached_ticket) {
        if let Some(value) = rows.get(&(table::FOLLOWED, followed_key(ticket))) {
            breaches.know(ticket, value).unwrap();
        }
    }
    for event in events {
        breaches.observe(event);
    }
    if breaches.have_begun_anew() {
        rows.clear();
    }
    for key in breaches.keys().cloned().collect::<Vec<_>>() {
        if let Some(value) = rows.get(&(table::BREACHES, key.clone())) {
            breaches.add_stored(&key, value).unwrap();
        }
    }
    for change in breaches.rows() {
        let key = (change.table, change.key);
        match change.value {
            Some(value) => drop(rows.insert(key, value)),
            None => drop(rows.remove(&key)),
        }
    }
}

fn counted(rows: &Rows) -> Vec<(String, BreachCounts)> {
    let of_breaches = rows.iter().filter(|((of, _), _)| *of == table::BREACHES);
    of_breaches
        .map(|((_, key), value)| (key.clone(), serde_json::from_slice(value).unwrap()))
        .collect()
}

fn a_history() -> Vec<EscalationEvent> {
    vec![
        followed(1, "sales"),
        breached(1, ClockKind::Accept, START.plus(seconds(59))),
        followed(2, "sales"),
        followed(1, "billing"),
        breached(2, ClockKind::Accept, START.plus(seconds(1))),
        breached(1, ClockKind::Resolution, START.plus(seconds(61))),
        EscalationEvent::TicketForgotten { ticket: TicketId(2) },
        breached(1, ClockKind::NextResponse, START.plus(seconds(62))),
    ]
}

#[test]
fn a_breach_counts_in_the_minute_in_which_it_was_due_and_in_the_queue_of_then() {
    let mut rows = Rows::new();
    take(&mut rows, &a_history());
    let counted = counted(&rows);
    let places: Vec<_> = counted.iter().map(|(key, _)| parse_key(key).unwrap()).collect();
    assert_eq!(
        places.iter().map(|(start, _)| *start).collect::<Vec<_>>(),
        [START, START.plus(seconds(60))]
    );
    assert_eq!(places[0].1.to_string(), "sales/chat/de/-");
    let in_sales = BreachCounts {
        accept: 2,
        ..BreachCounts::default()
    };
    let in_billing = BreachCounts {
        resolution: 1,
        next_response: 1,
        ..BreachCounts::default()
    };
    assert_eq!((counted[0].1, counted[1].1), (in_sales, in_billing));
}

#[test]
fn it_makes_no_difference_how_the_events_come() {
    let (mut at_once, mut one_by_one) = (Rows::new(), Rows::new());
    take(&mut at_once, &a_history());
    for event in a_history() {
        take(&mut one_by_one, &[event]);
    }
    assert_eq!(one_by_one, at_once);
}

#[test]
fn a_journal_that_begins_anew_counts_from_nothing() {
    let mut rows = Rows::new();
    take(&mut rows, &a_history());
    let mut anew = vec![breached(1, ClockKind::Accept, START), EscalationEvent::BegunAnew];
    anew.extend([followed(5, "sales"), breached(5, ClockKind::Accept, START)]);
    anew.push(breached(1, ClockKind::Accept, START));
    take(&mut rows, &anew);
    let counted = counted(&rows);
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].1.accept, 1, "ticket 1 is not known any more");
}

#[test]
fn a_breach_counts_for_the_teams_that_serve_the_queue() {
    let mut rows = Rows::new();
    take(&mut rows, &a_history());
    let query = Query {
        group_by: [Dimension::Team].into(),
        filter: Filter::default(),
    };
    let file = desk();
    let mut roll = Roll::new(&query, Some(&file));
    for ((of, key), value) in rows.iter().filter(|((of, _), _)| *of == table::BREACHES) {
        assert_eq!(*of, table::BREACHES);
        roll.add_breaches(key, &parse_key(key).unwrap().1, value).unwrap();
    }
    let lines = roll.end();
    let accept: Vec<_> = lines
        .iter()
        .map(|line| (line.group.team.clone().unwrap().to_string(), line.breaches.accept))
        .collect();
    assert_eq!(accept, [("field".to_owned(), 2), ("inside".to_owned(), 2)]);
    assert_eq!(lines[1].breaches.resolution, 1, "billing is served by inside only");
}
