//! What happens as a clock runs: on the ticket, to those who are told, and when somebody takes care.

use std::sync::Arc;
use std::time::Duration;

use tandem_bus::InProcessBus;
use tandem_desk::{Desks, Settings};
use tandem_domain::routing::{AfterAnswer, Command, RoutingEvent};
use tandem_domain::{Clock, ClockKind, IdSource, MessageId, Priority};
use tandem_proto::v1;
use tandem_service_kit::ids::{SystemClock, SystemIds};
use tandem_store::{SqliteStore, Store};
use tokio::time::Instant;

use crate::desk::{AT_BREACH, desk_file, webhook};
use crate::harness::{World, eventually};
use crate::sink::Sink;

#[tokio::test]
async fn a_missed_target_raises_the_priority_moves_the_ticket_and_tells_the_contact() {
    let (world, sink) = World::paging("1s", AT_BREACH).await;
    let replica = world.replica().await;
    let ticket = world.open_ticket().await;
    eventually(async || {
        let view = world.ticket(ticket).await;
        view.priority == Priority::Urgent && view.requirement.queue.as_str() == "second"
    })
    .await;
    eventually(async || sink.count() == 1).await;
    let call = sink.calls().remove(0);
    assert!(call.is_signed(), "{call:?}");
    let data = call.data();
    assert_eq!(
        (data["desk"].as_str(), data["ticket"].as_u64()),
        (Some("acme"), Some(ticket.0))
    );
    assert_eq!(
        (data["clock"].as_str(), data["rung"].as_u64()),
        (Some("accept"), Some(1))
    );
    let caller = world.supervisor(&replica).await;
    let clocks = caller.clocks(ticket).await;
    let accept = clocks.iter().find(|clock| clock.kind == v1::ClockKind::Accept as i32);
    assert_eq!(
        accept.expect("the clock is listed").state,
        v1::ClockState::Breached as i32
    );
    eventually(async || caller.notifications(false).await.is_empty()).await;
}

/// Two seconds lie between two heads, and a rung is noticed with the next one.
#[tokio::test]
async fn a_rung_is_noticed_within_three_seconds_on_sqlite_and_with_the_usual_settings() {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(dir.path()).await.unwrap());
    let bus = Arc::new(InProcessBus::new());
    let router = Desks::start(Settings::default(), store.clone(), bus.clone(), Arc::new(SystemIds));
    let world = World::with_router(store, bus, router);
    let sink = Sink::start().await;
    world
        .apply(&desk_file("1s", AT_BREACH, &webhook("pager", &sink.url()), "pager"))
        .await;
    let _replica = world.replica().await;
    let probe = world.open_ticket().await;
    eventually(async || sink.count() == 1).await;
    let opened = Instant::now();
    let ticket = world.open_ticket().await;
    assert_ne!(probe, ticket);
    eventually(async || sink.count() == 2).await;
    let late = opened.elapsed().saturating_sub(Duration::from_secs(1));
    assert!(late < Duration::from_secs(3), "{late:?}");
}

const THREE_RUNGS: &str =
    "    - {at: 40%, tell: leads}\n    - {at: breach, tell: leads}\n    - {at: breach + 1s, tell: leads}\n";

#[tokio::test]
async fn whoever_acknowledges_stops_the_later_rungs_and_nobody_elses() {
    let (world, sink) = World::paging("4s", THREE_RUNGS).await;
    let replica = world.replica().await;
    let caller = world.supervisor(&replica).await;
    let cared_for = world.open_ticket().await;
    let forgotten = world.open_ticket().await;
    eventually(async || caller.escalations().await.len() == 2).await;
    let of = |escalations: Vec<v1::Escalation>, ticket: u64| {
        escalations
            .into_iter()
            .find(|escalation| escalation.ticket_id == ticket)
            .expect("it climbs")
    };
    let escalation = of(caller.escalations().await, cared_for.0);
    let acknowledged = caller.acknowledges(escalation.escalation_id).await.unwrap();
    assert_eq!(
        (acknowledged.open, acknowledged.acknowledged_by.as_str()),
        (false, "sam")
    );
    let again = caller.acknowledges(escalation.escalation_id).await.unwrap();
    assert_eq!(again, acknowledged);
    eventually(async || of(caller.escalations().await, forgotten.0).rungs.len() == 3).await;
    assert_eq!(of(caller.escalations().await, cared_for.0).rungs.len(), 1);
    eventually(async || sink.count() == 4).await;
    let unknown = caller.acknowledges(99).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound, "{unknown:?}");
}

#[tokio::test]
async fn what_the_customer_was_promised_and_got_in_time_wakes_nobody() {
    let world = World::new();
    let sink = Sink::start().await;
    let file = desk_file("2s", AT_BREACH, &webhook("pager", &sink.url()), "pager");
    let file = file
        .replace("accept: 2s", "first_response: 2s")
        .replace("accept: quick", "first_response: quick");
    world.apply(&file).await;
    let replica = world.replica().await;
    let answered = world.open_ticket().await;
    let waiting = world.open_ticket().await;
    let answer = Command::Answer {
        ticket: answered,
        message: MessageId(SystemIds.next(SystemClock.now())),
        author: None,
        visible: true,
        then: AfterAnswer::Keep,
    };
    world.submit(answer).await;
    eventually(async || sink.count() == 1).await;
    assert_eq!(sink.calls()[0].data()["ticket"].as_u64(), Some(waiting.0));
    let caller = world.supervisor(&replica).await;
    let clocks = caller.clocks(answered).await;
    let response = clocks
        .iter()
        .find(|clock| clock.kind == v1::ClockKind::FirstResponse as i32)
        .unwrap();
    assert_eq!(response.state, v1::ClockState::Met as i32);
    assert_eq!(ClockKind::FirstResponse.as_str(), sink.calls()[0].data()["clock"]);
    let raised = world
        .routed()
        .await
        .into_iter()
        .filter(|event| matches!(event, RoutingEvent::PriorityChanged { ticket, .. } if *ticket == answered));
    assert_eq!(raised.count(), 0);
}
