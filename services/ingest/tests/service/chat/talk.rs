//! From the visitor's first word to the end.

use futures::StreamExt;
use serde_json::{Value, json};
use tandem_bus::{Bus, subject};
use tandem_desk::Settings;
use tandem_domain::routing::{AfterAnswer, Command, DeliveryOutcome, RoutingEvent, UndeliveredReason};
use tandem_domain::{Channel, Role};
use tandem_proto::v1;
use tandem_store::{JobStore, JournalStore, MemoryStore};
use tokio::time::{Instant, timeout};

use super::client::{Ana, SHORT_GRACE, Visitor, open, text, upgrade, world_with};
use crate::answers::give;
use crate::harness::{ACME, DEADLINE, GLOBEX, World, eventually, key};
use crate::letter::Letter;

fn kinds(frames: &[Value]) -> Vec<String> {
    frames.iter().map(|frame| text(frame, "type")).collect()
}

#[tokio::test]
async fn a_visitor_is_answered_and_the_agent_ends_the_chat() {
    let (world, router, service) = World::started().await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    let (mut visitor, welcome) = Visitor::welcome(&service, json!({"language": "de"})).await;
    assert_eq!(welcome["name"], "acme chat");
    assert_eq!((&welcome["version"], &welcome["resumed"]), (&json!(1), &json!(false)));
    assert_eq!(visitor.hears("status").await["state"], "open");
    visitor.writes("m-1", "Mein Rasenmäher brennt!").await;
    let place = visitor.hears_where("status", |status| status["position"] == 1).await;
    assert_eq!(place["state"], "waiting");

    ana.comes().await;
    let ticket = ana.accepts().await;
    assert_eq!(visitor.hears("joined").await["agent"], "ana");
    visitor
        .hears_where("status", |status| status["state"] == "with_agent")
        .await;
    ana.writes(&ticket, "für uns", true, AfterAnswer::Keep).await;
    let message = ana.answers(&ticket, "Löschen Sie ihn!", AfterAnswer::Resolve).await;
    let answer = visitor.hears("message").await;
    assert_eq!(
        (&answer["from"], &answer["text"]),
        (&json!("agent"), &json!("Löschen Sie ihn!"))
    );
    assert_eq!(answer["id"], message.to_string());
    visitor.say(&json!({"type": "ack", "seq": answer["seq"]})).await;

    let opened = &world.opened(ACME).await[0];
    assert_eq!(opened.channel, Channel::Chat);
    assert_eq!(opened.language.as_ref().unwrap().as_str(), "de");
    eventually(async || delivered(&world).await == [DeliveryOutcome::Delivered]).await;
    let (rest, code) = visitor.rest().await;
    assert_eq!(rest.last(), Some(&json!({"type": "ended", "by": "agent"})), "{rest:?}");
    assert_eq!(code, Some(1000));
    service.stop().await;
}

/// What the router heard of answers' fates.
async fn delivered(world: &World) -> Vec<DeliveryOutcome> {
    let events = world.events(ACME).await.into_iter();
    let outcomes = events.filter_map(|event| match event.body {
        RoutingEvent::AnswerDelivered { .. } => Some(DeliveryOutcome::Delivered),
        RoutingEvent::AnswerFailed { reason, .. } => Some(DeliveryOutcome::Failed(reason)),
        _ => None,
    });
    outcomes.collect()
}

#[tokio::test]
async fn the_visitor_is_told_that_the_agent_writes_and_who_goes() {
    let (world, router, service) = World::started().await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    ana.comes().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let ticket = ana.accepts().await;
    visitor.hears("joined").await;
    let topic = subject::topic("router", &key(ACME), &format!("conversation.{}", ticket.conversation));
    for (sign, typing) in [("typing", true), ("idle", false)] {
        let hint = bytes::Bytes::from_static(sign.as_bytes());
        world.bus.hint(&topic, hint).await.unwrap();
        assert_eq!(visitor.hears("typing").await["typing"], typing);
    }
    ana.does(Command::Requeue { ticket: ticket.id }).await;
    assert_eq!(visitor.hears("left").await["agent"], "ana");
    visitor
        .hears_where("status", |status| status["state"] == "waiting")
        .await;
    service.stop().await;
}

