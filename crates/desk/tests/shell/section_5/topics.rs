//! Hints: whoever shows an agent's work list is told to fetch it again.

use std::time::Duration;

use futures::StreamExt;
use tandem_store::memory::Fault;
use tokio::time::timeout;

use crate::support::ledger::Command;
use crate::support::{World, acme, agent, submitting, write};

#[tokio::test(start_paused = true)]
async fn a_topic_is_announced_after_the_commit_and_not_before() {
    let world = World::new();
    let desks = world.owner().await;
    let mut hints = world.bus.hints("tandem.hint.ledger.acme.>").await.unwrap();
    let gate = world.hold_commit();
    let signing_in = submitting(&desks, "1", Command::SignIn(agent("ana"))).await;
    gate.reached().await;
    assert!(timeout(Duration::from_secs(5), hints.next()).await.is_err());
    gate.open();
    signing_in.await.unwrap().unwrap();
    let (subject, _) = hints.next().await.unwrap();
    assert_eq!(subject, "tandem.hint.ledger.acme.agent.ana");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_announced_of_what_was_not_committed() {
    let world = World::new();
    let desks = world.owner().await;
    let mut hints = world.bus.hints("tandem.hint.ledger.acme.>").await.unwrap();
    world.next_commit(Fault::Full);
    desks
        .submit(&acme(), write("1", Command::SignIn(agent("ana"))))
        .await
        .unwrap_err();
    assert!(timeout(Duration::from_secs(5), hints.next()).await.is_err());
}
