//! Any process accepts a call and forwards it to the desk's owner.

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::faulty::{Fault as BusFault, Faults, FaultyBus};
use tandem_bus::{Headers, InProcessBus, subject};
use tandem_desk::{DeskClient, DeskError, Desks};
use tandem_store::memory::Fault;
use tokio::time::{Instant, sleep};

use crate::support::ledger::{Answer, Command, Ledger, Query, Refusal, defuse};
use crate::support::{World, acme, add, agent, ana, desk, submitting, total, until, write};

/// An owner, and a process that owns nothing.
async fn two(world: &World) -> (Desks<Ledger>, Desks<Ledger>) {
    let owner = world.owner().await;
    let other = world.process();
    sleep(Duration::from_secs(5)).await;
    assert!(other.status().is_empty());
    (owner, other)
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_process_that_does_not_own_the_desk_are_forwarded() {
    let world = World::new();
    let (_owner, other) = two(&world).await;
    assert_eq!(add(&other, "1", 5).await, Ok(5));
    assert_eq!(total(&other).await, Ok(Answer::Total(5)));
    assert_eq!(
        add(&other, "2", -9).await,
        Err(DeskError::Rejected(Refusal::Negative)),
        "refusals come back whole"
    );
    assert_eq!(add(&other, "1", 6).await, Err(DeskError::RequestReused));
    assert_eq!(other.touch(&acme(), vec![agent("ana")]).await, Ok(()));
    assert_eq!(other.raise_level(&acme(), 2, ana()).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_parked_command_is_retried_from_any_process() {
    let world = World::new();
    let (_owner, other) = two(&world).await;
    let outcome = other
        .submit(&acme(), write("1", Command::Explode("fuse-f".to_owned())))
        .await;
    assert!(matches!(outcome, Err(DeskError::Parked(_))));
    let id = other.parked(&acme(), None, 10).await.unwrap().items[0].id.clone();
    defuse("fuse-f");
    assert_eq!(other.retry_parked(&acme(), &id).await, Ok(()));
    assert_eq!(total(&other).await, Ok(Answer::Total(1000)));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_run_the_core_calls_it_all_the_same() {
    let world = World::new();
    let _owner = world.owner().await;
    let client = DeskClient::<Ledger>::new(world.bus.clone());
    assert_eq!(client.submit(&acme(), write("1", Command::Add(1))).await, Ok(1));
    let many = (0..1000).map(|n| write(&format!("m{n}"), Command::Add(1))).collect();
    let outcomes = client.submit_all(&acme(), many).await;
    assert_eq!(outcomes, (2..=1001).map(Ok).collect::<Vec<_>>(), "in order");
    assert_eq!(client.query(&acme(), Query::Total).await, Ok(Answer::Total(1001)));
}

#[tokio::test(start_paused = true)]
async fn writes_that_are_too_large_together_travel_in_portions() {
    let world = World::new();
    let _owner = world.owner().await;
    let client = DeskClient::<Ledger>::new(world.bus.clone());
    let large = |n: usize| {
        let mut submission = write(&n.to_string(), Command::Add(1));
        submission
            .rows
            .push(("file".to_owned(), n.to_string(), vec![b'x'; 300_000].into()));
        submission
    };
    let outcomes = client.submit_all(&acme(), (0..10).map(large).collect()).await;
    assert_eq!(outcomes, (1..=10).map(Ok).collect::<Vec<_>>());
    let mut too_large = large(11);
    too_large.rows[0].2 = vec![b'x'; 2_000_000].into();
    assert!(matches!(
        client.submit(&acme(), too_large).await,
        Err(DeskError::BadRequest(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn without_an_owner_a_call_waits_for_one_but_not_for_long() {
    let world = World::new();
    let client = DeskClient::<Ledger>::new(world.bus.clone());
    let started = Instant::now();
    assert!(matches!(
        client.query(&acme(), Query::Total).await,
        Err(DeskError::Unavailable(_))
    ));
    assert!(started.elapsed() <= world.settings.owner_wait);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.query(&acme(), Query::Total).await }
    });
    sleep(Duration::from_millis(100)).await;
    let _owner = world.owner().await;
    assert_eq!(waiting.await.unwrap(), Ok(Answer::Total(0)));
}

#[tokio::test(start_paused = true)]
async fn the_caller_decides_how_long_its_call_is_worth_handling() {
    let mut world = World::new();
    world.settings.batch_max = 1;
    let (owner, _) = two(&world).await;
    let gate = world.hold_commit();
    let first = submitting(&owner, "1", Command::Add(1)).await;
    gate.reached().await;
    let next = submitting(&owner, "next", Command::Nothing).await;
    sleep(Duration::from_millis(1)).await;
    world.settings.call_timeout = Duration::from_secs(1);
    let hasty = DeskClient::<Ledger>::with_settings(world.bus.clone(), &world.settings);
    assert_eq!(
        hasty.submit(&acme(), write("2", Command::Add(1))).await,
        Err(DeskError::DeadlineExceeded)
    );
    gate.open();
    assert_eq!((first.await.unwrap(), next.await.unwrap()), (Ok(1), Ok(1)));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        total(&owner).await,
        Ok(Answer::Total(1)),
        "it was not handled for nobody"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_again_under_the_same_id() {
    let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), 8, Faults::none()));
    let world = World::with_bus(bus.clone());
    let (_owner, other) = two(&world).await;
    bus.set(Faults::none().with(BusFault::LoseReply, 1.0));
    assert_eq!(add(&other, "1", 5).await, Err(DeskError::DeadlineExceeded));
    bus.set(Faults::none());
    assert_eq!(add(&other, "1", 5).await, Ok(5));
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_answered_and_disturbs_nobody() {
    let world = World::new();
    let owner = world.owner().await;
    for (subject, payload) in [
        (subject::command("ledger", &acme()), "not json"),
        (
            subject::command("ledger", &acme()),
            "{\"submit\":[{\"command\":\"Unheard\"}]}",
        ),
    ] {
        let timeout = Duration::from_secs(5);
        let answer = world
            .bus
            .request(&subject, Headers::new(), payload.into(), timeout)
            .await
            .unwrap();
        assert!(String::from_utf8_lossy(&answer).contains("unreadable"));
    }
    assert_eq!(add(&owner, "1", 1).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_owners_store_is_told_to_callers_elsewhere() {
    let world = World::new();
    let (_owner, other) = two(&world).await;
    world.next_commit(Fault::Full);
    assert_eq!(add(&other, "1", 5).await, Err(DeskError::StoreFull));
    until(async || add(&other, "1", 5).await == Ok(5)).await;
}

#[tokio::test(start_paused = true)]
async fn a_foreign_desk_is_no_easier_to_reach_through_another_process() {
    let world = World::new();
    let (_owner, other) = two(&world).await;
    let unknown = other.query(&desk("nowhere"), Query::Total).await;
    assert_eq!(unknown, Err(DeskError::UnknownDesk(desk("nowhere"))));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_owner_of_a_desk_that_does_not_exist() {
    let world = World::new();
    let (_owner, other) = two(&world).await;
    let started = Instant::now();
    let unknown = other.submit(&desk("nowhere"), write("1", Command::Add(1))).await;
    assert_eq!(unknown, Err(DeskError::UnknownDesk(desk("nowhere"))));
    assert_eq!(started.elapsed(), Duration::ZERO);
}
