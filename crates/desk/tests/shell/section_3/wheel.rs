//! Gather, handle, commit, answer.

use std::time::Duration;

use tandem_desk::{DeskError, RequestMark};
use tandem_store::JournalStore;
use tandem_store::memory::{Fault, Gate, Operation};

use crate::support::ledger::{Answer, Command, Query, Refusal};
use crate::support::{World, acme, add, asking, desk, submitting, total, until, write};

#[tokio::test(start_paused = true)]
async fn a_command_is_handled_committed_and_answered() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 5).await, Ok(5));
    assert_eq!(add(&desks, "2", -6).await, Err(DeskError::Rejected(Refusal::Negative)));
    assert_eq!(total(&desks).await, Ok(Answer::Total(5)));
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn while_a_commit_runs_the_next_batch_is_handled_and_nobody_is_told() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let second = submitting(&desks, "2", Command::Add(1)).await;
    let third = submitting(&desks, "3", Command::Add(1)).await;
    let refused = submitting(&desks, "4", Command::Add(-9)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!first.is_finished() && !second.is_finished() && !third.is_finished());
    assert!(!refused.is_finished(), "a refusal rests on what was handled before it");
    let second_commit = world.hold_commit();
    gate.open();
    assert_eq!(first.await.unwrap(), Ok(1));
    second_commit.reached().await;
    assert!(!second.is_finished() && !third.is_finished() && !refused.is_finished());
    second_commit.open();
    assert_eq!((second.await.unwrap(), third.await.unwrap()), (Ok(2), Ok(3)));
    assert_eq!(refused.await.unwrap(), Err(DeskError::Rejected(Refusal::Negative)));
    let journal = world.journal(&acme()).await;
    let added = journal.iter().filter(|record| record.kind == "Added");
    let times: Vec<_> = added.map(|record| record.at).collect();
    assert_eq!(times[2].since(times[0]), Duration::from_millis(1), "handled at once");
}

