//! `DeskService.Simulate`: a stretch of the desk's own journal once more.

use std::time::Duration;

use tandem_desk::{Journaled, Recorded, decode_record};
use tandem_domain::{Core, DeskId, Role};
use tandem_proto::v1;
use tandem_proto::v1::simulate_request::Other;
use tandem_routing::RoutingCore;
use tandem_routing::replay::{Replayed, Replayer};
use tandem_service_kit::fields::timestamp;
use tandem_store::{Record, Stream};
use tonic::{Code, Status};

use crate::harness::{ACME, Clients, FOREIGN, Replica, World, apply_request, assert_refused, desk_file, key};

/// A ticket that nobody can have yet, one that Ana takes and resolves.
async fn work(world: &World, replica: &Replica) -> Clients {
    let boss = world.caller_as(replica, Role::Supervisor, "boss").await;
    let ana = world.caller_as(replica, Role::Agent, "ana").await;
    replica.open_ticket(ACME, Some("billing")).await;
    let first = replica.open_ticket(ACME, None).await;
    ana.go_online("ana").await;
    let offer = boss.ticket(first).await.offer.expect("an offer").offer_id;
    ana.accept("ana", offer, "take").await.expect("the offer stands");
    let resolve = v1::ResolveTicketRequest {
        desk: ACME.into(),
        request_id: "resolve".into(),
        ticket_id: first,
    };
    ana.tickets.clone().resolve_ticket(resolve).await.expect("ana owns it");
    boss
}

fn request() -> v1::SimulateRequest {
    v1::SimulateRequest {
        desk: ACME.into(),
        ..v1::SimulateRequest::default()
    }
}

async fn simulate(caller: &Clients, request: v1::SimulateRequest) -> Result<v1::SimulateResponse, Status> {
    Ok(caller.desks.clone().simulate(request).await?.into_inner())
}

async fn journal(world: &World) -> Vec<Record> {
    let stream = Stream::new(RoutingCore::SERVICE, key::<DeskId>(ACME));
    world.store.read(&stream, 1, 10_000).await.expect("the store works")
}

#[tokio::test]
async fn what_the_services_wrote_is_made_again_byte_by_byte() {
    let (world, replica) = World::with_desks().await;
    work(&world, &replica).await;
    let mut replayer = Replayer::deciding(RoutingCore::new(&key(ACME)));
    let mut inputs = Vec::new();
    let mut each = |replayed: Replayed| inputs.push((replayed.input, replayed.context));
    let mut written = Vec::new();
    for record in journal(&world).await {
        if let Recorded::Core(event) = decode_record::<RoutingCore>(&record).unwrap() {
            replayer.take(event, &mut each).unwrap();
            written.push((record.kind, record.payload));
        }
    }
    replayer.finish(&mut each).unwrap();
    let (mut core, mut made) = (RoutingCore::new(&key(ACME)), Vec::new());
    for (input, context) in &inputs {
        core.feed(input, context, &mut made).unwrap();
    }
    let made: Vec<_> = made.iter().map(RoutingCore::encode).collect();
    let made: Vec<_> = made
        .into_iter()
        .map(|made| (made.kind.to_owned(), made.payload))
        .collect();
    assert!(written.len() > 6);
    assert_eq!(made, written);
}

#[tokio::test]
async fn under_the_same_version_history_comes_out_exactly() {
    let (world, replica) = World::with_desks().await;
    let boss = work(&world, &replica).await;
    let answer = simulate(&boss, request()).await.unwrap();
    assert!(answer.exact, "{answer:?}");
    assert_eq!(answer.simulated, None);
    let whole = answer.recorded.unwrap().whole.unwrap();
    assert_eq!((whole.tickets, whole.accepted, whole.waiting), (2, 1, 1));
    assert!(answer.events > 6);
}

