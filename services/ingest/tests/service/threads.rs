//! Which mails become one message, one conversation, one ticket.

use futures::future::join;
use tandem_domain::routing::RoutingEvent;
use tandem_ingest::mail::MailSecret;
use tandem_store::memory::{Fault, Operation};
use uuid::Uuid;

use crate::harness::{ACME, GLOBEX, SECRET, Service, World, key};
use crate::letter::{ANN, Letter};
use crate::smtp_client::send_raw;

const BOB: &str = "bob@customer.example";

async fn is_taken(service: &Service, letter: &Letter) {
    assert_eq!(service.takes(letter).await, 250);
}

/// The tickets of a desk's messages, in the order in which they came; 0 for those on none.
async fn tickets(world: &World, service: &Service, desk: &str) -> Vec<u64> {
    let messages = world.settled(service, desk).await;
    messages.iter().map(|message| message.ticket_id).collect()
}

#[tokio::test]
async fn a_mail_becomes_a_message_and_opens_a_ticket() {
    let (world, _router, service) = World::started().await;
    let letter = Letter::new("m1").field("Subject: Where is my parcel?");
    is_taken(&service, &letter).await;
    let messages = world.settled(&service, ACME).await;
    let [message] = messages.as_slice() else {
        panic!("one mail is one message: {messages:?}");
    };
    assert_eq!((message.ticket_id, message.account.as_str()), (1, "support"));
    assert_eq!(message.subject, "Where is my parcel?");
    assert!(message.text.starts_with("Guten Tag"), "{message:?}");
    assert_eq!(message.from.as_ref().unwrap().address, ANN);
    assert_eq!(message.language, "de");
    assert!(
        message.gaps.is_empty() && message.unrouted_reason.is_empty(),
        "{message:?}"
    );

    let opened = world.opened(ACME).await;
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].message.to_string(), message.message_id);
    assert_eq!(opened[0].conversation.to_string(), message.conversation_id);
    assert_eq!(opened[0].queue, key("general"));
    assert_eq!(opened[0].language, Some(key("de")));
    assert_eq!(world.settled(&service, GLOBEX).await, []);
}

#[tokio::test]
async fn a_mail_without_any_field_is_taken_with_its_gaps_marked() {
    let (world, _router, service) = World::started().await;
    assert_eq!(send_raw(service.smtp, &Letter::new("m1"), "\r\nHello\r\n").await, 250);
    let messages = world.settled(&service, ACME).await;
    assert_eq!(messages[0].ticket_id, 1);
    assert_eq!(messages[0].gaps, ["no_message_id", "no_date", "no_from"]);
}

#[tokio::test]
async fn the_same_mail_by_another_way_is_one_message_on_one_ticket() {
    let (world, _router, service) = World::started().await;
    let letter = Letter::new("m1");
    for host in ["mx1.example", "mx2.example", "mx1.example"] {
        let raw = format!(
            "Return-Path: <{ANN}>\r\nDelivered-To: {host}\r\n{}",
            letter.raw_by(host)
        );
        assert_eq!(
            send_raw(service.smtp, &letter, &raw).await,
            250,
            "a repeat is a success too"
        );
    }
    assert_eq!(tickets(&world, &service, ACME).await, [1]);
    assert_eq!(world.opened(ACME).await.len(), 1);
}

#[tokio::test]
async fn different_mails_under_one_message_id_are_all_kept() {
    let (world, _router, service) = World::started().await;
    for text in [
        "Guten Tag, hier ist der erste Brief.",
        "Guten Tag, hier ist der zweite Brief.",
    ] {
        is_taken(&service, &Letter::new("form").says(text)).await;
    }
    assert_eq!(tickets(&world, &service, ACME).await, [1, 2]);
}

#[tokio::test]
async fn two_first_mails_of_one_conversation_at_once_make_one_ticket() {
    let (world, _router, service) = World::started().await;
    for round in 0..10_u64 {
        let (first, second) = (format!("first{round}"), format!("second{round}"));
        let (letter, follow_up) = (Letter::new(&first), Letter::new(&second).answers(&first));
        let codes = join(service.takes(&letter), service.takes(&follow_up)).await;
        assert_eq!(codes, (250, 250));
        let tickets = tickets(&world, &service, ACME).await;
        assert_eq!(tickets.last_chunk(), Some(&[round + 1, round + 1]), "round {round}");
    }
}

#[tokio::test]
async fn an_answer_joins_by_its_references_and_its_sender() {
    let (world, _router, service) = World::started().await;
    is_taken(&service, &Letter::new("m1")).await;
    is_taken(&service, &Letter::new("m2").answers("m1").says("Noch eine Frage dazu.")).await;
    is_taken(
        &service,
        &Letter::new("m3")
            .field("References: <other> <m1> <m2>")
            .says("Und noch eine."),
    )
    .await;
    assert_eq!(tickets(&world, &service, ACME).await, [1, 1, 1]);
    let events = world.events(ACME).await;
    let added = |body: &RoutingEvent| matches!(body, RoutingEvent::MessageAdded { automatic: false, .. });
    assert_eq!(events.iter().filter(|event| added(&event.body)).count(), 2);
}

