//! The agent's stream where several replicas share the desks.

use tandem_domain::Role;
use tandem_proto::v1;
use tonic::Code;
use v1::work_request::Action;

use crate::desktop::Desktop;
use crate::harness::{ACME, Replica, World, eventually};

/// Two replicas, the second of which does not own `ACME`.
async fn owner_and_other() -> (World, Replica, Replica) {
    let (world, first) = World::with_desks().await;
    let second = world.replica().await;
    eventually(async || first.owns(ACME) != second.owns(ACME)).await;
    if first.owns(ACME) {
        (world, first, second)
    } else {
        (world, second, first)
    }
}

#[tokio::test]
async fn an_agent_works_on_a_replica_that_does_not_own_the_desk() {
    let (world, owner, other) = owner_and_other().await;
    let ana = world.caller_as(&other, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    desktop.next_list().await;
    let ticket = owner.open_ticket(ACME, None).await;
    let made = desktop.next_offer().await;
    assert_eq!(made.ticket.unwrap().ticket_id, ticket);
    let offer_id = made.offer.unwrap().offer_id;
    desktop.send("take", Action::Accept(v1::AcceptWork { offer_id })).await;
    assert_eq!(desktop.outcome_of("take").await, None);
    assert_eq!(ana.ticket(ticket).await.owner, "ana");
    desktop
        .list_where(|list| list.tickets.iter().any(|at_hand| at_hand.owner == "ana"))
        .await;
}

#[tokio::test]
async fn the_newest_stream_of_an_agent_wins_across_replicas() {
    let (world, owner, other) = owner_and_other().await;
    for (from, to) in [(&owner, &other), (&other, &owner)] {
        let before = world.caller_as(from, Role::Agent, "ana").await;
        let mut older = Desktop::online(&before, "ana").await;
        older.next_list().await;
        let after = world.caller_as(to, Role::Agent, "ana").await;
        let mut newer = Desktop::online(&after, "ana").await;
        assert_eq!(older.end().await.code(), Code::Aborted);
        newer.next_list().await;
    }
}

#[tokio::test]
async fn an_agent_goes_on_at_another_replica_when_the_desks_owner_stops() {
    let (world, owner, other) = owner_and_other().await;
    let ana = world.caller_as(&other, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    desktop.next_list().await;
    let stopped = tokio::spawn(owner.life.clone().run(futures::stream::pending()));
    owner.life.draining().cancel();
    stopped.await.expect("an end in good order");
    eventually(async || other.owns(ACME)).await;
    other.open_ticket(ACME, None).await;
    desktop.next_offer().await;
}