#[tokio::test]
async fn another_file_is_tried_without_anybody_noticing() {
    let (world, replica) = World::with_desks().await;
    let from = world.store.now().await.unwrap();
    let boss = work(&world, &replica).await;
    let before = journal(&world).await;
    let file = desk_file(ACME).replace(
        "  ana: {",
        "  cleo: {teams: [inside], capacity: 3, languages: {de: C2}, skills: {billing: 5}}\n  ana: {",
    );
    let tried = v1::SimulateRequest {
        from: Some(timestamp(from)),
        other: Some(Other::Text(file)),
        ..request()
    };
    let answer = simulate(&boss, tried).await.unwrap();
    assert!(!answer.exact);
    let whole = answer.simulated.unwrap().whole.unwrap();
    assert_eq!((whole.tickets, whole.accepted, whole.waiting), (2, 2, 0));
    assert!(
        answer.assumptions.iter().any(|sentence| sentence.contains("cleo")),
        "{:?}",
        answer.assumptions
    );
    assert_eq!(journal(&world).await, before);
    assert!(answer.differences.iter().any(|ticket| ticket.simulated_agent == "cleo"));
}

#[tokio::test]
async fn a_stored_version_is_tried_by_its_number() {
    let (world, replica) = World::with_desks().await;
    let admin = world.caller_as(&replica, Role::Admin, "root").await;
    let second = desk_file(ACME).replace("capacity: 3", "capacity: 1");
    admin
        .desks
        .clone()
        .apply_desk(apply_request(ACME, "second", &second))
        .await
        .unwrap();
    let from = world.store.now().await.unwrap();
    let boss = work(&world, &replica).await;
    let of = |version| v1::SimulateRequest {
        from: Some(timestamp(from)),
        other: Some(Other::Version(version)),
        ..request()
    };
    assert!(simulate(&boss, of(1)).await.unwrap().simulated.is_some());
    assert!(
        simulate(&boss, of(2)).await.unwrap().exact,
        "the version that was in force"
    );
    assert_refused(simulate(&boss, of(7)).await, Code::NotFound, "version");
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_with_the_field() {
    let (world, replica) = World::with_desks().await;
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let now = world.store.now().await.unwrap();
    let later = v1::SimulateRequest {
        from: Some(timestamp(now.plus(Duration::from_hours(1)))),
        ..request()
    };
    assert_refused(simulate(&boss, later).await, Code::InvalidArgument, "from");
    let slow = v1::SimulateRequest {
        assumptions: Some(v1::SimulationAssumptions {
            other_agents_time_percent: 1_001,
            ..v1::SimulationAssumptions::default()
        }),
        ..request()
    };
    let field = "assumptions.other_agents_time_percent";
    assert_refused(simulate(&boss, slow).await, Code::InvalidArgument, field);
    let endless = v1::SimulateRequest {
        max_events: 20_000_001,
        ..request()
    };
    assert_refused(simulate(&boss, endless).await, Code::InvalidArgument, "max_events");
    let talkative = v1::SimulateRequest {
        max_differences: 201,
        ..request()
    };
    assert_refused(
        simulate(&boss, talkative).await,
        Code::InvalidArgument,
        "max_differences",
    );
    let other_desk = v1::SimulateRequest {
        other: Some(Other::Text(desk_file("globex"))),
        ..request()
    };
    assert_refused(simulate(&boss, other_desk).await, Code::InvalidArgument, "desk");
    let faulty = v1::SimulateRequest {
        other: Some(Other::Text("desk: acme\nagents: 7\n".to_owned())),
        ..request()
    };
    assert_eq!(simulate(&boss, faulty).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_stretch_that_is_too_long_is_refused() {
    let (world, replica) = World::with_desks().await;
    let boss = work(&world, &replica).await;
    let short = v1::SimulateRequest {
        max_events: 2,
        ..request()
    };
    let refused = simulate(&boss, short).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("max_events"), "{refused:?}");
}

#[tokio::test]
async fn only_those_who_steer_run_their_own_desk_dry() {
    let (world, replica) = World::with_desks().await;
    let ana = world.caller_as(&replica, Role::Agent, "ana").await;
    assert_eq!(
        simulate(&ana, request()).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let boss = world.caller_as(&replica, Role::Supervisor, "boss").await;
    let foreign = v1::SimulateRequest {
        desk: FOREIGN.into(),
        ..v1::SimulateRequest::default()
    };
    assert_eq!(
        simulate(&boss, foreign).await.unwrap_err().code(),
        Code::PermissionDenied
    );
}
