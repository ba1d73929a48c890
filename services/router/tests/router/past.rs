//! How it was: `ExplainTicket` with a moment, and `GetTimeline`.

use tandem_domain::Role;
use tandem_proto::v1;
use tandem_proto::v1::explain_ticket_request::At;
use tonic::{Code, Status};

use crate::harness::{ACME, Clients, Replica, World, assert_refused};

/// A ticket is offered to Ana, who takes and resolves it.
async fn work(world: &World, replica: &Replica) -> (Clients, u64, u64) {
    let boss = world.caller_as(replica, Role::Supervisor, "boss").await;
    let ana = world.caller_as(replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let ticket = replica.open_ticket(ACME, None).await;
    let offer = boss.ticket(ticket).await.offer.expect("an offer").offer_id;
    ana.accept("ana", offer, "take").await.expect("the offer stands");
    let resolve = v1::ResolveTicketRequest {
        desk: ACME.into(),
        request_id: "resolve".into(),
        ticket_id: ticket,
    };
    ana.tickets.clone().resolve_ticket(resolve).await.expect("ana owns it");
    (boss, ticket, offer)
}

async fn explain(caller: &Clients, ticket_id: u64, at: At) -> Result<v1::ExplainTicketResponse, Status> {
    let request = v1::ExplainTicketRequest {
        desk: ACME.into(),
        ticket_id,
        at: Some(at),
    };
    Ok(caller.tickets.clone().explain_ticket(request).await?.into_inner())
}

async fn timeline(caller: &Clients, ticket_id: u64, max_entries: u32) -> Result<v1::GetTimelineResponse, Status> {
    let request = v1::GetTimelineRequest {
        desk: ACME.into(),
        ticket_id,
        max_entries,
    };
    Ok(caller.tickets.clone().get_timeline(request).await?.into_inner())
}

#[tokio::test]
async fn an_offer_is_explained_by_what_made_it() {
    let (world, replica) = World::with_desks().await;
    let (boss, ticket, offer) = work(&world, &replica).await;
    let then = explain(&boss, ticket, At::OfferId(offer)).await.unwrap();
    assert_eq!(then.ticket.unwrap().state(), v1::RoutingState::Offered);
    assert!(then.summary.starts_with("offered to ana until "), "{}", then.summary);
    assert_eq!(then.chosen.unwrap().winner.unwrap().agent, "ana");
    let [first, second] = then.candidates.as_slice() else {
        panic!("{:?}", then.candidates)
    };
    assert_eq!((first.agent.as_str(), first.rank), ("ana", 1));
    assert_eq!(
        (second.agent.as_str(), second.lacks[0].has.as_str()),
        ("ben", "offline")
    );
    assert_refused(
        explain(&boss, ticket, At::OfferId(99)).await,
        Code::NotFound,
        "offer_id",
    );
}

#[tokio::test]
async fn a_ticket_is_explained_as_it_was_after_each_record() {
    let (world, replica) = World::with_desks().await;
    let (boss, ticket, _) = work(&world, &replica).await;
    let told = timeline(&boss, ticket, 0).await.unwrap().entries;
    let accepted = told.iter().find(|entry| entry.kind == "OfferAccepted").unwrap();
    let then = explain(&boss, ticket, At::Seq(accepted.seq)).await.unwrap();
    assert!(then.summary.starts_with("ana has it"), "{}", then.summary);
    let at_that_time = explain(&boss, ticket, At::Time(told[0].at.unwrap())).await.unwrap();
    assert_eq!(at_that_time.ticket.unwrap().ticket_id, ticket);
    assert_refused(explain(&boss, ticket, At::Seq(2)).await, Code::NotFound, "seq");
    assert_refused(explain(&boss, ticket, At::Seq(0)).await, Code::InvalidArgument, "seq");
}

#[tokio::test]
async fn what_is_yet_to_come_explains_nothing() {
    let (world, replica) = World::with_desks().await;
    let (boss, ticket, _) = work(&world, &replica).await;
    let told = timeline(&boss, ticket, 0).await.unwrap().entries;
    let (head, last) = told.last().map(|entry| (entry.seq, entry.at.unwrap())).unwrap();
    explain(&boss, ticket, At::Seq(head)).await.expect("the head is past");
    let beyond = explain(&boss, ticket, At::Seq(head + 1)).await;
    assert!(
        beyond.as_ref().unwrap_err().message().contains(&head.to_string()),
        "{beyond:?}"
    );
    assert_refused(beyond, Code::InvalidArgument, "seq");
    let in_an_hour = At::Time(prost_types::Timestamp {
        seconds: last.seconds + 3_600,
        ..last
    });
    assert_refused(explain(&boss, ticket, in_an_hour).await, Code::InvalidArgument, "time");
}

#[tokio::test]
async fn a_timeline_tells_each_event_in_a_sentence() {
    let (world, replica) = World::with_desks().await;
    let (boss, ticket, offer) = work(&world, &replica).await;
    let told = timeline(&boss, ticket, 0).await.unwrap();
    let what: Vec<_> = told.entries.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(what[0], "opened, and queued in general");
    assert!(what[1].starts_with("offered to ana until "), "{what:?}");
    assert_eq!(what[2], "ana accepted it");
    assert_eq!(told.entries[1].offer_id, offer);
    assert_eq!((told.entries[2].actor.as_str(), told.left_out), ("ana", 0));
    let latest = timeline(&boss, ticket, 1).await.unwrap();
    assert_eq!(
        (latest.entries.len(), latest.left_out),
        (1, told.entries.len() as u64 - 1)
    );
    assert_refused(timeline(&boss, 99, 0).await, Code::NotFound, "ticket_id");
    assert_refused(
        timeline(&boss, ticket, 1_001).await,
        Code::InvalidArgument,
        "max_entries",
    );
}
