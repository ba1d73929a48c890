//! Lists, page by page, and previews.

use tandem_proto::v1;

use crate::harness::{ACME, World, eventually};

const QUIET: &str = "    - {at: 50%, raise_priority: high}\n";

#[tokio::test]
async fn pages_of_clocks_and_escalations_hold_each_once_and_nothing_else() {
    let (world, _sink) = World::paging("2s", QUIET).await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(world.open_ticket().await.0);
    }
    eventually(async || caller.escalations().await.len() == 5).await;
    let mut request = v1::ListClocksRequest {
        desk: ACME.into(),
        page_size: 2,
        ..v1::ListClocksRequest::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = caller
            .0
            .clone()
            .list_clocks(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(page.clocks.len() <= 2);
        seen.extend(page.clocks.iter().map(|clock| (clock.ticket_id, clock.kind)));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let kinds = [v1::ClockKind::Accept as i32, v1::ClockKind::Resolution as i32];
    let expected: Vec<_> = tickets
        .iter()
        .flat_map(|ticket| kinds.map(|kind| (*ticket, kind)))
        .collect();
    assert_eq!(seen, expected);

    let mut request = v1::ListEscalationsRequest {
        desk: ACME.into(),
        page_size: 3,
        ..v1::ListEscalationsRequest::default()
    };
    let first = caller
        .0
        .clone()
        .list_escalations(request.clone())
        .await
        .unwrap()
        .into_inner();
    request.page_token = first.next_page_token.clone();
    let second = caller
        .0
        .clone()
        .list_escalations(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((first.escalations.len(), second.escalations.len()), (3, 2));
    assert_eq!(second.next_page_token, "");
    request.open_only = true;
    let mixed_up = caller.0.clone().list_escalations(request).await.unwrap_err();
    assert_eq!(mixed_up.code(), tonic::Code::InvalidArgument, "{mixed_up:?}");
}

#[tokio::test]
async fn clocks_are_found_by_state_and_queue() {
    let (world, _sink) = World::paging("1s", QUIET).await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    let ticket = world.open_ticket().await;
    let list = async |state: v1::ClockState, queue: &str, ticket_id: u64| {
        let request = v1::ListClocksRequest {
            desk: ACME.into(),
            state: state.into(),
            queue: queue.into(),
            ticket_id,
            ..v1::ListClocksRequest::default()
        };
        caller
            .0
            .clone()
            .list_clocks(request)
            .await
            .map_or(0, |answer| answer.into_inner().clocks.len())
    };
    eventually(async || list(v1::ClockState::Breached, "general", 0).await == 1).await;
    assert_eq!(list(v1::ClockState::Running, "general", ticket.0).await, 1);
    assert_eq!(list(v1::ClockState::Met, "", 0).await, 0);
    assert_eq!(list(v1::ClockState::Breached, "second", 0).await, 0);
    assert_eq!(list(v1::ClockState::Breached, "", ticket.0).await, 1);
}

fn a_mail() -> v1::PreviewEscalationRequest {
    let opened_at = prost_types::Timestamp {
        seconds: 1_800_000_000,
        nanos: 0,
    };
    v1::PreviewEscalationRequest {
        desk: ACME.into(),
        queue: "general".into(),
        channel: v1::Channel::Email.into(),
        opened_at: Some(opened_at),
        ..v1::PreviewEscalationRequest::default()
    }
}

#[tokio::test]
async fn a_preview_says_what_is_promised_and_changes_nothing() {
    let rungs =
        "    - {at: 50%, raise_priority: high}\n    - {at: breach, tell: leads, repeat: {every: 10m, times: 2}}\n";
    let (world, _sink) = World::paging("1h", rungs).await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    let request = a_mail();
    let opened_at = request.opened_at.expect("given");
    let mut preview = v1::PreviewEscalationResponse::default();
    eventually(
        async || match caller.0.clone().preview_escalation(request.clone()).await {
            Ok(answer) => {
                preview = answer.into_inner();
                preview.policy == "mail"
            }
            Err(_) => false,
        },
    )
    .await;
    let accept = &preview.clocks[0];
    assert_eq!(
        (accept.kind, accept.ladder.as_str()),
        (v1::ClockKind::Accept as i32, "quick")
    );
    assert_eq!(accept.deadline.unwrap().seconds, opened_at.seconds + 3_600);
    let after: Vec<_> = accept
        .rungs
        .iter()
        .map(|rung| (rung.rung, rung.repeat, rung.due_at.unwrap().seconds - opened_at.seconds))
        .collect();
    assert_eq!(after, [(1, 0, 1_800), (2, 0, 3_600), (2, 1, 4_200), (2, 2, 4_800)]);
    let chat = v1::PreviewEscalationRequest {
        channel: v1::Channel::Chat.into(),
        ..request.clone()
    };
    let nothing = caller.0.clone().preview_escalation(chat).await.unwrap().into_inner();
    assert_eq!((nothing.policy.as_str(), nothing.clocks.len()), ("", 0));
    assert!(caller.escalations().await.is_empty());
}

#[tokio::test]
async fn a_preview_that_asks_for_nothing_sensible_is_refused() {
    let (world, _sink) = World::paging("1h", "    - {at: breach, tell: leads}\n").await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    let request = a_mail();
    for (wrong, field) in [
        (
            v1::PreviewEscalationRequest {
                queue: "No Queue".into(),
                ..request.clone()
            },
            "queue",
        ),
        (
            v1::PreviewEscalationRequest {
                channel: 99,
                ..request.clone()
            },
            "channel",
        ),
        (
            v1::PreviewEscalationRequest {
                priority: -1,
                ..request.clone()
            },
            "priority",
        ),
        (
            v1::PreviewEscalationRequest {
                tags: vec!["a b".into()],
                ..request.clone()
            },
            "tags",
        ),
    ] {
        let refused = caller.0.clone().preview_escalation(wrong).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        assert!(refused.message().contains(field), "{refused:?}");
    }
}
