//! `TicketService`.

use std::collections::BTreeSet;

use tandem_domain::Role;
use tandem_proto::v1;
use tonic::Code;
use v1::lack::Kind;
use v1::transfer_ticket_request::Target;
use v1::{RoutingState, TicketStatus};

use crate::harness::{ACME, Clients, Replica, World, assert_refused, fields};

/// Ana online with a ticket that she took: the ticket's number.
async fn assigned_to_ana(world: &World, replica: &Replica) -> (Clients, u64) {
    let ana = world.caller_as(replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let ticket = replica.open_ticket(ACME, None).await;
    let offer = ana
        .ticket(ticket)
        .await
        .offer
        .expect("an offer to the only agent online")
        .offer_id;
    ana.accept("ana", offer, "take").await.expect("an open offer");
    (ana, ticket)
}

macro_rules! request {
    ($request:ident, $ticket:expr, $id:expr) => {
        v1::$request {
            desk: ACME.into(),
            request_id: $id.into(),
            ticket_id: $ticket,
        }
    };
}

fn transfer(ticket_id: u64, id: &str, target: Option<Target>) -> v1::TransferTicketRequest {
    v1::TransferTicketRequest {
        desk: ACME.into(),
        request_id: id.into(),
        ticket_id,
        target,
        seen_version: None,
    }
}

fn state_of(ticket: Option<v1::Ticket>) -> RoutingState {
    ticket.expect("the ticket as it is now").state()
}

#[tokio::test]
async fn a_ticket_goes_from_its_queue_to_its_end() {
    let (world, replica) = World::with_desks().await;
    let (mut ana, ticket) = assigned_to_ana(&world, &replica).await;
    let taken = ana.ticket(ticket).await;
    assert_eq!((taken.state(), taken.owner.as_str()), (RoutingState::Assigned, "ana"));

    let held = ana
        .tickets
        .hold_ticket(request!(HoldTicketRequest, ticket, "1"))
        .await
        .unwrap();
    let held = held.into_inner().ticket.unwrap();
    assert_eq!(
        (held.state(), held.status()),
        (RoutingState::OnHold, TicketStatus::Pending)
    );
    let resumed = ana
        .tickets
        .resume_ticket(request!(ResumeTicketRequest, ticket, "2"))
        .await
        .unwrap();
    assert_eq!(state_of(resumed.into_inner().ticket), RoutingState::Assigned);
    let resolved = ana
        .tickets
        .resolve_ticket(request!(ResolveTicketRequest, ticket, "3"))
        .await
        .unwrap();
    assert_eq!(state_of(resolved.into_inner().ticket), RoutingState::WrappingUp);
    let done = ana
        .tickets
        .finish_wrap_up(request!(FinishWrapUpRequest, ticket, "4"))
        .await
        .unwrap();
    assert_eq!(state_of(done.into_inner().ticket), RoutingState::Done);

    let reopened = ana
        .tickets
        .reopen_ticket(request!(ReopenTicketRequest, ticket, "5"))
        .await
        .unwrap();
    assert_ne!(state_of(reopened.into_inner().ticket), RoutingState::Done);
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let cancelled = boss
        .tickets
        .cancel_ticket(request!(CancelTicketRequest, ticket, "6"))
        .await
        .unwrap();
    assert_eq!(state_of(cancelled.into_inner().ticket), RoutingState::Cancelled);
    assert_eq!(boss.ticket(ticket).await.status(), TicketStatus::Closed);
}

#[tokio::test]
async fn a_ticket_is_handed_on_to_a_queue_or_an_agent() {
    let (world, replica) = World::with_desks().await;
    let (mut ana, ticket) = assigned_to_ana(&world, &replica).await;
    world
        .caller_as(&replica, Role::Agent, "ben")
        .await
        .go_online("ben")
        .await;
    let ben = Some(Target::Agent("ben".into()));
    let offered = ana
        .tickets
        .transfer_ticket(transfer(ticket, "1", ben))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(offered.ticket.unwrap().offer.unwrap().agent, "ben");
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let queue = Some(Target::Queue("second".into()));
    let queued = boss
        .tickets
        .transfer_ticket(transfer(ticket, "2", queue))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(queued.ticket.unwrap().requirement.unwrap().queue, "second");
}

#[tokio::test]
async fn each_wrong_field_is_named_and_nothing_changes() {
    let (world, replica) = World::with_desks().await;
    let (ana, ticket) = assigned_to_ana(&world, &replica).await;
    let before = ana.ticket(ticket).await;
    let mut tickets = ana.tickets.clone();
    let to = |queue: &str| Some(Target::Queue(queue.into()));

    let invalid = Code::InvalidArgument;
    assert_refused(
        tickets.hold_ticket(request!(HoldTicketRequest, 0, "r")).await,
        invalid,
        "ticket_id",
    );
    assert_refused(
        tickets.hold_ticket(request!(HoldTicketRequest, ticket, "")).await,
        invalid,
        "request_id",
    );
    let long = "x".repeat(129);
    assert_refused(
        tickets.hold_ticket(request!(HoldTicketRequest, ticket, long)).await,
        invalid,
        "request_id",
    );
    assert_refused(
        tickets.transfer_ticket(transfer(ticket, "r", None)).await,
        invalid,
        "target",
    );
    assert_refused(
        tickets.transfer_ticket(transfer(ticket, "r", to("No Queue"))).await,
        invalid,
        "queue",
    );
    assert_refused(
        tickets.hold_ticket(request!(HoldTicketRequest, 99, "r")).await,
        Code::NotFound,
        "ticket_id",
    );
    assert_refused(
        tickets.transfer_ticket(transfer(ticket, "r", to("secnd"))).await,
        Code::NotFound,
        "queue",
    );
    let early = Code::FailedPrecondition;
    assert_refused(
        tickets.resume_ticket(request!(ResumeTicketRequest, ticket, "r")).await,
        early,
        "ticket_id",
    );

    assert_eq!(ana.ticket(ticket).await, before);
}

#[tokio::test]
async fn an_unknown_key_is_answered_with_the_nearest_known_one() {
    let (world, replica) = World::with_desks().await;
    let (mut ana, ticket) = assigned_to_ana(&world, &replica).await;
    let target = Some(Target::Queue("secnd".into()));
    let status = ana
        .tickets
        .transfer_ticket(transfer(ticket, "r", target))
        .await
        .unwrap_err();
    assert!(status.message().contains("did you mean `second`?"), "{status:?}");
}

#[tokio::test]
async fn somebody_elses_ticket_is_left_alone() {
    let (world, replica) = World::with_desks().await;
    let (_, ticket) = assigned_to_ana(&world, &replica).await;
    let mut ben = world.caller_as(&replica, Role::Agent, "ben").await;
    let answer = ben.tickets.hold_ticket(request!(HoldTicketRequest, ticket, "r")).await;
    assert_refused(answer, Code::PermissionDenied, "ticket_id");
    assert_eq!(ben.ticket(ticket).await.state(), RoutingState::Assigned);
}

#[tokio::test]
async fn the_same_request_id_gives_the_same_answer_and_serves_one_request_only() {
    let (world, replica) = World::with_desks().await;
    let (mut ana, ticket) = assigned_to_ana(&world, &replica).await;
    let hold = request!(HoldTicketRequest, ticket, "once");
    let first = ana.tickets.hold_ticket(hold.clone()).await.unwrap().into_inner();
    ana.tickets
        .resume_ticket(request!(ResumeTicketRequest, ticket, "once"))
        .await
        .unwrap();
    let again = ana.tickets.hold_ticket(hold).await.unwrap().into_inner();
    assert_eq!(again, first, "the answer of then, though the ticket was resumed since");
    assert_eq!(ana.ticket(ticket).await.state(), RoutingState::Assigned);

    let other = ana
        .tickets
        .hold_ticket(request!(HoldTicketRequest, ticket + 1, "once"))
        .await;
    assert_refused(other, Code::InvalidArgument, "request_id");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let (world, replica) = World::with_desks().await;
    let (ana, taken) = assigned_to_ana(&world, &replica).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        // Only Ben has the skill, and he is offline.
        waiting.push(replica.open_ticket(ACME, Some("billing")).await);
    }
    let list = v1::ListTicketsRequest {
        desk: ACME.into(),
        page_size: 2,
        ..v1::ListTicketsRequest::default()
    };
    let all: Vec<u64> = [taken].into_iter().chain(waiting.iter().copied()).collect();
    assert_eq!(ana.numbers(&list).await, all);
    let queued = v1::ListTicketsRequest {
        states: vec![RoutingState::Queued.into()],
        ..list.clone()
    };
    assert_eq!(ana.numbers(&queued).await, waiting);
    let states = [RoutingState::Queued, RoutingState::Assigned].map(i32::from).to_vec();
    assert_eq!(
        ana.numbers(&v1::ListTicketsRequest { states, ..list.clone() }).await,
        all
    );
    assert_eq!(
        ana.numbers(&v1::ListTicketsRequest {
            queue: "general".into(),
            ..list.clone()
        })
        .await,
        all
    );
    assert!(
        ana.numbers(&v1::ListTicketsRequest {
            queue: "second".into(),
            ..list.clone()
        })
        .await
        .is_empty()
    );
    let of_ana = v1::ListTicketsRequest {
        agent: "ana".into(),
        ..list.clone()
    };
    assert_eq!(ana.numbers(&of_ana).await, [taken]);
    let neither = v1::ListTicketsRequest {
        states: vec![RoutingState::Queued.into()],
        ..of_ana
    };
    assert!(ana.numbers(&neither).await.is_empty());
}

