//! One thing done with many tickets.

use tandem_proto::v1;
use tonic::{Code, Status};
use v1::RoutingState;
use v1::bulk_update_tickets_request::Action;

use super::Scene;
use crate::harness::{ACME, Clients, assert_refused};

async fn update(
    caller: &Clients,
    request_id: &str,
    ticket_ids: &[u64],
    action: Action,
) -> Result<Vec<v1::BulkOutcome>, Status> {
    let request = v1::BulkUpdateTicketsRequest {
        desk: ACME.into(),
        request_id: request_id.into(),
        ticket_ids: ticket_ids.to_vec(),
        r#where: None,
        action: Some(action),
    };
    Ok(caller
        .tickets
        .clone()
        .bulk_update_tickets(request)
        .await?
        .into_inner()
        .outcomes)
}

fn cancel() -> Action {
    Action::Cancel(v1::BulkCancel {})
}

#[tokio::test]
async fn each_ticket_says_for_itself_what_became_of_it() {
    let scene = Scene::new().await;
    let waiting = scene.replica.open_ticket(ACME, Some("billing")).await;
    let outcomes = update(&scene.boss, "1", &[99, waiting, scene.ticket], cancel())
        .await
        .unwrap();
    let numbers: Vec<_> = outcomes.iter().map(|outcome| outcome.ticket_id).collect();
    assert_eq!(numbers, [99, waiting, scene.ticket]);
    let failure = outcomes[0].failure.as_ref().unwrap();
    assert_eq!(
        (failure.code, failure.field.as_str()),
        (Code::NotFound.into(), "ticket_id")
    );
    for done in &outcomes[1..] {
        assert_eq!(done.ticket.as_ref().unwrap().state(), RoutingState::Cancelled);
        assert_eq!(done.failure, None);
    }
    let again = update(&scene.boss, "1", &[99, waiting, scene.ticket], cancel())
        .await
        .unwrap();
    assert_eq!(again, outcomes, "a repeat finds what was done");
    let anew = update(&scene.boss, "2", &[waiting], cancel()).await.unwrap();
    assert!(anew[0].failure.is_some(), "it is over");
}

#[tokio::test]
async fn another_request_under_the_same_id_is_refused_ticket_by_ticket() {
    let scene = Scene::new().await;
    let up = Action::SetPriority(v1::Priority::High.into());
    update(&scene.boss, "1", &[scene.ticket], up).await.unwrap();
    let before = scene.now().await;
    let other = Action::SetPriority(v1::Priority::Urgent.into());
    let outcomes = update(&scene.boss, "1", &[scene.ticket], other).await.unwrap();
    let failure = outcomes[0].failure.as_ref().unwrap();
    assert_eq!(
        (failure.code, failure.field.as_str()),
        (Code::InvalidArgument.into(), "request_id")
    );
    assert_eq!(scene.now().await, before);
}

#[tokio::test]
async fn tickets_are_chosen_by_what_they_are() {
    let scene = Scene::new().await;
    scene.ben.set_presence("ben", v1::Presence::Offline, "gone").await;
    let waiting = scene.replica.open_ticket(ACME, Some("billing")).await;
    let request = v1::BulkUpdateTicketsRequest {
        desk: ACME.into(),
        request_id: "1".into(),
        ticket_ids: Vec::new(),
        r#where: Some(v1::TicketsWhere {
            states: vec![RoutingState::Queued.into()],
            queue: "general".into(),
            agent: String::new(),
        }),
        action: Some(Action::TransferToQueue("second".into())),
    };
    let moved = scene
        .boss
        .tickets
        .clone()
        .bulk_update_tickets(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(moved.outcomes.len(), 1);
    let ticket = moved.outcomes[0].ticket.as_ref().unwrap();
    assert_eq!(
        (ticket.ticket_id, ticket.requirement.as_ref().unwrap().queue.as_str()),
        (waiting, "second")
    );
    let unbounded = v1::BulkUpdateTicketsRequest {
        r#where: None,
        ..request
    };
    let refused = scene.boss.tickets.clone().bulk_update_tickets(unbounded).await;
    assert_refused(refused, Code::InvalidArgument, "ticket_ids");
}

#[tokio::test]
async fn agents_do_nothing_in_bulk() {
    let scene = Scene::new().await;
    let before = scene.now().await;
    let denied = update(&scene.ana, "1", &[scene.ticket], cancel()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    assert_eq!(scene.now().await, before);
}
