//! Time: the store's clock at opening, monotonic time since, never below the last event.

use std::time::Duration;

use tandem_domain::{Clock, Timestamp};

use crate::support::ledger::{Answer, Command};
use crate::support::{World, acme, add, status, total, until, write};

async fn last_at(world: &World) -> Timestamp {
    world.journal(&acme()).await.last().unwrap().at
}

#[tokio::test(start_paused = true)]
async fn events_carry_the_stores_time_and_go_on_with_monotonic_time() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    let first = last_at(&world).await;
    assert_eq!(first, world.store.clock().now());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(add(&desks, "2", 1).await, Ok(2));
    assert_eq!(last_at(&world).await.since(first), Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_step_of_the_wall_clock_changes_no_time_and_no_timer() {
    let world = World::new();
    let desks = world.owner().await;
    let ring = desks
        .submit(&acme(), write("1", Command::Ring(Duration::from_mins(1))))
        .await;
    assert_eq!(ring, Ok(0));
    let before = last_at(&world).await;
    world.store.clock().set(before.plus(Duration::from_hours(1)));
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(
        world.kinds().await,
        ["RingAt"],
        "an hour's step forward rings nothing early"
    );
    world.store.clock().set(before.minus(Duration::from_hours(1)));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(
        world.kinds().await,
        ["RingAt", "Rang"],
        "and a step back rings nothing late"
    );
}

#[tokio::test(start_paused = true)]
async fn time_is_never_before_the_last_event_and_a_journal_from_the_future_is_an_alarm() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(add(&desks, "1", 1).await, Ok(1));
    let future = last_at(&world).await;
    desks.shutdown().await;
    world.store.clock().set(future.minus(Duration::from_secs(20)));
    let desks = world.owner().await;
    assert_eq!(add(&desks, "2", 1).await, Ok(2));
    assert_eq!(
        last_at(&world).await,
        future,
        "time stands still until the clock has caught up"
    );
    let ahead = status(&desks, &acme()).unwrap().journal_ahead;
    assert!(ahead > Duration::from_secs(5), "{ahead:?}");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(add(&desks, "3", 1).await, Ok(3));
    assert!(last_at(&world).await > future);
    assert_eq!(status(&desks, &acme()).unwrap().journal_ahead, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_core_gets_its_tick_when_it_wants_it_and_not_before() {
    let world = World::new();
    let desks = world.owner().await;
    desks
        .submit(&acme(), write("1", Command::Ring(Duration::from_secs(90))))
        .await
        .unwrap();
    let asked = last_at(&world).await;
    until(async || world.kinds().await == ["RingAt", "Rang"]).await;
    let rang = last_at(&world).await.since(asked);
    assert!(
        rang >= Duration::from_secs(90) && rang < Duration::from_millis(90_050),
        "{rang:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_fell_due_while_nobody_owned_the_desk_is_done_at_once_on_opening() {
    let world = World::new();
    let desks = world.owner().await;
    desks
        .submit(&acme(), write("1", Command::Ring(Duration::from_mins(1))))
        .await
        .unwrap();
    drop(desks);
    tokio::time::sleep(Duration::from_hours(1)).await;
    let desks = world.owner().await;
    assert_eq!(total(&desks).await, Ok(Answer::Total(0)));
    assert_eq!(world.kinds().await, ["RingAt", "Rang"]);
}