#[tokio::test]
async fn a_list_taken_while_tickets_end_misses_none_and_has_none_twice() {
    let (world, replica) = World::with_desks().await;
    let mut all = Vec::new();
    for _ in 0..40 {
        all.push(replica.open_ticket(ACME, None).await);
    }
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let reader = world.caller_as(&replica, Role::Reader, "wall").await;
    let list = v1::ListTicketsRequest {
        desk: ACME.into(),
        page_size: 4,
        ..v1::ListTicketsRequest::default()
    };
    let ending = async {
        for ticket in &all {
            let cancel = request!(CancelTicketRequest, *ticket, ticket.to_string());
            boss.tickets.cancel_ticket(cancel).await.unwrap();
        }
    };
    let looking = async {
        for _ in 0..15 {
            assert_eq!(reader.numbers(&list).await, all);
        }
    };
    tokio::join!(ending, looking);
    let cancelled = v1::ListTicketsRequest {
        states: vec![RoutingState::Cancelled.into()],
        ..list
    };
    assert_eq!(reader.numbers(&cancelled).await, all);
}

#[tokio::test]
async fn a_list_refuses_what_it_cannot_read() {
    let (world, replica) = World::with_desks().await;
    let mut reader = world.caller_as(&replica, Role::Reader, "wall").await;
    for _ in 0..2 {
        replica.open_ticket(ACME, None).await;
    }
    let list = v1::ListTicketsRequest {
        desk: ACME.into(),
        page_size: 1,
        ..v1::ListTicketsRequest::default()
    };
    let page_token = reader
        .tickets
        .list_tickets(list.clone())
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    let other = v1::ListTicketsRequest {
        page_token,
        queue: "general".into(),
        ..list.clone()
    };
    for (field, wrong) in [
        (
            "page_size",
            v1::ListTicketsRequest {
                page_size: 501,
                ..list.clone()
            },
        ),
        (
            "page_token",
            v1::ListTicketsRequest {
                page_token: "nonsense".into(),
                ..list.clone()
            },
        ),
        ("page_token", other),
        (
            "states",
            v1::ListTicketsRequest {
                states: vec![99],
                ..list.clone()
            },
        ),
        (
            "queue",
            v1::ListTicketsRequest {
                queue: "No Queue".into(),
                ..list.clone()
            },
        ),
        (
            "agent",
            v1::ListTicketsRequest {
                agent: "No Agent".into(),
                ..list.clone()
            },
        ),
    ] {
        assert_refused(reader.tickets.list_tickets(wrong).await, Code::InvalidArgument, field);
    }
}

