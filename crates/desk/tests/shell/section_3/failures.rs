//! Any failure discards the state in memory and opens the desk anew.

use std::time::Duration;

use tandem_desk::{DeskError, DeskState};
use tandem_store::memory::{Fault, Operation};
use tandem_store::{Append, Commit, NewRecord, Store};

use crate::support::ledger::{Answer, Command};
use crate::support::{World, acme, add, asking, desk, state, stream, submitting, total, until, write};

#[tokio::test(start_paused = true)]
async fn a_fenced_commit_opens_the_desk_anew_and_the_command_happens_once() {
    let world = World::new();
    let desks = world.owner().await;
    let before = world.openings().await;
    world.next_commit(Fault::Fenced);
    assert_eq!(add(&desks, "1", 5).await, Ok(5));
    assert_eq!(world.kinds().await, ["Added"]);
    assert_eq!(world.openings().await, before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_happened_although_nobody_was_told_is_answered_and_not_doubled() {
    let world = World::new();
    let desks = world.owner().await;
    world.next_commit(Fault::OutcomeUnknown { written: true });
    assert_eq!(add(&desks, "1", 5).await, Ok(5));
    assert_eq!(total(&desks).await, Ok(Answer::Total(5)));
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_unknown_outcome_that_did_not_happen_is_made_once() {
    let world = World::new();
    let desks = world.owner().await;
    world.next_commit(Fault::OutcomeUnknown { written: false });
    assert_eq!(add(&desks, "1", 5).await, Ok(5));
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn every_caller_of_a_batch_of_unknown_outcome_is_answered_right() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "0", Command::Add(1)).await;
    gate.reached().await;
    world.next_commit(Fault::OutcomeUnknown { written: true });
    let write = submitting(&desks, "1", Command::Add(1)).await;
    let read = asking(&desks).await;
    let refused = submitting(&desks, "2", Command::Add(-9)).await;
    gate.open();
    assert_eq!((first.await.unwrap(), write.await.unwrap()), (Ok(1), Ok(2)));
    assert_eq!(read.await.unwrap(), Ok(Answer::Total(2)));
    assert!(matches!(refused.await.unwrap(), Err(DeskError::Rejected(_))));
    assert_eq!(world.kinds().await, ["Added", "Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_store_is_told_and_the_desk_goes_on_when_there_is_room_again() {
    let world = World::new();
    let desks = world.owner().await;
    world.next_commit(Fault::Full);
    assert_eq!(add(&desks, "1", 5).await, Err(DeskError::StoreFull));
    assert_eq!(add(&desks, "1", 5).await, Ok(5));
}

#[tokio::test(start_paused = true)]
async fn while_the_store_stays_full_callers_are_told_and_not_kept_waiting() {
    let world = World::new();
    let desks = world.owner().await;
    world.store.faults().every(1, Operation::Commit, Fault::Full);
    assert_eq!(add(&desks, "1", 5).await, Err(DeskError::StoreFull));
    until(async || matches!(state(&desks, &acme()), Some(DeskState::Backoff(_)))).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let before = tokio::time::Instant::now();
    assert_eq!(add(&desks, "2", 5).await, Err(DeskError::StoreFull));
    assert!(before.elapsed() < Duration::from_millis(100));
    world.store.faults().clear();
    until(async || add(&desks, "1", 5).await == Ok(5)).await;
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_store_is_told_and_the_desk_comes_back_with_it() {
    let mut world = World::new();
    world.settings.lease_ttl = Duration::from_hours(1);
    let desks = world.owner().await;
    world.store.faults().set_unreachable(true);
    assert!(matches!(add(&desks, "1", 5).await, Err(DeskError::Unavailable(_))));
    world.store.faults().set_unreachable(false);
    until(async || add(&desks, "1", 5).await == Ok(5)).await;
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_are_waited_out_longer_and_longer() {
    let world = World::new();
    let desks = world.owner().await;
    world.store.faults().every(1, Operation::Commit, Fault::Unavailable);
    let _ = add(&desks, "1", 1).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let early = world.store.faults().injected().unavailable;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let late = world.store.faults().injected().unavailable - early;
    assert!((4..=12).contains(&early), "{early} tries in the first four seconds");
    assert!(late <= 2, "{late} tries in the next four");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_stops_no_desk_for_good() {
    let mut world = World::new();
    world.settings.store_timeout = Duration::from_secs(1);
    let desks = world.owner().await;
    let gate = world.hold_commit();
    assert_eq!(
        add(&desks, "1", 5).await,
        Ok(5),
        "handled again after the commit that hangs was given up"
    );
    gate.open();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.kinds().await, ["Added"], "and what hung was fenced");
}

#[tokio::test(start_paused = true)]
async fn a_desk_with_an_unknown_kind_of_event_is_failed_and_no_other_desk_notices() {
    let world = World::new();
    append(&world.store, "Invented", "{}").await;
    let desks = world.process();
    desks.create(&desk("bravo")).await.unwrap();
    until(async || matches!(state(&desks, &acme()), Some(DeskState::Failed(_)))).await;
    let Err(DeskError::Failed(reason)) = add(&desks, "1", 1).await else {
        panic!("a failed desk answered")
    };
    assert!(reason.contains("Invented") && reason.contains("seq 1"), "{reason}");
    assert_eq!(desks.submit(&desk("bravo"), write("1", Command::Add(1))).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_desk_with_a_damaged_event_is_failed() {
    let world = World::new();
    append(&world.store, "Added", "no event").await;
    let desks = world.process();
    until(async || matches!(state(&desks, &acme()), Some(DeskState::Failed(_)))).await;
}

/// Writes a record that no opening wrote.
async fn append(store: &impl Store, kind: &str, payload: &'static str) {
    let at = store.now().await.unwrap();
    let record = NewRecord {
        kind: kind.to_owned(),
        at,
        payload: payload.into(),
    };
    let first_seq = store
        .tail(&stream(&acme()))
        .await
        .unwrap()
        .map_or(1, |tail| tail.seq + 1);
    let append = Append {
        stream: stream(&acme()),
        first_seq,
        incarnation: 1,
        records: vec![record],
    };
    store
        .commit(Commit {
            append: Some(append),
            ..Commit::default()
        })
        .await
        .unwrap();
}
