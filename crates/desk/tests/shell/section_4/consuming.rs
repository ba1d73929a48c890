//! Consumers: in order, without gaps, once per position, whatever the bus does.

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::InProcessBus;
use tandem_bus::faulty::{Fault as BusFault, Faults, FaultyBus};
use tandem_desk::{Desks, HandleError, RetryError, parked_events, retry_parked_event};
use tandem_domain::Clock;
use tokio::time::sleep;

use crate::support::counting::Counting;
use crate::support::ledger::{Command, Ledger};
use crate::support::{World, acme, add, desk, stream, until, write};

fn faulty(faults: Faults) -> (World, Arc<FaultyBus>) {
    let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), 3, faults));
    (World::with_bus(bus.clone()), bus)
}

async fn add_many(desks: &Desks<Ledger>, from: i64, count: i64) {
    for n in from..from + count {
        assert_eq!(add(desks, &n.to_string(), 1).await, Ok(n + 1));
    }
}

async fn caught_up(world: &World, counting: &Counting, sum: i64) {
    let last = world.journal(&acme()).await.len() as u64;
    until(async || counting.seq(&stream(&acme())).await == last).await;
    assert_eq!(counting.sum(&acme()).await, sum);
}

#[tokio::test(start_paused = true)]
async fn every_event_arrives_in_order_and_once() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 30).await;
    caught_up(&world, &counting, 30).await;
    let handled = counting.seen.lock().unwrap().handled.clone();
    assert_eq!(
        handled,
        (1..=32).collect::<Vec<u64>>(),
        "the shell's own events are among them"
    );
}

#[tokio::test(start_paused = true)]
async fn events_lost_in_the_middle_are_read_from_the_owner() {
    let (world, bus) = faulty(Faults::none().with(BusFault::LoseEvent, 0.3));
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 50).await;
    caught_up(&world, &counting, 50).await;
    assert!(bus.hits(BusFault::LoseEvent) > 5);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_noticed_by_the_next_event_without_any_head() {
    let (world, bus) = faulty(Faults::none().with(BusFault::LoseHint, 1.0));
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 3).await;
    caught_up(&world, &counting, 3).await;
    bus.set(
        Faults::none()
            .with(BusFault::LoseHint, 1.0)
            .with(BusFault::LoseEvent, 1.0),
    );
    add_many(&desks, 3, 3).await;
    sleep(Duration::from_secs(1)).await;
    bus.set(Faults::none().with(BusFault::LoseHint, 1.0));
    add_many(&desks, 6, 1).await;
    caught_up(&world, &counting, 7).await;
    assert!(
        bus.hits(BusFault::LoseEvent) > 3,
        "for consumers, and for systems outside"
    );
}

#[tokio::test(start_paused = true)]
async fn the_very_last_event_when_lost_is_noticed_by_the_head() {
    let (world, bus) = faulty(Faults::none());
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 3).await;
    caught_up(&world, &counting, 3).await;
    bus.set(Faults::none().with(BusFault::LoseEvent, 1.0));
    add_many(&desks, 3, 1).await;
    sleep(Duration::from_millis(2500)).await;
    caught_up(&world, &counting, 4).await;
    assert_eq!(
        bus.hits(BusFault::LoseEvent),
        2,
        "for consumers, and for systems outside"
    );
}