#[tokio::test]
async fn a_repeated_message_is_accepted_again_and_stored_once() {
    let (world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    for _ in 0..3 {
        visitor.writes("m-1", "hello").await;
    }
    visitor.writes("m-2", "hello").await;
    let messages = world.settled(&service, ACME).await;
    let tickets: Vec<u64> = messages.iter().map(|message| message.ticket_id).collect();
    assert_eq!(tickets, [1, 1]);
    service.stop().await;
}

/// Accepting them would tell the visitor that words are kept which are not.
#[tokio::test]
async fn other_words_under_the_id_of_a_message_are_refused() {
    let (world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    visitor
        .say(&json!({"type": "message", "id": "m-1", "text": "my order is 17"}))
        .await;
    let refused = visitor.next_of(&["accepted", "refused"]).await;
    assert_eq!(
        (&refused["type"], &refused["code"]),
        (&json!("refused"), &json!("invalid"))
    );
    visitor.writes("m-2", "my order is 17").await;
    assert_eq!(world.settled(&service, ACME).await.len(), 2);
    service.stop().await;
}

#[tokio::test]
async fn who_ends_the_chat_abandons_what_waits() {
    let (world, _router, service) = World::started().await;
    let (mut visitor, resume) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    visitor.say(&json!({"type": "end"})).await;
    let (rest, code) = visitor.rest().await;
    assert_eq!(
        rest.last(),
        Some(&json!({"type": "ended", "by": "visitor"})),
        "{:?}",
        kinds(&rest)
    );
    assert_eq!(code, Some(1000));
    eventually(async || left(&world).await == 1).await;

    let mut again = Visitor::at(&service).await;
    again.say(&json!({"type": "hello", "resume": resume})).await;
    again.is_sent_away("over", 1008).await;
    service.stop().await;
}

/// How many tickets were abandoned.
async fn left(world: &World) -> usize {
    let events = world.events(ACME).await.into_iter();
    let abandoned = events.filter(|event| matches!(event.body, RoutingEvent::TicketAbandoned { .. }));
    abandoned.count()
}

#[tokio::test]
async fn who_is_away_for_longer_than_the_grace_has_left() {
    let (world, router, service) = world_with(&[SHORT_GRACE]).await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    let (mut stays, _) = Visitor::new(&service).await;
    stays.writes("m-1", "hello").await;
    ana.comes().await;
    let ticket = ana.accepts().await;
    let (mut goes, resume) = Visitor::new(&service).await;
    goes.writes("m-1", "hello").await;
    goes.goes().await;
    eventually(async || left(&world).await == 1).await;
    let work: Vec<_> = ana.work().await.iter().map(|ticket| ticket.id).collect();
    assert_eq!(work, [ticket.id], "who stays is let be");

    let mut back = Visitor::at(&service).await;
    back.say(&json!({"type": "hello", "resume": resume})).await;
    back.is_sent_away("over", 1008).await;
    stays.writes("m-2", "still here").await;
    service.stop().await;
}

#[tokio::test]
async fn an_answer_that_nobody_was_shown_has_failed_when_the_visitor_has_left() {
    let (world, router, service) = world_with(&[SHORT_GRACE]).await;
    let ana = Ana {
        world: &world,
        router: &router,
        service: &service,
    };
    ana.comes().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let ticket = ana.accepts().await;
    visitor.goes().await;
    ana.answers(&ticket, "anybody there?", AfterAnswer::Keep).await;
    let failed = DeliveryOutcome::Failed(UndeliveredReason::VisitorLeft);
    eventually(async || delivered(&world).await == [failed]).await;
    service.stop().await;
}

#[tokio::test]
async fn a_smarthost_that_swallows_connections_keeps_no_chat_waiting() {
    let swallowing = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = swallowing.local_addr().unwrap().port().to_string();
    let (world, router, service) = world_with(&[
        ("TANDEM_SMARTHOST__HOST", "127.0.0.1"),
        ("TANDEM_SMARTHOST__PORT", &port),
        ("TANDEM_SMARTHOST__TLS", "none"),
        ("TANDEM_SMARTHOST__TIMEOUT", "10m"),
    ])
    .await;
    service.knows(&["help@acme.example"]).await;
    assert_eq!(service.takes(&Letter::new("q1@customer.example")).await, 250);
    let question = world.settled(&service, ACME).await.remove(0);
    for number in 0..20 {
        give(&world, &router, &service, &question, &format!("mail {number}")).await;
    }
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let messages = world.settled(&service, ACME).await;
    let chat = messages.iter().find(|message| message.text == "hello").unwrap();
    let message = give(&world, &router, &service, chat, "It is on its way.").await;
    let shown = visitor
        .hears_where("message", |frame| frame["id"] == message.to_string())
        .await;
    visitor.say(&json!({"type": "ack", "seq": shown["seq"]})).await;
    eventually(async || delivered(&world).await == [DeliveryOutcome::Delivered]).await;
}

#[tokio::test]
async fn a_desk_that_does_not_answer_keeps_no_other_from_hearing_who_has_left() {
    let (world, _router, service) = World::started().await;
    let mut elsewhere = open(service.chat, upgrade(service.chat, GLOBEX)).await.unwrap();
    elsewhere.say(&json!({"type": "hello"})).await;
    elsewhere.writes("m-1", "hello").await;
    let (mut here, _) = Visitor::new(&service).await;
    here.writes("m-1", "hello").await;
    world.settled(&service, GLOBEX).await;
    world.settled(&service, ACME).await;
    let owner = subject::command("router", &key(GLOBEX));
    let mut hanging = world.bus.serve(&owner).await.unwrap();
    elsewhere.say(&json!({"type": "end"})).await;
    let held = timeout(DEADLINE, hanging.next()).await.unwrap();
    let since = Instant::now();
    here.say(&json!({"type": "end"})).await;
    eventually(async || left(&world).await == 1).await;
    assert!(
        since.elapsed() < Settings::default().call_timeout,
        "it waited until the call was given up"
    );
    drop(held);
}

/// A router that was restored from a backup of before its desk file was applied. Whoever fails the job leaves the answer
/// waiting for somebody who will not come.
#[tokio::test]
async fn answers_to_who_has_left_do_not_wait_even_if_the_router_will_not_hear_of_it() {
    let (world, router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    world.settled(&service, ACME).await;
    router.shutdown().await;
    let router = world.router_on(std::sync::Arc::new(MemoryStore::new()));
    router.create(&key(ACME)).await.unwrap();
    visitor.say(&json!({"type": "end"})).await;
    eventually(async || {
        let said = world.store.rows(&key(ACME), "answer_said", "", None, 9).await.unwrap();
        let [(key, _)] = &said.rows[..] else { return false };
        key.ends_with("/left")
    })
    .await;
    eventually(async || {
        let open = world.store.jobs("chat-left", &key(ACME), false, None, 9).await;
        open.unwrap().is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_chat_that_is_too_old_ends() {
    let (world, _router, service) = world_with(&[("TANDEM_CHAT__MAX_LIFE", "700ms")]).await;
    let (mut visitor, resume) = Visitor::new(&service).await;
    visitor.writes("m-1", "hello").await;
    let (rest, _) = visitor.rest().await;
    assert_eq!(rest.last(), Some(&json!({"type": "ended", "by": "timeout"})));
    eventually(async || left(&world).await == 1).await;
    let mut late = Visitor::at(&service).await;
    late.say(&json!({"type": "hello", "resume": resume})).await;
    late.is_sent_away("bad_resume", 1008).await;
    service.stop().await;
}

#[tokio::test]
async fn a_visitor_who_only_looks_costs_nothing_and_abandons_nothing() {
    let (world, _router, service) = world_with(&[SHORT_GRACE]).await;
    let (mut visitor, _) = Visitor::new(&service).await;
    assert_eq!(visitor.hears("status").await["state"], "open");
    visitor.say(&json!({"type": "end"})).await;
    assert_eq!(visitor.hears("ended").await["by"], "visitor");
    let told = world.store.claim_jobs("chat-left", 9, DEADLINE).await.unwrap();
    assert_eq!(told, [], "there is nobody whose leaving the router could hear of");
    let kept = world.store.rows(&key(ACME), "chat_session", "", None, 9).await.unwrap();
    assert_eq!(kept.rows, []);
    service.stop().await;
}

#[tokio::test]
async fn what_visitors_write_is_listed_with_its_author() {
    let (world, _router, service) = World::started().await;
    let (mut visitor, _) = Visitor::new(&service).await;
    visitor.writes("m-1", "my order is late").await;
    let message = world.settled(&service, ACME).await.remove(0);
    let mut client = world.caller(&service, Role::Agent, "ana").await;
    let request = v1::GetMessageRequest {
        desk: ACME.to_owned(),
        message_id: message.message_id.clone(),
        with_raw: false,
    };
    let found = client.get_message(request).await.unwrap().into_inner().message.unwrap();
    assert_eq!(found.text, "my order is late");
    service.stop().await;
}
