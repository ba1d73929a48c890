//! Section 3: pure cores, one shell.

use super::support::ledger::{Answer, Command, Query, Refusal};
use super::support::{World, acme, write};
use tandem_desk::DeskError;

#[tokio::test(start_paused = true)]
async fn a_command_is_handled_committed_and_answered() {
    let world = World::new();
    let desks = world.owner().await;
    assert_eq!(desks.submit(&acme(), write("1", Command::Add(5))).await, Ok(5));
    assert_eq!(
        desks.submit(&acme(), write("2", Command::Add(-6))).await,
        Err(DeskError::Rejected(Refusal::Negative))
    );
    assert_eq!(desks.query(&acme(), Query::Total).await, Ok(Answer::Total(5)));
    assert_eq!(world.kinds(&acme()).await, ["Opened", "Opened", "Added"]);
}
