//! Sockets that break, and go on elsewhere.

use std::sync::Arc;

use serde_json::json;
use tandem_bus::faulty::{Fault, Faults, FaultyBus};
use tandem_domain::routing::{AfterAnswer, RoutingEvent};

use super::client::{Ana, SHORT_GRACE, Visitor, text, world_with};
use crate::harness::{ACME, World, desk_file, eventually};

#[tokio::test]
async fn a_chat_goes_on_at_another_replica_with_nothing_lost_or_doubled() {
    let (world, router, first) = World::started().await;
    let second = world.ingest().await;
    second.knows(&["help@acme.example"]).await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &second,
    };
    ana.comes().await;
    let (mut visitor, token) = Visitor::new(&first).await;
    visitor.writes("m-1", "hello").await;
    let ticket = ana.accepts().await;
    ana.answers(&ticket, "one", AfterAnswer::Keep).await;
    let one = visitor.hears("message").await;
    // The socket breaks before the second message is accepted, and while an answer is on its way.
    visitor
        .say(&json!({"type": "message", "id": "m-2", "text": "and now?"}))
        .await;
    drop(visitor);
    first.stop().await;
    ana.answers(&ticket, "two", AfterAnswer::Keep).await;

    let hello = json!({"resume": token, "after": one["seq"]});
    let (mut visitor, welcome) = Visitor::welcome(&second, hello).await;
    assert_eq!(
        (&welcome["resumed"], &welcome["replayed"]),
        (&json!(true), &json!(false))
    );
    let two = visitor.hears("message").await;
    assert_eq!(two["text"], "two");
    assert!(two["seq"].as_u64() > one["seq"].as_u64());
    visitor.writes("m-2", "and now?").await;
    visitor.writes("m-3", "thank you").await;
    ana.answers(&ticket, "three", AfterAnswer::Keep).await;
    assert_eq!(visitor.hears("message").await["text"], "three", "and nothing again");
    assert_eq!(
        world
            .settled(&second, ACME)
            .await
            .iter()
            .filter(|message| message.ticket_id == 1)
            .count(),
        6
    );
    second.stop().await;
}

#[tokio::test]
async fn a_page_that_was_loaded_anew_is_told_everything() {
    let (world, router, service) = World::started().await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    ana.comes().await;
    let (mut visitor, token) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let ticket = ana.accepts().await;
    ana.answers(&ticket, "one", AfterAnswer::Keep).await;
    visitor.hears("message").await;
    ana.writes(&ticket, "a note", true, AfterAnswer::Keep).await;
    visitor.writes("m-2", "and?").await;
    visitor.goes().await;

    // Once without `after`, once with an answer that this chat does not have.
    for hello in [json!({"resume": token}), json!({"resume": token, "after": 999_999})] {
        let (mut visitor, welcome) = Visitor::welcome(&service, hello).await;
        assert_eq!(welcome["replayed"], true);
        let mut said = Vec::new();
        for _ in 0..3 {
            let frame = visitor.hears("message").await;
            said.push((text(&frame, "from"), text(&frame, "text")));
        }
        let expected = [("visitor", "hello"), ("agent", "one"), ("visitor", "and?")];
        assert_eq!(said, expected.map(|(from, text)| (from.to_owned(), text.to_owned())));
        visitor.writes("m-1", "hello").await;
        visitor.goes().await;
    }
    service.stop().await;
}

#[tokio::test]
async fn two_windows_of_one_visitor_get_the_same_answers_and_end_together() {
    let (world, router, service) = World::started().await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    ana.comes().await;
    let (mut one, token) = Visitor::new(&service).await;
    one.writes("m-1", "hello").await;
    let (mut two, _) = Visitor::welcome(&service, json!({"resume": token})).await;
    let ticket = ana.accepts().await;
    ana.answers(&ticket, "hello both", AfterAnswer::Keep).await;
    for window in [&mut one, &mut two] {
        let answer = window.hears_where("message", |frame| frame["from"] == "agent").await;
        assert_eq!(answer["text"], "hello both");
    }
    one.say(&json!({"type": "end"})).await;
    for window in [&mut one, &mut two] {
        assert_eq!(window.hears("ended").await["by"], "visitor");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_sends_its_visitors_elsewhere() {
    let (_world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    let stopping = service.stop();
    let sent_away = visitor.is_sent_away("try_later", 1012);
    futures::future::join(stopping, sent_away).await;
}

#[tokio::test]
async fn a_replica_that_dies_leaves_chats_to_the_others() {
    let (world, router, dies) = world_with(&[SHORT_GRACE]).await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &dies,
    };
    let (mut first, token) = Visitor::new(&dies).await;
    first.writes("m-1", "hello").await;
    let (mut lost, _) = Visitor::new(&dies).await;
    lost.writes("m-1", "hello").await;
    ana.comes().await;
    let other = world
        .ingest_of(world.bus.clone(), world.config_with(&[SHORT_GRACE]))
        .await;
    other.knows(&["help@acme.example"]).await;
    dies.dies().await;
    drop((first, lost));

    let (mut visitor, welcome) = Visitor::welcome(&other, json!({"resume": token})).await;
    assert_eq!(welcome["resumed"], true);
    // The one who did not come back is gone, once; the other one stays.
    eventually(async || abandoned(&world).await == 1).await;
    visitor.writes("m-2", "still here").await;
    assert_eq!(abandoned(&world).await, 1);
    other.stop().await;
}

/// Tickets whose customers left: those that waited were abandoned, those that were served are done.
async fn abandoned(world: &World) -> usize {
    let events = world.events(ACME).await.into_iter();
    let gone = events.filter(|event| {
        matches!(
            event.body,
            RoutingEvent::TicketAbandoned { .. } | RoutingEvent::TicketDone { .. } | RoutingEvent::WrapUpStarted { .. }
        )
    });
    gone.count()
}

#[tokio::test]
async fn hints_that_are_lost_cost_no_more_than_one_interval() {
    let world = World::new();
    let router = world.router();
    world.apply(&router, ACME, &desk_file(ACME)).await;
    let faults = Faults::none().with(Fault::LoseHint, 1.0);
    let bus = FaultyBus::new(world.bus.clone(), 7, faults);
    let config = world.config_with(&[("TANDEM_CHAT__REFRESH_INTERVAL", "100ms")]);
    let service = world.ingest_of(Arc::new(bus), config).await;
    service.knows(&["help@acme.example"]).await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    ana.comes().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let ticket = ana.accepts().await;
    ana.answers(&ticket, "there you are", AfterAnswer::Keep).await;
    assert_eq!(visitor.hears("message").await["text"], "there you are");
    service.stop().await;
}