#[tokio::test]
async fn an_explanation_says_what_each_agent_lacks_and_why_one_was_chosen() {
    let (world, replica) = World::with_desks().await;
    let ticket = replica.open_ticket(ACME, Some("billing")).await;
    let mut reader = world.caller_as(&replica, Role::Reader, "wall").await;
    let explain = v1::ExplainTicketRequest {
        desk: ACME.into(),
        ticket_id: ticket,
        at: None,
    };
    let waiting = reader
        .tickets
        .explain_ticket(explain.clone())
        .await
        .unwrap()
        .into_inner();
    let lacks: BTreeSet<_> = waiting.candidates.iter().map(lacks_of).collect();
    let expected = [
        ("ana", vec![Kind::Skill as i32, Kind::Presence as i32]),
        ("ben", vec![Kind::Presence as i32]),
    ];
    assert_eq!(
        lacks,
        BTreeSet::from(expected.map(|(agent, kinds)| (agent.to_owned(), kinds)))
    );
    assert!(waiting.chosen.is_none() && waiting.position == 1 && !waiting.summary.is_empty());

    world
        .caller_as(&replica, Role::Agent, "ben")
        .await
        .go_online("ben")
        .await;
    let offered = reader.tickets.explain_ticket(explain).await.unwrap().into_inner();
    assert_eq!(offered.chosen.unwrap().winner.unwrap().agent, "ben");
    assert!(offered.next_change_at.is_some(), "the offer expires");
}

fn lacks_of(candidate: &v1::Candidate) -> (String, Vec<i32>) {
    (
        candidate.agent.clone(),
        candidate.lacks.iter().map(|lack| lack.kind).collect(),
    )
}

#[tokio::test]
async fn only_what_lives_can_be_explained() {
    let (world, replica) = World::with_desks().await;
    let ticket = replica.open_ticket(ACME, None).await;
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    boss.tickets
        .cancel_ticket(request!(CancelTicketRequest, ticket, "1"))
        .await
        .unwrap();
    let explain = |ticket_id| v1::ExplainTicketRequest {
        desk: ACME.into(),
        ticket_id,
        at: None,
    };
    let over = boss.tickets.explain_ticket(explain(ticket)).await;
    assert_refused(over, Code::FailedPrecondition, "ticket_id");
    assert_refused(
        boss.tickets.explain_ticket(explain(99)).await,
        Code::NotFound,
        "ticket_id",
    );
    assert_refused(
        boss.tickets.explain_ticket(explain(0)).await,
        Code::InvalidArgument,
        "ticket_id",
    );
    let get = v1::GetTicketRequest {
        desk: ACME.into(),
        ticket_id: 99,
    };
    let missing = boss.tickets.get_ticket(get).await.unwrap_err();
    assert_eq!(
        (missing.code(), fields(&missing)),
        (Code::NotFound, vec!["ticket_id".to_owned()])
    );
}
