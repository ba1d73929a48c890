//! Breaches, from the escalation journal.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tandem_desk::{Desks, Journaled, Settings};
use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent, Standing, TicketFacts};
use tandem_domain::{Actor, Cause, Channel, ClockKind, Event, Priority, TicketId, Timestamp, Trace};
use tandem_measures::{BreachCounts, breach_key, table};
use tandem_metrics::ESCALATION_CONSUMER;
use tandem_service_kit::ids::SystemIds;
use tandem_sla::SlaCore;
use tandem_store::memory::{Fault, Operation};
use tandem_store::{Append, Commit, JournalStore, NewRecord, Stream};
use tokio::time::{sleep, timeout};

use crate::harness::{DEADLINE, World, acme, key};

fn stream() -> Stream {
    Stream::new(SlaCore::SERVICE, acme())
}

fn escalation(world: &World) -> Desks<SlaCore> {
    Desks::start(
        Settings::default(),
        Arc::new(world.store.clone()),
        world.bus.clone(),
        Arc::new(SystemIds),
    )
}

fn facts(queue: &str) -> TicketFacts {
    TicketFacts {
        queue: key(queue),
        channel: Channel::Chat,
        language: None,
        priority: Priority::Normal,
        tags: BTreeSet::new(),
    }
}

/// A ticket each, followed and late.
fn late(tickets: std::ops::Range<u64>, due_at: Timestamp) -> Vec<EscalationEvent> {
    let events = tickets.flat_map(|number| {
        let ticket = TicketId(number);
        let clock = ClockId {
            ticket,
            kind: ClockKind::Accept,
            occurrence: 1,
        };
        let followed = EscalationEvent::TicketFollowed {
            ticket,
            facts: Box::new(facts("sales")),
            standing: Standing::Open,
            owner: None,
        };
        let started = ClockEvent::Started {
            since: due_at,
            terms: tandem_domain::escalation::Terms::default(),
        };
        let breached = ClockEvent::Breached {
            due_at,
            late_by: Duration::ZERO,
        };
        [
            followed,
            EscalationEvent::Clock(clock, started),
            EscalationEvent::Clock(clock, breached),
        ]
    });
    events.collect()
}

/// Writes events into the escalation journal as an owner does that nobody sees.
async fn journal(world: &World, events: Vec<EscalationEvent>) {
    let desks = escalation(world);
    desks.create(&acme()).await.unwrap();
    desks.shutdown().await;
    let tail = world.store.tail(&stream()).await.unwrap().unwrap();
    let now = world.now();
    let records = events.into_iter().map(|body| {
        let event = Event {
            at: now,
            actor: Actor::service("escalation"),
            cause: Cause::Timer,
            trace: Trace::default(),
            body,
        };
        let encoded = SlaCore::encode(&event);
        NewRecord {
            kind: encoded.kind.to_owned(),
            at: now,
            payload: encoded.payload,
        }
    });
    let append = Append {
        stream: stream(),
        first_seq: tail.seq + 1,
        incarnation: tail.incarnation,
        records: records.collect(),
    };
    let commit = Commit {
        append: Some(append),
        ..Commit::default()
    };
    world.store.commit(commit).await.unwrap();
}

async fn counted(world: &World, due_at: Timestamp) -> BreachCounts {
    let place = "sales/chat/-/-".parse().unwrap();
    let row = world
        .store
        .row(&acme(), table::BREACHES, &breach_key(due_at, &place))
        .await;
    let counts = row.unwrap().map(|value| serde_json::from_slice(&value).unwrap());
    counts.unwrap_or_default()
}

async fn caught_up(world: &World) {
    timeout(DEADLINE, async {
        loop {
            let tail = world.store.tail(&stream()).await.unwrap();
            let position = world.store.position(ESCALATION_CONSUMER, &stream()).await.unwrap();
            if tail.is_some() && tail == position {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("the breaches never caught up");
}

#[tokio::test(start_paused = true)]
async fn breaches_count_once_in_the_minute_in_which_they_were_due() {
    let world = World::new().await;
    let due_at = world.now();
    journal(&world, late(1..41, due_at)).await;
    let _replicas = [world.replica("a"), world.replica("b")];
    let _owner = escalation(&world);
    caught_up(&world).await;
    assert_eq!(counted(&world, due_at).await.accept, 40);
}

#[tokio::test(start_paused = true)]
async fn commits_of_unknown_outcome_count_no_breach_twice() {
    let world = World::new().await;
    let due_at = world.now();
    journal(&world, late(1..21, due_at)).await;
    let _owner = escalation(&world);
    for written in [true, false, true] {
        let fault = Fault::OutcomeUnknown { written };
        world.store.faults().every(3, Operation::Commit, fault);
        let replica = world.replica(&format!("{written}"));
        sleep(Duration::from_secs(20)).await;
        replica.crash();
    }
    world.store.faults().clear();
    let _replica = world.replica("last");
    caught_up(&world).await;
    assert_eq!(counted(&world, due_at).await.accept, 20);
    assert!(world.store.faults().injected().unknown_written > 0);
}
