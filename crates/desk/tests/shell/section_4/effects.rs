//! Effects on others: carried out as commands with request id `<stream>:<seq>`.

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::InProcessBus;
use tandem_bus::faulty::{Fault as BusFault, Faults, FaultyBus};
use tandem_desk::{Desks, Settings};

use crate::support::ledger::{Answer, Command, Ledger, Query};
use crate::support::{World, acme, add, desk, until, write};

async fn pass(desks: &Desks<Ledger>, id: &str, to: &str, amount: i64) {
    desks
        .submit(&acme(), write(id, Command::Pass { to: desk(to), amount }))
        .await
        .unwrap();
}

async fn total_of(desks: &Desks<Ledger>, name: &str) -> i64 {
    let Ok(Answer::Total(total)) = desks.query(&desk(name), Query::Total).await else {
        panic!("no answer")
    };
    total
}

#[tokio::test(start_paused = true)]
async fn an_effect_is_carried_out_as_a_command_under_its_events_id() {
    let world = World::new();
    let desks = world.owner().await;
    desks.create(&desk("bravo")).await.unwrap();
    pass(&desks, "1", "bravo", 5).await;
    until(async || total_of(&desks, "bravo").await == 5).await;
    let received = world.journal(&desk("bravo")).await.pop().unwrap();
    let payload = String::from_utf8(received.payload.to_vec()).unwrap();
    assert!(
        payload.contains("\"id\":\"ledger.acme:3\"") && payload.contains("\"subject\":\"ledger\""),
        "{payload}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_effect_happens_once_however_often_it_is_sent() {
    let shaky = Faults::none()
        .with(BusFault::LoseReply, 0.5)
        .with(BusFault::LoseRequest, 0.2);
    let bus = Arc::new(FaultyBus::new(Arc::new(InProcessBus::new()), 5, Faults::none()));
    let world = World::with_bus(bus.clone());
    let desks = world.owner().await;
    desks.create(&desk("bravo")).await.unwrap();
    bus.set(shaky);
    for n in 0..20 {
        pass(&desks, &n.to_string(), "bravo", 1).await;
    }
    until(async || total_of(&desks, "bravo").await == 20).await;
    drop(desks);
    // The cursor was never saved: the next owner sends all of them again.
    bus.set(Faults::none());
    let desks = world.owner().await;
    desks.create(&desk("bravo")).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(total_of(&desks, "bravo").await, 20);
    assert!(bus.hits(BusFault::LoseReply) > 0 && bus.hits(BusFault::LoseRequest) > 0);
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_the_receiver_refuses_is_done_with() {
    let world = World::new();
    let desks = world.owner().await;
    desks.create(&desk("bravo")).await.unwrap();
    pass(&desks, "1", "bravo", -5).await;
    pass(&desks, "2", "bravo", 1).await;
    until(async || total_of(&desks, "bravo").await == 1).await;
    assert!(desks.parked(&acme(), None, 10).await.unwrap().items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_cannot_be_carried_out_is_parked_and_blocks_nobody() {
    let world = World::new();
    let desks = world.owner().await;
    desks.create(&desk("bravo")).await.unwrap();
    pass(&desks, "1", "nowhere", 1).await;
    pass(&desks, "2", "bravo", 2).await;
    assert_eq!(add(&desks, "3", 1).await, Ok(1), "commands do not wait");
    until(async || total_of(&desks, "bravo").await == 2).await;
    let page = desks.parked(&acme(), None, 10).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let id = &page.items[0].id;
    assert!(page.items[0].reason.contains("nobody serves"), "{:?}", page.items[0]);

    assert!(desks.retry_parked(&acme(), id).await.is_err());
    desks.create(&desk("nowhere")).await.unwrap();
    assert_eq!(desks.retry_parked(&acme(), id).await, Ok(()));
    assert_eq!(total_of(&desks, "nowhere").await, 1);
    assert!(desks.parked(&acme(), None, 10).await.unwrap().items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_effects_wait_for_ever_none_is_parked_however_long_the_receiver_is_away() {
    let mut world = World::new();
    world.settings = Settings {
        effect_attempts: None,
        ..world.settings
    };
    let desks = world.owner().await;
    pass(&desks, "1", "bravo", 1).await;
    pass(&desks, "2", "bravo", 2).await;
    tokio::time::sleep(Duration::from_hours(3)).await;
    assert!(desks.parked(&acme(), None, 10).await.unwrap().items.is_empty());
    desks.create(&desk("bravo")).await.unwrap();
    until(async || total_of(&desks, "bravo").await == 3).await;
}
