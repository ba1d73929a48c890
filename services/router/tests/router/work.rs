//! The agent's stream, on one replica.

use std::time::Duration;

use tandem_domain::Role;
use tandem_proto::v1;
use tonic::Code;
use v1::work_request::Action;
use v1::{Presence, RoutingState};

use crate::desktop::Desktop;
use crate::harness::{ACME, GLOBEX, SHORT_GRACE, World, eventually};

#[tokio::test]
async fn the_whole_list_comes_at_the_start_and_an_offer_as_soon_as_it_is_made() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    let first = desktop.next_list().await;
    assert!(first.tickets.is_empty());

    let ticket = replica.open_ticket(ACME, None).await;
    let made = desktop.next_offer().await;
    assert_eq!(made.ticket.unwrap().ticket_id, ticket);
    assert_eq!(made.ranking.unwrap().winner.unwrap().agent, "ana");
    let list = desktop.list_where(|list| !list.tickets.is_empty()).await;
    assert!(list.version > first.version);
    assert_eq!(list.tickets[0].offer, made.offer);
}

#[tokio::test]
async fn an_offer_is_taken_on_the_stream() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    assert_eq!(desktop.outcome_of("start").await, None);
    let ticket = replica.open_ticket(ACME, None).await;
    let offer_id = desktop.next_offer().await.offer.unwrap().offer_id;
    desktop.send("take", Action::Accept(v1::AcceptWork { offer_id })).await;
    assert_eq!(desktop.outcome_of("take").await, None);
    let list = desktop
        .list_where(|list| list.tickets.iter().any(|at_hand| at_hand.owner == "ana"))
        .await;
    assert_eq!(list.tickets[0].state(), RoutingState::Assigned);
    assert_eq!(desktop.unread_offers(), 0, "an offer is told once");

    desktop.send("take", Action::Accept(v1::AcceptWork { offer_id })).await;
    assert_eq!(desktop.outcome_of("take").await, None, "the same answer");
    desktop.send("again", Action::Accept(v1::AcceptWork { offer_id })).await;
    let failure = desktop.outcome_of("again").await.unwrap();
    assert_eq!(
        (failure.code, failure.field.as_str()),
        (Code::FailedPrecondition.into(), "offer_id")
    );
    assert_eq!(ana.ticket(ticket).await.owner, "ana");
}

#[tokio::test]
async fn an_offer_is_declined_and_presence_changed_on_the_stream() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    let ticket = replica.open_ticket(ACME, None).await;
    let offer_id = desktop.next_offer().await.offer.unwrap().offer_id;
    let reason = v1::DeclineReason::Busy.into();
    desktop
        .send("no", Action::Decline(v1::DeclineWork { offer_id, reason }))
        .await;
    assert_eq!(desktop.outcome_of("no").await, None);
    assert_eq!(ana.ticket(ticket).await.state(), RoutingState::Queued);
    desktop.send("away", Action::Presence(Presence::Away.into())).await;
    assert_eq!(desktop.outcome_of("away").await, None);
    assert_eq!(ana.agent("ana").await.presence(), Presence::Away);
}

#[tokio::test]
async fn a_wrong_message_is_answered_and_the_stream_goes_on() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    let accept = |offer_id| Some(Action::Accept(v1::AcceptWork { offer_id }));
    let start = Some(Action::Start(v1::StartWork {
        agent: "ben".into(),
        presence: 0,
    }));
    let not_settable = Some(Action::Presence(Presence::NotResponding.into()));
    for (request_id, desk, action, field) in [
        ("", "", accept(1), "request_id"),
        ("1", "", accept(0), "offer_id"),
        ("2", GLOBEX, accept(1), "desk"),
        ("3", "", start, "start"),
        ("4", "", None, "action"),
        ("5", "", not_settable, "presence"),
    ] {
        desktop.send_to(desk, request_id, action).await;
        let failure = desktop.outcome_of(request_id).await.unwrap();
        assert_eq!(
            (failure.code, failure.field.as_str()),
            (Code::InvalidArgument.into(), field)
        );
        assert!(!failure.message.is_empty());
    }
    replica.open_ticket(ACME, None).await;
    desktop.next_offer().await;
}

