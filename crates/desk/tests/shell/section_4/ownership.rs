//! Ownership: leases decide who tries.

use std::collections::BTreeSet;
use std::time::Duration;

use tandem_desk::{DeskState, Desks};
use tandem_store::LeaseStore;
use tokio::time::{Instant, sleep};

use crate::support::ledger::{Answer, Command, Ledger, Query};
use crate::support::{World, acme, add, desk, total, until, write};

fn owned(desks: &Desks<Ledger>) -> BTreeSet<String> {
    let open = desks
        .status()
        .into_iter()
        .filter(|status| status.state == DeskState::Open);
    open.map(|status| status.desk.to_string()).collect()
}

async fn create(desks: &Desks<Ledger>, count: usize) {
    for n in 0..count {
        desks.create(&desk(&format!("desk-{n}"))).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn desks_are_shared_out_evenly_and_handed_over_in_good_order() {
    let world = World::new();
    let first = world.process();
    create(&first, 5).await;
    assert_eq!(owned(&first).len(), 5);
    let second = world.process();
    until(async || owned(&first).len() + owned(&second).len() == 5 && owned(&first).len() == 3).await;
    assert!(owned(&first).is_disjoint(&owned(&second)));
    let third = world.process();
    until(async || {
        [&first, &second, &third]
            .iter()
            .all(|desks| (1..=2).contains(&owned(desks).len()))
    })
    .await;
    let all: usize = [&first, &second, &third].iter().map(|desks| owned(desks).len()).sum();
    assert_eq!(all, 5);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_or_doubled_while_a_desk_is_handed_over() {
    let world = World::new();
    let first = world.process();
    create(&first, 2).await;
    let second = world.process();
    let mut marked = 0;
    let mut moved = false;
    for n in 0..400 {
        for name in ["desk-0", "desk-1"] {
            let submission = write(&n.to_string(), Command::Mark(n));
            while first.submit(&desk(name), submission.clone()).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
            marked += 1;
        }
        sleep(Duration::from_millis(20)).await;
        moved |= owned(&second).len() == 1;
    }
    assert!(moved, "a desk was handed over meanwhile");
    let mut found = 0;
    for name in ["desk-0", "desk-1"] {
        let Ok(Answer::Marks(marks)) = second.query(&desk(name), Query::Marks).await else {
            panic!("no answer")
        };
        assert!(marks.values().all(|times| *times == 1));
        found += marks.len();
    }
    assert_eq!(found, marked);
}

#[tokio::test(start_paused = true)]
async fn a_desk_whose_owner_crashed_is_taken_over_when_its_lease_has_run_out() {
    let world = World::new();
    let first = world.owner().await;
    assert_eq!(add(&first, "1", 1).await, Ok(1));
    let second = world.process();
    sleep(Duration::from_secs(3)).await;
    let crashed = Instant::now();
    drop(first);
    until(async || total(&second).await == Ok(Answer::Total(1))).await;
    assert!(
        crashed.elapsed() <= world.settings.lease_ttl + Duration::from_secs(4),
        "{:?}",
        crashed.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_the_desk_to_the_next_at_once() {
    let world = World::new();
    let first = world.owner().await;
    assert_eq!(add(&first, "1", 1).await, Ok(1));
    let second = world.process();
    sleep(Duration::from_secs(3)).await;
    let started = Instant::now();
    first.shutdown().await;
    let left = world.store.leases("").await.unwrap();
    assert!(
        left.len() == 1 && left[0].name.starts_with("replica."),
        "the other replica's own: {left:?}"
    );
    until(async || total(&second).await == Ok(Answer::Total(1))).await;
    assert!(started.elapsed() <= Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_finishes_the_batch_at_hand_and_takes_no_more() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let held = crate::support::submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    let stopping = tokio::spawn({
        let desks = desks.clone();
        async move { desks.shutdown().await }
    });
    sleep(Duration::from_millis(100)).await;
    gate.open();
    assert_eq!(held.await.unwrap(), Ok(1));
    stopping.await.unwrap();
    assert!(add(&desks, "2", 1).await.is_err());
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_desk_created_anywhere_is_owned_by_somebody_before_it_is_answered() {
    let world = World::new();
    let first = world.process();
    create(&first, 1).await;
    let second = world.process();
    sleep(Duration::from_secs(5)).await;
    second.create(&acme()).await.unwrap();
    assert_eq!(first.submit(&acme(), write("1", Command::Add(1))).await, Ok(1));
}
