//! A store that fails: what was answered with 250 is there once, what was not comes again.

use std::time::Duration;

use tandem_domain::routing::RoutingEvent;
use tandem_store::DocumentStore;
use tandem_store::memory::{Fault, Gate, Operation};

use crate::harness::{ACME, Service, World, eventually, key};
use crate::letter::Letter;
use crate::smtp_client::SmtpClient;

/// Longer than any claim, lease or retry.
const LONG: Duration = Duration::from_mins(2);

fn all_faults() -> Vec<Fault> {
    vec![
        Fault::Full,
        Fault::Unavailable,
        Fault::OutcomeUnknown { written: false },
        Fault::OutcomeUnknown { written: true },
    ]
}

/// Messages that the router has put on tickets, however often.
async fn handed_on(world: &World) -> usize {
    let on_ticket = |body: &RoutingEvent| {
        matches!(
            body,
            RoutingEvent::TicketOpened { .. } | RoutingEvent::MessageAdded { .. }
        )
    };
    world
        .events(ACME)
        .await
        .iter()
        .filter(|event| on_ticket(&event.body))
        .count()
}

/// Asserts that as many messages are kept, and each was handed on once.
async fn each_is_there_once(world: &World, service: &Service, count: usize) {
    let mut tickets: Vec<_> = world
        .settled(service, ACME)
        .await
        .iter()
        .map(|message| message.ticket_id)
        .collect();
    tickets.sort_unstable();
    tickets.dedup();
    assert_eq!(tickets.len(), count);
    assert_eq!(handed_on(world).await, count);
}

/// Lets claims and leases run out again and again until everything is settled.
async fn settle_in_time(world: &World, service: &Service) {
    let desk = key(ACME);
    eventually(async || {
        world.store.clock().advance(LONG);
        tokio::task::yield_now().await;
        world.store.outbox(&desk, false, None, 1).await.unwrap().is_empty()
    })
    .await;
    world.settled(service, ACME).await;
}

#[tokio::test]
async fn a_mail_that_is_not_stored_hears_451_and_comes_again() {
    for fault in all_faults() {
        let (world, _router, service) = World::started().await;
        let letter = Letter::new("m1");
        world.store.faults().next(Operation::Accept, fault.clone());
        assert_eq!(service.takes(&letter).await, 451, "{fault:?}");
        assert_eq!(service.takes(&letter).await, 250, "{fault:?}");
        each_is_there_once(&world, &service, 1).await;
    }
}

/// Lets time pass, at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_store_that_is_too_slow_is_not_waited_for() {
    let (world, _router, service) = World::started().await;
    let letter = Letter::new("m1");
    let gate = Gate::new();
    world.store.faults().next(Operation::Accept, Fault::Held(gate.clone()));
    let mut client = SmtpClient::connect(service.smtp).await;
    client.begins(&letter).await;
    client.sends(&letter.raw_by("mx.example")).await;
    gate.reached().await;
    pass(Duration::from_secs(31)).await;
    assert_eq!(client.reply().await, 451);
    gate.open();
    assert_eq!(
        service.takes(&letter).await,
        250,
        "it was stored after all, and comes again"
    );
    each_is_there_once(&world, &service, 1).await;
}

#[tokio::test]
async fn what_became_of_a_message_is_found_out_even_if_it_could_not_be_stored() {
    for fault in all_faults() {
        let (world, _router, service) = World::started().await;
        world.store.faults().next(Operation::Settle, fault.clone());
        assert_eq!(service.takes(&Letter::new("m1")).await, 250);
        eventually(async || injected(&world) == 1).await;
        settle_in_time(&world, &service).await;
        each_is_there_once(&world, &service, 1).await;
    }
}

/// Failures that were met, delays not counted.
fn injected(world: &World) -> u64 {
    let met = world.store.faults().injected();
    met.full + met.unavailable + met.unknown_written + met.unknown_not_written
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_for_a_while_loses_nothing() {
    let (world, _router, service) = World::started().await;
    assert_eq!(service.takes(&Letter::new("m1")).await, 250);
    world.store.faults().set_unreachable(true);
    assert_eq!(service.takes(&Letter::new("m2")).await, 451);
    world.store.faults().set_unreachable(false);
    assert_eq!(service.takes(&Letter::new("m2")).await, 250);
    settle_in_time(&world, &service).await;
    each_is_there_once(&world, &service, 2).await;
}

#[tokio::test]
async fn whatever_fails_every_mail_that_was_answered_with_250_is_on_one_ticket() {
    for seed in 0..4 {
        let (world, _router, service) = World::started().await;
        let faults = world.store.faults();
        for operation in [Operation::Accept, Operation::Settle, Operation::Commit] {
            faults.at_random(seed, 0.3, operation, all_faults());
        }
        for number in 0..40 {
            let letter = Letter::new(&format!("m{number}"));
            eventually(async || service.takes(&letter).await == 250).await;
        }
        assert!(injected(&world) > 10, "seed {seed} met too few faults");
        faults.clear();
        settle_in_time(&world, &service).await;
        each_is_there_once(&world, &service, 40).await;
    }
}