#[tokio::test]
async fn a_stream_that_does_not_begin_with_start_ends() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::silent(&ana).await;
    desktop.send("1", Action::Heartbeat(v1::KeepAlive {})).await;
    let status = desktop.end().await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("start"), "{status:?}");

    let status = Desktop::silent(&ana).await.end().await;
    assert_eq!(
        status.code(),
        Code::InvalidArgument,
        "nobody waits for ever: {status:?}"
    );
}

#[tokio::test]
async fn nobody_works_as_somebody_else_or_as_nobody() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    assert_eq!(
        Desktop::online(&ana, "ben").await.end().await.code(),
        Code::PermissionDenied
    );
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    assert_eq!(
        Desktop::online(&boss, "nobody").await.end().await.code(),
        Code::NotFound
    );
    assert_eq!(
        Desktop::online(&boss, "No Agent").await.end().await.code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn a_client_that_has_nothing_more_to_say_may_still_listen() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    assert_eq!(desktop.outcome_of("start").await, None);
    desktop.hang_up();
    replica.open_ticket(ACME, None).await;
    desktop.next_offer().await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_the_newest_list_and_not_every_one() {
    const CHANGES: usize = 300;
    let (world, replica) = World::with_desks().await;
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let ana = world.narrow_caller(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    assert_eq!(desktop.outcome_of("start").await, None);
    for change in 0..CHANGES {
        let presence = if change % 2 == 0 {
            Presence::Away
        } else {
            Presence::Online
        };
        boss.set_presence("ana", presence, &change.to_string()).await;
    }
    let newest = boss.work_list("ana").await.version;
    let mut lists = 0;
    let is_newest = |list: &v1::WorkList| {
        lists += 1;
        list.version == newest
    };
    desktop.list_where(is_newest).await;
    assert!(
        lists < CHANGES / 2,
        "{lists} lists were kept for a client that did not read"
    );
}

#[tokio::test]
async fn the_newest_stream_of_an_agent_wins() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut first = Desktop::online(&ana, "ana").await;
    first.next_list().await;
    let mut second = Desktop::online(&ana, "ana").await;
    let status = first.end().await;
    assert_eq!(status.code(), Code::Aborted);
    assert!(status.message().contains("superseded"), "{status:?}");
    second.next_list().await;
    replica.open_ticket(ACME, None).await;
    second.next_offer().await;
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    let (world, replica) = World::with_desks().await;
    // For a few seconds more that passes for a difference of clocks.
    let token = world.token_expired_for(Role::Agent, "ana", Duration::from_secs(2));
    let ana = world.caller(&replica, &token).await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    desktop.next_list().await;
    assert_eq!(desktop.end().await.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_replica_that_stops_sends_its_agents_elsewhere() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let mut desktop = Desktop::online(&ana, "ana").await;
    desktop.next_list().await;
    replica.life.draining().cancel();
    assert_eq!(desktop.end().await.code(), Code::Unavailable);
}

#[tokio::test]
async fn heartbeats_on_the_stream_keep_the_session_and_a_lost_stream_ends_it_only_after_the_grace() {
    let (world, replica) = World::with_settings(&SHORT_GRACE).await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let ben = world.caller_as(&replica, Role::Agent, "ben").await;
    let alive = Desktop::online(&ana, "ana").await;
    let mut lost = Desktop::online(&ben, "ben").await;
    assert_eq!(lost.outcome_of("start").await, None);
    drop(lost);
    assert_eq!(ana.agent("ben").await.presence(), Presence::Online, "not at once");
    eventually(async || {
        alive.send("", Action::Heartbeat(v1::KeepAlive {})).await;
        ana.agent("ben").await.presence() == Presence::Offline
    })
    .await;
    assert_eq!(ana.agent("ana").await.presence(), Presence::Online);
}
