//! A command that makes the core panic twice is parked, and blocks nobody.

use std::time::Duration;

use tandem_desk::DeskError;

use crate::support::ledger::{Answer, Command, defuse};
use crate::support::{World, acme, add, submitting, total, until, write};

#[tokio::test(start_paused = true)]
async fn a_command_that_panics_twice_is_parked_and_those_behind_it_are_handled() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "0", Command::Add(1)).await;
    gate.reached().await;
    let before = submitting(&desks, "1", Command::Add(1)).await;
    let culprit = submitting(&desks, "2", Command::Explode("fuse-a".to_owned())).await;
    let behind = submitting(&desks, "3", Command::Add(1)).await;
    gate.open();
    assert_eq!(
        (first.await.unwrap(), before.await.unwrap(), behind.await.unwrap()),
        (Ok(1), Ok(2), Ok(3))
    );
    let Err(DeskError::Parked(reason)) = culprit.await.unwrap() else {
        panic!("not parked")
    };
    assert!(reason.contains("fuse-a exploded"), "{reason}");
    assert_eq!(
        total(&desks).await,
        Ok(Answer::Total(3)),
        "nothing is left of what it did before it panicked"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_can_be_listed_and_retried_by_hand() {
    let world = World::new();
    let desks = world.owner().await;
    let explode = || write("1", Command::Explode("fuse-b".to_owned()));
    assert!(matches!(
        desks.submit(&acme(), explode()).await,
        Err(DeskError::Parked(_))
    ));
    let page = desks.parked(&acme(), None, 10).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].what, "Write");
    let id = page.items[0].id.clone();
    let openings = world.openings().await;
    assert!(matches!(
        desks.submit(&acme(), explode()).await,
        Err(DeskError::Parked(_))
    ));
    assert_eq!(
        world.openings().await,
        openings,
        "repeated, it is refused without being tried"
    );

    assert!(matches!(
        desks.retry_parked(&acme(), &id).await,
        Err(DeskError::Parked(_))
    ));
    assert_eq!(
        desks.parked(&acme(), None, 10).await.unwrap().items.len(),
        1,
        "it failed again and stays parked"
    );

    defuse("fuse-b");
    assert_eq!(desks.retry_parked(&acme(), &id).await, Ok(()));
    assert!(desks.parked(&acme(), None, 10).await.unwrap().items.is_empty());
    assert_eq!(
        desks.submit(&acme(), explode()).await,
        Ok(1000),
        "its caller gets the answer under the same id"
    );
    assert_eq!(world.kinds().await, ["Added", "Armed"]);
    assert_eq!(desks.retry_parked(&acme(), &id).await, Err(DeskError::NotParked(id)));
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_stays_parked_with_the_next_owner() {
    let world = World::new();
    let desks = world.owner().await;
    let explode = || write("1", Command::Explode("fuse-c".to_owned()));
    assert!(matches!(
        desks.submit(&acme(), explode()).await,
        Err(DeskError::Parked(_))
    ));
    drop(desks);
    let desks = world.owner().await;
    let openings = world.openings().await;
    assert!(matches!(
        desks.submit(&acme(), explode()).await,
        Err(DeskError::Parked(_))
    ));
    assert_eq!(world.openings().await, openings);
}

#[tokio::test(start_paused = true)]
async fn a_panic_that_cannot_be_blamed_on_one_command_is_searched_for_one_by_one() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "0", Command::Add(1)).await;
    gate.reached().await;
    let before = submitting(&desks, "1", Command::Add(1)).await;
    let culprit = submitting(&desks, "2", Command::ExplodeInRows("fuse-d".to_owned())).await;
    let behind = submitting(&desks, "3", Command::Add(1)).await;
    gate.open();
    assert_eq!(
        (first.await.unwrap(), before.await.unwrap(), behind.await.unwrap()),
        (Ok(1), Ok(2), Ok(3))
    );
    assert!(matches!(culprit.await.unwrap(), Err(DeskError::Parked(_))));
    assert_eq!(world.kinds().await, ["Added", "Added", "Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_core_that_rejects_and_changes_all_the_same_is_taken_for_broken() {
    let world = World::new();
    let desks = world.owner().await;
    let outcome = desks.submit(&acme(), write("1", Command::RejectButChange)).await;
    assert!(matches!(outcome, Err(DeskError::Parked(_))), "{outcome:?}");
    assert_eq!(total(&desks).await, Ok(Answer::Total(0)));
}

#[tokio::test(start_paused = true)]
async fn timers_that_panic_do_not_keep_commands_from_being_handled() {
    let world = World::new();
    let desks = world.owner().await;
    let armed = desks
        .submit(&acme(), write("1", Command::ExplodeAtTick("fuse-e".to_owned())))
        .await;
    assert_eq!(armed, Ok(0));
    for n in 0..20 {
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(add(&desks, &format!("add-{n}"), 1).await, Ok(n + 1));
    }
    defuse("fuse-e");
    until(async || world.kinds().await.contains(&"Rang".to_owned())).await;
}
