//! Repeats: a write is remembered per (desk, caller, method) with a hash of the request.

use std::time::Duration;

use tandem_desk::{DeskError, Settings};
use tandem_domain::{Actor, Role};
use tandem_store::JournalStore;

use crate::support::ledger::{Answer, Command, Refusal, defuse};
use crate::support::{World, acme, add, desk, submitting, total, unremembered, write};

#[tokio::test(start_paused = true)]
async fn a_repeated_request_gets_the_same_answer_and_happens_once() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    assert_eq!(add(&desks, "2", 1).await, Ok(2));
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    drop(desks);
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1), "another owner knows it too");
    assert_eq!(total(&desks).await, Ok(Answer::Total(2)));
}

#[tokio::test(start_paused = true)]
async fn another_request_under_the_same_id_is_refused() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    let reused = add(&desks, "1", 2).await;
    assert_eq!(reused, Err(DeskError::RequestReused));
    assert_eq!(reused.unwrap_err().field(), Some("request_id"));
    assert_eq!(total(&desks).await, Ok(Answer::Total(1)));
}

#[tokio::test(start_paused = true)]
async fn two_with_one_id_in_one_batch_happen_once_and_get_one_answer() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "0", Command::Add(0)).await;
    gate.reached().await;
    let (a, b) = (
        submitting(&desks, "1", Command::Add(1)).await,
        submitting(&desks, "1", Command::Add(1)).await,
    );
    let other = submitting(&desks, "1", Command::Add(2)).await;
    gate.open();
    assert_eq!(first.await.unwrap(), Ok(0));
    assert_eq!((a.await.unwrap(), b.await.unwrap()), (Ok(1), Ok(1)));
    assert_eq!(other.await.unwrap(), Err(DeskError::RequestReused));
    assert_eq!(total(&desks).await, Ok(Answer::Total(1)));
}

#[tokio::test(start_paused = true)]
async fn ids_of_other_desks_callers_roles_and_methods_are_other_ids() {
    let world = World::new();
    let desks = world.owner().await;
    desks.create(&desk("bravo")).await.unwrap();
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    assert_eq!(desks.submit(&desk("bravo"), write("1", Command::Add(5))).await, Ok(5));
    let mut other = write("1", Command::Add(10));
    other.actor = Actor {
        role: Role::Agent,
        subject: "bob".into(),
    };
    assert_eq!(desks.submit(&acme(), other.clone()).await, Ok(11));
    other.actor.role = Role::Supervisor;
    assert_eq!(desks.submit(&acme(), other.clone()).await, Ok(21));
    other.request.method = "Other".to_owned();
    assert_eq!(desks.submit(&acme(), other).await, Ok(31));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_is_judged_again_when_it_is_repeated() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", -5).await, Err(DeskError::Rejected(Refusal::Negative)));
    assert_eq!(add(&desks, "2", 7).await, Ok(7));
    assert_eq!(add(&desks, "1", -5).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_changed_nothing_is_remembered_all_the_same() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(desks.submit(&acme(), write("1", Command::Nothing)).await, Ok(0));
    assert_eq!(add(&desks, "2", 7).await, Ok(7));
    assert_eq!(desks.submit(&acme(), write("1", Command::Nothing)).await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn ids_are_remembered_for_at_least_seven_days_and_then_purged() {
    let mut world = World::new();
    world.settings = Settings {
        head_every: Duration::from_hours(1),
        lease_every: Duration::from_hours(1),
        lease_ttl: Duration::from_hours(10),
        session_grace: Duration::from_hours(10),
        ..world.settings
    };
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    tokio::time::sleep(Duration::from_hours(7 * 24)).await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1), "still known");
    tokio::time::sleep(Duration::from_hours(2 * 24)).await;
    assert_eq!(
        world.store.forget_expired_requests().await.unwrap(),
        0,
        "the shell has purged it by itself"
    );
    assert_eq!(
        add(&desks, "1", 1).await,
        Ok(2),
        "so long afterwards it is a new request"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_id_is_not_remembered_and_leaves_nothing_where_nothing_happened() {
    let world = World::new();
    let desks = world.owner().await;
    let before = world.store.faults().injected();
    world.store.faults().set_unreachable(true);
    assert_eq!(
        desks.submit(&acme(), unremembered(Command::Nothing)).await,
        Ok(0),
        "nothing is looked up and nothing is committed"
    );
    world.store.faults().set_unreachable(false);
    assert_eq!(world.store.faults().injected().unavailable, before.unavailable);
    for total in 1..=3 {
        let added = desks.submit(&acme(), unremembered(Command::Add(1))).await;
        assert_eq!(added, Ok(total), "each is a write of its own");
    }
    assert_eq!(world.kinds().await, ["Added", "Added", "Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_id_that_makes_the_core_panic_is_not_parked_and_the_next_one_is_handled() {
    let world = World::new();
    let desks = world.owner().await;
    let explode = || unremembered(Command::Explode("fuse-without-id".to_owned()));
    for _ in 0..2 {
        let told = desks.submit(&acme(), explode()).await;
        assert!(
            matches!(&told, Err(DeskError::Parked(why)) if why.contains("exploded")),
            "{told:?}"
        );
        assert!(desks.parked(&acme(), None, 10).await.unwrap().items.is_empty());
        assert!(desks.submit(&acme(), unremembered(Command::Add(1))).await.is_ok());
    }
    defuse("fuse-without-id");
    assert!(desks.submit(&acme(), explode()).await.is_ok(), "it is tried each time");
}