#[tokio::test(start_paused = true)]
async fn repeats_are_dropped_and_what_was_mixed_up_is_put_in_order() {
    let (world, bus) = faulty(
        Faults::none()
            .with(BusFault::RepeatDelivery, 0.3)
            .with(BusFault::SwapDeliveries, 0.3)
            .with(BusFault::LosePublishAck, 0.1),
    );
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    for n in 0..100 {
        add_many(&desks, n, 1).await;
        sleep(Duration::from_millis(10)).await;
    }
    caught_up(&world, &counting, 100).await;
    sleep(Duration::from_mins(1)).await;
    let handled = counting.seen.lock().unwrap().handled.clone();
    assert_eq!(handled, (1..=102).collect::<Vec<u64>>());
    let hits = (bus.hits(BusFault::RepeatDelivery), bus.hits(BusFault::SwapDeliveries));
    assert!(hits.0 > 5 && hits.1 > 5, "{hits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_consumer_gets_everything_from_the_first_event_on() {
    let world = World::new();
    let desks = world.owner().await;
    add_many(&desks, 0, 1200).await;
    sleep(Duration::from_secs(5)).await;
    let counting = Counting::start(&world, "a");
    caught_up(&world, &counting, 1200).await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_was_down_goes_on_where_it_was() {
    let world = World::new();
    let desks = world.owner().await;
    let counting = Counting::start(&world, "a");
    add_many(&desks, 0, 10).await;
    caught_up(&world, &counting, 10).await;
    counting.stop();
    add_many(&desks, 10, 10).await;
    sleep(Duration::from_secs(10)).await;
    let counting = Counting::start(&world, "a");
    caught_up(&world, &counting, 20).await;
    let handled = counting.seen.lock().unwrap().handled.clone();
    assert_eq!(handled, (13..=22).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn of_several_replicas_one_does_the_work_and_all_are_told() {
    let world = World::new();
    let replicas = [
        Counting::start(&world, "a"),
        Counting::start(&world, "b"),
        Counting::start(&world, "c"),
    ];
    let desks = world.owner().await;
    for n in 0..40 {
        add_many(&desks, n, 1).await;
        sleep(Duration::from_millis(20)).await;
    }
    caught_up(&world, &replicas[0], 40).await;
    sleep(Duration::from_secs(5)).await;
    for replica in &replicas {
        assert!(
            replica.seen.lock().unwrap().committed > 0,
            "each can refresh its memory"
        );
    }
    let all: usize = replicas.iter().map(|replica| handled(replica)).sum();
    assert!(all < 2 * 42, "who was too late stands back: {all} handled");
}

#[tokio::test(start_paused = true)]
async fn time_goes_on_for_who_stands_back_also_while_nothing_happens() {
    let world = World::new();
    let replicas = [Counting::start(&world, "a"), Counting::start(&world, "b")];
    let desks = world.owner().await;
    for n in 0..10 {
        add_many(&desks, n, 1).await;
        sleep(Duration::from_millis(20)).await;
    }
    caught_up(&world, &replicas[0], 10).await;
    sleep(Duration::from_mins(1)).await;
    let now = world.store.clock().now();
    for replica in &replicas {
        let watermark = replica.seen.lock().unwrap().watermark;
        let lag = watermark.map(|watermark| now.since(watermark));
        assert!(lag.is_some_and(|lag| lag < Duration::from_secs(5)), "{lag:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_stood_back_takes_over_when_the_other_one_is_gone() {
    let world = World::new();
    let replicas = [Counting::start(&world, "a"), Counting::start(&world, "b")];
    let desks = world.owner().await;
    for n in 0..10 {
        add_many(&desks, n, 1).await;
        sleep(Duration::from_millis(20)).await;
    }
    caught_up(&world, &replicas[0], 10).await;
    let busier = usize::from(handled(&replicas[1]) > handled(&replicas[0]));
    replicas[busier].stop();
    add_many(&desks, 10, 5).await;
    caught_up(&world, &replicas[0], 15).await;
}

fn handled(replica: &Counting) -> usize {
    replica.seen.lock().unwrap().handled.len()
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_bounded_and_backs_off_and_then_the_event_is_parked_and_the_next_follow() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    counting.trouble(4, 1000, HandleError::Retry("not now".to_owned()));
    let desks = world.owner().await;
    add_many(&desks, 0, 5).await;
    caught_up(&world, &counting, 4).await;
    let left = counting.seen.lock().unwrap().trouble[&4].0;
    assert!((990..=994).contains(&left), "tried {} times", 1000 - left);
    let page = parked_events(&world.store, "counting", &acme(), None, 10)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(
        (page.items[0].what.as_str(), page.items[0].reason.as_str()),
        ("event 4 Added of ledger", "not now")
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_parked_at_once_and_can_be_retried_by_hand() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    counting.trouble(4, 3, HandleError::Fail("never".to_owned()));
    let desks = world.owner().await;
    add_many(&desks, 0, 5).await;
    caught_up(&world, &counting, 4).await;
    let page = parked_events(&world.store, "counting", &acme(), None, 10)
        .await
        .unwrap();
    let id = page.items[0].id.clone();
    let failed_before = 3 - counting.seen.lock().unwrap().trouble[&4].0;
    assert!(failed_before <= 2, "once in its batch and once alone");
    counting.trouble(4, 1, HandleError::Fail("never".to_owned()));
    let again = retry_parked_event(&world.store, counting.as_ref(), &acme(), &id).await;
    assert!(matches!(again, Err(RetryError::Handle(_))));
    assert_eq!(
        parked_events(&world.store, "counting", &acme(), None, 10)
            .await
            .unwrap(),
        page
    );
    retry_parked_event(&world.store, counting.as_ref(), &acme(), &id)
        .await
        .unwrap();
    assert_eq!(counting.sum(&acme()).await, 5);
    assert!(
        parked_events(&world.store, "counting", &acme(), None, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let gone = retry_parked_event(&world.store, counting.as_ref(), &acme(), &id).await;
    assert!(matches!(gone, Err(RetryError::NotParked(_))));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_something_that_is_away_is_never_parked() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    counting.trouble(4, 50, HandleError::Wait("away".to_owned()));
    let desks = world.owner().await;
    add_many(&desks, 0, 5).await;
    caught_up(&world, &counting, 5).await;
    assert!(
        parked_events(&world.store, "counting", &acme(), None, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_over_an_event_has_it_parked_and_goes_on() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    counting.panic_at(4);
    let desks = world.owner().await;
    add_many(&desks, 0, 5).await;
    caught_up(&world, &counting, 4).await;
    let page = parked_events(&world.store, "counting", &acme(), None, 10)
        .await
        .unwrap();
    assert_eq!(page.items[0].reason, "the handler panicked");
}

#[tokio::test(start_paused = true)]
async fn one_desks_poisoned_event_holds_no_other_desk_up() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    counting.trouble(3, 1000, HandleError::Retry("not now".to_owned()));
    let desks = world.owner().await;
    add_many(&desks, 0, 1).await;
    desks.create(&desk("bravo")).await.unwrap();
    let bravo = stream(&desk("bravo"));
    until(async || counting.seq(&bravo).await == 2).await;
    assert_eq!(
        counting.seq(&stream(&acme())).await,
        2,
        "acme's third event is still being retried"
    );
}

#[tokio::test(start_paused = true)]
async fn a_restored_backup_that_went_on_differently_is_noticed_and_everything_comes_again() {
    for (before, after) in [(10, 4), (10, 12), (10, 10)] {
        let world = World::new();
        let counting = Counting::start(&world, "a");
        let desks = world.owner().await;
        add_many(&desks, 0, before).await;
        caught_up(&world, &counting, before).await;
        desks.shutdown().await;
        // The same desk on another store, whose history went on differently: a backup that was restored.
        let mut restored = World::with_bus(world.bus.clone());
        restored.ids = crate::support::SeededIds::new(99);
        let desks = restored.owner().await;
        add_many(&desks, 0, after).await;
        let last = restored.journal(&acme()).await.len() as u64;
        until(async || counting.seq(&stream(&acme())).await == last && counting.sum(&acme()).await == after).await;
        assert_eq!(
            counting.seen.lock().unwrap().resets,
            1,
            "{before} before, {after} after"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_opening_is_not_taken_without_a_look_at_the_history_before_it() {
    let (world, bus) = faulty(Faults::none().with(BusFault::LoseHint, 1.0));
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 5).await;
    caught_up(&world, &counting, 5).await;
    desks.shutdown().await;
    let mut restored = World::with_bus(world.bus.clone());
    restored.ids = crate::support::SeededIds::new(99);
    let desks = restored.owner().await;
    add_many(&desks, 0, 6).await;
    until(async || counting.seq(&stream(&acme())).await == 8 && counting.sum(&acme()).await == 6).await;
    assert_eq!(counting.seen.lock().unwrap().resets, 1);
    assert!(bus.hits(BusFault::LoseHint) > 0, "no head told of it");
}

#[tokio::test(start_paused = true)]
async fn a_consumer_knows_its_input_up_to_the_heads_time_once_it_has_caught_up() {
    let world = World::new();
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 1).await;
    let watermark = || counting.seen.lock().unwrap().watermark;
    until(async || watermark().is_some()).await;
    sleep(Duration::from_secs(10)).await;
    let lag = world.store.clock().now().since(watermark().unwrap());
    assert!(
        lag <= Duration::from_secs(4),
        "it goes on while nothing happens: {lag:?}"
    );

    counting.trouble(4, 1000, HandleError::Retry("not now".to_owned()));
    add_many(&desks, 1, 1).await;
    let stuck_at = world.journal(&acme()).await.pop().unwrap().at;
    sleep(Duration::from_secs(2)).await;
    assert!(
        watermark().unwrap() <= stuck_at,
        "while an event is not handled, its time has not come"
    );
}

#[tokio::test(start_paused = true)]
async fn a_consumer_outlives_a_store_that_is_away() {
    let mut world = World::new();
    world.settings.lease_ttl = Duration::from_hours(1);
    let counting = Counting::start(&world, "a");
    let desks = world.owner().await;
    add_many(&desks, 0, 3).await;
    world.store.faults().set_unreachable(true);
    sleep(Duration::from_secs(30)).await;
    world.store.faults().set_unreachable(false);
    until(async || desks.submit(&acme(), write("3", Command::Add(1))).await == Ok(4)).await;
    caught_up(&world, &counting, 4).await;
}
