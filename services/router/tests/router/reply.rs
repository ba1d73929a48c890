//! `TicketService.Reply`: the words go to ingest, their id to the desk.

use tandem_desk::{Recorded, decode_record};
use tandem_domain::Role;
use tandem_domain::routing::RoutingEvent;
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use tandem_store::Stream;
use tonic::{Code, Status};
use v1::{AfterAnswer, RoutingState};

use crate::harness::{ACME, Clients, Replica, World, assert_refused};

const TEXT: &str = "Ihr Paket ist unterwegs.";

/// Ana with a ticket that she took.
async fn assigned_to_ana(world: &World, replica: &Replica) -> (Clients, u64) {
    let ana = world.caller_as(replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let ticket = replica.open_ticket(ACME, None).await;
    let offer = ana.ticket(ticket).await.offer.expect("an offer").offer_id;
    ana.accept("ana", offer, "take").await.expect("an open offer");
    (ana, ticket)
}

fn reply(ticket_id: u64, request_id: &str) -> v1::ReplyRequest {
    v1::ReplyRequest {
        desk: ACME.into(),
        request_id: request_id.into(),
        ticket_id,
        text: TEXT.into(),
        internal: false,
        then: AfterAnswer::Keep.into(),
    }
}

async fn send(caller: &Clients, request: v1::ReplyRequest) -> Result<(v1::Ticket, String), Status> {
    let answer = caller.tickets.clone().reply(request).await?.into_inner();
    Ok((answer.ticket.expect("the ticket as it is now"), answer.message_id))
}

/// The answers that the journal names: message, author, whether customers see it.
async fn journaled(world: &World) -> Vec<(String, Option<String>, bool)> {
    let stream = Stream::new("router", ACME.parse().expect("a key"));
    let records = world.store.read(&stream, 1, 1000).await.expect("a journal");
    let events = records.iter().map(|record| {
        let text = String::from_utf8_lossy(&record.payload);
        assert!(!text.contains("Paket"), "somebody's words are in the journal");
        decode_record::<RoutingCore>(record).expect("an event")
    });
    let answers = events.filter_map(|recorded| match recorded {
        Recorded::Core(event) => match event.body {
            RoutingEvent::AnswerAdded {
                message,
                author,
                visible,
                ..
            } => Some((message.to_string(), author.map(|author| author.to_string()), visible)),
            _ => None,
        },
        Recorded::Shell(_) => None,
    });
    answers.collect()
}

#[tokio::test]
async fn an_agents_answer_is_kept_by_ingest_and_journaled_by_its_id() {
    let (world, replica) = World::with_desks().await;
    let (ana, number) = assigned_to_ana(&world, &replica).await;
    let before = ana.ticket(number).await;
    assert_eq!(before.waiting_since, before.opened_at);
    let (ticket, message) = send(&ana, reply(number, "1")).await.unwrap();
    assert_eq!((ticket.state(), ticket.waiting_since), (RoutingState::Assigned, None));
    assert!(ticket.answered_at.is_some());
    let [(id, kept)] = &world.ingest.kept()[..] else {
        panic!("{:?}", world.ingest.kept())
    };
    assert_eq!(id, &message);
    assert_eq!(
        (
            kept.desk.as_str(),
            kept.caller.as_str(),
            kept.author.as_str(),
            kept.ticket_id
        ),
        (ACME, "agent:ana", "ana", number)
    );
    assert_eq!(
        (kept.text.as_str(), &kept.conversation_id),
        (TEXT, &ticket.conversation_id)
    );
    assert_eq!(journaled(&world).await, [(message, Some("ana".to_owned()), true)]);
}

#[tokio::test]
async fn the_same_reply_again_is_the_same_answer_once() {
    let (world, replica) = World::with_desks().await;
    let (ana, number) = assigned_to_ana(&world, &replica).await;
    let first = send(&ana, reply(number, "1")).await.unwrap();
    let second = send(&ana, reply(number, "1")).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(journaled(&world).await.len(), 1);
    let other = v1::ReplyRequest {
        text: "Doch nicht.".into(),
        ..reply(number, "1")
    };
    assert_eq!(send(&ana, other).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(journaled(&world).await.len(), 1);
}

#[tokio::test]
async fn an_answer_can_set_the_ticket_aside_or_resolve_it() {
    let (world, replica) = World::with_desks().await;
    let (ana, number) = assigned_to_ana(&world, &replica).await;
    for (then, state) in [
        (AfterAnswer::AwaitCustomer, RoutingState::OnHold),
        (AfterAnswer::Resolve, RoutingState::WrappingUp),
    ] {
        let request = v1::ReplyRequest {
            then: then.into(),
            ..reply(number, then.as_str_name())
        };
        let (ticket, _) = send(&ana, request).await.unwrap();
        assert_eq!(ticket.state(), state);
    }
}

#[tokio::test]
async fn a_supervisor_answers_every_ticket_and_everybody_notes() {
    let (world, replica) = World::with_desks().await;
    let (_, number) = assigned_to_ana(&world, &replica).await;
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let ben = world.caller_as(&replica, Role::Agent, "ben").await;
    let note = v1::ReplyRequest {
        internal: true,
        ..reply(number, "note")
    };
    let (_, noted) = send(&ben, note).await.unwrap();
    let (_, answered) = send(&boss, reply(number, "answer")).await.unwrap();
    assert_eq!(
        journaled(&world).await,
        [(noted, Some("ben".to_owned()), false), (answered, None, true)]
    );
}

#[tokio::test]
async fn what_the_desk_refuses_is_never_journaled() {
    let (world, replica) = World::with_desks().await;
    let (_, number) = assigned_to_ana(&world, &replica).await;
    let ben = world.caller_as(&replica, Role::Agent, "ben").await;
    let refused = send(&ben, reply(number, "1")).await;
    assert_refused(refused, Code::PermissionDenied, "ticket_id");
    let waiting = v1::ReplyRequest {
        then: AfterAnswer::AwaitCustomer.into(),
        ..reply(replica.open_ticket(ACME, Some("billing")).await, "2")
    };
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    assert_refused(send(&boss, waiting).await, Code::FailedPrecondition, "ticket_id");
    assert_eq!(journaled(&world).await, []);
}

#[tokio::test]
async fn each_wrong_field_is_named_before_anything_is_kept() {
    let (world, replica) = World::with_desks().await;
    let (ana, number) = assigned_to_ana(&world, &replica).await;
    let good = reply(number, "1");
    for (field, wrong) in [
        (
            "text",
            v1::ReplyRequest {
                text: " \n".into(),
                ..good.clone()
            },
        ),
        (
            "request_id",
            v1::ReplyRequest {
                request_id: String::new(),
                ..good.clone()
            },
        ),
        (
            "then",
            v1::ReplyRequest {
                then: 77,
                ..good.clone()
            },
        ),
        (
            "ticket_id",
            v1::ReplyRequest {
                ticket_id: 0,
                ..good.clone()
            },
        ),
    ] {
        assert_refused(send(&ana, wrong).await, Code::InvalidArgument, field);
    }
    let nowhere = v1::ReplyRequest { ticket_id: 99, ..good };
    let missing = send(&ana, nowhere).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    assert_eq!(world.ingest.kept(), []);
}

#[tokio::test]
async fn while_ingest_is_away_nothing_is_answered_and_the_same_call_succeeds_later() {
    let (world, replica) = World::with_desks().await;
    let (ana, number) = assigned_to_ana(&world, &replica).await;
    for (ingest_says, told) in [
        (Status::unavailable("gone"), Code::Unavailable),
        (Status::deadline_exceeded("slow"), Code::Unavailable),
        (Status::unknown("the connection broke"), Code::Unavailable),
        (Status::not_found("no such desk yet"), Code::Unavailable),
        (Status::permission_denied("wrong token"), Code::Internal),
        (Status::invalid_argument("text: too long"), Code::InvalidArgument),
    ] {
        world.ingest.refuse(Some(ingest_says));
        let refused = send(&ana, reply(number, "1")).await.unwrap_err();
        assert_eq!(refused.code(), told, "{refused:?}");
        assert!(!refused.message().contains("token"), "{refused:?}");
    }
    world.ingest.refuse(None);
    assert_eq!(journaled(&world).await, []);
    send(&ana, reply(number, "1")).await.unwrap();
    assert_eq!(journaled(&world).await.len(), 1);
}

#[tokio::test]
async fn a_conversation_of_which_ingest_hears_a_moment_later_is_waited_for() {
    let (world, replica) = World::with_desks().await;
    let (ana, number) = assigned_to_ana(&world, &replica).await;
    world.ingest.hears_late();
    send(&ana, reply(number, "1")).await.unwrap();
    assert_eq!(journaled(&world).await.len(), 1);
}
