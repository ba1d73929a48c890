//! Opening and fencing: the primary key is the fence, and no lease has to be trusted.

use std::sync::Arc;
use std::time::Duration;

use tandem_desk::{DeskError, Desks, Recorded, ShellEvent, decode_record};
use tandem_store::memory::Fault;
use tokio::time::sleep;

use crate::support::freezing::FreezingStore;
use crate::support::ledger::{Answer, Command, Ledger};
use crate::support::{World, acme, add, asking, submitting, total, until};

fn process_on(world: &World, store: &FreezingStore) -> Desks<Ledger> {
    Desks::start(
        world.settings.clone(),
        Arc::new(store.clone()),
        world.bus.clone(),
        world.ids.clone(),
    )
}

#[tokio::test(start_paused = true)]
async fn every_opening_writes_a_higher_epoch_and_its_own_incarnation() {
    let world = World::new();
    for _ in 0..3 {
        let desks = world.owner().await;
        desks.shutdown().await;
    }
    let mut last = 0;
    for record in world.journal(&acme()).await {
        let Ok(Recorded::Shell(ShellEvent::Opened {
            epoch,
            incarnation,
            level,
        })) = decode_record::<Ledger>(&record)
        else {
            panic!("{record:?}")
        };
        assert_eq!((epoch, level), (last + 1, 1));
        assert_eq!(incarnation, record.incarnation);
        last = epoch;
    }
    assert_eq!(last, 4, "the creation and three openings");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_answered_before_the_desk_is_open() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    desks.shutdown().await;
    let gate = world.hold_commit();
    let desks = world.process();
    gate.reached().await;
    let read = asking(&desks).await;
    sleep(Duration::from_secs(1)).await;
    assert!(!read.is_finished());
    gate.open();
    assert_eq!(read.await.unwrap(), Ok(Answer::Total(1)));
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_collides_reads_on_and_opens_behind_the_other() {
    for fault in [
        Fault::Fenced,
        Fault::OutcomeUnknown { written: true },
        Fault::OutcomeUnknown { written: false },
        Fault::Unavailable,
        Fault::Full,
    ] {
        let world = World::new();
        let desks = world.owner().await;
        assert_eq!(add(&desks, "1", 1).await, Ok(1));
        desks.shutdown().await;
        world.next_commit(fault.clone());
        let desks = world.process();
        until(async || total(&desks).await == Ok(Answer::Total(1))).await;
        assert_eq!(add(&desks, "2", 1).await, Ok(2), "{fault:?}");
        let seqs: Vec<_> = world.journal(&acme()).await.iter().map(|record| record.seq).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_was_stopped_past_its_lease_answers_nobody_not_even_readers() {
    let world = World::new();
    let frozen = FreezingStore::new(world.store.clone());
    let old = process_on(&world, &frozen);
    old.create(&acme()).await.unwrap();
    assert_eq!(add(&old, "1", 1).await, Ok(1));
    frozen.freeze(true);
    let new = world.process();
    until(async || new.status().len() == 1).await;
    assert_eq!(add(&new, "2", 10).await, Ok(11));
    let stale = asking(&old).await;
    assert!(
        matches!(stale.await.unwrap(), Err(DeskError::Unavailable(_))),
        "it would have read 1"
    );
    frozen.freeze(false);
    until(async || total(&old).await == Ok(Answer::Total(11))).await;
    assert!(old.status().is_empty(), "it forwards to the new owner");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_sleeps_past_its_lease_between_two_steps_does_not_answer_from_memory() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    // Time passes, but nothing runs: a stopped process.
    tokio::time::advance(Duration::from_mins(1)).await;
    let read = asking(&desks).await.await.unwrap();
    assert!(matches!(read, Err(DeskError::Unavailable(_))), "{read:?}");
    until(async || total(&desks).await == Ok(Answer::Total(1))).await;
    assert!(
        world.openings().await > 2,
        "it opened the desk anew, although it got its own lease back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ends_during_a_commit_leaves_the_write_true_and_the_read_unanswered() {
    let mut world = World::new();
    world.settings.lease_ttl = Duration::from_secs(5);
    let frozen = FreezingStore::new(world.store.clone());
    let desks = process_on(&world, &frozen);
    desks.create(&acme()).await.unwrap();
    let gate = world.hold_commit();
    let both = tokio::spawn({
        let desks = desks.clone();
        async move { futures::join!(add(&desks, "1", 1), total(&desks)) }
    });
    gate.reached().await;
    frozen.freeze(true);
    sleep(Duration::from_secs(6)).await;
    gate.open();
    let (write, read) = both.await.unwrap();
    assert_eq!(write, Ok(1), "it is in the journal, whoever owns the desk now");
    assert!(matches!(read, Err(DeskError::Unavailable(_))), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_was_under_way_when_the_desk_was_taken_over_is_fenced() {
    let world = World::new();
    let frozen = FreezingStore::new(world.store.clone());
    let old = process_on(&world, &frozen);
    old.create(&acme()).await.unwrap();
    let gate = world.hold_commit();
    let late = submitting(&old, "1", Command::Add(1)).await;
    gate.reached().await;
    frozen.freeze(true);
    let new = world.process();
    until(async || new.status().len() == 1).await;
    assert_eq!(add(&new, "2", 10).await, Ok(10));
    gate.open();
    frozen.freeze(false);
    assert!(late.await.unwrap().is_err(), "never acknowledged");
    assert_eq!(world.kinds().await, ["Added"], "and never written");
    assert_eq!(add(&new, "1", 1).await, Ok(11), "repeated, it happens once");
}

#[tokio::test(start_paused = true)]
async fn a_fenced_owner_without_a_lease_gives_the_desk_up() {
    let world = World::new();
    let frozen = FreezingStore::new(world.store.clone());
    let old = process_on(&world, &frozen);
    old.create(&acme()).await.unwrap();
    frozen.freeze(true);
    let new = world.process();
    until(async || new.status().len() == 1).await;
    frozen.freeze(false);
    sleep(Duration::from_secs(5)).await;
    assert!(old.status().is_empty());
    let openings = world.openings().await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(world.openings().await, openings, "nobody fights over it");
}

#[tokio::test(start_paused = true)]
async fn what_was_handled_ahead_is_not_committed_once_the_lease_has_ended() {
    let mut world = World::new();
    world.settings.lease_ttl = Duration::from_secs(5);
    let frozen = FreezingStore::new(world.store.clone());
    let desks = process_on(&world, &frozen);
    desks.create(&acme()).await.unwrap();
    let gate = world.hold_commit();
    let first = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    let ahead = submitting(&desks, "2", Command::Add(2)).await;
    sleep(Duration::from_millis(1)).await;
    frozen.freeze(true);
    sleep(Duration::from_secs(6)).await;
    gate.open();
    assert_eq!(first.await.unwrap(), Ok(1));
    assert!(matches!(ahead.await.unwrap(), Err(DeskError::Unavailable(_))));
    frozen.freeze(false);
    until(async || total(&desks).await == Ok(Answer::Total(1))).await;
    assert_eq!(world.kinds().await, ["Added"]);
}
