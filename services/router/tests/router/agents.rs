//! `AgentService`, but for its stream.

use tandem_domain::{Channel, Role};
use tandem_proto::v1;
use tonic::Code;
use v1::{Presence, RoutingState};

use crate::harness::{ACME, SHORT_GRACE, World, assert_refused, eventually};

fn presence(agent: &str, presence: Presence, id: &str) -> v1::SetPresenceRequest {
    v1::SetPresenceRequest {
        desk: ACME.into(),
        request_id: id.into(),
        agent: agent.into(),
        presence: presence.into(),
    }
}

fn decline(agent: &str, offer_id: u64, id: &str) -> v1::DeclineOfferRequest {
    let reason = v1::DeclineReason::Busy.into();
    v1::DeclineOfferRequest {
        desk: ACME.into(),
        request_id: id.into(),
        agent: agent.into(),
        offer_id,
        reason,
    }
}

fn work_list(agent: &str) -> v1::GetWorkListRequest {
    v1::GetWorkListRequest {
        desk: ACME.into(),
        agent: agent.into(),
    }
}

#[tokio::test]
async fn an_agent_goes_online_and_is_offered_what_waits() {
    let (world, replica) = World::with_desks().await;
    let ticket = replica.open_ticket(ACME, None).await;
    let mut ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let there = ana
        .agents
        .set_presence(presence("ana", Presence::Online, "1"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(there.agent.unwrap().presence(), Presence::Online);
    let list = ana
        .agents
        .get_work_list(work_list("ana"))
        .await
        .unwrap()
        .into_inner()
        .work_list
        .unwrap();
    assert_eq!(list.agent.unwrap().ticket_ids, [ticket]);
    assert_eq!(list.tickets[0].offer.as_ref().unwrap().agent, "ana");
}

#[tokio::test]
async fn agents_are_listed_by_key_and_paged() {
    let (world, replica) = World::with_desks().await;
    let mut reader = world.caller_as(&replica, Role::Reader, "wall").await;
    let list = v1::ListAgentsRequest {
        desk: ACME.into(),
        page_size: 1,
        page_token: String::new(),
    };
    let first = reader.agents.list_agents(list.clone()).await.unwrap().into_inner();
    let next = v1::ListAgentsRequest {
        page_token: first.next_page_token,
        ..list
    };
    let second = reader.agents.list_agents(next).await.unwrap().into_inner();
    let keys: Vec<_> = first
        .agents
        .iter()
        .chain(&second.agents)
        .map(|agent| agent.agent.as_str())
        .collect();
    assert_eq!(keys, ["ana", "ben"]);
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn an_offer_is_taken_once_and_only_by_its_agent() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let ticket = replica.open_ticket(ACME, None).await;
    let offer = ana.ticket(ticket).await.offer.unwrap().offer_id;

    let ben = world.caller_as(&replica, Role::Agent, "ben").await;
    assert_refused(ben.accept("ben", offer, "1").await, Code::PermissionDenied, "offer_id");
    assert_eq!(
        ana.accept("ana", offer, "1").await.unwrap().state(),
        RoutingState::Assigned
    );
    assert_eq!(
        ana.accept("ana", offer, "1").await.unwrap().state(),
        RoutingState::Assigned,
        "the same answer"
    );
    assert_refused(
        ana.accept("ana", offer, "2").await,
        Code::FailedPrecondition,
        "offer_id",
    );
    assert_refused(ana.accept("ana", 99, "3").await, Code::FailedPrecondition, "offer_id");
}

#[tokio::test]
async fn an_offer_that_has_expired_is_over() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let ticket = replica.open_ticket_on(ACME, Channel::Chat, None).await;
    let offer = ana.ticket(ticket).await.offer.unwrap();
    eventually(async || ana.ticket(ticket).await.offer.is_none()).await;
    assert_refused(
        ana.accept("ana", offer.offer_id, "1").await,
        Code::FailedPrecondition,
        "offer_id",
    );
}

#[tokio::test]
async fn a_declined_ticket_goes_to_the_next_candidate() {
    let (world, replica) = World::with_desks().await;
    let mut ana = world.caller_as(&replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let ticket = replica.open_ticket(ACME, None).await;
    world
        .caller_as(&replica, Role::Agent, "ben")
        .await
        .go_online("ben")
        .await;
    let offer = ana.ticket(ticket).await.offer.unwrap();
    assert_eq!(offer.agent, "ana");
    let left = ana
        .agents
        .decline_offer(decline("ana", offer.offer_id, "1"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(left.ticket.unwrap().offer.unwrap().agent, "ben");
}

#[tokio::test]
async fn an_agents_token_acts_as_that_agent_only() {
    let (world, replica) = World::with_desks().await;
    let mut ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let denied = Code::PermissionDenied;
    let online = presence("ben", Presence::Online, "1");
    assert_eq!(
        ana.agents.set_presence(online.clone()).await.unwrap_err().code(),
        denied
    );
    assert_eq!(ana.accept("ben", 1, "1").await.unwrap_err().code(), denied);
    assert_eq!(
        ana.agents
            .decline_offer(decline("ben", 1, "1"))
            .await
            .unwrap_err()
            .code(),
        denied
    );
    assert_eq!(
        ana.agents.get_work_list(work_list("ben")).await.unwrap_err().code(),
        denied
    );
    let beat = v1::HeartbeatRequest {
        desk: ACME.into(),
        agent: "ben".into(),
    };
    assert_eq!(ana.agents.heartbeat(beat).await.unwrap_err().code(), denied);
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    assert_eq!(ana.agent("ben").await.presence(), Presence::Offline, "nothing was done");
    boss.agents
        .set_presence(online)
        .await
        .expect("a supervisor steers agents");
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    let (world, replica) = World::with_desks().await;
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let invalid = Code::InvalidArgument;
    let unset = presence("ana", Presence::Unspecified, "1");
    assert_refused(boss.agents.set_presence(unset).await, invalid, "presence");
    let not_settable = presence("ana", Presence::NotResponding, "1");
    assert_refused(boss.agents.set_presence(not_settable).await, invalid, "presence");
    assert_refused(
        boss.agents.set_presence(presence("", Presence::Online, "1")).await,
        invalid,
        "agent",
    );
    assert_refused(
        boss.agents.set_presence(presence("ana", Presence::Online, "")).await,
        invalid,
        "request_id",
    );
    assert_refused(boss.accept("ana", 0, "1").await, invalid, "offer_id");
    let absurd = v1::DeclineOfferRequest {
        reason: 99,
        ..decline("ana", 1, "1")
    };
    assert_refused(boss.agents.decline_offer(absurd).await, invalid, "reason");
    let nobody = presence("nobody", Presence::Online, "1");
    assert_refused(boss.agents.set_presence(nobody).await, Code::NotFound, "agent");
    assert_refused(
        boss.agents.get_work_list(work_list("nobody")).await,
        Code::NotFound,
        "agent",
    );
}

#[tokio::test]
async fn who_sends_heartbeats_stays_and_who_does_not_is_lost() {
    let (world, replica) = World::with_settings(&SHORT_GRACE).await;
    let mut ana = world.caller_as(&replica, Role::Agent, "ana").await;
    let ben = world.caller_as(&replica, Role::Agent, "ben").await;
    ana.go_online("ana").await;
    ben.go_online("ben").await;
    let beat = v1::HeartbeatRequest {
        desk: ACME.into(),
        agent: "ana".into(),
    };
    eventually(async || {
        ana.agents.heartbeat(beat.clone()).await.expect("a known agent");
        ben.agent("ben").await.presence() == Presence::Offline
    })
    .await;
    assert_eq!(ana.agent("ana").await.presence(), Presence::Online);
    let nobody = v1::HeartbeatRequest {
        desk: ACME.into(),
        agent: "nobody".into(),
    };
    let mut boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    assert_refused(boss.agents.heartbeat(nobody).await, Code::NotFound, "agent");
}
