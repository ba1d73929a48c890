//! Each event counts once, whatever goes wrong.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_bus::faulty::{Fault as BusFault, Faults};
use tandem_domain::Channel;
use tandem_store::memory::{Fault, Operation};
use tokio::time::sleep;

use crate::day::Day;
use crate::harness::{Replica, World};

const MINUTES: Duration = Duration::from_mins(3);

/// Everything is measured, and as if it had been taken in one go.
async fn check(world: &World) {
    world.measured().await;
    let (stored, expected) = (world.stored().await, world.expected().await);
    assert!(stored.len() > 20, "there is something to compare");
    for (key, value) in &expected {
        let text = |value: &Vec<u8>| String::from_utf8_lossy(value).into_owned();
        assert_eq!(stored.get(key).map(text), Some(text(value)), "{key:?}");
    }
    assert_eq!(stored.len(), expected.len(), "nothing else is stored");
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_measured() {
    let world = World::new().await;
    let _replica = world.replica("a");
    Day::new(&world, 1).goes_on(300, MINUTES).await;
    check(&world).await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_late_measures_everything_from_the_first_event_on() {
    let world = World::new().await;
    Day::new(&world, 2).goes_on(200, MINUTES).await;
    let _replica = world.replica("a");
    check(&world).await;
}

#[tokio::test(start_paused = true)]
async fn two_replicas_count_each_event_once() {
    let world = World::new().await;
    let _replicas = [world.replica("a"), world.replica("b")];
    Day::new(&world, 3).goes_on(300, MINUTES).await;
    check(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_reads_the_book_while_another_one_writes_it_counts_nothing_twice() {
    let world = World::new().await;
    let mut writer = world.replica("a");
    let mut day = Day::new(&world, 5);
    for round in 0..8 {
        // The new replica has the same event at hand as the one that commits it while the book is being read.
        let slow = |seconds| vec![Fault::Slow(Duration::from_secs(seconds))];
        let faults = world.store.faults();
        faults.at_random(round, 0.5, Operation::Commit, slow(5));
        faults.at_random(round, 0.5, Operation::Rows, slow(10));
        let reader = world.replica(&format!("b{round}"));
        day.goes_on(20, Duration::from_secs(10)).await;
        std::mem::replace(&mut writer, reader).crash();
        day.goes_on(10, Duration::from_secs(10)).await;
    }
    world.store.faults().clear();
    check(&world).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_or_doubled_by_crashes_and_faults() {
    for seed in 0..6 {
        let world = World::seeded(seed).await;
        let mut rng = StdRng::seed_from_u64(seed);
        let mut replicas = [world.replica("a0"), world.replica("b0")];
        let mut day = Day::new(&world, seed);
        for round in 1..12 {
            world.bus.set(bad_weather(&mut rng));
            let faults = [
                Fault::OutcomeUnknown { written: true },
                Fault::OutcomeUnknown { written: false },
                Fault::Full,
                Fault::Unavailable,
                Fault::Slow(Duration::from_millis(300)),
            ];
            world
                .store
                .faults()
                .at_random(rng.random(), 0.2, Operation::Commit, faults.to_vec());
            day.goes_on(25, Duration::from_secs(40)).await;
            crash_one(&world, &mut replicas, round, &mut rng).await;
        }
        world.store.faults().clear();
        world.bus.set(Faults::none());
        check(&world).await;
        let injected = world.store.faults().injected();
        let met = [
            injected.unknown_written,
            injected.unknown_not_written,
            injected.full,
            injected.unavailable,
        ];
        assert!(met.iter().all(|count| *count > 0), "{injected:?}");
        assert!(world.bus.hits(BusFault::LoseEvent) > 0 && world.bus.hits(BusFault::RepeatDelivery) > 0);
    }
}

fn bad_weather(rng: &mut StdRng) -> Faults {
    let some = [
        BusFault::LoseEvent,
        BusFault::RepeatDelivery,
        BusFault::SwapDeliveries,
        BusFault::LosePublishAck,
        BusFault::LoseHint,
        BusFault::Delay,
    ];
    some.into_iter().fold(Faults::none(), |faults, fault| {
        faults.with(fault, rng.random_range(0.0..0.3))
    })
}

/// Ends one process in the middle of what it does, and starts another one.
async fn crash_one(world: &World, replicas: &mut [Replica; 2], round: usize, rng: &mut StdRng) {
    world
        .store
        .faults()
        .next(Operation::Commit, Fault::Slow(Duration::from_millis(500)));
    sleep(Duration::from_millis(rng.random_range(0..800))).await;
    let which = rng.random_range(0..2);
    let fresh = world.replica(&format!("{which}-{round}"));
    std::mem::replace(&mut replicas[which], fresh).crash();
}

#[tokio::test(start_paused = true)]
async fn a_history_that_was_rewritten_is_measured_anew() {
    let world = World::new().await;
    Day::new(&world, 4).goes_on(150, MINUTES).await;
    let replica = world.replica("a");
    check(&world).await;
    replica.crash();
    world.desks.shutdown().await;
    // A backup was restored beside the measures: the desk's history goes on in another way.
    let restored = world.on_another_store().await;
    restored.signs_on("ana").await;
    for _ in 0..3 {
        let ticket = restored.comes("sales", Channel::Chat).await;
        restored.is_taken(ticket).await;
    }
    let _replica = world.replica("b");
    let (stored, expected) = (async || world.stored().await, restored.expected().await);
    for _ in 0..600 {
        if stored().await == expected {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the measures are not those of the restored journal");
}