#[tokio::test(start_paused = true)]
async fn what_was_handled_on_top_of_a_commit_that_failed_is_handled_again() {
    let unknown = |written| Fault::OutcomeUnknown { written };
    for (fault, told) in [
        (Fault::Full, Err(DeskError::StoreFull)),
        (Fault::Fenced, Ok(5)),
        (unknown(true), Ok(5)),
        (unknown(false), Ok(5)),
    ] {
        let world = World::new();
        let desks = world.owner().await;
        let gate = Gate::new();
        world.next_commit(Fault::HeldThen(gate.clone(), Box::new(fault)));
        let first = submitting(&desks, "1", Command::Add(5)).await;
        gate.reached().await;
        let (second, read) = (submitting(&desks, "2", Command::Add(2)).await, asking(&desks).await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!second.is_finished() && !read.is_finished());
        gate.open();
        let kept = told.as_ref().map_or(0, |total| *total);
        assert_eq!(first.await.unwrap(), told);
        assert_eq!(second.await.unwrap(), Ok(kept + 2));
        assert_eq!(read.await.unwrap(), Ok(Answer::Total(kept + 2)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_on_top_of_a_commit_that_is_under_way_leaves_that_commit_alone() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "1", Command::Add(5)).await;
    gate.reached().await;
    let explosive = submitting(&desks, "2", Command::Explode("on-top".to_owned())).await;
    let third = submitting(&desks, "3", Command::Add(2)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!explosive.is_finished() && !third.is_finished());
    gate.open();
    assert_eq!(first.await.unwrap(), Ok(5));
    assert!(matches!(explosive.await.unwrap(), Err(DeskError::Parked(_))));
    assert_eq!(third.await.unwrap(), Ok(7));
    assert_eq!(world.kinds().await, ["Added", "Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_was_looked_up_before_its_first_was_committed_happens_once() {
    let world = World::new();
    let desks = world.owner().await;
    let (commit, look_up) = (world.hold_commit(), Gate::new());
    let first = submitting(&desks, "1", Command::Add(1)).await;
    commit.reached().await;
    world
        .store
        .faults()
        .next(Operation::Requests, Fault::Held(look_up.clone()));
    let repeated = submitting(&desks, "1", Command::Add(1)).await;
    look_up.reached().await;
    commit.open();
    assert_eq!(first.await.unwrap(), Ok(1));
    look_up.open();
    assert_eq!(repeated.await.unwrap(), Ok(1));
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_comes_while_its_first_is_being_committed_happens_once() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    let repeated = submitting(&desks, "1", Command::Add(1)).await;
    let other = submitting(&desks, "1", Command::Add(2)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!repeated.is_finished() && !other.is_finished());
    gate.open();
    assert_eq!((first.await.unwrap(), repeated.await.unwrap()), (Ok(1), Ok(1)));
    assert_eq!(other.await.unwrap(), Err(DeskError::RequestReused));
    assert_eq!(world.kinds().await, ["Added"]);
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_for_the_commit_that_it_is_ordered_behind() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let write = submitting(&desks, "1", Command::Add(1)).await;
    let read = asking(&desks).await;
    gate.reached().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!read.is_finished(), "nothing uncommitted is seen");
    gate.open();
    assert_eq!(write.await.unwrap(), Ok(1));
    assert_eq!(read.await.unwrap(), Ok(Answer::Total(1)));
}

#[tokio::test(start_paused = true)]
async fn a_read_never_sees_what_was_not_committed() {
    let world = World::new();
    let desks = world.owner().await;
    world.next_commit(Fault::Full);
    let write = submitting(&desks, "1", Command::Add(1)).await;
    let read = asking(&desks).await;
    assert_eq!(write.await.unwrap(), Err(DeskError::StoreFull));
    assert_eq!(read.await.unwrap(), Ok(Answer::Total(0)));
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_batch_are_handled_in_their_order() {
    let world = World::new();
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "0", Command::Add(0)).await;
    gate.reached().await;
    let (a, b) = (submitting(&desks, "1", Command::Add(1)).await, asking(&desks).await);
    let (c, d) = (submitting(&desks, "2", Command::Add(1)).await, asking(&desks).await);
    gate.open();
    assert_eq!(first.await.unwrap(), Ok(0));
    assert_eq!((a.await.unwrap(), c.await.unwrap()), (Ok(1), Ok(2)));
    assert_eq!(
        (b.await.unwrap(), d.await.unwrap()),
        (Ok(Answer::Total(1)), Ok(Answer::Total(2)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_single_command_on_an_idle_desk_does_not_wait_for_a_batch() {
    let world = World::new();
    let desks = world.owner().await;
    let before = tokio::time::Instant::now();
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once() {
    let mut world = World::new();
    world.settings.mailbox = 1;
    world.settings.batch_max = 1;
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    let second = submitting(&desks, "2", Command::Add(1)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let third = submitting(&desks, "3", Command::Add(1)).await;
    assert_eq!(add(&desks, "4", 1).await, Err(DeskError::Overloaded));
    gate.open();
    let told = (first.await.unwrap(), second.await.unwrap(), third.await.unwrap());
    assert_eq!(told, (Ok(1), Ok(2), Ok(3)));
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_caller_has_given_up_is_not_handled() {
    let mut world = World::new();
    world.settings.batch_max = 1;
    let desks = world.owner().await;
    let gate = world.hold_commit();
    let first = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    let second = submitting(&desks, "2", Command::Add(1)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let third = submitting(&desks, "3", Command::Add(1)).await;
    assert_eq!(
        first.await.unwrap(),
        Err(DeskError::DeadlineExceeded),
        "nobody knows what became of it"
    );
    assert_eq!(
        second.await.unwrap(),
        Err(DeskError::DeadlineExceeded),
        "nor of what was handled meanwhile"
    );
    assert_eq!(third.await.unwrap(), Err(DeskError::DeadlineExceeded));
    gate.open();
    until(async || total(&desks).await == Ok(Answer::Total(2))).await;
    assert_eq!(
        add(&desks, "1", 1).await,
        Ok(1),
        "repeated under its id, it is told what became of it"
    );
    assert_eq!(
        world.kinds().await,
        ["Added", "Added"],
        "the third waited in the mailbox"
    );
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_command_are_committed_with_its_events_and_only_then() {
    let world = World::new();
    let desks = world.owner().await;
    let with_row = |id: &str, amount| {
        let mut submission = write(id, Command::Add(amount));
        submission.rows.push(("file".to_owned(), id.to_owned(), "text".into()));
        submission
    };
    assert_eq!(desks.submit(&acme(), with_row("1", 5)).await, Ok(5));
    assert!(desks.submit(&acme(), with_row("2", -9)).await.is_err());
    assert_eq!(
        world.store.row(&acme(), "file", "1").await.unwrap(),
        Some("text".into())
    );
    assert_eq!(world.store.row(&acme(), "file", "2").await.unwrap(), None);
    assert_eq!(
        world.store.row(&acme(), "total", "total").await.unwrap(),
        Some("5".into()),
        "the core's rows too"
    );
}

#[tokio::test(start_paused = true)]
async fn desks_do_not_see_each_other() {
    let world = World::new();
    let desks = world.owner().await;
    for name in ["bravo", "carlo"] {
        desks.create(&desk(name)).await.unwrap();
    }
    let gate = world.hold_commit();
    let held = submitting(&desks, "1", Command::Add(1)).await;
    gate.reached().await;
    assert_eq!(
        desks.submit(&desk("bravo"), write("1", Command::Add(7))).await,
        Ok(7),
        "one desk waits for no other"
    );
    assert_eq!(desks.query(&desk("carlo"), Query::Total).await, Ok(Answer::Total(0)));
    gate.open();
    assert_eq!(held.await.unwrap(), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_desk_is_not_found() {
    let world = World::new();
    let desks = world.owner().await;
    let nowhere = desk("nowhere");
    let unknown = DeskError::UnknownDesk(nowhere.clone());
    assert_eq!(
        desks.submit(&nowhere, write("1", Command::Add(1))).await,
        Err(unknown.clone())
    );
    assert_eq!(desks.query(&nowhere, Query::Total).await, Err(unknown));
}

#[tokio::test(start_paused = true)]
async fn creating_a_desk_twice_is_harmless() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 5).await, Ok(5));
    desks.create(&acme()).await.unwrap();
    assert_eq!(total(&desks).await, Ok(Answer::Total(5)));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_never_forgotten_is_still_known_after_a_year() {
    let world = World::new();
    let desks = world.owner().await;
    let forever = || {
        let mut submission = write("1", Command::Add(1));
        submission.request = RequestMark {
            forever: true,
            ..submission.request
        };
        submission
    };
    assert_eq!(desks.submit(&acme(), forever()).await, Ok(1));
    drop(desks);
    world.store.clock().advance(Duration::from_hours(365 * 24));
    let desks = world.owner().await;
    assert_eq!(desks.submit(&acme(), forever()).await, Ok(1));
    assert_eq!(world.kinds().await, ["Added"]);
}
