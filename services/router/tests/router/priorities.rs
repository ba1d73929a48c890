//! `TicketService.SetPriority`, and what rests on a version that was seen.

use tandem_domain::Role;
use tandem_proto::v1;
use tonic::{Code, Status};
use v1::Priority;
use v1::transfer_ticket_request::Target;

use crate::harness::{ACME, Clients, World, assert_refused};

async fn set(
    caller: &Clients,
    ticket_id: u64,
    priority: Priority,
    seen_version: Option<u64>,
) -> Result<v1::Ticket, Status> {
    let request = v1::SetPriorityRequest {
        desk: ACME.into(),
        request_id: format!("{priority:?} {seen_version:?}"),
        ticket_id,
        priority: priority.into(),
        seen_version,
    };
    let answer = caller.tickets.clone().set_priority(request).await?.into_inner();
    Ok(answer.ticket.expect("the ticket as it is now"))
}

#[tokio::test]
async fn a_supervisor_says_how_urgent_a_ticket_is() {
    let (world, replica) = World::with_desks().await;
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let number = replica.open_ticket(ACME, None).await;
    let urgent = set(&boss, number, Priority::Urgent, None).await.unwrap();
    assert_eq!(urgent.priority(), Priority::Urgent);
    let unsaid = set(&boss, number, Priority::Unspecified, None).await;
    assert_refused(unsaid, Code::InvalidArgument, "priority");
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let stranger = set(&ana, number, Priority::Low, None).await;
    assert_refused(stranger, Code::PermissionDenied, "ticket_id");
}

#[tokio::test]
async fn what_rests_on_a_version_that_is_outgrown_is_refused() {
    let (world, replica) = World::with_desks().await;
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let number = replica.open_ticket(ACME, None).await;
    let seen = boss.ticket(number).await.version;
    set(&boss, number, Priority::Low, None).await.unwrap();
    let stale = set(&boss, number, Priority::Urgent, Some(seen)).await;
    assert_refused(stale, Code::FailedPrecondition, "seen_version");

    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let offered = boss.ticket(number).await;
    ana.accept("ana", offered.offer.unwrap().offer_id, "take")
        .await
        .unwrap();
    let request = v1::TransferTicketRequest {
        desk: ACME.into(),
        request_id: "move".into(),
        ticket_id: number,
        target: Some(Target::Queue("second".into())),
        seen_version: Some(offered.version),
    };
    let stale = boss.tickets.clone().transfer_ticket(request.clone()).await;
    assert_refused(stale, Code::FailedPrecondition, "seen_version");
    let fresh = v1::TransferTicketRequest {
        seen_version: Some(boss.ticket(number).await.version),
        ..request
    };
    let moved = boss.tickets.clone().transfer_ticket(fresh).await.unwrap().into_inner();
    assert_eq!(moved.ticket.unwrap().requirement.unwrap().queue, "second");
}

#[tokio::test]
async fn an_effect_that_is_stale_is_refused_and_changes_nothing() {
    use tandem_desk::{DeskError, RequestMark, Submission};
    use tandem_domain::routing::{Command, Rejection};
    use tandem_domain::{Actor, TicketId, Trace};
    let (world, replica) = World::with_desks().await;
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let number = replica.open_ticket(ACME, None).await;
    set(&boss, number, Priority::Low, None).await.unwrap();
    let before = boss.ticket(number).await;
    let effect = Submission {
        command: Command::SetPriority {
            ticket: TicketId(number),
            priority: tandem_domain::Priority::Urgent,
            seen: Some(1),
        },
        actor: Actor::service("escalation"),
        request: RequestMark {
            method: "SetPriority".to_owned(),
            id: "escalation/acme:7".to_owned(),
            forever: false,
        },
        rows: Vec::new(),
        trace: Trace::default(),
    };
    let refused = replica.router.desks().submit(&ACME.parse().unwrap(), effect).await;
    assert!(
        matches!(refused, Err(DeskError::Rejected(Rejection::Stale { .. }))),
        "{refused:?}"
    );
    assert_eq!(boss.ticket(number).await, before);
}