#[tokio::test]
async fn somebody_else_who_quotes_a_mail_does_not_join_its_conversation() {
    let (world, _router, service) = World::started().await;
    is_taken(&service, &Letter::new("m1").field("Subject: T1")).await;
    is_taken(
        &service,
        &Letter::new("m2").from(BOB).answers("m1").field("Subject: Re: T1"),
    )
    .await;
    let messages = world.settled(&service, ACME).await;
    assert_ne!(messages[0].conversation_id, messages[1].conversation_id);
    assert_ne!(messages[0].ticket_id, messages[1].ticket_id);
}

#[tokio::test]
async fn a_desks_conversation_is_not_found_from_another_desk() {
    let (world, _router, service) = World::started().await;
    is_taken(&service, &Letter::new("m1")).await;
    is_taken(&service, &Letter::new("m2").answers("m1").to(&["help@globex.example"])).await;
    let (acme, globex) = (
        world.settled(&service, ACME).await,
        world.settled(&service, GLOBEX).await,
    );
    assert_eq!((acme.len(), globex.len()), (1, 1));
    assert_ne!(acme[0].conversation_id, globex[0].conversation_id);
}

/// What Ann gets with an answer of ours: a token that lets her, and nobody else, join the conversation.
fn token(conversation: &str, recipient: &str) -> String {
    let conversation = tandem_domain::ConversationId(conversation.parse().unwrap());
    MailSecret::new(SECRET).token(&key(ACME), conversation, recipient)
}

#[tokio::test]
async fn a_signed_token_in_the_address_joins_and_only_for_whom_it_was_signed() {
    let (world, _router, service) = World::started().await;
    is_taken(&service, &Letter::new("m1")).await;
    let first = world.settled(&service, ACME).await.remove(0);
    let address = format!("help+t{}@acme.example", token(&first.conversation_id, ANN));
    is_taken(&service, &Letter::new("m2").to(&[&address])).await;
    is_taken(&service, &Letter::new("m3").to(&[&address]).from(BOB)).await;
    assert_eq!(tickets(&world, &service, ACME).await, [1, 1, 2]);
}

#[tokio::test]
async fn a_mail_to_accounts_of_two_desks_is_a_message_of_each() {
    let (world, _router, service) = World::started().await;
    let letter = Letter::new("m1").to(&["help@acme.example", "help@globex.example"]);
    world.store.faults().next(Operation::Accept, Fault::Full);
    assert_eq!(service.takes(&letter).await, 451);
    for desk in [ACME, GLOBEX] {
        assert_eq!(world.settled(&service, desk).await, [], "for both or for none");
    }
    is_taken(&service, &letter).await;
    let (acme, globex) = (
        world.settled(&service, ACME).await,
        world.settled(&service, GLOBEX).await,
    );
    assert_eq!((acme.len(), globex.len()), (1, 1));
    assert_eq!((acme[0].ticket_id, globex[0].ticket_id), (1, 1));
    assert_ne!(acme[0].message_id, globex[0].message_id);
    assert_ne!(acme[0].conversation_id, globex[0].conversation_id);
    is_taken(&service, &letter.to(&["help@globex.example"])).await;
    assert_eq!(
        world.settled(&service, GLOBEX).await.len(),
        1,
        "one of them repeated is no news"
    );
}

#[tokio::test]
async fn a_mail_to_two_accounts_of_a_desk_is_a_message_of_each() {
    let (world, _router, service) = World::started().await;
    is_taken(
        &service,
        &Letter::new("m1").to(&["help@acme.example", "sales@acme.example"]),
    )
    .await;
    let messages = world.settled(&service, ACME).await;
    let accounts: Vec<_> = messages.iter().map(|message| message.account.as_str()).collect();
    assert_eq!(accounts, ["support", "sales"]);
    let queues: Vec<_> = world
        .opened(ACME)
        .await
        .iter()
        .map(|intake| intake.queue.to_string())
        .collect();
    assert_eq!(queues.len(), 2);
    assert!(queues.contains(&"general".to_owned()) && queues.contains(&"second".to_owned()));
}

#[tokio::test]
async fn a_mail_to_one_account_by_two_of_its_addresses_is_one_message() {
    let (world, _router, service) = World::started().await;
    let unknown = token(&Uuid::from_u128(7).to_string(), ANN);
    let tagged = format!("help+t{unknown}@acme.example");
    is_taken(
        &service,
        &Letter::new("m1").to(&["help@acme.example", "HELP@acme.example", &tagged]),
    )
    .await;
    assert_eq!(tickets(&world, &service, ACME).await, [1]);
}
