//! Tickets that are merged and split: their messages follow, and so does what is written afterwards.

use tandem_desk::{Desks, Submission};
use tandem_domain::routing::{Command, Reply};
use tandem_domain::{Actor, ConversationId, MessageId, TicketId, Trace};
use tandem_proto::v1;
use tandem_routing::RoutingCore;
use uuid::Uuid;

use crate::answers::give;
use crate::harness::{ACME, Service, World, eventually, key, request};
use crate::letter::Letter;
use crate::smarthost::{Mood, Smarthost};

/// The conversation of what is split off.
const OWN: ConversationId = ConversationId(Uuid::from_u128(77));

/// A desk, its router, and an ingest that hands mails to this smarthost.
async fn started(smarthost: &Smarthost) -> (World, Desks<RoutingCore>, Service) {
    let port = smarthost.port();
    let settings = [
        ("TANDEM_SMARTHOST__HOST", "127.0.0.1"),
        ("TANDEM_SMARTHOST__PORT", port.as_str()),
        ("TANDEM_SMARTHOST__TLS", "none"),
    ];
    crate::answers::started(&settings).await
}

async fn tell(router: &Desks<RoutingCore>, command: Command) -> TicketId {
    let id = format!("{command:?}");
    let submission = Submission {
        command,
        actor: Actor::service("test"),
        request: request("Test", &id[..id.len().min(100)]),
        rows: Vec::new(),
        trace: Trace::default(),
    };
    match router.submit(&key(ACME), submission).await {
        Ok(Reply::Ticket(ticket)) => ticket.id,
        other => panic!("{other:?}"),
    }
}

fn merge(ticket: u64, into: u64) -> Command {
    Command::Merge {
        ticket: TicketId(ticket),
        into: TicketId(into),
    }
}

fn split(message: &v1::Message) -> Command {
    Command::Split {
        ticket: TicketId(message.ticket_id),
        messages: vec![id(message)],
        conversation: OWN,
    }
}

fn id(message: &v1::Message) -> MessageId {
    key(&message.message_id)
}

/// The tickets of the messages, in the order in which they came.
async fn tickets(world: &World, service: &Service) -> Vec<u64> {
    let messages = world.settled(service, ACME).await;
    messages.iter().map(|message| message.ticket_id).collect()
}

async fn end_on(world: &World, service: &Service, expected: &[u64]) {
    let mut seen = Vec::new();
    eventually(async || {
        seen = tickets(world, service).await;
        seen == expected
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_merged_ticket_go_along_and_its_customers_next_one_follows() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service) = started(&smarthost).await;
    for id in ["a1@customer.example", "b1@customer.example"] {
        assert_eq!(service.takes(&Letter::new(id)).await, 250);
        world.settled(&service, ACME).await;
    }
    assert_eq!(tickets(&world, &service).await, [1, 2]);
    tell(&router, merge(1, 2)).await;
    end_on(&world, &service, &[2, 2]).await;
    let more = Letter::new("a2@customer.example").field("In-Reply-To: <a1@customer.example>");
    assert_eq!(service.takes(&more).await, 250);
    end_on(&world, &service, &[2, 2, 2]).await;
}

#[tokio::test]
async fn an_answer_on_the_ticket_that_goes_on_is_answered_there() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service) = started(&smarthost).await;
    for id in ["a1@customer.example", "b1@customer.example"] {
        assert_eq!(service.takes(&Letter::new(id)).await, 250);
        world.settled(&service, ACME).await;
    }
    tell(&router, merge(1, 2)).await;
    end_on(&world, &service, &[2, 2]).await;
    let question = world.settled(&service, ACME).await.remove(1);
    give(&world, &router, &service, &question, "Beides kommt morgen.").await;
    eventually(async || smarthost.taken().len() == 1).await;
    let reply_to = smarthost.taken()[0].field("Reply-To").unwrap();
    let thanks = Letter::new("c1@customer.example").to(&[&reply_to]);
    assert_eq!(service.takes(&thanks).await, 250);
    end_on(&world, &service, &[2, 2, 2, 2]).await;
}

