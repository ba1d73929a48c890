//! Sessions: heartbeats are not journaled, and a failover sends nobody offline.

use std::collections::BTreeSet;
use std::time::Duration;

use tandem_desk::Desks;
use tokio::time::sleep;

use crate::support::ledger::{Answer, Command, Ledger, Query};
use crate::support::{World, acme, agent, until, write};

async fn online(desks: &Desks<Ledger>) -> BTreeSet<String> {
    let Ok(Answer::Online(agents)) = desks.query(&acme(), Query::Online).await else {
        panic!("no answer")
    };
    agents.iter().map(ToString::to_string).collect()
}

async fn sign_in(desks: &Desks<Ledger>, name: &str) {
    desks
        .submit(&acme(), write(name, Command::SignIn(agent(name))))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_silent_for_longer_than_the_grace_is_lost() {
    let world = World::new();
    let desks = world.owner().await;
    sign_in(&desks, "ana").await;
    sleep(Duration::from_secs(29)).await;
    assert_eq!(online(&desks).await, BTreeSet::from(["ana".to_owned()]));
    sleep(Duration::from_secs(8)).await;
    assert!(online(&desks).await.is_empty());
    let journal = world.journal(&acme()).await;
    let payload = String::from_utf8(journal.last().unwrap().payload.to_vec()).unwrap();
    assert!(payload.contains("session_lost"), "the event says why: {payload}");
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_sessions_and_are_not_journaled() {
    let world = World::new();
    let desks = world.owner().await;
    sign_in(&desks, "ana").await;
    sign_in(&desks, "bob").await;
    let records = world.journal(&acme()).await.len();
    for _ in 0..10 {
        sleep(Duration::from_secs(10)).await;
        desks.touch(&acme(), vec![agent("ana")]).await.unwrap();
    }
    assert_eq!(
        online(&desks).await,
        BTreeSet::from(["ana".to_owned()]),
        "bob was silent"
    );
    assert_eq!(
        world.journal(&acme()).await.len(),
        records + 1,
        "nothing but bob's loss was written"
    );
}

#[tokio::test(start_paused = true)]
async fn the_grace_starts_anew_with_each_opening() {
    let world = World::new();
    let desks = world.owner().await;
    sign_in(&desks, "ana").await;
    sleep(Duration::from_secs(25)).await;
    drop(desks);
    sleep(Duration::from_secs(12)).await;
    let desks = world.owner().await;
    sleep(Duration::from_secs(25)).await;
    assert_eq!(
        online(&desks).await,
        BTreeSet::from(["ana".to_owned()]),
        "62 seconds since the last heartbeat"
    );
    until(async || online(&desks).await.is_empty()).await;
}
