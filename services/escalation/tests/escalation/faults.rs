//! Crashes, faults of store and bus, and several replicas: each rung once, each contact told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tandem_bus::faulty::{Fault as BusFault, Faults, FaultyBus};
use tandem_bus::{Bus, InProcessBus};
use tandem_domain::escalation::{ClockId, EscalationEvent, Step};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Priority, TicketId};
use tandem_store::MemoryStore;
use tandem_store::memory::{Fault, Operation};

use crate::desk::{AT_BREACH, desk_file, webhook};
use crate::harness::{World, eventually};
use crate::sink::Sink;

const TWO_RUNGS: &str = "    - {at: 50%, raise_priority: high, tell: leads}\n    - {at: breach, raise_priority: urgent, tell: leads, repeat: {every: 1s, times: 2}}\n";

/// Every rung that was reached, and how often.
async fn rungs(world: &World) -> BTreeMap<(ClockId, Step), usize> {
    let mut rungs = BTreeMap::new();
    for event in world.escalated().await {
        if let EscalationEvent::RungReached { clock, step, .. } = event {
            *rungs.entry((clock, step)).or_default() += 1;
        }
    }
    rungs
}

async fn each_rung_was_reached_once_and_told(world: &World, sink: &Sink, tickets: &[TicketId]) {
    eventually(async || rungs(world).await.len() == tickets.len() * 4).await;
    eventually(async || ids(sink).len() == tickets.len() * 4).await;
    let rungs = rungs(world).await;
    assert!(rungs.values().all(|times| *times == 1), "{rungs:?}");
    assert_eq!(rungs.len(), tickets.len() * 4);
    for ticket in tickets {
        eventually(async || world.ticket(*ticket).await.priority == Priority::Urgent).await;
        let raised =
            world.routed().await.into_iter().filter(
                |event| matches!(event, RoutingEvent::PriorityChanged { ticket: raised, .. } if raised == ticket),
            );
        assert!((1..=2).contains(&raised.count()), "to high and to urgent, or at once");
    }
}

fn ids(sink: &Sink) -> BTreeSet<String> {
    sink.calls().iter().map(|call| call.id().to_owned()).collect()
}

#[tokio::test]
async fn two_replicas_reach_each_rung_once() {
    let (world, sink) = World::paging("2s", TWO_RUNGS).await;
    let (_one, _other) = (world.replica().await, world.replica().await);
    let mut tickets = Vec::new();
    for _ in 0..10 {
        tickets.push(world.open_ticket().await);
    }
    each_rung_was_reached_once_and_told(&world, &sink, &tickets).await;
    assert_eq!(
        sink.count(),
        tickets.len() * 4,
        "nothing failed, so nobody was told twice"
    );
}

#[tokio::test]
async fn replicas_that_die_one_after_the_other_reach_each_rung_once() {
    let (world, sink) = World::paging("2s", TWO_RUNGS).await;
    let mut tickets = Vec::new();
    let mut replica = world.replica().await;
    for round in 0..5 {
        for _ in 0..3 {
            tickets.push(world.open_ticket().await);
        }
        let reached = rungs(&world).await.len();
        eventually(async || rungs(&world).await.len() > reached).await;
        if round % 2 == 0 {
            replica.dies().await;
        } else {
            replica.stops().await;
        }
        replica = world.replica().await;
    }
    each_rung_was_reached_once_and_told(&world, &sink, &tickets).await;
}

#[tokio::test]
async fn a_store_and_a_bus_that_fail_cost_no_rung() {
    let store = MemoryStore::new();
    let bus: Arc<dyn Bus> = Arc::new(InProcessBus::new());
    let world = World::on(Arc::new(store.clone()), bus.clone());
    let sink = Sink::start().await;
    world
        .apply(&desk_file("2s", TWO_RUNGS, &webhook("pager", &sink.url()), "pager"))
        .await;
    let faulty = Arc::new(FaultyBus::new(bus, 7, Faults::none()));
    let _one = world.replica_on(world.store.clone(), faulty.clone(), &[]).await;
    let _other = world.replica_on(world.store.clone(), faulty.clone(), &[]).await;
    let tickets = [world.open_ticket().await, world.open_ticket().await];
    eventually(async || !rungs(&world).await.is_empty()).await;
    faulty.set(Faults::all(0.1));
    for operation in [Operation::Commit, Operation::Settle] {
        let kinds = vec![
            Fault::Unavailable,
            Fault::OutcomeUnknown { written: true },
            Fault::OutcomeUnknown { written: false },
            Fault::Fenced,
        ];
        store.faults().at_random(7, 0.2, operation, kinds);
    }
    let mut all = tickets.to_vec();
    for _ in 0..6 {
        all.push(world.open_ticket().await);
    }
    let injected = || {
        let injected = store.faults().injected();
        injected.unavailable + injected.unknown_written + injected.unknown_not_written + injected.fenced
    };
    eventually(async || injected() > 20 && faulty.hits(BusFault::LoseHint) > 0).await;
    store.faults().clear();
    faulty.set(Faults::none());
    each_rung_was_reached_once_and_told(&world, &sink, &all).await;
}

#[tokio::test]
async fn what_is_told_while_nobody_runs_is_told_when_somebody_does() {
    let (world, sink) = World::paging("1s", AT_BREACH).await;
    let replica = world.replica().await;
    let first = world.open_ticket().await;
    eventually(async || sink.count() == 1).await;
    replica.dies().await;
    let second = world.open_ticket().await;
    let due = world.store.now().await.unwrap().plus(Duration::from_millis(1_200));
    eventually(async || world.store.now().await.unwrap() > due).await;
    let _replica = world.replica().await;
    eventually(async || sink.count() == 2).await;
    let told: Vec<_> = sink.calls().iter().map(|call| call.data()["ticket"].as_u64()).collect();
    assert_eq!(told, [Some(first.0), Some(second.0)]);
    let late = sink.calls()[1].data()["late_by_ms"].as_u64().expect("a number");
    assert!(late < 30_000, "{late}");
}