#[tokio::test]
async fn what_is_split_off_goes_on_in_a_conversation_of_its_own() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service) = started(&smarthost).await;
    assert_eq!(service.takes(&Letter::new("a1@customer.example")).await, 250);
    world.settled(&service, ACME).await;
    let other = Letter::new("a2@customer.example").field("In-Reply-To: <a1@customer.example>");
    assert_eq!(service.takes(&other).await, 250);
    let messages = world.settled(&service, ACME).await;
    let new = tell(&router, split(&messages[1])).await;
    assert_eq!(new, TicketId(2));
    end_on(&world, &service, &[1, 2]).await;

    let question = world.settled(&service, ACME).await.remove(1);
    assert_eq!(question.conversation_id, OWN.to_string());
    give(&world, &router, &service, &question, "Die Rechnung liegt bei.").await;
    eventually(async || smarthost.taken().len() == 1).await;
    let letter = &smarthost.taken()[0];
    assert_eq!(letter.field("In-Reply-To").unwrap(), "<a2@customer.example>");
    let (reply_to, ours) = (letter.field("Reply-To").unwrap(), letter.field("Message-ID").unwrap());
    let by_address = Letter::new("a3@customer.example").to(&[&reply_to]);
    let by_reference = Letter::new("a4@customer.example").field(&format!("In-Reply-To: {ours}"));
    for thanks in [by_address, by_reference] {
        assert_eq!(service.takes(&thanks).await, 250);
        world.settled(&service, ACME).await;
    }
    end_on(&world, &service, &[1, 2, 2, 2, 2]).await;
}

#[tokio::test]
async fn who_replies_to_an_answer_that_was_given_before_a_split_reaches_the_ticket_that_it_stands_on() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service) = started(&smarthost).await;
    assert_eq!(service.takes(&Letter::new("a1@customer.example")).await, 250);
    world.settled(&service, ACME).await;
    let other = Letter::new("a2@customer.example").field("In-Reply-To: <a1@customer.example>");
    assert_eq!(service.takes(&other).await, 250);
    let messages = world.settled(&service, ACME).await;
    give(&world, &router, &service, &messages[1], "Die Rechnung liegt bei.").await;
    eventually(async || smarthost.taken().len() == 1).await;
    tell(&router, split(&messages[1])).await;
    end_on(&world, &service, &[1, 2, 1]).await;

    let ours = smarthost.taken()[0].field("Message-ID").unwrap();
    let thanks = Letter::new("a3@customer.example")
        .field(&format!("In-Reply-To: {ours}"))
        .field(&format!(
            "References: <a1@customer.example> <a2@customer.example> {ours}"
        ));
    assert_eq!(service.takes(&thanks).await, 250);
    end_on(&world, &service, &[1, 2, 1, 1]).await;
}

#[tokio::test]
async fn who_follows_up_on_what_was_split_off_reaches_the_ticket_that_it_is_on_now() {
    let smarthost = Smarthost::start(Mood::Take).await;
    let (world, router, service) = started(&smarthost).await;
    assert_eq!(service.takes(&Letter::new("a1@customer.example")).await, 250);
    world.settled(&service, ACME).await;
    let other = Letter::new("a2@customer.example").field("In-Reply-To: <a1@customer.example>");
    assert_eq!(service.takes(&other).await, 250);
    let messages = world.settled(&service, ACME).await;
    tell(&router, split(&messages[1])).await;
    end_on(&world, &service, &[1, 2]).await;

    let to_what_moved = Letter::new("a3@customer.example")
        .field("In-Reply-To: <a2@customer.example>")
        .field("References: <a1@customer.example> <a2@customer.example>");
    let to_what_stayed = Letter::new("a4@customer.example").field("In-Reply-To: <a1@customer.example>");
    for more in [to_what_moved, to_what_stayed] {
        assert_eq!(service.takes(&more).await, 250);
        world.settled(&service, ACME).await;
    }
    end_on(&world, &service, &[1, 2, 2, 1]).await;

    tell(&router, merge(2, 1)).await;
    end_on(&world, &service, &[1, 1, 1, 1]).await;
    let after_all = Letter::new("a5@customer.example").field("In-Reply-To: <a2@customer.example>");
    assert_eq!(service.takes(&after_all).await, 250);
    end_on(&world, &service, &[1, 1, 1, 1, 1]).await;
}
