//! Records that change nothing for a consumer, and records that can wait: neither costs a commit each.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::ledger::Command;
use crate::support::looking::Looking;
use crate::support::{World, acme, add, stream, until, write};

#[tokio::test(start_paused = true)]
async fn the_position_behind_what_changed_nothing_is_saved_by_and_by() {
    let world = World::new();
    let desks = world.owner().await;
    let (looking, _running) = Looking::start(&world, "a");
    add(&desks, "1", 1).await.unwrap();
    until(async || looking.handled() == 3).await;
    assert_eq!(Looking::saved(&world, &stream(&acme())).await, 0);
    until(async || Looking::saved(&world, &stream(&acme())).await == 3).await;
    assert_eq!(looking.handled(), 3, "each once");
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_loses_of_the_position_is_handled_again_and_changes_nothing_again() {
    let world = World::new();
    let desks = world.owner().await;
    let (looking, running) = Looking::start(&world, "a");
    desks.submit(&acme(), write("mark", Command::Mark(1))).await.unwrap();
    until(async || Looking::saved(&world, &stream(&acme())).await == 3).await;
    add(&desks, "1", 1).await.unwrap();
    until(async || looking.handled() == 4).await;
    running.cancel();
    let (again, _running) = Looking::start(&world, "a");
    until(async || again.handled() == 1).await;
    assert_eq!(Looking::marks(&world, &stream(&acme())).await, ["3"]);
}

#[tokio::test(start_paused = true)]
async fn replicas_that_passed_over_different_stretches_still_do_all_the_rest_once() {
    let world = World::new();
    let desks = world.owner().await;
    let (one, _running) = Looking::start(&world, "a");
    sleep(Duration::from_millis(700)).await;
    let (other, _running_too) = Looking::start(&world, "b");
    let mut marks = Vec::new();
    for round in 0..20 {
        add(&desks, &format!("add {round}"), 1).await.unwrap();
        sleep(Duration::from_millis(370)).await;
        if round % 4 == 3 {
            let mark = write(&format!("mark {round}"), Command::Mark(1));
            desks.submit(&acme(), mark).await.unwrap();
            marks.push(world.journal(&acme()).await.len().to_string());
        }
    }
    let last = world.journal(&acme()).await.len();
    until(async || Looking::saved(&world, &stream(&acme())).await == last as u64).await;
    assert!(one.handled() >= last || other.handled() >= last);
    let mut seen = Looking::marks(&world, &stream(&acme())).await;
    seen.sort_by_key(|key| key.parse::<u64>().unwrap());
    assert_eq!(seen, marks);
}

#[tokio::test(start_paused = true)]
async fn records_that_can_wait_are_handled_together() {
    let world = World::new();
    let desks = world.owner().await;
    let (looking, _running) = Looking::start_patient(&world, "a", Duration::from_millis(200));
    until(async || looking.handled() == 2).await;
    for n in 0..10 {
        add(&desks, &n.to_string(), 1).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    until(async || looking.handled() == 12).await;
    assert_eq!(looking.together.lock().unwrap().last(), Some(&10));
}
